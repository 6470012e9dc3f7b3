"""Chains: what one endpoint does with a packet in one direction, for each of the four kinds of policy.

Everything that tells the four kinds apart is the table `SHAPES`. Source: felix/rules/endpoints.go: endpointIptablesChain,
felix/calc/event_sequencer.go: tierInfoToProtoTierInfo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.failsafes import FailsafeChain
from calico_engine.compiler.felix_model import ChainType, FelixPolicy, FelixRule, FelixTier, ResourceId
from calico_engine.compiler.matchers import Candidates, Row, rows
from calico_engine.compiler.rules import CompiledRule
from calico_engine.frozen import frozen
from calico_engine.packets import Direction


@frozen
class ChainShape:
    """How chains of one type behave. Forward chains have no failsafes; only normal chains consult profiles."""

    conntrack: bool  # accepts ESTABLISHED and RELATED, drops INVALID
    failsafes: bool
    tier_end_denies: bool  # a tier that nothing matched denies, unless its default action is Pass
    profiles: bool  # profiles after the tiers, then deny
    accepts_when_empty: bool  # accepts if the whole tier list, both directions together, is empty
    reads_pre_dnat: bool  # sees destination address and port as they were before DNAT


SHAPES: Mapping[ChainType, ChainShape] = {
    #                              conntrack failsafes tier_end profiles empty  pre_dnat
    ChainType.UNTRACKED: ChainShape(False, True, False, False, False, True),
    ChainType.PRE_DNAT: ChainShape(True, True, False, False, False, True),
    ChainType.FORWARD: ChainShape(True, False, True, False, True, False),
    ChainType.NORMAL: ChainShape(True, True, True, True, False, False),
}


@frozen
class ChainPolicy:
    """One policy's rules for one direction; a staged policy is listed and never evaluated."""

    id: ResourceId
    staged: bool
    written: tuple[FelixRule, ...]  # all of them, those that do not exist for an IP version included
    rules: Mapping[int, tuple[CompiledRule, ...]]  # by IP version


@dataclass(frozen=True)
class ChainTier:
    """The policies of one tier that act in the chain's direction, in order."""

    tier: FelixTier
    policies: tuple[ChainPolicy, ...]
    sets: AddressSets

    @cached_property
    def enforced(self) -> tuple[ChainPolicy, ...]:
        return tuple(policy for policy in self.policies if not policy.staged)

    @cached_property
    def denies_at_end(self) -> bool:
        """A tier whose policies in this direction are all staged ends in Pass (HasNonStagedPolicies)."""
        return bool(self.enforced) and not self.tier.default_pass

    @cached_property
    def candidates(self) -> Candidates:
        """What a packet is tried against."""
        return Candidates([policy.rules for policy in self.enforced], self.sets)


@dataclass(frozen=True)
class ChainProfile:
    """One profile's rules for one direction; a missing one denies."""

    name: str
    missing: bool
    written: tuple[FelixRule, ...]
    rules: Mapping[int, tuple[CompiledRule, ...]]
    sets: AddressSets

    @cached_property
    def rows_v4(self) -> tuple[Row, ...]:
        return rows(self.rules[4], self.sets)

    @cached_property
    def rows_v6(self) -> tuple[Row, ...]:
        return rows(self.rules[6], self.sets)


@frozen
class WorkloadGuards:
    """What a workload's egress chain drops before any policy, unless configured otherwise."""

    vxlan_port: int | None
    ipip: bool


@frozen
class Chain:
    """All that one endpoint does in one direction, for one kind of policy."""

    endpoint: ResourceId
    chain_type: ChainType
    direction: Direction
    shape: ChainShape
    tiers: tuple[ChainTier, ...]
    profiles: tuple[ChainProfile, ...]
    failsafes: FailsafeChain | None
    drops_invalid: bool
    no_policies: bool  # the tier list of this kind is empty, both directions together
    guards: WorkloadGuards | None = None
    hands_back: bool = False  # established packets get the accept bit and go on (IptablesFilterAllowAction Return)


@frozen
class SelectedTier:
    """The policies of one tier and one kind that apply to an endpoint, in order, both directions together."""

    tier: FelixTier
    policies: tuple[FelixPolicy, ...]

    def in_direction(self, direction: Direction) -> tuple[FelixPolicy, ...]:
        return tuple(policy for policy in self.policies if direction in policy.acts)
