"""Mistakes in tiers: the action at their end, and policies and tiers in the wrong order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, value_at, with_value
from calico_engine.compiler.ordering import OrderedTier
from calico_engine.datastore import Key
from calico_engine.frozen import frozen
from calico_engine.resources import Tier

_ORDER = ("spec", "order")
_ACTION = ("spec", "defaultAction")


def tier_mutations(value: Object) -> Iterator[Mutation]:
    """The other action at the end of a tier."""
    given = value_at(value, _ACTION) or "Deny"
    other = "Pass" if given == "Deny" else "Deny"
    yield Mutation(Operator.TIER_ACTION, _ACTION, f"{given} → {other}", other, with_value(value, _ACTION, other))


@frozen
class Move:
    """An object with another order, so that it changes places with `other`."""

    order: float
    other: str

    def mutation(self, value: Object) -> Mutation:
        given = value_at(value, _ORDER)
        shown = f"{'no order' if given is None else _number(given)} → {_number(self.order)}"
        description = f"{shown}, so that it changes places with {self.other}"
        return Mutation(Operator.CHANGE_ORDER, _ORDER, description, self.other, with_value(value, _ORDER, self.order))


class _Placed(NamedTuple):
    key: Key
    order: float | None


def moves(ordered: Iterable[OrderedTier], movable: Collection[Key]) -> dict[Key, list[Move]]:
    """How objects change places with the next one: the policies of each tier, and the tiers that have any."""
    found: dict[Key, list[Move]] = {}
    tiers = []
    for tier in ordered:
        enforced = [policy for policy in tier.policies if not policy.staged]
        keys = ((policy.id.kind, policy.id.namespace, policy.id.name) for policy in enforced)
        _add_moves([_Placed(key, policy.order) for key, policy in zip(keys, enforced, strict=True)], movable, found)
        if enforced and tier.tier.exists:
            tiers.append(_Placed((Tier.KIND, "", tier.tier.name), tier.tier.order))
    _add_moves(tiers, movable, found)
    return found


def _add_moves(placed: Sequence[_Placed], movable: Collection[Key], found: dict[Key, list[Move]]) -> None:
    orders = sorted({each.order for each in placed if each.order is not None})
    for one, other in pairwise(placed):
        behind, before = _behind(other.order, orders), _before(one.order, orders)
        if behind is not None and one.key in movable:
            found.setdefault(one.key, []).append(Move(behind, _name(other.key)))
        elif before is not None and other.key in movable:
            found.setdefault(other.key, []).append(Move(before, _name(one.key)))


def _behind(order: float | None, orders: Sequence[float]) -> float | None:
    """An order right behind this one; what has none comes last, and nothing is behind it."""
    if order is None:
        return None
    higher = [each for each in orders if each > order]
    return (order + higher[0]) / 2 if higher else order + 1


def _before(order: float | None, orders: Sequence[float]) -> float | None:
    """An order right before this one."""
    if order is None:
        return orders[-1] + 1 if orders else 0.0
    lower = [each for each in orders if each < order]
    return (order + lower[-1]) / 2 if lower else order - 1


def _name(key: Key) -> str:
    return "/".join(part for part in key[1:] if part)


def _number(value: float) -> str:
    return f"{value:g}"
