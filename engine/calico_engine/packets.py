"""One packet at one node: what a query says, parsed once, addresses kept as integers.

The wire format is a JSON object with camelCase keys (`Packet.parse`). A key that is absent is *open*:
the ports of TCP, UDP and SCTP and the ICMP type and code may be left open, everything else has a meaning when absent.
"""

from __future__ import annotations

import enum
import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from reprlib import Repr
from typing import Protocol

from calico_engine import networks
from calico_engine.errors import InvalidPacket
from calico_engine.frozen import frozen

#: Calico's protocol names (api numorstring/protocol.go) and their numbers.
PROTOCOL_NUMBERS: Mapping[str, int] = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}
PROTOCOL_NAMES: Mapping[int, str] = {number: name for name, number in PROTOCOL_NUMBERS.items()}
_FOLDED_PROTOCOLS = {name.lower(): number for name, number in PROTOCOL_NUMBERS.items()}
TCP, UDP, ICMP, ICMPV6, SCTP = 6, 17, 1, 58, 132
#: Protocols whose ports rules can name. A query may give ports for UDPLite and DCCP too, which have them as well.
PORT_PROTOCOLS = frozenset({TCP, UDP, SCTP})
_QUERY_PORT_PROTOCOLS = PORT_PROTOCOLS | {33, 136}
ICMP_PROTOCOLS = frozenset({ICMP, ICMPV6})
#: What a query holds may be of any depth and length; a message shows the start of it.
_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 60, 60


class Direction(enum.Enum):
    """The direction of a policy rule as seen from the endpoint."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class ConntrackState(enum.Enum):
    """What the kernel's connection tracking says about the packet (verdict of `-m conntrack --ctstate`)."""

    NEW = "NEW"
    ESTABLISHED = "ESTABLISHED"
    RELATED = "RELATED"
    INVALID = "INVALID"
    UNTRACKED = "UNTRACKED"


class HookPath(enum.Enum):
    """Which kernel hooks the packet passes: decided by the interfaces that it has."""

    TO_HOST = "TO_HOST"
    FROM_HOST = "FROM_HOST"
    FORWARD = "FORWARD"


#: The fields that a query may leave open, with the highest value of each.
OPEN_FIELDS: Mapping[str, int] = {
    "source_port": 65535,
    "destination_port": 65535,
    "pre_dnat_port": 65535,
    "icmp_type": 255,
    "icmp_code": 255,
}


class PrettyPrinter(Protocol):
    """What IPython and Hypothesis print with."""

    def text(self, obj: str) -> None: ...


