"""Sets of integers as sorted, disjoint, closed intervals: addresses and ports."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

from calico_engine.networks import parse_network

Intervals = tuple[tuple[int, int], ...]

ADDRESS_LIMIT = {4: (1 << 32) - 1, 6: (1 << 128) - 1}


def merged(intervals: Iterable[tuple[int, int]]) -> Intervals:
    """The same set of integers, sorted, overlapping and adjoining intervals joined."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(intervals):
        if result and low <= result[-1][1] + 1:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return tuple(result)


def difference(intervals: Intervals, holes: Intervals) -> Intervals:
    """What is in the one and not in the other."""
    result = []
    for low, high in intervals:
        for first, last in holes:
            if last < low or high < first:
                continue
            if low < first:
                result.append((low, first - 1))
            low = last + 1
        if low <= high:
            result.append((low, high))
    return tuple(result)


def contains(intervals: Intervals, value: int) -> bool:
    """Whether `value` lies in one of the sorted intervals."""
    at = bisect_right(intervals, (value, ADDRESS_LIMIT[6])) - 1
    return at >= 0 and value <= intervals[at][1]


@lru_cache(maxsize=1 << 16)
def parse_net(text: str) -> tuple[int, int, int] | None:
    """(version, first, last) of a CIDR or address, host bits masked; None if it is neither.

    An IPv4-mapped network of /96 or longer is IPv4 (libcalico-go/lib/net/ipnet.go: ParseCIDROrIP).
    """
    try:
        network = parse_network(text)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)


def format_interval(low: int, high: int, version: int) -> str:
    """`10.0.0.0/8`, `10.0.0.1`, or `10.0.0.1-10.0.0.9` where no CIDR fits."""
    size = high - low + 1
    bits = 32 if version == 4 else 128
    address = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    if size == 1:
        return str(address(low))
    if size & (size - 1) == 0 and low % size == 0:
        return f"{address(low)}/{bits - size.bit_length() + 1}"
    return f"{address(low)}-{address(high)}"
