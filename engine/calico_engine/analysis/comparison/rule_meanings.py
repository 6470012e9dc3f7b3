"""What rules mean, with their address sets written out: comparable across clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from calico_engine.compiler.address_sets import AddressSets, ServiceSet
from calico_engine.compiler.failsafes import FailsafeChain
from calico_engine.compiler.felix_model import Action
from calico_engine.compiler.intervals import ADDRESS_LIMIT, Intervals, contains, difference
from calico_engine.compiler.rules import CompiledRule, Ports, Side
from calico_engine.frozen import frozen
from calico_selectors import Selector

#: (address, protocol, port)
Members = frozenset[tuple[int, int, int]]


@frozen
class PortsMeaning:
    """Any of these ports, or any of these addresses with protocol and port."""

    ranges: Intervals
    members: Members

    def without(self, ports: Intervals) -> PortsMeaning:
        members = frozenset(member for member in self.members if not contains(ports, member[2]))
        return PortsMeaning(difference(self.ranges, ports), members)


@frozen
class SideMeaning:
    """What the source, or the destination, must be: in all of `within`, in none of `outside`; the same for ports."""

    within: tuple[Intervals, ...] = ()
    outside: tuple[Intervals, ...] = ()
    ports: tuple[PortsMeaning, ...] = ()
    not_ports: tuple[PortsMeaning, ...] = ()

    @property
    def impossible(self) -> bool:
        return () in self.within or any(not (ports.ranges or ports.members) for ports in self.ports)


@frozen
class RuleMeaning:
    """One rule for one IP version."""

    action: Action
    version: int
    protocol: int | None
    not_protocol: int | None
    icmp: tuple[int, int | None] | None
    not_icmp: tuple[int, int | None] | None
    source: SideMeaning
    destination: SideMeaning

    @property
    def impossible(self) -> bool:
        return self.source.impossible or self.destination.impossible

    def behind(self, opened: Mapping[int, Intervals]) -> RuleMeaning:
        """What is left of the rule where these destination ports, by protocol, never come so far."""
        ports = opened.get(self.protocol or 0, ())
        if not ports or not self.destination.ports:
            return self
        left = tuple(each.without(ports) for each in self.destination.ports)
        return replace(self, destination=replace(self.destination, ports=left))


def rule_meaning(rule: CompiledRule, sets: AddressSets) -> RuleMeaning:
    return RuleMeaning(
        rule.action,
        rule.version,
        rule.protocol,
        rule.not_protocol,
        rule.icmp,
        rule.not_icmp,
        _side(rule.source, rule.version, sets),
        _side(rule.destination, rule.version, sets),
    )


def _side(side: Side, version: int, sets: AddressSets) -> SideMeaning:
    def selected(names: Iterable[Selector | ServiceSet]) -> tuple[Intervals, ...]:
        return tuple(sets.addresses(each).intervals(version) for each in names)

    everything = ((0, ADDRESS_LIMIT[version]),)
    within = (*(() if side.nets is None else (side.nets,)), *selected(side.address_sets))
    ports = [_ports(side.ports, version, sets)] if side.ports is not None else []
    ports += [_ports(Ports((), (each,)), version, sets) for each in side.port_sets]
    return SideMeaning(
        within=tuple(each for each in within if each != everything),
        outside=tuple(each for each in (side.not_nets, *selected(side.not_address_sets)) if each),
        ports=tuple(ports),
        not_ports=() if side.not_ports is None else (_ports(side.not_ports, version, sets),),
    )


def _ports(ports: Ports, version: int, sets: AddressSets) -> PortsMeaning:
    return PortsMeaning(ports.ranges, frozenset().union(*(sets.ports(each).members(version) for each in ports.named)))


def opened_rules(failsafes: FailsafeChain | None, version: int) -> frozenset[RuleMeaning]:
    """What failsafes let through, as rules."""
    if failsafes is None:
        return frozenset()
    return frozenset(
        _opening(protocol, port, peers, version, at_destination=at_destination, peer_is_source=failsafes.peer_is_source)
        for at_destination, openings in ((True, failsafes.by_destination_port), (False, failsafes.by_source_port))
        for (protocol, port), peers in openings[version].items()
    )


def _opening(
    protocol: int, port: int, peers: Intervals | None, version: int, *, at_destination: bool, peer_is_source: bool
) -> RuleMeaning:
    within = () if peers is None else (peers,)
    ports = (PortsMeaning(((port, port),), frozenset()),)
    source = SideMeaning(within=within if peer_is_source else (), ports=() if at_destination else ports)
    destination = SideMeaning(within=() if peer_is_source else within, ports=ports if at_destination else ())
    return RuleMeaning(Action.ALLOW, version, protocol, None, None, None, source, destination)
