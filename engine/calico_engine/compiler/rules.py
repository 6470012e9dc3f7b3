"""Rules for one IP version, as plain integers and names of sets: what every reader of the chains reads.

Specialisation to an IP version and Felix's block defect are settled here; no reader knows of them.
Source: felix/rules/policy.go (FilterRuleToIPVersion, ProtoRuleToIptablesRules, matchBlockBuilder).
"""

from __future__ import annotations

from calico_engine.compiler.address_sets import ALL, NamedPortSet, ServiceSet, SetName
from calico_engine.compiler.felix_model import Action, FelixEntity, FelixRule, Net, RuleId
from calico_engine.compiler.intervals import ADDRESS_LIMIT, Intervals, merged
from calico_engine.frozen import frozen
from calico_engine.resources.rules import Rule
from calico_selectors import Selector

#: Slots of one kernel multiport match (felix/rules/policy.go: SplitPortList): a range takes two, a single port one.
_PORT_SLOTS = 15


@frozen
class Ports:
    """Any of these port ranges, or any of these named-port sets."""

    ranges: Intervals = ()
    named: tuple[NamedPortSet | ServiceSet, ...] = ()


@frozen
class Side:
    """What the source, or the destination, must be; None and () mean no condition. All that is given must hold."""

    nets: Intervals | None = None
    not_nets: Intervals = ()
    address_sets: tuple[Selector | ServiceSet, ...] = ()
    not_address_sets: tuple[Selector, ...] = ()
    ports: Ports | None = None
    not_ports: Ports | None = None
    port_sets: tuple[ServiceSet, ...] = ()


@frozen
class CompiledRule:
    """One rule for one IP version. `ignored` names criteria that are written and that Felix does not test."""

    id: RuleId
    action: Action
    version: int
    protocol: int | None
    not_protocol: int | None
    icmp: tuple[int, int | None] | None
    not_icmp: tuple[int, int | None] | None
    source: Side
    destination: Side
    ignored: tuple[str, ...]
    written: Rule

    @property
    def sets(self) -> tuple[SetName, ...]:
        """All sets that the rule names."""
        found: list[SetName] = []
        for side in (self.source, self.destination):
            found += (*side.address_sets, *side.not_address_sets, *side.port_sets)
            for ports in (side.ports, side.not_ports):
                found += () if ports is None else ports.named
        return tuple(found)


def compile_rule(rule: FelixRule, version: int) -> CompiledRule | None:
    """The rule as it exists for this IP version, or None if it does not."""
    if not applies(rule, version):
        return None
    ignored = ignored_criteria(rule, version)
    return CompiledRule(
        id=rule.id,
        action=rule.action,
        version=version,
        protocol=rule.protocol,
        not_protocol=rule.not_protocol,
        icmp=rule.icmp,
        not_icmp=rule.not_icmp,
        source=_side(rule, rule.source, "source", ignored, version),
        destination=_side(rule, rule.destination, "destination", ignored, version),
        ignored=ignored,
        written=rule.written,
    )


def _side(rule: FelixRule, entity: FelixEntity, name: str, ignored: tuple[str, ...], version: int) -> Side:
    # A service names addresses on the source side, addresses with ports on the destination side (rule_scanner.go).
    is_source = name == "source"
    services = () if entity.service is None else (ServiceSet(*entity.service, with_ports=not is_source),)
    return Side(
        nets=_intervals(entity.nets, version) if entity.nets and f"{name}.nets" not in ignored else None,
        not_nets=_intervals(entity.not_nets, version),
        address_sets=(*_given(entity.positive), *(services if is_source else ())),
        not_address_sets=_given(entity.negative),
        ports=_ports(rule, entity, entity.port_ranges, entity.named_ports),
        not_ports=_ports(rule, entity, entity.not_port_ranges, entity.not_named_ports),
        port_sets=() if is_source else services,
    )


def _intervals(nets: tuple[Net, ...], version: int) -> Intervals:
    return merged((low, high) for family, low, high in nets if family == version)


def _given(selector: Selector | None) -> tuple[Selector, ...]:
    return () if selector is None else (selector,)


def _ports(
    rule: FelixRule, entity: FelixEntity, ranges: tuple[tuple[int, int], ...], names: tuple[str, ...]
) -> Ports | None:
    if not ranges and not names:
        return None
    return Ports(merged(ranges), tuple(named_port_set(rule, entity, name) for name in names))


def named_port_set(rule: FelixRule, entity: FelixEntity, name: str) -> NamedPortSet:
    """The set that a port's name stands for on one side of a rule."""
    # The rule's protocol decides which declared ports count. Negated names too are looked up among the endpoints of the
    # positive selector, folded as it is (ruleToParsedRule).
    return NamedPortSet(entity.positive or ALL, rule.protocol, name)


def applies(rule: FelixRule, version: int) -> bool:
    """Whether Felix makes a rule of it for this IP version."""
    if rule.version not in (None, version):
        return False
    return _exists(rule.source, version) and _exists(rule.destination, version)


def _exists(entity: FelixEntity, version: int) -> bool:
    """A net list without a CIDR of this family makes the whole rule vanish, negated lists too; so does "not everything"."""
    for nets in (entity.nets, entity.not_nets):
        if nets and not any(net[0] == version for net in nets):
            return False
    return (version, 0, ADDRESS_LIMIT[version]) not in entity.not_nets


def ignored_criteria(rule: FelixRule, version: int) -> tuple[str, ...]:
    """The positive criteria that Felix counts as matched whatever the packet: every block after the second.

    A rule that does not fit one kernel rule becomes blocks, in this order; the result of all blocks after the first
    goes through one mark bit that is never cleared between them. Ports come first, so only nets are ever ignored.
    """
    source, destination = rule.source, rule.destination
    blocks = [
        name
        for name, overflows in (
            ("source.ports", _port_groups(source) > 1),
            ("destination.ports", _port_groups(destination) > 1),
            ("source.nets", _count(source.nets, version) > 1),
            ("destination.nets", _count(destination.nets, version) > 1),
        )
        if overflows
    ]
    return tuple(blocks[2:])


def _count(nets: tuple[Net, ...], version: int) -> int:
    return sum(1 for net in nets if net[0] == version)


def _port_groups(entity: FelixEntity) -> int:
    groups, free = 0, 0
    for first, last in entity.port_ranges:
        slots = 1 if first == last else 2
        if slots > free:
            groups, free = groups + 1, _PORT_SLOTS
        free -= slots
    return groups + len(entity.named_ports)
