"""Ports of converted rules: reading them, and writing them with as few entries as possible.

Source: api/pkg/lib/numorstring/port.go, libcalico-go/lib/backend/k8s/conversion/conversion.go: SimplifyPorts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from calico_engine.controllers.kubernetes.reading import Unconvertible
from calico_engine.resources.rules import Port

_DIGITS = re.compile("[0-9]+")
_RANGE = re.compile("([0-9]+):([0-9]+)")
_NAME = re.compile("[a-zA-Z0-9_.-]{1,128}")


class InvalidPort(Unconvertible):
    """A text that is no port; the message is Calico's."""


def port_from_text(text: str) -> Port:
    """A number, a range such as `80:90`, or a name. Raises InvalidPort.

    >>> port_from_text("80:90"), port_from_text("http")
    (Port(first=80, last=90, name=None), Port(first=0, last=0, name='http'))
    """
    if _DIGITS.fullmatch(text):
        return _single(_number(text, f"invalid port format ({text})"))
    bounds = _RANGE.fullmatch(text)
    if bounds:
        low = _number(bounds[1], f"invalid minimum port number in range ({text})")
        return port_range(low, _number(bounds[2], f"invalid maximum port number in range ({text})"))
    return named_port(text)


def named_port(name: str) -> Port:
    """A name; one made of digits stays a name. Raises InvalidPort."""
    if not _NAME.fullmatch(name):
        raise InvalidPort(f"invalid name for named port ({name})")
    return Port(0, 0, name)


def port_range(low: int, high: int) -> Port:
    """The ports from `low` to `high`. Raises InvalidPort if there are none."""
    if low > high:
        raise InvalidPort(f"minimum port number ({low}) is greater than maximum port number ({high}) in port range")
    return Port(low, high)


def _single(number: int) -> Port:
    return Port(number, number)


def _number(digits: str, message: str) -> int:
    significant = digits.lstrip("0") or "0"
    if len(significant) > 5 or int(significant) > 65535:
        raise InvalidPort(message)
    return int(significant)


def simplify_ports(ports: Sequence[Port]) -> tuple[Port, ...]:
    """The same ports: all names first, in their order, then the numbers as ascending ranges that do not touch.

    A list whose numbers are at most one is not touched, order included.

    >>> [str(port) for port in simplify_ports([port_from_text(text) for text in ("81:90", "foo", "80", "9090")])]
    ['foo', '80:90', '9090']
    """
    numbers = [port for port in ports if port.name is None]
    if sum(port.last - port.first + 1 for port in numbers) <= 1:
        return tuple(ports)
    return (*(port for port in ports if port.name is not None), *_merged(numbers))


def _merged(numbers: Iterable[Port]) -> Iterator[Port]:
    low, high = -2, -2
    for port in sorted(numbers, key=lambda port: port.first):
        if port.first <= high + 1:
            high = max(high, port.last)
            continue
        if low >= 0:
            yield Port(low, high)
        low, high = port.first, port.last
    if low >= 0:
        yield Port(low, high)


def port_json(port: Port) -> int | str:
    """A port as Calico's JSON writes it: a single number as such, everything else as text."""
    return port.first if port.name is None and port.first == port.last else str(port)
