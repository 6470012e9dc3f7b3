"""What `calicoctl create` refuses beyond the validator: the rules of the API's client.

Sources: libcalico-go/lib/clientv3 (one file for each kind), calicoctl/calicoctl/resourcemgr/resourcemgr.go
(spec resources 2.2, 4.10, 4.11, 5, 7.1).
"""

from __future__ import annotations

from collections.abc import Collection

from calico_engine.errors import printable
from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.hints import did_you_mean
from calico_engine.manifests.validator.addresses import parse_cidr
from calico_engine.manifests.workload_names import name_parts, part_problem, workload_endpoint_name
from calico_engine.resources import (
    MODELS,
    BGPConfiguration,
    ClusterInformation,
    GlobalNetworkPolicy,
    IPPool,
    KubeControllersConfiguration,
    NetworkPolicy,
    Profile,
    Resource,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
    Tier,
    WorkloadEndpoint,
)
from calico_engine.resources.controllers import HostEndpointTemplate
from calico_engine.resources.nodes import IPPoolSpec
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE
from calico_engine.resources.tiers import BUILT_IN_TIERS, DEFAULT_TIER

KUBERNETES_POLICY_PREFIX = "knp.default."
_NAME: Path = ("metadata", "name")
_TEMPLATES: Path = ("spec", "controllers", "node", "hostEndpoint", "templates")
_BLOCK_SIZES = {4: (20, 32), 6: (116, 128)}
_LONGEST_NAME = 253


def client_rules(resource: Resource, known_tiers: Collection[str]) -> list[Problem]:
    """What keeps the object from being created in a cluster that has these tiers besides the built-in ones."""
    problems = creation_problems(resource)
    match resource:
        case GlobalNetworkPolicy() | NetworkPolicy() | StagedGlobalNetworkPolicy() | StagedNetworkPolicy():
            problems += tier_problems(resource.spec.tier, known_tiers)
        case Tier() if resource.metadata.name in BUILT_IN_TIERS:
            problems.append(Problem(_NAME, f"the tier {resource.metadata.name} is built in: it exists already"))
        case Profile() if resource.metadata.name == DEFAULT_ALLOW_PROFILE:
            problems.append(Problem(_NAME, f"the profile {DEFAULT_ALLOW_PROFILE} is built in: it exists already"))
        case ClusterInformation():
            problems.append(Problem((), "ClusterInformation is written by Calico itself, and by nobody else"))
    return problems


def creation_problems(resource: Resource) -> list[Problem]:
    """What keeps the object from being created in any cluster that has no object of its name."""
    problems = _frame(resource)
    match resource:
        case NetworkPolicy() if resource.metadata.name.startswith(KUBERNETES_POLICY_PREFIX):
            message = f"names with {KUBERNETES_POLICY_PREFIX} are for Kubernetes' own policies"
            problems.append(Problem(_NAME, f"{message}; write a NetworkPolicy of networking.k8s.io/v1 instead"))
        case WorkloadEndpoint():
            problems += _workload_name(resource)
        case KubeControllersConfiguration():
            problems += _controllers(resource)
        case IPPool():
            problems += _pool(resource.spec)
        case BGPConfiguration():
            problems += _bgp(resource)
    return problems


def tier_problems(tier: str, known_tiers: Collection[str]) -> list[Problem]:
    """A policy needs its tier to exist."""
    known = {*BUILT_IN_TIERS, *known_tiers}
    if (tier or DEFAULT_TIER) in known:
        return []
    return [Problem(("spec", "tier"), f'there is no tier "{printable(tier, 80)}"{did_you_mean(tier, known)}')]


def _frame(resource: Resource) -> list[Problem]:
    """Of an item in a typed list that names another kind, or none, calicoctl can read but not write."""
    problems = []
    if MODELS.get((resource.api_version, resource.kind)) is not type(resource):
        message = f"an item of a list must say itself that it is a {resource.KIND}, with apiVersion and kind"
        problems.append(Problem(("kind",), message))
    if resource.metadata.resource_version:
        message = "a resourceVersion belongs to an object that exists already: leave it out"
        problems.append(Problem(("metadata", "resourceVersion"), message, at_key=True))
    if resource.metadata.generate_name and not resource.metadata.name:
        problems.append(Problem(("metadata", "generateName"), "names are not generated: give a name", at_key=True))
    return problems


def _workload_name(endpoint: WorkloadEndpoint) -> list[Problem]:
    parts = name_parts(endpoint.spec)
    problems = [
        Problem(("spec", field), f"{field} {message}")
        for field, text in parts.items()
        if (message := part_problem(text)) is not None
    ]
    expected = workload_endpoint_name(endpoint.spec)
    if expected is not None and endpoint.metadata.name not in ("", expected):
        problems.append(Problem(_NAME, f'the name is made of the spec, and must be "{printable(expected)}"'))
    return problems


def _controllers(configuration: KubeControllersConfiguration) -> list[Problem]:
    problems = []
    if configuration.metadata.name != "default":
        problems.append(Problem(_NAME, 'the one KubeControllersConfiguration must be called "default"'))
    node = configuration.spec.controllers.node
    templates = node.host_endpoint.templates if node is not None and node.host_endpoint is not None else ()
    names: set[str] = set()
    for index, template in enumerate(templates):
        message = _template_problem(template, names)
        names.add(template.generate_name)
        if message is not None:
            problems.append(Problem((*_TEMPLATES, index), message))
    return problems


def _template_problem(template: HostEndpointTemplate, names: Collection[str]) -> str | None:
    name = template.generate_name
    if not name:
        return "generateName must be given: the host endpoints' names are made of it"
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        return f"generateName may have {_LONGEST_NAME} characters at most"
    if name in names:
        return f'an earlier template has the generateName "{printable(name, 80)}" already'
    if not template.interface_cidrs and not template.interface_pattern:
        return "interfaceCIDRs or interfacePattern must be given"
    return None


def _pool(spec: IPPoolSpec) -> list[Problem]:
    net = parse_cidr(spec.cidr)
    if net is None:
        return [Problem(("spec", "cidr"), "must be a network with its mask, such as 10.1.0.0/16")]
    low, high = _BLOCK_SIZES[4 if net.version == 4 else 6]
    if spec.block_size and not low <= spec.block_size <= high:
        message = f"blocks of IPv{net.version} have a size from {low} to {high}, not {spec.block_size}"
        return [Problem(("spec", "blockSize"), message)]
    return []


def _bgp(configuration: BGPConfiguration) -> list[Problem]:
    """Settings of the whole mesh stand in the object called default (clientv3/bgpconfig.go)."""
    if configuration.metadata.name == "default":
        return []
    spec = configuration.spec
    given = {
        "nodeToNodeMeshEnabled": spec.node_to_node_mesh_enabled is not None,
        "asNumber": spec.as_number is not None,
        "serviceLoadBalancerIPs": bool(spec.service_load_balancer_ips),
        "serviceExternalIPs": bool(spec.service_external_ips),
        "serviceClusterIPs": bool(spec.service_cluster_ips),
    }
    message = 'may be set only in the BGPConfiguration called "default"'
    return [Problem(("spec", field), f"{field} {message}", at_key=True) for field, is_set in given.items() if is_set]
