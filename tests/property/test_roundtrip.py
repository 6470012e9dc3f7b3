"""Laws of reading and writing: what is written is read back, and defaults are filled in once."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import PlainValidator

from calico_engine.configuration.go_text import Duration
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.defaulting import with_defaults
from calico_engine.manifests.encoding import to_json
from calico_engine.manifests.felix_spec import FelixSpec
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.yaml_values import parse_value
from calico_engine.resources import MODELS, FelixConfiguration, Host, Resource
from calico_engine.resources.base import ObjectMeta, parse_duration, parse_time
from calico_engine.resources.bgp import parse_as_number
from calico_engine.resources.rules import Port, parse_port, parse_protocol
from calico_engine.resources.staged_kubernetes import parse_port_or_name

TEXTS = st.text(st.characters(categories=("L", "N", "P", "S"), include_characters=" "), max_size=12)
NAMES = st.from_regex(r"[a-zA-Z_.][a-zA-Z0-9_.-]{0,10}", fullmatch=True)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
PORTS = st.one_of(
    st.integers(0, 65535).map(lambda port: Port(port, port)),
    st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda ends: Port(min(ends), max(ends))),
    NAMES.map(lambda name: Port(0, 0, name)),
)
JSON = st.recursive(st.one_of(TEXTS, st.booleans(), NUMBERS), lambda inner: st.dictionaries(NAMES, inner, max_size=2))
PARSED: Mapping[object, st.SearchStrategy[object]] = {
    parse_port: PORTS,
    parse_protocol: st.one_of(st.integers(0, 255), NAMES),
    parse_port_or_name: st.one_of(NUMBERS, TEXTS),
    parse_as_number: st.integers(0, 2**32 - 1),
    parse_duration: st.integers(-(10**12), 10**12).map(lambda count: Duration(count * 10**6)),
    parse_time: st.datetimes().map(lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")),
}
SCALARS: Mapping[object, st.SearchStrategy[object]] = {
    str: TEXTS,
    int: st.integers(0, 65535),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Any: JSON,
}
METADATA = st.builds(
    ObjectMeta,
    name=TEXTS,
    namespace=TEXTS,
    labels=st.dictionaries(TEXTS, TEXTS, max_size=3),
    annotations=st.dictionaries(TEXTS, TEXTS, max_size=2),
)


def of(annotation: Any, *, at_least: int = 0) -> st.SearchStrategy[Any]:
    """Values of a field, from its type. A list that may be None is never empty: that is not written."""
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        parser = next((item.func for item in metadata if isinstance(item, PlainValidator)), None)
        return of(base, at_least=at_least) if parser is None else PARSED[parser]
    if get_origin(annotation) in (types.UnionType, typing.Union):
        inner = next(item for item in get_args(annotation) if item is not type(None))
        return st.one_of(st.none(), of(inner, at_least=1))
    if get_origin(annotation) is tuple:
        return st.lists(of(get_args(annotation)[0]), min_size=at_least, max_size=1).map(tuple)
    if get_origin(annotation) is dict:
        return st.dictionaries(TEXTS, of(get_args(annotation)[1]), min_size=at_least, max_size=1)
    return struct(annotation) if dataclasses.is_dataclass(annotation) else SCALARS[annotation]


@cache
def _fields(model: Any) -> Mapping[str, st.SearchStrategy[Any]]:
    hints = typing.get_type_hints(model, include_extras=True)
    return {field.name: of(hints[field.name]) for field in dataclasses.fields(model)}


def struct(model: Any, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Structs of which a few fields, chosen anew each time, hold something."""
    free = {name: values for name, values in _fields(model).items() if name not in fixed}
    return st.deferred(lambda: st.fixed_dictionaries(dict(fixed), optional=free).map(lambda given: model(**given)))


def resources(version: str, model: type[Resource]) -> st.SearchStrategy[Resource]:
    fixed = {"api_version": st.just(version), "kind": st.just(model.KIND), "metadata": METADATA}
    if model is FelixConfiguration:
        return struct(model, **fixed, spec=FELIX_SPECS)
    return struct(model, **fixed)


def _felix_spec(names: set[str]) -> st.SearchStrategy[dict[str, object]]:
    fields = {name: values for name, values in _fields(FelixSpec).items() if name in names}
    return st.fixed_dictionaries(fields).map(lambda given: to_json(FelixSpec(**given)))


FELIX_SPECS = st.sets(st.sampled_from([field.name for field in dataclasses.fields(FelixSpec)]), max_size=8).flatmap(
    _felix_spec
)
KINDS = [pytest.param(version, model, id=model.KIND) for (version, _), model in MODELS.items() if model is not Host]
few = settings(max_examples=20, deadline=None)


@pytest.mark.parametrize(("version", "model"), KINDS)
@few
@given(data=st.data())
def test_what_is_written_is_read_back(version: str, model: type[Resource], data: st.DataObject) -> None:
    resource = data.draw(resources(version, model))
    written = stored_form(resource)
    if isinstance(resource, FelixConfiguration):
        written["spec"] = dict(resource.spec)
    assert decode(model, written) == (resource, [])


@pytest.mark.parametrize(("version", "model"), KINDS)
@few
@given(data=st.data())
def test_what_is_written_as_text_is_read_back(version: str, model: type[Resource], data: st.DataObject) -> None:
    written = stored_form(data.draw(resources(version, model)))
    value = parse_value(json.dumps(written, ensure_ascii=False))
    again, problems = decode(model, value)
    assert problems == []
    assert again is not None
    assert stored_form(again) == written


@pytest.mark.parametrize(("version", "model"), KINDS)
@few
@given(data=st.data())
def test_defaults_are_filled_in_once(version: str, model: type[Resource], data: st.DataObject) -> None:
    defaulted = with_defaults(data.draw(resources(version, model)))
    assert with_defaults(defaulted) == defaulted
