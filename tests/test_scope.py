"""What is not modelled is said, not guessed: only Felix's iptables dataplane, only nodes that something mentions."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from calico_engine import Cluster, Decision, OutOfScope, Packet, UnknownReference

HOST = {"node": "n1", "interfaceName": "eth0"}
PACKET = {
    "inInterface": "eth0",
    "source": "10.0.0.9",
    "destination": "10.0.0.1",
    "protocol": "TCP",
    "sourcePort": 40000,
}


def cluster(configuration: Mapping[str, object], scope: str = "default") -> Cluster:
    head = {"apiVersion": "projectcalico.org/v3"}
    host = {**head, "kind": "HostEndpoint", "metadata": {"name": "h"}, "spec": HOST}
    felix = {**head, "kind": "FelixConfiguration", "metadata": {"name": scope}, "spec": configuration}
    return Cluster.parse(json.dumps([host, felix]))


def packet(node: str = "n1") -> Packet:
    return Packet.parse({**PACKET, "node": node, "destinationPort": 8080})


@pytest.mark.parametrize(
    ("configuration", "word"),
    [
        ({"bpfEnabled": True}, "eBPF"),
        ({"nftablesMode": "Enabled"}, "nftables"),
        ({"iptablesFilterDenyAction": "Reject"}, "Reject"),
    ],
)
def test_other_dataplanes_are_refused(configuration: Mapping[str, object], word: str) -> None:
    for scope in ("default", "node.n1"):
        with pytest.raises(OutOfScope, match=word):
            cluster(configuration, scope).verdict(packet())


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"bpfEnabled": False},
        {"nftablesMode": "Auto"},
        {"nftablesMode": "Disabled"},
        {"nftablesFilterDenyAction": "Reject"},  # of the other dataplane
        {"iptablesMangleAllowAction": "Return"},  # lets other rules run, and decides nothing
        {"xdpEnabled": False},
    ],
)
def test_these_settings_change_nothing(configuration: Mapping[str, object]) -> None:
    assert cluster(configuration).verdict(packet()).decision is Decision.DENY


def test_a_node_with_another_dataplane_leaves_the_others_alone() -> None:
    assert cluster({"bpfEnabled": True}, "node.n2").verdict(packet()).decision is Decision.DENY


def test_a_node_that_nothing_mentions_is_unknown() -> None:
    with pytest.raises(UnknownReference, match="'elsewhere'"):
        cluster({}).verdict(packet("elsewhere"))


@pytest.mark.parametrize(("action", "direction"), [("Allow", "in"), ("Allow", "out"), ("Deny", "in"), ("Pass", "in")])
def test_a_packet_that_is_translated_and_not_tracked_is_said_to_be_impossible(action: str, direction: str) -> None:
    """A kernel to which such rules were given did not translate the packet."""
    rule = {"action": action, "protocol": "TCP"}
    policy = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "p"},
        "spec": {
            "selector": "all()",
            "doNotTrack": True,
            "applyOnForward": True,
            "order": 1,
            "types": ["Ingress", "Egress"],
            "ingress": [rule],
            "egress": [rule],
        },
    }
    ways = {
        "in": {"inInterface": "eth0", "source": "10.0.0.9", "destination": "10.0.0.1"},
        "out": {"outInterface": "eth0", "source": "10.0.0.1", "destination": "10.0.0.9"},
    }
    ports = {"protocol": "TCP", "sourcePort": 40000, "destinationPort": 8080}
    plain = {"node": "n1", **ways[direction], **ports}
    translated = {**plain, "preDNATDestination": "192.0.2.7", "preDNATPort": 80}
    asked = cluster({}).apply(policy)
    impossible = [
        any("cannot exist" in each for each in asked.verdict(Packet.parse(query)).assumptions)
        for query in (plain, translated)
    ]
    assert impossible == [False, action == "Allow"]


@pytest.mark.parametrize(
    ("protocol", "icmp_type", "state", "version", "possible"),
    [
        ("ICMP", 8, "NEW", 4, True),
        ("ICMP", 13, "NEW", 4, True),
        ("ICMP", 0, "NEW", 4, False),
        ("ICMP", 3, "NEW", 4, False),
        ("ICMP", 0, "ESTABLISHED", 4, True),
        ("ICMP", 3, "RELATED", 4, True),
        ("ICMP", 8, "NEW", 6, False),  # another version's
        ("ICMPv6", 128, "NEW", 6, True),
        ("ICMPv6", 129, "NEW", 6, False),
        ("ICMPv6", 1, "NEW", 6, False),
        ("ICMPv6", 135, "NEW", 6, True),  # never tracked, which is as good as new
        ("ICMPv6", 137, "NEW", 6, False),
        ("ICMPv6", 128, "NEW", 4, False),
        ("ICMP", None, "NEW", 4, True),  # whatever the type may be
    ],
)
def test_icmp_that_begins_no_connection_is_said_to_be_impossible(
    protocol: str, icmp_type: int | None, state: str, version: int, possible: bool
) -> None:
    """As `tests/kernel` has found it (net/netfilter/nf_conntrack_proto_icmp.c, …_icmpv6.c)."""
    ends = {4: ("10.0.0.9", "10.0.0.1"), 6: ("2001:db8::9", "2001:db8::1")}[version]
    query = {"node": "n1", "inInterface": "eth0", "source": ends[0], "destination": ends[1], "protocol": protocol}
    given = {} if icmp_type is None else {"icmpType": icmp_type, "icmpCode": 0}
    verdict = cluster({}).verdict(Packet.parse({**query, **given, "conntrackState": state}))
    assert any("begins no connection" in each for each in verdict.assumptions) is not possible


def test_a_connection_is_asked_with_what_begins_one() -> None:
    asked = cluster({}).patch("HostEndpoint", "h", {"spec": {"expectedIPs": ["10.0.0.1"]}})
    assert not any("begins" in each for each in asked.check("203.0.113.7", "n1", "icmp").assumptions)
    assert not any("begins" in each for each in asked.check("203.0.113.7", "n1", "icmp/8").assumptions)
    assert any("ICMP of type 0" in each for each in asked.check("203.0.113.7", "n1", "icmp/0").assumptions)
