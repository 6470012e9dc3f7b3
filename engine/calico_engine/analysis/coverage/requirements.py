"""What a rule requires of a packet, clause by clause; all of it holds exactly where Felix's rule matches.

Entries of one list are alternatives, and the selectors of one side are tested together, endpoint by endpoint. So a
requirement is one clause, or a list, or one side's selectors; whether it holds or not, some of its clauses account for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from calico_engine.compiler import flattening
from calico_engine.compiler.address_sets import AddressSets, NamedPortSet, ServiceSet
from calico_engine.compiler.felix_model import FelixEntity, FelixRule
from calico_engine.compiler.intervals import parse_net
from calico_engine.compiler.rules import ignored_criteria, named_port_set
from calico_engine.dataplane.walk import View
from calico_engine.frozen import frozen
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources.rules import EntityRule, Port
from calico_selectors import Selector

#: Whether a requirement holds, and for each of its clauses whether it accounts for that.
Finding = tuple[bool, Sequence[bool]]
_Holds = Callable[[View], bool]
_Entry = tuple[Path, _Holds]

#: Fields of one side that are tested together, and what they are when they are not given.
_SELECTORS = (
    ("selector", "selector", ""),
    ("namespaceSelector", "namespace_selector", ""),
    ("serviceAccounts", "service_accounts", None),
    ("notSelector", "not_selector", ""),
)


@frozen
class Requirement:
    """One requirement. `reads` are the packet's values on which the finding depends."""

    clauses: tuple[Path, ...]
    reads: tuple[str, ...]
    find: Callable[[View], Finding]


def requirements(rule: FelixRule, version: int, sets: AddressSets) -> Iterator[Requirement]:
    """The requirements of a rule for packets of one IP version; criteria that Felix ignores are none."""
    written, namespace = rule.written, rule.id.owner.namespace
    if written.ip_version is not None:
        yield _one("ipVersion", "version", lambda view: view.version == written.ip_version)
    yield from _protocols(rule)
    yield from _icmp(rule)
    ignored = ignored_criteria(rule, version)
    for side, entity, given in (
        ("source", rule.source, written.source),
        ("destination", rule.destination, written.destination),
    ):
        if f"{side}.nets" not in ignored:
            yield from _nets(side, "nets", given.nets, version, wanted=True)
        yield from _nets(side, "notNets", given.not_nets, version, wanted=False)
        yield from _selectors(side, entity, given, namespace, sets)
        yield from _service(side, entity, sets)
        if f"{side}.ports" not in ignored:
            yield from _ports(side, "ports", given.ports, rule, entity, sets, wanted=True)
        yield from _ports(side, "notPorts", given.not_ports, rule, entity, sets, wanted=False)


def _one(name: str, reads: str, holds: _Holds) -> Requirement:
    return Requirement(((name,),), (reads,), lambda view: (holds(view), (True,)))


def _protocols(rule: FelixRule) -> Iterator[Requirement]:
    if rule.protocol is not None:
        # A name can imply an IP version, unless the rule gives one.
        implied = None if rule.written.ip_version is not None else rule.version
        yield Requirement(
            (("protocol",),),
            ("version", "protocol"),
            lambda view: (view.protocol == rule.protocol and implied in (None, view.version), (True,)),
        )
    if rule.not_protocol is not None:
        yield _one("notProtocol", "protocol", lambda view: view.protocol != rule.not_protocol)


def _icmp(rule: FelixRule) -> Iterator[Requirement]:
    for name, icmp, wanted in (("icmp", rule.icmp, True), ("notICMP", rule.not_icmp, False)):
        if icmp is not None:
            yield _icmp_requirement(name, *icmp, wanted=wanted)


def _icmp_requirement(name: str, wanted_type: int, code: int | None, *, wanted: bool) -> Requirement:
    def find(view: View) -> Finding:
        same = view.icmp_type == wanted_type and code in (None, view.icmp_code)
        return same is wanted, (True,)

    return Requirement(((name,),), ("icmp_type", "icmp_code"), find)


def _list(entries: Sequence[_Entry], reads: tuple[str, ...], *, wanted: bool) -> Requirement:
    """A list that has to contain the packet's value, or must not: the entries that contain it account for that.

    Where none contains it, all account for it.
    """
    every = (True,) * len(entries)

    def find(view: View) -> Finding:
        inside = tuple(contains(view) for _, contains in entries)
        found = any(inside)
        return found is wanted, inside if found else every

    return Requirement(tuple(path for path, _ in entries), reads, find)


