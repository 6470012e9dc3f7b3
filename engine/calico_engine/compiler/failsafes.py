"""Failsafe ports as the chains need them: by protocol and port, for one direction and table.

Source: felix/rules/static.go: failsafeInChain, failsafeOutChain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calico_engine.compiler.intervals import Intervals, contains, merged, parse_net
from calico_engine.configuration import Failsafe
from calico_engine.frozen import frozen
from calico_engine.packets import TCP, UDP, Direction

_NUMBERS = {"tcp": TCP, "udp": UDP}
#: (protocol, port) → the peer addresses for which the port is open; None: all.
Openings = Mapping[tuple[int, int], Intervals | None]


@frozen
class FailsafeChain:
    """Failsafes of one chain for one IP version. The peer is the source of incoming, the destination of outgoing packets."""

    by_destination_port: Mapping[int, Openings]  # by IP version
    by_source_port: Mapping[int, Openings]  # replies; in the raw table only
    peer_is_source: bool

    def opening(
        self, version: int, protocol: int, peer: int, source_port: int, destination_port: int
    ) -> tuple[int, int] | None:
        """The (protocol, port) of the failsafe that lets the packet through, or None."""
        for openings, port in (
            (self.by_destination_port[version], destination_port),
            (self.by_source_port[version], source_port),
        ):
            key = (protocol, port)
            if key in openings:
                peers = openings[key]
                if peers is None or contains(peers, peer):
                    return key
        return None


def failsafe_chain(
    inbound: Iterable[Failsafe], outbound: Iterable[Failsafe], direction: Direction, *, raw: bool
) -> FailsafeChain:
    """Incoming packets are tested against the inbound list, outgoing ones against the outbound list.

    The raw table sees every packet of a connection, so there the other list opens the way for replies, by source port.
    """
    incoming = direction is Direction.INGRESS
    forward, reply = (tuple(inbound), tuple(outbound)) if incoming else (tuple(outbound), tuple(inbound))
    return FailsafeChain(
        {version: _openings(forward, version) for version in (4, 6)},
        {version: _openings(reply if raw else (), version) for version in (4, 6)},
        incoming,
    )


def _openings(failsafes: tuple[Failsafe, ...], version: int) -> Openings:
    """An entry with a net exists in the net's own family only."""
    openings: dict[tuple[int, int], Intervals | None] = {}
    for failsafe in failsafes:
        key = (_NUMBERS[failsafe.protocol.lower()], failsafe.port)
        net = None if failsafe.net is None else parse_net(str(failsafe.net))
        if net is None:
            openings[key] = None
        elif net[0] == version:
            known = openings.get(key, ())
            openings[key] = None if known is None else merged((*known, net[1:]))
    return openings
