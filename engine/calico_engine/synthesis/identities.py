"""What an API server would have made up: uids and the random ends of names.

Everything follows from the seed and the object's own name, so that an object stays what it is when the cluster grows.
"""

from __future__ import annotations

from hashlib import sha256
from random import Random
from uuid import UUID

Manifest = dict[str, object]

#: Letters and digits of generated names: no vowels, nothing that is taken for something else (apimachinery util/rand).
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH = 5
_SUFFIXES = len(_ALPHABET) ** _SUFFIX_LENGTH
#: Has no divisor in common with the number of suffixes, so that to multiply by it only shuffles them.
_STEP = 8_675_309


def random_of(seed: int, *names: str) -> Random:
    """The source of chance for one thing; seeded with text, it gives the same on every machine."""
    return Random("/".join((str(seed), *names)))


def suffix(chance: Random, length: int) -> str:
    """The end of a generated name."""
    return "".join(chance.choices(_ALPHABET, k=length))


def numbered_suffix(seed: int, number: int) -> str:
    """The end of a pod's name: random to look at, and no two numbers below `27 ** 5` share one."""
    rest = (number * _STEP + int.from_bytes(digest(seed, "suffixes"))) % _SUFFIXES
    places = (rest // len(_ALPHABET) ** place % len(_ALPHABET) for place in range(_SUFFIX_LENGTH))
    return "".join(_ALPHABET[place] for place in places)


def digest(seed: int, *names: str) -> bytes:
    """32 bytes that nothing but this thing has."""
    return sha256("/".join((str(seed), *names)).encode()).digest()


def metadata(seed: int, kind: str, name: str, namespace: str = "", **more: object) -> Manifest:
    """An object's metadata with a uid of its own; what is empty is left out."""
    uid = str(UUID(bytes=digest(seed, kind, namespace, name)[:16], version=4))
    fields: Manifest = {"name": name, "namespace": namespace, "uid": uid, **more}
    return {key: value for key, value in fields.items() if value}
