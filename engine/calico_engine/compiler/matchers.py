"""A compiled rule → one flat test, for the readers that ask about single packets.

The test's arguments are the packet's values in the view of the chain (before or after DNAT), ports and ICMP values -1
where the packet has none. Its cheapest part, protocol and destination port, stands beside it as plain bounds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from calico_engine.compiler.address_sets import AddressSet, AddressSets, NamedPortSet, PortSet, ServiceSet, SetName
from calico_engine.compiler.felix_model import Action
from calico_engine.compiler.intervals import Intervals
from calico_engine.compiler.rules import CompiledRule, Ports, Side
from calico_selectors import Selector

#: (source, destination, protocol, source port, destination port, ICMP type, ICMP code) → matches
Test = Callable[[int, int, int, int, int, int, int], bool]

ANY_PROTOCOL = -1
_NO_BOUND = (-1, 65535)


class Row(NamedTuple):
    """A rule ready to be tried: cheap bounds first, then the test (None: nothing further to test)."""

    protocol: int
    first_port: int
    last_port: int
    test: Test | None
    rule: CompiledRule


class Sets(Protocol):
    """Where the sets are that rules name."""

    def addresses(self, of: Selector | ServiceSet, /) -> AddressSet: ...
    def ports(self, of: NamedPortSet | ServiceSet, /) -> PortSet: ...


def rows(rules: tuple[CompiledRule, ...], sets: AddressSets) -> tuple[Row, ...]:
    """The rules of one policy or profile that can decide, in order: Log rules decide nothing and are left out."""
    if not rules:
        return ()
    first = rules[0]
    named = (sets.named(name) for rule in rules for name in rule.sets)
    return sets.reuse.of(_rows, rules, *named, slot=(first.id.owner, first.id.direction, first.version))


def _rows(rules: tuple[CompiledRule, ...], *named: AddressSet | PortSet) -> tuple[Row, ...]:
    sets = _NamedSets(dict(zip((name for rule in rules for name in rule.sets), named, strict=True)))
    return tuple(row(rule, sets) for rule in rules if rule.action is not Action.LOG)


class _NamedSets:
    """The sets that some rules name."""

    def __init__(self, by_name: Mapping[SetName, AddressSet | PortSet]) -> None:
        self._by_name = by_name

    def addresses(self, of: Selector | ServiceSet) -> AddressSet:
        found = self._by_name[of]
        assert isinstance(found, AddressSet)
        return found

    def ports(self, of: NamedPortSet | ServiceSet) -> PortSet:
        found = self._by_name[of]
        assert isinstance(found, PortSet)
        return found


#: What is left of a row once the protocol is known: (first port, last port, test, rule). Python takes a plain tuple
#: apart several times faster than a named one.
Candidate = tuple[int, int, Test | None, CompiledRule]
#: (IP version, protocol, destination port without its last ten bits)
CandidatesKey = tuple[int, int, int]
PORT_BITS = 10


class Candidates(dict[CandidatesKey, tuple[Candidate, ...]]):
    """The rules that can match a packet with such a protocol and port, in order; made when first asked for.

    Most rules name one port, so most are out of the question for any given packet. The ranges of ports are so wide that
    the rules for all ports, which stand in each of them, take little memory.
    """

    def __init__(self, rules: Sequence[Mapping[int, tuple[CompiledRule, ...]]], sets: AddressSets) -> None:
        """`rules`: those of each policy, by IP version."""
        super().__init__()
        self._rules = rules
        self._sets = sets
        self._rows: dict[int, tuple[Row, ...]] = {}

    def __missing__(self, key: CandidatesKey) -> tuple[Candidate, ...]:
        version, protocol, ports = key
        if version not in self._rows:
            self._rows[version] = tuple(row for rules in self._rules for row in rows(rules[version], self._sets))
        found = tuple(
            (row.first_port, row.last_port, row.test, row.rule)
            for row in self._rows[version]
            if row.protocol in (ANY_PROTOCOL, protocol)
            and row.first_port >> PORT_BITS <= ports <= row.last_port >> PORT_BITS
        )
        self[key] = found
        return found


def row(rule: CompiledRule, sets: Sets) -> Row:
    """One rule with its test."""
    first, last, exact = _destination_bounds(rule.destination.ports)
    tests = list(_tests(rule, sets, skip_destination_ports=exact))
    protocol = ANY_PROTOCOL if rule.protocol is None else rule.protocol
    return Row(protocol, first, last, _all_of(tests), rule)


def _destination_bounds(ports: Ports | None) -> tuple[int, int, bool]:
    """(first, last, whether these bounds say all)."""
    if ports is None:
        return *_NO_BOUND, True
    if ports.named:
        return *_NO_BOUND, False
    return ports.ranges[0][0], ports.ranges[-1][1], len(ports.ranges) == 1


def _all_of(tests: list[Test]) -> Test | None:
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda s, d, p, sp, dp, it, ic: first(s, d, p, sp, dp, it, ic) and second(s, d, p, sp, dp, it, ic)
    every = tuple(tests)
    return lambda s, d, p, sp, dp, it, ic: all(test(s, d, p, sp, dp, it, ic) for test in every)


def _tests(rule: CompiledRule, sets: Sets, *, skip_destination_ports: bool) -> Iterable[Test]:
    if rule.not_protocol is not None:
        excluded = rule.not_protocol
        yield lambda s, d, p, sp, dp, it, ic: p != excluded
    yield from _icmp_tests(rule)
    yield from _port_tests(rule, sets, skip_destination_ports)
    for side, on_source in ((rule.source, True), (rule.destination, False)):
        for member, wanted in _address_tests(side, rule.version, sets):
            yield _on_address(member, on_source, wanted)


def _icmp_tests(rule: CompiledRule) -> Iterable[Test]:
    if rule.icmp is not None:
        wanted_type, wanted_code = rule.icmp
        if wanted_code is None:
            yield lambda s, d, p, sp, dp, it, ic: it == wanted_type
        else:
            yield lambda s, d, p, sp, dp, it, ic: it == wanted_type and ic == wanted_code
    if rule.not_icmp is not None:
        refused_type, refused_code = rule.not_icmp
        if refused_code is None:
            yield lambda s, d, p, sp, dp, it, ic: it != refused_type
        else:
            yield lambda s, d, p, sp, dp, it, ic: it != refused_type or ic != refused_code


def _port_tests(rule: CompiledRule, sets: Sets, skip_destination_ports: bool) -> Iterable[Test]:
    version = rule.version
    for side, on_source in ((rule.source, True), (rule.destination, False)):
        if side.ports is not None and (on_source or not skip_destination_ports):
            yield _on_port(side.ports, version, sets, on_source, wanted=True)
        if side.not_ports is not None:
            yield _on_port(side.not_ports, version, sets, on_source, wanted=False)
        for set_id in side.port_sets:
            yield _on_port(Ports((), (set_id,)), version, sets, on_source, wanted=True)


def _on_port(ports: Ports, version: int, sets: Sets, on_source: bool, *, wanted: bool) -> Test:
    member = _interval_member(ports.ranges)
    if not ports.named:
        if on_source:
            return lambda s, d, p, sp, dp, it, ic: member(sp) is wanted
        return lambda s, d, p, sp, dp, it, ic: member(dp) is wanted
    named = frozenset().union(*(sets.ports(set_id).members(version) for set_id in ports.named))
    if on_source:
        return lambda s, d, p, sp, dp, it, ic: (member(sp) or (s, p, sp) in named) is wanted
    return lambda s, d, p, sp, dp, it, ic: (member(dp) or (d, p, dp) in named) is wanted


def _address_tests(side: Side, version: int, sets: Sets) -> Iterable[tuple[Callable[[int], bool], bool]]:
    """(membership, whether the address must be a member) of each address criterion."""
    if side.nets is not None:
        yield _interval_member(side.nets), True
    for set_id in side.address_sets:
        yield sets.addresses(set_id).membership(version), True
    if side.not_nets:
        yield _interval_member(side.not_nets), False
    for set_id in side.not_address_sets:
        yield sets.addresses(set_id).membership(version), False


def _on_address(member: Callable[[int], bool], on_source: bool, wanted: bool) -> Test:
    if on_source:
        return lambda s, d, p, sp, dp, it, ic: member(s) is wanted
    return lambda s, d, p, sp, dp, it, ic: member(d) is wanted


def _interval_member(intervals: Intervals) -> Callable[[int], bool]:
    if not intervals:
        return lambda value: False
    if len(intervals) == 1:
        low, high = intervals[0]
        return lambda value: low <= value <= high
    starts, ends = [low for low, _ in intervals], [high for _, high in intervals]

    def member(value: int) -> bool:
        at = bisect_right(starts, value) - 1
        return at >= 0 and value <= ends[at]

    return member
