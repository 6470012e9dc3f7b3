"""Addresses and networks in text, read as Calico's Go code reads them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_V4_MAPPED = 0xFFFF  # the 96 bits before the IPv4 address
_PREFIX_LENGTH = re.compile(r"[0-9]+")


def parse_address(text: str) -> Address:
    """net.ParseIP: no zone; an IPv4-mapped IPv6 address is the IPv4 address. ValueError for anything else."""
    if "%" in text:
        raise ValueError("an address with a zone is not allowed")
    address = ip_address(text)
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped or address


def parse_network(text: str) -> Network:
    """A CIDR or an address (libcalico-go/lib/net/ipnet.go: ParseCIDROrIP); host bits are masked.

    An address becomes a /32 or /128. A mask in dotted form is no CIDR; leading zeros in the prefix length are allowed,
    in the address they are not. An IPv4-mapped network of /96 or longer prints, and so counts, as IPv4.

    >>> str(parse_network("10.0.0.1/8")), str(parse_network("fd00::1")), str(parse_network("::ffff:10.0.0.1/104"))
    ('10.0.0.0/8', 'fd00::1/128', '10.0.0.0/8')
    """
    written, slash, length = text.partition("/")
    if not slash:
        address = parse_address(text)
        return _network(int(address), address.max_prefixlen, address.max_prefixlen)
    if "%" in written or not _PREFIX_LENGTH.fullmatch(length):
        raise ValueError("not a CIDR")
    address = ip_address(written)
    return _network(int(address), _prefix_length(length, address.max_prefixlen), address.max_prefixlen)


def _prefix_length(digits: str, most: int) -> int:
    length = int(digits[-4:]) if not digits[:-4].strip("0") else most + 1
    if length > most:
        raise ValueError("the prefix length is too long")
    return length


def _network(value: int, length: int, bits: int) -> Network:
    masked = value >> (bits - length) << (bits - length)
    if bits == 32:
        return IPv4Network((masked, length))
    # net.IPNet.String takes the last four bytes of address and mask once the masked address is IPv4-mapped, which only
    # a length of 96 or more leaves it.
    if masked >> 32 == _V4_MAPPED:
        return IPv4Network((masked & 0xFFFFFFFF, length - 96))
    return IPv6Network((masked, length))


def written_version(text: str) -> int:
    """4 or 6 by the address in front of the slash, before masking (libcalico-go/lib/net/ip.go: Version)."""
    return parse_address(text.partition("/")[0]).version
