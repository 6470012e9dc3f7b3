"""A node's interfaces, their addresses, and the policies of its kernel chains."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calico_engine.compiler.felix_model import FelixModel
from calico_engine.datastore import Datastore
from calico_engine.packets import parse_address
from calico_engine.resources import Host, Node
from calico_engine.resources.hosts import HostInterface

LOOPBACK = "lo"
_DEFAULT_INTERFACE = "eth0"
_LOOPBACK_ADDRESSES = ("127.0.0.1/8", "::1/128")

#: (version, address)
Address = tuple[int, int]


@dataclass(frozen=True, slots=True)
class HostModel:
    """What is known of a node's network; `assumed` says that no Host document describes it."""

    node: str
    interfaces: Mapping[str, frozenset[Address]]
    chain_policies: Mapping[str, str] = field(default_factory=lambda: {"INPUT": "ACCEPT", "FORWARD": "ACCEPT"})
    assumed: bool = False

    @property
    def addresses(self) -> frozenset[Address]:
        return frozenset().union(*self.interfaces.values())


def host_model(datastore: Datastore, model: FelixModel, node: str) -> HostModel:
    """The node's interfaces: from its Host document, or what the other objects imply."""
    entry = datastore.get(Host.KIND, node)
    if entry is not None and isinstance(entry.resource, Host):
        spec = entry.resource.spec
        policies = {
            "INPUT": spec.chain_policies.input,
            "FORWARD": spec.chain_policies.forward,
            "OUTPUT": spec.chain_policies.output,
        }
        if spec.interfaces is not None:
            interfaces = {interface.name: _addresses(interface) for interface in spec.interfaces}
            return HostModel(node, interfaces, policies)
        return HostModel(node, _implied_interfaces(datastore, model, node), policies, assumed=True)
    policies = dict.fromkeys(("INPUT", "FORWARD", "OUTPUT"), "ACCEPT")
    return HostModel(node, _implied_interfaces(datastore, model, node), policies, assumed=True)


def _addresses(interface: HostInterface) -> frozenset[Address]:
    """The addresses that Felix sees on the interface: those of the kernel's local routes on that link.

    On the loopback that includes the network address itself (felix/ifacemonitor/iface_monitor.go).
    """
    result: set[Address] = set()
    for text in interface.addresses:
        parsed = ipaddress.ip_interface(text)
        result.add((parsed.version, int(parsed.ip)))
        if interface.name == LOOPBACK and parsed.version == 4:
            result.add((4, int(parsed.network.network_address)))
    return frozenset(result)


def _implied_interfaces(datastore: Datastore, model: FelixModel, node: str) -> dict[str, frozenset[Address]]:
    interfaces = {
        LOOPBACK: _addresses(HostInterface(name=LOOPBACK, addresses=_LOOPBACK_ADDRESSES)),
        _DEFAULT_INTERFACE: frozenset(node_addresses(datastore, model, node)),
    }
    for endpoint in model.host_endpoints:
        if endpoint.node == node and endpoint.interface_name not in ("", "*"):
            interfaces.setdefault(endpoint.interface_name, frozenset())
    return interfaces


def node_addresses(datastore: Datastore, model: FelixModel, node: str) -> Iterable[Address]:
    """The node's own addresses: from its Node object, else the expectedIPs of its host endpoints."""
    entry = datastore.get(Node.KIND, node)
    found: list[Address] = []
    if entry is not None and isinstance(entry.resource, Node):
        spec = entry.resource.spec
        texts = [spec.bgp.ipv4_address, spec.bgp.ipv6_address] if spec.bgp else []
        texts += [address.address for address in spec.addresses if address.type != "ExternalIP"]
        found = [address for address in map(_address, texts) if address is not None]
    found += [a for e in model.host_endpoints if e.node == node and e.interface_name != LOOPBACK for a in e.addresses]
    return dict.fromkeys(found)


def _address(text: str) -> Address | None:
    try:
        return parse_address(text.partition("/")[0])
    except ValueError:
        return None
