"""The words of a case: who is asked about, for what, and how the values of YAML become them.

Each parser takes a value of YAML and raises ValueError saying what would be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from calico_engine.analysis.connections.services import parse_service
from calico_engine.errors import printable, quoted
from calico_engine.frozen import frozen
from calico_engine.manifests.hints import did_you_mean
from calico_engine.networks import Network, parse_network
from calico_engine.packets import PORT_PROTOCOLS, PROTOCOL_NAMES
from calico_selectors import InvalidSelector, Selector

SelectedKind = Literal["nodes", "pods", "hostEndpoints"]
_KINDS: tuple[SelectedKind, ...] = ("nodes", "pods", "hostEndpoints")
_OUTSIDE = "outside"
_LAST_PORT = 65535


@frozen
class Named:
    """One party, as `check` takes it: a node, `hep/NAME`, `NAMESPACE/POD`, `svc/NAMESPACE/NAME` or an address."""

    name: str


@frozen
class Selected:
    """All nodes, pods or host endpoints that a selector selects."""

    kind: SelectedKind
    selector: Selector


@frozen
class Net:
    """All addresses of a network; `outside`: those that belong to nothing in the cluster, and to no host by its kind."""

    network: Network
    outside: bool = False


Party = Named | Selected | Net
Parties = tuple[Party, ...]


@frozen
class Service:
    """What is asked for: `ssh`, `icmp/8`, or the ports of a range."""

    text: str
    protocol: int
    ports: tuple[int, int] | None = None

    @property
    def protocol_name(self) -> str:
        """The protocol as a service spells it: `tcp`."""
        return PROTOCOL_NAMES[self.protocol].lower()


Services = tuple[Service, ...]


def parse_parties(value: object) -> Parties:
    """A name, an address, a network, `{nodes: SELECTOR}` (or pods, hostEndpoints), `{outside: NET}`, or a list of such."""
    if isinstance(value, list):
        return tuple(party for entry in value for party in parse_parties(entry))
    if isinstance(value, str) and value:
        return (_network(value) or Named(value),)
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, given),) = value.items()
        return tuple(_outside(given)) if kind == _OUTSIDE else (_selected(kind, given),)
    hint = "" if not isinstance(value, bool | int | float) else f"; YAML takes this for {str(value).lower()}: quote it"
    raise ValueError(f"must be {_PARTIES}, or a list of these{hint}")


_PARTIES = f"a name, an address, a network, one of {{{', '.join(_KINDS)}: SELECTOR}}, {{{_OUTSIDE}: NETWORK}}"


def _network(text: str) -> Net | None:
    if "/" not in text:
        return None
    try:
        return Net(parse_network(text))
    except ValueError:
        return None


def _outside(value: object) -> Iterator[Net]:
    for text in value if isinstance(value, list) else [value]:
        net = _network(text) if isinstance(text, str) else None
        if net is None:
            raise ValueError(f"{_OUTSIDE}: must be a network such as 0.0.0.0/0, or a list of these")
        yield Net(net.network, outside=True)


def _selected(kind: object, selector: object) -> Selected:
    if kind not in _KINDS:
        known = (*_KINDS, _OUTSIDE)
        raise ValueError(f"{quoted(str(kind))} is not one of {', '.join(known)}{did_you_mean(str(kind), known)}")
    if not isinstance(selector, str):
        raise ValueError(f"{kind}: a selector is a text, such as all() or has(role)")
    try:
        return Selected(kind, Selector(selector))
    except InvalidSelector as error:
        raise ValueError(f"{printable(selector, 80)} is no selector: {error.message}") from None


def parse_services(value: object) -> Services:
    """`tcp/22`, `tcp/1-1023`, `ssh`, `icmp/8`, or a list of such."""
    if isinstance(value, list):
        return tuple(service for entry in value for service in parse_services(entry))
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("must be a service such as tcp/22, tcp/1-1023, ssh or icmp/8, or a list of these")
    text = str(value)
    protocol, slash, ports = text.partition("/")
    first, dash, last = ports.replace(":", "-").partition("-")
    if slash and dash:
        return (_range(text, protocol, first, last),)
    parsed = parse_service(text)
    port = None if parsed.port is None else (parsed.port, parsed.port)
    return (Service(text, parsed.protocol, port if parsed.protocol in PORT_PROTOCOLS else None),)


def _range(text: str, protocol: str, first: str, last: str) -> Service:
    number = parse_service(protocol).protocol
    if number not in PORT_PROTOCOLS:
        raise ValueError(f"{quoted(text)}: this protocol has no ports")
    low, high = (_port(text, each) for each in (first, last))
    if low > high:
        raise ValueError(f"{quoted(text)}: the range is empty")
    return Service(text, number, (low, high))


def _port(text: str, digits: str) -> int:
    if digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= _LAST_PORT:
        return int(digits)
    raise ValueError(f"{quoted(text)}: {quoted(digits, 40)} is not a number from 0 to {_LAST_PORT}")
