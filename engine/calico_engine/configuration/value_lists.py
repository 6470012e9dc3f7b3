"""The kinds of Felix parameters that hold several values: lists, ranges and maps (felix/config/param_types.go).

Which blanks are trimmed and whether empty elements count differs from kind to kind, as it does in Felix.
"""

from __future__ import annotations

import re

from calico_engine.configuration.failsafes import Failsafe, parse_failsafes
from calico_engine.configuration.go_patterns import GoPattern
from calico_engine.configuration.go_text import SPACE, Duration
from calico_engine.configuration.values import INTERFACE_NAME, Kind, parse_pattern
from calico_engine.frozen import frozen
from calico_engine.networks import Network, parse_network


@frozen
class PortRange:
    """Ports `first` to `last`, both included; printed as `80` or `30000:32767`."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}:{self.last}"


@frozen
class TableRange:
    """Indices of Linux route tables, both ends included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


_SLASHED = re.compile(r"/[^\t\n\f\r ]+/")
_PLAIN = re.compile(INTERFACE_NAME)


def _interface_patterns(text: str) -> tuple[GoPattern, ...]:
    return tuple(_interface_pattern(element) for element in text.split(","))


def _interface_pattern(element: str) -> GoPattern:
    if _SLASHED.fullmatch(element):
        return parse_pattern(element[1:-1])
    if _PLAIN.fullmatch(element):
        return GoPattern.parse(f"^{element}$")
    raise ValueError(f"{element!r} is neither an interface name nor a /regular expression/ without blanks")


INTERFACE_PATTERNS = Kind("interface list", _interface_patterns, ())


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(_one_network(element) for element in _elements(text))


def _one_network(element: str) -> Network:
    try:
        return parse_network(element)
    except ValueError:
        raise ValueError(f"{element!r} is neither a CIDR nor an address") from None


def _elements(text: str) -> list[str]:
    """Comma-separated elements; spaces around them are trimmed and empty ones skipped."""
    return [element for element in (part.strip(" ") for part in text.split(",")) if element]


CIDRS = Kind("list of CIDRs", _networks, ())


def _port_range(text: str) -> PortRange:
    """api/pkg/lib/numorstring/port.go: PortFromString, without names."""
    first, colon, last = text.partition(":")
    numbers = [first, last] if colon else [first]
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise ValueError(f"{text!r} is neither a port nor a range such as 1000:2000")
    ports = [int(number.lstrip("0")[:6] or "0") for number in numbers]
    if max(ports) > 65535 or ports[0] > ports[-1]:
        raise ValueError(f"{text!r} is not a rising range of ports up to 65535")
    return PortRange(ports[0], ports[-1])


PORT_RANGE = Kind("port range", _port_range, PortRange(0, 0))
#: No blanks, no empty elements: `1, 2` and `1,` are refused.
PORT_RANGES = Kind("list of port ranges", lambda text: tuple(map(_port_range, text.split(","))), ())
FAILSAFES = Kind("failsafe list", parse_failsafes, tuple[Failsafe, ...]())


_URL = re.compile(r"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?//([^/?#@\s]*)/?")


def _endpoints(text: str) -> tuple[str, ...]:
    return tuple(_endpoint(element) for element in _elements(text))


def _endpoint(element: str) -> str:
    match = _URL.fullmatch(element)
    if match is None:
        raise ValueError(f"{element!r} must be http(s)://host:port and nothing else")
    return f"{match[1].lower()}://{match[2]}/" if match[1] else f"//{match[2]}/"


ENDPOINTS = Kind("list of URLs", _endpoints, ())

_KEY_VALUE = re.compile(r"(\w+)=(.*)", re.ASCII)


def _key_values(text: str) -> tuple[tuple[str, str], ...]:
    """felix/stringutils/parse_keyvalue_list.go: blanks before a key are dropped, those of a value are kept."""
    pairs: dict[str, str] = {}
    for item in text.split(",") if text.strip(SPACE) else ():
        match = _KEY_VALUE.search(item)
        if match is not None:
            pairs[match[1]] = match[2]
        elif item:
            raise ValueError(f"{item!r} is no key=value pair")
    return tuple(sorted(pairs.items()))


def _key_durations(text: str) -> tuple[tuple[str, Duration], ...]:
    return tuple((key, Duration.parse(value.strip(SPACE))) for key, value in _key_values(text))


KEY_VALUES = Kind("list of key=value", _key_values, ())
KEY_DURATIONS = Kind("list of key=duration", _key_durations, ())

_INTERFACE_FILTER = re.compile("[a-zA-Z0-9:._+-]{1,15}")


def _interface_filters(text: str) -> tuple[str, ...]:
    elements = _elements(text)
    for element in elements:
        if not _INTERFACE_FILTER.fullmatch(element):
            raise ValueError(f"{element!r} is no interface name")
    return tuple(elements)


INTERFACE_FILTERS = Kind("list of interfaces", _interface_filters, ())

_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


def _table_range(text: str) -> TableRange:
    match = _RANGE.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]) <= 250:
        raise ValueError("must be a range of route tables within 1-250")
    return TableRange(int(match[1]), int(match[2]))


def _table_ranges(text: str) -> tuple[TableRange, ...]:
    """Every `n-m` in the text, whatever stands between; together at most 65535 tables."""
    ranges = tuple(TableRange(int(match[1]), int(match[2])) for match in _RANGE.finditer(text))
    if not ranges:
        raise ValueError("must be a list of ranges of route tables such as 1-250")
    if any(not 1 <= each.first <= each.last <= 0xFFFFFFFF for each in ranges):
        raise ValueError("has a range that is not rising within 1 to 4294967295")
    if sum(each.last - each.first + 1 for each in ranges) > 0xFFFF:
        raise ValueError("names more than 65535 tables")
    return ranges


TABLE_RANGE = Kind("route table range", _table_range, None)
TABLE_RANGES = Kind("list of route table ranges", _table_ranges, ())
