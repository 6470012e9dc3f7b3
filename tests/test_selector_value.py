"""`Selector` as a value, and what can be asked of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pytest

from calico_selectors import LabelRestriction, LayeredLabels, Selector, TermResult
from calico_selectors.nodes import All, And, Eq, Has, In, Not, Or


@pytest.mark.parametrize("name", ["text", "prefix", "_form", "other"])
def test_it_cannot_be_changed(name: str) -> None:
    selector = Selector("has(a)")
    with pytest.raises(AttributeError, match="cannot be changed"):
        setattr(selector, name, "has(b)")
    with pytest.raises(AttributeError, match="cannot be changed"):
        delattr(selector, name)
    assert str(selector) == "has(a)"


def test_it_is_equal_to_selectors_only() -> None:
    assert Selector("a=='b'") == Selector(' a == "b" ')
    assert Selector("a == 'b'") != Selector("a == 'c'")
    assert Selector("has(a)") != "has(a)"
    assert len({Selector(""), Selector("all()"), Selector("(all())"), Selector("global()")}) == 2


def test_its_representation_makes_it_again() -> None:
    for selector in (Selector('a == "it\'s"'), Selector("has(a)").prefixed("pcns.")):
        assert eval(repr(selector)) == selector


def test_it_may_lie_in_a_dataclass() -> None:
    @dataclass
    class Rule:
        selector: Selector

    assert asdict(Rule(Selector("!(" * 5_000 + "has(a)" + ")" * 5_000)))["selector"].matches({"a": ""})


def test_the_tree() -> None:
    tree = Selector("a == 'b' && !has(c) || d in {'y', 'x', 'y'}").tree
    assert tree == Or((And((Eq("a", "b"), Not(Has("c")))), In("d", ("x", "y"))))
    assert repr(tree) == ("Or(And(Eq(label='a', value='b'), Not(Has(label='c'))), In(label='d', values=('x', 'y')))")
    assert Selector(" ").tree == All()


def test_the_label_names() -> None:
    selector = Selector("a == 'b' && !(has(c) || all()) && a != 'd' || global()")
    assert selector.label_names == {"a", "c"}
    assert selector.prefixed("p.").label_names == {"p.a", "p.c"}


def test_the_restrictions_cannot_be_changed() -> None:
    restrictions = Selector("a in {'x', 'y'} && !has(b)").restrictions
    assert dict(restrictions) == {
        "a": LabelRestriction(must_be_present=True, must_be_absent=False, values=frozenset({"x", "y"})),
        "b": LabelRestriction(must_be_present=False, must_be_absent=True, values=None),
    }
    with pytest.raises(TypeError):
        restrictions["c"] = restrictions["a"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "labels", "decisive"),
    [
        ("has(a) && b == 'x' && has(c)", {"a": "", "b": "y"}, ["b"]),
        ("has(a) && b == 'x'", {"a": "", "b": "x"}, ["a", "b"]),
        ("has(a) || b == 'x' || has(c)", {"b": "x", "c": ""}, ["b"]),
        ("has(a) || b == 'x'", {}, ["a", "b"]),
        ("!(has(a) || b == 'x')", {"a": "", "b": "x"}, ["a"]),
        ("(has(a) || b == 'x') && (has(c) || has(d))", {"a": ""}, ["c", "d"]),
    ],
)
def test_the_terms_that_decide(text: str, labels: dict[str, str], decisive: list[str]) -> None:
    assert [term.label for term in Selector(text).explain(labels).decisive] == decisive


def test_an_explanation_says_what_was_found() -> None:
    explanation = Selector("a == 'x' && has(b) || all()").explain({"a": "y"})
    assert explanation.matches
    assert explanation.terms == (
        TermResult(text='a == "x"', label="a", value="y", holds=False, decisive=False),
        TermResult(text="has(b)", label="b", value=None, holds=False, decisive=False),
        TermResult(text="all()", label=None, value=None, holds=True, decisive=True),
    )


def test_matching_stays_the_same_when_it_becomes_frequent() -> None:
    selector = Selector("a contains 'x' && !(b starts with 'y')")
    answers = {(selector.matches({"a": "ax"}), selector.matches({"a": "ax", "b": "y"})) for _ in range(500)}
    assert answers == {(True, False)}


def test_layers_of_labels_shadow_each_other() -> None:
    labels = LayeredLabels({"a": ""}, {"a": "1", "b": "2"}, {"b": "3", "c": "4"})
    assert dict(labels) == {"a": "", "b": "2", "c": "4"}
    assert (labels.get("a"), labels.get("d"), labels.get("d", "5")) == ("", None, "5")
    assert Selector("a == '' && b == '2' && c == '4' && !has(d)").matches(labels)
    assert repr(LayeredLabels({"a": "1"}, {})) == "LayeredLabels({'a': '1'}, {})"
    with pytest.raises(KeyError):
        labels["d"]
