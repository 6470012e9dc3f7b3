"""EndpointSlices as kube-proxy reads them: which endpoints the node that translates may take.

Sources: kubernetes pkg/proxy/endpointslicecache.go, topology.go (v1.34). Unlike Felix, kube-proxy heeds readiness, the
names of ports, traffic policies and topology hints. Whether a Service asks for hints (trafficDistribution, the annotation
topology-mode) or for unready endpoints (publishNotReadyAddresses) is heard by the controller that writes the slices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from calico_engine.controllers.kubernetes.reading import Struct
from calico_engine.frozen import frozen
from calico_engine.packets import SCTP, TCP, UDP, find_address, format_address

#: (version, address)
Address = tuple[int, int]

PROTOCOLS: Final = {"": TCP, "TCP": TCP, "UDP": UDP, "SCTP": SCTP}
ZONE_LABEL: Final = "topology.kubernetes.io/zone"
NO_HINTS: Final = "its EndpointSlices have no hints"
_PORTS: Final = range(1, 65536)


@frozen
class Backend:
    """One endpoint of a Service's port. `node` is where its EndpointSlice says that it runs."""

    address: Address
    port: int
    name: str
    node: str

    def __str__(self) -> str:
        version, value = self.address
        text = format_address(value, version)
        where = f"{text}:{self.port}" if version == 4 else f"[{text}]:{self.port}"
        return f"{self.name} ({where})" if self.name else where


@frozen
class Endpoint:
    """A backend that is ready, or that is terminating and still serves; and for which zones and nodes it is meant."""

    backend: Backend
    ready: bool
    zones: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()


@frozen
class Place:
    """A node, and its zone as far as its labels tell."""

    node: str
    zone: str = ""


@frozen
class Usable:
    """What one node may take. `meant_for`: whose hints chose them; `ignored`: why no hints did where they could."""

    backends: tuple[Backend, ...]
    meant_for: str = ""
    ignored: str = ""


def read_endpoints(obj: Struct, port_name: str, protocol: int) -> Iterator[Endpoint]:
    """What an EndpointSlice gives to a Service's port."""
    numbers = [
        number
        for each in obj.structs("ports")
        if each.text("name") == port_name and PROTOCOLS.get(each.text("protocol")) == protocol
        if (number := each.number("port")) in _PORTS and number is not None
    ]
    for endpoint in obj.structs("endpoints"):
        conditions, target, hints = (endpoint.struct(key) for key in ("conditions", "targetRef", "hints"))
        ready = not conditions.given("ready") or conditions.flag("ready")
        serving = not conditions.given("serving") or conditions.flag("serving")
        zones, nodes = (frozenset(each.text("name") for each in hints.structs(key)) for key in ("forZones", "forNodes"))
        name = f"{target.text('namespace')}/{target.text('name')}" if target.text("kind") == "Pod" else ""
        node = endpoint.text("nodeName")
        # kube-proxy takes the first address of an endpoint alone.
        addresses = list(read_addresses(endpoint.texts("addresses")))[:1]
        if ready or (serving and conditions.flag("terminating")):
            backends = (Backend(address, number, name, node) for address in addresses for number in numbers)
            yield from (Endpoint(backend, ready, zones, nodes) for backend in backends)


def read_addresses(texts: Iterable[str]) -> Iterator[Address]:
    """The addresses among texts."""
    return (address for address in map(find_address, texts) if address is not None)


def usable(endpoints: Sequence[Endpoint], place: Place | None = None, *, local: bool = False) -> Usable:
    """The ready endpoints, or else the terminating ones: `local` ones of the node alone, or those meant for it.

    Without a place, those of the whole cluster.
    """
    if place is not None and local:
        endpoints = [each for each in endpoints if each.backend.node == place.node]
    ready = [each for each in endpoints if each.ready]
    if place is None or local or not ready:
        return Usable(_backends(ready or endpoints))
    return _by_hints(ready, place)


def _by_hints(ready: Sequence[Endpoint], place: Place) -> Usable:
    """Hints count if every ready endpoint has one, and one of them is for this node, or else for its zone."""
    of_node = [each for each in ready if place.node in each.nodes]
    if of_node and all(each.nodes for each in ready):
        return Usable(_backends(of_node), f"node {place.node}")
    of_zone = [each for each in ready if place.zone in each.zones]
    if of_zone and all(each.zones for each in ready):
        return Usable(_backends(of_zone), f"zone {place.zone}")
    return Usable(_backends(ready), ignored=_why_ignored(ready, place))


def _why_ignored(ready: Sequence[Endpoint], place: Place) -> str:
    if all(each.zones for each in ready) or all(each.nodes for each in ready):
        where = f"the node or its zone {place.zone}" if place.zone else f"the node, which has no label {ZONE_LABEL}"
        return f"no hint is for {where}"
    return "not every endpoint has a hint" if any(each.zones or each.nodes for each in ready) else NO_HINTS


def _backends(endpoints: Iterable[Endpoint]) -> tuple[Backend, ...]:
    """In order; one that stands in two slices counts once."""
    found = {each.backend for each in endpoints}
    return tuple(sorted(found, key=lambda each: (each.address, each.port)))
