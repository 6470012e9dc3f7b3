"""Packets, near to where a cluster's verdicts change."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from calico_engine.cluster import Cluster
from calico_engine.compiler.hosts import LOOPBACK
from calico_engine.frozen import frozen
from calico_engine.packets import (
    ICMP,
    ICMP_PROTOCOLS,
    ICMPV6,
    PORT_PROTOCOLS,
    PROTOCOL_NAMES,
    SCTP,
    TCP,
    UDP,
    HookPath,
    Packet,
    format_address,
)
from calico_engine.strategies.drawing import SELDOM, choose, drawing
from calico_engine.strategies.edges import (
    NOWHERE,
    USUAL_PORTS,
    Addresses,
    Aim,
    ClusterEdges,
    Place,
    Side,
    Surroundings,
    edges_of,
)
from calico_engine.strategies.vocabulary import IP_VERSIONS

_IN, _OUT = "inInterface", "outInterface"
#: The interfaces that packets have on each way.
_WAYS = {HookPath.TO_HOST: (_IN,), HookPath.FROM_HOST: (_OUT,), HookPath.FORWARD: (_IN, _OUT)}
_PATHS = tuple(path.value for path in _WAYS)
#: Most packets are new.
_STATES = (*["NEW"] * 12, "ESTABLISHED", "RELATED", "INVALID", "INVALID", "UNTRACKED")
#: In no manifest: another interface, and one that is a workload's by its name.
_UNKNOWN = ("eth9", "cali9")
_EPHEMERAL = (40000,)
_ICMP = ((8, 0), (0, 0), (3, 1), (128, 0), (129, 0), (135, 0), (254, 255))
_USUAL, _OTHERS = (TCP, TCP, UDP, SCTP), (ICMP, ICMPV6, 136, 4, 47, 33, 0, 255)


def packets(
    *,
    cluster: Cluster,
    paths: Sequence[str] = _PATHS,
    conntrack_states: Sequence[str] = _STATES,
    ip_versions: Sequence[int] = IP_VERSIONS,
    allow_dnat: bool = True,
) -> st.SearchStrategy[Packet]:
    '''Packets at nodes of the cluster that leave no field open, most of them near to what its rules ask for.

    Drawn are: ports that rules, endpoints and failsafes name and those beside; ends of networks and what lies outside;
    addresses of endpoints, hosts and strangers; interfaces known and unknown, the loopback among them; all protocols.
    `paths` and `conntrack_states`: those that may be drawn (see `HookPath` and `ConntrackState`); `allow_dnat`: packets
    whose destination was translated, too. A packet prints as the call that makes it, with its query. Shrinks towards a
    new TCP packet to the first node. ValueError for a cluster without a node.

    >>> from hypothesis import find
    >>> cluster = Cluster.parse("""
    ... apiVersion: projectcalico.org/v3
    ... kind: HostEndpoint
    ... metadata: {name: h}
    ... spec: {node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1]}
    ... """)
    >>> def is_failsafe(packet: Packet) -> bool:
    ...     return cluster.verdict(packet).decided_by.reason.name == "FAILSAFE"
    >>> find(packets(cluster=cluster), is_failsafe)  # doctest: +ELLIPSIS
    Packet.parse({"node": "n1", "inInterface": "eth0", ... "sourcePort": 40000, "destinationPort": 22})
    '''
    edges = edges_of(cluster)
    # An endpoint by its number, or no endpoint and just some node.
    places = st.sampled_from((*range(len(edges.endpoints)), *range(len(edges.endpoints)), None))
    nodes, states = st.sampled_from(edges.nodes), st.sampled_from(tuple(conntrack_states))
    ways = [_WAYS[HookPath(path)] for path in paths]

    def packet(draw: st.DrawFn) -> Packet:
        number = draw(places)
        place = Place(draw(nodes)) if number is None else edges.place(number)
        aim = choose(draw, place.aims)
        version = choose(draw, [each for each in ip_versions if each in aim.versions] or ip_versions)
        fitting = [way for way in ways if aim.comes_in is not (_IN not in way)] or ways
        drawer = _Drawer(draw, edges, edges.surroundings(place.node), aim, version)
        query: dict[str, object] = {"node": place.node, **drawer.interfaces(choose(draw, fitting), place)}
        query |= drawer.addresses(str(query.get(_IN, "")), str(query.get(_OUT, "")))
        query |= drawer.protocol()
        state = draw(states)
        query |= {} if state == "NEW" else {"conntrackState": state}
        if allow_dnat and draw(SELDOM):
            query |= drawer.translation(is_generated=_IN not in query, with_ports="destinationPort" in query)
        return Packet.parse(query)

    return drawing(packet)


@frozen
class _Drawer:
    """Draws the parts of one packet."""

    draw: st.DrawFn
    cluster: ClusterEdges
    node: Surroundings
    aim: Aim
    version: int

    def interfaces(self, way: Sequence[str], place: Place) -> dict[str, object]:
        """Where a rule is aimed at, mostly an interface of the rule's endpoint."""
        known = (*self.node.interfaces, *self.node.workloads)
        anywhere = (*known * 3, *_UNKNOWN)
        there = (*place.interfaces * (3 * len(anywhere) // max(len(place.interfaces), 1)), *anywhere)
        looked_at = {_IN: self.aim.comes_in is not False, _OUT: self.aim.comes_in is not True}
        return {key: choose(self.draw, there if looked_at[key] else anywhere) for key in way}

    def addresses(self, came_in_on: str, goes_out_on: str) -> dict[str, object]:
        """Workloads mostly send from their own addresses: others are dropped at the door."""
        here = self.node.loopback if LOOPBACK in (came_in_on, goes_out_on) else self.node.own
        there = {"": here, LOOPBACK: here, **self.node.workloads}
        sender, receiver = there.get(came_in_on, NOWHERE), there.get(goes_out_on, NOWHERE)
        often = 4 if came_in_on in self.node.workloads else 1
        return {
            "source": self._address([sender] * often, self.aim.source),
            "destination": self._address([receiver], self.aim.destination),
        }

    def _address(self, usual: Sequence[Addresses], aim: Side) -> str:
        pools = (*usual, aim.addresses, aim.addresses, self.cluster.addresses, self.node.addresses)
        return format_address(self._one_of([pool[self.version] for pool in pools]), self.version)

    def _one_of(self, pools: Sequence[Sequence[int]]) -> int:
        """A value of one of the pools that hold any."""
        return choose(self.draw, choose(self.draw, [pool for pool in pools if pool]))

    def protocol(self) -> dict[str, object]:
        """Protocol, with ports or ICMP type and code."""
        aimed, icmp = [self.aim.protocols] * 4, ICMP if self.version == 4 else ICMPV6
        protocol = self._one_of([_USUAL, *aimed, _USUAL, (icmp,), _OTHERS])
        # Ports are drawn in any case: or else packets without them would be simpler.
        source = self._port(self.aim.source, [_EPHEMERAL] * 2)
        destination = self._port(self.aim.destination, [])
        found: dict[str, object] = {"protocol": PROTOCOL_NAMES.get(protocol, protocol)}
        if protocol in PORT_PROTOCOLS:
            found |= {"sourcePort": source, "destinationPort": destination}
        if protocol in ICMP_PROTOCOLS:
            kind, code = choose(self.draw, (*_ICMP, *self.aim.icmp * 4))
            found |= {"icmpType": kind, "icmpCode": code}
        return found

    def _port(self, aim: Side, usual: Sequence[tuple[int, ...]]) -> int:
        return self._one_of([*usual, USUAL_PORTS, *[aim.ports] * 3, self.cluster.ports, self.node.ports])

    def translation(self, *, is_generated: bool, with_ports: bool) -> dict[str, object]:
        """What the packet carried before its destination was translated."""
        before: dict[str, object] = {"preDNATDestination": self._address([self.node.own], self.aim.destination)}
        if with_ports:
            before["preDNATPort"] = self._port(self.aim.destination, [])
        if is_generated and self.draw(st.booleans()):
            before["preDNATOutInterface"] = choose(self.draw, (*self.node.interfaces, *_UNKNOWN))
        return before
