"""Packets made to meet a rule's criteria, most of them: chance alone rarely meets several lists at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from verdict_fuzz.pools import Document, chance

_WORDS: Mapping[int, str] = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6", 132: "SCTP", 136: "UDPLite"}
_SPELLED: Mapping[str, str] = {word.lower(): word for word in _WORDS.values()}
_OFTEN = 0.85
_WITH_PORTS = ("TCP", "UDP", "SCTP", "UDPLite")


class Declared(NamedTuple):
    """A port that an endpoint declares by name."""

    protocol: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """One rule, for packets of one IP version; what the rule does not ask for stays as it is."""

    random: Random
    rule: Document
    version: int
    declared: Mapping[str, Sequence[Declared]]

    def at(self, query: dict[str, object]) -> None:
        """Change the packet."""
        self._protocol(query)
        for side in ("source", "destination"):
            entity = self.rule.get(side, {})
            if chance(self.random, _OFTEN):
                self._address(query, side, entity.get("nets", ()))
            if f"{side}Port" in query and chance(self.random, _OFTEN):
                self._port(query, f"{side}Port", entity.get("ports", ()))
            if query["protocol"] in _WITH_PORTS and chance(self.random, _OFTEN):
                self._named(query, side, [*entity.get("ports", ()), *entity.get("notPorts", ())])
        if "icmpType" in query and "icmp" in self.rule and chance(self.random, _OFTEN):
            query["icmpType"] = self.rule["icmp"]["type"]
            query["icmpCode"] = self.rule["icmp"].get("code", query["icmpCode"])

    def _protocol(self, query: dict[str, object]) -> None:
        """Only towards protocols with ports: the others keep their fields."""
        wanted = self.rule.get("protocol")
        word = _WORDS.get(wanted) if isinstance(wanted, int) else _SPELLED.get(str(wanted).lower())
        if word in ("TCP", "UDP", "SCTP") and query["protocol"] in _WITH_PORTS:
            query["protocol"] = word

    def _address(self, query: dict[str, object], key: str, texts: list[str]) -> None:
        nets = [net for net in map(_net, texts) if net is not None and net.version == self.version]
        if nets:
            net = self.random.choice(nets)
            first, last = int(net.network_address), int(net.broadcast_address)
            edges = (first, last, self.random.randint(first, last))
            address = type(net.network_address)(self.random.choice(edges))
            if isinstance(address, ipaddress.IPv4Address) or address.ipv4_mapped is None:
                query[key] = str(address)

    def _port(self, query: dict[str, object], key: str, ports: list[object]) -> None:
        numbers = [part for port in ports for part in str(port).split(":") if part.isdigit()]
        if numbers:
            query[key] = int(self.random.choice(numbers))

    def _named(self, query: dict[str, object], side: str, ports: list[object]) -> None:
        """At an endpoint that declares one of the names: its address, its port, and mostly the protocol as well."""
        declared = [each for port in ports if isinstance(port, str) for each in self.declared.get(port, ())]
        if declared:
            each = self.random.choice(declared)
            query[f"{side}Port"] = each.port
            if "protocol" not in self.rule and chance(self.random, _OFTEN):
                query["protocol"] = each.protocol
            self._address(query, side, [*each.addresses])


def _net(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
