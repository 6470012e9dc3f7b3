"""Watches walks: notes which tiers and profiles each packet comes to, and how tiers end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from calico_engine.analysis.coverage.tallies import PolicyRow, Tallies
from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.chains import Chain, ChainProfile, ChainTier
from calico_engine.compiler.felix_model import FelixRule, ResourceId
from calico_engine.compiler.rules import CompiledRule
from calico_engine.dataplane.outcomes import Outcome
from calico_engine.dataplane.plans import Op
from calico_engine.dataplane.walk import ChainResult, View, scan
from calico_engine.packets import Direction
from calico_engine.resources import Profile


class TierEnd(NamedTuple):
    """A way in which a tier ended."""

    tier: str
    denied: bool


class Watch:
    """A recorder of walks (`dataplane.walk.Recorder`) that counts instead of telling."""

    def __init__(self) -> None:
        self.tallies = Tallies()
        self.tier_ends: Counter[TierEnd] = Counter()
        self._direction = Direction.INGRESS
        self._end_denies = False
        #: By identity of the tier, or of a profile's sets and name; what the identity is of stays alive beside the row.
        self._rows: dict[tuple[object, ...], tuple[object, PolicyRow]] = {}

    def count(self) -> None:
        """Bring the tallies up to date."""
        for _, row in self._rows.values():
            row.count()

    def table(self, name: str) -> None: ...

    def step(self, op: Op, outcome: Outcome | None) -> None: ...

    def chain(self, chain: Chain, view: View) -> None:
        self._direction = chain.direction
        self._end_denies = chain.shape.tier_end_denies

    def chain_end(self, result: ChainResult) -> None: ...

    def tier(self, tier: ChainTier, view: View) -> CompiledRule | None:
        key = (id(tier), view.version)
        held = self._rows.get(key)
        if held is None:
            policies = [(policy.id, policy.written) for policy in tier.enforced]
            held = self._rows[key] = tier, self._row(view.version, tier.sets, policies)
        held[1].add(view)
        rule = scan(tier, view)
        if rule is None:
            self._end(tier)
        return rule

    def _end(self, tier: ChainTier) -> None:
        denied = self._end_denies and tier.denies_at_end
        self.tier_ends[TierEnd(tier.tier.name, denied)] += 1
        for policy in tier.enforced if denied else ():
            self.tallies.policy(policy.id, self._direction).denied_at_end += 1

    def profile(self, profile: ChainProfile, view: View, *, passed: bool) -> None:
        key = (id(profile.sets), profile.name, self._direction, view.version)
        held = self._rows.get(key)
        if held is None:
            owner = ResourceId(Profile.KIND, "", profile.name)
            held = self._rows[key] = profile.sets, self._row(view.version, profile.sets, [(owner, profile.written)])
        held[1].add(view, passed=passed)

    def _row(
        self, version: int, sets: AddressSets, policies: Iterable[tuple[ResourceId, tuple[FelixRule, ...]]]
    ) -> PolicyRow:
        row = PolicyRow(version, sets, self.tallies)
        for owner, rules in policies:
            row.append(owner, self._direction, rules)
        return row
