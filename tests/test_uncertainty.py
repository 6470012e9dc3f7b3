"""Questions that leave something open: certain where nothing depends on it, otherwise with a packet for each side."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from calico_engine import Cluster, Decision, OutOfScope, Packet, UncertainVerdict, Verdict

NODE = """
apiVersion: calico-engine/v1
kind: Host
metadata: {name: n1}
spec:
  interfaces: [{name: lo, addresses: [127.0.0.1/8]}, {name: eth0, addresses: [192.0.2.1/24]}, {name: eth1}]
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h, labels: {host: h}}
spec: {node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1], ports: [{name: web, protocol: TCP, port: 8080}]}
"""
POLICY = """
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p%d}
spec: {selector: has(host), %s}
"""
TO_HOST = {"node": "n1", "inInterface": "eth0", "source": "203.0.113.7", "destination": "192.0.2.1"}
TCP = {**TO_HOST, "protocol": "TCP"}
UDP = {**TO_HOST, "protocol": "UDP"}
ICMP = {**TO_HOST, "protocol": "ICMP"}


def cluster(*policies: str) -> Cluster:
    return Cluster.parse(NODE + "".join(POLICY % (index, text) for index, text in enumerate(policies)))


def ask(query: Mapping[str, object], *policies: str) -> Verdict:
    return cluster(*policies).verdict(Packet.parse(query))


def allow(rule: str, more: str = "") -> str:
    return f"ingress: [{{action: Allow, {rule}}}], types: [Ingress]{more}"


FAILSAFE_PORT, OTHER_PORT = {"destinationPort": 22}, {"destinationPort": 80}
NAMED = "protocol: TCP, destination: {ports: [web]}"
TWO_HALVES = "protocol: TCP, source: {ports: ['1:30000', '30001:65535']}"
PRE_DNAT = (
    "preDNAT: true, applyOnForward: true, ingress: [{action: Deny, protocol: TCP, destination: {ports: [30000]}}]"
)
FORWARDED = {"outInterface": "eth1", "preDNATDestination": "192.0.2.1", "sourcePort": 5}
RANGE = "protocol: TCP, source: {ports: ['100:200']}"

# (what, query, policy, decision, the key that it depends on)
CASES = [
    ("failsafes alone", TCP, allow("protocol: UDP"), "UNCERTAIN", "destinationPort"),
    ("failsafes and every other port", TCP, allow("protocol: TCP"), "ALLOW", None),
    ("a failsafe port", {**TCP, **FAILSAFE_PORT}, allow(RANGE), "ALLOW", None),
    ("source ports", {**TCP, **OTHER_PORT}, allow(RANGE), "UNCERTAIN", "sourcePort"),
    ("a source port inside", {**TCP, **OTHER_PORT, "sourcePort": 200}, allow(RANGE), "ALLOW", None),
    ("a source port outside", {**TCP, **OTHER_PORT, "sourcePort": 201}, allow(RANGE), "DENY", None),
    ("all source ports in two halves", {**TCP, **OTHER_PORT}, allow(TWO_HALVES), "UNCERTAIN", "sourcePort"),
    ("the last port", {**TCP, **OTHER_PORT}, allow("protocol: TCP, source: {notPorts: [65535]}"), "UNCERTAIN", "sourcePort"),
    ("a named port", {**TCP, "sourcePort": 40000}, allow(NAMED), "UNCERTAIN", "destinationPort"),
    ("rules for another protocol", {**UDP, "destinationPort": 80}, allow(RANGE), "DENY", None),
    ("a protocol without ports", {**TO_HOST, "protocol": 253}, allow("protocol: 253"), "ALLOW", None),
    ("ICMP type", ICMP, allow("protocol: ICMP, icmp: {type: 8}"), "UNCERTAIN", "icmpType"),
    ("every ICMP type", ICMP, allow("protocol: ICMP"), "ALLOW", None),
    ("not one ICMP type", ICMP, allow("protocol: ICMP, notICMP: {type: 254}"), "UNCERTAIN", "icmpType"),
    ("ICMP code", {**ICMP, "icmpType": 3}, allow("protocol: ICMP, icmp: {type: 3, code: 255}"), "UNCERTAIN", "icmpCode"),
    ("another type's code", {**ICMP, "icmpType": 8}, allow("protocol: ICMP, icmp: {type: 3, code: 4}"), "DENY", None),
    ("an established connection", {**TCP, "conntrackState": "ESTABLISHED"}, allow(RANGE), "ALLOW", None),
    ("no host endpoint", {**TCP, "inInterface": "eth1"}, allow(RANGE), "NO_POLICY", None),
    ("port before DNAT", {**TCP, **OTHER_PORT, **FORWARDED}, PRE_DNAT, "UNCERTAIN", "preDNATPort"),
    ("untracked policy that denies all but replies of failsafes", {**TCP, "destinationPort": 80},
     "doNotTrack: true, applyOnForward: true, ingress: [{action: Deny}]", "DENY", None),
    ("the same, where nothing else denies replies", {**TCP, "destinationPort": 80, "outInterface": "eth1"},
     "doNotTrack: true, applyOnForward: true, ingress: [{action: Deny}]", "UNCERTAIN", "sourcePort"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "policy", "decision", "key"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_open_packet(query: Mapping[str, object], policy: str, decision: str, key: str | None) -> None:
    verdict = ask(query, policy)
    assert verdict.decision.value == decision, verdict.explain()
    assert verdict.depends_on == (() if key is None else (key,))
    if key is None:
        assert verdict.allowed is (decision in ("ALLOW", "NO_POLICY"))
        assert verdict.witnesses == ()
    else:
        _both_sides(verdict, query, policy, key)


def _both_sides(verdict: Verdict, query: Mapping[str, object], policy: str, key: str) -> None:
    """The witnesses are the question with its open keys filled in; they differ in the one key and have the decisions."""
    one, other = (dict(witness.packet.to_query()) for witness in verdict.witnesses)
    assert {name: value for name, value in one.items() if name in query} == dict(query)
    assert {name for name in one if one[name] != other[name]} == {key}
    assert verdict.witnesses[0].decision != verdict.witnesses[1].decision
    for witness in verdict.witnesses:
        assert ask(witness.packet.to_query(), policy).decision is witness.decision
    with pytest.raises(UncertainVerdict, match=key):
        assert verdict.allowed


@pytest.mark.parametrize(("key", "highest"), [("sourcePort", 65535), ("destinationPort", 65535)])
def test_every_port_of_all_asked_one_by_one(key: str, highest: int) -> None:
    """No shortcut: the ports at which the answer changes are those that the rules name, and none is missed."""
    world = cluster(
        allow("protocol: TCP, source: {ports: [7, '100:200', 65535]}, destination: {ports: [9]}"),
        allow("protocol: TCP, source: {ports: [1000]}, destination: {ports: ['3000:3001', web], notPorts: [8081]}"),
    )
    others = {"sourcePort": 1000, "destinationPort": 9}
    others.pop(key)
    open_packet = Packet.parse({**TCP, **others})
    field = open_packet.open_fields[0]
    packets = [open_packet.with_fields({field: value}) for value in range(highest + 1)]
    decisions = {verdict.decision for verdict in world.verdicts(packets)}
    assert decisions == {Decision.ALLOW, Decision.DENY}
    verdict = world.verdict(open_packet)
    assert {witness.decision for witness in verdict.witnesses} == decisions
    assert verdict.depends_on == (key,)


def test_too_many_combinations_are_said_and_not_tried() -> None:
    ports = [", ".join(f"'{port}:{port}'" for port in range(start, 65000, 300)) for start in (1, 2, 3, 4)]
    rules = ", ".join(
        f"{{action: Allow, protocol: TCP, source: {{ports: [{own}]}}, destination: {{ports: [{own}]}}}}"
        for own in ports
    )
    with pytest.raises(OutOfScope, match="sourcePort and destinationPort are all open"):
        ask(TCP, f"ingress: [{rules}], types: [Ingress]")
