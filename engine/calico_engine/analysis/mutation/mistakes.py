"""Which mistakes can be made in which object of a datastore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.analysis.mutation.cluster_policies import cluster_policy_mutations
from calico_engine.analysis.mutation.endpoints import address_list_mutations, profile_list_mutations
from calico_engine.analysis.mutation.felix_configurations import felix_mutations, guarded_directions
from calico_engine.analysis.mutation.kubernetes_policies import kubernetes_policy_mutations
from calico_engine.analysis.mutation.labels import (
    label_mutations,
    labels_asked_for,
    node_labels_asked_for,
    selectors_in_rules,
)
from calico_engine.analysis.mutation.nets import net_list_mutations
from calico_engine.analysis.mutation.operators import Mutation, Object, value_at
from calico_engine.analysis.mutation.policies import policy_mutations
from calico_engine.analysis.mutation.rules import rule_mutations
from calico_engine.analysis.mutation.staging import counterpart, staging_mutation
from calico_engine.analysis.mutation.tiers import Move, moves, tier_mutations
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.entities import inherited_labels
from calico_engine.compiler.ordering import in_order
from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import is_automatic
from calico_engine.controllers.kubernetes.cluster_network_policies import KIND as CLUSTER_POLICY
from calico_engine.datastore import Datastore, Entry, Key
from calico_engine.manifests.client_rules import tier_problems
from calico_engine.resources import (
    FelixConfiguration,
    GlobalNetworkPolicy,
    GlobalNetworkSet,
    HostEndpoint,
    KubeControllersConfiguration,
    NetworkPolicy,
    NetworkSet,
    Node,
    Profile,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
    Tier,
    WorkloadEndpoint,
)
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE
from calico_engine.resources.tiers import BUILT_IN_TIERS


class Mistakes:
    """The mistakes in the objects of one datastore."""

    def __init__(self, written: Datastore, compiled: CompiledCluster) -> None:
        model = compiled.model
        movable = {key for key, entry in written.entries.items() if entry.origin is not None}
        movable -= {(Tier.KIND, "", name) for name in BUILT_IN_TIERS}
        movable |= {(CLUSTER_POLICY, "", key[2]) for key in written.kubernetes.kind("ClusterNetworkPolicy")}
        self._moves: Mapping[Key, list[Move]] = moves(in_order(model.tiers, model.policies), movable)
        self._model = model
        self._selectors = selectors_in_rules(model)
        self._labels = labels_asked_for(model)
        self._node_labels = node_labels_asked_for(written, self._labels)
        self._controlled = any(True for _ in written.all(KubeControllersConfiguration))
        self._written = written
        self._tiers = {name for _, _, name in written.entries.kind(Tier.KIND)}

    def of_resource(self, entry: Entry, value: Object) -> Iterator[Mutation]:
        """What is built in cannot be changed; and host endpoints of the controllers' own, the controllers put right."""
        match entry.resource:
            case GlobalNetworkPolicy() | NetworkPolicy():
                yield from policy_mutations(value)
                yield from self._staging(entry, value)
            case StagedGlobalNetworkPolicy() | StagedNetworkPolicy():
                yield from self._staging(entry, value)
            case Profile() as profile if profile.metadata.name != DEFAULT_ALLOW_PROFILE:
                yield from rule_mutations(value)
                yield from label_mutations(value, self._labels, ("spec", "labelsToApply"))
            case Tier() as tier if tier.metadata.name not in BUILT_IN_TIERS:
                yield from tier_mutations(value)
            case GlobalNetworkSet() | NetworkSet():
                yield from net_list_mutations(value, ("spec", "nets"))
                yield from label_mutations(value, self._labels)
            case HostEndpoint() as endpoint if not (self._controlled and is_automatic(endpoint)):
                yield from label_mutations(value, self._labels)
                yield from profile_list_mutations(value)
                if self._has_a_say(endpoint):
                    yield from address_list_mutations(value)
            case WorkloadEndpoint():
                yield from label_mutations(value, self._labels)
                yield from profile_list_mutations(value)
            case FelixConfiguration():
                workloads = bool(self._model.workload_endpoints)
                yield from felix_mutations(value, guarded_directions(self._model), workloads=workloads)
            case Node():
                yield from label_mutations(value, self._node_labels)
        for move in self._moves.get(entry.key, ()):
            yield move.mutation(value)

    def _has_a_say(self, endpoint: HostEndpoint) -> bool:
        """Whether its addresses matter: by them its interface is found, or a rule selects them."""
        if not endpoint.spec.interface_name:
            return True
        found = self._model.host_endpoints.by_name.get(("", endpoint.metadata.name))
        if found is None:
            return False
        labels = inherited_labels(found.labels, found.profiles, self._model.profiles)
        return any(selector.matches(labels) for selector in self._selectors)

    def _staging(self, entry: Entry, value: Object) -> Iterator[Mutation]:
        """Not where the one would take the other's place, nor where no new policy can be, for want of its tier."""
        tier = str(value_at(value, ("spec", "tier")) or "")
        if counterpart(entry.key) not in self._written.entries and not tier_problems(tier, self._tiers):
            yield from staging_mutation(value)

    def of_kubernetes(self, value: Object) -> Iterator[Mutation]:
        match value.get("kind"):
            case "NetworkPolicy":
                yield from kubernetes_policy_mutations(value)
            case "ClusterNetworkPolicy":
                yield from cluster_policy_mutations(value)
                for move in self._moves.get((CLUSTER_POLICY, "", value["metadata"]["name"]), ()):
                    yield move.mutation(value)
            case "Node":
                yield from label_mutations(value, self._node_labels)
            case "Namespace" | "ServiceAccount" | "Pod":
                yield from label_mutations(value, self._labels)
