"""Which mistakes can be made in which object of a datastore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.analysis.mutation.kubernetes_policies import kubernetes_policy_mutations
from calico_engine.analysis.mutation.labels import label_mutations, labels_asked_for, node_labels_asked_for
from calico_engine.analysis.mutation.nets import net_list_mutations
from calico_engine.analysis.mutation.operators import Mutation, Object
from calico_engine.analysis.mutation.policies import policy_mutations
from calico_engine.analysis.mutation.tiers import Move, moves, tier_mutations
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.ordering import in_order
from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import is_automatic
from calico_engine.datastore import Datastore, Entry, Key
from calico_engine.resources import (
    GlobalNetworkPolicy,
    GlobalNetworkSet,
    HostEndpoint,
    KubeControllersConfiguration,
    NetworkPolicy,
    NetworkSet,
    Node,
    Tier,
    WorkloadEndpoint,
)
from calico_engine.resources.tiers import BUILT_IN_TIERS


class Mistakes:
    """The mistakes in the objects of one datastore."""

    def __init__(self, written: Datastore, compiled: CompiledCluster) -> None:
        model = compiled.model
        movable = {key for key, entry in written.entries.items() if entry.origin is not None}
        movable -= {(Tier.KIND, "", name) for name in BUILT_IN_TIERS}
        self._moves: Mapping[Key, list[Move]] = moves(in_order(model.tiers, model.policies), movable)
        self._labels = labels_asked_for(model)
        self._node_labels = node_labels_asked_for(written, self._labels)
        self._controlled = any(True for _ in written.all(KubeControllersConfiguration))

    def of_resource(self, entry: Entry, value: Object) -> Iterator[Mutation]:
        """Built-in tiers cannot be changed; and host endpoints of the controllers' own, the controllers put right."""
        match entry.resource:
            case GlobalNetworkPolicy() | NetworkPolicy():
                yield from policy_mutations(value)
            case Tier() as tier if tier.metadata.name not in BUILT_IN_TIERS:
                yield from tier_mutations(value)
            case GlobalNetworkSet() | NetworkSet():
                yield from net_list_mutations(value, ("spec", "nets"))
                yield from label_mutations(value, self._labels)
            case HostEndpoint() as endpoint if not (self._controlled and is_automatic(endpoint)):
                yield from label_mutations(value, self._labels)
            case WorkloadEndpoint():
                yield from label_mutations(value, self._labels)
            case Node():
                yield from label_mutations(value, self._node_labels)
        for move in self._moves.get(entry.key, ()):
            yield move.mutation(value)

    def of_kubernetes(self, value: Object) -> Iterator[Mutation]:
        match value.get("kind"):
            case "NetworkPolicy":
                yield from kubernetes_policy_mutations(value)
            case "Node":
                yield from label_mutations(value, self._node_labels)
            case "Namespace" | "ServiceAccount" | "Pod":
                yield from label_mutations(value, self._labels)
