"""What a question leaves open about the way of a connection: addresses, the node that translates, the backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from calico_engine.compiler.hosts import Address

#: So many backends are named.
_MOST_NAMED = 8


class Choice(NamedTuple):
    """One way that the connection may take; the fields are the keys on which an answer can depend."""

    source: Address
    destination: Address
    node: str = ""
    backend: str = ""


def most_alike(choices: Sequence[Choice], fates: Sequence[object]) -> tuple[int, int]:
    """Two choices with different answers, in one thing if such are among them; (0, 0) if all answers are the same."""
    differing = [index for index, fate in enumerate(fates) if fate != fates[0]]
    if not differing:
        return 0, 0
    both = [(i, j) for j in differing for i in range(len(fates)) if fates[i] != fates[j]]
    one, other = min(both, key=lambda ij: sum(a != b for a, b in zip(choices[ij[0]], choices[ij[1]], strict=True)))
    return min(one, other), max(one, other)


def differences(one: Choice, other: Choice) -> tuple[str, ...]:
    """The keys in which two choices differ."""
    return tuple(name for name, a, b in zip(Choice._fields, one, other, strict=True) if a != b)


def shown_backend(choices: Sequence[Choice]) -> tuple[str, ...]:
    """Which of several backends a certain answer shows, as an assumption."""
    if len({choice.backend for choice in choices}) <= 1:
        return ()
    return (f"shown is the way to {choices[0].backend}; the other backends fare the same",)


def by_backend(choices: Sequence[Choice], passed: Sequence[bool]) -> tuple[str, ...]:
    """Which backends are let through and which are not, as far as that does not depend on more."""
    found: dict[str, set[bool]] = {}
    for choice, passes in zip(choices, passed, strict=True):
        found.setdefault(choice.backend, set()).add(passes)
    sides = {True: "let through to", False: "not let through to"}
    named = {side: [name for name, fates in found.items() if fates == {side}] for side in sides}
    return tuple(f"{text} {listed(named[side])}" for side, text in sides.items() if named[side])


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
