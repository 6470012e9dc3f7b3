"""The reply to a connection's first packet, where it is a question of its own (spec verdict, section 7).

A reply belongs to a connection that the kernel knows, and passes. Not so where untracked policy is about: what untracked
policy allows is not tracked, so the answer to it comes as a packet that belongs to nothing; and untracked policy sees
every packet, replies to tracked connections too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calico_engine.dataplane.open_fields import Points
from calico_engine.packets import ICMP, ICMP_PROTOCOLS, ICMPV6, TCP, ConntrackState, Packet

#: (protocol, type of the question) → type of the answer.
_ICMP_ANSWERS: Mapping[tuple[int, int], int] = {
    (ICMP, 8): 0,  # echo
    (ICMP, 13): 14,  # timestamp
    (ICMP, 15): 16,  # information
    (ICMP, 17): 18,  # address mask
    (ICMPV6, 128): 129,  # echo
    (ICMPV6, 139): 140,  # node information
}
_VERSIONS = {ICMP: 4, ICMPV6: 6}
#: Discovery of neighbours, routers and listeners (net/netfilter/nf_conntrack_proto_icmpv6.c).
_NEVER_TRACKED = frozenset({*range(130, 137), 143})
#: Which field of the reply has the value of a field of the question.
REPLY_FIELDS: Mapping[str, str] = {"source_port": "destination_port", "destination_port": "source_port"}


def begins_a_connection(packet: Packet) -> bool:
    """Whether the kernel can take the packet for NEW. Of ICMP it takes what asks for an answer, in its own IP version."""
    if packet.protocol not in ICMP_PROTOCOLS or packet.icmp_type is None:
        return True
    if packet.protocol == ICMPV6 and packet.icmp_type in _NEVER_TRACKED:
        return True  # its state is UNTRACKED, which Felix's rules do not tell from NEW
    return packet.version == _VERSIONS[packet.protocol] and (packet.protocol, packet.icmp_type) in _ICMP_ANSWERS


def turned(packet: Packet) -> Packet:
    """A packet of the same connection in the other direction, on the same node."""
    return replace(
        packet,
        source=packet.destination,
        destination=packet.source,
        in_interface=packet.out_interface,
        out_interface=packet.in_interface,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
        # A reply comes from where the packet was sent to in the end.
        pre_dnat_destination=None,
        pre_dnat_port=None,
        pre_dnat_out_interface=None,
    )


def reply_to(packet: Packet, *, untracked: bool) -> Packet | None:
    """The first reply as its node sees it; None where there is none, as to an ICMP error.

    Without an entry in the kernel's table a SYN-ACK and an ICMP answer are INVALID, other packets NEW.
    """
    reply = turned(packet)
    answering = False
    if packet.protocol in ICMP_PROTOCOLS:
        icmp_type = _ICMP_ANSWERS.get((packet.protocol, packet.icmp_type or 0))
        if icmp_type is None:
            return None
        reply, answering = replace(reply, icmp_type=icmp_type, icmp_code=0), True
    if not untracked:
        return replace(reply, conntrack_state=ConntrackState.ESTABLISHED)
    invalid = answering or packet.protocol == TCP
    return replace(reply, conntrack_state=ConntrackState.INVALID if invalid else ConntrackState.NEW)


def question_points(reply_points: Points, protocol: int) -> Points:
    """Where the answer about the reply can change, told by the fields of the question."""
    points: Points = {REPLY_FIELDS.get(name, name): values for name, values in reply_points.items()}
    if "icmp_type" in points:
        # Each type that is answered stands alone: its reply has one type, whatever the rules test.
        asked = [asks for answered, asks in _ICMP_ANSWERS if answered == protocol]
        points["icmp_type"] = points["icmp_type"] | {value for asks in asked for value in (asks, asks + 1)}
    if "icmp_code" in points:
        points["icmp_code"] = set()  # that of an answer is 0
    return points
