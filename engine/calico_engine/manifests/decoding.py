"""JSON values → structs, as Go's decoder reads them.

The quick way is pydantic's own. What it refuses is gone through once more by the rules of Go's `encoding/json` and
`sigs.k8s.io/yaml` (spec resources 11.2, 11.3): field names match without regard to case, null means "not given",
scalars become text where text is wanted, whole floats become integers. What is still wrong is reported, all of it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import annotated_types
from pydantic import PlainValidator, TypeAdapter, ValidationError

from calico_engine.errors import printable
from calico_engine.frozen import frozen
from calico_engine.manifests.encoding import to_json
from calico_engine.manifests.field_places import place_hint
from calico_engine.manifests.go_numbers import go_float32_text
from calico_engine.manifests.hints import placeholder_hint, unknown_field
from calico_engine.resources.base import json_name
from calico_engine.resources.configuration import FelixConfiguration

_T = TypeVar("_T")

Path = tuple[str | int, ...]


@frozen
class Problem:
    """Something wrong at `path` within one object; `at_key` when the key itself is meant and not its value."""

    path: Path
    message: str
    at_key: bool = False


def decode(model: type[_T], value: object) -> tuple[_T | None, list[Problem]]:
    """The struct that `value` stands for, or None and every problem."""
    struct: Any = model
    try:
        resource = _adapter(struct).validate_python(value)
    except UnicodeEncodeError:
        return None, [Problem((), "a text in it holds half a character (a lone surrogate)")]
    except ValidationError:
        resource, problems = _converted(struct, value)
        if resource is None:
            return None, problems
    return _with_felix_spec(resource) if isinstance(resource, FelixConfiguration) else (resource, [])


def salvage(model: type[_T], value: object) -> _T | None:
    """What is left of a value that does not decode once everything wrong in it is taken out; None if nothing is.

    So that the layers above can tell what else is wrong with it. Entries of lists keep their places.
    """
    struct: Any = model
    try:
        resource: _T = _adapter(struct).validate_python(_struct(struct)(value, (), []))
    except (UnicodeEncodeError, ValidationError):
        return None
    return resource


def _converted(model: Any, value: object) -> tuple[Any, list[Problem]]:
    """The slow way, by the rules of Go."""
    problems: list[Problem] = []
    converted = _struct(model)(value, (), problems)
    if problems:
        return None, [_with_place(model, problem) for problem in problems]
    try:
        return _adapter(model).validate_python(converted), []
    except ValidationError as error:
        return None, [Problem(tuple(e["loc"]), e["msg"]) for e in error.errors()]


def _with_place(model: Any, problem: Problem) -> Problem:
    """An unknown field that is known elsewhere in the same object: say where, rather than guess at another name."""
    hint = place_hint(model, problem.path) if problem.at_key else ""
    message, _, _ = problem.message.partition("; did you mean ")
    return dataclasses.replace(problem, message=message + hint) if hint else problem


def _with_felix_spec(resource: Any) -> tuple[Any, list[Problem]]:
    """The configuration with its spec checked against the table of fields, and written as Calico would write it."""
    from calico_engine.manifests.felix_spec import FelixSpec  # long, and few manifests have one

    spec, problems = decode(FelixSpec, resource.spec)
    if spec is None:
        return None, [dataclasses.replace(problem, path=("spec", *problem.path)) for problem in problems]
    return dataclasses.replace(resource, spec=to_json(spec)), []


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


#: To look for the nearest known name takes time; a text with more problems than this gets none.
_MOST_HINTS = 100

_Converter = Callable[[object, Path, list[Problem]], object]


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the text "{printable(value, 40)}"'
    if isinstance(value, int | float):
        return f"the number {value!r}"[:50]
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "null"


def _wanted(what: str, value: object, path: Path, problems: list[Problem], hint: str = "") -> object:
    problems.append(Problem(path, f"must be {what}, not {_kind(value)}{hint}"))
    return None


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


def _to_bool(value: object, path: Path, problems: list[Problem]) -> object:
    if isinstance(value, bool):
        return value
    quoted = isinstance(value, str) and value.lower() in ("true", "false", "yes", "no", "on", "off")
    return _wanted("true or false", value, path, problems, _QUOTED if quoted else "")


def _to_float(value: object, path: Path, problems: list[Problem]) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return _wanted("a number", value, path, problems, _quote_hint(value))


_QUOTED = ": leave out the quotes"


def _quote_hint(value: object) -> str:
    return _QUOTED if isinstance(value, str) and value.isascii() and value.strip("-").isdigit() else ""


def _to_int(low: int | None, high: int | None) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            return _wanted("a whole number", value, path, problems, _quote_hint(value))
        if (low is not None and value < low) or (high is not None and value > high):
            problems.append(Problem(path, f"must be from {low} to {high}, not {value}"))
            return None
        return value

    return convert


def _to_choice(choices: tuple[object, ...]) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if value not in choices:
            problems.append(Problem(path, f"must be one of {', '.join(map(str, choices))}"))
            return None
        return value

    return convert


def _parsed(parse: Callable[[object], object]) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        try:
            parse(value)
        except ValueError as error:
            problems.append(Problem(path, f"{error}{placeholder_hint(value)}"))
            return None
        return value

    return convert


def _list_of(item: _Converter, empty: object) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if not isinstance(value, list):
            scalar = isinstance(value, str | int | float)
            return _wanted("a list", value, path, problems, ": put it in brackets, `[…]`" if scalar else "")
        converted = (None if entry is None else item(entry, (*path, i), problems) for i, entry in enumerate(value))
        return [empty if entry is None else entry for entry in converted]

    return convert


def _map_of(item: _Converter) -> _Converter:
    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if not isinstance(value, dict):
            return _wanted("a mapping", value, path, problems)
        converted = {key: item(entry, (*path, key), problems) for key, entry in value.items()}
        return {key: entry for key, entry in converted.items() if entry is not None}

    return convert


def _as_it_is(value: object, path: Path, problems: list[Problem]) -> object:
    return value


@cache
def _struct(model: Any) -> _Converter:
    fields = _fields(model)
    folded = {_folded(name): name for name in fields}

    def convert(value: object, path: Path, problems: list[Problem]) -> object:
        if not isinstance(value, dict):
            return _wanted("a mapping", value, path, problems)
        converted: dict[str, object] = {}
        # Of names that differ in case only, the exact one counts, and otherwise the last in byte order.
        for key in sorted(value, key=_bytes):
            name = key if key in fields else folded.get(_folded(key))
            if name is None:
                known = fields if len(problems) < _MOST_HINTS else ()
                problems.append(Problem((*path, key), unknown_field(key, known), at_key=True))
            elif value[key] is not None and (key == name or name not in value):
                converted[name] = fields[name](value[key], (*path, key), problems)
        return {name: item for name, item in converted.items() if item is not None}

    return convert


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _folded(name: str) -> str:
    """The name as encoding/json compares names: without case. The long s, ſ, is an s to it too."""
    return name.lower().replace("\u017f", "s")


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
    if base is Any:
        return None
    return {str: "", int: 0, float: 0.0, bool: False}.get(typing.cast(type, base), 0)
