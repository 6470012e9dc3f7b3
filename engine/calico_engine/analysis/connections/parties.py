"""Who takes part in a connection: a node, a pod, or an address outside, found by name or by address."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain

from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import Endpoints, FelixEndpoint
from calico_engine.compiler.hosts import LOOPBACK, Address, described_addresses, node_addresses, tunnel_addresses
from calico_engine.datastore import Entry, Key
from calico_engine.errors import UnknownReference, printable, quoted
from calico_engine.frozen import frozen
from calico_engine.packets import find_address
from calico_engine.resources import Host, Node, WorkloadEndpoint

_KINDS = "address, node, host endpoint (hep/NAME) or pod (NAMESPACE/NAME)"


@frozen
class Party:
    """One end. `node` is None outside the cluster; `workload` is set for a pod; `addresses` are the candidates.

    `by_address`: the question named this very address.
    """

    node: str | None
    addresses: tuple[Address, ...]
    workload: FelixEndpoint | None = None
    interface: str | None = None
    by_address: bool = False

    @property
    def is_host(self) -> bool:
        return self.node is not None and self.workload is None


class Directory:
    """Finds parties in a cluster."""

    def __init__(self, compiled: CompiledCluster) -> None:
        self._compiled = compiled

    def find(self, name: str) -> Party:
        """The party of this name or address; UnknownReference if there is none or if the name is two things."""
        address = find_address(name)
        found = [*self._named(name)]
        if address is not None:
            found += [(what, party) for what, party in self._owned(address) if party.node != name or party.workload]
        if len(found) > 1:
            listed = " and ".join(printable(what) for what, _ in found[:4])
            raise UnknownReference(f"{quoted(name)} is two things: {listed}")
        if found:
            return found[0][1]
        if address is None:
            raise UnknownReference(self._unknown(name))
        return Party(None, (address,), by_address=True)

    def name_of(self, address: Address) -> str | None:
        """The node or pod that owns the address; None if nobody does, or several."""
        owners = self._owned(address)
        if len(owners) != 1:
            return None
        _, party = owners[0]
        if party.workload is None:
            return party.node
        owner = party.workload.id
        return f"{owner.namespace}/{self._pod_names.get((owner.namespace, owner.name)) or owner.name}"

    def owns(self, address: Address) -> bool:
        """Whether a node or pod owns the address."""
        return bool(self._owned(address))

    def _named(self, name: str) -> Iterable[tuple[str, Party]]:
        if name in self._compiled.nodes:
            # A node may be called by its address; without anything else to go by it is its address as well.
            named = [address for address in (find_address(name),) if address is not None]
            yield f"the node {name}", Party(name, tuple(_own_addresses(self._compiled, name)) or tuple(named))
        prefix, slash, rest = name.partition("/")
        if not slash:
            return
        if prefix == "hep":
            found = self._compiled.model.host_endpoints.by_name.get(("", rest))
            if found is not None:
                yield f"the host endpoint {rest}", self._host_endpoint(found)
        for endpoint in self._pods(prefix, rest):
            yield f"the pod {name}", _pod(endpoint)

    def _pods(self, namespace: str, name: str) -> Iterable[FelixEndpoint]:
        """By the name of the pod, or of its endpoint."""
        by_name = self._compiled.model.workload_endpoints.by_name
        names = {name, *self._by_pod.get((namespace, name), ())}
        return [by_name[namespace, each] for each in sorted(names) if (namespace, each) in by_name]

    @property
    def _pod_names(self) -> Mapping[tuple[str, str], str]:
        return self._compiled.reuse.of(_pod_names, *self._compiled.datastore.tables(WorkloadEndpoint))

    @cached_property
    def _by_pod(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        return self._compiled.reuse.of(_endpoint_names, self._pod_names)

    def _unknown(self, name: str) -> str:
        model = self._compiled.model
        objects = self._compiled.datastore.kubernetes
        services = [f"svc/{namespace}/{called}" for kind, namespace, called in objects if kind == "Service"]
        if name in services:
            return f"{quoted(name)} is no {_KINDS}, but a Service, which sends nothing: name one of its pods"
        known = [
            *self._compiled.nodes,
            *(f"hep/{endpoint.id.name}" for endpoint in model.host_endpoints),
            *(f"{namespace}/{pod}" for (namespace, _), pod in self._pod_names.items()),
            *(f"{endpoint.id.namespace}/{endpoint.id.name}" for endpoint in model.workload_endpoints),
            *services,
        ]
        close = difflib.get_close_matches(name[:100].lower(), known, n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        return f"{quoted(name)} is no {_KINDS} of these manifests{hint}"

    def _host_endpoint(self, endpoint: FelixEndpoint) -> Party:
        """The node, by the interface that the endpoint names and by its own addresses, tunnels aside."""
        node = endpoint.node
        interface = endpoint.interface_name if endpoint.interface_name not in ("", "*") else None
        tunnels = _tunnels(self._compiled, node)
        candidates = (
            tuple(address for address in endpoint.addresses if address not in tunnels),
            endpoint.addresses,
            self._compiled.host(node).interfaces.get(interface or "", ()),
            tuple(_own_addresses(self._compiled, node)),
        )
        return Party(node, next(filter(None, candidates), ()), interface=interface)

    def _owned(self, address: Address) -> list[tuple[str, Party]]:
        """Every pod and node that owns the address; tunnel addresses too."""
        pods, nodes = self._owners
        found = [
            (f"the pod {pod.id.namespace}/{pod.id.name}", replace(_pod(pod), addresses=(address,), by_address=True))
            for pod in pods.get(address, ())
        ]
        names = sorted(nodes.get(address, ()))
        return found + [(f"the node {name}", Party(name, (address,), by_address=True)) for name in names]

    @cached_property
    def _owners(self) -> tuple[Mapping[Address, list[FelixEndpoint]], Mapping[Address, set[str]]]:
        compiled, reuse = self._compiled, self._compiled.reuse
        entries, model = compiled.datastore.entries, compiled.model
        of_nodes = reuse.each(_addresses_of_node, entries.kind(Node.KIND))
        of_hosts = reuse.each(described_addresses, entries.kind(Host.KIND))
        nodes = reuse.of(_nodes_by_address, of_nodes, of_hosts, model.host_endpoints)
        return reuse.of(_pods_by_address, model.workload_endpoints), nodes


def _pod(endpoint: FelixEndpoint) -> Party:
    return Party(endpoint.node, endpoint.addresses, endpoint, endpoint.interface_name)


def _pod_names(*tables: Mapping[Key, Entry]) -> Mapping[tuple[str, str], str]:
    """The pod, or other workload, of each workload endpoint."""
    resources = (entry.resource for table in tables for entry in table.values())
    return {
        (each.metadata.namespace, each.metadata.name): each.spec.pod or each.spec.workload
        for each in resources
        if isinstance(each, WorkloadEndpoint)
    }


def _endpoint_names(pods: Mapping[tuple[str, str], str]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The endpoints of each pod."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for (namespace, name), pod in pods.items():
        found[namespace, pod] = (*found.get((namespace, pod), ()), name)
    return found


def _pods_by_address(endpoints: Endpoints) -> Mapping[Address, list[FelixEndpoint]]:
    found: dict[Address, list[FelixEndpoint]] = {}
    for endpoint in endpoints:
        for address in dict.fromkeys(endpoint.addresses):
            found.setdefault(address, []).append(endpoint)
    return found


def _addresses_of_node(node: Entry) -> tuple[Address, ...]:
    return (*node_addresses(node), *tunnel_addresses(node))


def _nodes_by_address(
    nodes: Mapping[Key, tuple[Address, ...]], hosts: Mapping[Key, tuple[Address, ...]], endpoints: Endpoints
) -> Mapping[Address, set[str]]:
    """By what their Node object, their Host document and their host endpoints say."""
    found: dict[Address, set[str]] = {}
    for (_, _, name), addresses in chain(nodes.items(), hosts.items()):
        for address in addresses:
            found.setdefault(address, set()).add(name)
    for endpoint in endpoints:
        if endpoint.interface_name != LOOPBACK:
            for address in endpoint.addresses:
                found.setdefault(address, set()).add(endpoint.node)
    return {address: names for address, names in found.items() if not is_loopback(address)}


def _tunnels(compiled: CompiledCluster, node: str) -> frozenset[Address]:
    entry = compiled.datastore.get(Node.KIND, node)
    return frozenset(() if entry is None else tunnel_addresses(entry))


def _own_addresses(compiled: CompiledCluster, node: str) -> Iterable[Address]:
    """The addresses that the node itself would use, tunnels and the loopback aside."""
    tunnels = _tunnels(compiled, node)
    interfaces = compiled.host(node).interfaces
    listed = [a for name, addresses in interfaces.items() if name != LOOPBACK for a in addresses]
    return dict.fromkeys(address for address in listed if address not in tunnels)


def is_loopback(address: Address) -> bool:
    """127.0.0.0/8 or ::1."""
    version, value = address
    return value >> 24 == 127 if version == 4 else value == 1


def is_ordinary(address: Address) -> bool:
    """Whether one host among others may have the address: no loopback, multicast, broadcast or unspecified one."""
    version, value = address
    ip = ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value)
    broadcast = version == 4 and value == 2**32 - 1
    return not (ip.is_loopback or ip.is_multicast or ip.is_unspecified or broadcast)
