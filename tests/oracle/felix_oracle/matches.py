"""What a rule can ask of a packet, and how that is written on an iptables command line."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from felix_oracle.packets import SkBuff

Side = Literal["src", "dst"]
Net = ipaddress.IPv4Network | ipaddress.IPv6Network
PROTOCOL_WORDS: Mapping[int, str] = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp", 136: "udplite"}


class Match(Protocol):
    """One criterion of a rule."""

    def holds(self, packet: SkBuff) -> bool:
        """Whether the packet meets it."""

    def __str__(self) -> str:
        """As an iptables argument."""


def _not(negated: bool) -> str:
    return "! " if negated else ""


def _same_interface(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern


@dataclass(frozen=True, slots=True)
class InInterface:
    """A final `+` stands for any rest. A packet without such an interface has the empty name."""

    pattern: str

    def holds(self, packet: SkBuff) -> bool:
        return _same_interface(self.pattern, packet.in_interface)

    def __str__(self) -> str:
        return f"-i {self.pattern}"


@dataclass(frozen=True, slots=True)
class OutInterface:
    pattern: str

    def holds(self, packet: SkBuff) -> bool:
        return _same_interface(self.pattern, packet.out_interface)

    def __str__(self) -> str:
        return f"-o {self.pattern}"


@dataclass(frozen=True, slots=True)
class ProtocolIs:
    number: int
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        return (packet.protocol == self.number) != self.negated

    def __str__(self) -> str:
        return f"{_not(self.negated)}-p {PROTOCOL_WORDS.get(self.number, self.number)}"


@dataclass(frozen=True, slots=True)
class InNet:
    side: Side
    net: Net
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        return (packet.address(self.side) in self.net) != self.negated

    def __str__(self) -> str:
        return f"{_not(self.negated)}-{self.side[0]} {self.net}"


@dataclass(frozen=True, slots=True)
class InSet:
    """Address in a hash:net set."""

    side: Side
    name: str
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        return packet.sets[self.name].has_address(packet.address(self.side)) != self.negated

    def __str__(self) -> str:
        return f"-m set {_not(self.negated)}--match-set {self.name} {self.side}"


@dataclass(frozen=True, slots=True)
class InPortSet:
    """(Address, protocol, port) in a hash:ip,port set."""

    side: Side
    name: str
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        found = packet.sets[self.name].has_port(packet.address(self.side), packet.protocol, packet.port(self.side))
        return found != self.negated

    def __str__(self) -> str:
        return f"-m set {_not(self.negated)}--match-set {self.name} {self.side},{self.side}"


@dataclass(frozen=True, slots=True)
class Ports:
    """The multiport match: up to 15 ports, of which a range counts for two. A packet without ports never matches."""

    side: Side
    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        port = packet.port(self.side)
        if port is None:
            return False
        return any(first <= port <= last for first, last in self.ranges) != self.negated

    def __str__(self) -> str:
        listed = ",".join(str(first) if first == last else f"{first}:{last}" for first, last in self.ranges)
        return f"-m multiport {_not(self.negated)}--{self.side[0]}ports {listed}"


@dataclass(frozen=True, slots=True)
class Icmp:
    """Type, or type and code; negated, not (this type and this code)."""

    version: int
    type: int
    code: int | None = None
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        same = packet.icmp_type == self.type and self.code in (None, packet.icmp_code)
        return same != self.negated

    def __str__(self) -> str:
        module, option = ("icmp", "icmp-type") if self.version == 4 else ("icmp6", "icmpv6-type")
        code = "" if self.code is None else f"/{self.code}"
        return f"-m {module} {_not(self.negated)}--{option} {self.type}{code}"


@dataclass(frozen=True, slots=True)
class MarkIs:
    """The bits of the mask have this value."""

    value: int
    mask: int
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        return (packet.mark & self.mask == self.value) != self.negated

    def __str__(self) -> str:
        return f"-m mark {_not(self.negated)}--mark {self.value:#x}/{self.mask:#x}"


def bit_set(bit: int) -> MarkIs:
    return MarkIs(bit, bit)


def bits_clear(bits: int) -> MarkIs:
    return MarkIs(0, bits)


def any_bit_set(bits: int) -> MarkIs:
    return MarkIs(0, bits, negated=True)


@dataclass(frozen=True, slots=True)
class ConntrackStateIn:
    """DNAT is a status of the connection, the others are states of the packet."""

    states: tuple[str, ...]
    negated: bool = False

    def holds(self, packet: SkBuff) -> bool:
        found = packet.conntrack_state in self.states or ("DNAT" in self.states and packet.translated)
        return found != self.negated

    def __str__(self) -> str:
        return f"-m conntrack {_not(self.negated)}--ctstate {','.join(self.states)}"


@dataclass(frozen=True, slots=True)
class IsLocal:
    """The address is one of this host's own (addrtype LOCAL)."""

    side: Side

    def holds(self, packet: SkBuff) -> bool:
        return packet.is_local(self.side)

    def __str__(self) -> str:
        return f"-m addrtype --{self.side}-type LOCAL"


@dataclass(frozen=True, slots=True)
class ReversePathFails:
    """The route back to the source does not lead through the interface by which the packet came."""

    def holds(self, packet: SkBuff) -> bool:
        return packet.reverse_path_fails

    def __str__(self) -> str:
        return "-m rpfilter --validmark --invert"
