"""Packets made to meet what a rule asks for, at the edges of its networks and ports: chance alone rarely meets both.

Everything comes from the given source of chance, so the same seed gives the same packets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random

from calico_engine.analysis.comparison.meanings import governed
from calico_engine.analysis.comparison.rule_meanings import PortsMeaning, RuleMeaning, SideMeaning
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import FelixEndpoint
from calico_engine.compiler.hosts import LOOPBACK
from calico_engine.compiler.intervals import ADDRESS_LIMIT, Intervals, contains
from calico_engine.frozen import frozen
from calico_engine.packets import ICMP, ICMP_PROTOCOLS, ICMPV6, PORT_PROTOCOLS, SCTP, TCP, UDP, Packet

_LAST_PORT = 65535
_EPHEMERAL = 40000
#: Documentation addresses (RFC 5737, RFC 3849): strangers to most clusters.
_STRANGERS = {4: (0xCB007107, 0xC6336407), 6: (0x20010DB8 << 96 | 7, 0x20010DB8 << 96 | 0x1007)}
_COMMON_TYPES = {4: (8, 8, 0, 3), 6: (128, 128, 129, 135)}
_COMMON_PORTS = (1, 80, 443, 8080, 10250, 30000)
_TRIES = 8
_MOST_OTHERS = 3


@frozen
class Passage:
    """One way of packets through a node, past an endpoint. `own` are the addresses of the node or pod at each end.

    `translated`: the destination is, on this node.
    """

    node: str
    came_in_on: str | None
    goes_out_on: str | None
    own_source: tuple[tuple[int, int], ...] = ()
    own_destination: tuple[tuple[int, int], ...] = ()
    translated: bool = False

    @property
    def is_loopback(self) -> bool:
        return LOOPBACK in (self.came_in_on, self.goes_out_on)


def passages(compiled: CompiledCluster, endpoint: FelixEndpoint) -> Iterator[Passage]:
    """The ways through the endpoint's node on which the endpoint may look at packets."""
    node = compiled.node(endpoint.node)
    hosts = [name for name in node.host.interfaces if not node.is_workload_interface(name)]
    workloads = compiled.model.workload_endpoints.by_node.get(endpoint.node, ())
    pods = {each.interface_name: each.addresses for each in workloads}
    names = governed(node, endpoint) if endpoint.is_host else (endpoint.interface_name,)
    uplinks = [name for name in hosts if name != LOOPBACK] or ["eth0"]
    for name in names:
        local = node.host.addresses if name == LOOPBACK else ()
        own = pods.get(name, local)
        others = [*uplinks[:1], *[each for each in pods if each != name][:_MOST_OTHERS], *uplinks[1:_MOST_OTHERS]]
        yield Passage(endpoint.node, name, None, own, node.host.addresses)
        if endpoint.is_host:
            yield Passage(endpoint.node, None, name, node.host.addresses, local)
        for other in others if name != LOOPBACK else ():
            yield Passage(endpoint.node, other, name, pods.get(other, ()), own)
            yield Passage(endpoint.node, name, other, own, pods.get(other, ()))


