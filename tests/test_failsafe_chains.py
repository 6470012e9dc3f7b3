"""Failsafe ports in chains: which table tests what (felix/rules/static.go: failsafeInChain, failsafeOutChain)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product

import pytest

from calico_engine import Cluster, Decision, Packet, Verdict
from calico_engine.compiler.failsafes import failsafe_chain
from calico_engine.configuration import Failsafe, effective_configuration, parse_failsafes
from calico_engine.packets import TCP, UDP, Direction, parse_address

DEFAULTS = effective_configuration("n1", None, ())
DEFAULT_IN = {(TCP, port) for port in (22, 179, 2379, 2380, 5473, 6443, 6666, 6667)} | {(UDP, 68)}
DEFAULT_OUT = {(TCP, port) for port in (179, 2379, 2380, 5473, 6443, 6666, 6667)} | {(UDP, 53), (UDP, 67)}
_IN, _OUT = Direction.INGRESS, Direction.EGRESS
SOME_PORTS = (22, 53, 67, 68, 80, 179, 2379, 6443)


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("direction", "forward", "reply"), [(_IN, DEFAULT_IN, DEFAULT_OUT), (_OUT, DEFAULT_OUT, DEFAULT_IN)]
)
def test_default_lists(
    direction: Direction, forward: set[tuple[int, int]], reply: set[tuple[int, int]], version: int, raw: bool
) -> None:
    """By destination port in all tables; by source port, with the other list, in the raw table only."""
    chain = failsafe_chain(DEFAULTS.failsafe_inbound, DEFAULTS.failsafe_outbound, direction, raw=raw)
    for protocol, source_port, destination_port in product((TCP, UDP, 132), SOME_PORTS, SOME_PORTS):
        opened = (protocol, destination_port) in forward or (raw and (protocol, source_port) in reply)
        found = chain.opening(version, protocol, 1, source_port, destination_port)
        assert (found is not None) is opened, (protocol, source_port, destination_port)


def opened(
    text: str, direction: Direction, peer: str, *, port: int = 22, source_port: int = 1, raw: bool = False
) -> bool:
    """Whether a TCP packet passes with `text` as both lists."""
    failsafes: tuple[Failsafe, ...] = parse_failsafes(text)
    version, address = parse_address(peer)
    chain = failsafe_chain(failsafes, failsafes, direction, raw=raw)
    return chain.opening(version, TCP, address, source_port, port) is not None


#: (list, peer, whether TCP port 22 is open to it)
NETS = [
    ("tcp:22", "10.0.0.9", True),
    ("tcp:22", "2001:db8::9", True),
    ("udp:22", "10.0.0.9", False),
    ("22", "10.0.0.9", True),
    ("tcp:10.0.0.0/8:22", "10.255.0.1", True),
    ("tcp:10.0.0.0/8:22", "11.0.0.1", False),
    ("tcp:10.0.0.0/8:22", "2001:db8::9", False),  # in its own family only
    ("tcp:[2001:db8::/32]:22", "2001:db8::9", True),
    ("tcp:[2001:db8::/32]:22", "10.0.0.9", False),
    ("tcp:10.0.0.9:22", "10.0.0.9", True),
    ("tcp:10.0.0.9:22", "10.0.0.8", False),
    ("tcp:10.0.0.0/8:22,tcp:192.0.2.0/24:22", "192.0.2.5", True),
    ("tcp:10.0.0.0/8:22,tcp:22", "192.0.2.5", True),
    ("tcp:22,tcp:10.0.0.0/8:22", "192.0.2.5", True),
    ("tcp:0.0.0.0/0:22", "192.0.2.5", True),
    ("tcp:0.0.0.0/0:22", "2001:db8::9", False),
    ("tcp:0.0.0.0/0:22", "::9", False),  # though the number of the address is small
    ("tcp:[::/0]:22", "10.0.0.9", False),
    ("tcp:10.0.0.0/8:23,tcp:22", "11.0.0.1", True),
    ("tcp:10.0.0.0/8:22,tcp:23", "11.0.0.1", False),
]


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize(("text", "peer", "is_open"), NETS)
def test_nets_of_the_peer(text: str, peer: str, is_open: bool, direction: Direction) -> None:
    """The source of what comes in, the destination of what goes out; for replies in the raw table as well."""
    assert opened(text, direction, peer) is is_open
    assert opened(text, direction, peer, port=9999, source_port=22, raw=True) is is_open
    assert not opened(text, direction, peer, port=9999, source_port=22)


# Whole chains: one host endpoint with policy of one kind that denies everything, both ways.
KINDS: Mapping[str, Mapping[str, object]] = {
    "normal": {},
    "untracked": {"applyOnForward": True, "doNotTrack": True},
    "preDNAT": {"applyOnForward": True, "preDNAT": True},
    "forward": {"applyOnForward": True},
}


def world(kind: str, **configuration: object) -> Cluster:
    types = ["Ingress"] if kind == "preDNAT" else ["Ingress", "Egress"]
    rules = {way.lower(): [{"action": "Deny"}] for way in types}
    specs = {
        "HostEndpoint": {"node": "n1", "interfaceName": "eth0", "profiles": ["projectcalico-default-allow"]},
        "GlobalNetworkPolicy": {"types": types, **rules, **KINDS[kind]},
        "FelixConfiguration": configuration,
    }
    head = {"apiVersion": "projectcalico.org/v3", "metadata": {"name": "default"}}
    return Cluster.parse(json.dumps([{**head, "kind": name, "spec": spec} for name, spec in specs.items()]))


def ask(cluster: Cluster, way: Mapping[str, str], protocol: str, port: int, **more: object) -> Verdict:
    addresses = {"source": "10.0.0.9", "destination": "10.0.0.1", "sourcePort": 40000}
    query = {"node": "n1", **addresses, **way, "protocol": protocol, "destinationPort": port, **more}
    return cluster.verdict(Packet.parse(query))


TO_HOST, FROM_HOST = {"inInterface": "eth0"}, {"outInterface": "eth0"}
THROUGH, BACK = {"inInterface": "eth0", "outInterface": "eth1"}, {"inInterface": "eth1", "outInterface": "eth0"}
#: (kind of the denying policy, way, protocol, port, decision, reason)
CHAINS = [
    ("normal", TO_HOST, "TCP", 22, "ALLOW", "FAILSAFE"),
    ("normal", TO_HOST, "UDP", 68, "ALLOW", "FAILSAFE"),
    ("normal", TO_HOST, "UDP", 53, "DENY", "RULE"),  # DNS is open outwards only
    ("normal", TO_HOST, "UDP", 22, "DENY", "RULE"),
    ("normal", FROM_HOST, "UDP", 53, "ALLOW", "FAILSAFE"),
    ("normal", FROM_HOST, "TCP", 22, "DENY", "RULE"),  # ssh inwards only
    ("normal", FROM_HOST, "TCP", 6443, "ALLOW", "FAILSAFE"),
    ("untracked", TO_HOST, "TCP", 22, "ALLOW", "FAILSAFE"),  # raw, then filter
    ("untracked", TO_HOST, "TCP", 80, "DENY", "RULE"),
    ("untracked", FROM_HOST, "TCP", 179, "ALLOW", "FAILSAFE"),
    ("untracked", FROM_HOST, "TCP", 22, "DENY", "RULE"),
    ("untracked", THROUGH, "TCP", 22, "ALLOW", "FORWARD_DEFAULT_ALLOW"),  # raw knows no routes yet
    ("untracked", THROUGH, "TCP", 80, "DENY", "RULE"),
    ("preDNAT", TO_HOST, "TCP", 22, "ALLOW", "FAILSAFE"),
    ("preDNAT", THROUGH, "TCP", 22, "ALLOW", "FORWARD_DEFAULT_ALLOW"),
    ("preDNAT", THROUGH, "TCP", 80, "DENY", "RULE"),
    ("forward", THROUGH, "TCP", 22, "DENY", "RULE"),
    ("forward", BACK, "UDP", 53, "DENY", "RULE"),
    ("forward", TO_HOST, "TCP", 22, "ALLOW", "FAILSAFE"),  # normal policy as well
]


@pytest.mark.parametrize(("kind", "way", "protocol", "port", "decision", "reason"), CHAINS)
def test_failsafes_of_each_kind_of_chain(
    kind: str, way: Mapping[str, str], protocol: str, port: int, decision: str, reason: str
) -> None:
    verdict = ask(world(kind), way, protocol, port)
    assert (str(verdict.decision), str(verdict.decided_by.reason)) == (decision, reason)


@pytest.mark.parametrize("kind", ["normal", "preDNAT"])
def test_invalid_packets_are_dropped_before_failsafes(kind: str) -> None:
    verdict = ask(world(kind), TO_HOST, "TCP", 22, conntrackState="INVALID")
    assert verdict.decided_by.reason.name == "CONNTRACK_INVALID"


def test_replies_pass_the_raw_table_by_their_source_port() -> None:
    """From there on they are established, or judged like any other packet."""
    cluster = world("untracked")
    answer = ask(cluster, TO_HOST, "TCP", 40000, sourcePort=6443, conntrackState="ESTABLISHED")
    assert answer.decided_by.reason.name == "CONNTRACK"
    reply = ask(cluster, FROM_HOST, "TCP", 40000, sourcePort=22, conntrackState="ESTABLISHED")
    assert reply.decided_by.reason.name == "CONNTRACK"
    assert ask(cluster, TO_HOST, "TCP", 40000, sourcePort=22).decision is Decision.DENY
    assert ask(cluster, TO_HOST, "TCP", 40000, sourcePort=6443).decided_by.reason.name == "PROFILE"


@pytest.mark.parametrize("kind", ["normal", "preDNAT"])
def test_no_other_table_looks_at_the_source_port(kind: str) -> None:
    """mangle and filter tables test the destination port alone."""
    for port in (22, 179, 6443):
        assert ask(world(kind), TO_HOST, "TCP", 40000, sourcePort=port).decided_by.reason.name == "RULE"


def test_the_translated_port_counts_where_translation_has_happened() -> None:
    """mangle PREROUTING and raw see the port before DNAT, filter INPUT and mangle POSTROUTING the one after."""
    before = {"preDNATDestination": "192.0.2.9", "preDNATPort": 22}
    assert ask(world("preDNAT"), TO_HOST, "TCP", 8022, **before).decided_by.reason.name == "PROFILE"
    assert ask(world("normal"), TO_HOST, "TCP", 8022, **before).decided_by.reason.name == "RULE"
    assert ask(world("normal"), TO_HOST, "TCP", 22, **{**before, "preDNATPort": 8022}).decided_by.failsafe == "tcp/22"
    sent = {"preDNATDestination": "10.96.0.1", "preDNATPort": 443}
    assert ask(world("normal"), FROM_HOST, "TCP", 6443, **sent).decision is Decision.NO_POLICY
    assert ask(world("normal"), FROM_HOST, "TCP", 443, **{**sent, "preDNATPort": 6443}).decision is Decision.DENY


def test_empty_lists_open_nothing() -> None:
    cluster = world("normal", failsafeInboundHostPorts=[], failsafeOutboundHostPorts=[])
    assert ask(cluster, TO_HOST, "TCP", 22).decided_by.reason.name == "RULE"
    assert ask(cluster, FROM_HOST, "UDP", 53).decided_by.reason.name == "RULE"


def test_workloads_have_no_failsafes() -> None:
    workload = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "WorkloadEndpoint",
        "metadata": {"name": "w", "namespace": "ns1"},
        "spec": {"node": "n1", "orchestrator": "k8s", "interfaceName": "cali1", "ipNetworks": ["10.0.0.9/32"]},
    }
    cluster = Cluster.parse(json.dumps(workload), stored=True)
    for way in ({"inInterface": "cali1"}, {"inInterface": "cali1", "outInterface": "eth0"}):
        assert ask(cluster, way, "TCP", 22).decided_by.reason.name == "NO_PROFILE_MATCHED"
