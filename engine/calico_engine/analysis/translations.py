"""Connections that kube-proxy (iptables mode) translates: to a Service, by whatever address, or to a NodePort of a node.

The node that translates asks its policy about the packet with both destinations; behind it the packet is an ordinary one,
whose source is that node where kube-proxy masquerades. Source: kubernetes pkg/proxy/iptables/proxier.go, syncProxyRules.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace

from calico_engine.analysis.choices import listed
from calico_engine.analysis.kubernetes_services import Address, Backend, Front, ServicePort, ServiceTable
from calico_engine.analysis.parties import Directory, Party, is_loopback
from calico_engine.analysis.services import Service
from calico_engine.analysis.ways import uplink
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.hosts import LOOPBACK
from calico_engine.errors import OutOfScope, UnknownReference, quoted
from calico_engine.frozen import frozen
from calico_engine.packets import PORT_PROTOCOLS, Packet, find_address, format_address

PREFIX = "svc/"
_MOST_TRANSLATIONS = 2_000


@frozen
class Fronted:
    """What the question asks for, before translation. `node` is the one whose NodePort is asked."""

    port: ServicePort
    front: Front
    addresses: tuple[Address, ...]
    number: int
    node: Party | None = None


@frozen
class Translation:
    """One way that the connection may take: from `source` to the Service's address, translated on `node`."""

    fronted: Fronted
    source: Address
    virtual: Address
    node: str
    backend: Backend
    receiver: Party
    masqueraded: bool


