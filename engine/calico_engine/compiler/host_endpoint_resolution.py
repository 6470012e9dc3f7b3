"""Which host endpoint governs an interface (felix/dataplane/linux/endpoint_mgr.go: resolveHostEndpoints)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from calico_engine.compiler.felix_model import FelixEndpoint
from calico_engine.compiler.hosts import Address

WILDCARD = "*"


def governing_endpoint(
    endpoints: Iterable[FelixEndpoint], interface: str, addresses: Collection[Address]
) -> FelixEndpoint | None:
    """The endpoint in force on one interface of its node, wildcards aside.

    A candidate names the interface, or names none and expects one of its addresses (of either family: an endpoint
    found by its IPv4 address governs IPv6 too). The smallest resource name wins; a match by name does not outrank one
    by address.
    """
    own = frozenset(addresses)
    candidates = [
        endpoint
        for endpoint in endpoints
        if endpoint.interface_name == interface
        or (not endpoint.interface_name and not own.isdisjoint(endpoint.addresses))
    ]
    return min(candidates, key=_name, default=None)


def wildcard_endpoint(endpoints: Iterable[FelixEndpoint]) -> FelixEndpoint | None:
    """The one wildcard endpoint of a node that is in force: the smallest name."""
    return min((e for e in endpoints if e.interface_name == WILDCARD), key=_name, default=None)


def _name(endpoint: FelixEndpoint) -> bytes:
    return endpoint.id.name.encode()
