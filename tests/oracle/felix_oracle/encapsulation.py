"""Which tunnels are on, and from whom their packets may come.

Sources: felix/calc/encapsulation_resolver.go, felix/dataplane/linux/ipip_mgr.go, vxlan_mgr.go; for hosts' addresses
libcalico-go/lib/backend/syncersv1/updateprocessors/felixnodeprocessor.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calico_engine.configuration import DataplaneSettings
from calico_engine.datastore import Datastore
from calico_engine.resources import BGPConfiguration, IPPool, Node
from felix_oracle.ipsets import ALL_HOSTS, VXLAN_SOURCES, IpSets
from felix_oracle.matches import Net
from felix_oracle.nets import read_address, read_net

_ON = ("Always", "CrossSubnet")


@dataclass(frozen=True, slots=True)
class Encapsulation:
    """By IP version, the name of the set of allowed senders; no entry where the tunnel is off."""

    ipip_sets: dict[int, str]
    vxlan_sets: dict[int, str]

    def ipip(self, version: int) -> str | None:
        return self.ipip_sets.get(version)

    def vxlan(self, version: int) -> str | None:
        return self.vxlan_sets.get(version)


def encapsulation(
    datastore: Datastore, node: str, settings: DataplaneSettings, sets: IpSets, version: int
) -> Encapsulation:
    """The tunnels of one node for one IP version: there is no IP-in-IP in IPv6."""
    external = tuple(net for net in map(read_net, map(str, settings.external_nodes)) if net is not None)
    ipip, vxlan = {}, {}
    if version == 4 and _ipip_on(datastore, settings):
        ipip[4] = sets.fixed(ALL_HOSTS, (*external, *_hosts(datastore)))
    if _vxlan_on(datastore, settings, version):
        vxlan[version] = sets.fixed(VXLAN_SOURCES, (*external, *_tunnel_ends(datastore, node, version)))
    return Encapsulation(ipip, vxlan)


def _ipip_on(datastore: Datastore, settings: DataplaneSettings) -> bool:
    if settings.ipip_enabled is not None:
        return settings.ipip_enabled
    return any(pool.spec.ipip_mode in _ON for _, pool in datastore.all(IPPool))


def _vxlan_on(datastore: Datastore, settings: DataplaneSettings, version: int) -> bool:
    """The parameter is for IPv4 alone."""
    if version == 4 and settings.vxlan_enabled is not None:
        return settings.vxlan_enabled
    pools = [pool.spec for _, pool in datastore.all(IPPool) if pool.spec.vxlan_mode in _ON]
    nets = [read_net(pool.cidr) for pool in pools]
    return any(net is not None and net.version == version for net in nets)


def _hosts(datastore: Datastore) -> Iterator[Net]:
    """Each node's IPv4 address: the one of BGP, else the first internal one, else the first external one."""
    for _, node in datastore.all(Node):
        texts = [node.spec.bgp.ipv4_address] if node.spec.bgp else []
        for kind in ("InternalIP", "ExternalIP"):
            texts += [address.address for address in node.spec.addresses if address.type == kind]
        found = [address for address in (read_address(text.split("/")[0]) for text in texts) if address is not None]
        first = next((address for address in found if address.version == 4), None)
        net = None if first is None else read_net(str(first))
        if net is not None:
            yield net


def _tunnel_ends(datastore: Datastore, own: str, version: int) -> Iterator[Net]:
    """The addresses of the other nodes that have a tunnel device."""
    for _, node in datastore.all(Node):
        spec = node.spec
        tunnel = spec.ipv4_vxlan_tunnel_addr if version == 4 else spec.ipv6_vxlan_tunnel_addr
        parent = "" if spec.bgp is None else spec.bgp.ipv4_address if version == 4 else spec.bgp.ipv6_address
        address = read_address(parent.split("/")[0])
        if node.metadata.name != own and tunnel and address is not None:
            net = read_net(str(address))
            if net is not None:
                yield net


def advertised_services(datastore: Datastore, settings: DataplaneSettings) -> tuple[Net, ...]:
    """Service addresses of which untranslated packets would loop (service_loop_mgr.go)."""
    entry = datastore.get(BGPConfiguration.KIND, "default")
    if entry is None or settings.service_loop_prevention not in ("Drop", "Reject"):
        return ()
    assert isinstance(entry.resource, BGPConfiguration)
    spec = entry.resource.spec
    blocks = (*spec.service_cluster_ips, *spec.service_external_ips, *spec.service_load_balancer_ips)
    return tuple(net for net in (read_net(block.cidr) for block in blocks) if net is not None)
