"""The datastore: an immutable set of resources, each with the place where it was written.

Calico's word for what calicoctl writes to and Felix reads from. Everything below works on this value; what the API's
client adds on writing (defaults, built-in tiers) is already in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast

from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.manifests.loading import Loaded
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.yaml_problems import Path, render_path
from calico_engine.resources import API_VERSION, Resource, Tier
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.kubernetes import KubernetesObject
from calico_engine.resources.tiers import BUILT_IN_TIERS, TierSpec

_R = TypeVar("_R", bound=Resource)
_E = TypeVar("_E", "Entry", "KubernetesEntry")

#: (kind, namespace, name)
Key = tuple[str, str, str]
_NONE: Mapping[Any, Any] = MappingProxyType({})


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


class Tables(Mapping[Key, _E], Generic[_E]):
    """Objects by key, in a table for each kind. Whatever is made of them by a change shares the tables of other kinds."""

    __slots__ = ("by_kind",)

    def __init__(self, by_kind: Mapping[str, Mapping[Key, _E]] = _NONE) -> None:
        self.by_kind: Mapping[str, Mapping[Key, _E]] = {
            kind: by_kind[kind] for kind in sorted(by_kind) if by_kind[kind]
        }

    @classmethod
    def of(cls, entries: Iterable[_E]) -> Tables[_E]:
        """Each kind's in the order in which they are given."""
        tables: dict[str, dict[Key, _E]] = {}
        for entry in entries:
            key = entry.key
            tables.setdefault(key[0], {})[key] = entry
        return cls(tables)

    def kind(self, kind: str) -> Mapping[Key, _E]:
        """The table of one kind."""
        none: Mapping[Key, _E] = _NONE
        return self.by_kind.get(kind, none)

    def replaced(self, by_kind: Mapping[str, Mapping[Key, _E]]) -> Tables[_E]:
        """With other tables for these kinds."""
        return Tables({**self.by_kind, **by_kind})

    def without(self, gone: Key) -> Tables[_E]:
        table = {key: entry for key, entry in self.kind(gone[0]).items() if key != gone}
        return self.replaced({gone[0]: table})

    def differences(self, other: Tables[_E]) -> Iterator[tuple[_E | None, _E | None]]:
        """Objects that are not the very same in the other; None stands for one that is not there."""
        for kind in {**self.by_kind, **other.by_kind}:
            old, new = self.kind(kind), other.kind(kind)
            if old is not new:
                yield from ((old.get(key), entry) for key, entry in new.items() if old.get(key) is not entry)
                yield from ((entry, None) for key, entry in old.items() if key not in new)

    def __getitem__(self, key: Key) -> _E:
        return self.kind(key[0])[key]

    def __iter__(self) -> Iterator[Key]:
        return chain.from_iterable(self.by_kind.values())

    def __len__(self) -> int:
        return sum(map(len, self.by_kind.values()))


@frozen
class Datastore:
    """Objects by key; Kubernetes' own beside Calico's, because the two share names of kinds.

    Calico's are in the order of their keys, Kubernetes' by kind and as they were given. `stored`: the objects are as they
    lie in a datastore, nothing was defaulted or added.
    """

    entries: Tables[Entry] = field(default_factory=Tables)
    stored: bool = False
    kubernetes: Tables[KubernetesEntry] = field(default_factory=Tables)

    @classmethod
    def of(
        cls, entries: Iterable[Entry], kubernetes: Iterable[KubernetesEntry] = (), *, stored: bool = False
    ) -> Datastore:
        """These objects, in whatever order; of several with one key the last."""
        return cls(Tables.of(sorted(entries, key=attrgetter("key"))), stored, Tables.of(kubernetes))

    def get(self, kind: str, name: str, namespace: str = "") -> Entry | None:
        return self.entries.kind(kind).get((kind, namespace, name))

    def tables(self, model: type[_R]) -> list[Mapping[Key, Entry]]:
        """The tables whose objects are of one class: a policy of Kubernetes has its own kind, and Calico's class."""
        tables = self.entries.by_kind.values()
        return [table for table in tables if type(next(iter(table.values())).resource) is model]

    def all(self, model: type[_R]) -> Iterator[tuple[Entry, _R]]:
        """Every object of one class, by kind, namespace and name."""
        return ((entry, cast(_R, entry.resource)) for table in self.tables(model) for entry in table.values())

    def changed(self, objects: Iterable[Entry | KubernetesEntry]) -> Datastore:
        """With these objects in it, in the place of those that have their keys."""
        listed = list(objects)
        own = Tables.of(entry for entry in listed if isinstance(entry, Entry)).by_kind
        foreign = Tables.of(entry for entry in listed if isinstance(entry, KubernetesEntry)).by_kind
        entries, kubernetes = self.entries, self.kubernetes
        return Datastore(
            entries.replaced({kind: in_key_order({**entries.kind(kind), **new}) for kind, new in own.items()}),
            self.stored,
            kubernetes.replaced({kind: {**kubernetes.kind(kind), **new} for kind, new in foreign.items()}),
        )


def build(loaded: Loaded, *, stored: bool = False) -> tuple[Datastore, list[ManifestError]]:
    """The datastore of what was loaded, and an error for each object that is given more than once."""
    entries: dict[Key, Entry] = {}
    kubernetes: dict[Key, KubernetesEntry] = {}
    errors = _insert(entries, (Entry(found.resource, found.origin, "", found.warnings) for found in loaded.objects))
    errors += _insert(kubernetes, (KubernetesEntry(found.value, found.origin) for found in loaded.kubernetes))
    if not stored:
        for tier in _built_in_tiers():
            entries.setdefault(tier.key, tier)
    return Datastore.of(entries.values(), kubernetes.values(), stored=stored), errors


def in_key_order(table: Mapping[Key, Entry]) -> dict[Key, Entry]:
    """Of a table that mostly is so already."""
    keys = sorted(table)
    return dict(table) if keys == [*table] else {key: table[key] for key in keys}


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
