"""Encapsulated packets: what switches encapsulation on, whom a node trusts, and where the rules stand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from calico_engine import Cluster, Packet
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.encapsulation import Encapsulation
from calico_engine.compiler.intervals import format_interval
from calico_engine.datastore import build
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source

Document = dict[str, object]
Spec = Mapping[str, object]
V4, V6 = "10.65.0.0/16", "fd65::/112"


def document(kind: str, name: str, spec: Spec) -> Document:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


def node(name: str, spec: Spec) -> Document:
    return document("Node", name, spec)


def pool(cidr: str, **modes: object) -> Document:
    modes = {"ipipMode": "Never", "vxlanMode": "Never", **modes}
    return document("IPPool", "v4" if cidr == V4 else "v6", {"cidr": cidr, **modes})


def configuration(**spec: object) -> Document:
    return document("FelixConfiguration", "default", spec)


def encapsulation(*documents: Document, of: str = "n1") -> Encapsulation:
    own = node(of, {"bgp": {"ipv4Address": "10.0.0.1/24"}})
    loaded = load([Source("nodes.json", json.dumps([own, *documents]))])
    datastore, twice = build(loaded)
    assert (loaded.errors, twice) == ([], [])
    return CompiledCluster(datastore).node(of).encapsulation


#: (pools, configuration, what is on: ipip, vxlan4, vxlan6, wireguard4, wireguard6)
SWITCHES: list[tuple[Sequence[Document], Spec, set[str]]] = [
    ((), {}, set()),
    ((pool(V4),), {}, set()),
    ((pool(V4, ipipMode="Always"),), {}, {"ipip"}),
    ((pool(V4, ipipMode="CrossSubnet"),), {}, {"ipip"}),
    ((pool(V4, ipipMode="Always", disabled=True),), {}, {"ipip"}),  # a disabled pool still counts
    ((pool(V4, vxlanMode="Always"),), {}, {"vxlan4"}),
    ((pool(V4, vxlanMode="CrossSubnet"),), {}, {"vxlan4"}),
    ((pool(V6, vxlanMode="Always"),), {}, {"vxlan6"}),
    ((pool(V4, vxlanMode="Always"), pool(V6, vxlanMode="CrossSubnet")), {}, {"vxlan4", "vxlan6"}),
    ((), {"ipipEnabled": True}, {"ipip"}),
    ((pool(V4, ipipMode="Always"),), {"ipipEnabled": False}, set()),
    ((), {"vxlanEnabled": True}, {"vxlan4"}),  # the switch is for IPv4 alone
    ((pool(V4, vxlanMode="Always"), pool(V6, vxlanMode="Always")), {"vxlanEnabled": False}, {"vxlan6"}),
    ((), {"wireguardEnabled": True}, {"wireguard4"}),
    ((), {"wireguardEnabledV6": True}, {"wireguard6"}),
]


@pytest.mark.parametrize(("pools", "spec", "switched_on"), SWITCHES)
def test_what_switches_encapsulation_on(pools: Sequence[Document], spec: Spec, switched_on: set[str]) -> None:
    found = encapsulation(*pools, configuration(**spec))
    on = {"ipip"} if found.ipip_sources is not None else set()
    on |= {f"vxlan{version}" for version in found.vxlan_sources}
    assert on | {f"wireguard{version}" for version in found.wireguard_ports} == switched_on


def test_ports() -> None:
    default = encapsulation(configuration(wireguardEnabled=True, wireguardEnabledV6=True))
    assert (default.vxlan_port, default.wireguard_ports) == (4789, {4: 51820, 6: 51821})
    ports = {"vxlanPort": 4790, "wireguardListeningPort": 1, "wireguardListeningPortV6": 2}
    chosen = encapsulation(configuration(wireguardEnabled=True, wireguardEnabledV6=True, **ports))
    assert (chosen.vxlan_port, chosen.wireguard_ports) == (4790, {4: 1, 6: 2})


TUNNEL = {"ipv4VXLANTunnelAddr": "10.65.9.2", "ipv6VXLANTunnelAddr": "fd65::9:2"}
BGP = {"bgp": {"ipv4Address": "10.0.0.5/24", "ipv6Address": "2001:db8::2/64"}}
INTERNAL = {
    "addresses": [{"address": "192.0.2.2", "type": "ExternalIP"}, {"address": "10.0.0.9", "type": "InternalIP"}]
}
#: (another node, configuration, trusted for IPIP, for VXLAN of IPv4, for VXLAN of IPv6); node n1 is 10.0.0.1
TRUSTED: list[tuple[Spec, Spec, set[str], set[str], set[str]]] = [
    ({}, {}, {"10.0.0.1"}, set(), set()),
    (BGP, {}, {"10.0.0.1", "10.0.0.5"}, set(), set()),  # no tunnel address, no VXLAN
    (TUNNEL, {}, {"10.0.0.1"}, set(), set()),
    ({**BGP, **TUNNEL}, {}, {"10.0.0.1", "10.0.0.5"}, {"10.0.0.5"}, {"2001:db8::2"}),
    ({**INTERNAL, **TUNNEL}, {}, {"10.0.0.1", "10.0.0.9"}, set(), set()),  # VXLAN needs BGP's address
    ({**BGP, **INTERNAL}, {}, {"10.0.0.1", "10.0.0.5"}, set(), set()),
    (
        {"addresses": [{"address": "192.0.2.2", "type": "ExternalIP"}]},
        {"externalNodesList": ["203.0.113.0/24", "198.51.100.7"]},
        {"10.0.0.1", "192.0.2.2", "203.0.113.0/24", "198.51.100.7"},
        {"203.0.113.0/24", "198.51.100.7"},
        set(),
    ),
    ({"bgp": {"ipv6Address": "2001:db8::2"}, **TUNNEL}, {}, {"10.0.0.1"}, set(), {"2001:db8::2"}),
]


@pytest.mark.parametrize("this", ["n1", "n3"])  # names before and after that of the other node
@pytest.mark.parametrize(("other", "spec", "ipip", "vxlan", "vxlan6"), TRUSTED)
def test_whom_a_node_trusts(
    other: Spec, spec: Spec, ipip: set[str], vxlan: set[str], vxlan6: set[str], this: str
) -> None:
    """IPIP from every node, this one included; VXLAN from the other nodes' tunnel endpoints."""
    switches = configuration(ipipEnabled=True, vxlanEnabled=True, **spec)
    found = encapsulation(node("n2", other), pool(V6, vxlanMode="Always"), switches, of=this)

    def shown(intervals: Sequence[tuple[int, int]] | None, version: int) -> set[str]:
        return {format_interval(low, high, version) for low, high in intervals or ()}

    assert shown(found.ipip_sources, 4) == ipip
    assert shown(found.vxlan_sources[4], 4) == vxlan
    assert shown(found.vxlan_sources[6], 6) == vxlan6


