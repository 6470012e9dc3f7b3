"""The hook tables specialised to one node and one pair of interfaces: what is left to ask of each packet.

Steps whose condition is settled by the interfaces are resolved or left out, dispatch is done, encapsulation rules that
are off are gone. A plan is for one IP version and serves every packet that takes the same way.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator

from calico_engine.compiler.chains import Chain
from calico_engine.compiler.felix_model import ChainType, FelixEndpoint
from calico_engine.compiler.intervals import contains
from calico_engine.compiler.nodes import CompiledNode
from calico_engine.configuration import Action
from calico_engine.dataplane import hooks
from calico_engine.dataplane.hooks import Do, HostEndpointPolicy, Side, Step, When
from calico_engine.dataplane.outcomes import Outcome, ReasonCode
from calico_engine.frozen import frozen
from calico_engine.packets import ICMPV6, UDP, Direction, HookPath, Packet

_IPIP = 4
_NEIGHBOUR_DISCOVERY_TYPES = frozenset({130, 131, 132, 133, 135, 136})
_LINK_LOCAL = (0xFE80 << 112, (0xFEC0 << 112) - 1)
_LINK_GROUPS = 0xE00000  # 224.0.0.0/24

#: What a step without a chain says of a packet; None: nothing.
Check = Callable[[Packet], Outcome | None]


class Kind(enum.IntEnum):
    """What is left of a step."""

    CHAIN = 0
    CLEAR = 1
    END = 2  # with a fixed outcome
    CHECK = 3


@frozen
class Op:
    """One planned step. `when` is ALWAYS, ACCEPTED, NOT_ACCEPTED or ESTABLISHED; the rest was settled by the plan."""

    kind: Kind
    when: When
    chain: Chain | None = None
    outcome: Outcome = Outcome.RETURN
    check: Check | None = None
    reason: ReasonCode = ReasonCode.NOT_DECIDED
    does: Do | HostEndpointPolicy | None = None


@frozen
class PlannedTable:
    name: str
    decides: bool
    ops: tuple[Op, ...]


@frozen
class Plan:
    """Everything that a packet of one IP version on one way through the node meets."""

    path: HookPath
    tables: tuple[PlannedTable, ...]


def plan(node: CompiledNode, packet: Packet) -> Plan:
    """The plan for all packets that share this one's interfaces, IP version and DNAT."""
    if packet.version == 6 and not node.settings.ipv6_support:
        return Plan(packet.path, ())
    planner = _Planner(node, packet)
    tables = (PlannedTable(t.name, t.decides, tuple(planner.ops(t))) for t in hooks.SEQUENCES[packet.path])
    # A table with nothing left says nothing of any packet; the deciding one always stays.
    return Plan(packet.path, tuple(t for t in _without_idle_steps(tables) if t.decides or t.ops))


def _without_idle_steps(tables: Iterable[PlannedTable]) -> Iterator[PlannedTable]:
    """Leave out what waits for an accept bit, or clears one, where no chain can have set it.

    A table that is left early takes the bit along as it is there, whatever would have cleared it further down.
    """
    may_be_set = False
    for table in tables:
        ops, left_set = [], False
        for op in table.ops:
            if may_be_set or not (op.kind is Kind.CLEAR or op.when is When.ACCEPTED):
                ops.append(op)
            if op.kind is Kind.CHAIN:
                may_be_set = True
            elif op.kind is Kind.CLEAR and op.when is When.ALWAYS:
                may_be_set = False
            else:
                left_set = left_set or may_be_set
        may_be_set = may_be_set or left_set
        yield PlannedTable(table.name, table.decides, tuple(ops))


def route_before_dnat(node: CompiledNode, packet: Packet) -> str | None:
    """The outgoing interface before DNAT: given, or the same, or for a workload's the host's first own interface."""
    if packet.pre_dnat_out_interface is not None:
        return packet.pre_dnat_out_interface
    out = packet.out_interface
    if out is None or not packet.dnat or not node.is_workload_interface(out):
        return out
    own = (name for name in node.host.interfaces if name != "lo" and not node.is_workload_interface(name))
    return next(own, out)


