"""Laws of failsafe ports, one a test: where they are (verdict.md 6), and that they only open."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from calico_engine import Cluster, Decision, Packet
from engine_support.laws import LAW, PLAIN, RANK, Question, crowded, decisions, dump, loaded, questions, told

#: Protocol and port of one that is open to hosts, and of one that is open from them.
INBOUND, OUTBOUND = ("TCP", 22), ("UDP", 53)
LOCAL = questions(PLAIN, paths=["TO_HOST", "FROM_HOST"], conntrack_states=["NEW"], allow_dnat=False)


def opened(packets: Iterable[Packet], *, beside: int = 0) -> list[Packet]:
    """The packets that no workload sends, to a failsafe port, or so far beside it."""
    queries = [packet.to_query() for packet in packets if not str(packet.in_interface).startswith("cali")]
    for query in queries:
        protocol, port = INBOUND if "inInterface" in query else OUTBOUND
        query |= {"protocol": protocol, "sourcePort": 40000, "destinationPort": port + beside}
        for key in ("icmpType", "icmpCode"):
            query.pop(key, None)
    return [Packet.parse(query) for query in queries]


def without_failsafes(cluster: Cluster) -> Cluster:
    """Lists for one node win over those for all."""
    none: dict[str, object] = {"failsafeInboundHostPorts": [], "failsafeOutboundHostPorts": []}
    node = {"apiVersion": "projectcalico.org/v3", "kind": "FelixConfiguration", "spec": none}
    names = sorted(cluster.compiled.nodes)
    return loaded([*dump(cluster), *({**node, "metadata": {"name": f"node.{name}"}} for name in names)])


@LAW
@given(LOCAL)
def test_failsafes_win_over_all_policy_of_local_processes(question: Question) -> None:
    cluster, packets = question
    assert Decision.DENY not in decisions(cluster, opened(packets))


@LAW
@given(LOCAL)
def test_failsafes_only_open(question: Question) -> None:
    cluster, packets = question
    asked = [*packets, *opened(packets)]
    closed = decisions(without_failsafes(cluster), asked)
    assert all(RANK[now] >= RANK[old] for old, now in zip(closed, decisions(cluster, asked), strict=True))


@LAW
@given(questions(crowded(kinds=["normal", "applyOnForward"]), paths=["FORWARD"]))
def test_failsafes_never_help_forwarded_packets(question: Question) -> None:
    cluster, packets = question
    assert told(without_failsafes(cluster), packets) == told(cluster, packets)


@LAW
@given(questions(crowded(max_host_endpoints=0)))
def test_failsafes_are_not_for_workloads(question: Question) -> None:
    cluster, packets = question
    assert told(without_failsafes(cluster), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_failsafes_say_nothing_of_other_ports(question: Question) -> None:
    cluster, packets = question
    asked = (*packets, *opened(packets, beside=1))
    others = [packet for packet in asked if not ports_of(packet) & failsafe_ports(cluster, packet.node)]
    assert told(without_failsafes(cluster), others) == told(cluster, others)


def ports_of(packet: Packet) -> set[int | None]:
    return {packet.source_port, packet.destination_port, packet.pre_dnat_port}


def failsafe_ports(cluster: Cluster, node: str) -> set[int | None]:
    configuration = cluster.felix_configuration(node)
    return {each.port for each in (*configuration.failsafe_inbound, *configuration.failsafe_outbound)}


@LAW
@given(questions(), st.sampled_from(["10.0.0.0/8", "0.0.0.0/0"]))
def test_failsafes_of_the_other_family_are_not_there(question: Question, net: str) -> None:
    cluster, packets = question
    of_ipv6 = [packet for packet in (*packets, *opened(packets)) if packet.version == 6]
    closed = without_failsafes(cluster)
    manifests = dump(closed)
    for each in manifests:
        if each["metadata"]["name"].startswith("node."):
            each["spec"]["failsafeInboundHostPorts"] = [{"protocol": "tcp", "port": 22, "net": net}]
    assert told(loaded(manifests), of_ipv6) == told(closed, of_ipv6)
