"""Services and EndpointSlices as kube-proxy reads them: which address and port is translated to which backends.

Sources: kubernetes pkg/proxy/serviceport.go, endpointslicecache.go, topology.go, iptables/proxier.go (v1.31). Unlike
Felix, kube-proxy heeds readiness, the names of ports, and the traffic policies.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from calico_engine.controllers.reading import Struct, Unconvertible
from calico_engine.controllers.services import service_index
from calico_engine.datastore import Datastore
from calico_engine.frozen import frozen
from calico_engine.packets import SCTP, TCP, UDP, find_address, format_address

#: (version, address)
Address = tuple[int, int]
#: (namespace, name)
ServiceId = tuple[str, str]

_SERVICE_LABEL: Final = "kubernetes.io/service-name"
_PROTOCOLS: Final = {"": TCP, "TCP": TCP, "UDP": UDP, "SCTP": SCTP}
_PORTS: Final = range(1, 65536)
_NODE_PORT_TYPES: Final = ("NodePort", "LoadBalancer")


class Front(enum.Enum):
    """Which of a Service's addresses a client uses."""

    CLUSTER_IP = "ClusterIP"
    EXTERNAL = "external IP"
    LOAD_BALANCER = "load-balancer IP"
    NODE_PORT = "NodePort"


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
class ServicePort:
    """One port of a Service, with the addresses under which it is reached."""

    service: ServiceId
    name: str
    protocol: int
    port: int
    node_port: int
    fronts: tuple[tuple[Address, Front], ...]
    local_inside: bool
    local_outside: bool
    headless: bool

    def __str__(self) -> str:
        protocol = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}[self.protocol]
        return f"Service {self.service[0]}/{self.service[1]} {protocol}/{self.port}"


class ServiceTable:
    """The Services of a datastore; what kube-proxy could not read is left out."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore
        self._endpoints: dict[ServicePort, list[tuple[Backend, bool]]] = {}

    @cached_property
    def ids(self) -> frozenset[ServiceId]:
        """Every Service that exists."""
        return frozenset((namespace, name) for namespace, name, _ in self._objects("Service"))

    @cached_property
    def ports(self) -> tuple[ServicePort, ...]:
        """Every port of every Service."""
        found: list[ServicePort] = []
        for namespace, name, value in self._objects("Service"):
            try:
                found += _ports((namespace, name), Struct.of(value))
            except Unconvertible:
                continue
        return tuple(found)

    def at(self, address: Address, protocol: int, port: int | None) -> tuple[ServicePort, Front] | None:
        """The port that is reached at this address; None if kube-proxy does not translate it."""
        served = self._by_address.get(address, ())
        return next(((p, front) for p, front in served if (p.protocol, p.port) == (protocol, port)), None)

    def owner(self, address: Address) -> ServiceId | None:
        """The Service that has the address, on whatever port."""
        return next((port.service for port, _ in self._by_address.get(address, ())), None)

    def node_port(self, protocol: int, port: int | None) -> ServicePort | None:
        """The port that every node serves under this number."""
        if not port:
            return None
        return next((p for p in self.ports if p.node_port == port and p.protocol == protocol), None)

    def backends(self, port: ServicePort, version: int, node: str | None = None) -> tuple[Backend, ...]:
        """The ready endpoints of one IP version, or those on one node; if there are none, terminating ones that serve."""
        if port not in self._endpoints:
            self._endpoints[port] = [
                each for obj in self._slices.get(port.service, ()) for each in _backends(obj, port)
            ]
        wanted = [e for e in self._endpoints[port] if e[0].address[0] == version and node in (None, e[0].node)]
        ready = {each for each, is_ready in wanted if is_ready} or {each for each, _ in wanted}
        return tuple(sorted(ready, key=lambda each: (each.address, each.port)))

    def _objects(self, kind: str) -> Iterator[tuple[str, str, Mapping[str, object]]]:
        """(namespace, name, value) of all of a kind."""
        for (found, namespace, name), entry in self._datastore.kubernetes.items():
            if found == kind:
                yield namespace, name, entry.value.value

    @cached_property
    def _by_address(self) -> Mapping[Address, list[tuple[ServicePort, Front]]]:
        found: dict[Address, list[tuple[ServicePort, Front]]] = {}
        for port in self.ports:
            for address, front in port.fronts:
                found.setdefault(address, []).append((port, front))
        return found

    @cached_property
    def _slices(self) -> Mapping[ServiceId, list[Struct]]:
        found: dict[ServiceId, list[Struct]] = {}
        for namespace, _, value in self._objects("EndpointSlice"):
            try:
                obj = Struct.of(value)
                service = obj.struct("metadata").text_map("labels").get(_SERVICE_LABEL)
            except Unconvertible:
                continue
            if service:
                found.setdefault((namespace, service), []).append(obj)
        return found


def unreadable(kind: str, value: Mapping[str, object]) -> str | None:
    """Why Kubernetes' API would refuse this Service or EndpointSlice; None for one that can be read, or another kind."""
    try:
        if kind == "Service":
            deque(_ports(("", ""), Struct.of(value)), maxlen=0)
        elif kind == "EndpointSlice":
            found = service_index([value]).errors
            if found:
                return found[0][1]
            deque(_read_backends(Struct.of(value), _NO_PORT), maxlen=0)
    except Unconvertible as error:
        return str(error)
    return None