class _Planner:
    def __init__(self, node: CompiledNode, packet: Packet) -> None:
        self.node = node
        self.version = packet.version
        before = route_before_dnat(node, packet)
        self.interfaces = {
            Side.IN: packet.in_interface,
            Side.OUT: packet.out_interface,
            Side.OUT_BEFORE_DNAT: before,
        }
        from_workload = packet.in_interface is not None and node.is_workload_interface(packet.in_interface)
        # The chains of locally generated packets see the interface of the old route.
        out = before if packet.path is HookPath.FROM_HOST else packet.out_interface
        self.settled = {
            When.FROM_WORKLOAD: from_workload,
            When.TO_WORKLOAD: out is not None and node.is_workload_interface(out),
            When.DNATED: packet.dnat,
            When.NOT_DNATED: not packet.dnat,
        }

    def ops(self, table: hooks.Table) -> Iterator[Op]:
        for step in self._forwarded(table.steps) if table is hooks.FILTER_FORWARD else table.steps:
            if self.settled.get(step.when, True):
                when = When.ALWAYS if step.when in self.settled else step.when
                planned = list(self._planned(step, when))
                yield from planned
                if any(op.kind == Kind.END and op.when is When.ALWAYS for op in planned):
                    return

    def _forwarded(self, steps: tuple[Step, ...]) -> Iterator[Step]:
        """Workloads' chains by prefix, in the prefixes' order, for the one interface and the other.

        So where a later prefix is the incoming interface's, the outgoing one's chain comes first (static.go:
        StaticFilterForwardChains).
        """
        workloads = ((Do.FROM_WORKLOAD_POLICY, Side.IN), (Do.TO_WORKLOAD_POLICY, Side.OUT))
        for step in steps:
            if step.do is Do.FROM_WORKLOAD_POLICY:
                for prefix in self.node.settings.interface_prefixes:
                    yield from (Step(do) for do, side in workloads if (self.interfaces[side] or "").startswith(prefix))
            elif step.do is not Do.TO_WORKLOAD_POLICY:
                yield step

    def _planned(self, step: Step, when: When) -> Iterator[Op]:
        do = step.do
        if isinstance(do, HostEndpointPolicy):
            interface = self.interfaces[do.interface]
            chain = None if interface is None else self.node.dispatch(do.chain_type, do.direction, interface)
            if chain is not None:
                yield Op(Kind.CHAIN, when, chain=chain, does=do)
            return
        match do:
            case Do.CLEAR_ACCEPT:
                yield Op(Kind.CLEAR, when)
            case Do.ACCEPT_TABLE:
                yield Op(Kind.END, when, outcome=Outcome.ACCEPT_TABLE, does=do)
            case Do.RETURN:
                yield Op(Kind.END, when, outcome=Outcome.RETURN, reason=ReasonCode.NO_ENDPOINT, does=do)
            case Do.ENDPOINT_TO_HOST_ACTION:
                yield self._endpoint_to_host(when)
            case Do.FROM_WORKLOAD_POLICY:
                yield self._workload_policy(Side.IN, Direction.EGRESS, when)
            case Do.TO_WORKLOAD_POLICY:
                yield self._workload_policy(Side.OUT, Direction.INGRESS, when)
            case _:
                yield from self._checks(do, when)

    def _endpoint_to_host(self, when: When) -> Op:
        action = self.node.settings.default_endpoint_to_host_action
        outcome = {Action.ACCEPT: Outcome.ACCEPT_TABLE, Action.RETURN: Outcome.RETURN}.get(action, Outcome.DROP)
        return Op(
            Kind.END,
            when,
            outcome=outcome,
            reason=ReasonCode.ENDPOINT_TO_HOST_ACTION,
            does=Do.ENDPOINT_TO_HOST_ACTION,
        )

    def _workload(self, side: Side) -> FelixEndpoint | None:
        interface = self.interfaces[side]
        return None if interface is None else self.node.workload(interface)

    def _workload_policy(self, side: Side, direction: Direction, when: When) -> Op:
        does = Do.FROM_WORKLOAD_POLICY if side is Side.IN else Do.TO_WORKLOAD_POLICY
        workload = self._workload(side)
        if workload is None:
            reason = ReasonCode.UNKNOWN_WORKLOAD_INTERFACE
            return Op(Kind.END, when, outcome=Outcome.DROP, reason=reason, does=does)
        chain = self.node.chain(workload, ChainType.NORMAL, direction)
        return Op(Kind.CHAIN, when, chain=chain, does=does)

    def _checks(self, do: Do, when: When) -> Iterator[Op]:
        found: list[tuple[Check, ReasonCode]] = []
        if do is Do.UNTRACK_VXLAN and self.version in self.node.encapsulation.vxlan_sources:
            found = [(self._vxlan, ReasonCode.NOT_DECIDED)]
        elif do is Do.CHECK_SOURCE:
            found = [(self._spoofed, ReasonCode.SPOOFED_SOURCE)] if self._workload(Side.IN) else []
        elif do is Do.ENCAPSULATED_IN:
            found = [(check, ReasonCode.ENCAPSULATION) for check in self._encapsulated_in()]
        elif do is Do.ENCAPSULATED_OUT:
            found = [(check, ReasonCode.ENCAPSULATION) for check in self._encapsulated_out()]
        elif do is Do.NEIGHBOUR_DISCOVERY and self.version == 6:
            found = [(_neighbour_discovery, ReasonCode.NEIGHBOUR_DISCOVERY)]
        elif do is Do.LOOPING_SERVICES and self.node.looping_services[self.version]:
            found = [(self._looping, ReasonCode.SERVICE_LOOP)]
        for check, reason in found:
            yield Op(Kind.CHECK, when, check=check, reason=reason, does=do)

    def _spoofed(self, packet: Packet) -> Outcome | None:
        """The reverse-path check: the route back must lead to the interface; link-local addresses live on every link."""
        workload = self._workload(Side.IN)
        source = (packet.version, packet.source)
        if workload is None or source in workload.addresses:
            return None
        if packet.version == 6 and _LINK_LOCAL[0] <= packet.source <= _LINK_LOCAL[1]:
            return None
        if packet.source == 0 and (packet.version == 6 or _destination_before_dnat(packet) >> 8 == _LINK_GROUPS):
            # What has no address yet: the kernel's match lets it pass (ip6t_rpfilter.c, ipt_rpfilter.c).
            return None
        if any(net[0] == packet.version and net[1] <= packet.source <= net[2] for net in workload.spoofable):
            return None
        return Outcome.DROP

    def _vxlan(self, packet: Packet) -> Outcome | None:
        """In the raw table, so before DNAT."""
        port = packet.pre_dnat_port if packet.dnat else packet.destination_port
        is_vxlan = packet.protocol == UDP and port == self.node.encapsulation.vxlan_port
        return Outcome.UNTRACK if is_vxlan else None

    def _looping(self, packet: Packet) -> Outcome | None:
        return Outcome.DROP if contains(self.node.looping_services[packet.version], packet.destination) else None

    def _encapsulated_in(self) -> Iterator[Check]:
        trusted = self.node.encapsulation
        if self.version == 4 and trusted.ipip_sources is not None:
            sources = trusted.ipip_sources

            def ipip(packet: Packet) -> Outcome | None:
                if packet.protocol != _IPIP:
                    return None
                known = contains(sources, packet.source) and _is_unicast(packet)
                return Outcome.ACCEPT_TABLE if known else Outcome.DROP

            yield ipip
        if self.version in trusted.vxlan_sources:
            vxlan_sources, port = trusted.vxlan_sources[self.version], trusted.vxlan_port

            def vxlan(packet: Packet) -> Outcome | None:
                if packet.protocol != UDP or packet.destination_port != port or not _is_unicast(packet):
                    return None
                return Outcome.ACCEPT_TABLE if contains(vxlan_sources, packet.source) else Outcome.DROP

            yield vxlan
        yield from self._wireguard(incoming=True)

    def _encapsulated_out(self) -> Iterator[Check]:
        trusted = self.node.encapsulation
        if self.version == 4 and trusted.ipip_sources is not None:
            sources = trusted.ipip_sources
            yield (
                lambda packet: (
                    Outcome.ACCEPT_TABLE if packet.protocol == _IPIP and contains(sources, packet.destination) else None
                )
            )
        if self.version in trusted.vxlan_sources:
            vxlan_sources, port = trusted.vxlan_sources[self.version], trusted.vxlan_port
            yield (
                lambda packet: (
                    Outcome.ACCEPT_TABLE
                    if packet.protocol == UDP
                    and packet.destination_port == port
                    and contains(vxlan_sources, packet.destination)
                    else None
                )
            )
        yield from self._wireguard(incoming=False)

    def _wireguard(self, *, incoming: bool) -> Iterator[Check]:
        port = self.node.encapsulation.wireguard_ports.get(self.version)
        if port is not None:

            def wireguard(packet: Packet) -> Outcome | None:
                if packet.protocol != UDP or packet.destination_port != port or (incoming and not _is_unicast(packet)):
                    return None
                return Outcome.ACCEPT_TABLE

            yield wireguard


def _destination_before_dnat(packet: Packet) -> int:
    return packet.destination if packet.pre_dnat_destination is None else packet.pre_dnat_destination


def _neighbour_discovery(packet: Packet) -> Outcome | None:
    if packet.protocol == ICMPV6 and packet.icmp_type in _NEIGHBOUR_DISCOVERY_TYPES:
        return Outcome.ACCEPT_TABLE
    return None


def _is_unicast(packet: Packet) -> bool:
    """A packet delivered to the host has a local destination (address type LOCAL) unless it is multicast or broadcast."""
    if packet.version == 6:
        return packet.destination >> 120 != 0xFF
    return packet.destination >> 28 != 0xE and packet.destination != 0xFFFFFFFF
