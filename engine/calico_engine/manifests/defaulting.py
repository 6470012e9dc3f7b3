"""What the API's client fills in when it writes an object (api/pkg/defaults, libcalico-go/lib/clientv3)."""

from __future__ import annotations

from dataclasses import replace

from calico_engine.resources import (
    GlobalNetworkPolicy,
    NetworkPolicy,
    Policy,
    Resource,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
    Tier,
    WorkloadEndpoint,
)
from calico_engine.resources.policies import GlobalNetworkPolicySpec, NetworkPolicySpec
from calico_engine.resources.tiers import BUILT_IN_TIERS, DEFAULT_TIER, DEFAULT_TIER_ORDER

TIER_LABEL = "projectcalico.org/tier"
NAMESPACE_LABEL = "projectcalico.org/namespace"
ORCHESTRATOR_LABEL = "projectcalico.org/orchestrator"
DEFAULT_NAMESPACE = "default"


def with_defaults(resource: Resource) -> Resource:
    """The object as it would be stored."""
    if resource.NAMESPACED and not resource.metadata.namespace:
        resource = replace(resource, metadata=replace(resource.metadata, namespace=DEFAULT_NAMESPACE))
    match resource:
        case GlobalNetworkPolicy() | NetworkPolicy() | StagedGlobalNetworkPolicy() | StagedNetworkPolicy():
            return _policy(resource)
        case Tier():
            return _tier(resource)
        case WorkloadEndpoint():
            return _workload_endpoint(resource)
        case _:
            return resource


def _policy(policy: Policy) -> Policy:
    spec = policy.spec
    tier = spec.tier or DEFAULT_TIER
    labels = {**policy.metadata.labels, TIER_LABEL: tier}
    deletes = getattr(spec, "staged_action", "") == "Delete"
    types = None if deletes else default_types(spec)
    return replace(
        policy, metadata=replace(policy.metadata, labels=labels), spec=replace(spec, tier=tier, types=types)
    )


def default_types(spec: NetworkPolicySpec | GlobalNetworkPolicySpec) -> tuple[str, ...]:
    """Rules are counted: without egress rules a policy acts on ingress, also without any rules (api/pkg/defaults)."""
    if spec.types:
        return spec.types
    if not spec.egress:
        return ("Ingress",)
    return ("Ingress", "Egress") if spec.ingress else ("Egress",)


def _tier(tier: Tier) -> Tier:
    order, action = BUILT_IN_TIERS.get(tier.metadata.name, (DEFAULT_TIER_ORDER, "Deny"))
    spec = tier.spec
    return replace(
        tier,
        spec=replace(
            spec,
            order=order if spec.order is None else spec.order,
            default_action=spec.default_action or action,
        ),
    )


def _workload_endpoint(endpoint: WorkloadEndpoint) -> WorkloadEndpoint:
    metadata = endpoint.metadata
    labels = {
        **metadata.labels,
        NAMESPACE_LABEL: metadata.namespace,
        ORCHESTRATOR_LABEL: endpoint.spec.orchestrator,
    }
    return replace(endpoint, metadata=replace(metadata, labels=labels))
