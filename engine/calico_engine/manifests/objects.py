"""From the value of a document to the objects in it: single ones, bare lists, typed lists and `kind: List`.

Source: calicoctl/calicoctl/resourcemgr/resourcemgr.go (spec resources 11.2); reading `kind: List` and kubectl's dumps,
and skipping foreign kinds, are extensions.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import field, replace
from typing import Annotated

from pydantic import Field

from calico_engine.errors import printable
from calico_engine.frozen import frozen
from calico_engine.manifests.crd_objects import CRD_API_VERSION, as_api_object
from calico_engine.manifests.decoding import Path, Problem, decode
from calico_engine.manifests.hints import unknown_name
from calico_engine.resources import (
    API_VERSION,
    HOST_API_VERSION,
    MODELS,
    POLICY_TEST,
    Host,
    Node,
    Profile,
    Resource,
    WorkloadEndpoint,
)
from calico_engine.resources.base import Int, Items, JsonValue, api_struct
from calico_engine.resources.enterprise import ENTERPRISE_KINDS
from calico_engine.resources.kubernetes import KUBERNETES_KINDS, KubernetesObject

_KINDS = {kind: model for (version, kind), model in MODELS.items() if version == API_VERSION}
#: Calico's kinds that calicoctl does not know and kubectl shows; they cannot change a verdict.
_HARMLESS_KINDS = frozenset(
    {"BlockAffinity", "CalicoNodeStatus", "IPAMBlock", "IPAMConfig", "IPAMConfiguration", "IPAMHandle"}
)
#: Kubernetes kinds that Calico turns into policy: to skip one silently could turn a verdict around.
_POLICY_KINDS = frozenset({"NetworkPolicy", "ClusterNetworkPolicy"})
_WITHDRAWN_KINDS = frozenset({"AdminNetworkPolicy", "BaselineAdminNetworkPolicy"})
#: Calico kinds that are no CRDs.
_NO_CRD = frozenset({Node.KIND, Profile.KIND, WorkloadEndpoint.KIND})
#: Calico kinds whose names Kubernetes has too.
_SHARED_KINDS = frozenset({"NetworkPolicy", "Node"})


class Skipped(enum.Enum):
    """Why an object takes no part."""

    FOREIGN = "is no Calico object and was skipped"
    HARMLESS = "cannot change a verdict and was skipped"
    CASES = "holds cases for `calico-engine test` and was skipped"


@frozen
class RawObject:
    """One object of a document, not yet decoded; `path` leads to it from the document's root."""

    path: Path
    value: dict[str, object]
    kind: str
    model: type[Resource] | type[KubernetesObject] | Skipped


@api_struct
class _ListMeta:
    self_link: str = ""
    resource_version: str = ""
    continue_: Annotated[str, Field(alias="continue")] = ""
    remaining_item_count: Int | None = None


@api_struct
class _TypedList:
    """A list kind of Calico's API, such as TierList."""

    api_version: str = ""
    kind: str = ""
    metadata: _ListMeta = field(default_factory=_ListMeta)
    items: Items[JsonValue] = ()


_LIST_KEYS = frozenset({"apiVersion", "kind", "metadata", "items"})


def objects_of(value: object) -> tuple[list[RawObject], list[Problem]]:
    """Every object in a document's value, and what is wrong with its shape."""
    objects: list[RawObject] = []
    problems: list[Problem] = []
    for item in _flattened(value, problems):
        found = _recognise(item, problems)
        if found is not None:
            objects.append(found)
    return objects, problems


@frozen
class _Item:
    """An object on its way: what its list says it is, and whether the list insists on it."""

    path: Path
    value: object
    version: object = None
    kind: object = None
    typed: bool = False


def _flattened(value: object, problems: list[Problem]) -> Iterator[_Item]:
    """The items of all lists. A stack of its own: lists may stand inside lists."""
    stack: list[_Item] = [_Item((), value)]
    while stack:
        item = stack.pop()
        if isinstance(item.value, list) and not item.path:
            stack.extend(_Item((index,), entry) for index, entry in reversed(list(enumerate(item.value))))
        elif not isinstance(item.value, dict):
            problems.append(Problem(item.path, "must be a resource: a mapping with apiVersion, kind and metadata"))
        elif not item.typed and _is_list(item.value):
            stack.extend(reversed(_entries(item, item.value, problems)))
        else:
            yield item


def _is_list(value: dict[str, object]) -> bool:
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind.endswith("List"):
        return False
    return kind.removesuffix("List") in _KINDS or ("items" in value or kind == "List")


