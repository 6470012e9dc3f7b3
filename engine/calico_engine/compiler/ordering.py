"""The order in which tiers, and the policies in them, are evaluated (felix/calc/policy_sorter.go)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from calico_engine.compiler.felix_model import FelixPolicy, FelixTier
from calico_engine.frozen import frozen


@frozen
class OrderedTier:
    """A tier and its policies, in evaluation order."""

    tier: FelixTier
    policies: tuple[FelixPolicy, ...]


def tier_sort_key(tier: FelixTier) -> tuple[bool, float, str]:
    """Existing tiers first, then by order (none = last), then by name (TierLess)."""
    return not tier.exists, math.inf if tier.order is None else tier.order, tier.name


def policy_sort_key(policy: FelixPolicy) -> tuple[float, bytes]:
    """By order (none = last); two policies of equal order by the one text `name/namespace/kind`, byte by byte (PolKVLess).

    It is no comparison of tuples: `-` and `.` sort before `/`, so policy `a-b` comes before policy `a`.
    """
    order = math.inf if policy.order is None else policy.order
    return order, f"{policy.id.name}/{policy.id.namespace}/{policy.id.kind}".encode()


def in_order(tiers: Mapping[str, FelixTier], policies: Iterable[FelixPolicy]) -> tuple[OrderedTier, ...]:
    """Every tier with its policies, all in evaluation order.

    A tier that policies name and that does not exist is in force too: last, and its end denies (policy_resolver.go).
    """
    by_tier: dict[str, list[FelixPolicy]] = {name: [] for name in tiers}
    for policy in policies:
        by_tier.setdefault(policy.tier, []).append(policy)
    known = [tiers.get(name) or FelixTier(name, None, default_pass=False, exists=False) for name in by_tier]
    return tuple(
        OrderedTier(tier, tuple(sorted(by_tier[tier.name], key=policy_sort_key)))
        for tier in sorted(known, key=tier_sort_key)
    )
