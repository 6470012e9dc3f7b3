"""The BGP kinds, and IPReservation. Only BGPConfiguration is read in full.

Source: libcalico-go/lib/validator/v3/validator.go: validateBGPConfigurationSpec, validateBGPPeerSpec, processIPPort; the
tags of api …/v3/bgpconfig.go, bgppeer.go, ipreservation.go. Of the kinds that are kept as they are, only what is known
to be wrong is refused; fields that are not known here are taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.addresses import cidr_problem, family_problem, network_problem, parse_ip
from calico_engine.manifests.validator.shapes import choice_problem, name_problem, quoted, report, selector_problem
from calico_engine.resources.bgp import BGPConfigurationSpec

_SPEC: Path = ("spec",)
_MAX_PRIORITY = 2147483646
_LOG_LEVELS = ("Trace", "Debug", "Info", "Warning", "Error", "Fatal")
_IGNORED_INTERFACE = re.compile(r"[a-zA-Z0-9_.*-]{1,15}")
_COMMUNITY = re.compile(r"(\d+):(\d+)(?::(\d+))?", re.ASCII)


def check_bgp_configuration(spec: BGPConfigurationSpec, problems: list[Problem]) -> None:
    if spec.log_severity_screen:
        report(problems, (*_SPEC, "logSeverityScreen"), choice_problem(spec.log_severity_screen, _LOG_LEVELS))
    for field, cidrs in (
        ("serviceLoadBalancerIPs", spec.service_load_balancer_ips),
        ("serviceExternalIPs", spec.service_external_ips),
        ("serviceClusterIPs", spec.service_cluster_ips),
    ):
        for index, entry in enumerate(cidrs):
            if entry.cidr:
                report(problems, (*_SPEC, field, index, "cidr"), network_problem(entry.cidr))
    for index, name in enumerate(spec.ignored_interfaces):
        if name == "*" or not _IGNORED_INTERFACE.fullmatch(name):
            message = f"{quoted(name)} is no interface: 1 to 15 letters, digits, _ . - and *, and not * alone"
            problems.append(Problem((*_SPEC, "ignoredInterfaces", index), message))
    for field, text, version in (
        ("localWorkloadPeeringIPV4", spec.local_workload_peering_ipv4, 4),
        ("localWorkloadPeeringIPV6", spec.local_workload_peering_ipv6, 6),
    ):
        if text:
            report(problems, (*_SPEC, field), family_problem(text, version))
    for field, priority in (
        ("ipv4NormalRoutePriority", spec.ipv4_normal_route_priority),
        ("ipv4ElevatedRoutePriority", spec.ipv4_elevated_route_priority),
        ("ipv6NormalRoutePriority", spec.ipv6_normal_route_priority),
        ("ipv6ElevatedRoutePriority", spec.ipv6_elevated_route_priority),
    ):
        if priority is not None and not 1 <= priority <= _MAX_PRIORITY:
            problems.append(Problem((*_SPEC, field), f"must be from 1 to {_MAX_PRIORITY}, not {priority}"))
    _check_communities(spec, problems)
    _check_mesh(spec, problems)


def _check_communities(spec: BGPConfigurationSpec, problems: list[Problem]) -> None:
    for index, community in enumerate(spec.communities):
        path = (*_SPEC, "communities", index)
        missing = "the community's name must be given"
        report(problems, (*path, "name"), name_problem(community.name) if community.name else missing)
        if not _is_community(community.value):
            problems.append(
                Problem((*path, "value"), f"{quoted(community.value)} is no BGP community such as 64512:100")
            )
    if spec.communities and not spec.prefix_advertisements:
        message = "communities are used by prefixAdvertisements only, and there are none"
        problems.append(Problem((*_SPEC, "communities"), message, at_key=True))
    names = {community.name for community in spec.communities}
    for index, prefix in enumerate(spec.prefix_advertisements):
        path = (*_SPEC, "prefixAdvertisements", index)
        report(problems, (*path, "cidr"), network_problem(prefix.cidr))
        if prefix.communities is None:
            problems.append(Problem((*path, "communities"), "the communities to advertise must be given"))
        for number, text in enumerate(prefix.communities or ()):
            if not _is_community(text) and text not in names:
                message = f"{quoted(text)} is neither a BGP community nor the name of one in communities"
                problems.append(Problem((*path, "communities", number), message))


def _is_community(text: str) -> bool:
    """Two numbers of 16 bits, or three of 32 (isValidCommunity)."""
    match = _COMMUNITY.fullmatch(text)
    if match is None:
        return False
    numbers = [int(part[:12]) for part in match.groups() if part is not None]
    return all(number < (1 << 16 if len(numbers) == 2 else 1 << 32) for number in numbers)


def _check_mesh(spec: BGPConfigurationSpec, problems: list[Problem]) -> None:
    if spec.node_to_node_mesh_enabled is not False:
        return
    for field, given in (
        ("nodeMeshPassword", spec.node_mesh_password is not None),
        ("nodeMeshMaxRestartTime", spec.node_mesh_max_restart_time is not None),
    ):
        if given:
            problems.append(Problem((*_SPEC, field), "is for the node-to-node mesh, which is disabled", at_key=True))


_PEER_EXCLUSIONS = (
    ("node", "nodeSelector"),
    ("peerIP", "peerSelector"),
    ("asNumber", "peerSelector"),
    ("peerIP", "localWorkloadSelector"),
    ("peerSelector", "localWorkloadSelector"),
)
_SELECTORS = ("nodeSelector", "peerSelector", "localWorkloadSelector")
_WITH_PORT = re.compile(r"(\d+.\d+.\d+.\d+|\[[0-9a-fA-F:.]+\]):(\d+)", re.ASCII)


def check_bgp_peer(spec: Mapping[str, object], problems: list[Problem]) -> None:
    for field, other in _PEER_EXCLUSIONS:
        if spec.get(field) and spec.get(other):
            problems.append(Problem((*_SPEC, field), f"{field} cannot stand beside {other}", at_key=True))
    if spec.get("localWorkloadSelector") and not spec.get("asNumber"):
        problems.append(Problem((*_SPEC, "asNumber"), "asNumber must be given with localWorkloadSelector"))
    for field in _SELECTORS:
        text = spec.get(field)
        if isinstance(text, str):
            report(problems, (*_SPEC, field), selector_problem(text))
    node, address = spec.get("node"), spec.get("peerIP")
    if isinstance(node, str) and node:
        report(problems, (*_SPEC, "node"), name_problem(node))
    if isinstance(address, str) and address and not _is_address_and_port(address):
        message = f"{quoted(address)} is no address, nor an address and port such as 192.0.2.1:179 or [fd00::1]:179"
        problems.append(Problem((*_SPEC, "peerIP"), message))
    source = spec.get("sourceAddress")
    if isinstance(source, str) and source:
        report(problems, (*_SPEC, "sourceAddress"), choice_problem(source, ("UseNodeIP", "None")))
    if spec.get("keepOriginalNextHop") is True and spec.get("nextHopMode") is not None:
        message = "keepOriginalNextHop is the older form of nextHopMode, and cannot stand beside it"
        problems.append(Problem((*_SPEC, "keepOriginalNextHop"), message, at_key=True))


def _is_address_and_port(text: str) -> bool:
    match = _WITH_PORT.fullmatch(text)
    if match is None:
        return parse_ip(text) is not None
    return parse_ip(match[1].strip("[]")) is not None and len(match[2]) < 10 and 1 <= int(match[2]) <= 65535


def check_reservation(spec: Mapping[str, object], problems: list[Problem]) -> None:
    cidrs = spec.get("reservedCIDRs")
    for index, text in enumerate(cidrs if isinstance(cidrs, list) else ()):
        if isinstance(text, str):
            report(problems, (*_SPEC, "reservedCIDRs", index), cidr_problem(text))
