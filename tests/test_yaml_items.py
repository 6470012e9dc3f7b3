"""Items of a list edited by themselves: the same as in the whole document, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calico_engine.cli.yaml_editing import edited
from calico_engine.cli.yaml_items import Items
from calico_engine.manifests.yaml_values import JsonValue, parse_value

HEAD = "apiVersion: v1\nitems:\n# before\n"
TAIL = "kind: List\nmetadata: {}\n"
ALONE = ("- a: 1\n  b: 2\n", "- a: 2   # eol\n  d: {x: [1,  2]}\n", "- a:\n    b:\n    - c\n", "# left\n- a: 0\n\n")
#: What only the whole document tells: anchors, scalars that keep the blank lines below them, a key below its dash.
TOGETHER = ("- a: &x 1\n", "- a: |+\n    t\n\n", "-\n  a: 4\n")
ENDS = pytest.mark.parametrize("last", [TAIL, ""], ids=["keys below the list", "the list at the end"])


@ENDS
@pytest.mark.parametrize("index", range(len(ALONE)))
def test_an_item_by_itself_is_as_in_the_document(index: int, last: str) -> None:
    text = HEAD + "".join(ALONE) + last
    value = parse_value(text)
    assert isinstance(value, dict)
    held = value["items"]
    assert isinstance(held, list)
    was = held[index]
    assert isinstance(was, dict)
    items = Items(text, 3)
    assert items.edit(index, was, {**was, "new": "yes"})
    assert items.text == edited(text, (("items", index), {**was, "new": "yes"}))


@pytest.mark.parametrize("item", TOGETHER)
def test_what_does_not_stand_alone_is_left(item: str) -> None:
    text = HEAD + item + TAIL
    items = Items(text, 3)
    value = parse_value(item)
    assert isinstance(value, list)
    assert not items.edit(0, value[0], {"new": 1})
    assert items.text == text


def test_there_is_no_item_behind_the_last() -> None:
    assert not Items(HEAD + "- a: 1\n" + TAIL, 3).edit(1, {}, {"new": 1})


def _held(text: str) -> list[JsonValue]:
    value = parse_value(text)
    assert isinstance(value, dict)
    held = value["items"]
    assert isinstance(held, list)
    return held


@ENDS
@pytest.mark.parametrize("index", range(len(ALONE)))
def test_an_item_is_cut_out_and_nothing_else(index: int, last: str) -> None:
    """Comments at the items' left edge are about the list, and stay; blank lines below the item go with it."""
    text = HEAD + "".join(ALONE) + last
    held = _held(text)
    items = Items(text, 3)
    assert items.remove(index, held[index])
    assert items.text == text.replace(ALONE[index].removeprefix("# left\n"), "", 1)
    assert _held(items.text) == [item for number, item in enumerate(held) if number != index]


@ENDS
@given(
    spaces=st.lists(st.sampled_from(["", "\n", "# left\n", "\n# left\n\n", "    # right\n"]), min_size=4, max_size=4)
)
def test_cutting_items_out_is_what_it_means(spaces: list[str], last: str) -> None:
    """One after the other, from the last on; what is between items never changes what others mean."""
    written = ("- a: 1\n", "- b: |+\n    kept\n", "- c:\n  - '*'\n  - \"&x\"\n", "- d: 'x'\n")
    text = HEAD + "".join(item + space for item, space in zip(written, spaces, strict=True)) + last
    held = _held(text)
    items = Items(text, 3)
    for index in (3, 2):
        assert items.remove(index, held[index])
        assert _held(items.text) == held[:index]
    lines = items.text.split("\n")
    assert all(lines.count(line) == text.split("\n").count(line) for line in set(lines) if line.startswith("#"))


@pytest.mark.parametrize("item", TOGETHER)
def test_what_does_not_stand_alone_is_not_cut_out(item: str) -> None:
    text = HEAD + item + "- b: 1\n" + TAIL
    items = Items(text, 3)
    assert not items.remove(0, _held(text)[0])
    assert items.text == text


def test_the_only_item_is_not_cut_out() -> None:
    """A list of none would be null."""
    assert not Items(HEAD + "- a: 1\n" + TAIL, 3).remove(0, {"a": 1})


@pytest.mark.parametrize("end", ["\r\n", "\r", ""])
def test_the_end_of_the_text_stays_as_it_was(end: str) -> None:
    text = "items:\r\n- a: 1\r\n- b: 2" + end
    items = Items(text, 1)
    assert items.remove(1, {"b": 2})
    assert items.text == "items:\r\n- a: 1" + end
