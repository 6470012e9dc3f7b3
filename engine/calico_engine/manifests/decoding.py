"""JSON values → structs, as Go's decoder reads them.

The quick way is pydantic's own. What it refuses is gone through once more by the rules of Go's `encoding/json` and
`sigs.k8s.io/yaml` (spec resources 11.2, 11.3): field names match without regard to case, null means "not given",
scalars become text where text is wanted, whole floats become integers. What is still wrong is reported, all of it.
"""

from __future__ import annotations

import dataclasses
import difflib
import struct
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import annotated_types
from pydantic import PlainValidator, TypeAdapter, ValidationError

from calico_engine.resources.base import json_name

_T = TypeVar("_T")

Path = tuple[str | int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at `path` within one object; `at_key` when the key itself is meant and not its value."""

    path: Path
    message: str
    at_key: bool = False


def decode(model: type[_T], value: object) -> tuple[_T | None, list[Problem]]:
    """The struct that `value` stands for, or None and every problem."""
    try:
        return _adapter(model).validate_python(value), []
    except ValidationError:
        problems: list[Problem] = []
        converted = _struct(model)(value, (), problems)
        if problems:
            return None, problems
    try:
        return _adapter(model).validate_python(converted), []
    except ValidationError as error:
        return None, [Problem(tuple(e["loc"]), e["msg"]) for e in error.errors()]


@cache
def _adapter(model: type[_T]) -> TypeAdapter[_T]:
    return TypeAdapter(model)


_Converter = Callable[[object, Path, list[Problem]], object]


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return names.get(type(value), "null")


def _wanted(what: str, value: object, path: Path, problems: list[Problem]) -> None:
    shown = f" {value!r}"[:60] if isinstance(value, str | int | float) else ""
    problems.append(Problem(path, f"must be {what}, not {_kind(value)}{shown}"))


def _to_text(value: object, path: Path, problems: list[Problem]) -> object:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return go_float32_text(value)
    return _wanted("text", value, path, problems)


def go_float32_text(value: float) -> str:
    """A float as sigs.k8s.io/yaml writes it into a text field: Go's shortest form at 32-bit precision."""
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return "+Inf" if value > 0 else "-Inf"
    for precision in range(1, 10):
        text = f"{value:.{precision - 1}e}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == single:
            break
    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    if power < -4 or power >= 6:
        return f"{mantissa}e{power:+03d}"
    return f"{float(text):.{max(0, precision - 1 - power)}f}"


def _to_bool(value: object, path: Path, problems: list[Problem]) -> object:
    return value if isinstance(value, bool) else _wanted("true or false", value, path, problems)


def _to_float(value: object, path: Path, problems: list[Problem]) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return _wanted("a number", value, path, problems)


def _to_int(low: int | None, high: int | None) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            return _wanted("a whole number", value, path, problems)
        if (low is not None and value < low) or (high is not None and value > high):
            problems.append(Problem(path, f"must be from {low} to {high}, not {value}"))
        return value

    return convert


def _to_choice(choices: tuple[object, ...]) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if value not in choices:
            problems.append(Problem(path, f"must be one of {', '.join(map(str, choices))}"))
        return value

    return convert


def _parsed(parse: Callable[[object], object]) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        try:
            parse(value)
        except ValueError as error:
            problems.append(Problem(path, str(error)))
        return value

    return convert


def _list_of(item: _Converter, empty: object) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if not isinstance(value, list):
            return _wanted("a list", value, path, problems)
        return [
            empty if entry is None else item(entry, (*path, index), problems) for index, entry in enumerate(value)
        ]

    return convert


def _map_of(item: _Converter) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if not isinstance(value, dict):
            return _wanted("a mapping", value, path, problems)
        return {key: item(entry, (*path, key), problems) for key, entry in value.items()}

    return convert


def _as_it_is(value: object, path: Path, problems: list[Problem]) -> object:
    return value


@cache
def _struct(model: type) -> _Converter:
    fields = _fields(model)
    folded = {name.lower(): name for name in fields}

    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if not isinstance(value, dict):
            return _wanted("a mapping", value, path, problems)
        converted: dict[str, object] = {}
        exact = fields.keys() & value.keys()
        for key in sorted(value):
            name = key if key in fields else folded.get(key.lower())
            if name is None:
                problems.append(Problem((*path, key), unknown_name("field", key, fields), at_key=True))
            elif value[key] is not None and not (key != name and name in exact):
                converted[name] = fields[name](value[key], (*path, key), problems)
        return converted

    return convert


def unknown_name(what: str, name: str, known: typing.Iterable[str]) -> str:
    """`unknown field "selctor"; did you mean "selector"?`"""
    close = difflib.get_close_matches(name[:100], list(known), n=1, cutoff=0.6)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f'unknown {what} "{name[:100]}"{hint}'


def _fields(model: type) -> Mapping[str, _Converter]:
    hints = typing.get_type_hints(model, include_extras=True)
    return {json_name(f.name, hints[f.name]): _converter(hints[f.name]) for f in dataclasses.fields(model)}


def _converter(annotation: Any) -> _Converter:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _annotated(annotation)
    if origin in (types.UnionType, typing.Union):
        return _converter(next(a for a in get_args(annotation) if a is not type(None)))
    if origin is tuple:
        item = get_args(annotation)[0]
        return _list_of(_converter(item), _zero(item))
    if origin is dict:
        return _map_of(_converter(get_args(annotation)[1]))
    if origin is Literal:
        return _to_choice(get_args(annotation))
    if dataclasses.is_dataclass(annotation):
        return _struct(typing.cast(type, annotation))
    scalars: Mapping[object, _Converter] = {
        str: _to_text,
        bool: _to_bool,
        int: _to_int(None, None),
        float: _to_float,
    }
    return scalars.get(annotation, _as_it_is)


def _annotated(annotation: Any) -> _Converter:
    base, *metadata = get_args(annotation)
    for item in metadata:
        if isinstance(item, PlainValidator):
            return _parsed(typing.cast("Callable[[object], object]", item.func))
    if base is int:
        bounds = [m for item in metadata for m in getattr(item, "metadata", [])]
        low = next((b.ge for b in bounds if isinstance(b, annotated_types.Ge)), None)
        high = next((b.le for b in bounds if isinstance(b, annotated_types.Le)), None)
        return _to_int(typing.cast("int | None", low), typing.cast("int | None", high))
    return _converter(base)


def _zero(annotation: Any) -> object:
    """What a null entry of a list stands for: Go's zero value."""
    base = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if hasattr(base, "__pydantic_config__"):
        return {}
    return {str: "", int: 0, float: 0.0, bool: False}.get(typing.cast(type, base), 0)
