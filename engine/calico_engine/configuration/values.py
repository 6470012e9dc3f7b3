"""The kinds of Felix parameters that hold one value: which text each accepts (felix/config/param_types.go).

A kind has a parser, which raises `ValueError` in words for what Felix refuses, and the zero value that the word `none`
stands for. All parsed values are immutable; lists are in `value_lists`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from calico_engine.configuration.go_patterns import GoPattern
from calico_engine.configuration.go_text import INT64_MAX, INT64_MIN, Duration, parse_float, parse_int, parse_uint32
from calico_engine.frozen import frozen
from calico_engine.networks import parse_address


@frozen
class Kind:
    """A kind of parameter: its name in messages, its parser, and the value of `none`."""

    name: str
    parse: Callable[[str], object]
    zero: object


_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})


def _bool(text: str) -> bool:
    word = text.lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("must be true, 1, yes, y, t or false, 0, no, n, f")


BOOL = Kind("bool", _bool, False)
#: A bool that may stay unset (Go's *bool): then the IP pools decide.
OPTIONAL_BOOL = Kind("bool", _bool, None)


def integer(low: int = INT64_MIN, high: int = INT64_MAX) -> Kind:
    """A whole number in Go's notation, from `low` to `high`."""

    def parse(text: str) -> int:
        value = parse_int(text)
        if not low <= value <= high:
            raise ValueError(f"must be at least {low}" if value < low else f"must be at most {high}")
        return value

    return Kind("int", parse, 0)


INT = integer()
TCP_PORT = integer(0, 65535)


def _duration(unit: int) -> Callable[[str], Duration]:
    return lambda text: Duration.from_float(parse_float(text), unit)


SECONDS = Kind("seconds", _duration(10**9), Duration(0))
MILLIS = Kind("milliseconds", _duration(10**6), Duration(0))


def one_of(*options: str) -> Kind:
    """One of a few words, in any case; the value is the word as it is written here."""
    canonical = {option.lower(): option for option in options}

    def parse(text: str) -> str:
        try:
            return canonical[text.lower()]
        except KeyError:
            raise ValueError(f"must be one of {', '.join(options)}") from None

    return Kind("choice", parse, "")


ENABLED = one_of("Enabled", "Disabled")
HOST_ACTION = one_of("DROP", "RETURN", "ACCEPT")
TABLE_ACTION = one_of("ACCEPT", "RETURN")
DENY_ACTION = one_of("DROP", "REJECT")
LOG_LEVEL = one_of("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "FATAL")
BPF_LOG_LEVEL = one_of("off", "info", "debug")
BALANCING = one_of("TCP", "Enabled", "Disabled")
MAP_SCALING = one_of("Disabled", "DoubleIfFull")
RPF_MODE = one_of("Disabled", "Strict", "Loose")
REDIRECT = one_of("Disabled", "Enabled", "L2Only")
DATASTORE = one_of("kubernetes", "etcdv3")
SOURCE_CHECK = one_of("DoNothing", "Enable", "Disable")
NAT_EXCLUSIONS = one_of("IPPoolsOnly", "IPPoolsAndHostIPs")
CLIENT_AUTH = one_of("RequireAndVerifyClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven", "NoClientCert")
PRIORITY = integer(1, 2147483646)


def _matching(pattern: str, problem: str) -> Kind:
    compiled = re.compile(pattern, re.ASCII)

    def parse(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(problem)
        return text

    return Kind("text", parse, "")


INTERFACE_NAME = "[a-zA-Z0-9_-]{1,15}"
STRING = _matching(".*", "must be a single line")
INTERFACE_PREFIXES = _matching(
    f"{INTERFACE_NAME}(?:,{INTERFACE_NAME})*",
    "must be interface names of 1 to 15 letters, digits, '_' or '-', separated by commas without blanks",
)
INTERFACE_PARAMETER = _matching("[a-zA-Z0-9:._+-]{1,15}", "must be an interface name of 1 to 15 characters")
HOSTNAME = _matching("[a-zA-Z0-9_.-]+", "must be a host name")
HOST_ADDRESS = _matching("[a-zA-Z0-9:._+-]{1,64}", "must be a host name or address")
AUTHORITY = _matching("[^:/]+:[0-9]+", "must be host:port")
LOG_RATE = _matching("(?:[1-9][0-9]{0,3}/(?:second|minute|hour|day))?", "must be a rate such as 10/second")
REGION = _matching("(?=.{1,46}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", "must be a DNS label of at most 46 characters")
#: A path; whether the file exists on that node is not known here, so it is taken to exist.
FILE = Kind("file", str, "")


def parse_pattern(text: str) -> GoPattern:
    try:
        return GoPattern.parse(text)
    except ValueError as error:
        raise ValueError(f"is not a regular expression that Go takes: {error}") from None


PATTERN = Kind("regular expression", parse_pattern, None)


def _address(version: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        address = parse_address(text)
        if address.version != version:
            raise ValueError(f"must be an IPv{version} address")
        return str(address)

    return parse


IPV4 = Kind("IPv4 address", _address(4), "")
IPV6 = Kind("IPv6 address", _address(6), "")


def _mark_mask(text: str) -> int:
    value = parse_uint32(text)
    if value.bit_count() < 2:
        raise ValueError("must have at least 2 bits set")
    return value


MARK_MASK = Kind("mark", _mark_mask, 0)

#: api/pkg/lib/numorstring/dscp.go
_DSCP_NAMES = frozenset(
    ("DF", "EF", *(f"AF{row}{column}" for row in range(1, 5) for column in range(1, 4)), *(f"CS{n}" for n in range(7)))
)


def _dscp(text: str) -> int | str:
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 63:
        return int(text)
    if text.upper() in _DSCP_NAMES:
        return text.upper()
    raise ValueError("must be a number from 0 to 63 or a DSCP name such as AF11")


DSCP = Kind("DSCP", _dscp, 0)
