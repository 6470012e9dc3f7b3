"""Whose encapsulated packets a node trusts, and which encapsulations are on.

Source: felix/calc/encapsulation_resolver.go, vxlan_resolver.go, felix/dataplane/linux/ipip_mgr.go, vxlan_mgr.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calico_engine.compiler.intervals import Intervals, merged, parse_net
from calico_engine.configuration import DataplaneSettings
from calico_engine.datastore import Datastore
from calico_engine.frozen import frozen
from calico_engine.resources import BGPConfiguration, IPPool, Node


@frozen
class Encapsulation:
    """By IP version: the sources allowed to send encapsulated packets here; a version without an entry is off."""

    ipip_sources: Intervals | None
    vxlan_sources: Mapping[int, Intervals]
    vxlan_port: int
    wireguard_ports: Mapping[int, int]


def encapsulation(datastore: Datastore, node: str, settings: DataplaneSettings) -> Encapsulation:
    """What is switched on comes from the configuration or, where that is silent, from the pools."""
    nodes = [resource for _, resource in datastore.all(Node)]
    external = [parse_net(str(net)) for net in settings.external_nodes]
    pools = [resource for _, resource in datastore.all(IPPool)]
    ipip = settings.ipip_enabled
    if ipip is None:
        ipip = any(pool.spec.ipip_mode in ("Always", "CrossSubnet") for pool in pools)
    vxlan = settings.vxlan_enabled
    if vxlan is None:
        vxlan = _has_vxlan_pool(pools, 4)
    vxlan_sources = {}
    if vxlan:
        vxlan_sources[4] = _nets([*external, *_parents(nodes, node, 4)], 4)
    if _has_vxlan_pool(pools, 6):  # the configuration's switch is for IPv4 alone
        vxlan_sources[6] = _nets(_parents(nodes, node, 6), 6)
    return Encapsulation(
        ipip_sources=_nets([*external, *_host_addresses(nodes)], 4) if ipip else None,
        vxlan_sources=vxlan_sources,
        vxlan_port=settings.vxlan_port,
        wireguard_ports=_wireguard_ports(settings),
    )


def looping_services(datastore: Datastore, settings: DataplaneSettings) -> Mapping[int, Intervals]:
    """The advertised service CIDRs, to which forwarded packets are dropped (service_loop_mgr.go)."""
    entry = datastore.get(BGPConfiguration.KIND, "default")
    if settings.service_loop_prevention not in ("Drop", "Reject") or entry is None:
        return {4: (), 6: ()}
    assert isinstance(entry.resource, BGPConfiguration)
    spec = entry.resource.spec
    cidrs = [*spec.service_cluster_ips, *spec.service_external_ips, *spec.service_load_balancer_ips]
    nets = [parse_net(block.cidr) for block in cidrs]
    return {version: _nets(nets, version) for version in (4, 6)}


def _wireguard_ports(settings: DataplaneSettings) -> Mapping[int, int]:
    ports = {}
    if settings.wireguard_enabled:
        ports[4] = settings.wireguard_port
    if settings.wireguard_enabled_v6:
        ports[6] = settings.wireguard_port_v6
    return ports


def _has_vxlan_pool(pools: Iterable[IPPool], version: int) -> bool:
    return any(
        pool.spec.vxlan_mode in ("Always", "CrossSubnet") and (parse_net(pool.spec.cidr) or (0,))[0] == version
        for pool in pools
    )


def _nets(nets: Iterable[tuple[int, int, int] | None], version: int) -> Intervals:
    return merged(net[1:] for net in nets if net is not None and net[0] == version)


def _host_addresses(nodes: Iterable[Node]) -> Iterable[tuple[int, int, int] | None]:
    """Every node's IPv4 address, this one's included: BGP's, else an internal one, else an external one."""
    for node in nodes:
        spec = node.spec
        listed = sorted(spec.addresses, key=lambda address: address.type != "InternalIP")
        texts = [spec.bgp.ipv4_address] if spec.bgp and spec.bgp.ipv4_address else []
        texts += [address.address for address in listed if address.type in ("InternalIP", "ExternalIP")]
        found = [net for net in (_host(text) for text in texts) if net is not None and net[0] == 4]
        yield from found[:1]


def _parents(nodes: Iterable[Node], own: str, version: int) -> Iterable[tuple[int, int, int] | None]:
    """The addresses from which the other nodes' VXLAN endpoints send: they need a tunnel address and a BGP address."""
    for node in nodes:
        spec = node.spec
        tunnel = spec.ipv4_vxlan_tunnel_addr if version == 4 else spec.ipv6_vxlan_tunnel_addr
        parent = (spec.bgp.ipv4_address if version == 4 else spec.bgp.ipv6_address) if spec.bgp else ""
        if node.metadata.name != own and tunnel and parent:
            yield _host(parent)


def _host(text: str) -> tuple[int, int, int] | None:
    return parse_net(text.partition("/")[0])
