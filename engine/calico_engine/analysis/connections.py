"""A connection, asked the way people ask: who to whom, for what. Answered as its first packet on every node it crosses.

Sender FROM_HOST, forwarded hops, receiver TO_HOST, both passes of the loopback for a node to itself; what untracked
policy allows also asks for the reply, which is a packet of its own then (spec verdict, section 7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from calico_engine.analysis.parties import Directory, Party, is_loopback
from calico_engine.analysis.services import Service, parse_service
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import ChainType
from calico_engine.compiler.hosts import LOOPBACK, Address
from calico_engine.dataplane.open_fields import Settled, settle
from calico_engine.dataplane.outcomes import Answer, Decision
from calico_engine.dataplane.reader import Domains, PacketReader, fields_to_try
from calico_engine.errors import UnknownReference
from calico_engine.packets import ICMP, ICMPV6, TCP, ConntrackState, HookPath, Packet

#: Linux's default net.ipv4.ip_local_port_range.
EPHEMERAL_PORTS = (32768, 60999)
_ECHO_REPLIES = {(ICMP, 8): 0, (ICMPV6, 128): 129}


@dataclass(frozen=True, slots=True)
class Hop:
    """One packet on one node, and the answer."""

    packet: Packet
    answer: Answer
    passes: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """The hops for one choice of everything that was open; the first that does not pass ends it."""

    hops: tuple[Hop, ...]

    @property
    def deciding(self) -> Hop:
        return next((hop for hop in self.hops if not hop.passes), self.hops[-1])

    @property
    def verdict(self) -> tuple[Decision, bool]:
        hop = self.deciding
        return hop.answer.decision, hop.passes


@dataclass(frozen=True, slots=True)
class Connection:
    """What became of a connection: one crossing, or two that differ and the key that makes the difference."""

    crossing: Crossing
    other: Crossing | None
    depends_on: str | None
    assumptions: tuple[str, ...]


class ConnectionReader:
    """Answers about connections."""

    def __init__(self, compiled: CompiledCluster, reader: PacketReader) -> None:
        self._compiled = compiled
        self._reader = reader
        self._directory = Directory(compiled)

    def check(self, source: str, destination: str, service: str, source_port: int | None = None) -> Connection:
        """Raises UnknownReference for names and ValueError for services and ports that cannot be understood."""
        wanted = parse_service(service)
        if source_port is not None and not 0 <= source_port <= 65535:
            raise ValueError(f"source port {source_port} is not from 0 to 65535")
        sender, receiver = self._parties(source, destination)
        pairs = self._address_pairs(sender, receiver, wanted, source, destination)
        settled = [self._settle(self._hops(sender, receiver, pair, wanted, source_port)) for pair in pairs]
        assumptions = self._assumptions(sender, receiver)
        first = settled[0]
        if first.other is not None:
            return Connection(first.result, first.other, first.depends_on, assumptions)
        for (other_source, _), other in zip(pairs[1:], settled[1:], strict=True):
            if other.other is not None:
                return Connection(other.result, other.other, other.depends_on, assumptions)
            if other.result.verdict != first.result.verdict:
                changed = "source" if other_source != pairs[0][0] else "destination"
                return Connection(first.result, other.result, changed, assumptions)
        return Connection(first.result, None, None, assumptions)

    def _parties(self, source: str, destination: str) -> tuple[Party, Party]:
        sender, receiver = self._directory.find(source), self._directory.find(destination)
        if receiver.node is None and is_loopback(receiver.addresses[0]):
            receiver = Party(sender.node, receiver.addresses, by_address=True)
        if sender.node is None and receiver.node is None:
            raise UnknownReference(f"neither {source!r} nor {destination!r} belongs to the cluster: no node is asked")
        if sender.node is None and is_loopback(sender.addresses[0]):
            sender = Party(receiver.node, sender.addresses, by_address=True)
        return sender, receiver

    def _address_pairs(
        self, sender: Party, receiver: Party, service: Service, source: str, destination: str
    ) -> list[tuple[Address, Address]]:
        """The (source, destination) addresses that the question leaves possible, the likeliest first."""
        local = sender.is_host and receiver.is_host and sender.node == receiver.node
        pairs = []
        for to in receiver.addresses:
            # To an address of its own a node sends from that very address (the kernel's local route).
            candidates = (to,) if local and not sender.by_address else sender.addresses
            pairs += [(frm, to) for frm in candidates if frm[0] == to[0] and service.version in (None, to[0])]
        if not pairs:
            families = f" for {service}" if service.version else ""
            raise UnknownReference(f"{source!r} and {destination!r} have no addresses of one family{families}")
        return pairs

    def _hops(
        self, sender: Party, receiver: Party, pair: tuple[Address, Address], service: Service, source_port: int | None
    ) -> list[Packet]:
        """The first packet as every node on the way sees it."""
        (version, source), (_, destination) = pair
        fields = {
            "version": version,
            "source": source,
            "destination": destination,
            "protocol": service.protocol,
            "source_port": source_port,
            "destination_port": service.port,
            "icmp_type": service.icmp_type,
            "icmp_code": service.icmp_code,
        }
        ways = list(self._ways(sender, receiver, pair))
        return [
            Packet(node=node, in_interface=came, out_interface=goes, **fields)  # type: ignore[arg-type]
            for node, came, goes in ways
        ]

    def _ways(
        self, sender: Party, receiver: Party, pair: tuple[Address, Address]
    ) -> Iterator[tuple[str, str | None, str | None]]:
        """(node, incoming interface, outgoing interface) of every hop."""
        if sender.is_host and receiver.is_host and sender.node == receiver.node:
            assert sender.node is not None
            yield sender.node, None, LOOPBACK
            yield sender.node, LOOPBACK, None
            return
        same_node = sender.node == receiver.node
        if sender.node is not None:
            came = sender.interface if sender.workload else None
            goes = receiver.interface if same_node and receiver.workload else None
            if not same_node:
                goes = self._interface(sender.node, pair[0], None if sender.workload else sender.interface)
            if came is not None or goes is not None:
                yield sender.node, came, goes
        if receiver.node is not None and not same_node:
            own = None if receiver.workload else receiver.interface
            came = self._interface(receiver.node, pair[1] if receiver.is_host else None, own)
            yield receiver.node, came, receiver.interface if receiver.workload else None

    def _interface(self, node: str, address: Address | None, named: str | None) -> str:
        """The host's interface for traffic with other machines: named, or with the address, or the first of its own."""
        if named is not None:
            return named
        compiled = self._compiled.node(node)
        own = [
            name for name in compiled.host.interfaces if name != LOOPBACK and not compiled.is_workload_interface(name)
        ]
        holding = (name for name in own if address in compiled.host.interfaces[name])
        return next(holding, own[0] if own else "eth0")

    def _settle(self, packets: list[Packet]) -> Settled[Crossing]:
        domains: Domains = {"source_port": EPHEMERAL_PORTS}
        fields = fields_to_try((self._reader.points(packet) for packet in packets), domains)

        def ask(values: Mapping[str, int]) -> Crossing:
            return Crossing(tuple(self._walked(packets, values)))

        return settle(fields, ask, lambda crossing: crossing.verdict)

    def _walked(self, packets: list[Packet], values: Mapping[str, int]) -> Iterator[Hop]:
        """The hops until one does not pass; then the replies that need a decision of their own."""
        replies = []
        for open_packet in packets:
            packet = open_packet.with_fields(values) if values else open_packet
            hop = self._hop(packet)
            yield hop
            if not hop.passes:
                return
            if _allowed_untracked(hop.answer):
                replies.append(_reply(packet))
        for packet in replies:
            hop = self._hop(packet)
            yield hop
            if not hop.passes:
                return

    def _hop(self, packet: Packet) -> Hop:
        answer = self._reader.answer(packet)
        return Hop(packet, answer, self._reader.passes(packet, answer))

    def _assumptions(self, sender: Party, receiver: Party) -> tuple[str, ...]:
        assumptions = []
        for node in dict.fromkeys(party.node for party in (sender, receiver) if party.node is not None):
            host = self._compiled.host(node)
            if host.assumed:
                assumptions.append(f"node {node} has the interfaces {', '.join(host.interfaces)} (no Host document)")
                assumptions.append(
                    f"the host's own chains on {node} accept what Calico leaves to them (no Host document)"
                )
        if sender.node != receiver.node and sender.node is not None and receiver.node is not None:
            assumptions.append("packets between nodes are not encapsulated")
        return tuple(assumptions)


def _allowed_untracked(answer: Answer) -> bool:
    chain = answer.decider.chain
    return answer.decision is Decision.ALLOW and chain is not None and chain.chain_type is ChainType.UNTRACKED


def _reply(packet: Packet) -> Packet:
    """The answer to an untracked packet. Without a conntrack entry a SYN-ACK or an echo reply is INVALID, others are NEW."""
    back_from_host = packet.path is HookPath.TO_HOST
    icmp_type = _ECHO_REPLIES.get((packet.protocol, packet.icmp_type or 0))
    invalid = packet.protocol == TCP or icmp_type is not None
    return Packet(
        node=packet.node,
        version=packet.version,
        source=packet.destination,
        destination=packet.source,
        protocol=packet.protocol,
        in_interface=None if back_from_host else packet.out_interface,
        out_interface=packet.in_interface,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
        icmp_type=packet.icmp_type if icmp_type is None else icmp_type,
        icmp_code=packet.icmp_code,
        conntrack_state=ConntrackState.INVALID if invalid else ConntrackState.NEW,
    )
