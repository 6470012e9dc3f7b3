"""Laws of the lowest layer of reading: of texts shown, of values, of documents and of places."""

from __future__ import annotations

import json
import struct

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from calico_engine.errors import printable
from calico_engine.manifests.documents import read_document, split_documents
from calico_engine.manifests.go_numbers import go_float32_text
from calico_engine.manifests.outline import read_outline
from calico_engine.manifests.positions import Positions
from calico_engine.manifests.sources import Source
from calico_engine.manifests.yaml_events import open_events
from calico_engine.manifests.yaml_problems import InvalidYaml, Path, Unreadable
from calico_engine.manifests.yaml_values import JsonValue, parse_value
from calico_engine.manifests.yaml_walk import Walk

# What JSON can write and YAML can hold: no halves of surrogate pairs, and no characters that JSON leaves unescaped and
# YAML takes for line ends.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f\x85\u2028\u2029\ufffe\uffff"))
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS.filter(str.isprintable)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS.filter(str.isprintable), inner, max_size=4),
    max_leaves=20,
)
YAML_SIGNS = st.sampled_from(
    [*"ab1 -:,[]{}'\"#&*!|>%@?~.<=", "\n", "\n  ", "\n- ", ": ", "&a ", "*a", "<<: ", "\n---", "\n..."]
)
YAML_LIKE = st.lists(YAML_SIGNS, max_size=30).map("".join)


@given(st.text(), st.integers(1, 50))
@example("\x1b" * 30, 10)
def test_what_is_shown_is_visible_bounded_and_stays_as_it_is(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    assert printable(shown, limit) == shown


@given(VALUES)
def test_json_is_read_as_json(value: JsonValue) -> None:
    assert parse_value(json.dumps(value, ensure_ascii=False)) == value
    assert parse_value(json.dumps(value, ensure_ascii=False, indent=1)) == value


@given(st.text() | YAML_LIKE)
def test_every_text_has_a_value_or_problems(text: str) -> None:
    try:
        parse_value(text)
    except InvalidYaml as error:
        assert error.problems
        assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in error.problems)
        assert all(problem.line <= text.count("\n") + 1 for problem in error.problems)


@given(VALUES)
def test_an_alias_repeats_its_anchor(value: JsonValue) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert parse_value(f"- &a {text}\n- *a\n") == [value, value]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_printed_float_is_the_same_float(value: float) -> None:
    printed = float(go_float32_text(value))
    assert struct.pack("<f", printed) == struct.pack("<f", value)


@given(st.lists(VALUES.filter(lambda value: value is not None), max_size=4))
def test_documents_joined_are_the_documents(values: list[JsonValue]) -> None:
    text = "---\n".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    documents, errors, warnings = split_documents(Source("f", text))
    assert [read_document(document)[0] for document in documents] == values
    assert not errors + warnings


@given(YAML_LIKE)
def test_every_line_is_in_a_document_or_told_of_or_empty(text: str) -> None:
    documents, errors, warnings = split_documents(Source("f", text))
    told = {remark.line for remark in (*errors, *warnings)}
    held = {document.first_line + offset for document in documents for offset in range(document.text.count("\n") + 1)}
    for number, line in enumerate(text.split("\n"), start=1):
        is_silent = not line.strip() or line.lstrip().startswith("#") or line.startswith("---")
        assert is_silent or number in held | told


@given(VALUES)
def test_every_value_stands_where_it_is_said_to_stand(value: JsonValue) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    lines = text.split("\n")
    places = Positions(text)
    for path, part in parts(value):
        line, column = places.locate(path)
        # JSON breaks lines within lists and mappings only, and ends a scalar with a comma or the line.
        written = lines[line - 1][column - 1 :].removesuffix(",")
        assert written[:1] == json.dumps(part)[:1]
        assert isinstance(part, dict | list) or json.loads(written) == part


@given(VALUES)
def test_every_key_stands_where_it_is_said_to_stand(value: JsonValue) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    lines = text.split("\n")
    places = Positions(text)
    for path, _ in parts(value):
        if path and isinstance(path[-1], str):
            line, column = places.locate(path, key=True)
            assert lines[line - 1][column - 1 :].startswith(json.dumps(path[-1], ensure_ascii=False) + ": ")


@given(YAML_LIKE)
@example("a: &a {b: 1}\nc: {<<: [*a, *a]}")
def test_both_readings_find_the_same_keys_twice(text: str) -> None:
    walk = Walk(text)
    try:
        walk.build(open_events(text))
    except (yaml.YAMLError, Unreadable):
        return
    if not walk.problems:
        assert walk.has_duplicates == bool(read_outline(text).duplicates)


def parts(value: JsonValue) -> list[tuple[Path, JsonValue]]:
    found: list[tuple[Path, JsonValue]] = [((), value)]
    for path, part in found:
        if isinstance(part, dict):
            found.extend(((*path, key), entry) for key, entry in part.items())
        elif isinstance(part, list):
            found.extend(((*path, index), entry) for index, entry in enumerate(part))
    return found
