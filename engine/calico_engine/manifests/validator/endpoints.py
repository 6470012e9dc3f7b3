"""Endpoints of hosts and workloads.

Source: libcalico-go/lib/validator/v3/validator.go: validateHostEndpointSpec, validateEndpointPort,
validateWorkloadEndpointSpec, validateWorkloadEndpointPort, validateIPNAT (spec resources 4.1, 4.10). Where Calico crashes
on an address that it cannot read, an error is reported here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.addresses import (
    Net,
    address_problem,
    cidr_problem,
    family_problem,
    network_problem,
    parse_cidr_or_ip,
)
from calico_engine.manifests.validator.protocols import endpoint_protocol_problem
from calico_engine.manifests.validator.shapes import interface_problem, name_problem, port_name_problem, quoted, report
from calico_engine.resources.endpoints import (
    IPNAT,
    EndpointPort,
    HostEndpointSpec,
    WorkloadEndpointPort,
    WorkloadEndpointSpec,
)

_SPEC: Path = ("spec",)
_CONTAINER_ID = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
_MAC = re.compile(
    r"[0-9a-f]{2}(([:-])[0-9a-f]{2}(\2[0-9a-f]{2}){4}(\2[0-9a-f]{2}){0,2}|([:-])[0-9a-f]{2}(\5[0-9a-f]{2}){18})"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(\.[0-9a-f]{4})?(\.[0-9a-f]{4}){0,6}",
    re.IGNORECASE,
)
_MAC_BYTES = (6, 8, 20)


def check_each(texts: Sequence[str], check: Callable[[str], str | None], path: Path, problems: list[Problem]) -> None:
    for index, text in enumerate(texts):
        report(problems, (*path, index), check(text))


def check_host_endpoint(spec: HostEndpointSpec, problems: list[Problem]) -> None:
    if not spec.node:
        problems.append(Problem((*_SPEC, "node"), "the node must be given: whose interface it is"))
    else:
        report(problems, (*_SPEC, "node"), name_problem(spec.node))
    if spec.interface_name:
        report(problems, (*_SPEC, "interfaceName"), interface_problem(spec.interface_name))
    elif not spec.expected_ips:
        message = 'interfaceName or expectedIPs must be given; interfaceName "*" means all interfaces'
        problems.append(Problem((*_SPEC, "interfaceName"), message))
    check_each(spec.expected_ips, address_problem, (*_SPEC, "expectedIPs"), problems)
    check_each(spec.profiles, name_problem, (*_SPEC, "profiles"), problems)
    for index, port in enumerate(spec.ports):
        _check_port(port, (*_SPEC, "ports", index), problems)


def _check_port(port: EndpointPort, path: Path, problems: list[Problem]) -> None:
    missing = "the port's name must be given: rules refer to it"
    report(problems, (*path, "name"), port_name_problem(port.name) if port.name else missing)
    _check_number_and_protocol(port, path, problems)


def _check_number_and_protocol(port: EndpointPort | WorkloadEndpointPort, path: Path, problems: list[Problem]) -> None:
    report(problems, (*path, "protocol"), endpoint_protocol_problem(port.protocol))
    if port.port < 1:
        problems.append(Problem((*path, "port"), "the port's number must be given, from 1 to 65535"))


def check_workload_endpoint(spec: WorkloadEndpointSpec, problems: list[Problem]) -> None:
    _check_identifiers(spec, problems)
    check_each(spec.profiles, name_problem, (*_SPEC, "profiles"), problems)
    check_each(spec.ip_networks, _one_address_problem, (*_SPEC, "ipNetworks"), problems)
    check_each(spec.allow_spoofed_source_prefixes, cidr_problem, (*_SPEC, "allowSpoofedSourcePrefixes"), problems)
    for field, text, version in (("ipv4Gateway", spec.ipv4_gateway, 4), ("ipv6Gateway", spec.ipv6_gateway, 6)):
        if text:
            report(problems, (*_SPEC, field), family_problem(text, version))
    if spec.mac:
        report(problems, (*_SPEC, "mac"), mac_problem(spec.mac))
    for index, port in enumerate(spec.ports):
        _check_workload_port(port, (*_SPEC, "ports", index), problems)
    _check_nats(spec, problems)


def _check_identifiers(spec: WorkloadEndpointSpec, problems: list[Problem]) -> None:
    for field, text in (
        ("orchestrator", spec.orchestrator),
        ("workload", spec.workload),
        ("node", spec.node),
        ("pod", spec.pod),
        ("endpoint", spec.endpoint),
        ("serviceAccountName", spec.service_account_name),
    ):
        if text:
            report(problems, (*_SPEC, field), name_problem(text))
    if spec.container_id and not _CONTAINER_ID.fullmatch(spec.container_id):
        message = f"{quoted(spec.container_id)} is no container id: letters, digits and dashes, no dash at the ends"
        problems.append(Problem((*_SPEC, "containerID"), message))
    missing = "the interface's name must be given"
    report(
        problems, (*_SPEC, "interfaceName"), interface_problem(spec.interface_name) if spec.interface_name else missing
    )


def _one_address_problem(text: str) -> str | None:
    net = parse_cidr_or_ip(text)
    if net is None or net.bits == 0:
        return network_problem(text)
    if net.prefix != net.bits:
        return f"{text[:60]} is more than one address: only /32 and /128 are possible here"
    return network_problem(text)


def mac_problem(text: str) -> str | None:
    """net.ParseMAC: 6, 8 or 20 bytes, with colons, dashes or dots between them."""
    digits = re.sub("[:.-]", "", text)
    if _MAC.fullmatch(text) and len(digits) // 2 in _MAC_BYTES:
        return None
    return f"{quoted(text)} is no MAC address such as 01:23:45:67:89:ab"


def _check_workload_port(port: WorkloadEndpointPort, path: Path, problems: list[Problem]) -> None:
    if port.name:
        report(problems, (*path, "name"), port_name_problem(port.name))
    elif not port.host_port:
        problems.append(Problem((*path, "name"), "a port without hostPort needs a name"))
    _check_number_and_protocol(port, path, problems)
    if port.host_ip:
        report(problems, (*path, "hostIP"), network_problem(port.host_ip))


def _check_nats(spec: WorkloadEndpointSpec, problems: list[Problem]) -> None:
    networks = [net for net in map(parse_cidr_or_ip, spec.ip_networks) if net is not None]
    for index, nat in enumerate(spec.ip_nats):
        path = (*_SPEC, "ipNATs", index)
        message = _nat_problem(nat)
        if message is not None:
            problems.append(Problem(path, message))
        elif not _is_within(nat.internal_ip, networks):
            problems.append(Problem((*path, "internalIP"), "the internal address is not among ipNetworks"))


def _nat_problem(nat: IPNAT) -> str | None:
    for text in (nat.internal_ip, nat.external_ip):
        if text and address_problem(text):
            return address_problem(text)
    if not nat.internal_ip and not nat.external_ip:
        return "internalIP and externalIP must be given"
    inner, outer = parse_cidr_or_ip(nat.internal_ip), parse_cidr_or_ip(nat.external_ip)
    if inner is None or outer is None or inner.version != outer.version:
        return "internalIP and externalIP must be addresses of one family"
    return None


def _is_within(text: str, networks: Sequence[Net]) -> bool:
    address = parse_cidr_or_ip(text)
    return address is not None and any(net.contains(address) for net in networks)
