"""Addresses and networks as Go and Calico read them (net.ParseIP, net.ParseCIDR, libcalico-go/lib/net).

An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as IPv4, but its mask still counts 128 bits.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from calico_engine.frozen import frozen
from calico_engine.manifests.hints import placeholder_hint

_REMEMBERED, _LONGEST_REMEMBERED = 50_000, 64
_MAPPED = 0xFFFF << 32
_ALL = (1 << 128) - 1


@frozen
class Net:
    """An address with a mask. `address` has 128 bits; `bits` is the family's size as written, 32 or 128."""

    address: int
    prefix: int
    bits: int

    @property
    def version(self) -> int:
        """The address's family; 0 for the empty text, which Go takes for no address."""
        return 0 if self.bits == 0 else 4 if self.address >> 32 == 0xFFFF else 6

    @property
    def base(self) -> int:
        """The first address of the network, in 128 bits."""
        host_bits = self.bits - self.prefix
        return self.address & (_ALL << host_bits) & _ALL

    @property
    def net_version(self) -> int:
        """The family of the network, which can differ: `::ffff:1.2.3.4/8` is a network of IPv6."""
        return 4 if self.base >> 32 == 0xFFFF else 6

    @property
    def is_masked(self) -> bool:
        """Whether no bit is set outside the mask."""
        return self.base == self.address

    @property
    def is_everything(self) -> bool:
        return self.prefix == 0 and self.bits != 0

    def contains(self, other: Net) -> bool:
        """net.IPNet.Contains: families must agree, then the other's base is looked for."""
        if self.net_version != other.net_version or not self.bits or not other.bits:
            return False
        host_bits = self.bits - self.prefix
        return other.base >> host_bits == self.base >> host_bits


NO_ADDRESS = Net(0, 0, 0)


def parse_ip(text: str) -> Net | None:
    """net.ParseIP: an address without mask or zone."""
    if "%" in text or "/" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.version == 4:
        return Net(_MAPPED | int(address), 32, 32)
    value = int(address)
    return Net(value, 32, 32) if value >> 32 == 0xFFFF else Net(value, 128, 128)


def parse_cidr(text: str) -> Net | None:
    """net.ParseCIDR: an address, a slash and a prefix length in decimal digits."""
    return _remembered_cidr(text) if len(text) <= _LONGEST_REMEMBERED else _parse_cidr(text)


def _parse_cidr(text: str) -> Net | None:
    head, slash, digits = text.partition("/")
    if not slash or not (digits.isascii() and digits.isdigit()) or "%" in head:
        return None
    try:
        address = ipaddress.ip_address(head)
    except ValueError:
        return None
    bits = 32 if address.version == 4 else 128
    significant = digits.lstrip("0") or "0"
    if len(significant) > 3 or int(significant) > bits:
        return None
    return Net(_MAPPED | int(address) if bits == 32 else int(address), int(significant), bits)


_remembered_cidr = lru_cache(_REMEMBERED)(_parse_cidr)


def parse_cidr_or_ip(text: str) -> Net | None:
    """libcalico-go's ParseCIDROrIP: an address stands for itself alone; the empty text is no address, and no error."""
    if not text:
        return NO_ADDRESS
    return parse_cidr(text) or parse_ip(text)


def address_problem(text: str) -> str | None:
    """An address without mask."""
    if parse_ip(text):
        return None
    hint = ": leave out the mask" if parse_cidr(text) else placeholder_hint(text)
    return f'"{text[:60]}" is no IP address{hint}'


def family_problem(text: str, version: int) -> str | None:
    """An address without mask of one family."""
    address = parse_ip(text)
    if address is None:
        return address_problem(text)
    return None if address.version == version else f'"{text[:60]}" is no IPv{version} address'


def cidr_problem(text: str) -> str | None:
    """An address or network; bits outside the mask do not matter."""
    if parse_cidr_or_ip(text):
        return None
    return f'"{text[:60]}" is no address or network such as 10.0.0.0/8 or fd00::/8{_why_not(text)}'


def network_problem(text: str) -> str | None:
    """An address or network without bits outside the mask."""
    net = parse_cidr_or_ip(text)
    if net is None or net.bits == 0:
        return cidr_problem(text) or "must be an address or network, not empty"
    return None if net.is_masked else host_bits(text, net)


def host_bits(text: str, net: Net) -> str:
    return f"{text[:60]} has bits set outside its mask: {show(net)} is the network"


def show(net: Net) -> str:
    """The network in its usual spelling."""
    if net.net_version == 4 and net.prefix >= net.bits - 32:
        return f"{ipaddress.IPv4Address(net.base & 0xFFFFFFFF)}/{net.prefix - (net.bits - 32)}"
    return f"{ipaddress.IPv6Address(net.base)}/{net.prefix}"


_NETMASK = re.compile(r"/\d+\.\d+\.\d+\.\d+$")
_ZERO_OCTET = re.compile(r"(^|\.)0\d")


def _why_not(text: str) -> str:
    if _NETMASK.search(text):
        return ": the mask is given as a number of bits"
    if "," in text:
        return ": one each to an entry of the list"
    if _ZERO_OCTET.search(text):
        return ": no leading zeros"
    head, slash, digits = text.partition("/")
    if slash and digits.isdigit() and parse_ip(head):
        return ": the mask is too long"
    return placeholder_hint(text)
