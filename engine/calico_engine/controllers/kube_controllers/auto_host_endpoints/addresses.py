"""The addresses of a node that its automatic host endpoints expect, and where each was found.

Source: kube-controllers/pkg/controllers/node/hostendpoints.go: getExpectedIPs, getExpectedIPsMatchingInterfaceCIDRs,
mergeExpectedIPsWithInterfaceIPs. Texts are compared, not values: `fd00::1` and `FD00::1` both stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from calico_engine.frozen import frozen
from calico_engine.networks import Address, Network, parse_address, parse_network
from calico_engine.resources import Node
from calico_engine.resources.nodes import NodeBGPSpec, NodeInterface, NodeWireguardSpec

#: The one type of the addresses in a node's spec that counts; external ones and names do not.
_INTERNAL = "InternalIP"
_REMEMBERED = 50_000


@frozen
class KnownAddress:
    """An address as it is written in the node, and the field that it is written in."""

    text: str
    field: str


def known_addresses(node: Node) -> tuple[KnownAddress, ...]:
    """Every address of the node, in Calico's order; what is no address or network is left out.

    A network (`10.0.0.1/24`) stays, and then keeps the host endpoint from being written at all.
    """
    found = list(_tunnel_and_bgp(node))
    seen = {address.text for address in found}
    for address in (*_internal(node), *_of_interfaces(node)):
        if address.text not in seen:
            seen.add(address.text)
            found.append(address)
    return tuple(address for address in found if is_address(address.text))


def _tunnel_and_bgp(node: Node) -> Iterator[KnownAddress]:
    """These are not compared with each other: equal tunnel addresses are listed twice."""
    spec = node.spec
    bgp, wireguard = spec.bgp or NodeBGPSpec(), spec.wireguard or NodeWireguardSpec()
    for text, name in (
        (_without_prefix(bgp.ipv4_address), "bgp.ipv4Address"),
        (_without_prefix(bgp.ipv6_address), "bgp.ipv6Address"),
        (bgp.ipv4_ipip_tunnel_addr, "bgp.ipv4IPIPTunnelAddr"),
        (spec.ipv4_vxlan_tunnel_addr, "ipv4VXLANTunnelAddr"),
        (spec.ipv6_vxlan_tunnel_addr, "ipv6VXLANTunnelAddr"),
        (wireguard.interface_ipv4_address, "wireguard.interfaceIPv4Address"),
        (wireguard.interface_ipv6_address, "wireguard.interfaceIPv6Address"),
    ):
        if text:
            yield KnownAddress(text, f"spec.{name}")


@lru_cache(_REMEMBERED)
def _without_prefix(text: str) -> str:
    """A BGP address is written with its prefix. One that cannot be read crashes Calico; here it counts for nothing."""
    try:
        parse_network(text)
        return str(parse_address(text.partition("/")[0]))
    except ValueError:
        return ""


def _internal(node: Node) -> Iterator[KnownAddress]:
    for index, address in enumerate(node.spec.addresses):
        if address.type == _INTERNAL:
            yield KnownAddress(address.address, f"spec.addresses[{index}]")


def _of_interfaces(node: Node) -> Iterator[KnownAddress]:
    for index, interface in enumerate(node.spec.interfaces):
        for at, text in enumerate(interface.addresses):
            yield KnownAddress(text, f"spec.interfaces[{index}].addresses[{at}]")


@lru_cache(_REMEMBERED)
def is_address(text: str) -> bool:
    """Whether Calico can read it as an address or a network."""
    if _parse_plain(text) is not None:
        return True
    try:
        parse_network(text)
    except ValueError:
        return False
    return True


def addresses_within(addresses: Iterable[KnownAddress], cidrs: Sequence[str]) -> tuple[KnownAddress, ...] | None:
    """The addresses that lie in one of the networks, printed canonically.

    None as soon as a text that is no network is reached: the networks are tried in turn for each address, the first
    one that holds it ends the search, so a bad one behind that does no harm.
    """
    networks = [_parse_cidr(text) for text in cidrs]
    kept = []
    for known in addresses:
        address = _parse_plain(known.text)
        for network in networks:
            if network is None:
                return None
            if address is not None and address in network:
                kept.append(KnownAddress(str(address), known.field))
                break
    return tuple(kept)


@lru_cache(_REMEMBERED)
def _parse_cidr(text: str) -> Network | None:
    """net.ParseCIDR: a network with its length; a bare address is none."""
    try:
        return parse_network(text) if "/" in text else None
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def _parse_plain(text: str) -> Address | None:
    try:
        return parse_address(text)
    except ValueError:
        return None


def with_interface(addresses: Sequence[str], interface: NodeInterface) -> tuple[str, ...]:
    """The addresses, followed by the interface's own that are not among them; these are not looked at."""
    merged = list(addresses)
    for text in interface.addresses:
        if text not in merged:
            merged.append(text)
    return tuple(merged)
