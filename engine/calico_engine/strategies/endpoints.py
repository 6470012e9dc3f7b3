"""Endpoints: what policy governs."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from calico_engine.manifests.workload_names import workload_endpoint_name
from calico_engine.resources.endpoints import WorkloadEndpointSpec
from calico_engine.strategies.drawing import choose
from calico_engine.strategies.labels import LABEL_SETS
from calico_engine.strategies.vocabulary import (
    INTERFACES,
    IP_VERSIONS,
    NAMES,
    NAMESPACES,
    NODES,
    PORT_NAMES,
    PORTS,
    PROFILES,
    Manifest,
    interface_addresses,
    manifest,
    workload_address,
)

WILDCARD = "*"
DEFAULT_ALLOW = "projectcalico-default-allow"
_PROFILES = (DEFAULT_ALLOW, *PROFILES)
#: How a host endpoint says which interface is meant.
_IDENTIFIED_BY = ("interfaceName", "both", "expectedIPs")
_MOST_WORKLOADS = 4
_PROTOCOLS, _PORTS = st.sampled_from(("TCP", "UDP")), st.sampled_from(PORTS)


def host_endpoints(
    *,
    name: str | None = None,
    nodes: Sequence[str] = NODES,
    interfaces: Sequence[str] = (*INTERFACES, WILDCARD),
    profiles: Sequence[str] = _PROFILES,
    labels: st.SearchStrategy[dict[str, str]] = LABEL_SETS,
    ip_versions: Sequence[int] = IP_VERSIONS,
    max_ports: int = 1,
) -> st.SearchStrategy[Manifest]:
    """HostEndpoints, known by their interface ("*" for all of them), their addresses, or both.

    `profiles` are names that they may list. The addresses are those of the node in the usual clusters: the same for the
    same place in `nodes`. Shrinks towards one on the first interface of the first node, without labels and profiles.

    >>> from hypothesis import find
    >>> find(host_endpoints(), lambda endpoint: "expectedIPs" in endpoint["spec"])["spec"]
    {'node': 'n1', 'interfaceName': 'eth0', 'expectedIPs': ['192.0.2.1']}
    """

    return _host_endpoints(name, nodes, interfaces, _lists(profiles, max_ports), labels, ip_versions)


@st.composite
def _host_endpoints(
    draw: st.DrawFn,
    name: str | None,
    nodes: Sequence[str],
    interfaces: Sequence[str],
    lists: st.SearchStrategy[Manifest],
    labels: st.SearchStrategy[dict[str, str]],
    ip_versions: Sequence[int],
) -> Manifest:
    number, interface = choose(draw, range(len(nodes))), choose(draw, interfaces)
    spec: Manifest = {"node": nodes[number]}
    address = interface_addresses(interfaces[0] if interface == WILDCARD else interface, number + 1, ip_versions)
    identified = choose(draw, _IDENTIFIED_BY) if address else "interfaceName"
    if identified != "expectedIPs":
        spec["interfaceName"] = interface
    if identified != "interfaceName":
        spec["expectedIPs"] = list(choose(draw, _parts(tuple(address.values()))))
    spec |= draw(lists)
    return manifest("HostEndpoint", name or choose(draw, NAMES), spec, labels=draw(labels))


def workload_endpoints(
    *,
    number: int | None = None,
    nodes: Sequence[str] = NODES,
    namespaces: Sequence[str] = NAMESPACES,
    profiles: Sequence[str] = _PROFILES,
    labels: st.SearchStrategy[dict[str, str]] = LABEL_SETS,
    ip_versions: Sequence[int] = IP_VERSIONS,
    max_ports: int = 1,
) -> st.SearchStrategy[Manifest]:
    """WorkloadEndpoints, as Calico's CNI plugin makes them for pods: `number` (from 1) gives pod, interface, addresses.

    Shrinks towards the pod of the first number on the first node, without labels and profiles.

    >>> from hypothesis import find
    >>> found = find(workload_endpoints(number=2, ip_versions=(4,)), lambda endpoint: True)
    >>> found["metadata"], found["spec"]["interfaceName"], found["spec"]["ipNetworks"]
    ({'name': 'n1-k8s-w2-eth0', 'namespace': 'default'}, 'cali2', ['10.65.0.3'])
    """

    return _workload_endpoints(number, nodes, namespaces, _lists(profiles, max_ports), labels, ip_versions)


@st.composite
def _workload_endpoints(
    draw: st.DrawFn,
    number: int | None,
    nodes: Sequence[str],
    namespaces: Sequence[str],
    lists: st.SearchStrategy[Manifest],
    labels: st.SearchStrategy[dict[str, str]],
    ip_versions: Sequence[int],
) -> Manifest:
    own = number or draw(st.integers(1, _MOST_WORKLOADS))
    node, namespace = choose(draw, nodes), choose(draw, namespaces)
    addresses = [workload_address(version, own) for version in ip_versions]
    spec: Manifest = {
        "node": node,
        "orchestrator": "k8s",
        "pod": f"w{own}",
        "endpoint": "eth0",
        "interfaceName": f"cali{own}",
        "ipNetworks": list(choose(draw, _parts(addresses))),
        **draw(lists),
    }
    if draw(st.booleans()):
        spec["serviceAccountName"] = "sa1"
    name = workload_endpoint_name(WorkloadEndpointSpec(node=node, orchestrator="k8s", pod=f"w{own}", endpoint="eth0"))
    return manifest("WorkloadEndpoint", str(name), spec, namespace=namespace, labels=draw(labels))


def _parts(addresses: Sequence[str]) -> list[Sequence[str]]:
    """Of the addresses of both families, one or both."""
    return [addresses[:1], *([addresses, addresses[1:]] if len(addresses) > 1 else [])]


def _lists(profiles: Sequence[str], max_ports: int) -> st.SearchStrategy[Manifest]:
    """Profiles and named ports of an endpoint, as far as there are any."""
    listed = st.lists(st.sampled_from(profiles or ("",)), max_size=2 if profiles else 0, unique=True)
    return _profiles_and_ports(listed, st.lists(st.sampled_from(PORT_NAMES), max_size=max_ports))


@st.composite
def _profiles_and_ports(
    draw: st.DrawFn, profiles: st.SearchStrategy[list[str]], names: st.SearchStrategy[list[str]]
) -> Manifest:
    listed = draw(profiles)
    ports = [{"name": name, "protocol": draw(_PROTOCOLS), "port": draw(_PORTS)} for name in draw(names)]
    return {key: value for key, value in (("profiles", listed), ("ports", ports)) if value}
