"""Texts → objects, each with its place: the layers of reading, one after the other.

    load        text → documents → values → objects → structs      (calicoctl's reader)
    validator   what calicoctl refuses of a well-formed struct
    client      what the API's client fills in on writing

Every layer goes on with what the one before let through, so that all errors of all files are reported at once.
Objects that are `stored` already are only read: they have been through the other layers, or around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calico_engine.errors import ManifestError
from calico_engine.garbage import collector_paused
from calico_engine.manifests.decoding import Problem, decode
from calico_engine.manifests.defaulting import with_defaults
from calico_engine.manifests.documents import Document, read_document, split_documents
from calico_engine.manifests.host_documents import host_problems
from calico_engine.manifests.objects import RawObject, Skipped, objects_of
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.sources import Source
from calico_engine.manifests.validator import validate
from calico_engine.resources import Host, Resource


@dataclass(frozen=True, slots=True)
class LoadedObject:
    """One resource and where it was written."""

    resource: Resource
    origin: Origin


@dataclass(slots=True)
class Loaded:
    """What a set of texts holds."""

    objects: list[LoadedObject] = field(default_factory=list)
    errors: list[ManifestError] = field(default_factory=list)
    warnings: list[ManifestError] = field(default_factory=list)


@collector_paused()
def load(sources: Iterable[Source], *, stored: bool = False) -> Loaded:
    """Read every document of every source."""
    loaded = Loaded()
    for source in sources:
        skipped: dict[str, list[Origin]] = {}
        documents, errors, warnings = split_documents(source)
        loaded.errors += errors
        loaded.warnings += warnings
        for document in documents:
            _load_document(document, stored, loaded, skipped)
        loaded.warnings += _skip_notices(skipped)
    return loaded


def _load_document(document: Document, stored: bool, loaded: Loaded, skipped: dict[str, list[Origin]]) -> None:
    value, errors, warnings = read_document(document)
    loaded.errors += errors
    loaded.warnings += warnings
    if errors:
        return
    objects, problems = objects_of(value)
    whole = Origin(document)
    loaded.errors += [_error(problem, whole, "", "") for problem in problems]
    for raw in objects:
        origin = Origin(document, raw.path)
        if isinstance(raw.model, Skipped):
            skipped.setdefault(f"{raw.kind} {raw.model.value}", []).append(origin)
            continue
        resource, problems = _read(raw, raw.model, stored)
        name = _name(raw.value)
        loaded.errors += [_error(problem, origin, raw.kind, name) for problem in problems]
        if resource is not None and not problems:
            loaded.objects.append(LoadedObject(resource, origin))


def _read(raw: RawObject, model: type[Resource], stored: bool) -> tuple[Resource | None, list[Problem]]:
    resource, problems = decode(model, raw.value)
    if resource is None or problems or stored:
        return resource, problems
    problems = host_problems(resource) if isinstance(resource, Host) else validate(resource)
    return (None if problems else with_defaults(resource)), problems


def _name(value: Mapping[str, object]) -> str:
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _error(problem: Problem, origin: Origin, kind: str, name: str) -> ManifestError:
    return origin.remark(kind, name, problem.path, problem.message, key=problem.at_key)


def _skip_notices(skipped: Mapping[str, list[Origin]]) -> list[ManifestError]:
    """One notice for each kind that was skipped in a file, at its first object."""
    notices = []
    for what, origins in skipped.items():
        kind, _, reason = what.partition(" ")
        more = f" ({len(origins)} of them)" if len(origins) > 1 else ""
        notices.append(origins[0].remark(kind, "", ("kind",), f"{kind} {reason}{more}"))
    return notices
