"""The datastore: an immutable set of resources, each with the place where it was written.

Calico's word for what calicoctl writes to and Felix reads from. Everything below works on this value; what the API's
client adds on writing (defaults, built-in tiers) is already in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import TypeVar, cast

from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.manifests.loading import Loaded
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.yaml_problems import Path, render_path
from calico_engine.resources import API_VERSION, HostEndpoint, Resource, Tier, WorkloadEndpoint
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.kubernetes import KubernetesObject
from calico_engine.resources.tiers import BUILT_IN_TIERS, TierSpec

_R = TypeVar("_R", bound=Resource)
_E = TypeVar("_E", "Entry", "KubernetesEntry")

#: (kind, namespace, name)
Key = tuple[str, str, str]


@frozen
class Entry:
    """One object; `origin` is None for what Calico itself puts there (the built-in tiers)."""

    resource: Resource
    origin: Origin | None = None
    converted_kind: str = ""  # Felix's kind of what a Kubernetes object became, where it is not the resource's
    warnings: tuple[ManifestError, ...] = ()  # what reading it gave rise to

    @property
    def key(self) -> Key:
        metadata = self.resource.metadata
        return self.converted_kind or self.resource.KIND, metadata.namespace, metadata.name

    def remark(self, path: Path, message: str, *, key: bool = False) -> ManifestError:
        """An error or warning about this object, about the value or the key at `path` in it."""
        kind, _, name = self.key
        if self.origin is None:
            return ManifestError("", kind=kind, name=name, path=render_path(path) or None, message=message)
        return self.origin.remark(kind, name, path, message, key=key)


@frozen
class KubernetesEntry:
    """One Kubernetes object and where it was written."""

    value: KubernetesObject
    origin: Origin | None = None

    @property
    def key(self) -> Key:
        return self.value.key

    def remark(self, path: Path, message: str) -> ManifestError:
        """An error or warning about this object."""
        if self.origin is None:
            return ManifestError("", kind=self.value.kind, name=self.value.name, message=message)
        return self.origin.remark(self.value.kind, self.value.name, path, message)


@frozen
class Datastore:
    """Objects by key, in key order; Kubernetes' own beside Calico's, because the two share names of kinds.

    `stored`: the objects are as they lie in a datastore, nothing was defaulted or added.
    """

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    stored: bool = False
    kubernetes: Mapping[Key, KubernetesEntry] = field(default_factory=dict)
    #: Entries by class of their resource, once somebody asks for all of a kind.
    _by_class: dict[type, list[Entry]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def get(self, kind: str, name: str, namespace: str = "") -> Entry | None:
        return self.entries.get((kind, namespace, name))

    def all(self, model: type[_R]) -> Iterator[tuple[Entry, _R]]:
        """Every object of one kind, by namespace and name."""
        if not self._by_class:
            found: dict[type, list[Entry]] = {}
            for entry in self.entries.values():
                found.setdefault(type(entry.resource), []).append(entry)
            self._by_class.update(found)
        return ((entry, cast(_R, entry.resource)) for entry in self._by_class.get(model, ()))

    def endpoints(self) -> Iterator[tuple[Entry, HostEndpoint | WorkloadEndpoint]]:
        """Every endpoint, host endpoints first."""
        yield from self.all(HostEndpoint)
        yield from self.all(WorkloadEndpoint)


def build(loaded: Loaded, *, stored: bool = False) -> tuple[Datastore, list[ManifestError]]:
    """The datastore of what was loaded, and an error for each object that is given more than once."""
    entries: dict[Key, Entry] = {}
    kubernetes: dict[Key, KubernetesEntry] = {}
    errors = _insert(entries, (Entry(found.resource, found.origin, "", found.warnings) for found in loaded.objects))
    errors += _insert(kubernetes, (KubernetesEntry(found.value, found.origin) for found in loaded.kubernetes))
    if not stored:
        for tier in _built_in_tiers():
            entries.setdefault(tier.key, tier)
    return Datastore({key: entries[key] for key in sorted(entries)}, stored, kubernetes), errors


def _insert(entries: dict[Key, _E], found: Iterable[_E]) -> list[ManifestError]:
    errors = []
    for entry in found:
        first = entries.setdefault(entry.key, entry)
        if first is not entry:
            errors.append(_given_twice(first, entry))
    return errors


def _given_twice(first: Entry | KubernetesEntry, again: Entry | KubernetesEntry) -> ManifestError:
    where = "" if first.origin is None else f"; it is also at {first.origin.file}:{first.origin.place(('kind',))[0]}"
    kind, namespace, name = again.key
    full = f"{namespace}/{name}" if namespace else name
    return again.remark(("metadata", "name"), f"{kind} {full} is given more than once{where}")


def _built_in_tiers() -> Iterator[Entry]:
    """libcalico-go/lib/clientv3/client.go: EnsureInitialized."""
    for name, (order, action) in BUILT_IN_TIERS.items():
        spec = TierSpec(order=order, default_action=action)
        yield Entry(Tier(api_version=API_VERSION, kind=Tier.KIND, metadata=ObjectMeta(name=name), spec=spec))
