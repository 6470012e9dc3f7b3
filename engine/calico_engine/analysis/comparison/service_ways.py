"""What kube-proxy makes of packets: from which address and port to which backend, Service by Service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from calico_engine.analysis.connections.kubernetes_services import ServicePort, ServiceTable
from calico_engine.analysis.connections.service_endpoints import Address
from calico_engine.datastore import Datastore
from calico_engine.frozen import frozen

#: So many ways are enough where any will do.
_ENOUGH = 200
_VERSIONS = (4, 6)


@frozen
class ServiceWay:
    """From `port` at one of the `virtual` addresses to a port of a backend. By NodePort, of no address of its own."""

    version: int
    protocol: int
    virtual: tuple[int, ...]
    port: int
    backend: int
    backend_port: int


class ServiceWays:
    """The ways of all Services of a datastore."""

    def __init__(self, datastore: Datastore) -> None:
        self._table = ServiceTable(datastore)

    def __bool__(self) -> bool:
        return bool(self._by_backend)

    def to(self, addresses: Iterable[Address]) -> Sequence[ServiceWay]:
        """The ways to these addresses; to whatever there is, if none is given."""
        given = list(addresses)
        if not given:
            return list(islice((way for ways in self._by_backend.values() for way in ways), _ENOUGH))
        return [way for address in given for way in self._by_backend.get(address, ())]

    @cached_property
    def _by_backend(self) -> Mapping[Address, list[ServiceWay]]:
        found: dict[Address, list[ServiceWay]] = {}
        for port in self._table.ports:
            for way in self._ways(port):
                found.setdefault((way.version, way.backend), []).append(way)
        return found

    def _ways(self, port: ServicePort) -> Iterator[ServiceWay]:
        if port.service.proxy is not None:
            return  # another program translates
        for version in _VERSIONS:
            virtual = tuple(address for (family, address), _ in port.service.fronts if family == version)
            for backend in self._table.usable(port, version).backends:
                ends = backend.address[1], backend.port
                if virtual:
                    yield ServiceWay(version, port.protocol, virtual, port.port, *ends)
                if port.node_port:
                    yield ServiceWay(version, port.protocol, (), port.node_port, *ends)
