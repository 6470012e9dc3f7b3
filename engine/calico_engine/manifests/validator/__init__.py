"""What calicoctl refuses of a well-formed object: the rules of libcalico-go/lib/validator/v3/validator.go.

One file for each family of kinds. A problem names the very value, says what is wrong with it and what would be right.
"""

from __future__ import annotations

from calico_engine.manifests.decoding import Problem
from calico_engine.manifests.validator.bgp import check_bgp_configuration, check_bgp_peer, check_reservation
from calico_engine.manifests.validator.controllers import check_controllers
from calico_engine.manifests.validator.endpoints import check_host_endpoint, check_workload_endpoint
from calico_engine.manifests.validator.felix import check_felix
from calico_engine.manifests.validator.metadata import check_metadata, namespace_problem
from calico_engine.manifests.validator.nodes import check_network_set, check_node, check_pool
from calico_engine.manifests.validator.policies import check_policy, check_staged_policy
from calico_engine.manifests.validator.staged_kubernetes import check_staged_kubernetes
from calico_engine.manifests.validator.tiers import check_profile, check_tier
from calico_engine.resources import (
    BGPConfiguration,
    BGPPeer,
    FelixConfiguration,
    GlobalNetworkPolicy,
    GlobalNetworkSet,
    HostEndpoint,
    IPPool,
    IPReservation,
    KubeControllersConfiguration,
    NetworkPolicy,
    NetworkSet,
    Node,
    Profile,
    Resource,
    StagedGlobalNetworkPolicy,
    StagedKubernetesNetworkPolicy,
    StagedNetworkPolicy,
    Tier,
    WorkloadEndpoint,
)


def validate(resource: Resource) -> list[Problem]:
    """Everything that `calicoctl validate` refuses of an object that could be read; nothing is defaulted before.

    A namespace on an object that has none is the only problem reported then, as in calicoctl.
    """
    misplaced = namespace_problem(resource)
    if misplaced is not None:
        return [misplaced]
    problems: list[Problem] = []
    check_metadata(resource.metadata, resource.KIND, problems)
    _check_spec(resource, problems)
    return problems


def _check_spec(resource: Resource, problems: list[Problem]) -> None:
    match resource:
        case GlobalNetworkPolicy() | NetworkPolicy():
            check_policy(resource.spec, problems)
        case StagedGlobalNetworkPolicy() | StagedNetworkPolicy():
            check_staged_policy(resource.spec, problems)
        case StagedKubernetesNetworkPolicy():
            check_staged_kubernetes(resource.spec, problems)
        case HostEndpoint():
            check_host_endpoint(resource.spec, problems)
        case WorkloadEndpoint():
            check_workload_endpoint(resource.spec, problems)
        case GlobalNetworkSet() | NetworkSet():
            check_network_set(resource.spec, problems)
        case Tier():
            check_tier(resource, problems)
        case Profile():
            check_profile(resource.spec, problems)
        case _:
            _check_infrastructure(resource, problems)


def _check_infrastructure(resource: Resource, problems: list[Problem]) -> None:
    match resource:
        case Node():
            check_node(resource, problems)
        case IPPool():
            check_pool(resource.spec, problems)
        case FelixConfiguration():
            check_felix(resource.spec, problems)
        case KubeControllersConfiguration():
            check_controllers(resource.spec, problems)
        case BGPConfiguration():
            check_bgp_configuration(resource.spec, problems)
        case BGPPeer():
            check_bgp_peer(resource.spec, problems)
        case IPReservation():
            check_reservation(resource.spec, problems)
        case _:
            pass


__all__ = ["validate"]
