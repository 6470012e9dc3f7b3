"""One side of a rule: its networks, selectors, service and service accounts.

Source: libcalico-go/lib/validator/v3/validator.go: validateEntityRule, scanNets in validateRule (spec resources 3.2-3.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.addresses import Net, cidr_problem, host_bits, parse_cidr, parse_ip, show
from calico_engine.manifests.validator.protocols import check_ports
from calico_engine.manifests.validator.shapes import name_problem, report, selector_problem
from calico_engine.resources.rules import EntityRule, Rule, ServiceMatch

GLOBAL = "global()"
GLOBAL_MISPLACED = "global() may be used only as the namespaceSelector of a rule"
_GLOBAL_ALONE = re.compile(r"[ \t]*global\([ \t]*\)[ \t]*")


def check_entity(entity: EntityRule, path: Path, problems: list[Problem]) -> None:
    """Everything about one side that the rest of the rule does not bear on, but for its networks."""
    if entity.selector:
        message = GLOBAL_MISPLACED if GLOBAL in entity.selector else selector_problem(entity.selector)
        report(problems, (*path, "selector"), message)
    if entity.not_selector:
        report(problems, (*path, "notSelector"), selector_problem(entity.not_selector))
    if entity.namespace_selector:
        report(problems, (*path, "namespaceSelector"), _namespace_selector_problem(entity.namespace_selector))
    if entity.ports:
        check_ports(entity.ports, (*path, "ports"), problems)
    if entity.not_ports:
        check_ports(entity.not_ports, (*path, "notPorts"), problems)
    if entity.service_accounts is not None and entity.service_accounts.selector:
        where = (*path, "serviceAccounts", "selector")
        report(problems, where, selector_problem(entity.service_accounts.selector))
    if entity.services is not None:
        _check_services(entity, entity.services, (*path, "services"), problems)


def _namespace_selector_problem(text: str) -> str | None:
    """global() must be the whole of it; only blanks may stand around it and in it."""
    if "global(" in text and not _GLOBAL_ALONE.fullmatch(text):
        return selector_problem(text) or "global() cannot be combined with other selectors: it must stand alone"
    return selector_problem(text)


def _check_services(entity: EntityRule, services: ServiceMatch, path: Path, problems: list[Problem]) -> None:
    if services.name:
        report(problems, (*path, "name"), name_problem(services.name))
    else:
        problems.append(Problem((*path, "name"), "the service's name must be given"))
    if services.namespace:
        report(problems, (*path, "namespace"), name_problem(services.namespace))
    for field, given in (
        ("namespaceSelector", entity.namespace_selector != ""),
        ("selector or notSelector", entity.selector != "" or entity.not_selector != ""),
        ("serviceAccounts", entity.service_accounts is not None),
        ("nets or notNets", bool(entity.nets or entity.not_nets)),
    ):
        if given:
            problems.append(Problem(path, f"services says which addresses are meant; {field} cannot stand beside it"))


def check_nets(rule: Rule, path: Path, problems: list[Problem]) -> None:
    """All four lists of networks together: one family, and the rule's own if it names one."""
    source, destination = rule.source, rule.destination
    if not (source.nets or source.not_nets or destination.nets or destination.not_nets):
        return
    seen: set[int] = set()
    for side, field, nets in (
        ("source", "nets", source.nets),
        ("source", "notNets", source.not_nets),
        ("destination", "nets", destination.nets),
        ("destination", "notNets", destination.not_nets),
    ):
        if nets:
            where = (*path, side, field)
            versions = _check_list(nets, where, field == "notNets", problems)
            _check_families(versions, seen, rule.ip_version, where, problems)
            seen |= versions


def _check_list(nets: Iterable[str], path: Path, negated: bool, problems: list[Problem]) -> set[int]:
    """Each network of a list; returns the families in it."""
    versions = set()
    for index, text in enumerate(nets):
        net = parse_cidr(text)
        if net is None:
            problems.append(Problem((*path, index), _no_network(text)))
            continue
        versions.add(net.net_version)
        message = None if net.is_masked else host_bits(text, net)
        if negated and message is None and _is_catch_all(text, net):
            message = f"to exclude {text} excludes every packet: the rule would match nothing"
        report(problems, (*path, index), message)
    return versions


def _no_network(text: str) -> str:
    address = parse_ip(text)
    if address is not None:
        return f"{text} is an address; a rule's network needs a mask: {show(address)}"
    return cidr_problem(text) or "must be a network such as 10.0.0.0/8, not empty"


def _is_catch_all(text: str, net: Net) -> bool:
    """IPv4's is known by its spelling only, IPv6's by its value (validateRule, notNets)."""
    return text == "0.0.0.0/0" or (net.is_everything and net.bits == 128)


def _check_families(
    versions: set[int], seen: set[int], ip_version: int | None, path: Path, problems: list[Problem]
) -> None:
    if ip_version is not None and versions - {ip_version}:
        other = 4 if 4 in versions and ip_version != 4 else 6
        problems.append(Problem(path, f"the rule is for IPv{ip_version}, and a network of IPv{other} is in this list"))
    if versions and len(versions | seen) > 1:
        problems.append(Problem(path, "one rule cannot have networks of IPv4 and of IPv6: write a rule for each"))
