"""What a manifest says: one pydantic dataclass for each struct of Calico's API."""

from __future__ import annotations

from collections.abc import Mapping

from calico_engine.resources.configuration import BGPConfiguration, FelixConfiguration, KubeControllersConfiguration
from calico_engine.resources.endpoints import HostEndpoint, WorkloadEndpoint
from calico_engine.resources.hosts import HOST_API_VERSION, Host
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
from calico_engine.resources.tiers import Tier

API_VERSION = "projectcalico.org/v3"

Resource = (
    BGPConfiguration
    | FelixConfiguration
    | GlobalNetworkPolicy
    | GlobalNetworkSet
    | Host
    | HostEndpoint
    | IPPool
    | KubeControllersConfiguration
    | NetworkPolicy
    | NetworkSet
    | Node
    | Profile
    | StagedGlobalNetworkPolicy
    | StagedNetworkPolicy
    | Tier
    | WorkloadEndpoint
)

#: (apiVersion, kind) → model
MODELS: Mapping[tuple[str, str], type[Resource]] = {
    **{
        (API_VERSION, model.KIND): model
        for model in (
            BGPConfiguration,
            FelixConfiguration,
            GlobalNetworkPolicy,
            GlobalNetworkSet,
            HostEndpoint,
            IPPool,
            KubeControllersConfiguration,
            NetworkPolicy,
            NetworkSet,
            Node,
            Profile,
            StagedGlobalNetworkPolicy,
            StagedNetworkPolicy,
            Tier,
            WorkloadEndpoint,
        )
    },
    (HOST_API_VERSION, Host.KIND): Host,
}

__all__ = [
    "API_VERSION",
    "HOST_API_VERSION",
    "MODELS",
    "BGPConfiguration",
    "FelixConfiguration",
    "GlobalNetworkPolicy",
    "GlobalNetworkSet",
    "Host",
    "HostEndpoint",
    "IPPool",
    "KubeControllersConfiguration",
    "NetworkPolicy",
    "NetworkSet",
    "Node",
    "Policy",
    "Profile",
    "Resource",
    "StagedGlobalNetworkPolicy",
    "StagedNetworkPolicy",
    "Tier",
    "WorkloadEndpoint",
]
