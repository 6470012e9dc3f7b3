"""A disagreement made small: whatever is not needed for it is taken away, from the manifests and from the packet."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from verdict_fuzz.comparing import Account, Pair, Unreadable
from verdict_fuzz.packets import Query
from verdict_fuzz.worlds import World

#: Engine's and oracle's.
Accounts = tuple[Account, Account]
Ask = Callable[[World, Query], Accounts]
_OPTIONAL_KEYS = ("conntrackState", "preDNATOutInterface", "preDNATPort", "preDNATDestination")
_KEPT_KEYS = frozenset({"apiVersion", "kind", "metadata", "name"})


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One packet of one world about which the two are not of one mind."""

    world: World
    query: Query
    engine: Account
    oracle: Account

    @property
    def is_about_the_decision(self) -> bool:
        return self.engine.decision != self.oracle.decision


def ask(world: World, query: Query) -> Accounts:
    """Both accounts, from scratch."""
    return Pair.of(world).accounts(query)


def shrunk(found: Disagreement, asking: Ask = ask) -> Disagreement:
    """A smaller disagreement of the same kind: about the decision if this one is."""
    changed = True
    while changed:
        changed = False
        for smaller in _smaller(found):
            accounts = _accounts(smaller, asking)
            if accounts is not None and _is_like(found, accounts):
                found = Disagreement(smaller[0], smaller[1], *accounts)
                changed = True
                break
    return found


def _accounts(candidate: tuple[World, Query], asking: Ask) -> Accounts | None:
    try:
        return asking(*candidate)
    except (Unreadable, ValueError):
        return None


def _is_like(found: Disagreement, accounts: Accounts) -> bool:
    engine, oracle = accounts
    if found.is_about_the_decision:
        return engine.decision != oracle.decision
    return engine != oracle


def _smaller(found: Disagreement) -> Iterator[tuple[World, Query]]:
    """Everything that is one step smaller, big steps first."""
    world, query = found.world, found.query
    documents = world.documents
    size = len(documents) // 2
    while size:
        for start in range(0, len(documents), size):
            yield World(documents[:start] + documents[start + size :], world.stored), query
        size //= 2
    if world.stored:
        yield World(documents, stored=False), query
    for key in _OPTIONAL_KEYS:
        if key in query:
            yield world, {name: value for name, value in query.items() if name != key}
    for index, document in enumerate(documents):
        for less in _without_parts(document):
            yield World((*documents[:index], less, *documents[index + 1 :]), world.stored), query


def _without_parts(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document without one of its parts, for every part."""
    for path in _paths(document):
        less = copy.deepcopy(document)
        holder: Any = less
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
        yield less


def _paths(value: object) -> list[tuple[str | int, ...]]:
    """Of every part that may go, outer ones first."""
    paths: list[tuple[str | int, ...]] = []
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while waiting:
        path, part = waiting.pop(0)
        steps: list[str | int] = []
        if isinstance(part, dict):
            steps = list(part)
        elif isinstance(part, list):
            steps = list(range(len(part)))
        for step in steps:
            assert isinstance(part, dict | list)
            if step not in _KEPT_KEYS or len(path) > 1:
                paths.append((*path, step))
            waiting.append(((*path, step), part[step]))  # type: ignore[index]
    return paths
