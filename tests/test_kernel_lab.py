"""What is sent to a real kernel, and what is not. The run itself needs root: see `kernel_lab`."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Any

import pytest

from felix_oracle.packets import Query
from kernel_lab.questions import unaskable
from kernel_lab.wire import ip_packet

LABEL = b"\x80abcdefg"
OWN = frozenset(map(ip_address, ("192.0.2.1", "2001:db8::1", "::1")))
INTERFACES = ("lo", "eth0", "cali1")
TO_HOST = {
    "node": "n1",
    "inInterface": "eth0",
    "source": "203.0.113.7",
    "destination": "192.0.2.1",
    "protocol": "TCP",
    "sourcePort": 40000,
    "destinationPort": 22,
}
IPV6 = {"source": "2001:db8:a::5", "destination": "2001:db8::1"}
SENT = {"inInterface": "", "outInterface": "eth0", "source": "192.0.2.1", "destination": "203.0.113.7"}
FORWARDED = {"outInterface": "cali1", "destination": "10.65.0.2"}
NO_PORTS = {"sourcePort": None, "destinationPort": None}
ECHO = {**NO_PORTS, "protocol": "ICMP", "icmpType": 8, "icmpCode": 0}
TRANSLATED = {"preDNATDestination": "203.0.113.9", "preDNATPort": 80}


def query(*changes: dict[str, Any]) -> Query:
    asked = dict(TO_HOST)
    for change in changes:
        asked |= change
    return Query.read(asked)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("protocol", "number"), [("TCP", 6), ("UDP", 17), ("SCTP", 132), ("UDPLite", 136), (33, 33), (47, 47), (253, 253)]
)
def test_packets_are_what_the_query_says(version: int, protocol: object, number: int) -> None:
    asked = query({"protocol": protocol}, IPV6 if version == 6 else {})
    packet = ip_packet(asked, LABEL)
    header = 20 if version == 4 else 40
    addresses = packet[12:20] if version == 4 else packet[8:40]
    assert packet[0] >> 4 == version
    assert packet[9 if version == 4 else 6] == number
    assert addresses == asked.source.packed + asked.destination.packed
    (length,) = struct.unpack_from("!H", packet, 2 if version == 4 else 4)
    assert length == len(packet) - (0 if version == 4 else header)
    assert LABEL in packet[header:]
    if number not in (47, 253):
        assert struct.unpack_from("!HH", packet, header) == (40000, 22)


def test_the_header_of_ipv4_sums_up_to_all_ones() -> None:
    total = sum(struct.unpack("!10H", ip_packet(query(), LABEL)[:20]))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


@pytest.mark.parametrize(("state", "flags"), [("NEW", 0x02), ("INVALID", 0x12), ("ESTABLISHED", 0x10)])
def test_flags_give_a_tcp_packet_its_state(state: str, flags: int) -> None:
    assert ip_packet(query({"conntrackState": state}), LABEL)[20 + 13] == flags


def test_types_and_codes_of_icmp() -> None:
    assert ip_packet(query(ECHO, {"icmpCode": 7}), LABEL)[20:22] == bytes((8, 7))


def test_what_is_translated_is_sent_to_where_it_was_before() -> None:
    packet = ip_packet(query(TRANSLATED), LABEL)
    assert packet[16:20] == ip_address("203.0.113.9").packed
    assert struct.unpack_from("!HH", packet, 20) == (40000, 80)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        (IPV6, None),
        (SENT, None),
        (FORWARDED, None),
        (TRANSLATED, None),
        (ECHO, None),
        ({"conntrackState": "INVALID"}, None),
        ({"conntrackState": "ESTABLISHED"}, None),
        ({**IPV6, **ECHO, "protocol": "ICMPv6", "icmpType": 135, "conntrackState": "UNTRACKED"}, None),
        ({**SENT, "outInterface": "lo", "source": "::1", "destination": "2001:db8::1"}, None),
        ({"conntrackState": "RELATED"}, "conntrack state"),
        ({"conntrackState": "UNTRACKED"}, "conntrack state"),
        ({**ECHO, "icmpType": 0}, "conntrack state"),
        ({**IPV6, **ECHO, "protocol": "ICMPv6", "icmpType": 135}, "conntrack state"),
        ({**IPV6, **ECHO, "protocol": "ICMPv6", "icmpType": 137, "conntrackState": "UNTRACKED"}, "conntrack state"),
        ({**IPV6, **ECHO}, "ICMP of the other IP version"),
        ({"source": "224.0.0.1"}, "address"),
        ({"source": "0.0.0.0"}, "address"),
        ({**IPV6, "source": "fe80::1"}, "address"),
        ({**IPV6, "source": "::1"}, "::1 elsewhere than on lo"),
        ({"destination": "192.0.2.2"}, "not for this node"),
        ({**SENT, "source": "192.0.2.2"}, "not of this node"),
        ({"inInterface": "eth9"}, "interface"),
        ({**FORWARDED, "inInterface": "lo"}, "forwarded over lo"),
        ({"source": "192.0.2.1"}, "to itself"),
        ({**IPV6, **NO_PORTS, "protocol": 44}, "extension header"),
        ({"destinationPort": 0}, "port 0"),
        ({**TRANSLATED, "conntrackState": "ESTABLISHED"}, "conntrack state"),
        ({**TRANSLATED, "conntrackState": "INVALID"}, "translation"),
        ({**TRANSLATED, "protocol": "UDPLite"}, "translation"),
        ({**SENT, **TRANSLATED}, None),
        ({**SENT, **TRANSLATED, "preDNATDestination": SENT["destination"]}, "translation"),
    ],
)
def test_what_a_kernel_can_be_asked(changes: dict[str, Any], reason: str | None) -> None:
    assert unaskable(query(changes), OWN, INTERFACES) == reason
