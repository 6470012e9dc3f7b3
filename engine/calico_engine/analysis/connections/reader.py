"""A connection, asked the way people ask: who to whom, for what. Answered as its first packet on every node it crosses.

Sender FROM_HOST, forwarded hops, receiver TO_HOST, both passes of the loopback for a node to itself; all must let it
pass. Where untracked policy is about, the reply must pass as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from calico_engine.analysis.connections.choices import Choice, by_backend, differences, most_alike, shown_backend
from calico_engine.analysis.connections.parties import Directory, Party, is_loopback, is_ordinary
from calico_engine.analysis.connections.replies import question_points, reply_to, turned
from calico_engine.analysis.connections.services import Service, number_remarks, parse_service
from calico_engine.analysis.connections.translated_packets import translated_packets
from calico_engine.analysis.connections.translation_remarks import left_aside, translation_remarks
from calico_engine.analysis.connections.translations import Fronted, Translation
from calico_engine.analysis.connections.translator import Translator
from calico_engine.analysis.connections.ways import way
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.hosts import Address
from calico_engine.dataplane.open_fields import Points, Settled, settle
from calico_engine.dataplane.outcomes import Answer, Decision
from calico_engine.dataplane.reader import Domains, PacketReader, fields_to_try
from calico_engine.errors import CalicoEngineError, OutOfScope, UnknownReference, quoted
from calico_engine.frozen import frozen
from calico_engine.packets import PORT_PROTOCOLS, Packet, format_address
from calico_engine.resources import IPPool

#: Linux's default net.ipv4.ip_local_port_range.
EPHEMERAL_PORTS = (32768, 60999)
_MOST_PAIRS = 2_000
_DOMAINS: Domains = {"source_port": EPHEMERAL_PORTS, "destination_port": (1, 65535)}


class Hop(NamedTuple):
    """One packet on one node, and the answer. `reply`: the packet goes the other way."""

    packet: Packet
    answer: Answer
    passes: bool
    reply: bool = False


@frozen
class Crossing:
    """The hops for one choice of everything that was open; the first that does not pass ends it."""

    hops: tuple[Hop, ...]

    @property
    def verdict(self) -> tuple[Decision, bool]:
        hop = deciding(self.hops)
        return hop.answer.decision, hop.passes


@frozen
class Connection:
    """What became of a connection: one crossing, or two that differ and the fields of the packet that differ in them.

    `packets`: all that the question may mean, at every node on the way, whether they get that far or not.
    """

    crossing: Crossing
    other: Crossing | None = None
    depends_on: tuple[str, ...] = ()
    open_fields: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    packets: tuple[Packet, ...] = ()


def deciding(hops: tuple[Hop, ...]) -> Hop:
    """The first hop that does not let the packet pass, otherwise the last one on the way there."""
    if len(hops) == 1:
        return hops[0]
    there = [hop for hop in hops if not hop.reply]
    return next((hop for hop in hops if not hop.passes), there[-1])


def telling(hops: tuple[Hop, ...], other: tuple[Hop, ...]) -> tuple[Hop, Hop]:
    """Of two crossings that differ, the pass through a node in which they do: where one is stopped, or the last one."""
    pairs = [pair for pair in zip(hops, other, strict=False) if pair[0].reply == pair[1].reply]
    stopped = (pair for pair in pairs if pair[0].passes != pair[1].passes)
    decided = (pair for pair in reversed(pairs) if pair[0].answer.decision != pair[1].answer.decision)
    ends = deciding(hops), deciding(other)
    # Ways of different length may differ in a hop that only one of them has.
    decided_alike = None if ends[0].passes != ends[1].passes else next(decided, None)
    return next(stopped, None) or decided_alike or ends


class ConnectionReader:
    """Answers about connections."""

    def __init__(self, compiled: CompiledCluster, reader: PacketReader) -> None:
        self._compiled = compiled
        self._reader = reader
        self._directory = Directory(compiled)
        self._translator = Translator(compiled, self._directory)

    def check(self, source: str, destination: str, service: str, source_port: int | None = None) -> Connection:
        """Raises UnknownReference for names and ValueError for services and ports that cannot be understood."""
        wanted = parse_service(service)
        _check_source_port(source_port, wanted)
        fronted = self._translator.by_name_or_address(destination, wanted)
        if fronted is not None:
            return self._translated(self._directory.find(source), fronted, wanted, source_port)
        sender, receiver = self._parties(source, destination)
        fronted = self._translator.at_node(receiver, wanted)
        if fronted is not None:
            return self._translated(sender, fronted, wanted, source_port)
        pairs = _address_pairs(sender, receiver, wanted, source, destination)
        asked = [self._packets(sender, receiver, pair, wanted, source_port) for pair in pairs]
        aside = self._translator.left_aside(receiver, wanted)
        remarks = left_aside(aside, wanted) if aside else self._translator.passed_by(destination, wanted)
        assumptions = (*self._assumptions(sender, receiver), *remarks, *number_remarks(service))
        return self._answer([Choice(*pair) for pair in pairs], asked, assumptions, frozenset(aside))

    def is_outside(self, address: Address) -> bool:
        """Whether another host may have the address: no node, pod or Service has it, and it is an ordinary one."""
        return not self._directory.owns(address) and not self._translator.owns(address) and is_ordinary(address)

    def owner(self, address: Address) -> str | None:
        """The name of the node or pod that has the address; None if nobody has it, or several."""
        return self._directory.name_of(address)

    def port_edges(self, source: str, destination: str, service: str) -> set[int]:
        """The destination ports at which the answer to `check` can change: between two of them it does not.

        `service` is a protocol with ports. Of what cannot be asked there are fewer; `check` says why.
        """
        wanted = parse_service(service)
        edges = self._translator.port_edges()
        try:
            sender, receiver = self._parties(source, destination)
            pairs = _address_pairs(sender, receiver, wanted, source, destination)
        except CalicoEngineError:
            return edges
        for pair in pairs:
            for packet in self._packets(sender, receiver, pair, wanted, None):
                reply = question_points(self._reader.points(turned(packet)), packet.protocol)
                for points in (self._reader.points(packet), reply):
                    edges |= points.get("destination_port", set())
        return edges

    def _translated(self, sender: Party, fronted: Fronted, service: Service, source_port: int | None) -> Connection:
        """A connection to a Service: every way to every backend is asked."""
        ways = self._translator.translations(sender, fronted)
        asked = [list(translated_packets(self._compiled, sender, each, service, source_port)) for each in ways]
        legs = [leg for each in ways for leg in _legs(sender, each)]
        found = [text for frm, to in legs for text in self._assumptions(frm, to)]
        if any(self._replies_are_seen(packets) for each, packets in zip(ways, asked, strict=True) if each.masqueraded):
            found.append(
                "untracked policy is asked about replies to the client; they carry the masquerading node's address there"
            )
        assumptions = dict.fromkeys([*translation_remarks(sender, ways), *found])
        choices = [Choice(each.source, each.virtual, each.node, str(each.backend)) for each in ways]
        return self._answer(choices, asked, tuple(assumptions))

    def _replies_are_seen(self, packets: list[Packet]) -> bool:
        return any(packet.dnat and self._reader.has_untracked(turned(packet)) for packet in packets)

    def _answer(
        self,
        choices: list[Choice],
        asked: list[list[Packet]],
        assumptions: tuple[str, ...],
        left_aside: frozenset[int] = frozenset(),
    ) -> Connection:
        """`left_aside`: destination ports that the question is not about."""
        found = self._compared(choices, asked, assumptions, left_aside)
        return replace(found, packets=tuple(packet for packets in asked for packet in packets))

    def _compared(
        self, choices: list[Choice], asked: list[list[Packet]], assumptions: tuple[str, ...], left_aside: frozenset[int]
    ) -> Connection:
        settled = [self._settle(packets, left_aside) for packets in asked]
        open_fields = asked[0][0].open_fields
        unsettled = next((one for one in settled if one.other is not None), None)
        if unsettled is not None:
            key = (unsettled.depends_on or "",)
            return Connection(unsettled.result, unsettled.other, key, open_fields, assumptions)
        results = [each.result for each in settled]
        # That policy lets the packet to one backend through, and nobody minds that to another, is the same to a client.
        fates: list[object] = [
            each.verdict if choice.backend == "" else each.verdict[1]
            for choice, each in zip(choices, results, strict=True)
        ]
        one, other = most_alike(choices, fates)
        if one == other:
            return Connection(results[0], None, (), open_fields, assumptions + shown_backend(choices))
        keys = differences(choices[one], choices[other])
        if "backend" in keys:
            assumptions += by_backend(choices, [each.verdict[1] for each in results])
        return Connection(results[one], results[other], keys, open_fields, assumptions)

    def _parties(self, source: str, destination: str) -> tuple[Party, Party]:
        sender, receiver = self._directory.find(source), self._directory.find(destination)
        if receiver.node is None and is_loopback(receiver.addresses[0]):
            receiver = Party(sender.node, receiver.addresses, sender.workload, by_address=True)
        if sender.node is None and receiver.node is None:
            raise UnknownReference(
                f"neither {quoted(source)} nor {quoted(destination)} belongs to the cluster: no node is asked"
            )
        if sender.node is None and is_loopback(sender.addresses[0]):
            sender = Party(receiver.node, sender.addresses, receiver.workload, by_address=True)
        if sender.workload is not None and sender.workload is receiver.workload:
            raise OutOfScope("what a pod sends to itself does not leave it: no policy sees it")
        return sender, receiver

    def _packets(
        self, sender: Party, receiver: Party, pair: tuple[Address, Address], service: Service, source_port: int | None
    ) -> list[Packet]:
        """The first packet as every node on the way sees it."""
        (version, source), (_, destination) = pair
        return [
            Packet(
                node=passage.node,
                version=version,
                source=source,
                destination=destination,
                protocol=service.protocol,
                in_interface=passage.came_in_on,
                out_interface=passage.goes_out_on,
                source_port=source_port,
                destination_port=service.port,
                icmp_type=service.icmp_type,
                icmp_code=service.icmp_code,
            )
            for passage in way(self._compiled, sender, receiver, pair)
        ]

    def _settle(self, packets: list[Packet], left_aside: frozenset[int]) -> Settled[Crossing]:
        answered = [p for p in packets if self._reader.has_untracked(p) or self._reader.has_untracked(turned(p))]
        points: list[Points] = [self._reader.points(packet) for packet in packets]
        points += [question_points(self._reader.points(turned(packet)), packet.protocol) for packet in answered]

        def ask(values: Mapping[str, int]) -> Crossing:
            return Crossing(tuple(self._walked(packets, answered, values)))

        return settle(fields_to_try(points, _DOMAINS, left_aside), ask, lambda crossing: crossing.verdict)

    def _walked(self, packets: list[Packet], answered: list[Packet], values: Mapping[str, int]) -> Iterator[Hop]:
        """The hops until one does not pass; then the replies that need a decision of their own, on the way back."""
        untracked: dict[str, bool] = {}
        for open_packet in packets:
            hop = self._hop(open_packet.with_fields(values))
            if hop.packet.dnat and self._reader.untracks(hop.packet):
                raise OutOfScope(
                    f"untracked policy on node {hop.packet.node} lets the packet to the Service through without connection"
                    " tracking, and so without translation"
                )
            yield hop
            if not hop.passes:
                return
            # On the loopback the second pass finds what the first has made of it.
            untracked.setdefault(hop.packet.node, self._reader.untracks(hop.packet))
        for open_packet in reversed(answered):
            is_untracked = untracked[open_packet.node]
            reply = reply_to(open_packet.with_fields(values), untracked=is_untracked)
            if reply is None:
                return
            hop = self._hop(reply, reply=True)
            # Hosts that drop by default let pass what belongs to a connection: on tracked replies only policy's word counts.
            if is_untracked or hop.answer.decision is Decision.DENY:
                yield hop
                if not hop.passes:
                    return

    def _hop(self, packet: Packet, *, reply: bool = False) -> Hop:
        answer = self._reader.answer(packet)
        return Hop(packet, answer, self._reader.passes(packet, answer), reply)

    def _assumptions(self, sender: Party, receiver: Party) -> tuple[str, ...]:
        nodes = dict.fromkeys(party.node for party in (sender, receiver) if party.node is not None)
        assumptions = [
            f"node {node}: interfaces {', '.join(host.interfaces)}; its own chains have the policy ACCEPT"
            " (no Host document)"
            for node in nodes
            if (host := self._compiled.host(node)).assumed
        ]
        if len(nodes) > 1:
            assumptions.append("encapsulation is off: nodes send each other the packets as they are")
        if sender.workload is not None and receiver.is_host and len(nodes) > 1 and self._pools_translate():
            assumptions.append("natOutgoing of the IP pools is left aside: the pod's address stays the source")
        return tuple(assumptions)

    def _pools_translate(self) -> bool:
        return any(pool.spec.nat_outgoing for _, pool in self._compiled.datastore.all(IPPool))


def _check_source_port(source_port: int | None, service: Service) -> None:
    if source_port is None:
        return
    if not 0 <= source_port <= 65535:
        raise ValueError(f"source port {source_port} is not from 0 to 65535")
    if service.protocol not in PORT_PROTOCOLS:
        raise ValueError(f"a source port needs a protocol with ports: TCP, UDP or SCTP, not {service}")


def _address_pairs(
    sender: Party, receiver: Party, service: Service, source: str, destination: str
) -> list[tuple[Address, Address]]:
    """The (source, destination) addresses that the question leaves possible, the likeliest first."""
    local = sender.is_host and receiver.is_host and sender.node == receiver.node
    pairs = []
    for to in receiver.addresses:
        # To an address of its own a node sends from that very address (the kernel's local route).
        candidates = (to,) if local and not sender.by_address else sender.addresses
        pairs += [(frm, to) for frm in candidates if frm[0] == to[0] and service.version in (None, to[0])]
    if not pairs:
        raise UnknownReference(_why_no_pair(sender, receiver, service, source, destination))
    if len(pairs) > _MOST_PAIRS:
        raise OutOfScope(
            f"{quoted(source)} and {quoted(destination)} have too many addresses to try them all; name them by address"
        )
    return list(dict.fromkeys(pairs))


def _why_no_pair(sender: Party, receiver: Party, service: Service, source: str, destination: str) -> str:
    for party, name in ((sender, source), (receiver, destination)):
        if not party.addresses:
            return f"no address is known of {quoted(name)}; a Node, a Host document or expectedIPs would tell"
    listed = [", ".join(format_address(a[1], a[0]) for a in party.addresses[:4]) for party in (sender, receiver)]
    family = "" if service.version is None else f"{service} is IPv{service.version}, and "
    return f"{family}{quoted(source)} ({listed[0]}) and {quoted(destination)} ({listed[1]}) share no IP version"


def _legs(sender: Party, way: Translation) -> list[tuple[Party, Party]]:
    """Who sends to whom: to the node that translates, on from there, and as the sender and the backend see it."""
    translating = Party(way.node, ())
    return [(sender, translating), (translating, way.receiver), (sender, way.receiver)]
