"""Policies: global and namespaced, enforced and staged (api …/v3/*networkpolicy.go)."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from calico_engine.resources.base import Bool, Float, Items, ObjectMeta, api_struct
from calico_engine.resources.rules import Rule


@api_struct
class NetworkPolicySpec:
    tier: str = ""
    order: Float | None = None
    ingress: Items[Rule] | None = None
    egress: Items[Rule] | None = None
    selector: str = ""
    types: Items[str] | None = None
    service_account_selector: str = ""
    performance_hints: Items[str] | None = None


@api_struct
class GlobalNetworkPolicySpec:
    tier: str = ""
    order: Float | None = None
    ingress: Items[Rule] | None = None
    egress: Items[Rule] | None = None
    selector: str = ""
    types: Items[str] | None = None
    do_not_track: Bool = False
    pre_dnat: Annotated[Bool, Field(alias="preDNAT")] = False
    apply_on_forward: Bool = False
    service_account_selector: str = ""
    namespace_selector: str = ""
    performance_hints: Items[str] | None = None


@api_struct
class StagedNetworkPolicySpec(NetworkPolicySpec):
    staged_action: str = ""


@api_struct
class StagedGlobalNetworkPolicySpec(GlobalNetworkPolicySpec):
    staged_action: str = ""


@api_struct
class NetworkPolicy:
    """Policy of one namespace: acts on the workload endpoints of that namespace."""

    KIND: ClassVar[str] = "NetworkPolicy"
    NAMESPACED: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: NetworkPolicySpec = field(default_factory=NetworkPolicySpec)


@api_struct
class GlobalNetworkPolicy:
    """Cluster-wide policy: acts on workload and host endpoints."""

    KIND: ClassVar[str] = "GlobalNetworkPolicy"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: GlobalNetworkPolicySpec = field(default_factory=GlobalNetworkPolicySpec)


@api_struct
class StagedNetworkPolicy:
    """A NetworkPolicy that is looked at and never enforced."""

    KIND: ClassVar[str] = "StagedNetworkPolicy"
    NAMESPACED: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: StagedNetworkPolicySpec = field(default_factory=StagedNetworkPolicySpec)


@api_struct
class StagedGlobalNetworkPolicy:
    """A GlobalNetworkPolicy that is looked at and never enforced."""

    KIND: ClassVar[str] = "StagedGlobalNetworkPolicy"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: StagedGlobalNetworkPolicySpec = field(default_factory=StagedGlobalNetworkPolicySpec)


Policy = NetworkPolicy | GlobalNetworkPolicy | StagedNetworkPolicy | StagedGlobalNetworkPolicy
POLICY_KINDS: tuple[type[Policy], ...] = (
    GlobalNetworkPolicy,
    NetworkPolicy,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
)
