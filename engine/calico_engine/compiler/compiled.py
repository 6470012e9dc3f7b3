"""A datastore, compiled: each node on its own, when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.conversion import convert
from calico_engine.compiler.encapsulation import Tunnels, encapsulation, looping_services, tunnels
from calico_engine.compiler.felix_model import FelixEndpoint, FelixModel
from calico_engine.compiler.hosts import HostModel, host_model
from calico_engine.compiler.nodes import CompiledNode, PolicyCompiler
from calico_engine.compiler.ordering import OrderedTier, in_order
from calico_engine.configuration import Action, DataplaneSettings, FelixObject, FelixParameters, effective_configuration
from calico_engine.datastore import Datastore
from calico_engine.errors import InvalidConfiguration, OutOfScope, UnknownReference
from calico_engine.resources import FelixConfiguration, Host, Node, WorkloadEndpoint


class CompiledCluster:
    """Everything that readers need, made lazily and kept."""

    def __init__(self, datastore: Datastore, previous: CompiledCluster | None = None) -> None:
        """`previous`: the same for a datastore that shares most objects with this one; it only saves work."""
        self.datastore = datastore
        self._known = {} if previous is None else dict(previous._compilers)
        self._compilers: dict[bool, PolicyCompiler] = {}
        self._nodes: dict[str, CompiledNode] = {}
        self._hosts: dict[str, HostModel] = {}
        self._known_nodes: frozenset[str] | None = None

    @property
    def model(self) -> FelixModel:
        """Felix's view: that of a node which takes workloads with spoofed sources, if one that has some does."""
        return self._own_compiler.model

    @property
    def nodes(self) -> frozenset[str]:
        """Every node that the objects mention."""
        if self._known_nodes is None:
            named = [resource.metadata.name for kind in (Node, Host) for _, resource in self.datastore.all(kind)]
            used = [endpoint.spec.node for _, endpoint in self.datastore.endpoints()]
            self._known_nodes = frozenset(name for name in (*named, *used) if name)
        return self._known_nodes

    def host(self, name: str) -> HostModel:
        """The node's interfaces and addresses."""
        found = self._hosts.get(name)
        if found is None:
            found = self._hosts[name] = host_model(self.datastore, self.model, name)
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
        labels = entry.resource.metadata.labels if entry is not None else None
        objects = [
            FelixObject(c.metadata.name, c.metadata.annotations, c.spec, c.metadata.creation_timestamp)
            for _, c in self.datastore.all(FelixConfiguration)
        ]
        return effective_configuration(node, labels, objects, environment=environment, config_file=config_file)

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
            encapsulation(self._tunnels, name, settings),
            looping_services(self.datastore, settings),
        )

    @cached_property
    def _tunnels(self) -> Tunnels:
        return tunnels(self.datastore)

    @property
    def _own_compiler(self) -> PolicyCompiler:
        return self._compiler(spoofing_allowed=self._takes_spoofed_sources)

    @cached_property
    def _takes_spoofed_sources(self) -> bool:
        workloads = self.datastore.all(WorkloadEndpoint)
        nodes = {workload.spec.node for _, workload in workloads if workload.spec.allow_spoofed_source_prefixes}
        return any(self._allows_spoofing(node) for node in sorted(nodes))

    def _allows_spoofing(self, node: str) -> bool:
        try:
            return self.parameters(node).settings.workload_source_spoofing
        except InvalidConfiguration:
            return False

    def _compiler(self, *, spoofing_allowed: bool) -> PolicyCompiler:
        found = self._compilers.get(spoofing_allowed)
        if found is None:
            known = self._known.pop(spoofing_allowed, None)
            model = convert(
                self.datastore, spoofing_allowed=spoofing_allowed, previous=None if known is None else known.model
            )
            ordered = in_order(model.tiers, model.policies)
            sets = AddressSets(model, None if known is None else known.sets)
            found = self._compilers[spoofing_allowed] = PolicyCompiler(model, ordered, sets)
        return found


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