def test_external_nodes_are_trusted_in_their_own_family() -> None:
    """The resource takes IPv4 alone, the parameter both (vxlan_mgr.go: updateNeighborsAndAllowedSources)."""
    annotations = {"config.projectcalico.org/ExternalNodesCIDRList": "203.0.113.0/24,2001:db8:9::/48"}
    external = {**configuration(ipipEnabled=True), "metadata": {"name": "default", "annotations": annotations}}
    found = encapsulation(external, pool(V4, vxlanMode="Always"), pool(V6, vxlanMode="Always"))
    assert [format_interval(*each, 4) for each in found.vxlan_sources[4]] == ["203.0.113.0/24"]
    assert [format_interval(*each, 6) for each in found.vxlan_sources[6]] == ["2001:db8:9::/48"]
    assert [format_interval(*each, 4) for each in found.ipip_sources or ()] == ["10.0.0.1", "203.0.113.0/24"]


# Node n1 of two, with all encapsulations on, a host endpoint and a workload, and nothing that allows anything.
WORLD = [
    node("n1", {"bgp": {"ipv4Address": "10.0.0.1/24"}, "ipv4VXLANTunnelAddr": "10.65.9.1"}),
    node("n2", {"bgp": {"ipv4Address": "10.0.0.2/24"}, "ipv4VXLANTunnelAddr": "10.65.9.2"}),
    configuration(
        ipipEnabled=True,
        vxlanEnabled=True,
        wireguardEnabled=True,
        wireguardEnabledV6=True,
        defaultEndpointToHostAction="Accept",
    ),
    document("HostEndpoint", "h", {"node": "n1", "interfaceName": "eth0"}),
    {
        **document("WorkloadEndpoint", "w", {"node": "n1", "orchestrator": "k8s", "interfaceName": "cali1"}),
        "metadata": {"name": "w", "namespace": "ns"},
    },
]
WORLD[-1]["spec"] = {
    "node": "n1",
    "orchestrator": "k8s",
    "interfaceName": "cali1",
    "ipNetworks": ["10.65.0.2"],
    "profiles": ["projectcalico-default-allow"],
}
CLUSTER = Cluster.parse(json.dumps(WORLD), stored=True)
IPIP: Spec = {"protocol": 4}
VXLAN: Spec = {"protocol": "UDP", "sourcePort": 40000, "destinationPort": 4789}
WIREGUARD: Spec = {**VXLAN, "destinationPort": 51820}
WIREGUARD6: Spec = {**VXLAN, "destinationPort": 51821}
HOST_IN, HOST_OUT, EASTWARD = (
    {"inInterface": "eth0"},
    {"outInterface": "eth0"},
    {"inInterface": "eth0", "outInterface": "eth1"},
)
POD_IN, POD_OUT = {"inInterface": "cali1"}, {"inInterface": "cali1", "outInterface": "eth0"}
NEIGHBOUR, STRANGER, OWN, POD = "10.0.0.2", "10.0.0.9", "10.0.0.1", "10.65.0.2"
BY_POLICY = "DENY NO_PROFILE_MATCHED"
#: (what, way, source, destination, outcome)
RULES = [
    (IPIP, HOST_IN, NEIGHBOUR, OWN, "ALLOW ENCAPSULATION"),
    (IPIP, HOST_IN, OWN, OWN, "ALLOW ENCAPSULATION"),
    (IPIP, HOST_IN, STRANGER, OWN, "DENY ENCAPSULATION"),
    (IPIP, HOST_IN, NEIGHBOUR, "224.0.0.5", "DENY ENCAPSULATION"),  # not to a local address
    (VXLAN, HOST_IN, NEIGHBOUR, OWN, "ALLOW ENCAPSULATION"),
    (VXLAN, HOST_IN, STRANGER, OWN, "DENY ENCAPSULATION"),
    (VXLAN, HOST_IN, STRANGER, "224.0.0.5", BY_POLICY),
    (VXLAN, HOST_IN, OWN, OWN, "DENY ENCAPSULATION"),  # the node is no tunnel endpoint to itself
    (WIREGUARD, HOST_IN, STRANGER, OWN, "ALLOW ENCAPSULATION"),
    (WIREGUARD, HOST_IN, STRANGER, "255.255.255.255", BY_POLICY),
    (WIREGUARD, HOST_IN, STRANGER, "255.255.255.254", "ALLOW ENCAPSULATION"),
    (WIREGUARD, HOST_IN, STRANGER, "223.255.255.255", "ALLOW ENCAPSULATION"),
    (WIREGUARD, HOST_IN, STRANGER, "224.0.0.0", BY_POLICY),
    (WIREGUARD, HOST_IN, STRANGER, "239.255.255.255", BY_POLICY),
    (WIREGUARD, HOST_IN, STRANGER, "240.0.0.0", "ALLOW ENCAPSULATION"),
    (WIREGUARD6, HOST_IN, "2001:db8::9", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ALLOW ENCAPSULATION"),
    (WIREGUARD6, HOST_IN, "2001:db8::9", "ff00::", BY_POLICY),
    (WIREGUARD6, HOST_IN, "2001:db8::9", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", BY_POLICY),
    (WIREGUARD6, HOST_OUT, "2001:db8::1", "ff05::2", "ALLOW ENCAPSULATION"),
    (IPIP, HOST_OUT, OWN, NEIGHBOUR, "ALLOW ENCAPSULATION"),
    (IPIP, HOST_OUT, OWN, STRANGER, BY_POLICY),  # outwards there is no denying rule
    (VXLAN, HOST_OUT, OWN, NEIGHBOUR, "ALLOW ENCAPSULATION"),
    (VXLAN, HOST_OUT, OWN, STRANGER, BY_POLICY),
    (WIREGUARD, HOST_OUT, OWN, STRANGER, "ALLOW ENCAPSULATION"),
    (IPIP, EASTWARD, STRANGER, "10.1.0.9", "ALLOW FORWARD_DEFAULT_ALLOW"),
    (VXLAN, EASTWARD, STRANGER, "10.1.0.9", "ALLOW FORWARD_DEFAULT_ALLOW"),
    (IPIP, POD_IN, POD, OWN, "DENY ENCAPSULATION"),  # the host's rules stand ahead of the workload's
    (VXLAN, POD_IN, POD, OWN, "DENY ENCAPSULATION"),
    (WIREGUARD, POD_IN, POD, OWN, "ALLOW ENCAPSULATION"),
    (IPIP, POD_OUT, POD, STRANGER, "DENY ENCAPSULATION"),  # the workload's own chain
    (VXLAN, POD_OUT, POD, STRANGER, "DENY ENCAPSULATION"),
    (WIREGUARD, POD_OUT, POD, STRANGER, "ALLOW FORWARD_DEFAULT_ALLOW"),
    ({**VXLAN, "destinationPort": 4790}, POD_OUT, POD, STRANGER, "ALLOW FORWARD_DEFAULT_ALLOW"),
]


@pytest.mark.parametrize(("what", "way", "source", "destination", "outcome"), RULES)
def test_where_the_rules_stand(what: Spec, way: Mapping[str, str], source: str, destination: str, outcome: str) -> None:
    query = {"node": "n1", **what, **way, "source": source, "destination": destination}
    verdict = CLUSTER.verdict(Packet.parse(query))
    assert f"{verdict.decision} {verdict.decided_by.reason}" == outcome


@pytest.mark.parametrize("what", [IPIP, VXLAN, WIREGUARD], ids=["ipip", "vxlan", "wireguard"])
def test_without_encapsulation_there_are_no_such_rules(what: Spec) -> None:
    """Except in a workload's own chain, which needs no encapsulation to be in use."""
    off = [each for each in WORLD if each["kind"] != "FelixConfiguration"]
    cluster = Cluster.parse(json.dumps(off), stored=True)
    for way, source, outcome in ((HOST_IN, NEIGHBOUR, BY_POLICY), (HOST_OUT, OWN, BY_POLICY)):
        query = {"node": "n1", **what, **way, "source": source, "destination": OWN}
        verdict = cluster.verdict(Packet.parse(query))
        assert f"{verdict.decision} {verdict.decided_by.reason}" == outcome
    sent = cluster.verdict(Packet.parse({"node": "n1", **what, **POD_OUT, "source": POD, "destination": STRANGER}))
    assert sent.decided_by.reason.name == ("FORWARD_DEFAULT_ALLOW" if what is WIREGUARD else "ENCAPSULATION")