class Translator:
    """Finds what kube-proxy translates, and the packets that come of it."""

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
        return None if address is None or found is None else Fronted(*found, (address,), found[0].port)

    def node_port(self, receiver: Party, service: Service) -> Fronted | None:
        """The NodePort that is asked for at a node; None if nobody serves it."""
        port = self._table.node_port(service.protocol, service.port) if receiver.is_host else None
        if port is None:
            return None
        if any(is_loopback(address) for address in receiver.addresses):
            raise OutOfScope(f"a NodePort ({port}) asked for on the loopback is not modelled; name the node")
        return Fronted(port, Front.NODE_PORT, receiver.addresses, port.node_port, receiver)

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

    def packets(
        self, sender: Party, translation: Translation, service: Service, source_port: int | None
    ) -> list[Packet]:
        """The first packet as every node on the way sees it: before, at and behind the node that translates."""
        return list(self._packets(sender, translation, service, source_port))

    def assumptions(self, translations: list[Translation]) -> Iterator[str]:
        """What the answer rests on, once for each thing."""
        first = translations[0]
        port = first.fronted.port
        backends = list(dict.fromkeys(str(each.backend) for each in translations))
        yield f"kube-proxy in iptables mode translates {port} to {'one of ' * (len(backends) > 1)}{listed(backends)}"
        for node in dict.fromkeys(t.node for t in translations if t.masqueraded and t.receiver.node != t.node):
            yield f"node {node} sends on what it translates with its own address as the source (kube-proxy masquerades)"

    def port_edges(self) -> set[int]:
        """The ports of Services and NodePorts, and the numbers behind them."""
        return {edge for port in self._table.ports for n in (port.port, port.node_port) for edge in (n, n + 1)}

    def passed_by(self, destination: str, service: Service) -> Iterator[str]:
        """The assumption that belongs to a Service's address on a port that the Service does not serve."""
        address = find_address(destination)
        owner = None if address is None else self._table.owner(address)
        if owner is not None:
            name = f"Service {owner[0]}/{owner[1]}"
            yield f"{destination} belongs to {name}, which does not serve {service}: kube-proxy does not translate it"

    def _named(self, destination: str, service: Service) -> Fronted:
        _, namespace, name = destination.split("/")
        if (namespace, name) not in self._table.ids:
            known = [f"{PREFIX}{there}/{called}" for there, called in sorted(self._table.ids)]
            close = difflib.get_close_matches(destination[:100], known, n=3, cutoff=0.5)
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise UnknownReference(f"{quoted(destination)} is no Service of these manifests{hint}")
        if service.protocol not in PORT_PROTOCOLS or service.port is None:
            raise ValueError(f"a Service is asked for with a port of TCP, UDP or SCTP, such as tcp/80, not {service}")
        ports = [port for port in self._table.ports if port.service == (namespace, name)]
        if any(port.headless for port in ports):
            raise OutOfScope(f"{quoted(destination)} is headless: its name stands for its pods; name one of them")
        asked = (service.protocol, service.port)
        port = next((port for port in ports if (port.protocol, port.port) == asked), None)
        if port is None:
            served = ", ".join(str(port).rpartition(" ")[2] for port in ports) or "none"
            raise UnknownReference(f"{quoted(destination)} does not serve {service}; its ports: {served}")
        addresses = tuple(address for address, front in port.fronts if front is Front.CLUSTER_IP)
        if not addresses:
            raise UnknownReference(f"no ClusterIP is known of {quoted(destination)}")
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
                    if source[0] != virtual[0]:
                        continue
                    for backend in self._table.backends(fronted.port, virtual[0], node if local else None):
                        receiver = self._party(backend.address)
                        yield Translation(fronted, source, virtual, node, backend, receiver, masqueraded)

    def _translating_nodes(self, sender: Party, fronted: Fronted) -> list[str]:
        """The sender's own node, unless a node was named; from outside, the balancer or router may choose any."""
        if fronted.node is not None and fronted.node.node is not None:
            return [fronted.node.node]
        return [sender.node] if sender.node is not None else sorted(self._compiled.nodes)

    def _party(self, address: Address) -> Party:
        return self._directory.find(format_address(address[1], address[0]))

    def _why_none(self, sender: Party, fronted: Fronted) -> str:
        port = fronted.port
        if not any(self._table.backends(port, version) for version in (4, 6)):
            return f"{port} has no ready endpoints: kube-proxy rejects the connection, whatever the policy"
        versions = {address[0] for address in fronted.addresses} & {address[0] for address in sender.addresses}
        if not any(self._table.backends(port, version) for version in versions):
            return f"{port}: the sender, the Service's address and its endpoints share no IP version"
        return (
            f"{port} has no ready endpoint on the node that translates, and its traffic policy is Local: it is dropped"
        )

    def _packets(
        self, sender: Party, translation: Translation, service: Service, source_port: int | None
    ) -> Iterator[Packet]:
        node, receiver = translation.node, translation.receiver
        plain = Packet(
            node=node,
            version=translation.virtual[0],
            source=translation.source[1],
            destination=translation.virtual[1],
            protocol=service.protocol,
            source_port=source_port,
            destination_port=translation.fronted.number,
        )
        if sender.node not in (None, node):
            yield self._sent(plain, sender, translation.source)
        after = replace(plain, destination=translation.backend.address[1], destination_port=translation.backend.port)
        yield from self._translated(plain, after, sender, translation)
        if receiver.node not in (None, node):
            source = self._masqueraded_source(translation) if translation.masqueraded else translation.source
            yield self._received(replace(after, source=source[1]), receiver, translation.backend.address)

    def _sent(self, packet: Packet, sender: Party, source: Address) -> Packet:
        """On the sender's node, on its way to another node, which translates."""
        node = sender.node or ""
        came = sender.interface if sender.workload else None
        out = uplink(self._compiled, node, source, None if sender.workload else sender.interface)
        return replace(packet, node=node, in_interface=came, out_interface=out)

    def _translated(self, before: Packet, after: Packet, sender: Party, translation: Translation) -> Iterator[Packet]:
        """On the node that translates; a host's own packet to a port of its own goes over the loopback in the end."""
        node, receiver = translation.node, translation.receiver
        came = self._came_in_on(sender, translation)
        goes = self._goes_out_on(sender, translation)
        packet = replace(
            after, pre_dnat_destination=before.destination, pre_dnat_port=before.destination_port, in_interface=came
        )
        if came is not None:
            yield replace(packet, out_interface=goes)
            return
        own = translation.virtual in self._compiled.host(node).addresses or translation.fronted.node is not None
        named = sender.interface if sender.is_host else None
        first = LOOPBACK if own else uplink(self._compiled, node, translation.source, named)
        yield replace(packet, out_interface=goes or LOOPBACK, pre_dnat_out_interface=first)
        if receiver.node == node and receiver.is_host:
            yield replace(after, in_interface=LOOPBACK)

    def _came_in_on(self, sender: Party, translation: Translation) -> str | None:
        if sender.node == translation.node:
            return sender.interface if sender.workload else None
        named = translation.fronted.node.interface if translation.fronted.node else None
        return uplink(self._compiled, translation.node, translation.virtual, named)

    def _goes_out_on(self, sender: Party, translation: Translation) -> str | None:
        receiver = translation.receiver
        if receiver.node == translation.node:
            return receiver.interface if receiver.workload else None
        named = sender.interface if sender.is_host and sender.node == translation.node else None
        return uplink(self._compiled, translation.node, None, named)

    def _received(self, packet: Packet, receiver: Party, address: Address) -> Packet:
        """On the backend's node, which sees nothing of the translation."""
        node = receiver.node or ""
        came = uplink(self._compiled, node, address if receiver.is_host else None, None)
        out = receiver.interface if receiver.workload else None
        return replace(packet, node=node, in_interface=came, out_interface=out)

    def _masqueraded_source(self, translation: Translation) -> Address:
        """The translating node's own address on its way out, as the kernel's MASQUERADE takes it."""
        node, version = translation.node, translation.virtual[0]
        interfaces = self._compiled.host(node).interfaces
        out = interfaces.get(uplink(self._compiled, node, None, None), ())
        return next((address for address in out if address[0] == version), translation.virtual)


def _only_local(sender: Party, fronted: Fronted, *, inside: bool) -> bool:
    """Whether a traffic policy leaves the translating node's own endpoints alone.

    The external policy holds for what comes from outside: pods, and the node's own processes, may use all endpoints.
    """
    if fronted.front is Front.CLUSTER_IP:
        return fronted.port.local_inside
    return fronted.port.local_outside and not inside and sender.workload is None


def _masquerades(fronted: Fronted, *, inside: bool) -> bool:
    """Everything that comes by an address for the outside, unless the client is to be seen."""
    return fronted.front is not Front.CLUSTER_IP and (inside or not fronted.port.local_outside)
