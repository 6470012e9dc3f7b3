"""A node's interfaces with their addresses, and which host endpoint governs which of them.

Source of the latter: felix/dataplane/linux/endpoint_mgr.go: resolveHostEndpoints.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from calico_engine.configuration import DataplaneSettings
from calico_engine.datastore import Datastore
from calico_engine.resources import Host, Node
from felix_oracle.felix import FelixHostEndpoint, FelixModel
from felix_oracle.names import ANY_INTERFACE
from felix_oracle.nets import read_address
from felix_oracle.packets import Address

LOOPBACK = "lo"


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """Interfaces in their order, each with its addresses as Felix learns them, and the policies of the kernel's chains."""

    interfaces: Mapping[str, tuple[Address, ...]]
    policies: Mapping[str, str]

    def first_uplink(self, settings: DataplaneSettings) -> str:
        """The first interface that is neither the loopback nor a workload's; empty if there is none."""
        names = (name for name in self.interfaces if name != LOOPBACK and not settings.is_workload_interface(name))
        return next(names, "")


def host_network(datastore: Datastore, model: FelixModel, node: str) -> HostNetwork:
    """From the Host document of the node, or, without one, what the other objects let suppose."""
    entry = datastore.get(Host.KIND, node)
    policies = {"INPUT": "ACCEPT", "FORWARD": "ACCEPT", "OUTPUT": "ACCEPT"}
    written = None
    if entry is not None:
        assert isinstance(entry.resource, Host)
        chains = entry.resource.spec.chain_policies
        policies = {"INPUT": chains.input, "FORWARD": chains.forward, "OUTPUT": chains.output}
        written = entry.resource.spec.interfaces
    if written is None:
        return HostNetwork(_supposed(datastore, model, node), policies)
    interfaces = {}
    for interface in written:
        parsed = [ipaddress.ip_interface(text) for text in interface.addresses]
        addresses: list[Address] = [each.ip for each in parsed]
        if interface.name == LOOPBACK:
            # The kernel takes the whole network for its own, and Felix reads its first address off the route.
            addresses += [each.network.network_address for each in parsed if each.version == 4]
        interfaces[interface.name] = tuple(addresses)
    return HostNetwork(interfaces, policies)


def _supposed(datastore: Datastore, model: FelixModel, node: str) -> Mapping[str, tuple[Address, ...]]:
    """The loopback, one eth0 with all addresses of the node, and the interfaces that host endpoints name."""
    loopback = ("127.0.0.1", "127.0.0.0", "::1")
    interfaces: dict[str, tuple[Address, ...]] = {LOOPBACK: tuple(map(ipaddress.ip_address, loopback))}
    own = [host for host in model.hosts if host.node == node]
    addresses = [*_node_addresses(datastore, node)]
    addresses += [address for host in own if host.interface != LOOPBACK for address in host.expected]
    interfaces["eth0"] = tuple(addresses)
    for host in own:
        if host.interface not in ("", "*"):
            interfaces.setdefault(host.interface, ())
    return interfaces


def _node_addresses(datastore: Datastore, node: str) -> list[Address]:
    entry = datastore.get(Node.KIND, node)
    if entry is None:
        return []
    assert isinstance(entry.resource, Node)
    spec = entry.resource.spec
    texts = [spec.bgp.ipv4_address, spec.bgp.ipv6_address] if spec.bgp else []
    texts += [address.address for address in spec.addresses if address.type != "ExternalIP"]
    found = (read_address(text.split("/")[0]) for text in texts)
    return [address for address in found if address is not None]


def resolve(
    model: FelixModel, node: str, network: HostNetwork, settings: DataplaneSettings
) -> dict[str, FelixHostEndpoint]:
    """Interface → its host endpoint, and the wildcard's under ANY_INTERFACE. The smallest name wins everywhere.

    An interface that no Host document has, but an endpoint names, is taken to exist: packets will tell.
    """
    candidates = sorted((host for host in model.hosts if host.node == node), key=lambda host: host.name.encode())
    named = {host.interface: () for host in candidates if host.interface not in ("", "*")}
    governed: dict[str, FelixHostEndpoint] = {}
    for interface, addresses in {**named, **network.interfaces}.items():
        if settings.is_workload_interface(interface) or settings.excludes(interface):
            continue
        for host in candidates:
            by_address = not host.interface and any(address in addresses for address in host.expected)
            if host.interface == interface or by_address:
                governed[interface] = host
                break
    wildcards = [host for host in candidates if host.interface == "*"]
    if wildcards:
        governed[ANY_INTERFACE] = wildcards[0]
    return governed
