"""Laws of packet queries, one a test."""

from __future__ import annotations

import json
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from calico_engine import InvalidPacket, Packet

SCHEMA = json.loads((resources.files("calico_engine") / "schemas" / "packet-query.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())

ODD: st.SearchStrategy[object] = st.sampled_from([None, True, "", " ", [], {}, -1, 1e9, "x", "22"])
INTERFACES = st.sampled_from(["eth0", "lo", "cali1"])
ADDRESSES = st.sampled_from(["192.0.2.1", "10.0.0.0", "255.255.255.255"])
ODD_ADDRESSES = st.sampled_from(
    ["10.0.0.1/32", "010.0.0.1", "10.0.0", "10.0.0.256", "fe80::1%eth0", "::g", "localhost"]
)
PORTS = st.integers(-1, 65536)
OCTETS = st.integers(-1, 256)
PROTOCOLS = st.sampled_from(
    [
        "TCP",
        "udp",
        "Sctp",
        "ICMP",
        "icmpv6",
        "UDPLite",
        "6",
        "017",
        "256",
        "0006",
        "ip",
        0,
        1,
        6,
        17,
        33,
        58,
        136,
        255,
        256,
    ]
)
STATES = st.sampled_from(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "new"])
KEYS = {
    "node": st.just("n1"),
    "inInterface": INTERFACES,
    "outInterface": INTERFACES,
    "source": ADDRESSES,
    "destination": ADDRESSES,
    "protocol": PROTOCOLS,
    "sourcePort": PORTS,
    "destinationPort": PORTS,
    "icmpType": OCTETS,
    "icmpCode": OCTETS,
    "conntrackState": STATES,
    "preDNATDestination": ADDRESSES,
    "preDNATPort": PORTS,
    "preDNATOutInterface": INTERFACES,
}
REQUIRED = ("node", "source", "destination", "protocol")
QUERIES = st.fixed_dictionaries(
    {key: KEYS[key] for key in REQUIRED}, optional={key: KEYS[key] for key in KEYS if key not in REQUIRED}
)


@st.composite
def good_queries(draw: st.DrawFn) -> dict[str, object]:
    """A query that is one."""
    query: dict[str, object] = {key: draw(KEYS[key]) for key in ("node", "source", "destination")}
    query |= draw(
        st.sampled_from([{"inInterface": "eth0"}, {"outInterface": "lo"}, {"inInterface": "a", "outInterface": "b"}])
    )
    query["protocol"] = draw(st.sampled_from(["TCP", "udp", 132, "136", "ICMP", 58, 0, "255"]))
    if query["protocol"] in ("TCP", "udp", 132, "136"):
        optional = ["sourcePort", "destinationPort"]
        query |= {key: draw(st.integers(0, 65535)) for key in draw(st.sets(st.sampled_from(optional)))}
    elif query["protocol"] in ("ICMP", 58):
        query |= dict(zip(("icmpType", "icmpCode"), draw(st.lists(st.integers(0, 255), max_size=2)), strict=False))
    if draw(st.booleans()):
        query["preDNATDestination"] = draw(ADDRESSES)
    if draw(st.booleans()):
        query["conntrackState"] = draw(st.sampled_from(["NEW", "INVALID", "UNTRACKED"]))
    return query


@st.composite
def spoilt_queries(draw: st.DrawFn) -> dict[str, object]:
    """A query in which one key may be missing, odd, or none of a packet's."""
    query: dict[str, object] = dict(draw(good_queries() | QUERIES))
    key = draw(st.sampled_from([*KEYS, "sourceport"]))
    change = draw(st.sampled_from(["keep", "drop", "spoil"]))
    if change == "drop":
        query.pop(key, None)
    elif change == "spoil":
        query[key] = draw(ODD_ADDRESSES | ODD if key in ("source", "destination", "preDNATDestination") else ODD)
    return query


def _accepted(query: dict[str, object]) -> bool:
    try:
        Packet.parse(query)
    except InvalidPacket:
        return False
    return True


@given(spoilt_queries())
def test_the_schema_accepts_what_the_parser_accepts(query: dict[str, object]) -> None:
    assert VALIDATOR.is_valid(query) is _accepted(query)


@given(good_queries())
def test_a_packet_is_read_back_from_its_query(query: dict[str, object]) -> None:
    packet = Packet.parse(query)
    again = packet.to_query()
    assert Packet.parse(json.loads(json.dumps(again))) == packet
    assert VALIDATOR.is_valid(again)
