"""A rule as Felix holds it, and whether it gets past Felix's own validator (libcalico-go/lib/validator/v1)."""

from __future__ import annotations

from calico_engine.resources.rules import EntityRule, ICMPFields, Port, Rule
from felix_oracle.felix import FelixRule, RuleSide
from felix_oracle.flattening import combined, parsed, rule_selectors
from felix_oracle.nets import read_nets
from felix_oracle.packets import PROTOCOL_NUMBERS

_WITH_PORTS = frozenset({6, 17, 132})
_ACTIONS = {"": "allow", "Allow": "allow", "Deny": "deny", "Pass": "pass", "Log": "log"}


class NotForFelix(Exception):
    """The object vanishes: Felix acts as if it did not exist."""


def convert_rule(rule: Rule, index: int, namespace: str) -> FelixRule:
    """Raises NotForFelix."""
    protocol, not_protocol = _protocol(rule.protocol), _protocol(rule.not_protocol)
    version = rule.ip_version
    if version not in (None, 4, 6):
        raise NotForFelix("IP version")
    if version is None and isinstance(rule.protocol, str):
        version = {"icmp": 4, "icmpv6": 6}.get(rule.protocol.lower())
    for side in (rule.source, rule.destination):
        _check_ports((*side.ports, *side.not_ports), protocol)
    return FelixRule(
        index=index,
        action=_ACTIONS[rule.action],
        version=version or 0,
        protocol=protocol,
        not_protocol=not_protocol,
        icmp=_icmp(rule.icmp),
        not_icmp=_icmp(rule.not_icmp),
        source=_side(rule.source, namespace),
        destination=_side(rule.destination, namespace),
    )


def _protocol(value: int | str | None) -> int | None:
    if value is None:
        return None
    number = value if isinstance(value, int) else PROTOCOL_NUMBERS.get(value.lower(), 0)
    if number == 0:
        raise NotForFelix("protocol")
    return number


def _icmp(fields: ICMPFields | None) -> tuple[int, int | None] | None:
    if fields is None or fields.type is None:
        return None
    if not 0 <= fields.type <= 254 or not 0 <= (fields.code or 0) <= 255:
        raise NotForFelix("ICMP type or code")
    return fields.type, fields.code


def _check_ports(ports: tuple[Port, ...], protocol: int | None) -> None:
    numbers = [port for port in ports if port.name is None]
    if any(not 1 <= port.first <= port.last for port in numbers):
        raise NotForFelix("port")
    if numbers and protocol is None:
        raise NotForFelix("ports without protocol")
    if ports and protocol is not None and protocol not in _WITH_PORTS:
        raise NotForFelix("a protocol without ports")


def _side(side: EntityRule, namespace: str) -> RuleSide:
    selectors = rule_selectors(side, namespace)
    if any(text and parsed(text) is None for text in selectors):
        raise NotForFelix("selector")
    positive, negative = combined(*selectors)
    return RuleSide(
        nets=read_nets(side.nets),
        not_nets=read_nets(side.not_nets),
        ports=_numbers(side.ports),
        named_ports=_names(side.ports),
        not_ports=_numbers(side.not_ports),
        not_named_ports=_names(side.not_ports),
        selector=positive,
        not_selector=negative,
        service=f"{side.services.namespace}/{side.services.name}" if side.services else "",
    )


def _numbers(ports: tuple[Port, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((port.first, port.last) for port in ports if port.name is None)


def _names(ports: tuple[Port, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(port.name for port in ports if port.name is not None))
