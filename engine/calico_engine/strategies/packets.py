"""Packets, near to where a cluster's verdicts change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

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
from calico_engine.strategies.aims import Aim, AimedSide, Asked
from calico_engine.strategies.drawing import SELDOM, choose, choose_from, fresh
from calico_engine.strategies.edges import NOWHERE, USUAL_PORTS, ClusterEdges, Surroundings, edges_of
from calico_engine.strategies.vocabulary import IP_VERSIONS

_T = TypeVar("_T")

_IN, _OUT = "inInterface", "outInterface"
_SOURCE, _DESTINATION = "source", "destination"
#: How a packet is aimed at a rule: each field for itself, all that the rule asks for, or all of it but one field.
_LOOSE, _ALL = "", "all"
_CARES = (
    *[_LOOSE] * 3,
    *[_ALL] * 6,
    *(_SOURCE, _DESTINATION, "sourcePort", "destinationPort", "protocol", "icmpType"),
)
#: The interfaces that packets have on each way.
_WAYS = {HookPath.TO_HOST: (_IN,), HookPath.FROM_HOST: (_OUT,), HookPath.FORWARD: (_IN, _OUT)}
_PATHS = tuple(path.value for path in _WAYS)
#: Most packets are new.
_STATES = (*["NEW"] * 16, "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED")
#: In no manifest: another interface, and one that is a workload's by its name.
_UNKNOWN = ("eth9", "cali9")
_EPHEMERAL = (40000,)
_IPIP = 4
_ICMP = ((8, 0), (0, 0), (3, 1), (128, 0), (129, 0), (135, 0), (254, 255))
_USUAL = (TCP, TCP, UDP, SCTP)
_PROTOCOLS = {
    4: (_USUAL, _USUAL, (ICMP,), (_IPIP,), (ICMPV6, 136, 47, 33, 0, 255)),
    6: (_USUAL, _USUAL, (ICMPV6,), (_IPIP,), (ICMP, 136, 47, 33, 0, 255)),
}


def packets(
    *,
    cluster: Cluster,
    paths: Sequence[str] = _PATHS,
    conntrack_states: Sequence[str] = _STATES,
    ip_versions: Sequence[int] = IP_VERSIONS,
    allow_dnat: bool = True,
) -> st.SearchStrategy[Packet]:
    '''Packets at nodes of the cluster that leave no field open, most of them near to what its rules ask for.

    About half meet all that one rule asks for, or miss it in one field: so even a rule for one address and one port is
    usually met by one of a hundred. The others are drawn from ports that rules, endpoints and failsafes name and those
    beside; ends of networks and what lies outside; addresses of endpoints, hosts and strangers; interfaces known and
    unknown, the loopback among them; all protocols.
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
    >>> def is_dropped(packet: Packet) -> bool:
    ...     return not cluster.verdict(packet)
    >>> find(packets(cluster=cluster), is_dropped)  # doctest: +ELLIPSIS
    Packet.parse({"node": "n1", "inInterface": "eth0", ... "sourcePort": 40000, "destinationPort": 80})
    '''
    ways = [HookPath(path) for path in paths]
    return fresh(_packets(edges_of(cluster), ways, conntrack_states, ip_versions, allow_dnat))


@st.composite
def _packets(
    draw: st.DrawFn,
    edges: ClusterEdges,
    paths: Sequence[HookPath],
    conntrack_states: Sequence[str],
    ip_versions: Sequence[int],
    allow_dnat: bool,
) -> Packet:
    # An endpoint by its number, or no endpoint and just some node.
    number = choose_from(draw, (*[edges.hosts] * 3, *[edges.workloads] * 3, (None,)))
    version = choose(draw, ip_versions)
    aim = Aim() if number is None else choose(draw, edges.aims(number, version))
    endpoint = None if number is None else edges.endpoints[number]
    node = choose(draw, edges.nodes) if endpoint is None else endpoint.node
    drawer = _Drawer(draw, edges, edges.surroundings(node), version, aim, choose(draw, _CARES))
    path = choose(draw, [path for path in paths if path in aim.paths] or paths)
    interfaces = drawer.interfaces(path, () if endpoint is None else edges.interfaces(endpoint))
    query = {"node": node, **interfaces, **drawer.flow(interfaces.get(_IN, ""), interfaces.get(_OUT, ""))}
    state = choose(draw, conntrack_states)
    query |= {} if state == "NEW" else {"conntrackState": state}
    if allow_dnat and draw(SELDOM):
        query |= drawer.translation(is_generated=_IN not in query, with_ports="destinationPort" in query)
    return Packet.parse(query)


@frozen
class _Drawer:
    """Draws the parts of one packet."""

    draw: st.DrawFn
    cluster: ClusterEdges
    node: Surroundings
    version: int
    aim: Aim
    care: str  # one of _CARES

    def interfaces(self, path: HookPath, own: Sequence[str]) -> dict[str, str]:
        """Where a rule is aimed at, mostly an interface of the rule's endpoint."""
        known = (*self.node.interfaces, *self.node.workloads)
        anywhere = (*known * 3, *_UNKNOWN)
        there = (
            own if own and self.care != _LOOSE else (*tuple(own) * (3 * len(anywhere) // max(len(own), 1)), *anywhere)
        )
        looked_at = {_IN: self.aim.comes_in is not False, _OUT: self.aim.comes_in is not True}
        return {key: choose(self.draw, there if looked_at[key] else anywhere) for key in _WAYS[path]}

    def flow(self, came_in_on: str, goes_out_on: str) -> dict[str, object]:
        """Addresses, and protocol with ports or ICMP type and code."""
        here = self.node.loopback if LOOPBACK in (came_in_on, goes_out_on) else self.node.own
        there = {"": here, LOOPBACK: here, **self.node.workloads}
        sender, receiver = (there.get(name, NOWHERE)[self.version] for name in (came_in_on, goes_out_on))
        protocol = self._near("protocol", self.aim.protocols, _PROTOCOLS[self.version])
        # Workloads mostly send from their own addresses: others are dropped at the door.
        origin = self.aim.source.among(sender) if came_in_on in self.node.workloads else self.aim.source
        source, protocol, source_port = self._end(_SOURCE, origin, sender, protocol)
        destination, protocol, port = self._end(_DESTINATION, self.aim.destination, receiver, protocol)
        found: dict[str, object] = {
            "source": format_address(source, self.version),
            "destination": format_address(destination, self.version),
            "protocol": PROTOCOL_NAMES.get(protocol, protocol),
        }
        # Ports are drawn in any case: or else packets without them would be simpler.
        if protocol in PORT_PROTOCOLS:
            found |= {"sourcePort": source_port, "destinationPort": port}
        if protocol in ICMP_PROTOCOLS:
            kind, code = self._near("icmpType", self.aim.icmp, [_ICMP])
            found |= {"icmpType": kind, "icmpCode": code}
        return found

    def _end(self, end: str, side: AimedSide, own: Sequence[int], protocol: int) -> tuple[int, int, int]:
        """(address, protocol, port) of one end; a port that is asked for by name says all three."""
        if side.members and self._asks_for_names(end, side):
            return choose(self.draw, side.members)
        return self._address(end, side, own), protocol, self._port(end, side)

    def _asks_for_names(self, end: str, side: AimedSide) -> bool:
        if self.care in (end, f"{end}Port"):
            return False
        return (self.care != _LOOSE and not side.ports.met) or self.draw(st.booleans())

    def _address(self, end: str, side: AimedSide, own: Sequence[int]) -> int:
        known = (self.cluster.addresses[self.version], self.node.addresses[self.version])
        return self._near(end, side.addresses, [own, own, *known])

    def _port(self, end: str, side: AimedSide) -> int:
        usual = [_EPHEMERAL] * 2 if end == _SOURCE else []
        return self._near(f"{end}Port", side.ports, [*usual, USUAL_PORTS, self.cluster.ports, self.node.ports])

    def _near(self, field: str, asked: Asked[_T], usual: Sequence[Sequence[_T]]) -> _T:
        """A value of one of the pools that hold any; with care, what the rule asks for, or misses it in this field."""
        aimed = (asked.missed if self.care == field else ()) or asked.met
        if self.care != _LOOSE and aimed:
            return choose(self.draw, aimed)
        return choose_from(self.draw, [*usual, *[asked.met] * 4, asked.missed])

    def translation(self, *, is_generated: bool, with_ports: bool) -> dict[str, object]:
        """What the packet carried before its destination was translated."""
        address = self._address(_DESTINATION, self.aim.destination, self.node.own[self.version])
        before: dict[str, object] = {"preDNATDestination": format_address(address, self.version)}
        if with_ports:
            before["preDNATPort"] = self._port(_DESTINATION, self.aim.destination)
        if is_generated and self.draw(st.booleans()):
            before["preDNATOutInterface"] = choose(self.draw, (*self.node.interfaces, *_UNKNOWN))
        return before
