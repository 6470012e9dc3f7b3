"""Addresses and networks inside Kubernetes objects, checked and printed as Calico's converters do.

Source: libcalico-go/lib/net, libcalico-go/lib/validator/v3 (ValidateCIDRv4, ValidateIPv4Network and their likes).
"""

from __future__ import annotations

from calico_engine.networks import parse_address, parse_network


def masked_cidr(text: str) -> str:
    """A CIDR with its host bits cleared. ValueError if it is none; an address is none.

    >>> masked_cidr("10.1.2.3/8")
    '10.0.0.0/8'
    """
    if "/" not in text:
        raise ValueError("not a CIDR")
    return str(parse_network(text))


def is_address(text: str) -> bool:
    try:
        parse_address(text)
    except ValueError:
        return False
    return True


def is_address_or_cidr(text: str, version: int) -> bool:
    """Whether it is an address or a CIDR of this family; host bits may be set."""
    try:
        parse_network(text)
    except ValueError:
        return False
    return parse_address(_in_front(text)).version == version


def is_network(text: str, version: int) -> bool:
    """Whether it is an address, or a network without host bits, of this family."""
    if not is_address_or_cidr(text, version):
        return False
    return str(parse_network(text).network_address) == str(parse_address(_in_front(text)))


def _in_front(text: str) -> str:
    return text.partition("/")[0]
