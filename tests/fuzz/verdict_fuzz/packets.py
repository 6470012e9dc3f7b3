"""Packets at random, near the edges of a world: of its nets, ports, ICMP types and protocols."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from verdict_fuzz import pools
from verdict_fuzz.aiming import Aim, Declared
from verdict_fuzz.pools import NODE, Document, chance
from verdict_fuzz.worlds import World

Query = dict[str, object]
_STATES: Mapping[str, int] = {"NEW": 82, "ESTABLISHED": 6, "RELATED": 2, "INVALID": 7, "UNTRACKED": 3}
_WITH_PORTS = frozenset({"TCP", "UDP", "SCTP", "UDPLite", 33})
_NAMES: Mapping[int, str] = {6: "TCP", 17: "UDP", 132: "SCTP", 136: "UDPLite", 1: "ICMP", 58: "ICMPv6"}
_WAYS: Mapping[str, int] = {"to host": 33, "from host": 27, "forwarded": 40}
_MAX = {4: 2**32 - 1, 6: 2**128 - 1}
#: ::ffff:0:0/96 without its last 32 bits: IPv4 addresses in IPv6 clothes, which are IPv4 to every reader.
_MAPPED = 0xFFFF


@dataclass(frozen=True, slots=True)
class Edges:
    """Values that a world mentions, and their neighbours."""

    addresses: Mapping[int, tuple[int, ...]]
    ports: tuple[int, ...]

    @classmethod
    def of(cls, world: World) -> Edges:
        addresses: dict[int, set[int]] = {4: set(), 6: set()}
        ports = {0, 65535, *pools.PORTS}
        for value in _values(world):
            net = _net(value)
            if net is not None:
                first, last = int(net.network_address), int(net.broadcast_address)
                around = (first - 1, first, last, last + 1)
                addresses[net.version] |= {edge for edge in around if _is_address(edge, net.version)}
            for port in _numbers(value):
                ports |= {max(port - 1, 0), port, min(port + 1, 65535)}
        return cls({version: tuple(sorted(edges)) for version, edges in addresses.items()}, tuple(sorted(ports)))


def _is_address(value: int, version: int) -> bool:
    return 0 <= value <= _MAX[version] and (version == 4 or value >> 32 != _MAPPED)


def _values(world: World) -> Iterator[object]:
    """Every scalar in the manifests."""
    waiting: list[object] = list(world.documents)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        else:
            yield value


def _net(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if not isinstance(value, str):
        return None
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def _numbers(value: object) -> list[int]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value] if 0 < value < 65536 else []
    if isinstance(value, str) and value.replace(":", "").isdigit():
        return [int(part) for part in value.split(":") if part and int(part) < 65536]
    return []


@dataclass(frozen=True, slots=True)
class PacketMaker:
    """Makes packets for one world; most are asked of the first of its nodes."""

    random: Random
    edges: Edges
    nodes: tuple[str, ...]
    rules: tuple[Document, ...]
    declared: Mapping[str, Sequence[Declared]]

    @classmethod
    def of(cls, random: Random, world: World) -> PacketMaker:
        specs = [each["spec"] for each in world.documents]
        nodes = {str(spec.get("node", NODE)) for spec in specs}
        rules = [rule for spec in specs for way in ("ingress", "egress") for rule in spec.get(way, ())]
        return cls(random, Edges.of(world), (NODE, *sorted(nodes - {NODE})), tuple(rules), _declared(specs))

    def packet(self) -> Query:
        random = self.random
        version = 4 if chance(random, 0.72) else 6
        query: Query = {"node": NODE if chance(random, 0.95) else random.choice(self.nodes)}
        way = random.choices(tuple(_WAYS), tuple(_WAYS.values()))[0]
        if way != "from host":
            query["inInterface"] = self._interface()
        if way != "to host":
            query["outInterface"] = self._interface()
        query["source"] = self._source(str(query.get("inInterface", "")), version)
        query["destination"] = self._address(version)
        self._protocol(query, version)
        if self.rules and chance(random, 0.4):
            Aim(random, random.choice(self.rules), version, self.declared).at(query)
        state = random.choices(tuple(_STATES), tuple(_STATES.values()))[0]
        if state != "NEW":
            query["conntrackState"] = state
        if chance(random, 0.15):
            self._translate(query, version)
        return query

    def _interface(self) -> str:
        weighted = ("eth0", "eth0", "eth0", "eth1", "cali1", "cali1", "cali2", "lo")
        return self.random.choice((*weighted, *pools.HOST_INTERFACES, *pools.WORKLOAD_INTERFACES))

    def _source(self, interface: str, version: int) -> str:
        """A workload's packets mostly come from its own address: others are dropped at the door."""
        own = {"cali1": "2", "cali2": "3", "tap0": "4"}.get(interface)
        if own is not None and chance(self.random, 0.85):
            return f"10.65.0.{own}" if version == 4 else f"fd65::{own}"
        if own is not None and chance(self.random, 0.2):
            return "169.254.1.1" if version == 4 else "fe80::1"
        return self._address(version)

    def _address(self, version: int) -> str:
        # Now and then an IPv6 address with the number of an IPv4 one: no set of the one family is one of the other.
        edges = self.edges.addresses[4 if chance(self.random, 0.03) else version]
        if edges and chance(self.random, 0.7):
            return _address_text(self.random.choice(edges), version)
        if chance(self.random, 0.9):
            return self.random.choice(pools.ADDRESSES_4 if version == 4 else pools.ADDRESSES_6)
        return _address_text(self.random.randint(0, _MAX[version]), version)

    def _protocol(self, query: Query, version: int) -> None:
        random = self.random
        icmp = ("ICMP", "ICMPv6") if version == 4 else ("ICMPv6", "ICMP")
        protocol: str | int = random.choice(("TCP", "TCP", "TCP", "UDP", "UDP", "SCTP", icmp[0]))
        if chance(random, 0.15):
            protocol = random.choice(("UDPLite", icmp[1], 0, 4, 4, 33, 47, 253, 255, random.randint(0, 255)))
        if isinstance(protocol, int):
            protocol = _NAMES.get(protocol, protocol)
        query["protocol"] = protocol
        if protocol in _WITH_PORTS:
            query["sourcePort"] = random.choice(
                (40000, self._port(), self._port(), random.choice(pools.FAILSAFE_PORTS))
            )
            query["destinationPort"] = self._port()
        elif protocol in ("ICMP", "ICMPv6"):
            query["icmpType"] = random.choice((0, 3, 8, 127, 128, 129, 137, 254, 255, *range(130, 137)))
            query["icmpCode"] = random.choice((0, 0, 1, 255))

    def _port(self) -> int:
        return self.random.choice(self.edges.ports)

    def _translate(self, query: Query, version: int) -> None:
        """Destination NAT happened: the fields so far are those after it, or those before."""
        query["preDNATDestination"] = self._address(version)
        if "destinationPort" in query:
            query["preDNATPort"] = self._port() if chance(self.random, 0.85) else 4789
        if chance(self.random, 0.5):
            for before, after in (("preDNATDestination", "destination"), ("preDNATPort", "destinationPort")):
                if after in query:
                    query[before], query[after] = query[after], query[before]
        if "inInterface" not in query and chance(self.random, 0.4):
            query["preDNATOutInterface"] = self._interface()


def _declared(specs: Sequence[Document]) -> Mapping[str, Sequence[Declared]]:
    """Who declares which name."""
    found: dict[str, list[Declared]] = {}
    for spec in specs:
        addresses = (*spec.get("expectedIPs", ()), *spec.get("ipNetworks", ()))
        for port in spec.get("ports", ()):
            if isinstance(port["protocol"], str):
                found.setdefault(port["name"], []).append(Declared(port["protocol"], port["port"], addresses))
    return found


def _address_text(value: int, version: int) -> str:
    return str(ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value))