@frozen
class Packet:
    """A packet at one node.

    Addresses are integers of the family `version` (4 or 6). `destination` and `destination_port` are the values after
    destination NAT; the `pre_dnat_…` fields hold what the packet carried before and are None on a packet without NAT.

    >>> packet = Packet.parse({"node": "n1", "inInterface": "eth0", "source": "203.0.113.7", "destination": "192.0.2.1",
    ...                        "protocol": "TCP", "sourcePort": 40000, "destinationPort": 22})
    >>> packet.path, packet.protocol, packet.destination_port
    (<HookPath.TO_HOST: 'TO_HOST'>, 6, 22)
    >>> Packet.parse({"node": "n1", "outInterface": "eth0", "source": "::1", "destination": "::2", "protocol": 47})
    Packet.parse({"node": "n1", "outInterface": "eth0", "source": "::1", "destination": "::2", "protocol": 47})
    """

    node: str
    version: int
    source: int
    destination: int
    protocol: int
    in_interface: str | None = None
    out_interface: str | None = None
    source_port: int | None = None
    destination_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    conntrack_state: ConntrackState = ConntrackState.NEW
    pre_dnat_destination: int | None = None
    pre_dnat_port: int | None = None
    pre_dnat_out_interface: str | None = None
    path: HookPath = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _path_of(self.in_interface, self.out_interface))

    @property
    def dnat(self) -> bool:
        """Whether the connection was destination-NATed."""
        return self.pre_dnat_destination is not None

    @property
    def open_fields(self) -> tuple[str, ...]:
        """The fields that the query leaves open, among those that this packet's protocol has."""
        if self.protocol in PORT_PROTOCOLS:
            candidates: tuple[str, ...] = ("source_port", "destination_port")
            if self.dnat:
                candidates += ("pre_dnat_port",)
        elif self.protocol in ICMP_PROTOCOLS:
            candidates = ("icmp_type", "icmp_code")
        else:
            return ()
        return tuple(name for name in candidates if getattr(self, name) is None)

    def with_fields(self, values: Mapping[str, int]) -> Packet:
        """The same packet with some open fields filled in."""
        return replace(self, **values)  # type: ignore[arg-type]

    @classmethod
    def parse(cls, query: Mapping[str, object]) -> Packet:
        """Read a packet query. Raises InvalidPacket (a ValueError) that names the key."""
        unknown = sorted(str(key) for key in query if key not in _KEYS)
        if unknown:
            raise InvalidPacket(unknown[0], f"is not a key of a packet; the keys are {', '.join(_KEYS)}")
        values = {attribute: parser(key, query[key]) for key, (attribute, parser) in _KEYS.items() if key in query}
        return _packet(values)

    def __repr__(self) -> str:
        """The call that makes it; what is in the parentheses is the query as JSON."""
        return f"Packet.parse({json.dumps(self.to_query())})"

    def _repr_pretty_(self, printer: PrettyPrinter, cycle: bool) -> None:
        """Hypothesis would print the fields."""
        printer.text(repr(self))

    def to_query(self) -> dict[str, object]:
        """The query that `parse` reads back as this packet."""
        query: dict[str, object] = {}
        for key, (attribute, _) in _KEYS.items():
            value = getattr(self, attribute)
            if value is None or value is ConntrackState.NEW:
                continue
            query[key] = _written(attribute, value, self.version)
        return query


def format_address(value: int, version: int) -> str:
    """The text of an address kept as an integer."""
    return str(ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value))


def parse_address(text: str) -> tuple[int, int]:
    """(version, integer) of an address; an IPv4-mapped IPv6 address is IPv4, as for Go's parser. ValueError if none."""
    address = networks.parse_address(text)
    return address.version, int(address)


def find_address(text: str) -> tuple[int, int] | None:
    """(version, integer) of an address as `parse_address` reads it; None for a text that is none."""
    try:
        return parse_address(text)
    except ValueError:
        return None


def protocol_number(name: str) -> int | None:
    """The number of a Calico protocol name (any case) or of decimal text; None if it is neither."""
    number = _FOLDED_PROTOCOLS.get(name.lower())
    if number is None and name.isascii() and name.isdigit() and len(name) <= 3 and int(name) <= 255:
        return int(name)
    return number


def _path_of(in_interface: str | None, out_interface: str | None) -> HookPath:
    if in_interface is not None:
        return HookPath.FORWARD if out_interface is not None else HookPath.TO_HOST
    return HookPath.FROM_HOST


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidPacket(key, "must be a non-empty text")
    return value


def _address(key: str, value: object) -> tuple[int, int]:
    if isinstance(value, str):
        try:
            return parse_address(value)
        except ValueError:
            pass
    raise InvalidPacket(key, f"{_SHORT.repr(value)} is not an IP address")


