"""What Felix sees: the resources after conversion to its own model, selectors flattened and parsed, numbers as integers.

Source: libcalico-go/lib/backend/model (policy.go, rule.go, hostendpoint.go, workloadendpoint.go, networkset.go, tier.go).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from calico_engine.controllers.kubernetes.services import ServiceIndex
from calico_engine.datastore import Entry, Key
from calico_engine.frozen import frozen
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import Direction
from calico_engine.resources.rules import Rule
from calico_selectors import Selector


class Action(enum.Enum):
    """What a rule does with a packet that it matches."""

    ALLOW = "Allow"
    DENY = "Deny"
    PASS = "Pass"
    LOG = "Log"


class ChainType(enum.Enum):
    """The four kinds of policy on a host endpoint; a workload endpoint has NORMAL only."""

    UNTRACKED = "UNTRACKED"
    PRE_DNAT = "PRE_DNAT"
    FORWARD = "FORWARD"
    NORMAL = "NORMAL"


class ResourceId(NamedTuple):
    """Which object: kind, namespace (empty for cluster kinds) and name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


@frozen
class RuleId:
    """Which rule: its policy or profile, direction and index (from 0, Log rules included); tier empty for a profile."""

    owner: ResourceId
    tier: str
    direction: Direction
    index: int


#: (version, first address, last address)
Net = tuple[int, int, int]


@frozen
class FelixEntity:
    """One side of a rule. `positive` and `negative` are what is left after folding; None = no condition.

    Only endpoints that `positive` selects lend the meaning of `named_ports` and `not_named_ports`.
    """

    nets: tuple[Net, ...] = ()
    not_nets: tuple[Net, ...] = ()
    positive: Selector | None = None
    negative: Selector | None = None
    port_ranges: tuple[tuple[int, int], ...] = ()
    named_ports: tuple[str, ...] = ()
    not_port_ranges: tuple[tuple[int, int], ...] = ()
    not_named_ports: tuple[str, ...] = ()
    service: tuple[str, str] | None = None  # (namespace, name)


@frozen
class FelixRule:
    """One rule, for both IP versions unless `version` says which."""

    id: RuleId
    action: Action
    version: int | None
    protocol: int | None
    not_protocol: int | None
    icmp: tuple[int, int | None] | None
    not_icmp: tuple[int, int | None] | None
    source: FelixEntity
    destination: FelixEntity
    written: Rule


@frozen
class FelixPolicy:
    """One policy; `acts` are the directions in which it is in force."""

    id: ResourceId
    tier: str
    order: float | None
    selector: Selector
    staged: bool
    do_not_track: bool
    pre_dnat: bool
    apply_on_forward: bool
    acts: frozenset[Direction]
    ingress: tuple[FelixRule, ...]
    egress: tuple[FelixRule, ...]

    def rules(self, direction: Direction) -> tuple[FelixRule, ...]:
        return self.ingress if direction is Direction.INGRESS else self.egress

    @property
    def chain_types(self) -> tuple[ChainType, ...]:
        """Which chains hold this policy (felix/calc/event_sequencer.go: tierInfoToProtoTierInfo)."""
        if self.do_not_track:
            return (ChainType.UNTRACKED,)
        if self.pre_dnat:
            return (ChainType.PRE_DNAT,)
        return (ChainType.NORMAL, ChainType.FORWARD) if self.apply_on_forward else (ChainType.NORMAL,)


@frozen
class FelixTier:
    """One tier; `exists` is False for one that policies name and that has no Tier object."""

    name: str
    order: float | None
    default_pass: bool
    exists: bool = True


@frozen
class FelixProfile:
    """One profile: labels for whoever lists it, and rules."""

    name: str
    labels: Mapping[str, str]
    ingress: tuple[FelixRule, ...]
    egress: tuple[FelixRule, ...]
    rules_missing: bool = False  # its rules were refused: it acts as deny in both directions

    def rules(self, direction: Direction) -> tuple[FelixRule, ...]:
        return self.ingress if direction is Direction.INGRESS else self.egress


@frozen
class NamedPort:
    """A port that an endpoint declares by name."""

    name: str
    protocol: int
    port: int


@frozen
class FelixEndpoint:
    """A host or workload endpoint. `addresses` are (version, address): expectedIPs, or the workload's own."""

    id: ResourceId
    node: str
    interface_name: str
    labels: Mapping[str, str]
    profiles: tuple[str, ...]
    addresses: tuple[tuple[int, int], ...]
    ports: tuple[NamedPort, ...]
    spoofable: tuple[Net, ...] = ()

    @property
    def is_host(self) -> bool:
        return self.id.kind == "HostEndpoint"


@frozen
class FelixNetworkSet:
    """A set of nets that selectors select by its labels."""

    id: ResourceId
    labels: Mapping[str, str]
    profiles: tuple[str, ...]
    nets: tuple[Net, ...]


@frozen
class Notice:
    """Something a user should know about an object: that Felix ignores it, or reads it otherwise than it looks."""

    path: Path
    message: str


FelixThing = FelixPolicy | FelixTier | FelixProfile | FelixEndpoint | FelixNetworkSet


@frozen
class FelixPart:
    """What one object is to Felix (None: nothing), and what is worth a word about it."""

    entry: Entry
    thing: FelixThing | None
    notice: Notice | None = None


class Endpoints(tuple[FelixEndpoint, ...]):
    """Endpoints of one kind, by namespace and name."""

    @cached_property
    def by_node(self) -> Mapping[str, tuple[FelixEndpoint, ...]]:
        grouped: dict[str, list[FelixEndpoint]] = {}
        for endpoint in self:
            grouped.setdefault(endpoint.node, []).append(endpoint)
        return {node: tuple(listed) for node, listed in grouped.items()}

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], FelixEndpoint]:
        """(namespace, name) → endpoint"""
        return {(endpoint.id.namespace, endpoint.id.name): endpoint for endpoint in self}


@dataclass
class FelixModel:
    """Everything Felix would know, in its own terms. `parts` has it by the kind and key of the objects behind it."""

    tiers: Mapping[str, FelixTier]
    policies: Sequence[FelixPolicy]
    profiles: Mapping[str, FelixProfile]
    host_endpoints: Endpoints
    workload_endpoints: Endpoints
    network_sets: Sequence[FelixNetworkSet]
    services: ServiceIndex
    parts: Mapping[str, Mapping[Key, FelixPart]] = field(repr=False)
