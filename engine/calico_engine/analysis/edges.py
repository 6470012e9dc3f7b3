"""Where the answers about a cluster can change: ends of intervals of addresses.

Between two neighbouring edges no test of the engine changes its result, so that asking one address of each stretch asks
all of them. Every address that the engine compares with stands somewhere in the manifests, or is one of the kernel's.
"""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from calico_engine.datastore import Datastore
from calico_engine.manifests.encoding import to_json
from calico_engine.networks import Network, parse_network

#: Unspecified, loopback, link-local, multicast and broadcast addresses.
_KERNELS = (
    *("0.0.0.0/32", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32"),
    *("::/128", "::1/128", "fe80::/10", "ff00::/8"),
)
#: A text may hold addresses among other things, as a failsafe port (`tcp:10.0.0.0/8:22`) or an annotation does.
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?")
_IPV6 = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/\d+)?")

#: IP version → the edges in order.
AddressEdges = Mapping[int, Sequence[int]]


def address_edges(datastore: Datastore) -> AddressEdges:
    """The first address of every network in the manifests, and the first one behind it."""
    edges: dict[int, set[int]] = {4: set(), 6: set()}
    for network in _networks(datastore):
        first = int(network.network_address)
        edges[network.version].update((first, first + network.num_addresses))
    return {version: sorted(found) for version, found in edges.items()}


def stretches(edges: AddressEdges, network: Network) -> list[tuple[int, int]]:
    """The parts of a network in which all addresses are answered alike: (first, last) of each."""
    first = int(network.network_address)
    last = first + network.num_addresses - 1
    known = edges[network.version]
    inside = known[bisect_right(known, first) : bisect_left(known, last + 1)]
    starts = [first, *inside]
    return list(zip(starts, [*(edge - 1 for edge in inside), last], strict=True))


def _networks(datastore: Datastore) -> Iterator[Network]:
    texts = {text for value in _values(datastore) for text in _texts(value)}
    for text in {*texts, *_KERNELS}:
        if "." not in text and text.count(":") < 2:
            continue
        for written in (*_IPV4.findall(text), *_IPV6.findall(text)):
            with contextlib.suppress(ValueError):
                network = parse_network(written)
                yield network
                # An interface's `192.0.2.1/24` names an address as well as a network.
                address = parse_network(written.partition("/")[0])
                if address.network_address != network.network_address:
                    yield address


def _values(datastore: Datastore) -> Iterable[object]:
    yield from (to_json(entry.resource) for entry in datastore.entries.values())
    yield from (entry.value.value for entry in datastore.kubernetes.values())


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
