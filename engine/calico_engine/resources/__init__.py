"""What a manifest says: one pydantic dataclass for each struct of Calico's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from calico_engine.resources.bgp import BGPConfiguration, BGPFilter, BGPPeer, IPReservation
from calico_engine.resources.configuration import ClusterInformation, FelixConfiguration
from calico_engine.resources.controllers import KubeControllersConfiguration
from calico_engine.resources.endpoints import HostEndpoint, WorkloadEndpoint
from calico_engine.resources.hosts import HOST_API_VERSION, POLICY_TEST, Host
from calico_engine.resources.networksets import GlobalNetworkSet, NetworkSet
from calico_engine.resources.nodes import IPPool, Node
from calico_engine.resources.policies import (
    GlobalNetworkPolicy,
    NetworkPolicy,
    Policy,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
)
from calico_engine.resources.profiles import Profile
from calico_engine.resources.staged_kubernetes import StagedKubernetesNetworkPolicy
from calico_engine.resources.tiers import Tier

API_VERSION = "projectcalico.org/v3"

Resource = (
    BGPConfiguration
    | BGPFilter
    | BGPPeer
    | ClusterInformation
    | FelixConfiguration
    | GlobalNetworkPolicy
    | GlobalNetworkSet
    | Host
    | HostEndpoint
    | IPPool
    | IPReservation
    | KubeControllersConfiguration
    | NetworkPolicy
    | NetworkSet
    | Node
    | Profile
    | StagedGlobalNetworkPolicy
    | StagedKubernetesNetworkPolicy
    | StagedNetworkPolicy
    | Tier
    | WorkloadEndpoint
)

#: (apiVersion, kind) → model
MODELS: Mapping[tuple[str, str], type[Resource]] = {
    (HOST_API_VERSION if model is Host else API_VERSION, model.KIND): model for model in get_args(Resource)
}

__all__ = [
    "API_VERSION",
    "HOST_API_VERSION",
    "MODELS",
    "POLICY_TEST",
    "BGPConfiguration",
    "BGPFilter",
    "BGPPeer",
    "ClusterInformation",
    "FelixConfiguration",
    "GlobalNetworkPolicy",
    "GlobalNetworkSet",
    "Host",
    "HostEndpoint",
    "IPPool",
    "IPReservation",
    "KubeControllersConfiguration",
    "NetworkPolicy",
    "NetworkSet",
    "Node",
    "Policy",
    "Profile",
    "Resource",
    "StagedGlobalNetworkPolicy",
    "StagedKubernetesNetworkPolicy",
    "StagedNetworkPolicy",
    "Tier",
    "WorkloadEndpoint",
]
