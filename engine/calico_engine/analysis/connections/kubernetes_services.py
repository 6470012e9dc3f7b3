"""Services as kube-proxy reads them: which address and port is translated, for whom, and to which backends.

Sources: kubernetes pkg/proxy/serviceport.go, servicechangetracker.go, iptables/proxier.go (v1.34).
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from calico_engine.analysis.connections.service_endpoints import (
    PROTOCOLS,
    Address,
    Endpoint,
    Place,
    Usable,
    read_addresses,
    read_endpoints,
    usable,
)
from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible, WrongType
from calico_engine.controllers.kubernetes.services import service_index
from calico_engine.datastore import Datastore
from calico_engine.frozen import frozen
from calico_engine.networks import Network, parse_network
from calico_engine.packets import SCTP, TCP, UDP

#: (namespace, name)
ServiceId = tuple[str, str]

_SERVICE_LABEL: Final = "kubernetes.io/service-name"
_PROXY_LABEL: Final = "service.kubernetes.io/service-proxy-name"
_HEADLESS_LABEL: Final = "service.kubernetes.io/headless"
_NEARNESS: Final = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")
_NODE_PORT_TYPES: Final = ("NodePort", "LoadBalancer")


class Front(enum.Enum):
    """Which of a Service's addresses a client uses."""

    CLUSTER_IP = "ClusterIP"
    EXTERNAL = "external IP"
    LOAD_BALANCER = "load-balancer IP"
    NODE_PORT = "NodePort"


@frozen
class KubernetesService:
    """What is said of all ports of a Service.

    `proxy`: the program that serves it instead of kube-proxy. `nearness`: the field by which it asks for near endpoints.
    `ranges`: who may use the load balancer's addresses; without any of an IP version, everybody.
    """

    id: ServiceId
    fronts: tuple[tuple[Address, Front], ...]
    local_inside: bool
    local_outside: bool
    headless: bool
    sticky: bool
    nearness: str
    proxy: str | None
    ranges: tuple[Network, ...]

    def __str__(self) -> str:
        return f"Service {self.id[0]}/{self.id[1]}"

    def admits(self, source: Address) -> bool:
        """Whether a client may use the load balancer's addresses."""
        version, address = source
        ranges = [each for each in self.ranges if each.version == version]
        return not ranges or any(int(each[0]) <= address <= int(each[-1]) for each in ranges)


@frozen
class ServicePort:
    """One port of a Service."""

    service: KubernetesService
    name: str
    protocol: int
    port: int
    node_port: int

    def __str__(self) -> str:
        protocol = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}[self.protocol]
        return f"{self.service} {protocol}/{self.port}"


