"""A packet on which two clusters differ, found by trying packets at the edges of what differs between their rules.

That none is found proves nothing: see `equivalence` for what is known for certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from random import Random
from typing import NamedTuple

from calico_engine.analysis.comparison.readers import Readers
from calico_engine.analysis.comparison.touched import Touched
from calico_engine.analysis.comparison.trials import Trials
from calico_engine.analysis.connections.reader import deciding
from calico_engine.analysis.connections.services import Service
from calico_engine.dataplane.outcomes import Decision, ReasonCode
from calico_engine.dataplane.reader import PacketReader
from calico_engine.errors import CalicoEngineError
from calico_engine.frozen import frozen
from calico_engine.packets import PORT_PROTOCOLS, Packet, format_address

#: Once a difference is found, so many further ones are looked at for one that can be asked in plain words.
_PATIENCE = 60


class Answered(NamedTuple):
    """Calico's decision on a packet or connection, whether it gets through, and what decided."""

    decision: Decision
    allowed: bool
    reason: ReasonCode


class Sides(NamedTuple):
    """The answers before and after."""

    before: Answered
    after: Answered

    @property
    def differ(self) -> bool:
        """What decides may be something else, as long as it decides the same."""
        return self.before[:2] != self.after[:2]

    @property
    def one_passes(self) -> bool:
        return self.before.allowed is not self.after.allowed


@frozen
class Words:
    """A question as people ask it; `source_port` is None where it does not matter."""

    source: str
    destination: str
    service: str
    source_port: int | None = None


@frozen
class Witness:
    """A packet that is answered differently before and after; `words` ask for the connection that it begins, if they can.

    `packet_answers` are the answers about the packet alone, `answers` those about what people are to ask: the connection,
    or without words the packet.
    """

    packet: Packet
    packet_answers: Sides
    words: Words | None
    answers: Sides

    @property
    def rank(self) -> int:
        """What tells more: that something gets through or not, and that it can be asked for in words."""
        return 2 * self.answers.one_passes + (self.words is not None)


_BEST = 3


def find_witness(before: Readers, after: Readers, change: Touched, *, tries: int, seed: str = "") -> Witness | None:
    """The most telling witness among the first that are found in so many tries; the same seed finds the same."""
    best: Witness | None = None
    patience = _PATIENCE
    sides = _Both(before, after)
    for packet in islice(Trials(before, after, change, Random(seed)).packets(), tries):
        found = sides.difference(packet)
        if found is None:
            continue
        best = found if best is None or found.rank > best.rank else best
        patience -= 1
        if best.rank == _BEST or not patience:
            break
    return best


class _Both:
    """The two clusters, asked the same."""

    def __init__(self, before: Readers, after: Readers) -> None:
        self._readers = before.packets, after.packets
        self._connections = before.connections, after.connections

    def difference(self, packet: Packet) -> Witness | None:
        if packet.dnat and any(reader.untracks(packet) for reader in self._readers):
            return None  # what is not tracked is not translated: such a packet there cannot be
        before, after = (self._answer(reader, packet) for reader in self._readers)
        answers = Sides(before, after)
        if not answers.differ:
            return None
        for words in self._phrasings(packet):
            asked = self._asked(words)
            if asked is not None and asked.differ and asked.one_passes >= answers.one_passes:
                return Witness(packet, answers, words, asked)
        return Witness(packet, answers, None, answers)

    def _answer(self, reader: PacketReader, packet: Packet) -> Answered:
        answer = reader.answer(packet)
        return Answered(answer.decision, reader.passes(packet, answer), answer.decider.reason)

    def _phrasings(self, packet: Packet) -> Iterator[Words]:
        """By name and by address, as the sender has them; without the source port, if it does not matter."""
        sent = packet
        if packet.pre_dnat_destination is not None:
            sent = replace(packet, destination=packet.pre_dnat_destination, destination_port=packet.pre_dnat_port)
        service = str(Service(packet.protocol, sent.destination_port, packet.icmp_type, packet.icmp_code))
        ends = sent.source, sent.destination
        addresses = [format_address(value, packet.version) for value in ends]
        owner = self._connections[0].owner
        names = [owner((packet.version, value)) for value in ends]
        by_name = [name or address for name, address in zip(names, addresses, strict=True)]
        ports = (None, packet.source_port) if packet.protocol in PORT_PROTOCOLS else (None,)
        for port in ports:
            for source, destination in dict.fromkeys((tuple(by_name), tuple(addresses))):
                yield Words(source, destination, service, port)

    def _asked(self, words: Words) -> Sides | None:
        """None for what cannot be asked, or has no certain answer."""
        answers = []
        for connections in self._connections:
            try:
                found = connections.check(words.source, words.destination, words.service, words.source_port)
            except (CalicoEngineError, ValueError):
                return None
            if found.other is not None:
                return None
            hop = deciding(found.crossing.hops)
            answers.append(Answered(hop.answer.decision, hop.passes, hop.answer.decider.reason))
        return Sides(*answers)
