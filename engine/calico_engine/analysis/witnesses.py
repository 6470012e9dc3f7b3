"""A packet on which two clusters differ, found by trying packets at the edges of what differs between their rules.

That none is found proves nothing: see `equivalence` for what is known for certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

from calico_engine.analysis.connections import ConnectionReader
from calico_engine.analysis.equivalence import differing_endpoints
from calico_engine.analysis.meanings import RuleMeaning, profile_rules, tier_rules
from calico_engine.analysis.parties import Directory
from calico_engine.analysis.sampling import Passage, Sampler, passages
from calico_engine.analysis.services import Service
from calico_engine.analysis.touched import Touched
from calico_engine.compiler.chains import Chain
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.dataplane.outcomes import Decision
from calico_engine.dataplane.reader import PacketReader
from calico_engine.errors import CalicoEngineError
from calico_engine.frozen import frozen
from calico_engine.packets import PORT_PROTOCOLS, Packet, format_address

#: So many of the endpoints that differ are looked at; mostly they differ alike.
_MOST_ENDPOINTS = 24
#: Once a difference is found, so many further ones are looked at for one that can be asked in plain words.
_PATIENCE = 60


class Fate(NamedTuple):
    """What becomes of a packet: Calico's decision, and whether it gets through."""

    decision: Decision
    allowed: bool


@frozen
class Words:
    """A question as people ask it; `source_port` is None where it does not matter."""

    source: str
    destination: str
    service: str
    source_port: int | None = None


@frozen
class Witness:
    """A packet that fares differently before and after. `words`: a connection that does so too, if there is one."""

    packet: Packet
    before: Fate
    after: Fate
    words: Words | None = None

    @property
    def rank(self) -> int:
        """What tells more: that something gets through or not, and that people can ask for it."""
        return 2 * (self.before.allowed is not self.after.allowed) + (self.words is not None)


_BEST = 3


def find_witness(
    before: CompiledCluster, after: CompiledCluster, change: Touched, *, tries: int, seed: str = ""
) -> Witness | None:
    """The most telling witness among the first that are found in so many tries; the same seed finds the same."""
    best: Witness | None = None
    patience = _PATIENCE
    sides = _Sides(before, after)
    for packet in islice(_packets(sides, change, Random(seed)), tries):
        found = sides.difference(packet)
        if found is None:
            continue
        best = found if best is None or found.rank > best.rank else best
        patience -= 1
        if best.rank == _BEST or not patience:
            break
    return best


class _Sides:
    """The two clusters, asked the same."""

    def __init__(self, before: CompiledCluster, after: CompiledCluster) -> None:
        self.before, self.after = before, after
        self._readers = PacketReader(before), PacketReader(after)
        self._connections = tuple(ConnectionReader(reader.compiled, reader) for reader in self._readers)
        self._directory = Directory(before)

    def rules(self, packet: Packet) -> tuple[set[RuleMeaning], set[RuleMeaning]]:
        """What looks at packets on this packet's way, before and after."""
        before, after = (set(_rules(reader.chains(packet), packet.version)) for reader in self._readers)
        return before, after

    def difference(self, packet: Packet) -> Witness | None:
        before, after = (self._fate(reader, packet) for reader in self._readers)
        if before == after:
            return None
        return Witness(packet, before, after, self._in_words(packet, before.allowed is not after.allowed))

    def _fate(self, reader: PacketReader, packet: Packet) -> Fate:
        answer = reader.answer(packet)
        return Fate(answer.decision, reader.passes(packet, answer))

    def _in_words(self, packet: Packet, allowed_differs: bool) -> Words | None:
        for words in self._phrasings(packet):
            before, after = (self._asked(connections, words) for connections in self._connections)
            if before is None or after is None or before == after:
                continue
            if not allowed_differs or before.allowed is not after.allowed:
                return words
        return None

    def _phrasings(self, packet: Packet) -> Iterator[Words]:
        """By name and by address; without the source port, if it does not matter."""
        service = str(Service(packet.protocol, packet.destination_port, packet.icmp_type, packet.icmp_code))
        addresses = [format_address(value, packet.version) for value in (packet.source, packet.destination)]
        names = [self._directory.name_of((packet.version, value)) for value in (packet.source, packet.destination)]
        by_name = [name or address for name, address in zip(names, addresses, strict=True)]
        ports = (None, packet.source_port) if packet.protocol in PORT_PROTOCOLS else (None,)
        for port in ports:
            for source, destination in dict.fromkeys((tuple(by_name), tuple(addresses))):
                yield Words(source, destination, service, port)

    def _asked(self, connections: ConnectionReader, words: Words) -> Fate | None:
        """None for what cannot be asked, or has no certain answer."""
        try:
            found = connections.check(words.source, words.destination, words.service, words.source_port)
        except (CalicoEngineError, ValueError):
            return None
        return None if found.other is not None else Fate(*found.crossing.verdict)


def _rules(chains: Iterable[Chain], version: int) -> Iterator[RuleMeaning]:
    for chain in chains:
        for tier in chain.tiers:
            yield from tier_rules(tier, version)
        for profile in chain.profiles:
            yield from profile_rules(profile, version)


def _packets(sides: _Sides, change: Touched, random: Random) -> Iterator[Packet]:
    """Packets without end, from one way through a node after the other; none if no endpoint differs."""
    samplers = [sampler for passage in _passages(sides, change) for sampler in _samplers(sides, passage, random)]
    while samplers:
        for sampler in samplers:
            yield sampler.packet()


def _passages(sides: _Sides, change: Touched) -> Iterator[Passage]:
    for endpoint in islice(differing_endpoints(sides.before, sides.after, change), _MOST_ENDPOINTS):
        yield from passages(sides.before, endpoint)


def _samplers(sides: _Sides, passage: Passage, random: Random) -> Iterator[Sampler]:
    """For each IP version about which the rules say something. Where they are the same, their order differs."""
    for version in (4, 6):
        probe = Packet(passage.node, version, 0, 0, 0, passage.came_in_on, passage.goes_out_on)
        before, after = sides.rules(probe)
        differing = before ^ after or before
        ordered = sorted(differing, key=repr)
        yield Sampler(passage, version, ordered, [*before, *after], random)
