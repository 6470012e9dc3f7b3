"""Structs → JSON values, as Go's encoder writes Calico's API types: the way back from `decoding`.

What holds nothing is left out (`omitempty`), unless its field is marked `KEPT`; a resource's `spec` always is written.
A field that may be None stands for a Go pointer: it is written whenever it is not None. Not kept is the `{}` that Go
leaves of a struct in which a list was given but is empty.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from calico_engine.configuration.go_text import Duration
from calico_engine.frozen import frozen
from calico_engine.resources.base import Kept, Pointer, json_name
from calico_engine.resources.rules import Port

_Encoder = Callable[[Any], object]
_EXPONENT_FROM = 1e21


@frozen
class _Field:
    """How one field is written."""

    name: str
    json_name: str
    always: bool
    pointer: bool
    encode: _Encoder


def to_json(value: object) -> dict[str, object]:
    """The JSON object of one of Calico's structs."""
    return _struct(value)


def given_fields(value: object) -> list[str]:
    """JSON names of the struct's fields that do not hold Go's zero value; a list that is given but empty does not."""
    model: Any = type(value)
    items = ((field.json_name, getattr(value, field.name)) for field in _fields(model))
    return [name for name, item in items if item is not None and item is not False and item != ""]


def _struct(value: object) -> dict[str, object]:
    written: dict[str, object] = {}
    model: Any = type(value)
    for field in _fields(model):
        item = getattr(value, field.name)
        if item is None:
            if field.always:
                written[field.json_name] = None
            continue
        encoded = field.encode(item)
        if field.always or field.pointer or not _is_zero(encoded):
            written[field.json_name] = encoded
    return written


def _is_zero(encoded: object) -> bool:
    return encoded in ("", 0, False) or encoded == [] or encoded == {}


@cache
def _fields(model: Any) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(model, include_extras=True)
    return tuple(_field(field.name, hints[field.name]) for field in dataclasses.fields(model))


def _field(name: str, annotation: Any) -> _Field:
    base, metadata = _unpacked(annotation)
    always = name == "spec" or any(isinstance(item, Kept) for item in metadata)
    inner, optional = _optional(base)
    # A list that may be None is a slice of which it matters whether it was given; Go leaves it out when it is empty.
    is_slice = get_origin(_unpacked(inner)[0]) in (tuple, dict) and not any(isinstance(i, Pointer) for i in metadata)
    return _Field(name, json_name(name, annotation), always, optional and not is_slice, _encoder(inner))


def _unpacked(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        return base, tuple(metadata)
    return annotation, ()


def _optional(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in (types.UnionType, typing.Union):
        return annotation, False
    given = [item for item in get_args(annotation) if item is not type(None)]
    return (given[0] if len(given) == 1 else object), len(given) < len(get_args(annotation))


def _encoder(annotation: Any) -> _Encoder:
    base = _unpacked(annotation)[0]
    if get_origin(base) is tuple:
        item = _encoder(get_args(base)[0])
        return lambda values: [item(value) for value in values]
    if get_origin(base) is dict:
        return dict
    if base is Port:
        return _port
    if base is Duration:
        return str
    if base is float:
        return _number
    if dataclasses.is_dataclass(base):
        return _struct
    return lambda value: value


def _port(port: Port) -> object:
    """numorstring.Port: MarshalJSON: one number as a number, all else as text."""
    return port.first if port.name is None and port.first == port.last else str(port)


def _number(value: float) -> int | float:
    """encoding/json prints the fewest digits that mean the same float, and pads a whole number with zeros."""
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < _EXPONENT_FROM else value
