"""IPv6 is decided as IPv4 is, wherever nothing is special to one of them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from hypothesis import given

from calico_engine import Packet
from engine_support.laws import LAW, Question, crowded, decisions, dump, loaded, questions

IPV4 = crowded(max_criteria=3, ip_versions=[4], allow_configuration=False, with_hosts=True)
_NET = re.compile(r"\d+\.\d+\.\d+\.\d+(/\d+)?")
#: Each family's ICMP by the other's.
_ICMP = {"ICMP": "ICMPv6", "ICMPv6": "ICMP", 1: 58, 58: 1}


def image(text: str) -> str:
    """The address or network of IPv6 that stands for one of IPv4."""
    address, slash, length = text.partition("/")
    value = IPv6Address(0xFD00 << 112 | int(IPv4Address(address)))
    return f"{value}/{int(length) + 96}" if slash else str(value)


def imaged(value: Any, key: str = "") -> Any:
    """Manifests or a query in which all of IPv4 is turned into IPv6."""
    if isinstance(value, dict):
        return {name: imaged(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [imaged(item) for item in value]
    if key in ("protocol", "notProtocol"):
        return _ICMP.get(value, value)
    if key == "ipVersion":
        return 6
    return image(value) if _NET.fullmatch(str(value)) else value


def is_neighbour_discovery(packet: Packet) -> bool:
    """What workloads may send to their host over IPv6 whatever policy says."""
    return packet.icmp_type in range(130, 137)


@LAW
@given(questions(IPV4, ip_versions=[4]))
def test_both_families_are_decided_alike(question: Question) -> None:
    cluster, packets = question
    asked = [packet for packet in packets if not is_neighbour_discovery(packet)]
    images = [Packet.parse(imaged(packet.to_query())) for packet in asked]
    assert decisions(loaded(imaged(dump(cluster))), images) == decisions(cluster, asked)
