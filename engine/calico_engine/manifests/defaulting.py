"""What the API's client and the schemas fill in when an object is written.

Sources: api/pkg/defaults/networkpolicy.go, libcalico-go/lib/clientv3 (one file for each kind), `default:` in
api/config/crd (spec resources 4.4, 4.11, 5.1, 6.3, 7.1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from calico_engine.configuration.go_text import Duration
from calico_engine.manifests.validator.addresses import parse_cidr_or_ip, show
from calico_engine.manifests.workload_names import workload_endpoint_name
from calico_engine.resources import (
    BGPConfiguration,
    FelixConfiguration,
    GlobalNetworkPolicy,
    IPPool,
    KubeControllersConfiguration,
    NetworkPolicy,
    Policy,
    Resource,
    StagedGlobalNetworkPolicy,
    StagedKubernetesNetworkPolicy,
    StagedNetworkPolicy,
    Tier,
    WorkloadEndpoint,
)
from calico_engine.resources.controllers import ControllersConfig
from calico_engine.resources.policies import GlobalNetworkPolicySpec, NetworkPolicySpec
from calico_engine.resources.tiers import BUILT_IN_TIERS, DEFAULT_TIER, DEFAULT_TIER_ORDER

TIER_LABEL = "projectcalico.org/tier"
NAMESPACE_LABEL = "projectcalico.org/namespace"
ORCHESTRATOR_LABEL = "projectcalico.org/orchestrator"
DEFAULT_NAMESPACE = "default"

_LEAK_GRACE_PERIOD = Duration.parse("15m")
_FELIX_DEFAULTS = {
    "floatingIPs": "Disabled",
    "bpfConnectTimeLoadBalancing": "TCP",
    "bpfHostNetworkedNATWithoutCTLB": "Enabled",
    "nftablesMode": "Auto",
}
_T = TypeVar("_T")


def with_defaults(resource: Resource) -> Resource:
    """The object as it would be stored."""
    if resource.NAMESPACED and not resource.metadata.namespace:
        resource = replace(resource, metadata=replace(resource.metadata, namespace=DEFAULT_NAMESPACE))
    match resource:
        case GlobalNetworkPolicy() | NetworkPolicy() | StagedGlobalNetworkPolicy() | StagedNetworkPolicy():
            return _policy(resource)
        case StagedKubernetesNetworkPolicy():
            return replace(resource, spec=replace(resource.spec, staged_action=resource.spec.staged_action or "Set"))
        case Tier():
            return _tier(resource)
        case WorkloadEndpoint():
            return _workload_endpoint(resource)
        case FelixConfiguration():
            return replace(resource, spec=_felix(resource.spec))
        case KubeControllersConfiguration():
            return _controllers(resource)
        case IPPool():
            return _pool(resource)
        case BGPConfiguration():
            return _bgp(resource)
        case _:
            return resource


def _felix(spec: dict[str, Any]) -> dict[str, Any]:
    """The older switch of the connect-time load balancer decides about both newer ones (clientv3/felixconfig.go)."""
    switch = spec.get("bpfConnectTimeLoadBalancingEnabled")
    if switch is None:
        return {**_FELIX_DEFAULTS, **spec}
    balancing = "Enabled" if switch else "Disabled"
    newer = {"bpfConnectTimeLoadBalancing": balancing, "bpfHostNetworkedNATWithoutCTLB": "Disabled"}
    return {**_FELIX_DEFAULTS, **spec, **newer}


def _policy(policy: Policy) -> Policy:
    spec: Any = policy.spec
    changes: dict[str, Any] = {"tier": spec.tier or DEFAULT_TIER, "types": default_types(spec)}
    if isinstance(policy, StagedGlobalNetworkPolicy | StagedNetworkPolicy):
        changes["staged_action"] = policy.spec.staged_action or "Set"
        if changes["staged_action"] == "Delete":
            changes["types"] = None
    labels = {**policy.metadata.labels, TIER_LABEL: changes["tier"]}
    return replace(policy, metadata=replace(policy.metadata, labels=labels), spec=replace(spec, **changes))


def default_types(spec: NetworkPolicySpec | GlobalNetworkPolicySpec) -> tuple[str, ...]:
    """Rules are counted: without egress rules a policy acts on ingress, also without any rules (api/pkg/defaults)."""
    if spec.types:
        return spec.types
    if not spec.egress:
        return ("Ingress",)
    return ("Ingress", "Egress") if spec.ingress else ("Egress",)


def _tier(tier: Tier) -> Tier:
    """A built-in tier's action is its own where none is given: another would be refused, and the tier stay as it is."""
    action = BUILT_IN_TIERS.get(tier.metadata.name, (0.0, "Deny"))[1]
    order = DEFAULT_TIER_ORDER if tier.spec.order is None else tier.spec.order
    given = tier.spec.default_action
    return replace(tier, spec=replace(tier.spec, order=order, default_action=action if given is None else given))


def _workload_endpoint(endpoint: WorkloadEndpoint) -> WorkloadEndpoint:
    metadata = endpoint.metadata
    labels = {
        **metadata.labels,
        NAMESPACE_LABEL: metadata.namespace,
        ORCHESTRATOR_LABEL: endpoint.spec.orchestrator,
    }
    name = metadata.name or workload_endpoint_name(endpoint.spec) or ""
    return replace(endpoint, metadata=replace(metadata, labels=labels, name=name))


def _controllers(configuration: KubeControllersConfiguration) -> KubeControllersConfiguration:
    spec = configuration.spec
    port = 9094 if spec.prometheus_metrics_port is None else spec.prometheus_metrics_port
    controllers = _each_controller(spec.controllers)
    spec = replace(
        spec, health_checks=spec.health_checks or "Enabled", prometheus_metrics_port=port, controllers=controllers
    )
    return replace(configuration, spec=spec)


def _each_controller(controllers: ControllersConfig) -> ControllersConfig:
    node, balancer, migration = controllers.node, controllers.load_balancer, controllers.policy_migration
    if node is not None:
        node = replace(node, leak_grace_period=_or(node.leak_grace_period, _LEAK_GRACE_PERIOD))
    if balancer is not None:
        balancer = replace(balancer, assign_ips=balancer.assign_ips or "AllServices")
    if migration is not None:
        migration = replace(migration, enabled=migration.enabled or "Enabled")
    return replace(controllers, node=node, load_balancer=balancer, policy_migration=migration)


def _or(value: _T | None, default: _T) -> _T:
    return default if value is None else value


def _pool(pool: IPPool) -> IPPool:
    spec = pool.spec
    net = parse_cidr_or_ip(spec.cidr)
    block = (26 if net.version == 4 else 122) if net is not None and net.bits else 0
    is_network = net is not None and net.is_masked and "/" in spec.cidr
    return replace(
        pool,
        spec=replace(
            spec,
            cidr=show(net) if net is not None and is_network else spec.cidr,
            block_size=spec.block_size or block,
            ipip_mode=spec.ipip_mode or "Never",
            vxlan_mode=spec.vxlan_mode or "Never",
            node_selector=spec.node_selector or "all()",
            allowed_uses=spec.allowed_uses or ("Workload", "Tunnel"),
            assignment_mode=_or(spec.assignment_mode, "Automatic"),
        ),
    )


def _bgp(configuration: BGPConfiguration) -> BGPConfiguration:
    spec = configuration.spec
    aggregation = _or(spec.service_load_balancer_aggregation, "Enabled")
    level = spec.log_severity_screen or "Info"
    return replace(
        configuration, spec=replace(spec, log_severity_screen=level, service_load_balancer_aggregation=aggregation)
    )
