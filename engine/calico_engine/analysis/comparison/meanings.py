"""What rules and chains mean, with their address sets written out: comparable across clusters.

Two chains with the same meaning decide alike on every packet; chains that mean different things may still do so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from calico_engine.compiler.address_sets import AddressSets, ServiceSet
from calico_engine.compiler.chains import Chain, ChainProfile, ChainTier, SelectedTier
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.failsafes import FailsafeChain
from calico_engine.compiler.felix_model import Action, ChainType, FelixEndpoint
from calico_engine.compiler.intervals import ADDRESS_LIMIT, Intervals, contains, difference, merged
from calico_engine.compiler.rules import CompiledRule, Ports, Side
from calico_engine.frozen import frozen
from calico_engine.packets import Direction
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


class Meanings:
    """What the endpoints of one cluster do with packets. Equal policies, profiles and failsafes mean the same."""

    def __init__(self, compiled: CompiledCluster) -> None:
        self._compiled = compiled
        self._known: dict[Hashable, Hashable] = {}

    def of(self, endpoint: FelixEndpoint) -> Hashable:
        """Everything that the endpoint does. Raises what `CompiledCluster.node` raises."""
        node = self._compiled.node(endpoint.node)
        kinds = tuple(ChainType) if endpoint.is_host else (ChainType.NORMAL,)
        selected = tuple(tuple(map(_key, node.selected(endpoint, kind))) for kind in kinds)
        failsafes = node.parameters.failsafe_inbound, node.parameters.failsafe_outbound
        key = (selected, endpoint.profiles, endpoint.is_host, failsafes, id(node.sets))
        if key not in self._known:
            self._known[key] = tuple(
                (bool(tiers), *(_chain(node.chain(endpoint, kind, way)) for way in Direction))
                for kind, tiers in zip(kinds, selected, strict=True)
            )
        return self._known[key]


def _key(tier: SelectedTier) -> Hashable:
    return tier.tier.name, tuple(policy.id for policy in tier.policies)


def _chain(chain: Chain) -> Hashable:
    opened = {version: _opened(chain.failsafes, version) for version in (4, 6)}
    tiers = tuple(_tier(tier, chain.shape.tier_end_denies and tier.denies_at_end, opened) for tier in chain.tiers)
    profiles = tuple(
        (each.missing, *(tuple(profile_rules(each, version)) for version in (4, 6))) for each in chain.profiles
    )
    return tiers, profiles


def _opened(failsafes: FailsafeChain | None, version: int) -> dict[int, Intervals]:
    """The destination ports that failsafes open to everybody, by protocol: no rule of the chain is asked about them."""
    opened: dict[int, list[tuple[int, int]]] = {}
    for (protocol, port), peers in failsafes.by_destination_port[version].items() if failsafes is not None else ():
        if peers is None:
            opened.setdefault(protocol, []).append((port, port))
    return {protocol: merged(ports) for protocol, ports in opened.items()}


def _tier(tier: ChainTier, denies: bool, opened: Mapping[int, Mapping[int, Intervals]]) -> Hashable:
    return denies, *(
        _runs((rule.behind(opened[version]) for rule in tier_rules(tier, version)), denies) for version in (4, 6)
    )


def tier_rules(tier: ChainTier, version: int) -> Iterator[RuleMeaning]:
    """The rules of a tier that can decide on a packet, in order."""
    for policy in tier.enforced:
        yield from _deciding(policy.rules[version], tier.sets)


def profile_rules(profile: ChainProfile, version: int) -> Iterator[RuleMeaning]:
    """The rules of a profile that can decide on a packet, in order."""
    return _deciding(profile.rules[version], profile.sets)


def _deciding(rules: Iterable[CompiledRule], sets: AddressSets) -> Iterator[RuleMeaning]:
    meanings = (rule_meaning(rule, sets) for rule in rules if rule.action is not Action.LOG)
    return (meaning for meaning in meanings if not meaning.impossible)


def _runs(rules: Iterable[RuleMeaning], denies: bool) -> Hashable:
    """Neighbours with the same action may stand in any order; denying at the end of a tier that denies says nothing."""
    possible = (rule for rule in rules if not rule.impossible)
    runs = [(action, frozenset(run)) for action, run in groupby(possible, key=lambda rule: rule.action)]
    return tuple(runs[:-1] if denies and runs and runs[-1][0] is Action.DENY else runs)
