"""A datastore, compiled: each node on its own, when first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.conversion import convert
from calico_engine.compiler.encapsulation import encapsulation, looping_services, tunnels
from calico_engine.compiler.felix_model import FelixEndpoint, FelixModel
from calico_engine.compiler.hosts import HostModel, host_model
from calico_engine.compiler.nodes import CompiledNode, PolicyCompiler
from calico_engine.compiler.ordering import OrderedTier, in_order
from calico_engine.configuration import Action, DataplaneSettings, FelixObject, FelixParameters, effective_configuration
from calico_engine.datastore import Datastore, Entry, Key
from calico_engine.errors import InvalidConfiguration, OutOfScope, UnknownReference
from calico_engine.resources import FelixConfiguration, Host, HostEndpoint, Node, WorkloadEndpoint
from calico_engine.reuse import Reuse


class CompiledCluster:
    """Everything that readers need, made lazily and kept."""

    def __init__(self, datastore: Datastore, reuse: Reuse | None = None) -> None:
        self.datastore = datastore
        self.reuse = reuse or Reuse()
        self._compilers: dict[bool, PolicyCompiler] = {}
        self._nodes: dict[str, CompiledNode] = {}
        self._hosts: dict[str, HostModel] = {}

    @property
    def model(self) -> FelixModel:
        """Felix's view: that of a node which takes workloads with spoofed sources, if one that has some does."""
        return self._own_compiler.model

    @cached_property
    def nodes(self) -> frozenset[str]:
        """Every node that the objects mention."""
        kinds = (Node.KIND, Host.KIND, HostEndpoint.KIND, WorkloadEndpoint.KIND)
        named = (self.reuse.of(_named_nodes, self.datastore.entries.kind(kind), slot=kind) for kind in kinds)
        return self.reuse.of(_union, *named)

    def host(self, name: str) -> HostModel:
        """The node's interfaces and addresses."""
        found = self._hosts.get(name)
        if found is None:
            node, host = (self.datastore.get(kind, name) for kind in (Node.KIND, Host.KIND))
            endpoints = self.model.host_endpoints.by_node.get(name, ())
            found = self._hosts[name] = self.reuse.of(host_model, name, node, host, endpoints, slot=name)
        return found

    def node(self, name: str) -> CompiledNode:
        """The compiled node; UnknownReference if nothing mentions it, InvalidConfiguration if Felix would not start."""
        found = self._nodes.get(name)
        if found is None:
            if name not in self.nodes:
                raise UnknownReference(f"no object mentions a node {name!r}")
            found = self._nodes[name] = self._compile(name)
        return found

    def selected(self, endpoint: FelixEndpoint) -> tuple[OrderedTier, ...]:
        """The policies that apply to an endpoint, in evaluation order, staged included."""
        return self._own_compiler.selected(endpoint)

    def parameters(
        self, node: str, environment: Mapping[str, str] | None = None, config_file: str | None = None
    ) -> FelixParameters:
        """The node's effective Felix parameters."""
        entry = self.datastore.get(Node.KIND, node)
        objects = self.reuse.of(_felix_objects, *self.datastore.tables(FelixConfiguration))
        if environment is None and config_file is None:
            return self.reuse.of(_parameters, node, entry, objects, slot=node)
        return _parameters(node, entry, objects, environment, config_file)

    def _compile(self, name: str) -> CompiledNode:
        parameters = self.parameters(name)
        settings = parameters.settings
        _check_scope(name, settings)
        compiler = self._compiler(spoofing_allowed=settings.workload_source_spoofing)
        return CompiledNode(
            name,
            compiler,
            self.host(name),
            parameters,
            self.reuse.of(encapsulation, tunnels(self.datastore, self.reuse), name, settings, slot=name),
            looping_services(self.datastore, settings),
        )

    @property
    def _own_compiler(self) -> PolicyCompiler:
        return self._compiler(spoofing_allowed=self._takes_spoofed_sources)

    @cached_property
    def _takes_spoofed_sources(self) -> bool:
        nodes = self.reuse.of(_spoofing_nodes, *self.datastore.tables(WorkloadEndpoint))
        return any(self._allows_spoofing(node) for node in nodes)

    def _allows_spoofing(self, node: str) -> bool:
        try:
            return self.parameters(node).settings.workload_source_spoofing
        except InvalidConfiguration:
            return False

    def _compiler(self, *, spoofing_allowed: bool) -> PolicyCompiler:
        found = self._compilers.get(spoofing_allowed)
        if found is None:
            model = convert(self.datastore, spoofing_allowed=spoofing_allowed, reuse=self.reuse)
            ordered = self.reuse.of(in_order, model.tiers, model.policies)
            found = PolicyCompiler(model, ordered, AddressSets(model, self.reuse), self.reuse)
            self._compilers[spoofing_allowed] = found
        return found


def _named_nodes(table: Mapping[Key, Entry]) -> frozenset[str]:
    """The nodes that the objects of one kind are, or are on."""
    named = (
        resource.spec.node if isinstance(resource, HostEndpoint | WorkloadEndpoint) else resource.metadata.name
        for resource in (entry.resource for entry in table.values())
    )
    return frozenset(filter(None, named))


def _union(*sets: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*sets)


def _felix_objects(*tables: Mapping[Key, Entry]) -> tuple[FelixObject, ...]:
    found = (entry.resource for table in tables for entry in table.values())
    return tuple(
        FelixObject(c.metadata.name, c.metadata.annotations, c.spec, c.metadata.creation_timestamp)
        for c in found
        if isinstance(c, FelixConfiguration)
    )


def _parameters(
    node: str,
    entry: Entry | None,
    objects: Sequence[FelixObject],
    environment: Mapping[str, str] | None = None,
    config_file: str | None = None,
) -> FelixParameters:
    labels = None if entry is None else entry.resource.metadata.labels
    return effective_configuration(node, labels, objects, environment=environment, config_file=config_file)


def _spoofing_nodes(*tables: Mapping[Key, Entry]) -> tuple[str, ...]:
    """The nodes with workloads that would like to send from other addresses than their own."""
    found = (entry.resource for table in tables for entry in table.values())
    workloads = (each for each in found if isinstance(each, WorkloadEndpoint))
    return tuple(sorted({each.spec.node for each in workloads if each.spec.allow_spoofed_source_prefixes}))


def _check_scope(node: str, settings: DataplaneSettings) -> None:
    """Only the iptables dataplane is modelled (verdict differences: felix/bpf, felix/nftables)."""
    if settings.bpf_enabled:
        raise OutOfScope(f"node {node!r} uses the eBPF dataplane (bpfEnabled), which is not modelled")
    if settings.nftables_mode == "Enabled":
        raise OutOfScope(f"node {node!r} uses the nftables dataplane (nftablesMode), which is not modelled")
    if settings.filter_deny_action is Action.REJECT:
        # The raw table's reverse-path rule uses the same action, and the kernel has REJECT in the filter table only.
        raise OutOfScope(
            f"node {node!r} has iptablesFilterDenyAction Reject, with which Felix does not run on iptables"
        )