def _integer(limit: int) -> Callable[[str, object], int]:
    def parse(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
            raise InvalidPacket(key, f"{_SHORT.repr(value)} is not a whole number from 0 to {limit}")
        return value

    return parse


def _protocol(key: str, value: object) -> int:
    if isinstance(value, str):
        number = protocol_number(value)
        if number is not None:
            return number
    elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255:
        return value
    raise InvalidPacket(
        key, f"{_SHORT.repr(value)} is no protocol; use {', '.join(PROTOCOL_NUMBERS)} or a number from 0 to 255"
    )


def _state(key: str, value: object) -> ConntrackState:
    try:
        return ConntrackState(value)
    except ValueError:
        states = ", ".join(state.value for state in ConntrackState)
        raise InvalidPacket(key, f"{_SHORT.repr(value)} is no conntrack state; use one of {states}") from None


_KEYS: Mapping[str, tuple[str, Callable[[str, object], object]]] = {
    "node": ("node", _text),
    "inInterface": ("in_interface", _text),
    "outInterface": ("out_interface", _text),
    "source": ("source", _address),
    "destination": ("destination", _address),
    "protocol": ("protocol", _protocol),
    "sourcePort": ("source_port", _integer(65535)),
    "destinationPort": ("destination_port", _integer(65535)),
    "icmpType": ("icmp_type", _integer(255)),
    "icmpCode": ("icmp_code", _integer(255)),
    "conntrackState": ("conntrack_state", _state),
    "preDNATDestination": ("pre_dnat_destination", _address),
    "preDNATPort": ("pre_dnat_port", _integer(65535)),
    "preDNATOutInterface": ("pre_dnat_out_interface", _text),
}
#: Query key of each attribute, for messages and witnesses.
QUERY_KEYS: Mapping[str, str] = {attribute: key for key, (attribute, _) in _KEYS.items()}


def _packet(values: dict[str, object]) -> Packet:
    for attribute in ("node", "source", "destination", "protocol"):
        if attribute not in values:
            raise InvalidPacket(QUERY_KEYS[attribute], "is required")
    if "in_interface" not in values and "out_interface" not in values:
        raise InvalidPacket("inInterface", "is required (or outInterface, or both for a forwarded packet)")
    _check_families(values)
    _check_protocol_fields(values)
    _check_dnat(values)
    return Packet(**values)  # type: ignore[arg-type]


def _check_families(values: dict[str, object]) -> None:
    """All addresses are of one family; leaves integers and the version behind."""
    for attribute in ("source", "destination", "pre_dnat_destination"):
        parsed = values.get(attribute)
        if not isinstance(parsed, tuple):
            continue
        version, address = parsed
        if values.setdefault("version", version) != version:
            raise InvalidPacket(QUERY_KEYS[attribute], f"is IPv{version}, but source is IPv{values['version']}")
        values[attribute] = address


def _check_protocol_fields(values: dict[str, object]) -> None:
    protocol = values["protocol"]
    ported, icmp = protocol in _QUERY_PORT_PROTOCOLS, protocol in ICMP_PROTOCOLS
    for attribute in ("source_port", "destination_port", "pre_dnat_port"):
        if attribute in values and not ported:
            raise InvalidPacket(QUERY_KEYS[attribute], "needs a protocol with ports: TCP, UDP, SCTP or UDPLite")
    for attribute in ("icmp_type", "icmp_code"):
        if attribute in values and not icmp:
            raise InvalidPacket(QUERY_KEYS[attribute], "needs protocol ICMP or ICMPv6")
    if "icmp_code" in values and "icmp_type" not in values:
        raise InvalidPacket("icmpCode", "needs icmpType")


def _check_dnat(values: dict[str, object]) -> None:
    for attribute in ("pre_dnat_port", "pre_dnat_out_interface"):
        if attribute in values and "pre_dnat_destination" not in values:
            raise InvalidPacket(QUERY_KEYS[attribute], "needs preDNATDestination")
    if "pre_dnat_out_interface" in values and "in_interface" in values:
        raise InvalidPacket("preDNATOutInterface", "is for locally generated packets, which have no inInterface")


def _written(attribute: str, value: object, version: int) -> object:
    if attribute in ("source", "destination", "pre_dnat_destination"):
        return format_address(int(value), version)  # type: ignore[call-overload]
    if attribute == "protocol":
        return PROTOCOL_NAMES.get(value, value)  # type: ignore[call-overload]
    return value.value if isinstance(value, ConntrackState) else value
