"""Fields that a question leaves open: the finitely many values at which an answer can change, and whether it does.

A rule tests a port or an ICMP value against intervals, so between two neighbouring interval ends no test changes. Asking
one value of each stretch asks all of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.chains import Chain
from calico_engine.compiler.rules import CompiledRule, Ports
from calico_engine.dataplane.plans import Plan
from calico_engine.errors import OutOfScope
from calico_engine.frozen import frozen
from calico_engine.packets import OPEN_FIELDS, QUERY_KEYS, Packet

_T = TypeVar("_T")
_Key = TypeVar("_Key")

#: So many combinations are tried before the question is sent back.
COMBINATION_LIMIT = 250_000
_NEIGHBOUR_DISCOVERY = range(130, 137)

#: Open field → the values at which some test may change its result.
Points = dict[str, set[int]]


def critical_points(plan: Plan, packet: Packet, sets: AddressSets, ports: Iterable[int]) -> Points:
    """Where the plan's tests can change for the packet's open fields. `ports`: those that encapsulation rules test."""
    points: Points = {name: set() for name in packet.open_fields}
    if not points:
        return points
    for port in ports:
        _add(points, "destination_port", port, port)
        _add(points, "pre_dnat_port", port, port)
    for value in _NEIGHBOUR_DISCOVERY:
        _add(points, "icmp_type", value, value)
    for table in plan.tables:
        for op in table.ops:
            if op.chain is not None:
                _chain_points(op.chain, packet, sets, points)
    return points


def _add(points: Points, name: str, first: int, last: int) -> None:
    if name in points:
        points[name].update((first, last + 1))


def _chain_points(chain: Chain, packet: Packet, sets: AddressSets, points: Points) -> None:
    destination = "pre_dnat_port" if chain.shape.reads_pre_dnat and packet.dnat else "destination_port"
    if chain.failsafes is not None:
        for protocol, port in chain.failsafes.by_destination_port[packet.version]:
            if protocol == packet.protocol:
                _add(points, destination, port, port)
        for protocol, port in chain.failsafes.by_source_port[packet.version]:
            if protocol == packet.protocol:
                _add(points, "source_port", port, port)
    for rule in _rules(chain, packet.version):
        if rule.protocol in (None, packet.protocol):
            _rule_points(rule, destination, packet, sets, points)


def _rules(chain: Chain, version: int) -> Iterator[CompiledRule]:
    for tier in chain.tiers:
        for policy in tier.enforced:
            yield from policy.rules[version]
    for profile in chain.profiles:
        yield from profile.rules[version]


def _rule_points(rule: CompiledRule, destination: str, packet: Packet, sets: AddressSets, points: Points) -> None:
    for icmp in (rule.icmp, rule.not_icmp):
        if icmp is not None:
            _add(points, "icmp_type", icmp[0], icmp[0])
            if icmp[1] is not None:
                _add(points, "icmp_code", icmp[1], icmp[1])
    for name, side in (("source_port", rule.source), (destination, rule.destination)):
        if name in points:
            for ports in (side.ports, side.not_ports, Ports((), side.port_sets) if side.port_sets else None):
                if ports is not None:
                    for first, last in _port_intervals(ports, packet, sets):
                        _add(points, name, first, last)


def _port_intervals(ports: Ports, packet: Packet, sets: AddressSets) -> Iterator[tuple[int, int]]:
    yield from ports.ranges
    for set_id in ports.named:
        for _, protocol, port in sets.ports(set_id).members(packet.version):
            if protocol == packet.protocol:
                yield port, port


def representatives(name: str, points: set[int], domain: tuple[int, int] | None = None) -> list[int]:
    """One value of each stretch of the field's domain (all values unless given)."""
    low, high = domain or (0, OPEN_FIELDS[name])
    return sorted({low} | {point for point in points if low < point <= high})


@frozen
class Settled(Generic[_T]):
    """All values of the open fields give the same answer (`result`), or two that differ in one field give two."""

    result: _T
    other: _T | None = None
    depends_on: str | None = None


def settle(
    fields: Mapping[str, Sequence[int]], ask: Callable[[Mapping[str, int]], _T], key: Callable[[_T], _Key]
) -> Settled[_T]:
    """Ask for every combination; on the first difference find the one field that makes it.

    OutOfScope if there are too many combinations to ask them all.
    """
    count = math.prod(len(values) for values in fields.values())
    if count > COMBINATION_LIMIT:
        keys = " and ".join(QUERY_KEYS[name] for name in fields)
        raise OutOfScope(f"{keys} are all open and can matter in {count} combinations; give one of them")
    first = {name: values[0] for name, values in fields.items()}
    result = ask(first)
    # A difference in one field alone is the plainest answer, so these come first.
    alone = ({**first, name: value} for name, values in fields.items() for value in values[1:])
    for other in itertools.chain(alone, _combinations(fields) if len(fields) > 1 else ()):
        answer = ask(other)
        if key(answer) != key(result):
            return _narrowed(first, other, result, ask, key)
    return Settled(result)


def _combinations(fields: Mapping[str, Sequence[int]]) -> Iterator[dict[str, int]]:
    return (dict(zip(fields, values, strict=True)) for values in itertools.product(*fields.values()))


def _narrowed(
    first: Mapping[str, int],
    other: Mapping[str, int],
    result: _T,
    ask: Callable[[Mapping[str, int]], _T],
    key: Callable[[_T], _Key],
) -> Settled[_T]:
    """Walk from one combination to the other a field at a time, until the answer changes."""
    values, previous = dict(first), result
    for name, value in other.items():
        values[name] = value
        answer = ask(values)
        if key(answer) != key(previous):
            return Settled(previous, answer, name)
        previous = answer
    raise AssertionError("two combinations with different answers differ in some field")
