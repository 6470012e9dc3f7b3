"""Rules of policies and profiles: their own fields, and what must fit together within one rule.

Source: libcalico-go/lib/validator/v3/validator.go: validateRule, validateICMPFields, validateHTTPRule,
validateRuleMetadata (spec resources 3.1-3.4). Where a rule may stand is the policies' affair.
"""

from __future__ import annotations

from collections.abc import Sequence

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.entities import check_entity, check_nets
from calico_engine.manifests.validator.metadata import check_annotations
from calico_engine.manifests.validator.protocols import PORT_PROTOCOLS, WITH_PORTS, protocol_problem
from calico_engine.manifests.validator.shapes import choice_problem, quoted, repeated, report
from calico_engine.resources.rules import EntityRule, HTTPMatch, HTTPPath, ICMPFields, Port, Rule

ACTIONS = ("Allow", "Deny", "Log", "Pass")
_NOTHING = EntityRule()
_OLD_SPELLINGS = ("tcp", "udp", "sctp")


def check_rules(rules: Sequence[Rule] | None, path: Path, problems: list[Problem]) -> None:
    for index, rule in enumerate(rules or ()):
        check_rule(rule, (*path, index), problems)


def check_rule(rule: Rule, path: Path, problems: list[Problem]) -> None:
    if rule.action not in ACTIONS:
        report(problems, (*path, "action"), choice_problem(rule.action, ACTIONS))
    if rule.ip_version is not None and rule.ip_version not in (4, 6):
        problems.append(Problem((*path, "ipVersion"), f"must be 4 or 6, not {rule.ip_version}"))
    if rule.protocol is not None:
        report(problems, (*path, "protocol"), protocol_problem(rule.protocol))
    if rule.not_protocol is not None:
        report(problems, (*path, "notProtocol"), protocol_problem(rule.not_protocol))
    if rule.icmp is not None or rule.not_icmp is not None or rule.ip_version is not None:
        _check_icmp(rule, path, problems)
    for side, entity in (("source", rule.source), ("destination", rule.destination)):
        if entity != _NOTHING:
            check_entity(entity, (*path, side), problems)
            _check_ports_and_protocol(rule.protocol, entity, (*path, side), problems)
    check_nets(rule, path, problems)
    _check_service_ports(rule.destination, (*path, "destination"), problems)
    if rule.http is not None:
        _check_http(rule, rule.http, path, problems)
    if rule.metadata is not None:
        check_annotations(rule.metadata.annotations, (*path, "metadata", "annotations"), problems)


def _check_icmp(rule: Rule, path: Path, problems: list[Problem]) -> None:
    if rule.icmp is not None:
        _check_icmp_fields(rule.icmp, (*path, "icmp"), problems)
        if rule.protocol not in ("ICMP", "ICMPv6"):
            number = {1: "ICMP", 58: "ICMPv6"}.get(rule.protocol) if isinstance(rule.protocol, int) else None
            hint = f": write protocol: {number}" if number else ""
            problems.append(Problem((*path, "icmp"), f"icmp needs the protocol ICMP or ICMPv6, by its name{hint}"))
    if rule.not_icmp is not None:
        _check_icmp_fields(rule.not_icmp, (*path, "notICMP"), problems)
    for name, version in (("ICMP", 4), ("ICMPv6", 6)):
        if name in (rule.protocol, rule.not_protocol) and rule.ip_version not in (None, version):
            problems.append(
                Problem((*path, "ipVersion"), f"{name} is a protocol of IPv{version}: ipVersion must be {version}")
            )


def _check_icmp_fields(icmp: ICMPFields, path: Path, problems: list[Problem]) -> None:
    if icmp.type is not None and not 0 <= icmp.type <= 254:
        problems.append(Problem((*path, "type"), f"an ICMP type is from 0 to 254, not {icmp.type}"))
    if icmp.code is not None and not 0 <= icmp.code <= 255:
        problems.append(Problem((*path, "code"), f"an ICMP code is from 0 to 255, not {icmp.code}"))
    if icmp.code is not None and icmp.type is None:
        problems.append(Problem((*path, "code"), "a code needs a type beside it"))


def _check_ports_and_protocol(
    protocol: int | str | None, entity: EntityRule, path: Path, problems: list[Problem]
) -> None:
    """Ports need a protocol that has them; names of ports also stand without any protocol.

    Older spellings in lower case are refused on their own, and not a second time for their ports.
    """
    if protocol is not None and (protocol in WITH_PORTS or protocol in _OLD_SPELLINGS):
        return
    for field, ports in (("ports", entity.ports), ("notPorts", entity.not_ports)):
        if protocol is not None and ports:
            message = f"protocol {protocol} has no ports; {PORT_PROTOCOLS} have"
            problems.append(Problem((*path, field), message))
        elif _has_number(ports):
            problems.append(Problem((*path, field), f"port numbers need a protocol: {PORT_PROTOCOLS}"))


def _has_number(ports: Sequence[Port]) -> bool:
    return any(port.name is None for port in ports)


def _check_service_ports(destination: EntityRule, path: Path, problems: list[Problem]) -> None:
    if destination.services is None:
        return
    for field, ports in (("ports", destination.ports), ("notPorts", destination.not_ports)):
        if ports:
            problems.append(Problem((*path, field), f"services brings its own ports; {field} cannot stand beside it"))


def _check_http(rule: Rule, http: HTTPMatch, path: Path, problems: list[Problem]) -> None:
    if rule.protocol is not None and rule.protocol != "TCP":
        hint = ", by its name" if rule.protocol == 6 else ""
        message = f"a rule with http is for TCP{hint}: write protocol: TCP, or leave protocol out"
        problems.append(Problem((*path, "protocol"), message))
    if rule.action != "Allow":
        problems.append(Problem((*path, "http"), "http may stand in Allow rules only"))
    for index in repeated(http.methods):
        message = f"{quoted(http.methods[index])} is in the list already"
        problems.append(Problem((*path, "http", "methods", index), message))
    for index, entry in enumerate(http.paths):
        report(problems, (*path, "http", "paths", index), _path_problem(entry))


def _path_problem(entry: HTTPPath) -> str | None:
    if entry.exact and entry.prefix:
        return "exact and prefix cannot both be given"
    text = entry.exact or entry.prefix
    if not text:
        return "exact or prefix must be given"
    if not text.startswith("/"):
        return f"the path must begin with a /, not as {quoted(text)}"
    return f"? # and blanks may not stand in a path: {quoted(text)}" if any(c in text for c in "? #") else None
