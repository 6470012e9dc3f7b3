"""Kubernetes Node → Calico Node (libcalico-go/lib/backend/k8s/resources: node.go: K8sNodeToCalico, resources.go).

What calico/node finds out about its host it keeps in annotations; one that fails its check counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address
from typing import Final

from calico_engine.controllers.kubernetes.annotations import (
    InvalidAnnotation,
    read_interfaces,
    read_text_map,
    write_text_map,
)
from calico_engine.controllers.kubernetes.cidrs import is_address_or_cidr, is_network, masked_cidr
from calico_engine.controllers.kubernetes.identity import ORCHESTRATOR, Key, Resource, metadata_of, resource
from calico_engine.controllers.kubernetes.interfaces import without_bad_addresses
from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible, without_empty
from calico_engine.networks import parse_address

_KIND: Final = "Node"
_OURS: Final = "projectcalico.org/"
_KUBE_LABELS: Final = "projectcalico.org/kube-labels"
_PUBLIC_KEY: Final = "projectcalico.org/WireguardPublicKey"
_STATUS_ADDRESSES: Final = ("InternalIP", "ExternalIP")
#: 6, 8 or 20 bytes with one separator, or in groups of two bytes (Go's net.ParseMAC).
_MAC = re.compile(
    r"[0-9a-f]{2}(?:(?P<s>[:-])[0-9a-f]{2})(?:(?P=s)[0-9a-f]{2}){4}(?:(?:(?P=s)[0-9a-f]{2}){2}|(?:(?P=s)[0-9a-f]{2}){14})?"
    r"|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?:\.[0-9a-f]{4}|(?:\.[0-9a-f]{4}){7})?",
    re.IGNORECASE,
)
_AS_NUMBER = re.compile(r"(?:([0-9]+)\.)?([0-9]+)")


def convert_node(node: Struct, *, use_pod_cidr: bool) -> tuple[Key, Resource]:
    """`use_pod_cidr`: addresses are given out per node by host-local IPAM, tunnel addresses are taken from its range."""
    metadata, name = node.struct("metadata"), node.struct("metadata").text("name")
    annotations = metadata.text_map("annotations")
    ipip, wireguard = _tunnels(node, annotations, use_pod_cidr)
    bgp = _bgp(annotations) | {"ipv4IPIPTunnelAddr": ipip}
    spec = {
        "bgp": without_empty(bgp),
        "ipv4VXLANTunnelAddr": _network(annotations, "IPv4VXLANTunnelAddr", 4),
        "vxlanTunnelMACAddr": _mac(annotations, "VXLANTunnelMACAddr"),
        "ipv6VXLANTunnelAddr": _network(annotations, "IPv6VXLANTunnelAddr", 6),
        "vxlanTunnelMACAddrV6": _mac(annotations, "VXLANTunnelMACAddrV6"),
        "orchRefs": [{**without_empty({"nodeName": name}), "orchestrator": ORCHESTRATOR}],
        "wireguard": without_empty(wireguard),
        "addresses": _addresses(bgp, node.struct("status")),
        "interfaces": _interfaces(annotations),
    }
    status = {
        "wireguardPublicKey": annotations.get(_PUBLIC_KEY),
        "wireguardPublicKeyV6": annotations.get(f"{_PUBLIC_KEY}V6"),
        "podCIDRs": list(node.struct("spec").texts("podCIDRs")),
    }
    converted = resource(_KIND, _metadata(metadata, annotations), without_empty(spec))
    return (_KIND, "", name), converted | {"status": without_empty(status)}


def _metadata(metadata: Struct, annotations: Mapping[str, str]) -> Resource:
    """Calico's own labels with Kubernetes' over them; the latter are also noted, to be told apart on writing back."""
    labels = metadata.text_map("labels")
    noted = write_text_map(labels if metadata.given("labels") else None)
    return metadata_of(
        metadata,
        name=metadata.text("name"),
        uid=metadata.text("uid"),
        resourceVersion=metadata.text("resourceVersion"),
        labels=_text_map(annotations, "labels") | labels,
        annotations=_text_map(annotations, "annotations") | {_KUBE_LABELS: noted},
    )


def _text_map(annotations: Mapping[str, str], name: str) -> dict[str, str]:
    try:
        return read_text_map(annotations.get(_OURS + name, ""))
    except InvalidAnnotation:
        return {}


def _checked(annotations: Mapping[str, str], name: str, is_valid: Callable[[str], bool]) -> str:
    text = annotations.get(_OURS + name, "")
    return text if text and is_valid(text) else ""


def _address_or_cidr(annotations: Mapping[str, str], name: str, version: int) -> str:
    return _checked(annotations, name, lambda text: is_address_or_cidr(text, version))


def _network(annotations: Mapping[str, str], name: str, version: int) -> str:
    return _checked(annotations, name, lambda text: is_network(text, version))


def _mac(annotations: Mapping[str, str], name: str) -> str:
    return _checked(annotations, name, lambda text: _MAC.fullmatch(text) is not None)


def _bgp(annotations: Mapping[str, str]) -> Resource:
    return {
        "asNumber": _as_number(annotations.get(f"{_OURS}ASNumber", "")),
        "ipv4Address": _address_or_cidr(annotations, "IPv4Address", 4),
        "ipv6Address": _address_or_cidr(annotations, "IPv6Address", 6),
        "routeReflectorClusterID": _network(annotations, "RouteReflectorClusterID", 4),
    }


def _as_number(text: str) -> int | None:
    """A number of 32 bits, or two of 16 with a dot between (api/pkg/lib/numorstring/asnumber.go)."""
    match = _AS_NUMBER.fullmatch(text)
    if match is None:
        return None
    bits = 32 if match[1] is None else 16
    high, low = ((part or "0").lstrip("0") or "0" for part in match.groups())
    if max(len(high), len(low)) > 10 or max(int(high), int(low)) >> bits:
        return None
    return (int(high) << 16) + int(low)


def _tunnels(node: Struct, annotations: Mapping[str, str], use_pod_cidr: bool) -> tuple[str, Resource]:
    """The address of the IPIP tunnel, and WireGuard's."""
    pod_cidr = node.struct("spec").text("podCIDR")
    if use_pod_cidr and pod_cidr:
        address = _first_address(pod_cidr)
        return address, {"interfaceIPv4Address": address if annotations.get(_PUBLIC_KEY) else ""}
    return _network(annotations, "IPv4IPIPTunnelAddr", 4), {
        "interfaceIPv4Address": _network(annotations, "IPv4WireguardInterfaceAddr", 4),
        "interfaceIPv6Address": _network(annotations, "IPv6WireguardInterfaceAddr", 6),
    }


