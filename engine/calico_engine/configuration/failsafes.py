"""Failsafe ports: what a host keeps open whatever its policy says.

One text grammar serves every source. The structured form of the FelixConfiguration resource is turned into that text
first (libcalico-go …/felixconfigprocessor.go: protoPortSliceToString), and the text is then read by Felix
(felix/config/param_types.go: PortListParam), so both share its traps: no SCTP, no default protocol next to a colon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from calico_engine.configuration.go_text import parse_decimal
from calico_engine.frozen import frozen
from calico_engine.networks import Network, parse_network, written_version

Protocol = Literal["tcp", "udp"]


class FailsafeError(ValueError):
    """A failsafe list that Felix cannot read, or that crashes it (`panics`)."""

    def __init__(self, message: str, *, panics: bool = False) -> None:
        super().__init__(message)
        self.panics = panics


@frozen
class Failsafe:
    """One open port: `protocol` is tcp or udp, `net` an ipaddress network, or None for every peer of both families.

    >>> [str(failsafe) for failsafe in parse_failsafes("22, UDP:10.0.0.1/8:53,tcp:[fd00::1]:179")]
    ['tcp:22', 'udp:10.0.0.0/8:53', 'tcp:[fd00::1/128]:179']
    """

    protocol: Protocol
    port: int
    net: Network | None = None

    def __str__(self) -> str:
        if self.net is None:
            return f"{self.protocol}:{self.port}"
        net = f"[{self.net}]" if self.net.version == 6 else str(self.net)
        return f"{self.protocol}:{net}:{self.port}"


def parse_failsafes(text: str) -> tuple[Failsafe, ...]:
    """The list in `text`: comma-separated `port`, `proto:port`, `proto:net:port` or `proto:[net]:port`.

    Only spaces around an entry are trimmed; empty entries are skipped, so a text without any entry is an empty list.
    (`none` and the empty text never get here: they are no list but "nothing" and "not set".)
    """
    entries = (entry.strip(" ") for entry in text.split(","))
    return tuple(_entry(entry) for entry in entries if entry)


def _entry(entry: str) -> Failsafe:
    rest, net = _without_brackets(entry)
    parts = rest.split(":")
    if len(parts) > 3:
        raise FailsafeError(
            f"{entry!r} has too many colons; write port, protocol:port or protocol:net:port, an IPv6 net in brackets"
        )
    if len(parts) == 3:
        net = parts[1]
    return Failsafe(_protocol(parts[0] if len(parts) > 1 else "tcp", entry), _port(parts[-1], entry), _net(net, entry))


def _without_brackets(entry: str) -> tuple[str, str]:
    """The entry without its bracketed part, wherever that stands, and what was in the brackets."""
    if "[" not in entry or "]" not in entry:
        return entry, ""
    start, end = entry.index("["), entry.find("]:")
    if end <= start:
        raise FailsafeError(f"{entry!r} has a bracket that is not closed by ']:'", panics=True)
    return entry[:start] + entry[end + 2 :], entry[start + 1 : end]


def _protocol(text: str, entry: str) -> Protocol:
    match text.lower():
        case "tcp":
            return "tcp"
        case "udp":
            return "udp"
        case "":
            raise FailsafeError(f"{entry!r} names no protocol; Felix knows tcp and udp, and assumes neither here")
    raise FailsafeError(f"{entry!r} has an unknown protocol {text!r}; Felix knows tcp and udp only")


def _port(text: str, entry: str) -> int:
    try:
        port = parse_decimal(text)
    except ValueError:
        raise FailsafeError(f"{entry!r} has no number for a port") from None
    if not 0 <= port <= 65535:
        raise FailsafeError(f"{entry!r} has a port outside 0 to 65535")
    return port


def _net(text: str, entry: str) -> Network | None:
    if not text:
        return None
    try:
        return parse_network(text)
    except ValueError:
        raise FailsafeError(f"{entry!r} has {text!r} for a net, which is neither a CIDR nor an address") from None


def failsafe_text(failsafes: Iterable[Failsafe]) -> str:
    """The text that `parse_failsafes` reads back, or `none`, the word for an empty list in every source."""
    return ",".join(map(str, failsafes)) or "none"


def structured_text(entries: Sequence[Mapping[str, object]]) -> str:
    """What the list of the resource becomes: the net as it is written, the protocol in lower case and unchecked."""
    return ",".join(map(_structured_entry, entries)) or "none"


def _structured_entry(entry: Mapping[str, object]) -> str:
    protocol, port, net = str(entry.get("protocol") or "").lower(), entry.get("port") or 0, str(entry.get("net") or "")
    if not net:
        return f"{protocol}:{port}"
    try:
        parse_network(net)
        version = written_version(net)
    except ValueError:
        # The converter goes on with a nil address after logging the error.
        raise FailsafeError(f"net {net!r} is neither a CIDR nor an address", panics=True) from None
    return f"{protocol}:[{net}]:{port}" if version == 6 else f"{protocol}:{net}:{port}"
