"""Addresses and networks as Go reads and prints them: IPv4 in IPv6 clothes is IPv4, host bits are masked."""

from __future__ import annotations

import ipaddress

from felix_oracle.matches import Net
from felix_oracle.packets import Address


def read_address(text: str) -> Address | None:
    """None for what is no address; a prefix length is not allowed."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if "%" in text:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


def read_net(text: str) -> Net | None:
    """A CIDR or an address; None for what is neither."""
    written, slash, length = text.partition("/")
    if slash and not (length.isascii() and length.isdigit()):
        return None
    if "%" in text:
        return None
    try:
        net = ipaddress.ip_network(f"{written}/{int(length)}" if slash else written, strict=False)
    except ValueError:
        return None
    if isinstance(net, ipaddress.IPv6Network) and net.prefixlen >= 96:
        mapped = net.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, net.prefixlen - 96))
    return net


def read_nets(texts: tuple[str, ...]) -> tuple[Net, ...]:
    """Those that are networks, in their order; what is none is left out (resources.md 10)."""
    return tuple(net for net in map(read_net, texts) if net is not None)
