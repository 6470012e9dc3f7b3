"""Rules → Felix's model (updateprocessors/rules.go: RuleAPIV3ToBackend, felix/calc/rule_convert.go)."""

from __future__ import annotations

from calico_engine.compiler import flattening
from calico_engine.compiler.felix_model import Action, FelixEntity, FelixRule, Net, ResourceId, RuleId
from calico_engine.compiler.intervals import parse_net
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import PORT_PROTOCOLS, Direction, protocol_number
from calico_engine.resources.rules import EntityRule, ICMPFields, Port, Rule
from calico_selectors import InvalidSelector, Selector

_ACTIONS = {action.value.lower(): action for action in Action} | {"": Action.ALLOW}
_IMPLIED_VERSION = {"icmp": 4, "icmpv6": 6}


class Unusable(Exception):
    """Felix's own validation refuses the object, for this reason, at this path."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.path = path


def parse_selector(text: str, path: Path, what: str = "combined selector") -> Selector:
    """A selector; one that does not parse makes Felix drop the whole object."""
    try:
        return Selector(text)
    except InvalidSelector as error:
        raise Unusable(f"its {what} `{text[:200]}` does not parse: {error.message}", path) from None


def convert_rules(rules: tuple[Rule, ...], owner: ResourceId, tier: str, direction: Direction) -> tuple[FelixRule, ...]:
    """The rules of one direction. Raises Unusable where Felix would drop the policy or profile."""
    converted = []
    for index, rule in enumerate(rules):
        path = ("spec", direction.value.lower(), index)
        converted.append(_rule(rule, RuleId(owner, tier, direction, index), path))
    return tuple(converted)


def _rule(rule: Rule, rule_id: RuleId, path: Path) -> FelixRule:
    protocol = _protocol(rule.protocol, (*path, "protocol"))
    _check_ports(rule, protocol, path)
    version = rule.ip_version
    if version not in (None, 4, 6):
        raise Unusable("ipVersion is neither 4 nor 6", (*path, "ipVersion"))
    if version is None and isinstance(rule.protocol, str):
        # Only the name implies a version, a number or notProtocol does not (rule_convert.go: ipVersionToProtoIPVersion).
        version = _IMPLIED_VERSION.get(rule.protocol.lower())
    namespace = rule_id.owner.namespace
    return FelixRule(
        id=rule_id,
        action=_action(rule.action, path),
        version=version,
        protocol=protocol,
        not_protocol=_protocol(rule.not_protocol, (*path, "notProtocol")),
        icmp=_icmp(rule.icmp, (*path, "icmp")),
        not_icmp=_icmp(rule.not_icmp, (*path, "notICMP")),
        source=_entity(rule.source, namespace, (*path, "source")),
        destination=_entity(rule.destination, namespace, (*path, "destination")),
        written=rule,
    )


def _action(name: str, path: Path) -> Action:
    action = _ACTIONS.get(name.lower())
    if action is None:
        raise Unusable(f"unknown action {name!r} (Felix would crash on it)", (*path, "action"))
    return action


def _protocol(value: int | str | None, path: Path) -> int | None:
    if value is None:
        return None
    number = protocol_number(value) if isinstance(value, str) else value
    if not number:
        raise Unusable(f"{value!r} is no protocol", path)
    return number


def _icmp(fields: ICMPFields | None, path: Path) -> tuple[int, int | None] | None:
    """(type, code); a code without a type is no condition (rule_convert.go: parsedRuleToProtoRule)."""
    if fields is None:
        return None
    if fields.type is not None and not 0 <= fields.type <= 254:
        raise Unusable("an ICMP type is from 0 to 254", (*path, "type"))
    if fields.code is not None and not 0 <= fields.code <= 255:
        raise Unusable("an ICMP code is from 0 to 255", (*path, "code"))
    return None if fields.type is None else (fields.type, fields.code)


def _check_ports(rule: Rule, protocol: int | None, path: Path) -> None:
    for side, entity in (("source", rule.source), ("destination", rule.destination)):
        for name, ports in (("ports", entity.ports), ("notPorts", entity.not_ports)):
            where = (*path, side, name)
            if ports and protocol is not None and protocol not in PORT_PROTOCOLS:
                raise Unusable("its protocol has no ports", where)
            for port in ports:
                if port.name is not None:
                    continue
                if protocol is None:
                    raise Unusable("numeric ports need a protocol", where)
                if not 1 <= port.first <= port.last <= 65535:
                    raise Unusable(f"port {port} is not from 1 to 65535", where)


def _entity(entity: EntityRule, namespace: str, path: Path) -> FelixEntity:
    _check_selectors(entity, path)
    positive_text, negative_text = flattening.entity_selectors(entity, namespace)
    # It must parse before the negative one is folded into it (validation_filter.go).
    if positive_text:
        parse_selector(positive_text, (*path, "selector"))
    folded_positive, folded_negative = flattening.combined(positive_text, negative_text)
    service = (entity.services.namespace, entity.services.name) if entity.services else None
    return FelixEntity(
        nets=_nets(entity.nets),
        not_nets=_nets(entity.not_nets),
        positive=parse_selector(folded_positive, (*path, "notSelector")) if folded_positive else None,
        negative=parse_selector(folded_negative, (*path, "notSelector")) if folded_negative else None,
        port_ranges=_ranges(entity.ports),
        named_ports=_names(entity.ports),
        not_port_ranges=_ranges(entity.not_ports),
        not_named_ports=_names(entity.not_ports),
        service=service,
    )


def _check_selectors(entity: EntityRule, path: Path) -> None:
    """The fields as written travel with the rule, and each must parse too (libcalico-go/lib/backend/model/rule.go)."""
    if entity.selector:
        parse_selector(entity.selector, (*path, "selector"), "selector")
    if entity.namespace_selector:
        parse_selector(entity.namespace_selector, (*path, "namespaceSelector"), "namespaceSelector")
    if entity.not_selector:
        parse_selector(entity.not_selector, (*path, "notSelector"), "notSelector")
    if entity.service_accounts and entity.service_accounts.selector:
        where = (*path, "serviceAccounts", "selector")
        parse_selector(entity.service_accounts.selector, where, "selector of service accounts")


def _nets(texts: tuple[str, ...]) -> tuple[Net, ...]:
    # One that does not parse is dropped from the list (rules.go: ConvertStringsToNets); the API's validator refuses it.
    return tuple(net for net in map(parse_net, texts) if net is not None)


def _ranges(ports: tuple[Port, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((port.first, port.last) for port in ports if port.name is None)


def _names(ports: tuple[Port, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(port.name for port in ports if port.name is not None))
