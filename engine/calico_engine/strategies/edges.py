"""Where verdicts of a cluster change: what its endpoints, rules, sets and failsafes name, and what lies beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from weakref import WeakKeyDictionary

from calico_engine.cluster import Cluster
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import FelixEndpoint, Net
from calico_engine.compiler.host_endpoint_resolution import WILDCARD
from calico_engine.compiler.hosts import LOOPBACK, Address
from calico_engine.compiler.intervals import parse_net
from calico_engine.frozen import frozen
from calico_engine.packets import parse_address
from calico_engine.strategies.aims import Aim, aims, around, is_address
from calico_engine.strategies.vocabulary import STRANGERS

#: Ports that need not be named anywhere.
USUAL_PORTS = (80, 0, 1, 40000, 65535)
#: IP version → addresses as integers, the plain ones first.
Addresses = Mapping[int, Sequence[int]]
NOWHERE: Addresses = {4: (), 6: ()}


@frozen
class Surroundings:
    """A node: its own addresses, its interfaces, the workloads' with their addresses; what failsafes and tunnels test."""

    own: Addresses
    loopback: Addresses
    interfaces: tuple[str, ...]
    workloads: Mapping[str, Addresses]
    addresses: Addresses
    ports: Sequence[int]


class ClusterEdges:
    """What packets of a cluster are drawn near to; ValueError if there is no node to ask about them."""

    def __init__(self, compiled: CompiledCluster) -> None:
        self._compiled = compiled
        model = compiled.model
        self.nodes = tuple(sorted(compiled.nodes))
        if not self.nodes:
            raise ValueError("the cluster has no node that a packet could come to: it needs an endpoint, Node or Host")
        self.endpoints = (*model.host_endpoints, *model.workload_endpoints)
        #: Numbers of endpoints.
        self.hosts: Sequence[int | None] = range(len(model.host_endpoints))
        self.workloads: Sequence[int | None] = range(len(self.hosts), len(self.endpoints))
        named = (address for endpoint in self.endpoints for address in endpoint.addresses)
        sets = (net for each in model.network_sets for net in each.nets)
        self.addresses = _addresses((*map(parse_address, STRANGERS), *named), sets)
        self.ports = _ports(port.port for endpoint in self.endpoints for port in endpoint.ports)
        self._aims: dict[tuple[int, int], tuple[Aim, ...]] = {}
        self._surroundings: dict[str, Surroundings] = {}

    def aims(self, number: int, version: int) -> tuple[Aim, ...]:
        """What packets to or from an endpoint are aimed at: a rule mostly, or nothing in particular."""
        key = number, version
        if key not in self._aims:
            endpoint = self.endpoints[number]
            known = (*self.addresses[version], *self.surroundings(endpoint.node).own[version])
            found = list(aims(self._compiled.node(endpoint.node), endpoint, version, known))
            self._aims[key] = (*[Aim()] * max(len(found) // 3, 1), *found)
        return self._aims[key]

    def interfaces(self, endpoint: FelixEndpoint) -> Sequence[str]:
        """Where the endpoint may govern; all that are known, for one that says no interface."""
        if endpoint.interface_name not in ("", WILDCARD):
            return (endpoint.interface_name,)
        known = self._compiled.host(endpoint.node).interfaces
        expecting = (name for name, own in known.items() if not set(own).isdisjoint(endpoint.addresses))
        return tuple(known) if endpoint.interface_name else tuple(expecting)

    def surroundings(self, node: str) -> Surroundings:
        """What is special to one of the nodes."""
        if node not in self._surroundings:
            self._surroundings[node] = _surroundings(self._compiled, node)
        return self._surroundings[node]


_known: WeakKeyDictionary[Cluster, ClusterEdges] = WeakKeyDictionary()


def edges_of(cluster: Cluster) -> ClusterEdges:
    """The edges of a cluster, found once."""
    if cluster not in _known:
        _known[cluster] = ClusterEdges(cluster.compiled)
    return _known[cluster]


def _surroundings(compiled: CompiledCluster, name: str) -> Surroundings:
    node, model = compiled.node(name), compiled.model
    local = node.host.interfaces.get(LOOPBACK, ())
    named = [each.interface_name for each in model.host_endpoints.by_node.get(name, ())]
    hosts = dict.fromkeys(each for each in (*named, *node.host.interfaces) if each not in ("", WILDCARD))
    failsafes = (*node.parameters.failsafe_inbound, *node.parameters.failsafe_outbound)
    nets = (net for net in (parse_net(str(each.net)) for each in failsafes) if net is not None)
    tunnels = (node.encapsulation.vxlan_port, *node.encapsulation.wireguard_ports.values())
    return Surroundings(
        own=_addresses(address for address in node.host.addresses if address not in local),
        loopback=_addresses((*node.host.addresses, *local)),
        interfaces=tuple(sorted(hosts, key=LOOPBACK.__eq__)),
        workloads={
            each.interface_name: _addresses(each.addresses) for each in model.workload_endpoints.by_node.get(name, ())
        },
        addresses=_addresses(nets=nets),
        ports=_ports((*(each.port for each in failsafes), *tunnels)),
    )


def _addresses(single: Iterable[Address] = (), nets: Iterable[Net] = ()) -> Addresses:
    """Single addresses, then the ends of networks and what lies outside."""
    found: dict[int, dict[int, None]] = {4: {}, 6: {}}
    for version, value in single:
        found[version][value] = None
    for version, low, high in nets:
        found[version] |= dict.fromkeys(value for value in around(((low, high),)) if is_address(value, version))
    return {version: tuple(values) for version, values in found.items()}


def _ports(ports: Iterable[int]) -> Sequence[int]:
    """The ports and those beside."""
    return [port for port in around(tuple((port, port) for port in ports)) if 0 <= port <= 65535]
