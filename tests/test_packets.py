"""Packet queries: what every key means, and that every mistake names its key."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calico_engine import InvalidPacket, Packet
from calico_engine.packets import (
    OPEN_FIELDS,
    PROTOCOL_NUMBERS,
    QUERY_KEYS,
    ConntrackState,
    HookPath,
    format_address,
    parse_address,
    protocol_number,
)

Query = Mapping[str, object]
BASE: Query = {
    "node": "n1",
    "inInterface": "eth0",
    "source": "203.0.113.7",
    "destination": "192.0.2.1",
    "protocol": "TCP",
}
V6: Query = {**BASE, "source": "2001:db8::7", "destination": "2001:db8::1"}
PING: Query = {**BASE, "protocol": "ICMP"}
DNATED: Query = {**BASE, "preDNATDestination": "192.0.2.9"}
OUT: Query = {key: value for key, value in BASE.items() if key != "inInterface"} | {"outInterface": "eth0"}


def v4(text: str) -> int:
    return int(ipaddress.IPv4Address(text))


def v6(text: str) -> int:
    return int(ipaddress.IPv6Address(text))


#: (query, the attributes of its packet)
READ: list[tuple[Query, Mapping[str, object]]] = [
    (BASE, {"node": "n1", "version": 4, "source": v4("203.0.113.7"), "destination": v4("192.0.2.1"), "protocol": 6}),
    (BASE, {"in_interface": "eth0", "out_interface": None, "path": HookPath.TO_HOST}),
    (BASE, {"source_port": None, "destination_port": None, "icmp_type": None, "icmp_code": None}),
    (BASE, {"conntrack_state": ConntrackState.NEW, "dnat": False, "pre_dnat_destination": None, "pre_dnat_port": None}),
    (OUT, {"in_interface": None, "out_interface": "eth0", "path": HookPath.FROM_HOST}),
    ({**BASE, "outInterface": "eth1"}, {"out_interface": "eth1", "path": HookPath.FORWARD}),
    (V6, {"version": 6, "source": v6("2001:db8::7"), "destination": v6("2001:db8::1")}),
    ({**BASE, "source": "::ffff:10.0.0.1"}, {"version": 4, "source": v4("10.0.0.1")}),
    ({**V6, "source": "2001:DB8:0::7"}, {"source": v6("2001:db8::7")}),
    ({**BASE, "sourcePort": 0, "destinationPort": 65535}, {"source_port": 0, "destination_port": 65535}),
    ({**BASE, "protocol": "UDPLite", "sourcePort": 1}, {"protocol": 136, "source_port": 1}),
    ({**BASE, "protocol": 33, "destinationPort": 1}, {"protocol": 33, "destination_port": 1}),
    ({**PING, "icmpType": 8}, {"protocol": 1, "icmp_type": 8, "icmp_code": None}),
    ({**PING, "icmpType": 255, "icmpCode": 0}, {"icmp_type": 255, "icmp_code": 0}),
    ({**V6, "protocol": "ICMPv6", "icmpType": 128}, {"protocol": 58, "icmp_type": 128}),
    ({**V6, "protocol": "ICMP"}, {"version": 6, "protocol": 1}),
    (DNATED, {"dnat": True, "pre_dnat_destination": v4("192.0.2.9"), "pre_dnat_port": None}),
    ({**DNATED, "preDNATPort": 30080}, {"pre_dnat_port": 30080}),
    ({**OUT, "preDNATDestination": "10.96.0.1", "preDNATOutInterface": "eth1"}, {"pre_dnat_out_interface": "eth1"}),
    ({**V6, "preDNATDestination": "fd00::1"}, {"pre_dnat_destination": v6("fd00::1")}),
    *(({**BASE, "conntrackState": state.value}, {"conntrack_state": state}) for state in ConntrackState),
    *(({**BASE, "protocol": name}, {"protocol": number}) for name, number in PROTOCOL_NUMBERS.items()),
    *(({**BASE, "protocol": name.lower()}, {"protocol": number}) for name, number in PROTOCOL_NUMBERS.items()),
    *(({**BASE, "protocol": number}, {"protocol": number}) for number in (0, 1, 6, 132, 255)),
    *(({**BASE, "protocol": text}, {"protocol": int(text)}) for text in ("0", "6", "017", "255")),
]

NO_TEXT: tuple[object, ...] = (None, "", 5, True, ["n1"], {})
NO_ADDRESS = (None, "", 5, "n1", "10.0.0.1/32", "010.0.0.1", "10.0.0", "fe80::1%eth0", " 10.0.0.1", ["10.0.0.1"])
NO_PORT = (None, "22", -1, 65536, 1.0, True, [22])
NO_OCTET = (None, "8", -1, 256, 0.0, False)
NO_PROTOCOL = (None, "", "ip", "tcp ", "256", "-1", "0x6", "٦", 256, -1, 6.0, True, ["TCP"])
NO_STATE = (None, "", "new", "SYN", 1, ["NEW"])
#: (query, the key that its error names)
REFUSED: list[tuple[Query, str]] = [
    *(({key: value for key, value in BASE.items() if key != missing}, missing) for missing in BASE),
    *(({**BASE, key: value}, key) for key in ("node", "inInterface", "outInterface") for value in NO_TEXT),
    *(({**BASE, key: value}, key) for key in ("source", "destination", "preDNATDestination") for value in NO_ADDRESS),
    *(({**BASE, key: value}, key) for key in ("sourcePort", "destinationPort") for value in NO_PORT),
    *(({**DNATED, "preDNATPort": value}, "preDNATPort") for value in NO_PORT),
    *(({**PING, "icmpType": value}, "icmpType") for value in NO_OCTET),
    *(({**PING, "icmpType": 8, "icmpCode": value}, "icmpCode") for value in NO_OCTET),
    *(({**BASE, "protocol": value}, "protocol") for value in NO_PROTOCOL),
    *(({**BASE, "conntrackState": value}, "conntrackState") for value in NO_STATE),
    *(({**OUT, "preDNATDestination": "10.96.0.1", "preDNATOutInterface": v}, "preDNATOutInterface") for v in NO_TEXT),
    # keys that a packet does not have
    ({**BASE, "sourceport": 1}, "sourceport"),
    ({**BASE, "path": "TO_HOST"}, "path"),
    ({**BASE, "": 1}, ""),
    # keys that do not go together
    ({**BASE, "destination": "2001:db8::1"}, "destination"),
    ({**V6, "source": "10.0.0.1"}, "destination"),
    ({**DNATED, "preDNATDestination": "fd00::1"}, "preDNATDestination"),
    ({**PING, "sourcePort": 1}, "sourcePort"),
    ({**PING, "destinationPort": 1}, "destinationPort"),
    ({**BASE, "protocol": 47, "destinationPort": 1}, "destinationPort"),
    ({**PING, "preDNATDestination": "192.0.2.9", "preDNATPort": 1}, "preDNATPort"),
    ({**BASE, "icmpType": 8}, "icmpType"),
    ({**BASE, "protocol": 58 + 1, "icmpType": 8}, "icmpType"),
    ({**PING, "icmpCode": 0}, "icmpCode"),
    ({**BASE, "preDNATPort": 30080}, "preDNATPort"),
    ({**OUT, "preDNATOutInterface": "eth1"}, "preDNATOutInterface"),
    ({**DNATED, "preDNATOutInterface": "eth1"}, "preDNATOutInterface"),
]

#: (query, the fields that it leaves open)
OPEN: list[tuple[Query, tuple[str, ...]]] = [
    (BASE, ("source_port", "destination_port")),
    ({**BASE, "sourcePort": 1}, ("destination_port",)),
    ({**BASE, "sourcePort": 1, "destinationPort": 0}, ()),
    ({**BASE, "protocol": "UDP"}, ("source_port", "destination_port")),
    ({**BASE, "protocol": "SCTP"}, ("source_port", "destination_port")),
    ({**BASE, "protocol": "UDPLite"}, ()),
    ({**BASE, "protocol": 47}, ()),
    (DNATED, ("source_port", "destination_port", "pre_dnat_port")),
    ({**DNATED, "preDNATPort": 30080}, ("source_port", "destination_port")),
    ({**DNATED, "protocol": "ICMP"}, ("icmp_type", "icmp_code")),
    (PING, ("icmp_type", "icmp_code")),
    ({**PING, "icmpType": 0}, ("icmp_code",)),
    ({**PING, "icmpType": 0, "icmpCode": 0}, ()),
    ({**V6, "protocol": "ICMPv6"}, ("icmp_type", "icmp_code")),
]


@pytest.mark.parametrize(("query", "attributes"), READ)
def test_what_a_query_means(query: Query, attributes: Mapping[str, object]) -> None:
    packet = Packet.parse(query)
    assert {name: getattr(packet, name) for name in attributes} == attributes


@pytest.mark.parametrize(("query", "key"), REFUSED)
def test_a_mistake_names_its_key(query: Query, key: str) -> None:
    with pytest.raises(InvalidPacket) as raised:
        Packet.parse(query)
    assert raised.value.key == key
    assert str(raised.value).startswith(f"{key}: ")
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(("query", "fields"), OPEN)
def test_open_fields(query: Query, fields: tuple[str, ...]) -> None:
    packet = Packet.parse(query)
    assert packet.open_fields == fields
    filled = packet.with_fields(dict.fromkeys(fields, 7))
    assert filled.open_fields == ()
    assert all(getattr(filled, name) == 7 for name in fields)


def test_every_attribute_has_a_key() -> None:
    derived = {"version", "path"}
    assert set(QUERY_KEYS) == {field.name for field in dataclasses.fields(Packet)} - derived
    assert set(OPEN_FIELDS) <= set(QUERY_KEYS)


def test_packets_are_values() -> None:
    packet = Packet.parse(BASE)
    assert packet == Packet.parse(BASE)
    assert hash(packet) == hash(Packet.parse(BASE))
    assert packet != Packet.parse({**BASE, "conntrackState": "INVALID"})
    with pytest.raises(dataclasses.FrozenInstanceError):
        packet.node = "n2"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "number"),
    [("tcp", 6), ("ICMPv6", 58), ("icmpV6", 58), ("6", 6), ("255", 255), ("256", None), ("", None), ("²", None)],
)
def test_protocol_numbers(text: str, number: int | None) -> None:
    assert protocol_number(text) == number


_ADDRESSES = {4: st.integers(0, 2**32 - 1), 6: st.integers(0, 2**128 - 1).filter(lambda value: value >> 32 != 0xFFFF)}
_NAMES = st.text(min_size=1, max_size=15)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    """Any packet that a query can describe."""
    version, protocol = draw(st.sampled_from([4, 6])), draw(st.integers(0, 255) | st.sampled_from([1, 6, 17, 58, 132]))
    way = draw(st.sampled_from(list(HookPath)))
    dnat = draw(st.none() | _ADDRESSES[version])
    ported, icmp = protocol in (6, 17, 33, 132, 136), protocol in (1, 58)
    ports, octets = st.none() | st.integers(0, 65535), st.none() | st.integers(0, 255)
    icmp_type = draw(octets) if icmp else None
    return Packet(
        node=draw(_NAMES),
        version=version,
        source=draw(_ADDRESSES[version]),
        destination=draw(_ADDRESSES[version]),
        protocol=protocol,
        in_interface=None if way is HookPath.FROM_HOST else draw(_NAMES),
        out_interface=None if way is HookPath.TO_HOST else draw(_NAMES),
        source_port=draw(ports) if ported else None,
        destination_port=draw(ports) if ported else None,
        icmp_type=icmp_type,
        icmp_code=None if icmp_type is None else draw(octets),
        conntrack_state=draw(st.sampled_from(ConntrackState)),
        pre_dnat_destination=dnat,
        pre_dnat_port=draw(ports) if ported and dnat is not None else None,
        pre_dnat_out_interface=draw(st.none() | _NAMES) if way is HookPath.FROM_HOST and dnat is not None else None,
    )


@settings(derandomize=True)
@given(packets())
def test_a_packet_is_read_back_from_its_query(packet: Packet) -> None:
    assert Packet.parse(packet.to_query()) == packet


@settings(derandomize=True)
@given(packets())
def test_a_query_says_nothing_twice(packet: Packet) -> None:
    """Only what differs from the default is written, and what is open is not."""
    query = packet.to_query()
    assert "conntrackState" not in query or query["conntrackState"] != "NEW"
    assert not {QUERY_KEYS[name] for name in packet.open_fields} & set(query)
    assert None not in query.values()


@settings(derandomize=True)
@given(st.sampled_from([4, 6]).flatmap(lambda version: st.tuples(st.just(version), _ADDRESSES[version])))
def test_an_address_is_read_back_from_its_text(address: tuple[int, int]) -> None:
    version, value = address
    assert parse_address(format_address(value, version)) == address
