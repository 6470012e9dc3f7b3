"""All mutants of a datastore: each a what-if on one object that loads and says something else than the original."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from os import PathLike
from typing import Any, Protocol, Self, TypeVar

from calico_engine.analysis.mutation.mistakes import Mistakes
from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, merge_patch
from calico_engine.analysis.mutation.outcomes import Outcomes
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.datastore import Datastore, Entry, Key, KubernetesEntry
from calico_engine.frozen import frozen
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.yaml_problems import Path, render_path
from calico_engine.resources import API_VERSION


class Patchable(Protocol):
    """What a mutant is applied to: a `Cluster`."""

    def apply(self, *manifests: str | PathLike[str] | Mapping[str, object]) -> Self: ...
    def delete(self, kind: str, name: str, namespace: str | None = None) -> Self: ...
    def patch(self, kind: str, name: str, change: Mapping[str, object], namespace: str | None = None) -> Self: ...


_C = TypeVar("_C", bound=Patchable)


@frozen
class Patch:
    """The merge patch of an object that makes a mistake. `kind` has its group where there are two of that name.

    `instead` is the whole object where the mistake is its kind: no patch can change that.
    """

    kind: str
    name: str
    namespace: str
    change: Mapping[str, Any]
    instead: Object | None = None

    def apply(self, cluster: _C) -> _C:
        """The cluster with the mistake in it. InvalidManifest where it cannot stand among the other objects."""
        if self.instead is not None:
            return cluster.delete(self.kind, self.name, self.namespace or None).apply(self.instead)
        return cluster.patch(self.kind, self.name, self.change, self.namespace or None)


@frozen
class Mutant:
    """One small mistake. `path` leads into the object; `original` and `changed` are the object without and with it.

    `id` is the same as long as the object is, and unique among the mutants of a datastore.
    """

    id: str
    operator: Operator
    description: str
    kind: str
    namespace: str
    name: str
    path: Path
    patch: Patch
    original: Object = field(repr=False)
    changed: Object = field(repr=False)
    entry: Entry | KubernetesEntry = field(repr=False, compare=False)

    def apply(self, cluster: _C) -> _C:
        """The cluster with the mistake in it. InvalidManifest where it cannot stand among the other objects."""
        return self.patch.apply(cluster)

    @property
    def place(self) -> tuple[str, int] | None:
        """File and line of what was changed; the document is read again for it."""
        origin = self.entry.origin
        return None if origin is None else (origin.file, origin.place(self.path)[0])


def mutants(written: Datastore, compiled: CompiledCluster) -> Iterator[Mutant]:
    """Every mutant of what was written, object by object; `compiled` is what became of it."""
    mistakes = Mistakes(written, compiled)
    for key, entry in written.entries.items():
        if entry.origin is not None:
            value = stored_form(entry.resource)
            outcomes = Outcomes(value, entry.resource, stored=written.stored)
            group = API_VERSION if key in written.kubernetes else ""
            yield from _mutants(entry, key, value, group, filter(outcomes.is_new, mistakes.of_resource(entry, value)))
    for key, found in written.kubernetes.items():
        value = dict(found.value.value)
        outcomes = Outcomes(value)
        group = found.value.api_version if key in written.entries else ""
        yield from _mutants(found, key, value, group, filter(outcomes.is_new, mistakes.of_kubernetes(value)))


def _mutants(
    entry: Entry | KubernetesEntry, key: Key, original: Object, group: str, mutations: Iterable[Mutation]
) -> Iterator[Mutant]:
    kind, namespace, name = key
    patched_kind = f"{kind}.{group.partition('/')[0]}" if group else kind
    for mutation in mutations:
        changed = mutation.changed
        instead = changed if changed.get("kind") != original.get("kind") else None
        steps = ("/".join(filter(None, key)), render_path(mutation.path), mutation.operator.value, mutation.variant)
        yield Mutant(
            id=":".join(filter(None, steps)),
            operator=mutation.operator,
            description=mutation.description,
            kind=kind,
            namespace=namespace,
            name=name,
            path=mutation.path,
            patch=Patch(patched_kind, name, namespace, merge_patch(original, changed), instead),
            original=original,
            changed=changed,
            entry=entry,
        )
