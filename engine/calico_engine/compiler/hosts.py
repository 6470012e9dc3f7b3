"""A node's interfaces, their addresses, and the policies of its kernel chains."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from calico_engine.compiler.felix_model import FelixEndpoint
from calico_engine.datastore import Entry
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


def host_model(name: str, node: Entry | None, host: Entry | None, endpoints: Sequence[FelixEndpoint]) -> HostModel:
    """The node's interfaces: from its Host document, or what its Node object and its host endpoints imply."""
    interfaces = policies = None
    if host is not None and isinstance(host.resource, Host):
        spec = host.resource.spec
        policies = {
            "INPUT": spec.chain_policies.input,
            "FORWARD": spec.chain_policies.forward,
            "OUTPUT": spec.chain_policies.output,
        }
        if spec.interfaces is not None:
            interfaces = {interface.name: _addresses(interface) for interface in spec.interfaces}
    return HostModel(
        name,
        _implied_interfaces(node, endpoints) if interfaces is None else interfaces,
        policies or dict.fromkeys(("INPUT", "FORWARD", "OUTPUT"), "ACCEPT"),
        assumed=interfaces is None,
    )


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


def described_addresses(host: Entry) -> tuple[Address, ...]:
    """All that a Host document names."""
    assert isinstance(host.resource, Host)
    return tuple(address for interface in host.resource.spec.interfaces or () for address in _addresses(interface))


def _implied_interfaces(node: Entry | None, endpoints: Sequence[FelixEndpoint]) -> dict[str, tuple[Address, ...]]:
    """The node's own addresses are those of its Node object, then the expectedIPs of its host endpoints."""
    own = () if node is None else node_addresses(node)
    expected = (
        address for endpoint in endpoints if endpoint.interface_name != LOOPBACK for address in endpoint.addresses
    )
    interfaces = {
        LOOPBACK: _addresses(HostInterface(name=LOOPBACK, addresses=_LOOPBACK_ADDRESSES)),
        _DEFAULT_INTERFACE: tuple(dict.fromkeys((*own, *expected))),
    }
    for endpoint in endpoints:
        if endpoint.interface_name not in ("", "*"):
            interfaces.setdefault(endpoint.interface_name, ())
    return interfaces


def node_addresses(node: Entry) -> tuple[Address, ...]:
    """The addresses that a Node object gives the node itself."""
    assert isinstance(node.resource, Node)
    spec = node.resource.spec
    texts = [spec.bgp.ipv4_address, spec.bgp.ipv6_address] if spec.bgp else []
    texts += [address.address for address in spec.addresses if address.type != "ExternalIP"]
    return _parsed(texts)


def tunnel_addresses(node: Entry) -> tuple[Address, ...]:
    """The addresses of the node's tunnel devices, from its Node object."""
    assert isinstance(node.resource, Node)
    spec = node.resource.spec
    texts = [spec.ipv4_vxlan_tunnel_addr, spec.ipv6_vxlan_tunnel_addr]
    texts += [spec.bgp.ipv4_ipip_tunnel_addr] if spec.bgp else []
    texts += [spec.wireguard.interface_ipv4_address, spec.wireguard.interface_ipv6_address] if spec.wireguard else []
    return _parsed(texts)


def _parsed(texts: Iterable[str]) -> tuple[Address, ...]:
    return tuple(address for address in map(parse_host_address, texts) if address is not None)


def parse_host_address(text: str) -> Address | None:
    """(version, address) of an address with or without a prefix length; None if it is none."""
    return find_address(text.partition("/")[0])
