"""Which queries can be put to a kernel: those whose packets arrive, take the way and have the state that the query says."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Final

from felix_oracle.packets import Address, Query
from kernel_lab.wire import ASKING_TYPES, ICMP, ICMPV6, SCTP, TCP, UDP

#: IPv6 extension headers, which are not protocols to the kernel.
_EXTENSIONS = frozenset({0, 43, 44, 50, 51, 59, 60, 135, 139, 140})
#: Discovery of neighbours and of listeners (nf_conntrack_proto_icmpv6.c: noct_valid_new).
_NEVER_TRACKED = frozenset({*range(130, 137), 143})
_VERSION = {ICMP: 4, ICMPV6: 6}
_LOOPBACK: Final = ipaddress.IPv6Address("::1")
_NOWHERE = tuple(map(ipaddress.ip_network, ("0.0.0.0/8", "255.255.255.255/32", "::/96", "::ffff:0:0/96", "fe80::/10")))


def unaskable(query: Query, own: Collection[Address], interfaces: Collection[str]) -> str | None:
    """Why a kernel cannot be asked; None if it can. `own`: the addresses of the node; `interfaces`: those of the lab."""
    checks = (
        ("ICMP of the other IP version", query.version != _VERSION.get(query.protocol, query.version)),
        ("conntrack state", not _can_be_made(query)),
        ("address", any(map(_is_odd, _addresses(query)))),
        ("::1 elsewhere than on lo", _LOOPBACK in _addresses(query) and not _on_loopback(query)),
        ("not for this node", not query.out_interface and query.destination not in own),
        ("not of this node", not query.in_interface and query.source not in own),
        ("interface", not {query.in_interface, query.out_interface} <= {"", *interfaces}),
        ("forwarded over lo", bool(query.in_interface) and bool(query.out_interface) and _has_lo(query)),
        # The way back leads where the way there leads.
        ("to itself", bool(query.in_interface) and query.source in (query.destination, query.before)),
        ("extension header", query.version == 6 and query.protocol in _EXTENSIONS),
        ("port 0", query.protocol in (TCP, UDP, SCTP) and 0 in _ports(query)),
        ("translation", query.before is not None and not _can_be_translated(query)),
    )
    return next((reason for reason, holds in checks if holds), None)


def _can_be_made(query: Query) -> bool:
    state = query.conntrack_state
    if query.protocol == TCP:
        return state in ("NEW", "INVALID") or (state == "ESTABLISHED" and query.before is None)
    if query.protocol == UDP:
        return state == "NEW" or (state == "ESTABLISHED" and query.before is None)
    if query.protocol == ICMPV6 and query.icmp_type in _NEVER_TRACKED:
        return state == "UNTRACKED"
    if query.protocol in ASKING_TYPES:
        return state == ("NEW" if query.icmp_type in ASKING_TYPES[query.protocol] else "INVALID")
    return state == "NEW"


def _can_be_translated(query: Query) -> bool:
    # What is sent from here to the same address as before leaves by the same interface as before.
    stays = not query.in_interface and query.before == query.destination
    return query.protocol in (TCP, UDP, SCTP) and query.conntrack_state == "NEW" and not stays


def _addresses(query: Query) -> tuple[Address, ...]:
    return query.source, query.destination, *([] if query.before is None else [query.before])


def _is_odd(address: Address) -> bool:
    """One that a kernel does not take from the wire, or not to one place."""
    return address != _LOOPBACK and (address.is_multicast or any(address in net for net in _NOWHERE))


def _on_loopback(query: Query) -> bool:
    return {query.in_interface, query.out_interface} <= {"", "lo"}


def _has_lo(query: Query) -> bool:
    return "lo" in (query.in_interface, query.out_interface)


def _ports(query: Query) -> tuple[int | None, ...]:
    return query.source_port, query.destination_port, query.port_before
