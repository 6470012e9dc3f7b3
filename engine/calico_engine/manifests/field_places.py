"""Where a field that stands in the wrong place belongs: one of the structs around it, or one within reach below."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from calico_engine.resources.base import json_name

#: Kubernetes' words for what has another name in Calico's policies.
_KUBERNETES_WORDS = {"podSelector": "selector", "policyTypes": "types", "from": "source", "to": "destination"}
_METADATA = frozenset({"name", "namespace", "labels", "annotations"})


def place_hint(model: type, path: tuple[str | int, ...]) -> str:
    """A word on where the unknown field at the end of the path would be known, or nothing."""
    *way, name = path
    structs = _along(model, way)
    if not isinstance(name, str) or not structs:
        return ""
    here = _fields(structs[-1])
    if _KUBERNETES_WORDS.get(name) in here:
        return f'; Calico\'s word for it is "{_KUBERNETES_WORDS[name]}"'
    if way == ["spec"] and name in _METADATA:
        return "; it belongs into metadata"
    if any(name in _fields(struct) for struct in structs[:-1]):
        field = next(step for step in reversed(way) if isinstance(step, str))
        return f'; it belongs further out, not into "{field}"'
    inner = _fields_inside(structs[-1]).get(name)
    return f"; it belongs into {' or '.join(inner)}" if inner else ""


def _along(model: Any, way: list[str | int]) -> list[Any]:
    """The structs on the way; nothing if it leads out of what is known."""
    structs = [model]
    for step in way:
        if isinstance(step, str):
            struct = _struct(_fields(structs[-1]).get(step))
            if struct is None:
                return []
            structs.append(struct)
    return structs


@cache
def _fields(model: Any) -> Mapping[str, Any]:
    hints = typing.get_type_hints(model, include_extras=True)
    return {json_name(field.name, hints[field.name]): hints[field.name] for field in dataclasses.fields(model)}


@cache
def _fields_inside(model: Any) -> Mapping[str, list[str]]:
    """What the structs within this one have: field → the fields of this struct in which it may stand."""
    inside: dict[str, list[str]] = {}
    for holder, annotation in _fields(model).items():
        struct = _struct(annotation)
        for field in () if struct is None else _fields(struct):
            inside.setdefault(field, []).append(holder)
    return inside


def _struct(annotation: Any) -> Any:
    """The struct that a field holds, or that the entries of its list are."""
    if get_origin(annotation) is Annotated or get_origin(annotation) is tuple:
        return _struct(get_args(annotation)[0])
    if get_origin(annotation) in (types.UnionType, typing.Union):
        return _struct(get_args(annotation)[0])
    return annotation if dataclasses.is_dataclass(annotation) else None
