"""Calico's nodes, pools and network sets.

Source: libcalico-go/lib/validator/v3/validator.go: validateNodeSpec, validateIPPoolSpec; the tags of
libcalico-go/lib/apis/internalapi/node.go and api …/v3/ippool.go (spec resources 4.9, 4.11, 8.1).
"""

from __future__ import annotations

import base64
import binascii
import re

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.addresses import (
    Net,
    cidr_problem,
    family_problem,
    host_bits,
    parse_cidr,
    parse_cidr_or_ip,
)
from calico_engine.manifests.validator.endpoints import check_each, mac_problem
from calico_engine.manifests.validator.shapes import choice_problem, quoted, report, selector_problem
from calico_engine.resources.networksets import NetworkSetSpec
from calico_engine.resources.nodes import IPPoolSpec, Node, NodeBGPSpec

_SPEC: Path = ("spec",)
MODES = ("Always", "CrossSubnet", "Never")
ASSIGNMENT_MODES = ("Automatic", "Manual")
USES = ("Workload", "Tunnel", "LoadBalancer")
_LINK_LOCAL = tuple(net for net in map(parse_cidr, ("169.254.0.0/16", "fe80::/10")) if net)
_GLOBAL = re.compile(r"global\([ \t]*\)|global\(")


def check_network_set(spec: NetworkSetSpec, problems: list[Problem]) -> None:
    """Lenient: addresses without mask, host bits, and even the empty text."""
    check_each(spec.nets, cidr_problem, (*_SPEC, "nets"), problems)


def check_node(node: Node, problems: list[Problem]) -> None:
    spec = node.spec
    if spec.bgp is not None:
        _check_bgp(spec.bgp, (*_SPEC, "bgp"), problems)
    for field, text, version in (
        ("ipv4VXLANTunnelAddr", spec.ipv4_vxlan_tunnel_addr, 4),
        ("ipv6VXLANTunnelAddr", spec.ipv6_vxlan_tunnel_addr, 6),
    ):
        if text:
            report(problems, (*_SPEC, field), family_problem(text, version))
    for field, text in (
        ("vxlanTunnelMACAddr", spec.vxlan_tunnel_mac_addr),
        ("vxlanTunnelMACAddrV6", spec.vxlan_tunnel_mac_addr_v6),
    ):
        if text:
            report(problems, (*_SPEC, field), mac_problem(text))
    if spec.wireguard is not None:
        four, six = spec.wireguard.interface_ipv4_address, spec.wireguard.interface_ipv6_address
        for field, text, version in (("interfaceIPv4Address", four, 4), ("interfaceIPv6Address", six, 6)):
            if text:
                report(problems, (*_SPEC, "wireguard", field), family_problem(text, version))
    _check_keys(node, problems)


def _check_keys(node: Node, problems: list[Problem]) -> None:
    for field, text in (
        ("wireguardPublicKey", node.status.wireguard_public_key),
        ("wireguardPublicKeyV6", node.status.wireguard_public_key_v6),
    ):
        if text and not _is_key(text):
            problems.append(Problem(("status", field), f"{quoted(text)} is no WireGuard key: 32 bytes in base64"))


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _check_bgp(bgp: NodeBGPSpec, path: Path, problems: list[Problem]) -> None:
    if bgp == NodeBGPSpec():
        problems.append(Problem(path, "bgp may not be empty: leave it out, or give an address", at_key=True))
    for field, text, version in (("ipv4Address", bgp.ipv4_address, 4), ("ipv6Address", bgp.ipv6_address, 6)):
        net = parse_cidr_or_ip(text)
        if text and net is None:
            report(problems, (*path, field), cidr_problem(text))
        elif text and net is not None and net.version != version:
            problems.append(Problem((*path, field), f"{quoted(text)} is no address of IPv{version}"))
    for field, text in (
        ("ipv4IPIPTunnelAddr", bgp.ipv4_ipip_tunnel_addr),
        ("routeReflectorClusterID", bgp.route_reflector_cluster_id),
    ):
        if text:
            report(problems, (*path, field), family_problem(text, 4))


