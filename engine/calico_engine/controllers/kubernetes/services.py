"""EndpointSlices → what a rule with `services` matches (felix/serviceindex/serviceindex.go).

Felix looks at nothing but the slices: the Service itself, its selector and the endpoints' readiness take no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final

from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible
from calico_engine.frozen import frozen
from calico_engine.networks import parse_network
from calico_engine.packets import SCTP, TCP, UDP

#: (namespace, name)
ServiceId = tuple[str, str]
#: (version, address)
Address = tuple[int, int]

_SERVICE_LABEL: Final = "kubernetes.io/service-name"
_PROTOCOLS: Final = {"UDP": UDP, "SCTP": SCTP}


@frozen
class ServiceMembers:
    """The endpoints of one service. As a source a rule matches `addresses`, as a destination `ports`."""

    addresses: frozenset[Address] = frozenset()
    ports: frozenset[tuple[Address, int, int]] = frozenset()
    """(address, protocol, port)"""

    def __or__(self, other: ServiceMembers) -> ServiceMembers:
        return ServiceMembers(self.addresses | other.addresses, self.ports | other.ports)


_NO_MEMBERS = ServiceMembers()


@frozen
class ServiceIndex:
    """The members of every service that a slice names, and (position, message) of each slice that could not be read."""

    members: Mapping[ServiceId, ServiceMembers] = field(default_factory=dict)
    errors: tuple[tuple[int, str], ...] = ()

    def of(self, namespace: str, name: str) -> ServiceMembers:
        """The members of a service; one without slices has none."""
        return self.members.get((namespace, name), _NO_MEMBERS)


@frozen
class ReadSlice:
    """What one EndpointSlice gives to which service, or why it could not be read."""

    service: ServiceId | None = None
    members: ServiceMembers = _NO_MEMBERS
    error: str | None = None


def service_index(slices: Iterable[Mapping[str, object]]) -> ServiceIndex:
    """The members that all EndpointSlices (discovery.k8s.io) together give to each service; it never raises.

    >>> index = service_index([{"metadata": {"namespace": "a", "labels": {"kubernetes.io/service-name": "s"}},
    ...                         "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 80}]}])
    >>> index.of("a", "s").ports
    frozenset({((4, 167772161), 6, 80)})
    """
    return joined_slices(map(read_slice, slices))


def read_slice(obj: Mapping[str, object]) -> ReadSlice:
    """One EndpointSlice; it never raises."""
    try:
        return _read(Struct.of(obj))
    except Unconvertible as error:
        return ReadSlice(error=str(error))


def joined_slices(slices: Iterable[ReadSlice]) -> ServiceIndex:
    """All slices together."""
    members: dict[ServiceId, ServiceMembers] = {}
    errors = []
    for position, each in enumerate(slices):
        if each.error is not None:
            errors.append((position, each.error))
        elif each.service is not None:
            members[each.service] = members.get(each.service, _NO_MEMBERS) | each.members
    return ServiceIndex(members, tuple(errors))


def _read(endpoint_slice: Struct) -> ReadSlice:
    metadata = endpoint_slice.struct("metadata")
    name = metadata.text_map("labels").get(_SERVICE_LABEL)
    endpoints = endpoint_slice.structs("endpoints")
    addresses = frozenset(address for endpoint in endpoints for address in _addresses(endpoint))
    ports = frozenset(_ports(endpoint_slice))
    members = ServiceMembers(addresses, frozenset((address, *port) for address in addresses for port in ports))
    return ReadSlice((metadata.text("namespace"), name) if name else None, members)


def _addresses(endpoint: Struct) -> Iterator[Address]:
    """Host names are passed over, and so are networks, which Kubernetes lets nobody write here."""
    for text in endpoint.texts("addresses"):
        try:
            network = parse_network(text)
        except ValueError:
            continue
        if network.num_addresses == 1:
            yield network.version, int(network.network_address)


def _ports(endpoint_slice: Struct) -> Iterator[tuple[int, int]]:
    """(protocol, port). A port without a number means all ports to Kubernetes, and none to Felix."""
    for port in endpoint_slice.structs("ports"):
        number, protocol = port.number("port"), port.text("protocol")
        if number is not None:
            yield _PROTOCOLS.get(protocol, TCP), number & 0xFFFF
