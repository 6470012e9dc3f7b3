"""Texts → objects, each with its place: the layers of reading, one after the other (spec resources, section 1).

    load        text → documents → values → objects → structs      calicoctl's reader
    validator   what calicoctl refuses of a well-formed struct
    advice      what calicoctl takes and Calico stumbles over
    client      what the API's client fills in on writing, and what it would refuse
    schema      what the API server would refuse beyond that

What load or the validator refuses is an error; so is advice that says so. What only the client or the schema refuses is a
warning. Every layer goes on with what the one before let through, so that all errors of all files are reported at once.
Objects that are `stored` already are only read: they have been through the other layers, or around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calico_engine.errors import ManifestError, printable
from calico_engine.frozen import frozen
from calico_engine.garbage import collector_paused
from calico_engine.manifests.advice import advice
from calico_engine.manifests.client_rules import creation_problems
from calico_engine.manifests.decoding import Path, Problem, decode, salvage
from calico_engine.manifests.defaulting import DEFAULT_NAMESPACE, with_defaults
from calico_engine.manifests.documents import Document, read_document, split_documents
from calico_engine.manifests.findings import Advice, Severity
from calico_engine.manifests.host_documents import host_problems
from calico_engine.manifests.objects import RawObject, Skipped, objects_of
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.schema import schema_findings
from calico_engine.manifests.sources import Source
from calico_engine.manifests.validator import validate
from calico_engine.resources import FelixConfiguration, Host, Resource
from calico_engine.resources.kubernetes import KUBERNETES_KINDS, KubernetesObject

#: So many errors of one text are told before the rest of it is left unread.
MOST_ERRORS = 10_000
#: How many of the texts a message names.
_NAMED = 3


@frozen
class LoadedObject:
    """One resource, where it was written, and what is worth a word about it."""

    resource: Resource
    origin: Origin
    warnings: tuple[ManifestError, ...] = ()


@frozen
class LoadedKubernetesObject:
    """One Kubernetes object and where it was written."""

    value: KubernetesObject
    origin: Origin


@dataclass(slots=True)
class Loaded:
    """What a set of texts holds; `texts` has them by name. `warnings` are about the texts; objects have their own."""

    objects: list[LoadedObject] = field(default_factory=list)
    kubernetes: list[LoadedKubernetesObject] = field(default_factory=list)
    errors: list[ManifestError] = field(default_factory=list)
    warnings: list[ManifestError] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


@collector_paused()
def load(sources: Iterable[Source], *, stored: bool = False) -> Loaded:
    """Read every document of every source."""
    loaded = Loaded()
    texts = list(sources)
    loaded.texts = {source.name: source.text for source in texts}
    passed_over = False
    for source in texts:
        skipped: dict[str, list[Origin]] = {}
        documents, errors, warnings = split_documents(source)
        loaded.errors += errors
        loaded.warnings += warnings
        before = len(loaded.errors)
        for number, document in enumerate(documents):
            if len(loaded.errors) - before > MOST_ERRORS:
                message = f"more than {MOST_ERRORS} errors: its other {len(documents) - number} documents are not read"
                loaded.errors.append(document.remark(document.first_line, 1, message))
                break
            _load_document(document, stored, loaded, skipped)
        loaded.warnings += _skip_notices(skipped)
        passed_over = passed_over or bool(skipped)
    if texts and not (passed_over or loaded.errors or loaded.objects or loaded.kubernetes):
        names = ", ".join(printable(text.name) for text in texts[:_NAMED])
        loaded.errors.append(ManifestError(texts[0].name, message=f"no resources in {names}"))
    return loaded


def _load_document(document: Document, stored: bool, loaded: Loaded, skipped: dict[str, list[Origin]]) -> None:
    value, errors, warnings = read_document(document)
    loaded.errors += errors
    loaded.warnings += warnings
    if errors:
        return
    objects, problems = objects_of(value)
    whole = Origin(document)
    loaded.errors += [_remark(problem, whole, "", "") for problem in problems]
    for raw in objects:
        origin = Origin(document, raw.path)
        if isinstance(raw.model, Skipped):
            skipped.setdefault(f"{raw.kind} {raw.model.value}", []).append(origin)
            continue
        if issubclass(raw.model, KubernetesObject):
            _load_kubernetes(raw, origin, loaded)
            continue
        reading = read_object(raw.model, raw.value, stored)
        name = _name(raw.value)
        loaded.errors += [_remark(problem, origin, raw.kind, name) for problem in reading.refusals]
        if reading.resource is not None and not reading.problems:
            noted = tuple(_remark(remark, origin, raw.kind, name) for remark in reading.warnings)
            loaded.objects.append(LoadedObject(reading.resource, origin, noted))


def _load_kubernetes(raw: RawObject, origin: Origin, loaded: Loaded) -> None:
    """Of an object of Kubernetes only the frame is checked here: its name and namespace."""
    version = str(raw.value["apiVersion"])
    metadata = raw.value.get("metadata")
    if not isinstance(metadata, dict):
        loaded.errors.append(origin.remark(raw.kind, "", ("metadata",), "metadata with a name must be given"))
        return
    name, namespace = metadata.get("name"), metadata.get("namespace") or ""
    if not isinstance(name, str) or not name:
        loaded.errors.append(origin.remark(raw.kind, "", ("metadata", "name"), "a name must be given, as text"))
        return
    if not isinstance(namespace, str):
        loaded.errors.append(origin.remark(raw.kind, name, ("metadata", "namespace"), "must be text"))
        return
    namespace = (namespace or DEFAULT_NAMESPACE) if KUBERNETES_KINDS[version, raw.kind] else ""
    loaded.kubernetes.append(
        LoadedKubernetesObject(KubernetesObject(version, raw.kind, namespace, name, raw.value), origin)
    )


@frozen
class Reading:
    """One object through all layers: what calicoctl refuses of it, and what else is to say."""

    resource: Resource | None
    problems: list[Problem]
    remarks: list[Advice] = field(default_factory=list)

    @property
    def refusals(self) -> list[Problem | Advice]:
        """What keeps the object from being used."""
        return [*self.problems, *(remark for remark in self.remarks if remark.severity is Severity.ERROR)]

    @property
    def warnings(self) -> list[Advice]:
        return [remark for remark in self.remarks if remark.severity is Severity.WARNING]


def read_object(model: type[Resource], value: dict[str, object], stored: bool) -> Reading:
    """One object through all layers; a `stored` one is only decoded, unless it is a Host, which no datastore holds."""
    resource, problems = decode(model, value)
    if resource is None:
        return Reading(None, problems + _further_problems(model, value, problems))
    if isinstance(resource, Host):
        return Reading(resource, host_problems(resource))
    if stored:
        return Reading(resource, problems)
    problems = validate(resource)
    if problems:
        return Reading(None, problems)
    complete = with_defaults(resource)
    return Reading(complete, [], [*advice(resource), *_refusals_on_writing(complete)])


def _refusals_on_writing(resource: Resource) -> Iterable[Advice]:
    """What calicoctl validate accepts and create or the API server would refuse."""
    for problem in schema_findings(resource):
        yield Advice(problem.path, f"the API server refuses this: {problem.message}", Severity.WARNING, problem.at_key)
    if resource.metadata.resource_version or resource.metadata.uid:
        return  # the dump of a cluster, where it has been created already
    for problem in creation_problems(resource):
        yield Advice(
            problem.path, f"calicoctl create refuses this: {problem.message}", Severity.WARNING, problem.at_key
        )


def _further_problems(model: type[Resource], value: object, problems: list[Problem]) -> list[Problem]:
    """What the validator says of an object that cannot be loaded, as far as it is about something else."""
    rest = salvage(model, value)
    if rest is None or isinstance(rest, Host | FelixConfiguration):
        return []
    return [found for found in validate(rest) if not any(_concerns(found, problem, value) for problem in problems)]


def _concerns(found: Problem, problem: Problem, value: object) -> bool:
    """Whether a finding may only be there because of what was taken out: it is about the same place, or what holds it.

    A field under a wrong name leaves the right one missing, so complaints about missing fields beside it count too.
    """
    holder = problem.path[:-1]
    if found.path[: len(problem.path)] == problem.path or holder[: len(found.path)] == found.path:
        return True
    return found.path[:-1] == holder and not _is_given(value, found.path)


def _is_given(value: object, path: Path) -> bool:
    for step in path:
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return False
            value = value[step]
        else:
            if not isinstance(value, list) or step >= len(value):
                return False
            value = value[step]
    return True


def _name(value: Mapping[str, object]) -> str:
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _remark(problem: Problem | Advice, origin: Origin, kind: str, name: str) -> ManifestError:
    return origin.remark(kind, name, problem.path, problem.message, key=problem.at_key)


def _skip_notices(skipped: Mapping[str, list[Origin]]) -> list[ManifestError]:
    """One notice for each kind that was skipped in a file, at its first object."""
    notices = []
    for what, origins in skipped.items():
        kind, _, reason = what.partition(" ")
        more = f" ({len(origins)} of them)" if len(origins) > 1 else ""
        notices.append(origins[0].remark(kind, "", ("kind",), f"{kind} {reason}{more}"))
    return notices
