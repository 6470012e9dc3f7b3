"""IP sets: which addresses a selector, a named port or a service stands for.

Sources: felix/calc/rule_scanner.go, felix/labelindex/named_port_index.go. Names are Felix's (`cali40` and the id, cut to 31
characters), so that they can be compared with `ipset list`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from calico_selectors import Selector
from felix_oracle.felix import Entity, FelixModel
from felix_oracle.matches import Net
from felix_oracle.packets import Address

_MAX_NAME = 31
ALL_HOSTS, VXLAN_SOURCES, ALL_ENDPOINTS = "all-hosts-net", "all-vxlan-net", "all()"
Member = tuple[Address, int, int]


@dataclass(slots=True)
class IpSet:
    """Networks, or (address, protocol, port); of one IP version."""

    name: str
    nets: tuple[Net, ...] = ()
    members: frozenset[Member] = frozenset()
    _known: dict[Address, bool] = field(default_factory=dict)

    def has_address(self, address: Address) -> bool:
        if address not in self._known:
            self._known[address] = any(address in net for net in self.nets)
        return self._known[address]

    def has_port(self, address: Address, protocol: int, port: int | None) -> bool:
        return port is not None and (address, protocol, port) in self.members


class IpSets:
    """The sets of one IP version, made when a rule first names them."""

    def __init__(self, model: FelixModel, version: int) -> None:
        self._entities = model.entities
        self._version = version
        self.by_name: dict[str, IpSet] = {}

    def selector(self, text: str) -> str:
        """Name of the set of all addresses of what the selector selects."""
        selector = Selector(text)
        nets = [net for entity in self._selected(selector) for net in entity.nets if net.version == self._version]
        return self._add(selector.unique_id, nets=tuple(nets))

    def named_port(self, port: str, protocol: int | None, text: str) -> str:
        """Name of the set of (address, protocol, port) of the endpoints that declare the port and are selected.

        Without a protocol in the rule, a port declared with any; with one that has no ports, TCP.
        """
        selector = Selector(text or ALL_ENDPOINTS)
        wanted = (6, 17, 132) if protocol is None else (protocol if protocol in (17, 132) else 6,)
        members = [
            (net.network_address, declared.protocol, declared.port)
            for entity in self._selected(selector)
            for declared in entity.ports
            for net in entity.nets
            if declared.name == port and declared.protocol in wanted and net.version == self._version
        ]
        number = {17: "udp", 132: "sctp", None: "any"}.get(protocol, "tcp")
        return self._add(_unique_id("n", f"{selector.unique_id},{number},{port}"), members=frozenset(members))

    def service(self, name: str, *, with_ports: bool) -> str:
        """Name of the set of a service's backends: empty, for nothing here knows endpoint slices."""
        return self._add(_unique_id("svc" if with_ports else "svcnoport", name))

    def fixed(self, identity: str, nets: tuple[Net, ...]) -> str:
        """Name of a set of Felix's own."""
        return self._add(identity, nets=tuple(net for net in nets if net.version == self._version))

    def _selected(self, selector: Selector) -> list[Entity]:
        return [entity for entity in self._entities if selector.matches(entity.labels)]

    def _add(self, identity: str, nets: tuple[Net, ...] = (), members: frozenset[Member] = frozenset()) -> str:
        name = f"cali{self._version}0{identity}"[:_MAX_NAME]
        self.by_name.setdefault(name, IpSet(name, nets, members))
        return name


def _unique_id(prefix: str, content: str) -> str:
    """libcalico-go/lib/hash: MakeUniqueID."""
    digest = hashlib.sha224(content.encode()).digest()
    return f"{prefix}:{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