def _ports(service: ServiceId, obj: Struct) -> Iterator[ServicePort]:
    spec = obj.struct("spec")
    if spec.text("type") == "ExternalName":
        return
    fronts = tuple(_fronts(obj))
    headless = spec.text("clusterIP") == "None"
    for port in spec.structs("ports"):
        number, protocol = port.number("port"), _PROTOCOLS.get(port.text("protocol"))
        if number is None or protocol is None:
            continue
        node_port = port.number("nodePort") if spec.text("type") in _NODE_PORT_TYPES else None
        yield ServicePort(
            service=service,
            name=port.text("name"),
            protocol=protocol,
            port=number,
            node_port=node_port or 0,
            fronts=fronts,
            local_inside=spec.text("internalTrafficPolicy") == "Local",
            local_outside=spec.text("externalTrafficPolicy") == "Local",
            headless=headless,
        )


def _fronts(obj: Struct) -> Iterator[tuple[Address, Front]]:
    spec = obj.struct("spec")
    cluster_ips = spec.texts("clusterIPs") or (spec.text("clusterIP"),)
    yield from ((address, Front.CLUSTER_IP) for address in _addresses(cluster_ips))
    yield from ((address, Front.EXTERNAL) for address in _addresses(spec.texts("externalIPs")))
    if spec.text("type") == "LoadBalancer":
        entries = obj.struct("status").struct("loadBalancer").structs("ingress")
        # With ipMode Proxy the load balancer itself sends to nodes, and kube-proxy leaves its address alone.
        texts = [entry.text("ip") for entry in entries if entry.text("ipMode") != "Proxy"]
        yield from ((address, Front.LOAD_BALANCER) for address in _addresses(texts))


def _backends(obj: Struct, port: ServicePort) -> list[tuple[Backend, bool]]:
    """Every endpoint that may be used, and whether it is ready; none of what cannot be read."""
    try:
        return list(_read_backends(obj, port))
    except Unconvertible:
        return []


def _read_backends(obj: Struct, port: ServicePort) -> Iterator[tuple[Backend, bool]]:
    numbers = [
        number
        for each in obj.structs("ports")
        if each.text("name") == port.name and _PROTOCOLS.get(each.text("protocol")) == port.protocol
        if (number := each.number("port")) in _PORTS and number is not None
    ]
    for endpoint in obj.structs("endpoints"):
        conditions, target = endpoint.struct("conditions"), endpoint.struct("targetRef")
        ready = not conditions.given("ready") or conditions.flag("ready")
        if not ready and not (conditions.flag("serving") and conditions.flag("terminating")):
            continue
        name = f"{target.text('namespace')}/{target.text('name')}" if target.text("kind") == "Pod" else ""
        node = endpoint.text("nodeName")
        # kube-proxy takes the first address of an endpoint alone.
        for address in list(_addresses(endpoint.texts("addresses")))[:1]:
            for number in numbers:
                yield Backend(address, number, name, node), ready


_NO_PORT = ServicePort(
    service=("", ""),
    name="",
    protocol=TCP,
    port=0,
    node_port=0,
    fronts=(),
    local_inside=False,
    local_outside=False,
    headless=False,
)


def _addresses(texts: Iterable[str]) -> Iterator[Address]:
    return (address for address in map(find_address, texts) if address is not None)