class ServiceTable:
    """The Services of a datastore; what kube-proxy could not read is left out."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore
        self._endpoints: dict[ServicePort, list[Endpoint]] = {}

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
        """The port that is reached at this address; None if there is none."""
        served = self.ports_at(address)
        return next(((p, front) for p, front in served if (p.protocol, p.port) == (protocol, port)), None)

    def ports_at(self, address: Address) -> Sequence[tuple[ServicePort, Front]]:
        """All ports that are reached at this address."""
        return self._by_address.get(address, ())

    def node_port(self, protocol: int, port: int | None) -> ServicePort | None:
        """The port that every node serves under this number."""
        if not port:
            return None
        return next((p for p in self.ports if p.node_port == port and p.protocol == protocol), None)

    def has_slices(self, port: ServicePort) -> bool:
        """Whether there is an EndpointSlice of the Service at all: a cluster has one, be it empty."""
        return port.service.id in self._slices

    def usable(self, port: ServicePort, version: int, place: Place | None = None, *, local: bool = False) -> Usable:
        """The backends of one IP version that kube-proxy at this place takes, or those of the whole cluster."""
        if port not in self._endpoints:
            self._endpoints[port] = [
                each for obj in self._slices.get(port.service.id, ()) for each in _endpoints(obj, port)
            ]
        wanted = [each for each in self._endpoints[port] if each.backend.address[0] == version]
        return usable(wanted, place, local=local)

    def _objects(self, kind: str) -> Iterator[tuple[str, str, Mapping[str, object]]]:
        """(namespace, name, value) of all of a kind."""
        for (_, namespace, name), entry in self._datastore.kubernetes.kind(kind).items():
            yield namespace, name, entry.value.value

    @cached_property
    def _by_address(self) -> Mapping[Address, list[tuple[ServicePort, Front]]]:
        found: dict[Address, list[tuple[ServicePort, Front]]] = {}
        for port in self.ports:
            for address, front in port.service.fronts:
                found.setdefault(address, []).append((port, front))
        return found

    @cached_property
    def _slices(self) -> Mapping[ServiceId, list[Struct]]:
        """kube-proxy does not ask for those of other proxies and of headless Services (cmd/kube-proxy/app/server.go)."""
        found: dict[ServiceId, list[Struct]] = {}
        for namespace, _, value in self._objects("EndpointSlice"):
            try:
                obj = Struct.of(value)
                labels = obj.struct("metadata").text_map("labels")
            except Unconvertible:
                continue
            if labels.get(_SERVICE_LABEL) and _PROXY_LABEL not in labels and _HEADLESS_LABEL not in labels:
                found.setdefault((namespace, labels[_SERVICE_LABEL]), []).append(obj)
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
            deque(read_endpoints(Struct.of(value), "", TCP), maxlen=0)
    except Unconvertible as error:
        return str(error)
    return None


def _ports(service: ServiceId, obj: Struct) -> Iterator[ServicePort]:
    spec = obj.struct("spec")
    if spec.text("type") == "ExternalName":
        return
    whole = _service(service, obj)
    for port in spec.structs("ports"):
        number, protocol = port.number("port"), PROTOCOLS.get(port.text("protocol"))
        if number is None or protocol is None:
            continue
        node_port = port.number("nodePort") if spec.text("type") in _NODE_PORT_TYPES else None
        yield ServicePort(whole, port.text("name"), protocol, number, node_port or 0)


def _service(service: ServiceId, obj: Struct) -> KubernetesService:
    spec, metadata = obj.struct("spec"), obj.struct("metadata")
    headless = spec.text("clusterIP") == "None"
    return KubernetesService(
        id=service,
        fronts=() if headless else tuple(_fronts(obj)),
        local_inside=spec.text("internalTrafficPolicy") == "Local",
        local_outside=spec.text("externalTrafficPolicy") == "Local",
        headless=headless,
        sticky=spec.text("sessionAffinity") == "ClientIP",
        nearness=_nearness(spec, metadata),
        proxy=metadata.text_map("labels").get(_PROXY_LABEL),
        ranges=tuple(_ranges(spec)),
    )


def _fronts(obj: Struct) -> Iterator[tuple[Address, Front]]:
    spec = obj.struct("spec")
    cluster_ips = spec.texts("clusterIPs") or (spec.text("clusterIP"),)
    yield from ((address, Front.CLUSTER_IP) for address in read_addresses(cluster_ips))
    yield from ((address, Front.EXTERNAL) for address in read_addresses(spec.texts("externalIPs")))
    if spec.text("type") == "LoadBalancer":
        entries = obj.struct("status").struct("loadBalancer").structs("ingress")
        # With ipMode Proxy the load balancer itself sends to nodes, and kube-proxy leaves its address alone.
        texts = [entry.text("ip") for entry in entries if entry.text("ipMode") != "Proxy"]
        yield from ((address, Front.LOAD_BALANCER) for address in read_addresses(texts))


def _ranges(spec: Struct) -> Iterator[Network]:
    """Kubernetes' validation lets blanks around a network pass, and kube-proxy takes them away."""
    for index, text in enumerate(spec.texts("loadBalancerSourceRanges")):
        try:
            if "/" not in text:
                raise ValueError
            yield parse_network(text.strip())
        except ValueError:
            path = f"{spec.path}.loadBalancerSourceRanges[{index}]"
            raise WrongType(path, "a network such as 203.0.113.0/24") from None


def _nearness(spec: Struct, metadata: Struct) -> str:
    wanted = spec.text("trafficDistribution")
    if wanted:
        return f"trafficDistribution {wanted}"
    annotations = metadata.text_map("annotations")
    return next((f"{key} {annotations[key]}" for key in _NEARNESS if annotations.get(key) in ("Auto", "auto")), "")


def _endpoints(obj: Struct, port: ServicePort) -> list[Endpoint]:
    """Every endpoint that may be used; none of what cannot be read."""
    try:
        return list(read_endpoints(obj, port.name, port.protocol))
    except Unconvertible:
        return []
