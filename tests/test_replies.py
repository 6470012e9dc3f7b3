"""The first reply to a packet: what it carries, and what the kernel takes it for."""

from __future__ import annotations

from itertools import product

import pytest

from calico_engine import Packet
from calico_engine.analysis.connections.replies import reply_to, turned
from calico_engine.packets import ICMP, ICMPV6, SCTP, TCP, UDP, ConntrackState

#: Protocol → type of a question → type of its answer.
ANSWERED = {ICMP: {8: 0, 13: 14, 15: 16, 17: 18}, ICMPV6: {128: 129, 139: 140}}


def packet(**fields: object) -> Packet:
    query = {
        "node": "n1",
        "inInterface": "eth0",
        "outInterface": "eth1",
        "source": "10.0.0.9",
        "destination": "10.0.0.1",
    }
    return Packet.parse({**query, **fields})


@pytest.mark.parametrize("protocol", [TCP, UDP, SCTP])
def test_a_reply_has_both_ends_exchanged(protocol: int) -> None:
    sent = packet(protocol=protocol, sourcePort=40000, destinationPort=80)
    reply = packet(protocol=protocol, sourcePort=80, destinationPort=40000).to_query()
    reply |= {"source": "10.0.0.1", "destination": "10.0.0.9", "inInterface": "eth1", "outInterface": "eth0"}
    assert turned(sent) == Packet.parse(reply)
    assert turned(turned(sent)) == sent


def test_a_reply_comes_from_where_the_packet_was_sent_to_in_the_end() -> None:
    sent = packet(protocol="TCP", sourcePort=40000, destinationPort=80)
    asked = {"preDNATDestination": "10.96.0.1", "preDNATPort": 443}
    assert turned(Packet.parse(sent.to_query() | asked)) == turned(sent)


@pytest.mark.parametrize("untracked", [False, True])
@pytest.mark.parametrize("protocol", [ICMP, ICMPV6])
def test_which_icmp_messages_are_answered(protocol: int, untracked: bool) -> None:
    for asked, code in product(range(256), (0, 5)):
        reply = reply_to(packet(protocol=protocol, icmpType=asked, icmpCode=code), untracked=untracked)
        answer = None if reply is None else (reply.icmp_type, reply.icmp_code)
        expected = ANSWERED[protocol].get(asked)
        assert answer == (None if expected is None else (expected, 0)), asked


@pytest.mark.parametrize(
    ("protocol", "state"),
    [
        (TCP, ConntrackState.INVALID),  # a SYN-ACK out of nowhere
        (UDP, ConntrackState.NEW),
        (SCTP, ConntrackState.NEW),
        (47, ConntrackState.NEW),
        (ICMP, ConntrackState.INVALID),
    ],
)
def test_what_the_kernel_takes_a_reply_for(protocol: int, state: ConntrackState) -> None:
    sent = packet(protocol=protocol, **({"icmpType": 8, "icmpCode": 0} if protocol == ICMP else {}))
    tracked, untracked = (reply_to(sent, untracked=untracked) for untracked in (False, True))
    assert tracked is not None and untracked is not None
    assert (tracked.conntrack_state, untracked.conntrack_state) == (ConntrackState.ESTABLISHED, state)
