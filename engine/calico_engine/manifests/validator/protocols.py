"""Protocols and ports, of rules and of endpoints.

Source: libcalico-go/lib/validator/v3/validator.go: validateProtocol, validatePort, validatePortName;
api/pkg/lib/numorstring/protocol.go: SupportsPorts (spec resources 2.3).
"""

from __future__ import annotations

from collections.abc import Sequence

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.hints import did_you_mean
from calico_engine.manifests.validator.shapes import port_name_problem, quoted, report
from calico_engine.resources.rules import Port

PROTOCOL_NAMES = ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite")
WITH_PORTS: frozenset[int | str] = frozenset({6, 17, 132, "TCP", "UDP", "SCTP"})
PORT_PROTOCOLS = "TCP, UDP or SCTP"


def protocol_problem(protocol: int | str) -> str | None:
    if isinstance(protocol, int):
        return (
            None
            if protocol
            else "protocol 0 matches nothing: a protocol is a name such as TCP or a number from 1 to 255"
        )
    if protocol in PROTOCOL_NAMES:
        return None
    if protocol.isdigit():
        return f"a protocol's number is from 1 to 255, not {protocol[:20]}"
    return f"unknown protocol {quoted(protocol)}: {_KNOWN}{did_you_mean(protocol, PROTOCOL_NAMES)}"


_KNOWN = f"{', '.join(PROTOCOL_NAMES)} or a number"


def check_ports(ports: Sequence[Port], path: Path, problems: list[Problem]) -> None:
    """Ports of a rule: numbers from 1, and names as Kubernetes has them."""
    for index, port in enumerate(ports):
        report(problems, (*path, index), port_problem(port))


def port_problem(port: Port) -> str | None:
    if port.name is not None:
        return port_name_problem(port.name)
    return "a port is a number from 1 to 65535, not 0" if port.first < 1 else None


def endpoint_protocol_problem(protocol: int | str) -> str | None:
    """A named port of an endpoint belongs to a protocol with ports; none at all is read as the number 0."""
    if protocol in WITH_PORTS:
        return None
    if protocol == 0:
        return f"a protocol must be given: {PORT_PROTOCOLS}"
    if isinstance(protocol, int):
        return f"protocol {protocol} has no ports; {PORT_PROTOCOLS} have"
    return protocol_problem(protocol) or f"{protocol} has no ports; {PORT_PROTOCOLS} have"
