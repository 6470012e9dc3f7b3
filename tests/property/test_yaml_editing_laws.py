"""Laws of editing: the text means what it should, keeps its comments, and changes in one place only."""

from __future__ import annotations

import copy
import difflib
import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calico_engine.cli.yaml_editing import edited
from calico_engine.manifests.documents import Document, read_document, split_documents
from calico_engine.manifests.sources import read_sources
from calico_engine.manifests.yaml_values import JsonValue, parse_value

FIXTURES = Path(__file__).parents[2] / "fixtures"
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _documents() -> list[Document]:
    names = ("tutorial", "walk", "tutorial-kubeadm-1.24.yaml", "tutorial-second-master.yaml")
    sources, errors = read_sources([FIXTURES / name for name in names])
    assert errors == []
    return [document for source in sources for document in split_documents(source)[0]]


DOCUMENTS = _documents()
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.sampled_from(
        ["", "yes", "on", "n", "~", "null", "017", "1e3", "0x1f", "2024-01-01", "20:22", "a: b", "# c", "- x", "*a"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
)
KEYS = st.one_of(st.sampled_from(["on", "y", "12", "a b", "x/y-z"]), st.text("abz-./", min_size=1, max_size=5))
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)


def _collections(value: JsonValue) -> list[dict[str, JsonValue] | list[JsonValue]]:
    found: list[dict[str, JsonValue] | list[JsonValue]] = []
    stack: list[JsonValue] = [value]
    while stack:
        held = stack.pop()
        if isinstance(held, dict | list) and held:
            found.append(held)
            stack += held.values() if isinstance(held, dict) else held
    return found


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, JsonValue]:
    """A text, and its value with one entry added, taken away or replaced."""
    document = draw(st.sampled_from(DOCUMENTS))
    value = copy.deepcopy(read_document(document)[0])
    held = draw(st.sampled_from(_collections(value)))
    way, new = draw(st.sampled_from(["add", "take", "replace"])), draw(VALUES)
    if isinstance(held, dict):
        key = draw(KEYS) if way == "add" else draw(st.sampled_from(sorted(held)))
        _change_mapping(held, way, key, new)
    else:
        _change_list(held, way, draw(st.integers(0, len(held) - 1)), new)
    return document.text, value


def _change_mapping(held: dict[str, JsonValue], way: str, key: str, new: JsonValue) -> None:
    if way == "take":
        del held[key]
    else:
        held[key] = new


def _change_list(held: list[JsonValue], way: str, index: int, new: JsonValue) -> None:
    if way == "take":
        del held[index]
    elif way == "add":
        held.insert(index, new)
    else:
        held[index] = new


@SETTINGS
@given(edits())
def test_the_text_means_what_it_should(edit: tuple[str, JsonValue]) -> None:
    text, wanted = edit
    assert parse_value(edited(text, ((), wanted))) == wanted


@SETTINGS
@given(edits())
def test_a_change_is_in_one_place(edit: tuple[str, JsonValue]) -> None:
    text, wanted = edit
    lines, changed = text.split("\n"), edited(text, ((), wanted)).split("\n")
    codes = difflib.SequenceMatcher(None, lines, changed, autojunk=False).get_opcodes()
    # Of an entry that is replaced by one like its neighbour, the comparison may find more than one way to tell it.
    assert sum(code[0] != "equal" for code in codes) <= 2


@SETTINGS
@given(st.sampled_from(DOCUMENTS), st.text("abc", min_size=1, max_size=4))
def test_an_added_label_keeps_every_line(document: Document, label: str) -> None:
    value = read_document(document)[0]
    assert isinstance(value, dict)
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    labels = metadata.get("labels", {})
    assert isinstance(labels, dict)
    after = edited(document.text, (("metadata",), {**metadata, "labels": {**labels, label: ""}}))
    added = iter(after.split("\n"))
    assert all(line in added for line in document.text.split("\n"))


@SETTINGS
@given(st.sampled_from(DOCUMENTS))
def test_nothing_to_change_changes_nothing(document: Document) -> None:
    assert edited(document.text, ((), read_document(document)[0])) == document.text


@SETTINGS
@given(st.sampled_from([document for document in DOCUMENTS if "#" in document.text]), st.data())
def test_comments_outlive_an_entry_of_the_object(document: Document, data: st.DataObject) -> None:
    """Comments that do not stand within the entry are all there."""
    value = read_document(document)[0]
    assert isinstance(value, dict)
    key = data.draw(st.sampled_from(sorted(value)))
    after = edited(document.text, ((), {name: item for name, item in value.items() if name != key}))
    within = re.search(rf"^{key}:.*\n(?:[ -].*\n?)*", document.text, re.MULTILINE)
    assert within is not None
    outside = document.text[: within.start()] + document.text[within.end() :]
    assert [line for line in outside.split("\n") if line.lstrip().startswith("#") and line not in after] == []
