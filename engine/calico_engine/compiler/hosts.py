"""A node's interfaces, their addresses, and the policies of its kernel chains."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import field

from calico_engine.compiler.felix_model import FelixModel
from calico_engine.datastore import Datastore
from calico_engine.frozen import frozen
from calico_engine.packets import find_address
from calico_engine.resources import Host, Node
from calico_engine.resources.hosts import HostInterface

LOOPBACK = "lo"
_DEFAULT_INTERFACE = "eth0"
_LOOPBACK_ADDRESSES = ("127.0.0.1/8", "::1/128")

#: (version, address)
Address = tuple[int, int]


@frozen
class HostModel:
    """What is known of a node's network; `assumed` says that no Host document describes it."""

    node: str
    interfaces: Mapping[str, tuple[Address, ...]]
    chain_policies: Mapping[str, str] = field(default_factory=lambda: {"INPUT": "ACCEPT", "FORWARD": "ACCEPT"})
    assumed: bool = False

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All of them, in the order of the interfaces."""
        return tuple(dict.fromkeys(address for listed in self.interfaces.values() for address in listed))


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


def _addresses(interface: HostInterface) -> tuple[Address, ...]:
    """The addresses that Felix sees on the interface: those of the kernel's local routes on that link.

    On the loopback that includes the network address itself (felix/ifacemonitor/iface_monitor.go).
    """
    result: dict[Address, None] = {}
    for text in interface.addresses:
        parsed = ipaddress.ip_interface(text)
        result[(parsed.version, int(parsed.ip))] = None
        if interface.name == LOOPBACK and parsed.version == 4:
            result[(4, int(parsed.network.network_address))] = None
    return tuple(result)


def _implied_interfaces(datastore: Datastore, model: FelixModel, node: str) -> dict[str, tuple[Address, ...]]:
    interfaces = {
        LOOPBACK: _addresses(HostInterface(name=LOOPBACK, addresses=_LOOPBACK_ADDRESSES)),
        _DEFAULT_INTERFACE: tuple(node_addresses(datastore, model, node)),
    }
    for endpoint in model.host_endpoints_by_node.get(node, ()):
        if endpoint.interface_name not in ("", "*"):
            interfaces.setdefault(endpoint.interface_name, ())
    return interfaces


def node_addresses(datastore: Datastore, model: FelixModel, node: str) -> Iterable[Address]:
    """The node's own addresses: from its Node object, then the expectedIPs of its host endpoints."""
    entry = datastore.get(Node.KIND, node)
    found: list[Address | None] = []
    if entry is not None and isinstance(entry.resource, Node):
        spec = entry.resource.spec
        found += [
            parse_host_address(text) for text in ((spec.bgp.ipv4_address, spec.bgp.ipv6_address) if spec.bgp else ())
        ]
        found += [parse_host_address(address.address) for address in spec.addresses if address.type != "ExternalIP"]
    for endpoint in model.host_endpoints_by_node.get(node, ()):
        if endpoint.interface_name != LOOPBACK:
            found += endpoint.addresses
    return dict.fromkeys(address for address in found if address is not None)


def tunnel_addresses(datastore: Datastore, node: str) -> Iterable[Address]:
    """The addresses of the node's tunnel devices, from its Node object."""
    entry = datastore.get(Node.KIND, node)
    if entry is None or not isinstance(entry.resource, Node):
        return ()
    spec = entry.resource.spec
    texts = [spec.ipv4_vxlan_tunnel_addr, spec.ipv6_vxlan_tunnel_addr]
    texts += [spec.bgp.ipv4_ipip_tunnel_addr] if spec.bgp else []
    texts += [spec.wireguard.interface_ipv4_address, spec.wireguard.interface_ipv6_address] if spec.wireguard else []
    return [address for address in map(parse_host_address, texts) if address is not None]


def parse_host_address(text: str) -> Address | None:
    """(version, address) of an address with or without a prefix length; None if it is none."""
    return find_address(text.partition("/")[0])