class Sampler:
    """Makes packets for one passage and IP version, aimed at some of the rules that look at it."""

    def __init__(
        self, passage: Passage, version: int, aims: Sequence[RuleMeaning], rules: Iterable[RuleMeaning], random: Random
    ) -> None:
        """`aims` are met on purpose; the edges of all `rules` fill the rest."""
        self._passage = passage
        self._version = version
        self._aims = aims
        self._random = random
        sides = [side for rule in rules for side in (rule.source, rule.destination)]
        self._addresses = sorted(set(_address_edges(sides, version))) or list(_STRANGERS[version])
        self._ports = sorted({*_COMMON_PORTS, *_port_edges(sides)})
        self._own = tuple(
            [value for family, value in own if family == version]
            for own in (passage.own_source, passage.own_destination)
        )

    def packet(self, protocol: int | None = None) -> Packet:
        """One packet; nothing in it is open. `protocol` must be of ports; otherwise it is what a rule asks for."""
        rule = self._random.choice(self._aims) if self._aims and self._random.random() < 0.9 else None
        source = rule.source if rule else SideMeaning()
        destination = rule.destination if rule else SideMeaning()
        protocol = protocol or self._protocol(rule)
        frm, source_port, protocol = self._end(source, self._own[0], protocol, _EPHEMERAL)
        to, destination_port, protocol = self._end(destination, self._own[1], protocol, None)
        for _ in range(_TRIES):
            if to != frm or self._passage.is_loopback:
                break
            to, destination_port, protocol = self._end(destination, self._own[1], protocol, None)
        icmp = self._icmp(rule) if protocol in ICMP_PROTOCOLS else (None, None)
        with_ports = protocol in PORT_PROTOCOLS
        return Packet(
            self._passage.node,
            self._version,
            frm,
            to,
            protocol,
            self._passage.came_in_on,
            self._passage.goes_out_on,
            source_port if with_ports else None,
            destination_port if with_ports else None,
            *icmp,
        )

    def _protocol(self, rule: RuleMeaning | None) -> int:
        if rule is not None and rule.protocol is not None:
            return rule.protocol
        icmp = ICMP if self._version == 4 else ICMPV6
        common = [TCP, TCP, UDP, SCTP, icmp]
        if rule is not None:
            common = [each for each in common if each != rule.not_protocol]
            if rule.source.ports or rule.destination.ports or rule.source.not_ports or rule.destination.not_ports:
                common = [each for each in common if each in PORT_PROTOCOLS] or [TCP]
        return self._random.choice(common)

    def _end(self, side: SideMeaning, own: list[int], protocol: int, usual: int | None) -> tuple[int, int, int]:
        """(address, port, protocol) of one end. A named port says all three."""
        for ports in side.ports:
            members = [m for m in sorted(ports.members) if _meets(side, m[0]) and m[1] in PORT_PROTOCOLS]
            if members and (not ports.ranges or self._random.random() < 0.5):
                address, protocol, port = self._random.choice(members)
                return address, port, protocol
        return self._address(side, own), self._port(side, usual), protocol

    def _address(self, side: SideMeaning, own: list[int]) -> int:
        fitting = [address for address in own if _meets(side, address)]
        if fitting and self._random.random() < 0.9:
            return self._random.choice(fitting)
        found = 0
        for _ in range(_TRIES):
            intervals = self._random.choice(side.within) if side.within else ()
            found = self._near(intervals) if intervals else self._anywhere()
            if _meets(side, found):
                break
        return found

    def _anywhere(self) -> int:
        return self._random.choice(self._addresses if self._random.random() < 0.7 else _STRANGERS[self._version])

    def _near(self, intervals: Intervals) -> int:
        low, high = self._random.choice(intervals)
        return self._random.choice((low, high, self._random.randint(low, high)))

    def _port(self, side: SideMeaning, usual: int | None) -> int:
        port = 0
        for _ in range(_TRIES):
            ranges = side.ports[0].ranges if side.ports else ()
            port = self._near(ranges) if ranges else usual if usual is not None else self._random.choice(self._ports)
            if not any(contains(each.ranges, port) for each in side.not_ports):
                break
            usual = None
        return port

    def _icmp(self, rule: RuleMeaning | None) -> tuple[int, int]:
        wanted = rule.icmp if rule is not None else None
        kind, code = wanted if wanted is not None else (self._random.choice(_COMMON_TYPES[self._version]), None)
        return kind, self._random.choice((0, 0, 1)) if code is None else code


def _meets(side: SideMeaning, address: int) -> bool:
    return all(contains(each, address) for each in side.within) and not any(contains(e, address) for e in side.outside)


def _address_edges(sides: Iterable[SideMeaning], version: int) -> Iterator[int]:
    for side in sides:
        for low, high in (interval for intervals in (*side.within, *side.outside) for interval in intervals):
            yield from (each for each in (low - 1, low, high, high + 1) if 0 <= each <= ADDRESS_LIMIT[version])


def _port_edges(sides: Iterable[SideMeaning]) -> Iterator[int]:
    listed: Iterator[PortsMeaning] = (each for side in sides for each in (*side.ports, *side.not_ports))
    for ports in listed:
        for low, high in (*ports.ranges, *((port, port) for _, _, port in ports.members)):
            yield from (each for each in (low - 1, low, high, high + 1) if 0 <= each <= _LAST_PORT)
