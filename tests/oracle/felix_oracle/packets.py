"""A packet as the question says it, and as the kernel holds it at one hook."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PROTOCOL_NUMBERS: Mapping[str, int] = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "sctp": 132, "udplite": 136}
_BROADCAST: Final = ipaddress.IPv4Address("255.255.255.255")


class AddressSet(Protocol):
    """What a match can ask of an IP set."""

    def has_address(self, address: Address) -> bool:
        """Whether a hash:net set covers the address."""

    def has_port(self, address: Address, protocol: int, port: int | None) -> bool:
        """Whether a hash:ip,port set has this member."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question about one packet at one node. `before` is the destination before destination NAT, if there was any."""

    node: str
    in_interface: str
    out_interface: str
    source: Address
    destination: Address
    protocol: int
    source_port: int | None
    destination_port: int | None
    icmp_type: int | None
    icmp_code: int | None
    conntrack_state: str
    before: Address | None
    port_before: int | None
    out_interface_before: str | None

    @property
    def version(self) -> int:
        return self.source.version

    @classmethod
    def read(cls, query: Mapping[str, object]) -> Query:
        """Read a packet query whose every field is given: this reader knows no open fields and checks nothing."""
        before = query.get("preDNATDestination")
        return cls(
            node=str(query["node"]),
            in_interface=str(query.get("inInterface", "")),
            out_interface=str(query.get("outInterface", "")),
            source=ipaddress.ip_address(str(query["source"])),
            destination=ipaddress.ip_address(str(query["destination"])),
            protocol=protocol_number(query["protocol"]),
            source_port=_number(query, "sourcePort"),
            destination_port=_number(query, "destinationPort"),
            icmp_type=_number(query, "icmpType"),
            icmp_code=_number(query, "icmpCode"),
            conntrack_state=str(query.get("conntrackState", "NEW")),
            before=None if before is None else ipaddress.ip_address(str(before)),
            port_before=_number(query, "preDNATPort"),
            out_interface_before=str(query["preDNATOutInterface"]) if "preDNATOutInterface" in query else None,
        )


def protocol_number(value: object) -> int:
    """Of a number, or of one of Calico's names in any case."""
    return value if isinstance(value, int) else PROTOCOL_NUMBERS[str(value).lower()]


def _number(query: Mapping[str, object], key: str) -> int | None:
    value = query.get(key)
    return value if isinstance(value, int) else None


@dataclass(slots=True)
class SkBuff:
    """The packet at one hook: what matches look at. Only `mark` and `conntrack_state` change on the way."""

    in_interface: str
    out_interface: str
    source: Address
    destination: Address
    protocol: int
    source_port: int | None
    destination_port: int | None
    icmp_type: int | None
    icmp_code: int | None
    conntrack_state: str
    translated: bool
    reverse_path_fails: bool
    sets: Mapping[str, AddressSet]
    mark: int = 0

    def address(self, side: Literal["src", "dst"]) -> Address:
        return self.source if side == "src" else self.destination

    def is_local(self, side: Literal["src", "dst"]) -> bool:
        """Whether the address is this host's own, at the hooks that ask.

        What the kernel delivers here has a local destination, what is sent from here a local source, unless it is an
        address of many.
        """
        address = self.address(side)
        return side == "src" or not (address.is_multicast or address == _BROADCAST)

    def port(self, side: Literal["src", "dst"]) -> int | None:
        return self.source_port if side == "src" else self.destination_port
