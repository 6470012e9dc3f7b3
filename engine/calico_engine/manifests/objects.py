"""From the value of a document to the objects in it: single ones, bare lists, typed lists and `kind: List`.

Source: calicoctl/calicoctl/resourcemgr/resourcemgr.go (spec resources 11.2); reading `kind: List` and skipping foreign
kinds are extensions.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from calico_engine.manifests.decoding import Path, Problem, unknown_name
from calico_engine.resources import API_VERSION, HOST_API_VERSION, MODELS, Host, Resource

_KINDS = {kind: model for (version, kind), model in MODELS.items() if version == API_VERSION}
#: Calico kinds that cannot change a verdict: kept out, with a notice.
_HARMLESS_KINDS = frozenset({"BGPPeer", "BGPFilter", "ClusterInformation", "IPReservation", "CalicoNodeStatus"})
#: Kubernetes kinds that Calico turns into policy: to skip one silently could turn a verdict around.
_POLICY_KINDS = frozenset({"NetworkPolicy", "ClusterNetworkPolicy"})
_WITHDRAWN_KINDS = frozenset({"AdminNetworkPolicy", "BaselineAdminNetworkPolicy"})


class Skipped(enum.Enum):
    """Why an object takes no part."""

    FOREIGN = "is no Calico object and was skipped"
    HARMLESS = "cannot change a verdict and was skipped"


@dataclass(frozen=True, slots=True)
class RawObject:
    """One object of a document, not yet decoded; `path` leads to it from the document's root."""

    path: Path
    value: dict[str, object]
    kind: str
    model: type[Resource] | Skipped


def objects_of(value: object) -> tuple[list[RawObject], list[Problem]]:
    """Every object in a document's value, and what is wrong with its shape."""
    objects: list[RawObject] = []
    problems: list[Problem] = []
    for path, item, list_kind in _flattened(value, problems):
        found = _recognise(path, item, list_kind, problems)
        if found is not None:
            objects.append(found)
    return objects, problems


def _flattened(value: object, problems: list[Problem]) -> Iterator[tuple[Path, dict[str, object], str | None]]:
    """(path, object, kind that its typed list implies). A stack of its own: lists may stand inside lists."""
    stack: list[tuple[Path, object, str | None]] = [((), value, None)]
    while stack:
        path, item, list_kind = stack.pop()
        if isinstance(item, list) and (not path or path[-1] != "items"):
            stack.extend(((*path, index), entry, None) for index, entry in reversed(list(enumerate(item))))
        elif not isinstance(item, dict):
            problems.append(Problem(path, "must be a resource: a mapping with apiVersion, kind and metadata"))
        elif _is_list(item):
            entries = item.get("items")
            if not isinstance(entries, list):
                if entries is not None:
                    problems.append(Problem((*path, "items"), "must be a list"))
                continue
            implied = str(item["kind"]).removesuffix("List") or None
            for index, entry in reversed(list(enumerate(entries))):
                stack.append(((*path, "items", index), {} if entry is None else entry, implied))
        else:
            yield path, item, list_kind


def _is_list(item: dict[str, object]) -> bool:
    kind = item.get("kind")
    if not isinstance(kind, str) or not kind.endswith("List"):
        return False
    return kind == "List" or kind.removesuffix("List") in _KINDS or "items" in item


def _recognise(
    path: Path, item: dict[str, object], list_kind: str | None, problems: list[Problem]
) -> RawObject | None:
    version, kind = item.get("apiVersion"), item.get("kind")
    if list_kind is not None and list_kind in _KINDS and version is None and kind is None:
        version, kind = API_VERSION, list_kind
    if not isinstance(kind, str) or not kind:
        problems.append(Problem((*path, "kind") if "kind" in item else path, _missing("kind", item)))
        return None
    if not isinstance(version, str) or not version:
        where = (*path, "apiVersion") if "apiVersion" in item else path
        problems.append(Problem(where, _missing("apiVersion", item)))
        return None
    model = _model(version, kind)
    if isinstance(model, str):
        problems.append(Problem((*path, "kind"), model))
        return None
    return RawObject(path, item, kind, model)


def _missing(key: str, item: dict[str, object]) -> str:
    wrongly = next((name for name in item if name.lower() == key.lower() and name != key), None)
    if wrongly is not None:
        return f'the key must be spelled "{key}", not "{wrongly}"'
    return f"{key} must be given, as text" if key in item else f"{key} is missing"


def _model(version: str, kind: str) -> type[Resource] | Skipped | str:
    """The model, why the object is skipped, or what is wrong with its apiVersion and kind."""
    found = MODELS.get((version, kind))
    if found is not None:
        return found
    group = version.partition("/")[0]
    if group == "calico-engine":
        return f'{HOST_API_VERSION} has the kind "{Host.KIND}" only, not "{kind[:80]}"'
    if group == "projectcalico.org" or group == "crd.projectcalico.org":
        if kind in _HARMLESS_KINDS:
            return Skipped.HARMLESS
        if kind in _KINDS or kind == Host.KIND:
            wanted = HOST_API_VERSION if kind == Host.KIND else API_VERSION
            return f'apiVersion of a {kind} must be "{wanted}", not "{version[:80]}"'
        return unknown_name("kind", kind, [*_KINDS, *_HARMLESS_KINDS])
    if kind in _WITHDRAWN_KINDS:
        return f"{kind} is not part of this Calico release; use ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2)"
    if kind in _POLICY_KINDS:
        return f"a {kind} of {version[:80]} decides about packets, and its conversion is not modelled yet"
    return Skipped.FOREIGN
