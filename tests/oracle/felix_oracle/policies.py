"""Rules of policies and profiles as iptables rules (felix/rules/policy.go)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from felix_oracle import marks
from felix_oracle.blocks import Blocks, split_ports
from felix_oracle.felix import FelixRule
from felix_oracle.ipsets import IpSets
from felix_oracle.iptables import Action, Drop, Log, Return, Rule, set_bit
from felix_oracle.matches import Icmp, InNet, InPortSet, InSet, Match, Net, Ports, ProtocolIs, Side, bit_set
from felix_oracle.origins import Origin
from felix_oracle.scanning import ScannedRule, ScannedSide, scan

SOURCE: Final[Side] = "src"
DESTINATION: Final[Side] = "dst"


def render_rules(rules: Iterable[tuple[FelixRule, Origin]], version: int, sets: IpSets) -> tuple[Rule, ...]:
    """A policy's chain: the rules one after the other, without the returns at the end, which have no effect."""
    rendered: list[Rule] = []
    for rule, origin in rules:
        scanned = _of_version(scan(rule, sets), version)
        if scanned is not None:
            rendered += [replace(line, origin=origin) for line in _render_rule(scanned, version)]
    while rendered and isinstance(rendered[-1].action, Return):
        rendered.pop()
    return tuple(rendered)


def _of_version(scanned: ScannedRule, version: int) -> ScannedRule | None:
    """policy.go: FilterRuleToIPVersion. None where the rule does not exist for this IP version."""
    if scanned.rule.version not in (0, version):
        return None
    source, destination = _side_of_version(scanned.source, version), _side_of_version(scanned.destination, version)
    if source is None or destination is None:
        return None
    return replace(scanned, source=source, destination=destination)


def _side_of_version(side: ScannedSide, version: int) -> ScannedSide | None:
    nets = tuple(net for net in side.nets if net.version == version)
    not_nets = tuple(net for net in side.not_nets if net.version == version)
    if (side.nets and not nets) or (side.not_nets and not not_nets):
        return None
    if any(net.prefixlen == 0 for net in not_nets):
        return None
    return replace(side, nets=nets, not_nets=not_nets)


def _render_rule(scanned: ScannedRule, version: int) -> list[Rule]:
    rule, source, destination = scanned.rule, scanned.source, scanned.destination
    blocks = Blocks()
    source = _ports_into_block(source, SOURCE, rule.protocol, blocks)
    destination = _ports_into_block(destination, DESTINATION, rule.protocol, blocks)
    source = _nets_into_block(source, SOURCE, blocks)
    destination = _nets_into_block(destination, DESTINATION, blocks)
    source = _not_nets_into_block(source, SOURCE, blocks)
    destination = _not_nets_into_block(destination, DESTINATION, blocks)
    matches = [*_matches(rule, source, destination, version)]
    if blocks.used:
        matches.append(bit_set(marks.ALL_BLOCKS))
    return [*blocks.rules, *_actions(rule.action, tuple(matches))]


def _ports_into_block(side: ScannedSide, where: Side, protocol: int | None, blocks: Blocks) -> ScannedSide:
    groups = split_ports(side.ports)
    if len(groups) + len(side.port_sets) <= 1:
        return side
    blocks.append_ports(where, protocol, groups, side.port_sets)
    return replace(side, ports=(), port_sets=())


def _nets_into_block(side: ScannedSide, where: Side, blocks: Blocks) -> ScannedSide:
    if len(side.nets) <= 1:
        return side
    blocks.append_nets(where, side.nets)
    return replace(side, nets=())


def _not_nets_into_block(side: ScannedSide, where: Side, blocks: Blocks) -> ScannedSide:
    """An iptables rule takes one net of a side, of either kind."""
    if len(side.nets) + len(side.not_nets) <= 1:
        return side
    blocks.append_not_nets(where, side.not_nets)
    return replace(side, not_nets=())


def _matches(rule: FelixRule, source: ScannedSide, destination: ScannedSide, version: int) -> Iterator[Match]:
    """policy.go: CalculateRuleMatch."""
    if rule.protocol is not None:
        yield ProtocolIs(rule.protocol)
    for where, side in ((SOURCE, source), (DESTINATION, destination)):
        yield from _nets(where, side.nets, negated=False)
        yield from (InSet(where, name) for name in side.sets)
        yield from (InPortSet(where, name) for name in side.service_sets)
        if side.ports:
            yield Ports(where, side.ports)
        yield from (InPortSet(where, name) for name in side.port_sets)
    if rule.icmp is not None:
        yield Icmp(version, *rule.icmp)
    if rule.not_protocol is not None:
        yield ProtocolIs(rule.not_protocol, negated=True)
    for where, side in ((SOURCE, source), (DESTINATION, destination)):
        yield from _nets(where, side.not_nets, negated=True)
        yield from (InSet(where, name, negated=True) for name in side.not_sets)
        yield from (Ports(where, group, negated=True) for group in split_ports(side.not_ports))
        yield from (InPortSet(where, name, negated=True) for name in side.not_port_sets)
    if rule.not_icmp is not None:
        yield Icmp(version, *rule.not_icmp, negated=True)


def _nets(where: Side, nets: tuple[Net, ...], *, negated: bool) -> Iterator[Match]:
    return (InNet(where, net, negated) for net in nets)


def _actions(action: str, matches: tuple[Match, ...]) -> list[Rule]:
    """policy.go: CombineMatchAndActionsForProtoRule: mark first, then act on the mark."""
    if action == "log":
        return [Rule(matches, Log())]
    bit = {"allow": marks.ACCEPT, "pass": marks.PASS, "deny": marks.DROP}[action]
    then: Action = Drop() if action == "deny" else Return()
    return [Rule(matches, set_bit(bit)), Rule((bit_set(bit),), then)]
