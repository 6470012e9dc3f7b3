"""Connections that kube-proxy (iptables mode) translates: to a Service, by whatever address, or to a NodePort of a node.

Source: kubernetes pkg/proxy/iptables/proxier.go, syncProxyRules.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from calico_engine.analysis.connections.kubernetes_services import Front, KubernetesService, ServicePort, ServiceTable
from calico_engine.analysis.connections.parties import Directory, Party, is_loopback
from calico_engine.analysis.connections.service_endpoints import ZONE_LABEL, Address, Place
from calico_engine.analysis.connections.services import Service
from calico_engine.analysis.connections.translation_remarks import kept_out
from calico_engine.analysis.connections.translations import Fronted, Translation
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.errors import OutOfScope, UnknownReference, quoted
from calico_engine.packets import PORT_PROTOCOLS, find_address, format_address
from calico_engine.resources import Node

PREFIX = "svc/"
_MOST_TRANSLATIONS = 2_000
_MOST_PORTS = 2_000


class Translator:
    """Finds what kube-proxy translates."""

    def __init__(self, compiled: CompiledCluster, directory: Directory) -> None:
        self._compiled = compiled
        self._directory = directory
        self._table = ServiceTable(compiled.datastore)

    def by_name_or_address(self, destination: str, service: Service) -> Fronted | None:
        """The Service that is `svc/NAMESPACE/NAME`, or that has this address; None if it is something else."""
        if destination.startswith(PREFIX) and destination.count("/") == 2:
            return self._named(destination, service)
        address = find_address(destination)
        found = None if address is None else self._table.at(address, service.protocol, service.port)
        if address is None or found is None:
            return None
        _check_proxy(found[0].service)
        return Fronted(*found, (address,), found[0].port)

    def at_node(self, receiver: Party, service: Service) -> Fronted | None:
        """The Service that is asked for at a node: by its NodePort, or by an address that is the node's too, or None."""
        if not receiver.is_host:
            return None
        port = self._table.node_port(service.protocol, service.port)
        if port is None:
            return self._by_own_address(receiver, service)
        _check_proxy(port.service)
        if any(is_loopback(address) for address in receiver.addresses):
            raise OutOfScope(f"a NodePort ({port}) asked for on the loopback is not modelled; name the node")
        return Fronted(port, Front.NODE_PORT, receiver.addresses, port.node_port, receiver)

    def left_aside(self, receiver: Party, service: Service) -> Mapping[int, ServicePort]:
        """Where the question leaves the port open, the ports among them that kube-proxy translates."""
        if service.protocol not in PORT_PROTOCOLS or service.port is not None:
            return {}
        found = {port.port: port for address in receiver.addresses for port, _ in self._table.ports_at(address)}
        if receiver.is_host:
            found |= {port.node_port: port for port in self._table.ports if port.node_port}
        found = {number: port for number, port in found.items() if port.protocol == service.protocol}
        if len(found) > _MOST_PORTS:
            raise OutOfScope(f"kube-proxy translates {len(found)} of the ports in question; give the one that is meant")
        return found

    def translations(self, sender: Party, fronted: Fronted) -> list[Translation]:
        """Every way that the connection may take; OutOfScope where kube-proxy refuses it, or nobody knows the way."""
        if any(is_loopback(address) for address in sender.addresses):
            raise OutOfScope("a connection from the loopback to a Service is not modelled; name the node")
        if sender.node is None and fronted.front is Front.CLUSTER_IP:
            raise OutOfScope("a ClusterIP is known inside the cluster only; ask for a NodePort, or from a node or pod")
        found: list[Translation] = []
        for translation in self._translations(sender, fronted):
            if len(found) == _MOST_TRANSLATIONS:
                raise OutOfScope(f"{fronted.port} has too many ways to its backends to try them all")
            found.append(translation)
        if not found:
            raise OutOfScope(self._why_none(sender, fronted))
        return found

    def owns(self, address: Address) -> bool:
        """Whether a Service has the address."""
        return bool(self._table.ports_at(address))

    def port_edges(self) -> set[int]:
        """The ports of Services and NodePorts, and the numbers behind them."""
        return {edge for port in self._table.ports for n in (port.port, port.node_port) for edge in (n, n + 1)}

    def passed_by(self, destination: str, service: Service) -> Iterator[str]:
        """The assumption that belongs to a Service's address on a port that the Service does not serve."""
        address = find_address(destination)
        ports = [] if address is None else self._table.ports_at(address)
        if ports:
            owner = ports[0][0].service
            yield f"{destination} belongs to {owner}, which does not serve {service}: kube-proxy does not translate it"

    def _by_own_address(self, receiver: Party, service: Service) -> Fronted | None:
        found = {address: self._table.at(address, service.protocol, service.port) for address in receiver.addresses}
        served = [(address, *each) for address, each in found.items() if each is not None]
        if not served:
            return None
        address, port, front = served[0]
        _check_proxy(port.service)
        if any(each != (port, front) for each in found.values()):
            shown = format_address(address[1], address[0])
            raise OutOfScope(
                f"the node's address {shown} is one of {port.service} too, its others are not; name the address"
            )
        return Fronted(port, front, receiver.addresses, port.port)

    def _named(self, destination: str, service: Service) -> Fronted:
        _, namespace, name = destination.split("/")
        if (namespace, name) not in self._table.ids:
            known = [f"{PREFIX}{there}/{called}" for there, called in sorted(self._table.ids)]
            close = difflib.get_close_matches(destination[:100], known, n=3, cutoff=0.5)
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise UnknownReference(f"{quoted(destination)} is no Service of these manifests{hint}")
        if service.protocol not in PORT_PROTOCOLS or service.port is None:
            raise ValueError(f"a Service is asked for with a port of TCP, UDP or SCTP, such as tcp/80, not {service}")
        ports = [port for port in self._table.ports if port.service.id == (namespace, name)]
        if not ports:
            raise OutOfScope(f"{quoted(destination)} has no ports for kube-proxy to serve, as an ExternalName has none")
        _check_proxy(ports[0].service)
        if ports[0].service.headless:
            raise OutOfScope(f"{quoted(destination)} is headless: its name stands for its pods; name one of them")
        asked = (service.protocol, service.port)
        port = next((port for port in ports if (port.protocol, port.port) == asked), None)
        if port is None:
            served = ", ".join(str(port).rpartition(" ")[2] for port in ports)
            raise UnknownReference(f"{quoted(destination)} does not serve {service}; its ports: {served}")
        addresses = tuple(address for address, front in port.service.fronts if front is Front.CLUSTER_IP)
        if not addresses:
            raise UnknownReference(
                f"no ClusterIP is known of {quoted(destination)}: the cluster's own spec.clusterIP tells"
            )
        return Fronted(port, Front.CLUSTER_IP, addresses, port.port)

    def _translations(self, sender: Party, fronted: Fronted) -> Iterator[Translation]:
        for node in self._translating_nodes(sender, fronted):
            inside = sender.node == node and sender.is_host
            local = _only_local(sender, fronted, inside=inside)
            masqueraded = _masquerades(fronted, inside=inside)
            for virtual in fronted.addresses:
                # To an address of its own a node sends from that very address (the kernel's local route).
                own = inside and fronted.node is not None and not sender.by_address
                for source in (virtual,) if own else sender.addresses:
                    if source[0] != virtual[0] or not fronted.admits(sender, source):
                        continue
                    found = self._table.usable(fronted.port, virtual[0], self._place(node), local=local)
                    for backend in found.backends:
                        receiver = self._party(backend.address)
                        yield Translation(fronted, source, virtual, node, backend, receiver, masqueraded, found)

    def _translating_nodes(self, sender: Party, fronted: Fronted) -> list[str]:
        """The sender's own node, unless a node was named; from outside, the balancer or router may choose any.

        What is an address of nodes comes to one of these.
        """
        if fronted.node is not None and fronted.node.node is not None:
            return [fronted.node.node]
        if sender.node is not None:
            return [sender.node]
        nodes = sorted(self._compiled.nodes)
        owners = [node for node in nodes if fronted.addresses[0] in self._compiled.host(node).addresses]
        return owners or nodes

    def _party(self, address: Address) -> Party:
        return self._directory.find(format_address(address[1], address[0]))

    def _place(self, node: str) -> Place:
        entry = self._compiled.datastore.get(Node.KIND, node)
        return Place(node, "" if entry is None else entry.resource.metadata.labels.get(ZONE_LABEL, ""))

    def _why_none(self, sender: Party, fronted: Fronted) -> str:
        port = fronted.port
        if not self._table.has_slices(port):
            return f"no EndpointSlice of {port.service} is among these manifests: its endpoints are not known"
        if not any(self._table.usable(port, version).backends for version in (4, 6)):
            return f"{port} has no ready endpoints: kube-proxy rejects the connection, whatever the policy"
        versions = {address[0] for address in fronted.addresses} & {address[0] for address in sender.addresses}
        if not any(self._table.usable(port, version).backends for version in versions):
            return f"{port}: the sender, the Service's address and its endpoints share no IP version"
        refused = fronted.kept_out(sender)
        if refused:
            return f"{kept_out(fronted, refused[0])}, whatever the policy"
        return (
            f"{port} has no ready endpoint on the node that translates, and its traffic policy is Local: it is dropped"
        )


def _check_proxy(service: KubernetesService) -> None:
    if service.proxy is not None:
        name = f"the proxy {quoted(service.proxy)}, which"
        raise OutOfScope(
            f"{service} is left to {name} is not modelled (label service.kubernetes.io/service-proxy-name)"
        )


def _only_local(sender: Party, fronted: Fronted, *, inside: bool) -> bool:
    """Whether a traffic policy leaves the translating node's own endpoints alone.

    The external policy holds for what comes from outside: pods, and the node's own processes, may use all endpoints.
    """
    if fronted.front is Front.CLUSTER_IP:
        return fronted.port.service.local_inside
    return fronted.port.service.local_outside and not inside and sender.workload is None


def _masquerades(fronted: Fronted, *, inside: bool) -> bool:
    """Everything that comes by an address for the outside, unless the client is to be seen."""
    return fronted.front is not Front.CLUSTER_IP and (inside or not fronted.port.service.local_outside)
