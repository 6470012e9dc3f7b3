"""Where verdicts of a cluster change: what its rules, sets, endpoints and failsafes name, and what lies beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from weakref import WeakKeyDictionary

from calico_engine.cluster import Cluster
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import FelixEndpoint, FelixEntity, FelixRule, Net
from calico_engine.compiler.host_endpoint_resolution import WILDCARD
from calico_engine.compiler.hosts import LOOPBACK, Address
from calico_engine.compiler.intervals import ADDRESS_LIMIT, parse_net
from calico_engine.frozen import frozen
from calico_engine.packets import Direction, parse_address
from calico_engine.strategies.vocabulary import STRANGERS

#: Ports that need not be named anywhere.
USUAL_PORTS = (80, 0, 1, 40000, 65535)
#: IP version → addresses as integers, the plain ones first.
Addresses = Mapping[int, tuple[int, ...]]
#: ::ffff:0:0/96 without its last 32 bits: to every reader these are IPv4 addresses.
_MAPPED = 0xFFFF
_LAST_PORT = 65535


@frozen
class Side:
    """Addresses and ports near what one side of a rule asks for; empty where it asks for none."""

    addresses: Addresses
    ports: tuple[int, ...] = ()


NOWHERE: Addresses = {4: (), 6: ()}
ANY_SIDE = Side(NOWHERE)


@frozen
class Aim:
    """Packets near one rule; what is empty may be anything. `comes_in`: at its endpoint's interface, else it goes out."""

    comes_in: bool | None = None
    versions: tuple[int, ...] = ()
    protocols: tuple[int, ...] = ()
    icmp: tuple[tuple[int, int], ...] = ()  # types with codes
    source: Side = ANY_SIDE
    destination: Side = ANY_SIDE


@frozen
class Place:
    """Where packets can be asked about: an endpoint's interfaces, with what its rules ask for; or just some node."""

    node: str
    interfaces: tuple[str, ...] = ()
    aims: tuple[Aim, ...] = (Aim(),)


@frozen
class Surroundings:
    """A node: its own addresses, its interfaces, the workloads' with their addresses; what failsafes and tunnels test."""

    own: Addresses
    loopback: Addresses
    interfaces: tuple[str, ...]
    workloads: Mapping[str, Addresses]
    addresses: Addresses
    ports: tuple[int, ...]


class ClusterEdges:
    """What packets of a cluster are drawn near to; ValueError if there is no node to ask about them."""

    def __init__(self, compiled: CompiledCluster) -> None:
        self._compiled = compiled
        model = compiled.model
        self.nodes = tuple(sorted(compiled.nodes))
        if not self.nodes:
            raise ValueError("the cluster has no node that a packet could come to: it needs an endpoint, Node or Host")
        self.endpoints = (*model.host_endpoints, *model.workload_endpoints)
        named = (address for endpoint in self.endpoints for address in endpoint.addresses)
        self.addresses = addresses(
            (*map(parse_address, STRANGERS), *named), (n for s in model.network_sets for n in s.nets)
        )
        self._numbers: dict[str, list[int]] = {}  # that endpoints give to the name of a port
        for port in (port for endpoint in self.endpoints for port in endpoint.ports):
            self._numbers.setdefault(port.name, []).append(port.port)
        self.ports = ports((port, port) for numbers in self._numbers.values() for port in numbers)
        self._places: dict[int, Place] = {}
        self._surroundings: dict[str, Surroundings] = {}

    def place(self, number: int) -> Place:
        """The place at an endpoint."""
        if number not in self._places:
            self._places[number] = self._place(self.endpoints[number])
        return self._places[number]

    def _place(self, endpoint: FelixEndpoint) -> Place:
        model = self._compiled.model
        listed = [model.profiles[name] for name in endpoint.profiles if name in model.profiles]
        holders = [policy for tier in self._compiled.selected(endpoint) for policy in tier.policies]
        aims = [
            self._aim(rule, comes_in=endpoint.is_host is (direction is Direction.INGRESS))
            for direction in Direction
            for rules in (*(each.rules(direction) for each in holders), *(each.rules(direction) for each in listed))
            for rule in rules
        ]
        return Place(endpoint.node, self._interfaces(endpoint), (*[Aim()] * max(len(aims) // 2, 1), *aims))

    def _interfaces(self, endpoint: FelixEndpoint) -> tuple[str, ...]:
        """Where the endpoint may govern; all that are known, for one that says no interface."""
        if endpoint.interface_name not in ("", WILDCARD):
            return (endpoint.interface_name,)
        known = self._compiled.host(endpoint.node).interfaces
        expecting = (name for name, own in known.items() if not set(own).isdisjoint(endpoint.addresses))
        return tuple(known) if endpoint.interface_name else tuple(expecting)

    def _aim(self, rule: FelixRule, *, comes_in: bool) -> Aim:
        nets = [net for side in (rule.source, rule.destination) for net in (*side.nets, *side.not_nets)]
        kind, code = rule.icmp or rule.not_icmp or (None, None)
        return Aim(
            comes_in,
            tuple(dict.fromkeys(version for version, _, _ in nets)) if rule.version is None else (rule.version,),
            tuple(protocol for protocol in (rule.protocol, rule.not_protocol) if protocol is not None),
            () if kind is None else ((kind, code or 0), (kind, (code or 0) + 1), (kind + 1, code or 0)),
            self._side(rule.source),
            self._side(rule.destination),
        )

    def _side(self, side: FelixEntity) -> Side:
        names = (*side.named_ports, *side.not_named_ports)
        named = [(port, port) for name in names for port in self._numbers.get(name, ())]
        return Side(
            addresses(nets=(*side.nets, *side.not_nets)), ports((*side.port_ranges, *side.not_port_ranges, *named))
        )

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
    nets = [net for net in (parse_net(str(each.net)) for each in failsafes) if net is not None]
    tested = (*(each.port for each in failsafes), node.encapsulation.vxlan_port)
    return Surroundings(
        own=addresses(address for address in node.host.addresses if address not in local),
        loopback=addresses((*node.host.addresses, *local)),
        interfaces=tuple(sorted(hosts, key=LOOPBACK.__eq__)),
        workloads={
            each.interface_name: addresses(each.addresses) for each in model.workload_endpoints.by_node.get(name, ())
        },
        addresses=addresses(nets=nets),
        ports=ports((port, port) for port in (*tested, *node.encapsulation.wireguard_ports.values())),
    )


def addresses(single: Iterable[Address] = (), nets: Iterable[Net] = ()) -> Addresses:
    """Single addresses, then the ends of networks, then what lies outside."""
    listed = list(nets)
    found: dict[int, dict[int, None]] = {4: {}, 6: {}}
    for version, value in (*single, *_ends(listed, 0), *_ends(listed, 1)):
        if 0 <= value <= ADDRESS_LIMIT[version] and (version == 4 or value >> 32 != _MAPPED):
            found[version][value] = None
    return {version: tuple(values) for version, values in found.items()}


def _ends(nets: Iterable[Net], beyond: int) -> Iterator[Address]:
    for version, first, last in nets:
        yield version, first - beyond
        yield version, last + beyond


def ports(ranges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """The ends of ranges, then what lies outside."""
    listed = list(ranges)
    ends = [port for pair in listed for port in pair]
    outside = [port for first, last in listed for port in (first - 1, last + 1) if 0 <= port <= _LAST_PORT]
    return tuple(dict.fromkeys((*ends, *outside)))