def check_pool(spec: IPPoolSpec, problems: list[Problem]) -> None:
    for field, text in (("vxlanMode", spec.vxlan_mode), ("ipipMode", spec.ipip_mode)):
        if text:
            report(problems, (*_SPEC, field), choice_problem(text, MODES))
    if spec.assignment_mode is not None:
        report(problems, (*_SPEC, "assignmentMode"), choice_problem(spec.assignment_mode, ASSIGNMENT_MODES))
    for field, text in (("nodeSelector", spec.node_selector), ("namespaceSelector", spec.namespace_selector)):
        report(problems, (*_SPEC, field), _pool_selector_problem(text))
    net = parse_cidr_or_ip(spec.cidr)
    if net is None or not net.bits:
        missing = "the pool's network must be given"
        report(problems, (*_SPEC, "cidr"), cidr_problem(spec.cidr) if spec.cidr else missing)
        return
    _check_network(spec, net, problems)
    _check_encapsulation(spec, net, problems)
    _check_uses(spec, problems)


def _pool_selector_problem(text: str) -> str | None:
    if not text:
        return None
    return selector_problem(text) or ("global() selects no pool; use all()" if _GLOBAL.search(text) else None)


def _check_network(spec: IPPoolSpec, net: Net, problems: list[Problem]) -> None:
    path = (*_SPEC, "cidr")
    if not net.is_masked:
        problems.append(Problem(path, host_bits(spec.cidr, net)))
    block = spec.block_size or (26 if net.version == 4 else 122)
    if not spec.disabled and net.prefix > block:
        message = f"the pool is smaller than one block of /{block}; set blockSize, or a larger network"
        problems.append(Problem(path, message))
    if any(local.net_version == net.net_version and _overlap(local, net) for local in _LINK_LOCAL):
        problems.append(Problem(path, f"{spec.cidr} overlaps the link-local addresses of IPv{net.net_version}"))


def _overlap(one: Net, other: Net) -> bool:
    return one.contains(other) or other.contains(one)


def _check_encapsulation(spec: IPPoolSpec, net: Net, problems: list[Problem]) -> None:
    path = (*_SPEC, "ipipMode")
    tunnels = {"Always", "CrossSubnet"}
    if net.net_version == 6 and spec.ipip_mode != "Never":
        problems.append(Problem(path, "there is no IPIP for IPv6: write ipipMode: Never"))
    if spec.ipip_mode in tunnels and spec.vxlan_mode in tunnels:
        problems.append(Problem(path, "a pool can use IPIP or VXLAN, not both"))
    if "LoadBalancer" in spec.allowed_uses and tunnels & {spec.ipip_mode, spec.vxlan_mode}:
        problems.append(Problem(path, "a pool for load balancers can use neither IPIP nor VXLAN"))


def _check_uses(spec: IPPoolSpec, problems: list[Problem]) -> None:
    balancer = "LoadBalancer" in spec.allowed_uses
    for index, use in enumerate(spec.allowed_uses):
        message = choice_problem(use, USES)
        if message is None and balancer and use != "LoadBalancer":
            message = f"LoadBalancer stands alone: {use} cannot be beside it"
        report(problems, (*_SPEC, "allowedUses", index), message)
    if balancer and spec.disable_bgp_export:
        problems.append(Problem((*_SPEC, "disableBGPExport"), "a pool for load balancers must be exported"))
    if balancer and spec.node_selector != "all()":
        problems.append(Problem((*_SPEC, "nodeSelector"), "a pool for load balancers needs nodeSelector: all()"))
    if spec.namespace_selector and "Tunnel" in spec.allowed_uses:
        message = "addresses of tunnels have no namespace: namespaceSelector needs allowedUses without Tunnel"
        problems.append(Problem((*_SPEC, "namespaceSelector"), message))
