"""What a case asks, as text."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from calico_engine.analysis.case_results import Addresses, Connections, Ports
from calico_engine.errors import printable
from calico_engine.packets import Packet
from calico_engine.reports.packet_text import packet_text


def question_text(about: Connections | Packet) -> str:
    """`198.51.100.0/24 → worker1 tcp/1-1023`, or a packet and its node."""
    return questions_text([about])


def questions_text(about: Sequence[Connections | Packet]) -> str:
    """The same for several that differ in the service only: `198.51.100.0/24 → worker1 tcp/1-21, tcp/23`."""
    first = about[0]
    if isinstance(first, Packet):
        return f"{packet_text(first)} on {printable(first.node)}"
    services = [_service(each.service) for each in about if isinstance(each, Connections)]
    return f"{_end(first.source)} → {_end(first.destination)} {', '.join(services)}"


def _end(end: str | Addresses) -> str:
    """Addresses as a network where they are exactly one."""
    if isinstance(end, str):
        return printable(end)
    make = ipaddress.IPv4Address if end.version == 4 else ipaddress.IPv6Address
    first, last = make(end.first), make(end.last)
    if first == last:
        return str(first)
    networks = [str(network) for network in ipaddress.summarize_address_range(first, last)]
    return networks[0] if len(networks) == 1 else f"{first}–{last}"


def _service(service: str | Ports) -> str:
    if isinstance(service, str):
        return printable(service)
    ports = f"{service.first}" if service.first == service.last else f"{service.first}-{service.last}"
    return f"{service.protocol}/{ports}"
