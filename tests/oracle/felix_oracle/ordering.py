"""Which policies act on an endpoint, in which order, and how they are dealt out to the four kinds of chain.

Sources: felix/calc/policy_sorter.go, active_rules_calculator.go, event_sequencer.go (tierInfoToProtoTierInfo).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from calico_selectors import Selector
from felix_oracle.felix import EGRESS, INGRESS, Entity, FelixModel, FelixPolicy, FelixTier


@dataclass(frozen=True, slots=True)
class TierInfo:
    """The policies of one tier that act on an endpoint, for one kind of chain."""

    tier: FelixTier
    ingress: tuple[FelixPolicy, ...]
    egress: tuple[FelixPolicy, ...]

    def policies(self, direction: str) -> tuple[FelixPolicy, ...]:
        return self.ingress if direction == INGRESS else self.egress


@dataclass(frozen=True, slots=True)
class EndpointTiers:
    """An endpoint's four lists; a tier is in a list when it has a policy there, in whichever direction."""

    normal: tuple[TierInfo, ...]
    untracked: tuple[TierInfo, ...]
    pre_dnat: tuple[TierInfo, ...]
    forward: tuple[TierInfo, ...]


def endpoint_tiers(model: FelixModel, entity: Entity) -> EndpointTiers:
    """The lists of the endpoint with these labels."""
    tiers = [(tier, [policy for policy in policies if _selects(policy, entity)]) for tier, policies in _sorted(model)]
    return EndpointTiers(
        normal=_infos(tiers, lambda policy: not policy.untracked and not policy.pre_dnat),
        untracked=_infos(tiers, lambda policy: policy.untracked),
        pre_dnat=_infos(tiers, lambda policy: policy.pre_dnat and not policy.untracked, egress=False),
        forward=_infos(tiers, lambda policy: policy.forward and not policy.untracked and not policy.pre_dnat),
    )


def _selects(policy: FelixPolicy, entity: Entity) -> bool:
    return not policy.selector or Selector(policy.selector).matches(entity.labels)


def _sorted(model: FelixModel) -> list[tuple[FelixTier, list[FelixPolicy]]]:
    used = {policy.tier for policy in model.policies}
    missing = [FelixTier(name, math.inf, "Deny", exists=False) for name in used if name not in model.tiers]
    tiers = sorted([*model.tiers.values(), *missing], key=lambda tier: (not tier.exists, tier.order, tier.name))
    return [(tier, sorted((p for p in model.policies if p.tier == tier.name), key=_place)) for tier in tiers]


def _place(policy: FelixPolicy) -> tuple[float, bytes]:
    kind, namespace, name = policy.id
    # One string, compared byte by byte: so `a-b` comes before `a`.
    return policy.order, f"{name}/{namespace}/{kind}".encode()


def _infos(
    tiers: Iterable[tuple[FelixTier, list[FelixPolicy]]], wanted: Callable[[FelixPolicy], bool], egress: bool = True
) -> tuple[TierInfo, ...]:
    infos = []
    for tier, policies in tiers:
        chosen = [policy for policy in policies if wanted(policy)]
        inward = tuple(policy for policy in chosen if INGRESS in policy.directions)
        outward = tuple(policy for policy in chosen if egress and EGRESS in policy.directions)
        if inward or outward:
            infos.append(TierInfo(tier, inward, outward))
    return tuple(infos)
