"""Size and depth: every text has its answer, and nothing that is done with a selector recurses or blows up."""

from __future__ import annotations

import copy
import pickle

import pytest

from calico_selectors import InvalidSelector, Selector

DEEP = 20_000
MANY = 5_000  # already five times what Python lets recurse
SHAPES = {
    "negations": ("!(" * DEEP + "has(a)" + ")" * DEEP, True),
    "odd negations": ("!(" * (DEEP + 1) + "has(a)" + ")" * (DEEP + 1), False),
    "ands to the right": ("(b == 'x' && " * DEEP + "has(a)" + ")" * DEEP, True),
    "ands to the left": ("(" * MANY + "has(a)" + " && b == 'x')" * MANY, True),
    "ors to the right": ("(b == 'y' || " * MANY + "has(a)" + ")" * MANY, True),
    "ors to the left": ("(" * MANY + "has(c)" + " || b == 'x')" * MANY, True),
    "both in turn": ("(has(c) || (has(a) && " * MANY + "b == 'x'" + "))" * MANY, True),
    "a long chain": (" && ".join(f"k{number} != 'v'" for number in range(MANY)), True),
    "a long choice": (" || ".join(f"k{number} == 'v'" for number in range(MANY)), False),
    "a large set": ("b in {" + ", ".join(f"'{number}'" for number in range(DEEP)) + ", 'x',}", True),
}
LABELS = {"a": "1", "b": "x"}


@pytest.mark.parametrize(("text", "matches"), SHAPES.values(), ids=SHAPES)
def test_everything_works_on_deep_and_large_selectors(text: str, matches: bool) -> None:
    selector = Selector(text)
    assert selector.matches(LABELS) is matches
    assert selector.compiled(LABELS) is matches
    assert selector.explain(LABELS).matches is matches
    assert selector.unique_id.startswith("s:")
    assert selector.prefixed("p.").matches({f"p.{name}": value for name, value in LABELS.items()}) is matches
    assert (selector.restrictions is not None, bool(selector.label_names)) == (True, True)
    assert repr(selector.tree)
    twin = Selector(f" {text}")
    assert (twin, hash(twin), twin.tree, hash(twin.tree)) == (
        selector,
        hash(selector),
        selector.tree,
        hash(selector.tree),
    )
    assert pickle.loads(pickle.dumps(selector)) == copy.deepcopy(selector) == selector


@pytest.mark.parametrize("depth", [1, 80, 90, 91, 200, 900, 1_000])
def test_compiling_works_at_every_depth(depth: int) -> None:
    """Python's own compiler gives up somewhere on the way."""
    assert Selector("!(" * depth + "has(c)" + ")" * depth).compiled(LABELS) is (depth % 2 == 1)
    assert Selector("(all()&&" * depth + "has(a)" + ")" * depth).compiled(LABELS)
    assert not Selector("(has(c)||" * depth + "has(c)" + ")" * depth).compiled(LABELS)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param("(" * 400_000 + "all()" + ")" * 400_000, "all()", id="parentheses"),
        pytest.param("! " * 400_000 + "has(a)", "has(a)", id="negations"),
        pytest.param("\t" * 500_000 + "has(a)" + " " * 500_000, "has(a)", id="white space"),
        pytest.param("a == '" + "\n" * 1_000_000 + "'", 'a == "' + "\n" * 1_000_000 + '"', id="a value"),
        pytest.param("a in {" + "'x'," * 250_000 + "}", 'a in {"x"}', id="repetition in a set"),
    ],
)
def test_a_megabyte_is_a_selector(text: str, canonical: str) -> None:
    assert str(Selector(text)) == canonical


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        pytest.param("(" * 500_000, 500_000, 500_000, id="open parentheses"),
        pytest.param("(" * 300_000 + "all()", 299_999, 300_000, id="open parentheses around a term"),
        pytest.param("!(" * 400_000 + "=", 800_000, 800_001, id="open negations"),
        pytest.param("all()" + ")" * 900_000, 5, 6, id="closing parentheses"),
        pytest.param("a" * 1_000_000, 0, 1_000_000, id="a label"),
        pytest.param("a == '" + "x" * 1_000_000, 5, 1_000_006, id="an open quote"),
        pytest.param("a '" + "x" * 1_000_000 + "'", 2, 1_000_004, id="a value without operator"),
        pytest.param("has(a) " + "&" * 1_000_000 + "=", 9, 1_000_008, id="ampersands"),
        pytest.param(" " * 1_000_000 + "\n", 1_000_000, 1_000_001, id="white space and a line break"),
        pytest.param("a starts" + " " * 1_000_000, 2, 8, id="white space within an operator"),
        pytest.param("has(a) || " * 80_000 + "%", 800_000, 800_001, id="a chain"),
        pytest.param("a in {" + "'x'," * 200_000 + ",", 800_006, 800_007, id="a set"),
        pytest.param("\x1b" * 1_000_000, 0, 1, id="escapes"),
    ],
)
def test_a_megabyte_is_none_and_its_error_is_short(text: str, start: int, end: int) -> None:
    with pytest.raises(InvalidSelector) as caught:
        Selector(text)
    assert (caught.value.start, caught.value.end) == (start, end)
    assert len(str(caught.value)) < 1_500


def test_a_label_of_512_characters_is_the_longest() -> None:
    assert str(Selector(f"has({'a' * 512})")) == f"has({'a' * 512})"
    with pytest.raises(InvalidSelector, match="label name too long: 513 characters"):
        Selector(f"has({'a' * 513})")


def test_prefixing_does_not_check_the_length_again() -> None:
    prefixed = str(Selector(f"has({'a' * 508})").prefixed("pcns."))
    assert prefixed == f"has(pcns.{'a' * 508})"
    with pytest.raises(InvalidSelector):
        Selector(prefixed)


def test_only_a_bounded_number_of_short_texts_is_remembered() -> None:
    first = Selector("has(first)")
    assert Selector("has(first)").tree is first.tree
    for number in range(5_000):
        Selector(f"has(other{number})")
    assert Selector("has(first)").tree is not first.tree


def test_a_long_text_is_remembered_while_it_is_in_use() -> None:
    long = f"a == '{'x' * 5_000}'"
    selector = Selector(long)
    assert Selector(long).tree is selector.tree
    tree = selector.tree
    del selector
    assert Selector(long).tree is not tree
