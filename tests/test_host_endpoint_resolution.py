"""Which host endpoint governs an interface, for each kind of policy (felix/dataplane/linux/endpoint_mgr.go)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from calico_engine import Packet
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import ChainType, FelixEndpoint, ResourceId
from calico_engine.compiler.host_endpoint_resolution import governing_endpoint, wildcard_endpoint
from calico_engine.dataplane.plans import plan
from calico_engine.datastore import build
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.packets import Direction, parse_address

Document = dict[str, object]
Spec = Mapping[str, object]
#: name → (interfaceName, expectedIPs)
Endpoints = Mapping[str, tuple[str, Sequence[str]]]

ETH0 = ("10.0.0.1", "2001:db8::1")


def endpoints(given: Endpoints) -> list[FelixEndpoint]:
    return [
        FelixEndpoint(
            id=ResourceId("HostEndpoint", "", name),
            node="n1",
            interface_name=interface,
            labels={},
            profiles=(),
            addresses=tuple(map(parse_address, addresses)),
            ports=(),
        )
        for name, (interface, addresses) in given.items()
    ]


#: (endpoints, the one that governs eth0, which has the addresses of ETH0)
RESOLVED: list[tuple[Endpoints, str | None]] = [
    ({}, None),
    ({"a": ("eth0", ())}, "a"),
    ({"a": ("eth0", ("192.0.2.9",))}, "a"),  # by name, whatever it expects
    ({"a": ("", ("10.0.0.1",))}, "a"),
    ({"a": ("", ("2001:db8::1",))}, "a"),  # an address of either family
    ({"a": ("", ("192.0.2.9", "10.0.0.1"))}, "a"),
    ({"a": ("", ("10.0.0.2",))}, None),
    ({"a": ("", ())}, None),
    ({"a": ("eth1", ("10.0.0.1",))}, None),  # the right address and the wrong name
    ({"a": ("eth", ())}, None),
    ({"a": ("ETH0", ())}, None),
    ({"a": ("*", ("10.0.0.1",))}, None),  # a wildcard is no candidate
    ({"id0": ("", ("10.0.0.1",)), "id1": ("eth0", ())}, "id0"),  # the smaller name, however it was found
    ({"id1": ("eth0", ()), "id2": ("", ("10.0.0.1",))}, "id1"),
    ({"b": ("eth0", ()), "a": ("eth0", ()), "c": ("eth0", ())}, "a"),
    ({"a": ("eth0", ()), "B": ("eth0", ())}, "B"),  # byte by byte
    ({"a-1": ("eth0", ()), "a.1": ("eth0", ()), "a1": ("eth0", ())}, "a-1"),
    ({"a10": ("eth0", ()), "a9": ("eth0", ())}, "a10"),
    ({"a": ("eth1", ()), "z": ("eth0", ())}, "z"),
]


@pytest.mark.parametrize(("given", "winner"), RESOLVED)
def test_governing_endpoint(given: Endpoints, winner: str | None) -> None:
    for listed in (endpoints(given), endpoints(given)[::-1]):
        found = governing_endpoint(listed, "eth0", tuple(map(parse_address, ETH0)))
        assert (found and found.id.name) == winner


@pytest.mark.parametrize(
    ("given", "winner"),
    [
        ({"a": ("eth0", ())}, None),
        ({"b": ("*", ()), "a": ("*", ("10.0.0.9",))}, "a"),
        ({"b": ("*", ()), "a": ("eth0", ())}, "b"),
        ({"b": ("*", ()), "B": ("*", ())}, "B"),
    ],
)
def test_wildcard_endpoint(given: Endpoints, winner: str | None) -> None:
    found = wildcard_endpoint(endpoints(given))
    assert (found and found.id.name) == winner


def document(kind: str, name: str, spec: Spec, **metadata: object) -> Document:
    version = "calico-engine/v1" if kind == "Host" else "projectcalico.org/v3"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": dict(spec)}


def host_endpoint(name: str, interface: str, **spec: object) -> Document:
    return document("HostEndpoint", name, {"node": "n1", "interfaceName": interface, **spec}, labels={"hep": name})


def compiled(*documents: Document) -> CompiledCluster:
    loaded = load([Source("host.json", json.dumps(documents))])
    datastore, _ = build(loaded)
    assert loaded.errors == []
    return CompiledCluster(datastore)


HOST = document(
    "Host",
    "n1",
    {
        "interfaces": [
            {"name": "lo", "addresses": ["127.0.0.1/8"]},
            {"name": "eth0", "addresses": ["10.0.0.1/24", "2001:db8::1/64"]},
            {"name": "eth1", "addresses": ["10.1.0.1/24"]},
            {"name": "cali9", "addresses": ["10.9.0.1/32"]},
            {"name": "kube-ipvs0", "addresses": ["10.96.0.1/32"]},
        ]
    },
)
#: (the addresses that an endpoint without interfaceName expects, the interfaces that it governs)
BY_ADDRESS = [
    (["10.0.0.1"], {"eth0"}),
    (["10.0.0.1", "10.1.0.1"], {"eth0", "eth1"}),
    (["127.0.0.1"], {"lo"}),
    (["127.0.0.0"], {"lo"}),  # the kernel's local routes hold the network's own address too
    (["10.0.0.0"], set()),  # elsewhere they do not
    (["10.9.0.1"], set()),  # a workload's interface
    (["10.96.0.1"], set()),  # an interface that Felix leaves alone
    (["2001:db8::1", "10.96.0.1"], {"eth0"}),
]


@pytest.mark.parametrize(("expected", "governed"), BY_ADDRESS)
def test_endpoints_without_interface_name(expected: list[str], governed: set[str]) -> None:
    node = compiled(HOST, document("HostEndpoint", "h", {"node": "n1", "expectedIPs": expected})).node("n1")
    assert {interface for interface in node.host.interfaces if node.named(interface) is not None} == governed


def test_only_endpoints_of_the_own_node_count() -> None:
    other = document("HostEndpoint", "a", {"node": "n2", "interfaceName": "eth0", "expectedIPs": ["10.0.0.1"]})
    wild = document("HostEndpoint", "b", {"node": "n2", "interfaceName": "*"})
    node = compiled(HOST, other, wild).node("n1")
    assert (node.named("eth0"), node.wildcard) == (None, None)


@pytest.mark.parametrize("interface", ["cali9", "kube-ipvs0"])
def test_some_interfaces_have_no_endpoint_of_their_own(interface: str) -> None:
    node = compiled(HOST, host_endpoint("h", interface), host_endpoint("wild", "*")).node("n1")
    assert node.named(interface) is None
    assert node.wildcard is not None


KINDS: Mapping[str, Mapping[str, object]] = {
    "untracked": {"applyOnForward": True, "doNotTrack": True},
    "preDNAT": {"applyOnForward": True, "preDNAT": True},
    "forward": {"applyOnForward": True},
    "normal": {},
}
CHAINS = {
    "untracked": ChainType.UNTRACKED,
    "preDNAT": ChainType.PRE_DNAT,
    "forward": ChainType.FORWARD,
    "normal": ChainType.NORMAL,
}
NAMED, WILD = "named", "wild"


def policies(hep: str, kinds: Sequence[str], kind: str = "GlobalNetworkPolicy") -> list[Document]:
    """One policy of each kind on one endpoint, in every direction that it can have."""
    result = []
    for name in kinds:
        types = ["Ingress"] if name == "preDNAT" else ["Ingress", "Egress"]
        spec = {"selector": f"hep == '{hep}'", "types": types, **KINDS[name]}
        result.append(document(kind, f"{hep}-{name}".lower(), spec))
    return result


ALL = tuple(KINDS)
#: (policies of the named endpoint, of the wildcard, kind, interface, which of them governs)
DISPATCH: list[tuple[Sequence[str], Sequence[str], str, str, str | None]] = [
    ((), ALL, "untracked", "eth0", None),
    (("untracked",), (), "untracked", "eth0", NAMED),
    ((), ("untracked",), "untracked", "eth1", None),  # never the wildcard
    ((), (), "preDNAT", "eth0", None),
    (("preDNAT",), ("preDNAT",), "preDNAT", "eth0", NAMED),
    (("normal", "forward"), ("preDNAT",), "preDNAT", "eth0", WILD),  # falls through
    ((), ("preDNAT",), "preDNAT", "eth1", WILD),
    ((), ("preDNAT",), "preDNAT", "cali1", WILD),
    ((), ("preDNAT",), "preDNAT", "lo", WILD),
    (("preDNAT",), (), "preDNAT", "eth1", None),
    ((), ("forward",), "forward", "eth0", NAMED),  # replaced by one that has nothing
    ((), (), "forward", "eth1", WILD),
    ((), ("forward",), "forward", "cali1", WILD),
    ((), ("normal",), "normal", "eth0", NAMED),
    ((), (), "normal", "eth1", WILD),
    ((), ("normal",), "normal", "lo", WILD),
    ((), ("normal",), "normal", "cali1", None),
]


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize(("of_named", "of_wild", "kind", "interface", "governing"), DISPATCH)
def test_dispatch(
    of_named: Sequence[str], of_wild: Sequence[str], kind: str, interface: str, governing: str | None, staged: bool
) -> None:
    """Staged policy counts like any other."""
    resource = "StagedGlobalNetworkPolicy" if staged else "GlobalNetworkPolicy"
    own = [*policies(NAMED, of_named, resource), *policies(WILD, of_wild, resource)]
    node = compiled(HOST, host_endpoint(NAMED, "eth0"), host_endpoint(WILD, "*"), *own).node("n1")
    for direction in Direction:
        if kind != "preDNAT" or direction is Direction.INGRESS:
            chain = node.dispatch(CHAINS[kind], direction, interface)
            assert (chain and chain.endpoint.name) == governing


def test_without_a_wildcard_only_the_named_interface_is_governed() -> None:
    node = compiled(HOST, host_endpoint(NAMED, "eth0"), *policies(NAMED, ALL)).node("n1")
    for kind in ChainType:
        found = {name for name in node.host.interfaces if node.dispatch(kind, Direction.INGRESS, name) is not None}
        assert found == {"eth0"}


PODS = [
    document(
        "WorkloadEndpoint",
        f"n1-k8s-w{number}-eth0",
        {
            "node": "n1",
            "orchestrator": "k8s",
            "pod": f"w{number}",
            "endpoint": "eth0",
            "interfaceName": f"cali{number}",
            "ipNetworks": [f"10.65.0.{number}/32"],
        },
        namespace="default",
    )
    for number in (1, 2)
]
_IN, _OUT = "Ingress", "Egress"
#: What of a wildcard's policy traffic meets: (traffic, in, out, the chains in order)
SCOPE: list[tuple[str, str | None, str | None, list[tuple[str, str]]]] = [
    ("outside to host", "eth0", None, [("preDNAT", _IN), ("normal", _IN)]),
    ("host to outside", None, "eth0", [("normal", _OUT)]),
    ("host to a tunnel", None, "tunl0", [("normal", _OUT)]),
    ("workload to its host", "cali1", None, [("preDNAT", _IN)]),
    ("host to its workload", None, "cali1", []),
    ("workload to workload", "cali1", "cali2", [("preDNAT", _IN), ("forward", _IN), ("forward", _OUT)]),
    ("workload to outside", "cali1", "eth0", [("preDNAT", _IN), ("forward", _IN), ("forward", _OUT)]),
    ("outside to workload", "eth0", "cali1", [("preDNAT", _IN), ("forward", _IN), ("forward", _OUT)]),
    ("through the host", "eth0", "eth1", [("preDNAT", _IN), ("forward", _IN), ("forward", _OUT)]),
    ("out over the loopback", None, "lo", [("normal", _OUT)]),
    ("in over the loopback", "lo", None, [("preDNAT", _IN), ("normal", _IN)]),
]


@pytest.mark.parametrize(("traffic", "incoming", "outgoing", "chains"), SCOPE)
def test_scope_of_a_wildcard(
    traffic: str, incoming: str | None, outgoing: str | None, chains: list[tuple[str, str]]
) -> None:
    node = compiled(HOST, *PODS, host_endpoint(WILD, "*"), *policies(WILD, ALL)).node("n1")
    ways = {key: name for key, name in (("inInterface", incoming), ("outInterface", outgoing)) if name}
    addresses = {"source": "10.0.0.9", "destination": "10.0.0.1", "protocol": 253}
    planned = plan(node, Packet.parse({"node": "n1", **ways, **addresses}))
    met = [op.chain for table in planned.tables for op in table.ops if op.chain is not None]
    of_wild = [chain for chain in met if chain.endpoint.name == WILD]
    assert [(chain.chain_type, chain.direction.value) for chain in of_wild] == [
        (CHAINS[kind], direction) for kind, direction in chains
    ], traffic
