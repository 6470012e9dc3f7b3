"""Whose encapsulated packets a node trusts, and which encapsulations are on.

Source: felix/calc/encapsulation_resolver.go, vxlan_resolver.go, felix/dataplane/linux/ipip_mgr.go, vxlan_mgr.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calico_engine.compiler.felix_model import Net
from calico_engine.compiler.intervals import Intervals, merged, parse_net
from calico_engine.configuration import DataplaneSettings
from calico_engine.datastore import Datastore, Entry, Key
from calico_engine.frozen import frozen
from calico_engine.resources import BGPConfiguration, IPPool, Node
from calico_engine.reuse import Reuse


@frozen
class Encapsulation:
    """By IP version: the sources allowed to send encapsulated packets here; a version without an entry is off."""

    ipip_sources: Intervals | None
    vxlan_sources: Mapping[int, Intervals]
    vxlan_port: int
    wireguard_ports: Mapping[int, int]


@frozen
class Tunnels:
    """What all nodes of a datastore have in common: its pools, and where encapsulated packets come from.

    `hosts` are the nodes' IPv4 addresses; `parents` by IP version which node's VXLAN endpoint sends from which address.
    """

    pools: tuple[IPPool, ...]
    hosts: Intervals
    parents: Mapping[int, tuple[tuple[str, Net], ...]]


@frozen
class _End:
    """What one node has to do with the packets that others send to it encapsulated."""

    host: Net | None
    parents: Mapping[int, Net | None]


def tunnels(datastore: Datastore, reuse: Reuse) -> Tunnels:
    ends = reuse.each(_end, datastore.entries.kind(Node.KIND))
    return reuse.of(_joined, ends, datastore.entries.kind(IPPool.KIND))


def encapsulation(known: Tunnels, node: str, settings: DataplaneSettings) -> Encapsulation:
    """What is switched on comes from the configuration or, where that is silent, from the pools."""
    external = [net for net in (parse_net(str(net)) for net in settings.external_nodes) if net is not None]
    ipip = settings.ipip_enabled
    if ipip is None:
        ipip = any(pool.spec.ipip_mode in ("Always", "CrossSubnet") for pool in known.pools)
    vxlan = settings.vxlan_enabled
    if vxlan is None:
        vxlan = _has_vxlan_pool(known.pools, 4)
    vxlan_sources = {}
    # The configuration's switch is for IPv4 alone.
    for version, is_on in ((4, vxlan), (6, _has_vxlan_pool(known.pools, 6))):
        if is_on:
            others = [net for name, net in known.parents[version] if name != node]
            vxlan_sources[version] = _nets([*external, *others], version)
    return Encapsulation(
        ipip_sources=merged((*known.hosts, *_nets(external, 4))) if ipip else None,
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


def _end(entry: Entry) -> _End:
    assert isinstance(entry.resource, Node)
    return _End(_host_address(entry.resource), {version: _parent(entry.resource, version) for version in (4, 6)})


def _joined(ends: Mapping[Key, _End], pools: Mapping[Key, Entry]) -> Tunnels:
    parents = {
        version: tuple((name, parent) for (_, _, name), end in ends.items() if (parent := end.parents[version]))
        for version in (4, 6)
    }
    resources = (entry.resource for entry in pools.values())
    return Tunnels(
        tuple(resource for resource in resources if isinstance(resource, IPPool)),
        _nets((end.host for end in ends.values()), 4),
        parents,
    )


def _host_address(node: Node) -> Net | None:
    """A node's IPv4 address: BGP's, else an internal one, else an external one."""
    spec = node.spec
    listed = sorted(spec.addresses, key=lambda address: address.type != "InternalIP")
    texts = [spec.bgp.ipv4_address] if spec.bgp and spec.bgp.ipv4_address else []
    texts += [address.address for address in listed if address.type in ("InternalIP", "ExternalIP")]
    return next((net for net in map(_host, texts) if net is not None and net[0] == 4), None)


def _parent(node: Node, version: int) -> Net | None:
    """The address from which a node's VXLAN endpoint sends: it needs a tunnel address and a BGP address."""
    spec = node.spec
    tunnel = spec.ipv4_vxlan_tunnel_addr if version == 4 else spec.ipv6_vxlan_tunnel_addr
    parent = (spec.bgp.ipv4_address if version == 4 else spec.bgp.ipv6_address) if spec.bgp else ""
    return _host(parent) if tunnel else None


def _host(text: str) -> Net | None:
    return parse_net(text.partition("/")[0])
