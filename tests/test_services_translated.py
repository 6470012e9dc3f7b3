"""Services as kube-proxy reads them, and laws that tie a connection to a Service to the connections to its backends."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from calico_engine import CalicoEngineError, Cluster, Decision, InvalidManifest, Verdict
from calico_engine.analysis.connections.choices import listed
from calico_engine.analysis.connections.kubernetes_services import Front, ServiceTable
from calico_engine.analysis.connections.service_endpoints import Place
from calico_engine.datastore import Datastore, KubernetesEntry
from calico_engine.packets import SCTP, TCP, UDP, parse_address
from calico_engine.resources.kubernetes import KubernetesObject

PIECES = Path(__file__).parents[1] / "fixtures" / "check" / "pieces"
POLICIES = {
    "none": "",
    "by port": """
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: port}
spec: {selector: has(app), types: [Ingress], ingress: [{action: Allow, protocol: TCP, destination: {ports: [8080]}}]}
""",
    "by sender": """
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: sender}
spec: {selector: app == 'r', types: [Ingress], ingress: [{action: Allow, source: {selector: app == 'v'}}]}
""",
    "by receiver": """
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: receiver}
spec: {selector: app == 'v', types: [Egress], egress: [{action: Allow, destination: {selector: app == 'r'}}]}
""",
}
SENDERS = ("default/v", "n1", "n2")
BACKENDS = {"default/w": "10.65.0.2", "default/r": "10.66.0.2"}


def kubernetes(kind: str, name: str, **fields: Any) -> KubernetesEntry:
    value = {"metadata": fields.pop("metadata", {}), **fields}
    return KubernetesEntry(KubernetesObject("v1", kind, "ns", name, value))


def table(*entries: KubernetesEntry) -> ServiceTable:
    return ServiceTable(Datastore.of((), entries))


def service(**spec: Any) -> KubernetesEntry:
    return kubernetes("Service", "s", spec={"ports": [{"port": 80, "nodePort": 30080}], **spec})


def endpoint_slice(
    *endpoints: dict[str, Any], ports: list[dict[str, Any]] | None = None, name: str = "a", label: str = "other"
) -> KubernetesEntry:
    labels = {"kubernetes.io/service-name": "s", label: ""}
    ports = [{"port": 8080}] if ports is None else ports
    return kubernetes("EndpointSlice", name, metadata={"labels": labels}, endpoints=list(endpoints), ports=ports)


def at(address: str, **conditions: bool) -> dict[str, Any]:
    return {"addresses": [address], "conditions": conditions, "nodeName": "n1"}


@pytest.mark.parametrize(
    ("spec", "address", "expected"),
    [
        ({"clusterIP": "10.96.0.1"}, "10.96.0.1", Front.CLUSTER_IP),
        ({"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"]}, "fd00::1", Front.CLUSTER_IP),
        ({"clusterIP": "10.96.0.1", "externalIPs": ["192.0.2.1"]}, "192.0.2.1", Front.EXTERNAL),
        ({"clusterIP": "10.96.0.1"}, "10.96.0.2", None),
        ({"clusterIP": "None"}, "10.96.0.1", None),
        ({"clusterIP": "None", "externalIPs": ["192.0.2.1"]}, "192.0.2.1", None),
        ({"type": "ExternalName", "externalIPs": ["192.0.2.1"]}, "192.0.2.1", None),
        ({"clusterIP": "10.96.0.1", "ports": [{"port": 80, "protocol": "SCTP"}]}, "10.96.0.1", None),
        ({"clusterIP": "10.96.0.1", "ports": [{"port": "80"}]}, "10.96.0.1", None),
        ({"clusterIP": ["10.96.0.1"]}, "10.96.0.1", None),
        ({"clusterIP": "10.96.0.1", "externalIPs": ["not one", "192.0.2.1"]}, "192.0.2.1", Front.EXTERNAL),
    ],
)
def test_addresses_of_a_service(spec: dict[str, Any], address: str, expected: Front | None) -> None:
    found = table(service(**spec)).at(parse_address(address), TCP, 80)
    assert (None if found is None else found[1]) is expected


@pytest.mark.parametrize(("kind", "served"), [("NodePort", True), ("LoadBalancer", True), ("ClusterIP", False)])
def test_node_ports_belong_to_types_that_have_them(kind: str, served: bool) -> None:
    services = table(service(type=kind))
    assert (services.node_port(TCP, 30080) is not None) is served
    assert services.node_port(UDP, 30080) is services.node_port(TCP, 80) is services.node_port(TCP, None) is None


READY, UNREADY = {"ready": True}, {"ready": False}
TERMINATING = {"ready": False, "serving": True, "terminating": True}


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        ([], []),
        (
            [endpoint_slice(at("10.0.0.1"), at("10.0.0.2", **READY), at("10.0.0.3", **UNREADY))],
            ["10.0.0.1", "10.0.0.2"],
        ),
        ([endpoint_slice(at("10.0.0.1", **READY), at("10.0.0.2", **TERMINATING))], ["10.0.0.1"]),
        ([endpoint_slice(at("10.0.0.1", **UNREADY), at("10.0.0.2", **TERMINATING))], ["10.0.0.2"]),
        ([endpoint_slice(at("10.0.0.1", ready=False, serving=True))], []),
        ([endpoint_slice(at("10.0.0.1", ready=False, terminating=True))], ["10.0.0.1"]),
        ([endpoint_slice(at("10.0.0.1", ready=False, serving=False, terminating=True))], []),
        ([endpoint_slice(at("10.0.0.1"), label="service.kubernetes.io/headless")], []),
        ([endpoint_slice(at("10.0.0.1"), label="service.kubernetes.io/service-proxy-name")], []),
        ([endpoint_slice(at("10.0.0.1")), endpoint_slice(at("10.0.0.2"), name="b")], ["10.0.0.1", "10.0.0.2"]),
        ([endpoint_slice(at("10.0.0.1")), endpoint_slice(at("10.0.0.1"), name="b")], ["10.0.0.1"]),
        ([endpoint_slice({"addresses": ["10.0.0.1", "10.0.0.2"]})], ["10.0.0.1"]),
        ([endpoint_slice(at("fd00::1"))], []),
        ([endpoint_slice(at("10.0.0.1"), ports=[{"name": "other", "port": 8080}])], []),
        ([endpoint_slice(at("10.0.0.1"), ports=[{"port": 8080, "protocol": "UDP"}])], []),
        ([endpoint_slice(at("10.0.0.1"), ports=[{"name": ""}])], []),
        ([endpoint_slice(at("10.0.0.1"), ports=[{"port": 70000}])], []),
        ([endpoint_slice(at("10.0.0.1"), ports=[{"port": "text"}])], []),
    ],
)
def test_endpoints_that_kube_proxy_uses(slices: list[KubernetesEntry], expected: list[str]) -> None:
    services = table(service(clusterIP="10.96.0.1"), *slices)
    found = services.usable(services.ports[0], 4).backends
    assert [each.address for each in found] == [parse_address(text) for text in expected]
    assert {each.port for each in found} <= {8080}
    assert services.usable(services.ports[0], 4, Place("n2"), local=True).backends == ()


def test_ports_are_told_apart_by_name_and_protocol() -> None:
    ports = [
        {"name": "a", "port": 1},
        {"name": "b", "port": 1, "protocol": "UDP"},
        {"name": "c", "port": 1, "protocol": "SCTP"},
    ]
    targets = [
        {"name": name, "port": number, "protocol": p}
        for name, number, p in [("a", 11, "TCP"), ("b", 12, "UDP"), ("c", 13, "SCTP")]
    ]
    services = table(service(clusterIP="10.96.0.1", ports=ports), endpoint_slice(at("10.0.0.1"), ports=targets))
    address = parse_address("10.96.0.1")
    for protocol, number in ((TCP, 11), (UDP, 12), (SCTP, 13)):
        found = services.at(address, protocol, 1)
        assert found is not None
        assert [each.port for each in services.usable(found[0], 4).backends] == [number]


def hinted(address: str, zones: str = "", nodes: str = "") -> dict[str, Any]:
    hints = {"forZones": [{"name": z} for z in zones.split()], "forNodes": [{"name": n} for n in nodes.split()]}
    return {**at(address), "hints": hints}


#: (endpoints, the zone of n1, what kube-proxy there takes, whose hints chose it or why none did)
HINTS: list[tuple[list[dict[str, Any]], str, list[str], str]] = [
    ([hinted("10.0.0.1", "a"), hinted("10.0.0.2", "b")], "a", ["10.0.0.1"], "zone a"),
    ([hinted("10.0.0.1", "a b"), hinted("10.0.0.2", "b")], "b", ["10.0.0.1", "10.0.0.2"], "zone b"),
    ([hinted("10.0.0.1", "a"), hinted("10.0.0.2", "b")], "c", ["10.0.0.1", "10.0.0.2"], "the node or its zone c"),
    ([hinted("10.0.0.1", "a"), hinted("10.0.0.2", "b")], "", ["10.0.0.1", "10.0.0.2"], "which has no label"),
    ([hinted("10.0.0.1", "a"), at("10.0.0.2")], "a", ["10.0.0.1", "10.0.0.2"], "not every endpoint"),
    ([hinted("10.0.0.1", "a"), {**hinted("10.0.0.2"), "conditions": UNREADY}], "a", ["10.0.0.1"], "zone a"),
    (
        [
            {**hinted("10.0.0.1", "a"), "conditions": TERMINATING},
            {**hinted("10.0.0.2", "b"), "conditions": TERMINATING},
        ],
        "a",
        ["10.0.0.1", "10.0.0.2"],
        "",
    ),
    ([at("10.0.0.1"), at("10.0.0.2")], "a", ["10.0.0.1", "10.0.0.2"], "its EndpointSlices have no hints"),
    ([hinted("10.0.0.1", "a", "n1"), hinted("10.0.0.2", "a", "n2")], "a", ["10.0.0.1"], "node n1"),
    ([hinted("10.0.0.1", "a", "n2"), hinted("10.0.0.2", "b", "n2")], "a", ["10.0.0.1"], "zone a"),
    ([hinted("10.0.0.1", "", "n1"), hinted("10.0.0.2", "a", "")], "a", ["10.0.0.1", "10.0.0.2"], "not every endpoint"),
]


@pytest.mark.parametrize(("endpoints", "zone", "expected", "told"), HINTS)
def test_topology_hints(endpoints: list[dict[str, Any]], zone: str, expected: list[str], told: str) -> None:
    services = table(service(clusterIP="10.96.0.1"), endpoint_slice(*endpoints))
    found = services.usable(services.ports[0], 4, Place("n1", zone))
    assert [each.address for each in found.backends] == [parse_address(text) for text in expected]
    assert told in (found.meant_for or found.ignored)
    assert bool(found.meant_for or found.ignored) is bool(told)


@pytest.mark.parametrize("zone", ["a", "b", "c", ""])
@pytest.mark.parametrize("endpoints", [row[0] for row in HINTS])
def test_hints_leave_some_endpoint_and_nothing_to_a_local_policy(endpoints: list[dict[str, Any]], zone: str) -> None:
    services = table(service(clusterIP="10.96.0.1"), endpoint_slice(*endpoints))
    port, place = services.ports[0], Place("n1", zone)
    everywhere, here = services.usable(port, 4), services.usable(port, 4, place)
    assert here.backends
    assert set(here.backends) <= set(everywhere.backends)
    assert services.usable(port, 4, place, local=True) == everywhere


@pytest.mark.parametrize(
    ("ranges", "source", "admitted"),
    [
        ([], "203.0.113.7", True),
        (["203.0.113.0/24"], "203.0.113.7", True),
        (["203.0.113.0/24"], "203.0.112.255", False),
        (["203.0.113.0/24"], "203.0.114.0", False),
        (["203.0.113.0/32", " 198.51.100.7/32 "], "198.51.100.7", True),
        (["203.0.113.9/24"], "203.0.113.7", True),
        (["0.0.0.0/0"], "203.0.113.7", True),
        (["203.0.113.0/24"], "2001:db8::7", True),
        (["2001:db8::/64"], "2001:db8:0:1::7", False),
        (["2001:db8::/64"], "203.0.113.7", True),
    ],
)
def test_load_balancer_source_ranges(ranges: list[str], source: str, admitted: bool) -> None:
    services = table(service(clusterIP="10.96.0.1", loadBalancerSourceRanges=ranges))
    assert services.ports[0].service.admits(parse_address(source)) is admitted


WORLDS = list(itertools.product(POLICIES, [("default/w",), ("default/r",), ("default/w", "default/r")]))


def _cluster(policy: str, backends: tuple[str, ...]) -> Cluster:
    base = "---\n".join((PIECES / f"{name}.yaml").read_text() for name in ("hosts", "pods"))
    endpoints = ", ".join(f"{{addresses: [{BACKENDS[name]}]}}" for name in backends)
    return Cluster.parse(f"""{base}
