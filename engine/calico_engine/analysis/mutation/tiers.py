"""Mistakes in tiers: the action at their end, and policies and tiers in the wrong order."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, value_at, with_value
from calico_engine.compiler.ordering import OrderedTier
from calico_engine.controllers.kubernetes.cluster_network_policies import KIND as CLUSTER_POLICY
from calico_engine.datastore import Key
from calico_engine.frozen import frozen
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources import Tier

_ORDER = ("spec", "order")
_ACTION = ("spec", "defaultAction")
#: A ClusterNetworkPolicy's order is called so, and is a whole number up to this.
_PRIORITY = ("spec", "priority")
_LAST_PRIORITY = 1000


def tier_mutations(value: Object) -> Iterator[Mutation]:
    """The other action at the end of a tier."""
    given = value_at(value, _ACTION) or "Deny"
    other = "Pass" if given == "Deny" else "Deny"
    yield Mutation(Operator.TIER_ACTION, _ACTION, f"{given} → {other}", other, with_value(value, _ACTION, other))


@frozen
class Move:
    """An object with another order, which stands at `path`, so that it changes places with `other`."""

    order: float
    other: str
    path: Path

    def mutation(self, value: Object) -> Mutation:
        given = value_at(value, self.path)
        shown = f"{'no order' if given is None else _number(given)} → {_number(self.order)}"
        description = f"{shown}, so that it changes places with {self.other}"
        changed = with_value(value, self.path, self.order)
        return Mutation(Operator.CHANGE_ORDER, self.path, description, self.other, changed)


class _Placed(NamedTuple):
    key: Key
    order: float | None

    @property
    def has_priority(self) -> bool:
        return self.key[0] == CLUSTER_POLICY

    def move(self, order: float | None, other: _Placed) -> Move | None:
        """The move to an order; None if there is none that it could have."""
        if order is None or (self.has_priority and not 0 <= order <= _LAST_PRIORITY):
            return None
        return Move(order, _name(other.key), _PRIORITY if self.has_priority else _ORDER)


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
        behind = one.move(_behind(other.order, orders, whole=one.has_priority), other)
        before = other.move(_before(one.order, orders, whole=other.has_priority), one)
        if behind is not None and one.key in movable:
            found.setdefault(one.key, []).append(behind)
        elif before is not None and other.key in movable:
            found.setdefault(other.key, []).append(before)


def _behind(order: float | None, orders: Sequence[float], *, whole: bool) -> float | None:
    """An order right behind this one; what has none comes last, and nothing is behind it."""
    if order is None:
        return None
    higher = next((each for each in orders if each > order), None)
    if whole:
        following = math.floor(order) + 1
        return following if higher is None or following < higher else None
    return order + 1 if higher is None else (order + higher) / 2


def _before(order: float | None, orders: Sequence[float], *, whole: bool) -> float | None:
    """An order right before this one."""
    if order is None:
        last = orders[-1] if orders else -1.0
        return math.floor(last) + 1 if whole else last + 1
    lower = next((each for each in reversed(orders) if each < order), None)
    if whole:
        preceding = math.ceil(order) - 1
        return preceding if lower is None or preceding > lower else None
    return order - 1 if lower is None else (order + lower) / 2


def _name(key: Key) -> str:
    return "/".join(part for part in key[1:] if part)


def _number(value: float) -> str:
    return f"{value:g}"