def _entries(item: _Item, value: dict[str, object], problems: list[Problem]) -> list[_Item]:
    kind, version = str(value["kind"]), value.get("apiVersion")
    implied = kind.removesuffix("List")
    if implied in _KINDS and version in (API_VERSION, CRD_API_VERSION):
        return _typed_entries(item.path, value, implied, problems)
    if implied in _KINDS and implied not in _SHARED_KINDS and isinstance(version, str) and "." not in version:
        problems.append(Problem((*item.path, "apiVersion"), _wrong_version(version, kind)))
        return []
    if kind == "List" and version not in ("v1", None):
        problems.append(Problem((*item.path, "apiVersion"), 'apiVersion of a List must be "v1"'))
        return []
    problems += [
        Problem((*item.path, key), "is not a key of a list; its objects are under `items`", at_key=True)
        for key in value
        if key not in _LIST_KEYS
    ]
    entries = value.get("items")
    if not isinstance(entries, list):
        if entries is not None:
            problems.append(Problem((*item.path, "items"), "must be a list"))
        return []
    path = (*item.path, "items")
    return [
        _Item((*path, index), entry, version if implied else None, implied or None)
        for index, entry in enumerate(entries)
    ]


def _typed_entries(path: Path, value: dict[str, object], kind: str, problems: list[Problem]) -> list[_Item]:
    """The items of a list kind are read as that kind, whatever they say they are."""
    frame, found = decode(_TypedList, value)
    problems += [replace(problem, path=path + problem.path) for problem in found]
    if frame is None:
        return []
    key = "items" if "items" in value else next((name for name in value if name.lower() == "items"), "items")
    return [
        _Item((*path, key, index), {} if entry is None else entry, frame.api_version, kind, typed=True)
        for index, entry in enumerate(frame.items)
    ]


def _recognise(item: _Item, problems: list[Problem]) -> RawObject | None:
    value, path = item.value, item.path
    assert isinstance(value, dict)
    version, kind = value.get("apiVersion"), value.get("kind")
    if item.typed or (kind is None and item.kind is not None):
        version, kind = item.version, item.kind
    if not isinstance(kind, str) or not kind:
        problems.append(Problem((*path, "kind") if "kind" in value else path, _missing("kind", value)))
        return None
    if not isinstance(version, str) or not version:
        where = (*path, "apiVersion") if "apiVersion" in value else path
        problems.append(Problem(where, _missing("apiVersion", value)))
        return None
    return _read_as(path, value, version, kind, problems)


def _read_as(
    path: Path, value: dict[str, object], version: str, kind: str, problems: list[Problem]
) -> RawObject | None:
    if version == CRD_API_VERSION and kind in _KINDS and kind not in _NO_CRD:
        try:
            return RawObject(path, as_api_object(value, kind, API_VERSION), kind, _KINDS[kind])
        except ValueError as error:
            problems.append(Problem((*path, "metadata", "annotations"), str(error)))
            return None
    model = _model(version, kind)
    if isinstance(model, str):
        at = "apiVersion" if model.startswith("apiVersion") else "kind"
        problems.append(Problem((*path, at) if at in value else path, model))
        return None
    return RawObject(path, value, kind, model)


def _missing(key: str, value: dict[str, object]) -> str:
    wrongly = next((name for name in value if name.lower() == key.lower() and name != key), None)
    if wrongly is not None:
        return f'the key must be spelled "{key}", not "{wrongly}"'
    return f"{key} must be given, as text" if key in value else f"{key} is missing"


def _model(version: str, kind: str) -> type[Resource] | type[KubernetesObject] | Skipped | str:
    """The model, why the object is skipped, or what is wrong with its apiVersion and kind."""
    found = MODELS.get((version, kind))
    if found is not None:
        return found
    if (version, kind) in KUBERNETES_KINDS:
        return KubernetesObject
    group = version.rpartition("/")[0]
    if group == "calico-engine":
        return _own_kind(version, kind)
    if kind in _WITHDRAWN_KINDS:
        return (
            f"{kind} is not part of this Calico release; use ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2)"
        )
    if "calico" in group.lower():
        return _calico_kind(version, kind)
    if kind in _POLICY_KINDS and (kind not in _KINDS or group.endswith("k8s.io")):
        wanted = " or ".join(known for known, name in KUBERNETES_KINDS if name == kind)
        return f"a {kind} of {printable(version, 80)} decides about packets and is not read; Calico reads {wanted}"
    if kind in _KINDS and "." not in group and (kind not in _SHARED_KINDS or version != "v1"):
        return _wrong_version(version, kind)
    return Skipped.FOREIGN


def _own_kind(version: str, kind: str) -> Skipped | str:
    if kind not in (Host.KIND, POLICY_TEST):
        return f'{HOST_API_VERSION} has the kinds "{Host.KIND}" and "{POLICY_TEST}" only, not "{printable(kind, 80)}"'
    if version != HOST_API_VERSION:
        return _wrong_version(version, kind)
    return Skipped.CASES


def _calico_kind(version: str, kind: str) -> Skipped | str:
    if kind in _HARMLESS_KINDS:
        return Skipped.HARMLESS
    if kind in _KINDS or kind == Host.KIND:
        return _wrong_version(version, kind)
    if kind in ENTERPRISE_KINDS:
        return f"{kind} is a kind of Calico Enterprise, which Calico does not have"
    return unknown_name("kind", kind, [*_KINDS, *_HARMLESS_KINDS])


def _wrong_version(version: str, kind: str) -> str:
    wanted = HOST_API_VERSION if kind in (Host.KIND, POLICY_TEST) else API_VERSION
    return f'apiVersion of a {kind} must be "{wanted}", not "{printable(version, 80)}"'
