"""BGPConfiguration. The other BGP kinds are kept as they are.

Source: libcalico-go/lib/validator/v3/validator.go: validateBGPConfigurationSpec; the tags of api …/v3/bgpconfig.go.
"""

from __future__ import annotations

import re

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.addresses import cidr_problem, family_problem, network_problem
from calico_engine.manifests.validator.shapes import choice_problem, name_problem, quoted, report
from calico_engine.resources.bgp import BGPConfigurationSpec

_SPEC: Path = ("spec",)
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
    _check_communities(spec, problems)
    _check_mesh(spec, problems)


def _check_communities(spec: BGPConfigurationSpec, problems: list[Problem]) -> None:
    for index, community in enumerate(spec.communities):
        path = (*_SPEC, "communities", index)
        if community.name:
            report(problems, (*path, "name"), name_problem(community.name))
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
        report(problems, (*path, "cidr"), cidr_problem(prefix.cidr))
        for number, text in enumerate(prefix.communities):
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