def _nets(side: str, name: str, texts: Sequence[str], version: int, *, wanted: bool) -> Iterator[Requirement]:
    # What does not parse is dropped from the list (rules.go: ConvertStringsToNets).
    nets = [((side, name, index), net) for index, text in enumerate(texts) if (net := parse_net(text)) is not None]
    if not nets:
        return
    entries = [(path, _within(side, low, high) if family == version else _never) for path, (family, low, high) in nets]
    yield _list(entries, (side,), wanted=wanted)
    if not wanted and all(family != version for _, (family, _, _) in nets):
        # The rule does not exist for this IP version, and no entry is the reason (rules.py: _exists).
        yield Requirement((), ("version",), lambda view: (False, ()))


def _never(view: View) -> bool:
    return False


def _within(field: str, low: int, high: int) -> _Holds:
    return lambda view: low <= getattr(view, field) <= high


def _selectors(
    side: str, entity: FelixEntity, written: EntityRule, namespace: str, sets: AddressSets
) -> Iterator[Requirement]:
    holds = _selected(side, entity.positive, entity.negative, sets)
    if holds is None:
        return
    given = [(name, attribute, empty) for name, attribute, empty in _SELECTORS if getattr(written, attribute)]
    without = [
        _selected(side, *_rest(written, attribute, empty, namespace), sets) if len(given) > 1 else None
        for _, attribute, empty in given
    ]
    every = (True,) * len(given)

    def find(view: View) -> Finding:
        if holds(view):
            return True, every
        return False, tuple(rest is None or rest(view) for rest in without)

    yield Requirement(tuple((side, name) for name, _, _ in given), (side,), find)


def _rest(
    written: EntityRule, attribute: str, empty: str | None, namespace: str
) -> tuple[Selector | None, Selector | None]:
    """What the other fields require, as Felix would combine them."""
    rest = replace(written, **{attribute: empty})  # type: ignore[arg-type]
    # A rule without namespaceSelector means its own namespace; here the question is what lies in all others too.
    own = "" if attribute == "namespace_selector" else namespace
    positive, negative = flattening.combined(*flattening.entity_selectors(rest, own))
    return Selector(positive) if positive else None, Selector(negative) if negative else None


def _selected(side: str, positive: Selector | None, negative: Selector | None, sets: AddressSets) -> _Holds | None:
    """Whether the address is one that these selectors leave; None if they require nothing."""
    wanted = [(each, inside) for each, inside in ((positive, True), (negative, False)) if each is not None]
    if not wanted:
        return None

    def holds(view: View) -> bool:
        address = getattr(view, side)
        return all(sets.addresses(each).contains(view.version, address) is inside for each, inside in wanted)

    return holds


def _service(side: str, entity: FelixEntity, sets: AddressSets) -> Iterator[Requirement]:
    """On the source side a service stands for addresses, on the destination side for addresses with ports."""
    if entity.service is None:
        return
    path: tuple[Path, ...] = ((side, "services"),)
    service = ServiceSet(*entity.service, with_ports=side != "source")
    if side == "source":
        addresses = sets.addresses(service)
        yield Requirement(path, (side,), lambda view: (addresses.contains(view.version, view.source), (True,)))
    else:
        holds = _is_member(side, service, sets)
        yield Requirement(path, _port_fields(side), lambda view: (holds(view), (True,)))


def _ports(
    side: str,
    name: str,
    ports: Sequence[Port],
    rule: FelixRule,
    entity: FelixEntity,
    sets: AddressSets,
    *,
    wanted: bool,
) -> Iterator[Requirement]:
    if not ports:
        return
    entries: list[_Entry] = []
    for index, port in enumerate(ports):
        if port.name is None:
            contains = _within(f"{side}_port", port.first, port.last)
        else:
            contains = _is_member(side, named_port_set(rule, entity, port.name), sets)
        entries.append(((side, name, index), contains))
    named = any(port.name is not None for port in ports)
    yield _list(entries, _port_fields(side) if named else (f"{side}_port",), wanted=wanted)


def _port_fields(side: str) -> tuple[str, ...]:
    return side, "protocol", f"{side}_port"


def _is_member(side: str, members: NamedPortSet | ServiceSet, sets: AddressSets) -> _Holds:
    def holds(view: View) -> bool:
        value = (getattr(view, side), view.protocol, getattr(view, f"{side}_port"))
        return value in sets.ports(members).members(view.version)

    return holds