---
apiVersion: v1
kind: Service
metadata: {{name: s}}
spec: {{clusterIP: 10.96.0.1, ports: [{{port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: s-1, labels: {{kubernetes.io/service-name: s}}}}
addressType: IPv4
endpoints: [{endpoints}]
ports: [{{port: 8080}}]
{POLICIES[policy]}""")


def _fate(verdict: Verdict) -> bool | None:
    return None if verdict.decision is Decision.UNCERTAIN else verdict.allowed


@pytest.mark.parametrize(("policy", "backends"), WORLDS)
def test_without_host_endpoints_a_service_is_what_its_backends_are(policy: str, backends: tuple[str, ...]) -> None:
    """Where no policy sees the packet before DNAT, only the backend and its port count."""
    cluster = _cluster(policy, backends)
    for sender in SENDERS:
        fates = {_fate(cluster.check(sender, backend, "tcp/8080")) for backend in backends}
        expected = fates.pop() if len(fates) == 1 else None
        asked = cluster.check(sender, "svc/default/s", "tcp/80")
        assert _fate(asked) is expected
        assert asked.depends_on == (("backend",) if expected is None else ())
        assert _fate(cluster.check(sender, "10.96.0.1", "tcp/80")) is expected


@pytest.mark.parametrize(("policy", "backends"), WORLDS)
def test_an_uncertain_answer_shows_both_sides(policy: str, backends: tuple[str, ...]) -> None:
    cluster = _cluster(policy, backends)
    for sender in SENDERS:
        verdict = cluster.check(sender, "svc/default/s", "tcp/80")
        told = [text for text in verdict.assumptions if "let through to" in text]
        if verdict.decision is Decision.UNCERTAIN:
            assert {witness.allowed for witness in verdict.witnesses} == {True, False}
            assert len(told) == 2
            assert all(any(address in text for text in told) for address in map(BACKENDS.__getitem__, backends))
            assert "backend 10." in verdict.explain()
        else:
            assert told == []


def test_some_worlds_are_uncertain() -> None:
    found = [
        _cluster(policy, backends).check(sender, "svc/default/s", "tcp/80").decision
        for (policy, backends), sender in itertools.product(WORLDS, SENDERS)
    ]
    assert {Decision.UNCERTAIN, Decision.ALLOW, Decision.DENY} <= set(found)


def test_without_an_endpoint_slice_nobody_knows() -> None:
    cluster = _cluster("none", ()).delete("EndpointSlice", "s-1", "default")
    with pytest.raises(CalicoEngineError, match="no EndpointSlice of Service default/s is among these manifests"):
        cluster.check("n1", "svc/default/s", "tcp/80")


def test_without_endpoints_the_connection_is_rejected() -> None:
    with pytest.raises(CalicoEngineError, match="kube-proxy rejects the connection, whatever the policy"):
        _cluster("none", ()).check("n1", "svc/default/s", "tcp/80")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a}, spec: {ports: [{port: [80]}]}}", "port"),
        ("{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a}, spec: {clusterIPs: 7}}", "clusterIPs"),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a},"
            " spec: {loadBalancerSourceRanges: [10.0.0.0/8, 10.0.0.1], ports: [{port: 80}]}}",
            "loadBalancerSourceRanges[1]",
        ),
        (
            "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, namespace: a},"
            " endpoints: [{addresses: [10.0.0.1], hints: {forZones: [a]}}]}",
            "hints.forZones[0]",
        ),
        (
            "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, namespace: a},"
            " endpoints: [{addresses: {}}]}",
            "addresses",
        ),
        (
            "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, namespace: a},"
            " endpoints: [{addresses: [10.0.0.1], conditions: {ready: maybe}}]}",
            "ready",
        ),
    ],
)
def test_what_kubernetes_would_refuse_is_an_error(text: str, message: str) -> None:
    with pytest.raises(InvalidManifest) as caught:
        Cluster.parse(text)
    (error,) = caught.value.errors
    assert error.message.startswith("Kubernetes would refuse it: ")
    assert message in error.message


def test_up_to_eight_backends_are_named() -> None:
    names = [f"ns/p{number}" for number in range(10)]
    assert [listed(names[:count]).rpartition(", ")[2] for count in (1, 8, 9, 10)] == [
        "ns/p0",
        "ns/p7",
        "ns/p7 and 1 more",
        "ns/p7 and 2 more",
    ]
