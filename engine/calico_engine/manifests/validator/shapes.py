"""The shapes of names, labels and words that many checks share, and what is said when a text has not that shape.

Sources: libcalico-go/lib/validator/v3/validator.go (the regular expressions), k8s.io/apimachinery util/validation.
Each check returns what is wrong in words, or None. Lengths are counted in bytes of UTF-8, as Go counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from calico_engine.errors import printable
from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.hints import did_you_mean, placeholder_hint
from calico_selectors import InvalidSelector, Selector

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
SINGLE_LABEL = re.compile(_LABEL)
ONE_DOT = re.compile(rf"({_LABEL}\.)?{_LABEL}")
#: OpenStack's and Kubernetes' policies keep more dots behind their prefixes.
ONE_DOT_OR_PREFIXED = re.compile(rf"({_LABEL})(\.{_LABEL})?|(knp|ossg)\.default\.{SUBDOMAIN.pattern}")
INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")
MAX_NAME, MAX_LABEL = 253, 63
_LONGEST_KEY = MAX_NAME + 1 + MAX_LABEL

_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PORT_NAME = re.compile(r"[-a-z0-9]{1,15}")
_REMEMBERED = 20_000


def byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def quoted(text: str) -> str:
    return f'"{printable(text, 80)}"'


def name_problem(text: str) -> str | None:
    """A general name: of a node, a tier, a profile, a service."""
    if SUBDOMAIN.fullmatch(text):
        return None
    return f"{quoted(text)} is no name: {NAME_RULE}{lower_hint(text)}"


def lower_hint(text: str) -> str:
    """The name in lower case and with dashes, if that makes a name of it."""
    lower = text.lower().replace("_", "-")
    return f'; did you mean "{lower}"?' if lower != text and SUBDOMAIN.fullmatch(lower) else placeholder_hint(text)


NAME_RULE = "lower-case letters, digits, - and . only, and letters or digits at both ends and around each dot"


def label_key_problem(key: str) -> str | None:
    """A label's or annotation's key: an optional DNS prefix and a slash, then a name of at most 63 characters."""
    return _key_problem(key) if len(key) <= _LONGEST_KEY else f"{quoted(key)} is no key: it is too long"


@lru_cache(_REMEMBERED)
def _key_problem(key: str) -> str | None:
    *prefixes, name = key.split("/")
    shown = f"{quoted(key)} is no key"
    if len(prefixes) > 1:
        return f"{shown}: at most one / may stand in it"
    if prefixes and (byte_length(prefixes[0]) > MAX_NAME or not SUBDOMAIN.fullmatch(prefixes[0])):
        what = "may not be empty" if not prefixes[0] else f"must be a DNS name: {NAME_RULE}"
        return f"{shown}: what stands before the / {what}"
    if not name:
        return f"{shown}: the name is missing" if not prefixes else f"{shown}: the name behind the / is missing"
    if byte_length(name) > MAX_LABEL:
        return f"{shown}: its name is longer than {MAX_LABEL} characters"
    return None if _QUALIFIED.fullmatch(name) else f"{shown}: {_QUALIFIED_RULE}"


_QUALIFIED_RULE = "only letters, digits, -, _ and . may stand in it, with a letter or digit at both ends"


def label_value_problem(value: str) -> str | None:
    if not value:
        return None
    if byte_length(value) > MAX_LABEL:
        return f"a label's value may have {MAX_LABEL} characters at most, and this has {byte_length(value)}"
    return None if _QUALIFIED.fullmatch(value) else f"{quoted(value)} is no label value: {_QUALIFIED_RULE}"


def port_name_problem(text: str) -> str | None:
    """Kubernetes' rule for the names of ports."""
    if _PORT_NAME.fullmatch(text) and "--" not in text and text[0] != "-" and text[-1] != "-":
        if any(character.isalpha() for character in text):
            return None
        return f"{quoted(text)} is no port name: it needs a letter" + (
            f'; a range is written "{text.replace("-", ":")}"' if text.replace("-", "", 1).isdigit() else ""
        )
    lower = text.lower().replace("_", "-")
    hint = f'; did you mean "{lower}"?' if lower != text and port_name_problem(lower) is None else ""
    return f"{quoted(text)} is no port name: {_PORT_NAME_RULE}{hint}"


_PORT_NAME_RULE = "at most 15 lower-case letters, digits and single dashes, and no dash at the ends"


def interface_problem(text: str) -> str | None:
    if text == "*" or INTERFACE.fullmatch(text):
        return None
    return f"{quoted(text)} is no interface: * alone, or 1 to 15 letters, digits, _ . and -"


def choice_problem(value: str, choices: Sequence[str]) -> str | None:
    """One of a few words, exactly as they are written."""
    if value in choices:
        return None
    wanted = " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
    if not value:
        return f"must be given: {wanted}"
    return f"must be {wanted}, not {quoted(value)}{did_you_mean(value, choices)}"


def repeated(texts: Iterable[str]) -> Iterator[int]:
    """Where a text stands that stood before."""
    seen: set[str] = set()
    for index, text in enumerate(texts):
        if text in seen:
            yield index
        seen.add(text)


def selector_problem(text: str) -> str | None:
    """What the selector language says of the text, and where."""
    if not text:
        return None
    try:
        Selector(text)
    except InvalidSelector as error:
        before, at = text[max(0, error.start - 20) : error.start], text[error.start : error.start + 20]
        where = (
            f"at character {error.start + 1}, {quoted(before + ' ▸' + at)}" if at else f"at the end of {quoted(text)}"
        )
        return f"{error.message} ({where})"
    return None


def report(problems: list[Problem], path: Path, message: str | None, *, at_key: bool = False) -> None:
    """Note a problem, if there is one."""
    if message is not None:
        problems.append(Problem(path, message, at_key))
