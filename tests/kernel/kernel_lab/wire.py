"""A packet query as the bytes of an IP packet.

Only the header checksum of IPv4 is right: the lab tells conntrack not to look at the others.
"""

from __future__ import annotations

import struct

from felix_oracle.packets import Query

TCP, UDP, DCCP, GRE, SCTP, UDP_LITE = 6, 17, 33, 47, 132, 136
ICMP, ICMPV6 = 1, 58
#: Types that NEW packets may have; others belong to something, or to nothing (nf_conntrack_proto_icmp.c, …_icmpv6.c).
ASKING_TYPES = {ICMP: (8, 13, 15, 17), ICMPV6: (128, 139)}
_SYN, _SYN_ACK, _ACK = 0x02, 0x12, 0x10
_FLAGS = {"NEW": _SYN, "INVALID": _SYN_ACK, "ESTABLISHED": _ACK}


def ip_packet(query: Query, label: bytes) -> bytes:
    """As it is sent, before any translation. The label, eight bytes, can be found in it again."""
    payload = _payload(query, label)
    source, destination = query.source.packed, (query.before or query.destination).packed
    if query.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), query.protocol, 64) + source + destination + payload
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(payload), 1, 0, 64, query.protocol)
    checksum = _checksum(start + source + destination)
    return start + struct.pack("!H", checksum) + source + destination + payload


def _payload(query: Query, label: bytes) -> bytes:
    sport, dport = query.source_port, query.destination_port if query.before is None else query.port_before
    match query.protocol:
        case protocol if protocol == TCP:
            flags = _FLAGS[query.conntrack_state]
            return struct.pack("!HHIIBBHHH", sport, dport, 1, flags & _ACK, 5 << 4, flags, 8192, 0, 0) + label
        case protocol if protocol in (UDP, UDP_LITE):
            # A length, or how much the checksum covers; UDP-Lite without a checksum is invalid to conntrack.
            return struct.pack("!HHHH", sport, dport, 16, protocol == UDP_LITE) + label
        case protocol if protocol == SCTP:
            # An INIT: its tag (not zero) and its window are the label.
            return struct.pack("!HHIIBBH", sport, dport, 0, 0, 1, 0, 20) + label + struct.pack("!HHI", 1, 1, 1)
        case protocol if protocol == DCCP:
            return struct.pack("!HHBBHBBHI", sport, dport, 5, 0, 0, 0, 1, 0, 1) + label
        case protocol if protocol in ASKING_TYPES:
            return struct.pack("!BBHHH", query.icmp_type, query.icmp_code, 0, 7, 1) + label
        case protocol if protocol == GRE:
            return struct.pack("!HH", 0, 0x0800) + label
        case _:
            return label


def _checksum(data: bytes) -> int:
    """Of the internet protocol: the complement of the sum of all 16-bit words."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
