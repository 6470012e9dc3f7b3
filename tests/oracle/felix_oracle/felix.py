"""What Felix holds of a cluster: endpoints, sets, profiles, tiers and policies, in its own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from felix_oracle.matches import Net
from felix_oracle.packets import Address

INGRESS, EGRESS = "Ingress", "Egress"
#: Kind, namespace and name.
PolicyId = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RuleSide:
    """Source or destination of a rule. Selectors are text, empty where there is none."""

    nets: tuple[Net, ...] = ()
    not_nets: tuple[Net, ...] = ()
    ports: tuple[tuple[int, int], ...] = ()
    named_ports: tuple[str, ...] = ()
    not_ports: tuple[tuple[int, int], ...] = ()
    not_named_ports: tuple[str, ...] = ()
    selector: str = ""
    not_selector: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class FelixRule:
    """A rule; `version` is 4, 6, or 0 for both, `protocol` a number; `icmp` is (type, code or None)."""

    index: int
    action: str
    version: int
    protocol: int | None
    not_protocol: int | None
    icmp: tuple[int, int | None] | None
    not_icmp: tuple[int, int | None] | None
    source: RuleSide
    destination: RuleSide


@dataclass(frozen=True, slots=True)
class FelixPolicy:
    id: PolicyId
    tier: str
    order: float
    selector: str
    directions: frozenset[str]
    rules: Mapping[str, tuple[FelixRule, ...]]
    untracked: bool = False
    pre_dnat: bool = False
    forward: bool = False

    @property
    def staged(self) -> bool:
        return self.id[0].startswith("Staged")


@dataclass(frozen=True, slots=True)
class FelixTier:
    """`exists` is whether there is an object for it; only `Pass` as default action is no drop."""

    name: str
    order: float
    default_action: str
    exists: bool


@dataclass(frozen=True, slots=True)
class FelixProfile:
    name: str
    rules: Mapping[str, tuple[FelixRule, ...]]


@dataclass(frozen=True, slots=True)
class NamedPort:
    name: str
    protocol: int
    port: int


@dataclass(frozen=True, slots=True)
class Entity:
    """What selectors can find: an endpoint or a network set, with the labels of its profiles under its own."""

    labels: Mapping[str, str]
    nets: tuple[Net, ...]
    ports: tuple[NamedPort, ...] = ()


@dataclass(frozen=True, slots=True)
class FelixHostEndpoint:
    name: str
    node: str
    interface: str
    expected: tuple[Address, ...]
    profiles: tuple[str, ...]
    entity: Entity


@dataclass(frozen=True, slots=True)
class FelixWorkload:
    """`id` orders workloads that claim the same interface: orchestrator, workload, endpoint."""

    id: tuple[str, str, str]
    namespace: str
    name: str
    node: str
    interface: str
    profiles: tuple[str, ...]
    entity: Entity
    spoofed: tuple[Net, ...] = ()


@dataclass(slots=True)
class FelixModel:
    """All that passed Felix's second gate."""

    tiers: dict[str, FelixTier] = field(default_factory=dict)
    policies: list[FelixPolicy] = field(default_factory=list)
    profiles: dict[str, FelixProfile] = field(default_factory=dict)
    hosts: list[FelixHostEndpoint] = field(default_factory=list)
    workloads: list[FelixWorkload] = field(default_factory=list)
    network_sets: list[Entity] = field(default_factory=list)

    @property
    def entities(self) -> list[Entity]:
        hosts, workloads = (host.entity for host in self.hosts), (workload.entity for workload in self.workloads)
        return [*hosts, *workloads, *self.network_sets]
