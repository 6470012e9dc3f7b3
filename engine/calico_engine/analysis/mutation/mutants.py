"""All mutants of a datastore: each a what-if on one object that loads and says something else than the original."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import partial
from typing import Any, Protocol, Self, TypeVar

from calico_engine.analysis.mutation.kubernetes_policies import kubernetes_policy_mutations
from calico_engine.analysis.mutation.labels import label_mutations, labels_asked_for, node_labels_asked_for
from calico_engine.analysis.mutation.nets import net_list_mutations
from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, merge_patch
from calico_engine.analysis.mutation.policies import policy_mutations
from calico_engine.analysis.mutation.tiers import Move, moves, tier_mutations
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.ordering import in_order
from calico_engine.controllers.auto_host_endpoint_plans import is_automatic
from calico_engine.datastore import Datastore, Entry, Key, KubernetesEntry
from calico_engine.frozen import frozen
from calico_engine.manifests.loading import read_object
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.yaml_problems import Path, render_path
from calico_engine.resources import (
    API_VERSION,
    MODELS,
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


class Patchable(Protocol):
    """What a mutant is applied to: a `Cluster`."""

    def patch(self, kind: str, name: str, change: Mapping[str, object], namespace: str | None = None) -> Self: ...


_C = TypeVar("_C", bound=Patchable)


@frozen
class Mutant:
    """One small mistake. `path` leads into the object, `change` is the merge patch that makes the mistake.

    `id` is the same as long as the object is, and unique among the mutants of a datastore.
    """

    id: str
    operator: Operator
    description: str
    kind: str
    namespace: str
    name: str
    path: Path
    change: Mapping[str, Any]
    original: Object = field(repr=False)
    changed: Object = field(repr=False)
    patched_as: str = field(repr=False)  # the kind, with its group where there are two of that name
    entry: Entry | KubernetesEntry = field(repr=False, compare=False)

    def apply(self, cluster: _C) -> _C:
        """The cluster with the mistake in it. InvalidManifest where it cannot stand among the other objects."""
        return cluster.patch(self.patched_as, self.name, self.change, self.namespace or None)

    @property
    def place(self) -> tuple[str, int] | None:
        """File and line of what was changed; the document is read again for it."""
        origin = self.entry.origin
        return None if origin is None else (origin.file, origin.place(self.path)[0])


def mutants(written: Datastore, compiled: CompiledCluster) -> Iterator[Mutant]:
    """Every mutant of what was written, object by object; `compiled` is what became of it."""
    mistakes = _Mistakes(written, compiled)
    for key, entry in written.entries.items():
        if entry.origin is not None:
            value = stored_form(entry.resource)
            read = partial(_read, entry, written.stored)
            group = API_VERSION if key in written.kubernetes else ""
            yield from _mutants(entry, key, value, group, mistakes.of_resource(entry, value), read)
    for key, found in written.kubernetes.items():
        value = dict(found.value.value)
        group = found.value.api_version if key in written.entries else ""
        yield from _mutants(found, key, value, group, mistakes.of_kubernetes(value), lambda changed: changed)


def _mutants(
    entry: Entry | KubernetesEntry,
    key: Key,
    original: Object,
    group: str,
    mutations: Iterable[Mutation],
    read: Callable[[Object], Object | None],
) -> Iterator[Mutant]:
    """Those mutations that are valid objects, each outcome once; `read` gives None for one that is not."""
    kind, namespace, name = key
    outcomes = {"{}"}
    for mutation in mutations:
        changed = read(mutation.changed)
        change = {} if changed is None else merge_patch(original, changed)
        outcome = json.dumps(change, sort_keys=True)
        if changed is None or outcome in outcomes:
            continue
        outcomes.add(outcome)
        steps = ("/".join(filter(None, key)), render_path(mutation.path), mutation.operator.value, mutation.variant)
        yield Mutant(
            id=":".join(filter(None, steps)),
            operator=mutation.operator,
            description=mutation.description,
            kind=kind,
            namespace=namespace,
            name=name,
            path=mutation.path,
            change=change,
            original=original,
            changed=changed,
            patched_as=f"{kind}.{group.partition('/')[0]}" if group else kind,
            entry=entry,
        )


def _read(entry: Entry, stored: bool, value: Object) -> Object | None:
    """The object as it would be stored; None if it would be refused."""
    reading = read_object(MODELS[entry.resource.api_version or API_VERSION, entry.resource.KIND], dict(value), stored)
    return None if reading.resource is None or reading.refusals else stored_form(reading.resource)


class _Mistakes:
    """Which mistakes can be made in which object of a datastore."""

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
