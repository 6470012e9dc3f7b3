"""Laws of open questions, one a test: what is answered for an open field is what asking every value of it gives."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from calico_engine import Cluster, Decision, Packet
from calico_engine.packets import OPEN_FIELDS

#: Ports that rules name, in a small domain and at its far end.
PORTS = st.sampled_from([1, 2, 5, 22, 53, 80, 65534, 65535])
RANGES = st.tuples(PORTS, PORTS).map(lambda pair: f"{min(pair)}:{max(pair)}")
PORT_LISTS = st.lists(PORTS | RANGES | st.just("web"), min_size=1, max_size=3)
ICMP_VALUES = st.sampled_from([0, 3, 8, 253, 254])
#: Around every port that rules name or Felix itself knows, and some others.
KNOWN = (179, 2379, 2380, 4789, 5473, 6443, 6666, 6667, 8080, 51820, 51821)
PORT_DOMAIN = sorted(
    {
        *range(9),
        *range(20, 25),
        *range(51, 55),
        *range(66, 70),
        *range(79, 82),
        *(port + step for port in KNOWN for step in (-1, 0, 1)),
        30000,
        *range(65530, 65536),
    }
)
SPARSE_PORT_DOMAIN = [0, 1, 2, 3, 5, 6, 22, 23, 53, 54, 67, 68, 80, 81, 179, 4789, 6443, 8080, 8081, 65534, 65535]


@st.composite
def rules(draw: st.DrawFn) -> dict[str, object]:
    """A rule about ports or ICMP values."""
    rule: dict[str, object] = {"action": draw(st.sampled_from(["Allow", "Deny", "Pass", "Log"]))}
    protocol = draw(st.sampled_from(["TCP", "UDP", "ICMP", None]))
    if protocol is None:
        return rule
    rule["protocol"] = protocol
    if protocol == "ICMP":
        match = {"type": draw(ICMP_VALUES)} | draw(st.fixed_dictionaries({}, optional={"code": ICMP_VALUES}))
        rule[draw(st.sampled_from(["icmp", "notICMP"]))] = match
        return rule
    for side in draw(st.sets(st.sampled_from(["source", "destination"]))):
        rule[side] = {draw(st.sampled_from(["ports", "notPorts"])): draw(PORT_LISTS)}
    return rule


@st.composite
def policies(draw: st.DrawFn, name: str) -> dict[str, object]:
    flags = draw(st.sampled_from([{}, {}, {"applyOnForward": True}, {"preDNAT": True}, {"doNotTrack": True}]))
    spec: dict[str, object] = {
        "ingress": draw(st.lists(rules(), min_size=1, max_size=3)),
        "types": ["Ingress"],
        **flags,
    }
    if "preDNAT" not in flags and draw(st.booleans()):
        spec |= {"egress": draw(st.lists(rules(), max_size=2)), "types": ["Ingress", "Egress"]}
    if flags:
        spec["applyOnForward"] = True
    return _document("GlobalNetworkPolicy", name, spec)


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    ports = [{"name": "web", "protocol": "TCP", "port": 8080}, {"name": "web", "protocol": "UDP", "port": 53}]
    spec: dict[str, object] = {"node": "n1", "interfaceName": "eth0", "expectedIPs": ["192.0.2.1"], "ports": ports}
    spec["profiles"] = draw(st.sampled_from([[], ["projectcalico-default-allow"]]))
    documents = [
        _document("HostEndpoint", "h", spec),
        *(draw(policies(f"p{i}")) for i in range(draw(st.integers(1, 3)))),
    ]
    if draw(st.booleans()):
        felix = {"failsafeInboundHostPorts": [], "wireguardEnabled": True}
        documents.append(_document("FelixConfiguration", "default", felix))
    return Cluster.parse("\n---\n".join(map(json.dumps, documents)))


def _document(kind: str, name: str, spec: Mapping[str, object]) -> dict[str, object]:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": name}, "spec": spec}


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    """A packet with at least one open field."""
    ways: list[dict[str, object]] = [
        {"inInterface": "eth0"},
        {"outInterface": "eth0"},
        {"inInterface": "eth0", "outInterface": "eth1"},
        {"inInterface": "eth1", "outInterface": "eth0"},
    ]
    query = {"node": "n1", "source": "192.0.2.1", "destination": "192.0.2.1", **draw(st.sampled_from(ways))}
    query["conntrackState"] = draw(st.sampled_from(["NEW", "NEW", "ESTABLISHED", "INVALID", "UNTRACKED"]))
    query["protocol"] = draw(st.sampled_from(["TCP", "UDP", "ICMP"]))
    if draw(st.booleans()):
        query["preDNATDestination"] = "192.0.2.1"
    full = Packet.parse(query)
    closed = draw(st.sets(st.sampled_from(full.open_fields), max_size=len(full.open_fields) - 1))
    values = {"icmp_code": draw(ICMP_VALUES), "icmp_type": draw(ICMP_VALUES)}
    return full.with_fields({name: values.get(name, draw(PORTS)) for name in closed})


@st.composite
def layers(draw: st.DrawFn) -> tuple[Cluster, Packet]:
    """Rules about one thing only, laid over each other, and a packet that leaves it open.

    What is behind the end of one rule's values matters here, where in a mixed world it hardly ever does.
    """
    few = st.sampled_from([1, 2, 5, 65535])
    ranges = st.lists(st.tuples(few, few).map(lambda pair: f"{min(pair)}:{max(pair)}"), min_size=1, max_size=2)
    side = draw(st.sampled_from(["source", "destination", "icmp"]))
    values = st.sampled_from([0, 3, 254])
    icmp = st.fixed_dictionaries({"type": values}, optional={"code": values})
    match: st.SearchStrategy[dict[str, object]] = st.builds(
        lambda name, wanted: {"protocol": "ICMP", name: wanted}, st.sampled_from(["icmp", "icmp", "notICMP"]), icmp
    )
    if side != "icmp":
        match = st.builds(
            lambda name, wanted: {"protocol": "TCP", side: {name: wanted}},
            st.sampled_from(["ports", "notPorts"]),
            ranges,
        )
    actions = st.sampled_from(["Allow", "Deny"])
    found = [
        {"action": action, **one} for action, one in draw(st.lists(st.tuples(actions, match), min_size=2, max_size=4))
    ]
    endpoint = _document("HostEndpoint", "h", {"node": "n1", "interfaceName": "eth0"})
    policy = _document("GlobalNetworkPolicy", "layers", {"types": ["Ingress"], "ingress": found})
    query: dict[str, object] = {"node": "n1", "inInterface": "eth0", "source": "192.0.2.7", "destination": "192.0.2.1"}
    query |= {"protocol": "ICMP"} if side == "icmp" else {"protocol": "TCP"}
    if side != "icmp":
        query["destinationPort" if side == "source" else "sourcePort"] = 7
    return Cluster.parse(json.dumps(endpoint) + "\n---\n" + json.dumps(policy)), Packet.parse(query)


WORLDS = st.tuples(clusters(), packets()) | layers()


def brute(cluster: Cluster, packet: Packet) -> set[Decision]:
    """The decisions on every packet that the open one may be."""
    names = packet.open_fields
    domains = [_domain(name, len(names)) for name in names]
    filled = (packet.with_fields(dict(zip(names, values, strict=True))) for values in itertools.product(*domains))
    return {verdict.decision for verdict in cluster.verdicts(filled)}


def _domain(name: str, how_many: int) -> Iterable[int]:
    if name.startswith("icmp"):
        return range(256) if how_many == 1 else [0, 1, 3, 4, 8, 9, 131, 253, 254, 255]
    return {1: PORT_DOMAIN, 2: SPARSE_PORT_DOMAIN}.get(how_many, SPARSE_PORT_DOMAIN[::3])


@settings(max_examples=200, deadline=None)
@given(WORLDS)
def test_an_open_question_is_answered_as_all_its_packets(world: tuple[Cluster, Packet]) -> None:
    cluster, packet = world
    verdict, decisions = cluster.verdict(packet), brute(cluster, packet)
    if verdict.decision is not Decision.UNCERTAIN:
        assert decisions == {verdict.decision}
    elif len(packet.open_fields) == 1:
        # With more fields open, the few combinations tried here need not hold one for each side; the witnesses do.
        assert decisions >= {witness.decision for witness in verdict.witnesses}


@settings(max_examples=200, deadline=None)
@given(WORLDS)
def test_witnesses_differ_in_the_one_key_and_have_their_decisions(world: tuple[Cluster, Packet]) -> None:
    cluster, packet = world
    verdict = cluster.verdict(packet)
    if verdict.decision is not Decision.UNCERTAIN:
        assert verdict.witnesses == ()
        return
    one, other = (witness.packet.to_query() for witness in verdict.witnesses)
    assert tuple(key for key in one if one[key] != other[key]) == verdict.depends_on
    for witness in verdict.witnesses:
        filled = {name: getattr(witness.packet, name) for name in packet.open_fields}
        assert packet.with_fields(filled) == witness.packet
        assert all(0 <= value <= OPEN_FIELDS[name] for name, value in filled.items())
        assert cluster.verdict(witness.packet).decision is witness.decision
    assert len({witness.decision for witness in verdict.witnesses}) == 2


@settings(max_examples=60, deadline=None)
@given(clusters(), packets())
def test_closing_a_field_never_contradicts(cluster: Cluster, packet: Packet) -> None:
    """What is certain stays so when the question says more."""
    verdict = cluster.verdict(packet)
    name = packet.open_fields[0]
    for value in (0, 1, 5, 22, 80, 254):
        closed = cluster.verdict(packet.with_fields({name: value}))
        assert verdict.decision in (Decision.UNCERTAIN, closed.decision)


@settings(max_examples=60, deadline=None)
@given(clusters(), st.sampled_from(["tcp/80", "tcp/22", "udp/53", "icmp/8"]), st.integers(32768, 60999))
def test_a_certain_connection_holds_for_every_source_port(cluster: Cluster, service: str, port: int) -> None:
    verdict = cluster.check("203.0.113.7", "n1", service)
    if service.startswith("icmp"):
        assert "sourcePort" not in verdict.depends_on
        return
    settled = cluster.check("203.0.113.7", "n1", service, source_port=port)
    assert verdict.decision in (Decision.UNCERTAIN, settled.decision)
