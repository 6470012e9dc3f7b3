"""What rules match by named ports and by services: endpoints that declare the port, and those of EndpointSlices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product

import pytest

from calico_engine import Cluster, Packet

Document = dict[str, object]
OWN = {4: "10.0.0.1", 6: "2001:db8::1"}
PEER = {4: "10.0.0.9", 6: "2001:db8::9"}
DECLARED = {"TCP": 8001, "UDP": 8002, "SCTP": 8003}
PROTOCOLS = (*DECLARED, "UDPLite")


def document(version: str, kind: str, name: str, **fields: object) -> Document:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **fields}


def calico(kind: str, name: str, spec: Mapping[str, object], **labels: str) -> Document:
    return document("projectcalico.org/v3", kind, name, spec=spec) | {"metadata": {"name": name, "labels": labels}}


def endpoint(name: str, node: str, addresses: list[str], ports: Mapping[str, int]) -> Document:
    listed = [{"name": "shared", "protocol": protocol, "port": port} for protocol, port in ports.items()]
    spec = {"node": node, "interfaceName": "eth0", "expectedIPs": addresses, "ports": listed}
    return calico("HostEndpoint", name, spec, role=name)


def cluster(way: str, rule: Document, *more: Document) -> Cluster:
    """One endpoint on node n1, for which nothing but the rule allows anything; another one declares the port as well."""
    own = endpoint("own", "n1", [*OWN.values()], DECLARED)
    other = endpoint("other", "n2", [*PEER.values()], {"TCP": 9001})
    spec = {"selector": "role == 'own'", "types": [way.title()], way: [{"action": "Allow", **rule}]}
    return Cluster.parse(json.dumps([own, other, calico("GlobalNetworkPolicy", "p", spec), *more]))


def allowed(asked: Cluster, way: str, source: str, destination: str, protocol: str, ports: tuple[int, int]) -> bool:
    interface = {"inInterface" if way == "ingress" else "outInterface": "eth0"}
    sent = {"source": source, "destination": destination, "sourcePort": ports[0], "destinationPort": ports[1]}
    verdict = asked.verdict(Packet.parse({"node": "n1", **interface, "protocol": protocol, **sent}))
    assert verdict.decided_by.reason.name == ("RULE" if verdict.allowed else "END_OF_TIER")
    return verdict.allowed


@pytest.mark.parametrize("key", ["ports", "notPorts"])
@pytest.mark.parametrize("side", ["source", "destination"])
@pytest.mark.parametrize("wanted", [None, "TCP", "UDP", "SCTP"])
def test_a_name_means_what_endpoints_declare_for_the_protocol(wanted: str | None, side: str, key: str) -> None:
    """Without a protocol in the rule, each declaration counts for its own; the address must be the endpoint's."""
    way = "egress" if side == "source" else "ingress"
    asked = cluster(
        way, {**({"protocol": wanted} if wanted else {}), side: {"selector": "role == 'own'", key: ["shared"]}}
    )
    for version, protocol, port in product((4, 6), PROTOCOLS, (*DECLARED.values(), 9001)):
        ports = (port, 40000) if side == "source" else (40000, port)
        addresses = (OWN[version], PEER[version]) if side == "source" else (PEER[version], OWN[version])
        is_declared = DECLARED.get(protocol) == port
        expected = wanted in (None, protocol) and is_declared is (key == "ports")
        assert allowed(asked, way, *addresses, protocol, ports) is expected, (protocol, port)


def test_without_a_selector_every_endpoint_lends_its_port() -> None:
    asked = cluster("egress", {"protocol": "TCP", "destination": {"ports": ["shared"]}})
    for port in (*DECLARED.values(), 9001):
        assert allowed(asked, "egress", OWN[4], PEER[4], "TCP", (40000, port)) is (port == 9001)


@pytest.mark.parametrize(("protocol", "members"), [("TCP", ["10.0.0.1 TCP 8001"]), ("UDP", ["10.0.0.1 UDP 8002"])])
def test_a_trace_shows_the_members_of_the_protocol(protocol: str, members: list[str]) -> None:
    asked = cluster(
        "ingress", {"protocol": protocol, "destination": {"selector": "role == 'own'", "ports": ["shared"]}}
    )
    sent = {"source": PEER[4], "destination": OWN[4], "sourcePort": 1, "destinationPort": 8001}
    query = {"node": "n1", "inInterface": "eth0", "protocol": protocol, **sent}
    assert f"{{{', '.join(members)}}}" in asked.verdict(Packet.parse(query)).explain()


def endpoint_slice(name: str, service: str, family: str, endpoints: list[Document], ports: list[Document]) -> Document:
    made = document("discovery.k8s.io/v1", "EndpointSlice", name, addressType=family, endpoints=endpoints, ports=ports)
    metadata = {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": service}}
    return made | {"metadata": metadata}


SLICES = (
    endpoint_slice(
        "web-1",
        "web",
        "IPv4",
        [{"addresses": ["10.1.0.1"]}, {"addresses": ["10.1.0.2"], "conditions": {"ready": False}}],
        [{"port": 80, "protocol": "TCP"}, {"port": 54, "protocol": "UDP"}],
    ),
    endpoint_slice("web-2", "web", "IPv4", [{"addresses": ["10.1.0.3"]}], [{"port": 80, "protocol": "SCTP"}, {}]),
    endpoint_slice("web-3", "web", "IPv6", [{"addresses": ["2001:db8:1::1"]}], [{"port": 80}]),
    endpoint_slice("api-1", "api", "IPv4", [{"addresses": ["10.1.0.4"]}], [{"port": 80}]),
)
MEMBERS = {
    *(("10.1.0.1", "TCP", 80), ("10.1.0.1", "UDP", 54), ("10.1.0.2", "TCP", 80), ("10.1.0.2", "UDP", 54)),
    *(("10.1.0.3", "SCTP", 80), ("2001:db8:1::1", "TCP", 80)),
}
BACKENDS = ("10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "2001:db8:1::1", "2001:db8:1::2")
SERVICE: Document = {"services": {"name": "web", "namespace": "shop"}}


def own_address(of: str) -> str:
    return OWN[6 if ":" in of else 4]


def test_as_a_destination_a_service_is_addresses_with_ports() -> None:
    """Ready or not, of every slice; a port is of its protocol, TCP where none is given, and one without number is none."""
    asked = cluster("egress", {"destination": SERVICE}, *SLICES)
    for address, protocol, port in product(BACKENDS, PROTOCOLS, (54, 80, 81)):
        found = allowed(asked, "egress", own_address(address), address, protocol, (40000, port))
        assert found is ((address, protocol, port) in MEMBERS), (address, protocol, port)


def test_as_a_source_a_service_is_addresses_alone() -> None:
    asked = cluster("ingress", {"source": SERVICE}, *SLICES)
    addresses = {address for address, _, _ in MEMBERS}
    for address, protocol, port in product(BACKENDS, PROTOCOLS, (80, 8081)):
        found = allowed(asked, "ingress", address, own_address(address), protocol, (port, 8081))
        assert found is (address in addresses), (address, protocol, port)


def test_a_service_without_slices_is_nobody() -> None:
    asked = cluster("ingress", {"source": {"services": {"name": "web", "namespace": "other"}}}, *SLICES)
    assert not allowed(asked, "ingress", "10.1.0.1", OWN[4], "TCP", (80, 8081))
    (warning,) = asked.warnings
    assert "no EndpointSlice is known for the service other/web" in warning.message
    assert cluster("ingress", {"source": SERVICE}, *SLICES).warnings == ()
