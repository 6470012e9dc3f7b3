"""Laws of results that are used again: they are what the functions would give anew, and no more is held than is used."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from calico_engine import Cluster
from calico_engine.reuse import Reuse

TUTORIAL = Path(__file__).parents[2] / "fixtures" / "tutorial"
WORKER = "ip-172-16-101-79.us-west-2.compute.internal"


class Item:
    """Equal to nothing but itself."""

    def __init__(self, value: int) -> None:
        self.value = value


calls: list[Item] = []
ITEMS = [Item(value) for value in range(5)]
TABLES = st.lists(st.dictionaries(st.sampled_from("abcd"), st.sampled_from(ITEMS), max_size=4), min_size=1, max_size=6)


def doubled(item: Item, factor: Item) -> tuple[int, Item]:
    calls.append(item)
    return 2 * item.value * factor.value, factor


def summed(*tables: Mapping[str, Item]) -> list[int]:
    return [sum(item.value for item in table.values()) for table in tables]


def joined(last: list[Item] | None, item: Item) -> list[Item]:
    return [*(last or []), item]


@given(TABLES, st.booleans())
def test_each_is_what_it_is_anew_and_only_new_items_are_worked_on(
    tables: list[dict[str, Item]], one_after_the_other: bool
) -> None:
    reuse, factor = Reuse(), ITEMS[2]
    before: dict[str, Item] = {}
    for table in tables:
        calls.clear()
        found = reuse.each(doubled, table, factor)
        assert [*found.items()] == [(key, (4 * item.value, factor)) for key, item in table.items()]
        assert calls == [item for key, item in table.items() if before.get(key) is not item]
        assert reuse.each(doubled, table, factor) is found
        before = table
        reuse = Reuse(reuse) if one_after_the_other else reuse


def test_what_else_is_given_counts_too() -> None:
    reuse, table = Reuse(), {"a": ITEMS[1]}
    assert reuse.each(doubled, table, ITEMS[2])["a"][0] == 4
    assert reuse.each(doubled, table, ITEMS[3])["a"][0] == 6


@given(TABLES)
def test_the_very_same_objects_give_the_very_same_result(tables: list[dict[str, Item]]) -> None:
    reuse = Reuse()
    found = reuse.of(summed, *tables)
    assert found == summed(*tables)
    assert Reuse(reuse).of(summed, *tables) is found
    assert reuse.of(summed, *tables, slot="another") is not found
    equal = [dict(table) for table in tables]
    assert reuse.of(summed, *equal) == found
    assert reuse.of(summed, *equal) is not found


def test_equal_texts_are_the_same() -> None:
    reuse = Reuse()
    one, other = "".join(["n", "1"]), "".join(["n", "1"])
    assert one is not other
    assert reuse.of(str.split, one) is reuse.of(str.split, other)


def test_a_result_is_made_of_the_last_one() -> None:
    reuse = Reuse()
    first = reuse.renewed(joined, ITEMS[0])
    assert reuse.renewed(joined, ITEMS[0]) is first
    assert Reuse(reuse).renewed(joined, ITEMS[1]) == [*first, ITEMS[1]]


def test_one_cluster_does_not_change_what_another_holds() -> None:
    earlier = Reuse()
    table = {"a": ITEMS[0]}
    found = earlier.of(summed, table)
    Reuse(earlier).of(summed, {"a": ITEMS[1]})
    assert earlier.of(summed, table) is found


def test_what_is_not_asked_for_any_more_is_let_go() -> None:
    reuse, item = Reuse(), Item(7)
    alive = weakref.ref(item)
    reuse.of(Item.__repr__, item, slot="rare")
    reuse.of(Item.__repr__, ITEMS[0], slot="usual")
    del item
    unasked = Reuse(Reuse(reuse))
    assert alive() is not None
    unasked.of(Item.__repr__, ITEMS[0], slot="usual")
    del reuse
    assert alive() is not None
    following = Reuse(unasked)
    del unasked
    assert alive() is None
    following.of(Item.__repr__, ITEMS[0], slot="usual")


def test_a_what_if_is_let_go_at_once() -> None:
    """Thousands of them are made one after the other, and the collector of cycles is slow."""
    cluster = Cluster.load(str(TUTORIAL))
    gc.disable()
    try:
        changed = cluster.label("Node", WORKER, "env=dev")
        changed.check("203.0.113.7", WORKER, "tcp/10250")
        alive = weakref.ref(changed.compiled)
        del changed
        assert alive() is None
    finally:
        gc.enable()
