"""Items of a list edited by themselves: the same as in the whole document, or not at all."""

from __future__ import annotations

import pytest

from calico_engine.cli.yaml_editing import edited
from calico_engine.cli.yaml_items import Items
from calico_engine.manifests.yaml_values import parse_value

HEAD = "apiVersion: v1\nitems:\n# before\n"
TAIL = "kind: List\nmetadata: {}\n"
ALONE = ("- a: 1\n  b: 2\n", "- a: 2   # eol\n  d: {x: [1,  2]}\n", "- a:\n    b:\n    - c\n", "# left\n- a: 0\n\n")
#: What only the whole document tells: anchors, scalars that keep the blank lines below them, a key below its dash.
TOGETHER = ("- a: &x 1\n", "- a: |+\n    t\n\n", "-\n  a: 4\n")


@pytest.mark.parametrize("last", [TAIL, ""], ids=["keys below the list", "the list at the end"])
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
