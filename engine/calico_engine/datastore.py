"""The datastore: an immutable set of resources, each with the place where it was written.

Calico's word for what calicoctl writes to and Felix reads from. Everything below works on this value; what the API's
client adds on writing (defaults, built-in tiers) is already in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from calico_engine.resources import Resource

_R = TypeVar("_R", bound=Resource)

#: (kind, namespace, name)
Key = tuple[str, str, str]
Path = tuple[str | int, ...]


class Origin(Protocol):
    """Where an object was written."""

    @property
    def file(self) -> str: ...

    @property
    def document(self) -> int: ...

    def path(self, path: Path) -> str:
        """The path as text, from the document's root."""

    def locate(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """(line, column), counted from 1, of the value (or its key) at `path` within the object."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object; `origin` is None for what Calico itself puts there (built-in tiers and profile)."""

    resource: Resource
    origin: Origin | None = None

    @property
    def key(self) -> Key:
        metadata = self.resource.metadata
        return self.resource.KIND, metadata.namespace, metadata.name


@dataclass(frozen=True, slots=True)
class Datastore:
    """Objects by key. `stored` says that they are as they lie in a datastore: nothing was defaulted or added."""

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    stored: bool = False

    @classmethod
    def of(cls, entries: Iterable[Entry], *, stored: bool = False) -> Datastore:
        """A datastore of these entries, in name order; of two with the same key the last counts."""
        by_key = {entry.key: entry for entry in entries}
        return cls({key: by_key[key] for key in sorted(by_key)}, stored)

    def get(self, kind: str, name: str, namespace: str = "") -> Entry | None:
        return self.entries.get((kind, namespace, name))

    def all(self, model: type[_R]) -> Iterator[tuple[Entry, _R]]:
        """Every object of one kind, by namespace and name."""
        for entry in self.entries.values():
            if isinstance(entry.resource, model):
                yield entry, entry.resource