def _first_address(pod_cidr: str) -> str:
    """The address as written, plus one in its last byte, which wraps; none for IPv6 (getStaticTunnelAddress)."""
    try:
        masked_cidr(pod_cidr)
        address = parse_address(pod_cidr.partition("/")[0])
    except ValueError:
        raise Unconvertible(f"invalid CIDR address: {pod_cidr}") from None
    if not isinstance(address, IPv4Address):
        return ""
    return str(IPv4Address(int(address) & ~0xFF | (int(address) + 1) & 0xFF))


def _addresses(bgp: Resource, status: Struct) -> list[Resource]:
    own = ({"address": bgp[key], "type": "CalicoNodeIP"} for key in ("ipv4Address", "ipv6Address") if bgp[key])
    given: Iterator[Resource] = (
        {"address": entry.text("address"), "type": entry.text("type")} for entry in status.structs("addresses")
    )
    return [*own, *(address for address in given if address["type"] in _STATUS_ADDRESSES)]


def _interfaces(annotations: Mapping[str, str]) -> list[Resource]:
    try:
        interfaces = read_interfaces(annotations.get(f"{_OURS}Interfaces", ""))
    except InvalidAnnotation:
        return []
    return [
        without_empty({"name": interface.name, "addresses": without_bad_addresses(interface)})
        for interface in interfaces
    ]
