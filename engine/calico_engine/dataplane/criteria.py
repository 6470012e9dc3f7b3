"""Why a rule matched or did not: each of its criteria beside what the packet has."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.compiler.address_sets import AddressSet, AddressSets
from calico_engine.compiler.intervals import contains, format_interval
from calico_engine.compiler.rules import CompiledRule, Ports, Side
from calico_engine.dataplane.traces import CriterionTrace
from calico_engine.dataplane.walk import View
from calico_engine.packets import PROTOCOL_NAMES, format_address
from calico_engine.resources.rules import EntityRule

_SHOWN = 4


def criteria(rule: CompiledRule, view: View, sets: AddressSets) -> tuple[CriterionTrace, ...]:
    """Every criterion of the rule, those that Felix ignores included."""
    found = [*_protocol(rule, view), *_icmp(rule, view)]
    for name in ("source", "destination"):
        found += _side(rule, name, view, sets)
    if rule.written.http_text:
        found.append(CriterionTrace("http", rule.written.http_text, "", True, ignored=True))
    return tuple(found)


def _protocol(rule: CompiledRule, view: View) -> Iterator[CriterionTrace]:
    actual = PROTOCOL_NAMES.get(view.protocol, str(view.protocol))
    if rule.protocol is not None:
        wanted = PROTOCOL_NAMES.get(rule.protocol, str(rule.protocol))
        yield CriterionTrace("protocol", wanted, actual, rule.protocol == view.protocol)
    if rule.not_protocol is not None:
        refused = PROTOCOL_NAMES.get(rule.not_protocol, str(rule.not_protocol))
        yield CriterionTrace("notProtocol", refused, actual, rule.not_protocol != view.protocol)


def _icmp(rule: CompiledRule, view: View) -> Iterator[CriterionTrace]:
    has = (view.icmp_type, view.icmp_code)
    for name, wanted, positive in (("icmp", rule.icmp, True), ("notICMP", rule.not_icmp, False)):
        if wanted is not None:
            same = has[0] == wanted[0] and wanted[1] in (None, has[1])
            yield CriterionTrace(name, _icmp_text(wanted), _icmp_text(has), same is positive)


def _icmp_text(value: tuple[int, int | None]) -> str:
    if value[0] < 0:
        return "no ICMP type"
    return f"type {value[0]}" if value[1] is None else f"type {value[0]} code {value[1]}"


def _side(rule: CompiledRule, name: str, view: View, sets: AddressSets) -> Iterator[CriterionTrace]:
    is_source = name == "source"
    side, written = (rule.source, rule.written.source) if is_source else (rule.destination, rule.written.destination)
    address, port = (view.source, view.source_port) if is_source else (view.destination, view.destination_port)
    shown = format_address(address, view.version)
    yield from _nets(rule, side, written, name, address, shown)
    for set_id in side.address_sets:
        members = sets.addresses(set_id)
        inside = members.contains(view.version, address)
        yield _in_set(f"{name}.{_selector_field(written)}", members.selector, shown, inside, members, view.version)
    for set_id in side.not_address_sets:
        members = sets.addresses(set_id)
        outside = not members.contains(view.version, address)
        yield _in_set(f"{name}.notSelector", members.selector, shown, outside, members, view.version)
    yield from _ports(side, written, name, (address, view.protocol, port), view.version, sets)


def _selector_field(written: EntityRule) -> str:
    """The field that a user will look for; several are combined into one selector."""
    fields = {
        "services": written.services,
        "serviceAccounts": written.service_accounts,
        "selector": written.selector,
        "namespaceSelector": written.namespace_selector,
        "notSelector": written.not_selector,
    }
    given = [field for field, value in fields.items() if value]
    return given[0] if len(given) == 1 else "selector"


def _in_set(field: str, wanted: str, actual: str, matched: bool, members: AddressSet, version: int) -> CriterionTrace:
    intervals = members.intervals(version)
    shown = tuple(format_interval(low, high, version) for low, high in intervals[:_SHOWN])
    return CriterionTrace(field, wanted, actual, matched, shown, len(intervals))


def _nets(
    rule: CompiledRule, side: Side, written: EntityRule, name: str, address: int, shown: str
) -> Iterator[CriterionTrace]:
    ignored = f"{name}.nets" in rule.ignored
    if side.nets is not None or ignored:
        matched = ignored or contains(side.nets or (), address)
        yield CriterionTrace(f"{name}.nets", ", ".join(written.nets), shown, matched, ignored=ignored)
    if side.not_nets:
        outside = not contains(side.not_nets, address)
        yield CriterionTrace(f"{name}.notNets", ", ".join(written.not_nets), shown, outside)


def _ports(
    side: Side, written: EntityRule, name: str, values: tuple[int, int, int], version: int, sets: AddressSets
) -> Iterator[CriterionTrace]:
    port = values[2]
    shown = str(port) if port >= 0 else "no port"

    def holds(ports: Ports) -> bool:
        named = any(values in sets.ports(set_id).members(version) for set_id in ports.named)
        return named or contains(ports.ranges, port)

    if side.ports is not None:
        wanted = ", ".join(map(str, written.ports))
        yield _on_ports(f"{name}.ports", wanted, shown, holds(side.ports), side.ports, version, sets)
    if side.not_ports is not None:
        wanted = ", ".join(map(str, written.not_ports))
        yield _on_ports(f"{name}.notPorts", wanted, shown, not holds(side.not_ports), side.not_ports, version, sets)
    for set_id in side.port_sets:
        ports = Ports((), (set_id,))
        wanted = sets.ports(set_id).description
        yield _on_ports(f"{name}.services", wanted, shown, holds(ports), ports, version, sets)


def _on_ports(
    field: str, wanted: str, actual: str, matched: bool, ports: Ports, version: int, sets: AddressSets
) -> CriterionTrace:
    if not ports.named:
        return CriterionTrace(field, wanted, actual, matched)
    members = sorted(set().union(*(sets.ports(set_id).members(version) for set_id in ports.named)))
    shown = tuple(_member_text(member, version) for member in members[:_SHOWN])
    return CriterionTrace(field, wanted, actual, matched, shown, len(members))


def _member_text(member: tuple[int, int, int], version: int) -> str:
    address, protocol, port = member
    return f"{format_address(address, version)} {PROTOCOL_NAMES.get(protocol, protocol)} {port}"
