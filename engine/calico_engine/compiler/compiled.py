"""A datastore, compiled: each node on its own, when first asked for."""

from __future__ import annotations

from collections.abc import Mapping

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.conversion import convert
from calico_engine.compiler.encapsulation import encapsulation, looping_services
from calico_engine.compiler.felix_model import FelixModel
from calico_engine.compiler.hosts import host_model
from calico_engine.compiler.nodes import CompiledNode, PolicyCompiler
from calico_engine.compiler.ordering import in_order
from calico_engine.configuration import FelixObject, FelixParameters, effective_configuration
from calico_engine.datastore import Datastore
from calico_engine.errors import UnknownReference
from calico_engine.resources import FelixConfiguration, Host, HostEndpoint, Node, WorkloadEndpoint


class CompiledCluster:
    """Everything that readers need, made lazily and kept."""

    def __init__(self, datastore: Datastore) -> None:
        self.datastore = datastore
        self._compilers: dict[bool, PolicyCompiler] = {}
        self._nodes: dict[str, CompiledNode] = {}
        self._known_nodes: frozenset[str] | None = None

    @property
    def model(self) -> FelixModel:
        """Felix's view, with its default configuration."""
        return self._compiler(spoofing_allowed=False).model

    @property
    def nodes(self) -> frozenset[str]:
        """Every node that the objects mention."""
        if self._known_nodes is None:
            named = [resource.metadata.name for kind in (Node, Host) for _, resource in self.datastore.all(kind)]
            used = [e.spec.node for kind in (HostEndpoint, WorkloadEndpoint) for _, e in self.datastore.all(kind)]
            self._known_nodes = frozenset(name for name in (*named, *used) if name)
        return self._known_nodes

    def node(self, name: str) -> CompiledNode:
        """The compiled node; UnknownReference if nothing mentions it, InvalidConfiguration if Felix would not start."""
        found = self._nodes.get(name)
        if found is None:
            if name not in self.nodes:
                raise UnknownReference(f"no object mentions a node {name!r}")
            found = self._nodes[name] = self._compile(name)
        return found

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
        return effective_configuration(
            node, labels, objects, environment=environment or {}, config_file=config_file or ""
        )

    def _compile(self, name: str) -> CompiledNode:
        parameters = self.parameters(name)
        settings = parameters.settings
        compiler = self._compiler(spoofing_allowed=settings.workload_source_spoofing == "Any")
        return CompiledNode(
            name,
            compiler,
            host_model(self.datastore, compiler.model, name),
            parameters,
            encapsulation(self.datastore, name, settings),
            looping_services(self.datastore, settings),
        )

    def _compiler(self, *, spoofing_allowed: bool) -> PolicyCompiler:
        found = self._compilers.get(spoofing_allowed)
        if found is None:
            model = convert(self.datastore, spoofing_allowed=spoofing_allowed)
            ordered = in_order(model.tiers, model.policies)
            found = self._compilers[spoofing_allowed] = PolicyCompiler(model, ordered, AddressSets(model))
        return found
