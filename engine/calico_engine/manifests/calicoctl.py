"""The verdict of `calicoctl validate` itself, where this project judges otherwise on purpose (docs/decisions.md).

Both readings share every layer. What differs is the frame: which documents are read at all, which kinds are known, and
that text which is lost is no error. Source: calicoctl/calicoctl/resourcemgr/resourcemgr.go (spec resources 11, 14.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from calico_engine.errors import ManifestError, printable
from calico_engine.manifests.decoding import Problem
from calico_engine.manifests.documents import SKIPPED, VANISHING, Document, read_document, split_documents
from calico_engine.manifests.hints import unknown_field
from calico_engine.manifests.loading import read_object
from calico_engine.manifests.objects import RawObject, Skipped, objects_of
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.sources import Source
from calico_engine.manifests.yaml_events import BYTE_ORDER_MARK, open_events
from calico_engine.manifests.yaml_values import JsonValue
from calico_engine.manifests.yaml_walk import LOST_TEXT, Walk
from calico_engine.resources import API_VERSION, MODELS, Host
from calico_engine.resources.kubernetes import KubernetesObject

_KINDS = frozenset(kind for version, kind in MODELS if version == API_VERSION)
#: The fields of the specs that are otherwise kept unread (api/pkg/apis/projectcalico/v3/bgppeer.go and its neighbours).
_UNREAD_SPECS: Mapping[str, tuple[str, ...]] = {
    "BGPFilter": ("exportV4", "exportV6", "importV4", "importV6"),
    "BGPPeer": (
        "asNumber",
        "failureDetectionMode",
        "filters",
        "keepOriginalNextHop",
        "localASNumber",
        "localWorkloadSelector",
        "maxRestartTime",
        "nextHopMode",
        "node",
        "nodeSelector",
        "numAllowedLocalASNumbers",
        "password",
        "peerIP",
        "peerSelector",
        "reachableBy",
        "reversePeering",
        "sourceAddress",
        "ttlSecurity",
    ),
    "IPReservation": ("reservedCIDRs",),
}


def refusals(sources: Iterable[Source]) -> list[ManifestError]:
    """Everything for which `calicoctl validate` refuses these texts; nothing if it accepts them."""
    return sorted(error for source in sources for error in _of_source(source))


def _of_source(source: Source) -> list[ManifestError]:
    documents, errors, warnings = split_documents(source)
    lost = {error.document for error in errors if error.message == VANISHING}
    found = [error for error in errors if error.message != VANISHING]
    found += [warning for warning in warnings if warning.message == SKIPPED and warning.document not in lost]
    count = 0
    for document in documents:
        if document.index not in lost:
            objects, refused = _of_document(document)
            count += objects
            found += refused
    if not (found or count):
        found.append(ManifestError(source.name, message=f"no resources in {printable(source.name)}"))
    return found


def _of_document(document: Document) -> tuple[int, list[ManifestError]]:
    """How many resources the document holds, and what is refused of it."""
    value, errors = _value(document)
    if errors:
        return 0, errors
    objects, problems = objects_of(value)
    whole = Origin(document)
    told = {problem.path for problem in problems}
    problems += [problem for problem in _unknown_types(value) if problem.path not in told]
    found = [_remark(whole, problem) for problem in problems]
    for raw in objects:
        name = _name(raw.value)
        found += [_remark(Origin(document, raw.path), problem, raw.kind, name) for problem in _problems(raw)]
    return len(objects), found


def _value(document: Document) -> tuple[JsonValue, list[ManifestError]]:
    """The value of the document, whatever follows it in its text: calicoctl reads no further."""
    value, errors, _ = read_document(document)
    if errors and all(error.message == LOST_TEXT for error in errors):
        walk = Walk(document.text.removeprefix(BYTE_ORDER_MARK))
        return walk.build(open_events(walk.text)), []
    return value, errors


def _unknown_types(value: JsonValue) -> Iterator[Problem]:
    """calicoctl knows its own kinds and their lists, under one version, alone or in a bare list."""
    entries = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
    for index, entry in entries:
        kind, version = (entry.get("kind"), entry.get("apiVersion")) if isinstance(entry, dict) else (None, None)
        if not (isinstance(kind, str) and kind and isinstance(version, str) and version):
            continue  # what is missing is told already
        path = () if index is None else (index,)
        if kind.removesuffix("List") not in _KINDS:
            yield Problem((*path, "kind"), f'calicoctl does not know the kind "{printable(kind, 80)}"')
        elif version != API_VERSION:
            message = f'calicoctl does not know the apiVersion "{printable(version, 80)}", only "{API_VERSION}"'
            yield Problem((*path, "apiVersion"), message)


def _problems(raw: RawObject) -> list[Problem]:
    if isinstance(raw.model, Skipped) or issubclass(raw.model, KubernetesObject | Host):
        return []
    problems = read_object(raw.model, raw.value, False).problems
    return problems or list(_unread_fields(raw))


def _unread_fields(raw: RawObject) -> Iterator[Problem]:
    spec, known = raw.value.get("spec"), _UNREAD_SPECS.get(raw.kind, ())
    names = {field.lower() for field in known}
    for field in spec if known and isinstance(spec, dict) else ():
        if field.lower() not in names:
            yield Problem(("spec", field), unknown_field(field, known), at_key=True)


def _name(value: Mapping[str, object]) -> str:
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _remark(origin: Origin, problem: Problem, kind: str = "", name: str = "") -> ManifestError:
    return origin.remark(kind, name, problem.path, problem.message, key=problem.at_key)
