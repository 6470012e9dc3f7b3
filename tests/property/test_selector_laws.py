"""Laws of the selector language, one a test."""

from __future__ import annotations

import copy
import pickle
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark, UnexpectedInput

from calico_selectors import InvalidSelector, LayeredLabels, Selector, normalise
from calico_selectors.canonical import canonical, quoted
from calico_selectors.evaluation import expression, interpreted
from calico_selectors.lark_tables import lark_parser
from calico_selectors.nodes import (
    All,
    And,
    Contains,
    EndsWith,
    Eq,
    Global,
    Has,
    In,
    Ne,
    Node,
    Not,
    NotIn,
    Or,
    StartsWith,
    preorder,
)
from calico_selectors.tables import GRAMMAR

NAMES = st.sampled_from(["a", "b", "c", "in", "not", "has", "all", "starts", "-", "x/y.z"])
VALUES = st.sampled_from(["", "x", "y", "xy", "yx", "it's", 'q"q', "é", "\n", "has(a)"])
LABELS = st.dictionaries(NAMES, VALUES, max_size=5)
SETS = st.lists(VALUES, max_size=3).map(lambda values: tuple(sorted(set(values))))
TERMS: st.SearchStrategy[Node] = st.one_of(
    st.builds(Eq, NAMES, VALUES),
    st.builds(Ne, NAMES, VALUES),
    st.builds(Contains, NAMES, VALUES),
    st.builds(StartsWith, NAMES, VALUES),
    st.builds(EndsWith, NAMES, VALUES),
    st.builds(In, NAMES, SETS),
    st.builds(NotIn, NAMES, SETS),
    st.builds(Has, NAMES),
    st.builds(All),
    st.builds(Global),
)


def _composites(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    operands = st.lists(nodes, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, nodes), st.builds(And, operands), st.builds(Or, operands))


TREES = st.recursive(TERMS, _composites, max_leaves=8)
SELECTORS = TREES.map(lambda tree: Selector(written(tree)))
WORDS = st.sampled_from(["a", "not", "in", "has(", "all()", "starts", "with", "contains", '"x"', "'y'", "é", "A" * 512])
SIGNS = st.sampled_from(["(", ")", "{", "}", ",", "==", "!=", "=", "!", "&&", "||", "&", "-", '"', "'"])
BLANKS = st.sampled_from([" ", "\t", "\n", "\x1b", "\u202e", "\u00a0", "\x00"])
SPACES = st.text(" \t", max_size=2)
OPERATORS = {
    Eq: "==",
    Ne: "!=",
    Contains: "contains",
    StartsWith: "starts with",
    EndsWith: "ends with",
    In: "in",
    NotIn: "not in",
}
SCRAPS = st.lists(WORDS | SIGNS | BLANKS, max_size=12).map("".join)


def tokens(tree: Node) -> list[str]:
    """What reads as exactly this tree: each composite operand has parentheses of its own."""
    match tree:
        case Not(operand):
            return ["!", "(", *tokens(operand), ")"]
        case And(operands):
            return ["(", *_joined("&&", operands), ")"]
        case Or(operands):
            return ["(", *_joined("||", operands), ")"]
        case Has(label):
            return ["has(", label, ")"]
        case All():
            return ["all(", ")"]
        case Global():
            return ["global(", ")"]
        case In(label, values) | NotIn(label, values):
            members = [token for value in values for token in (",", quoted(value))]
            return [label, OPERATORS[type(tree)], "{", *members[1:], "}"]
        case _:
            return [tree.label, OPERATORS[type(tree)], quoted(tree.value)]


def _joined(operator: str, operands: tuple[Node, ...]) -> list[str]:
    return [token for operand in operands for token in (operator, *tokens(operand))][1:]


def written(tree: Node) -> str:
    return " ".join(tokens(tree))


def holds(tree: Node, labels: dict[str, str]) -> bool:
    """The meaning, written down once more as plainly as can be."""
    match tree:
        case Not(operand):
            return not holds(operand, labels)
        case And(operands):
            return all(holds(operand, labels) for operand in operands)
        case Or(operands):
            return any(holds(operand, labels) for operand in operands)
        case Has(label):
            return label in labels
        case Eq(label, value):
            return label in labels and labels[label] == value
        case Ne(label, value):
            return label not in labels or labels[label] != value
        case In(label, values):
            return label in labels and labels[label] in values
        case NotIn(label, values):
            return label not in labels or labels[label] not in values
        case Contains(label, value):
            return label in labels and value in labels[label]
        case StartsWith(label, value):
            return label in labels and labels[label].startswith(value)
        case EndsWith(label, value):
            return label in labels and labels[label].endswith(value)
        case All() | Global():
            return True


@cache
def larks_own_parser() -> Lark:
    return lark_parser(GRAMMAR.read_text(encoding="utf-8"))


@given(TREES)
def test_what_is_written_is_read(tree: Node) -> None:
    assert Selector(written(tree)).tree == tree


@given(TREES)
def test_the_canonical_form_is_a_fixed_point_unless_not_is_under_not(tree: Node) -> None:
    doubled = any(isinstance(node, Not) and isinstance(node.operand, Not) for node in preorder(tree))
    printed = str(Selector(written(tree)))
    assert (str(Selector(printed)) == printed) is not doubled


@given(SELECTORS, LABELS)
def test_the_canonical_form_matches_alike(selector: Selector, labels: dict[str, str]) -> None:
    assert Selector(str(selector)).matches(labels) == selector.matches(labels)


@given(TREES, st.data())
def test_white_space_between_tokens_means_nothing(tree: Node, data: st.DataObject) -> None:
    text, in_name = "", False
    for token in tokens(tree):
        text += data.draw(SPACES.filter(bool) if in_name and token[0].isalpha() else SPACES)
        text += token.replace(" ", data.draw(SPACES)) if token in OPERATORS.values() else token
        in_name = token[-1].isalnum() or token == "-"
    assert Selector(text + data.draw(SPACES)).tree == tree


@given(st.lists(VALUES, min_size=1, max_size=5), st.randoms())
def test_order_and_repetition_in_a_set_mean_nothing(values: list[str], random: Random) -> None:
    shuffled = [*values, values[0]]
    random.shuffle(shuffled)
    assert Selector(canonical(In("a", tuple(shuffled)))) == Selector(canonical(In("a", tuple(values))))


@given(TREES, LABELS)
def test_every_way_of_evaluation_gives_the_meaning(tree: Node, labels: dict[str, str]) -> None:
    selector = Selector(written(tree))
    expected = holds(tree, labels)
    assert selector.matches(labels) is expected
    assert selector.compiled(labels) is expected
    assert expression(tree)(labels) is expected
    assert interpreted(tree)(labels) is expected
    assert selector.explain(labels).matches is expected


@given(SELECTORS)
def test_two_negations_in_a_row_are_none(selector: Selector) -> None:
    assert Selector(f"!!({selector})") == Selector(f"({selector})")


@given(SELECTORS, LABELS)
def test_negation_negates_and_a_second_one_takes_it_back(selector: Selector, labels: dict[str, str]) -> None:
    assert Selector(f"!({selector})").matches(labels) is not selector.matches(labels)
    assert Selector(f"!(!({selector}))").matches(labels) is selector.matches(labels)


@given(SELECTORS, SELECTORS, LABELS)
def test_de_morgan(one: Selector, other: Selector, labels: dict[str, str]) -> None:
    assert Selector(f"!({one} && {other})").matches(labels) is Selector(f"!({one}) || !({other})").matches(labels)


@given(SELECTORS, LABELS)
def test_prefixing_commutes_with_matching(selector: Selector, labels: dict[str, str]) -> None:
    prefixed = {f"pcns.{name}": value for name, value in labels.items()}
    assert selector.prefixed("pcns.").matches(prefixed) is selector.matches(labels)


@given(SELECTORS)
def test_prefixes_add_up(selector: Selector) -> None:
    assert selector.prefixed("b.").prefixed("a.") == selector.prefixed("a.b.")
    assert selector.prefixed("") == selector


@given(SELECTORS, LABELS)
def test_restrictions_are_necessary(selector: Selector, labels: dict[str, str]) -> None:
    met = all(
        (not restriction.must_be_present or name in labels)
        and (not restriction.must_be_absent or name not in labels)
        and (restriction.values is None or labels.get(name) in restriction.values)
        for name, restriction in selector.restrictions.items()
    )
    assert met or not selector.matches(labels)


@given(SELECTORS)
def test_restrictions_are_about_mentioned_labels_and_say_something(selector: Selector) -> None:
    assert set(selector.restrictions) <= selector.label_names
    assert all(r.must_be_present or r.must_be_absent for r in selector.restrictions.values())


@given(SELECTORS, LABELS)
def test_an_unsatisfiable_restriction_means_no_match(selector: Selector, labels: dict[str, str]) -> None:
    satisfiable = all(restriction.satisfiable for restriction in selector.restrictions.values())
    assert satisfiable or not selector.matches(labels)


@given(SELECTORS, LABELS)
def test_labels_that_are_not_mentioned_do_not_matter(selector: Selector, labels: dict[str, str]) -> None:
    mentioned = {name: value for name, value in labels.items() if name in selector.label_names}
    assert selector.matches(mentioned) is selector.matches(labels)


@given(SELECTORS, LABELS, LABELS)
def test_the_answer_stands_while_the_decisive_terms_do(
    selector: Selector, labels: dict[str, str], others: dict[str, str]
) -> None:
    terms, changed = selector.explain(labels).terms, selector.explain(others).terms
    stand = all(term.holds is now.holds for term, now in zip(terms, changed, strict=True) if term.decisive)
    assert not stand or selector.matches(labels) is selector.matches(others)


@given(TREES, LABELS)
def test_an_explanation_lists_every_term_in_order(tree: Node, labels: dict[str, str]) -> None:
    expected = [canonical(node) for node in preorder(tree) if not isinstance(node, Not | And | Or)]
    explanation = Selector(written(tree)).explain(labels)
    assert [term.text for term in explanation.terms] == expected
    assert all(term.holds is Selector(term.text).matches(labels) for term in explanation.terms)
    assert all(term.value == labels.get(str(term.label)) for term in explanation.terms)
    assert explanation.decisive


@given(SELECTORS, LABELS, LABELS, LABELS)
def test_layered_labels_are_the_merged_ones(
    selector: Selector, own: dict[str, str], first: dict[str, str], second: dict[str, str]
) -> None:
    layered, merged = LayeredLabels(own, first, second), {**second, **first, **own}
    assert selector.matches(layered) is selector.matches(merged)
    assert layered == merged
    assert len(layered) == len(merged)


@given(TREES, TREES)
def test_equal_is_what_prints_alike(one: Node, other: Node) -> None:
    left, right = Selector(written(one)), Selector(written(other))
    alike = str(left) == str(right)
    assert (left == right) is alike
    assert (left.unique_id == right.unique_id) is alike
    assert (left.tree == right.tree) is alike
    assert not alike or (hash(left), hash(left.tree)) == (hash(right), hash(right.tree))


@given(TREES, st.sampled_from(["", "pcns."]))
def test_copies_are_equal(tree: Node, prefix: str) -> None:
    selector = Selector(written(tree)).prefixed(prefix)
    for twin in (copy.copy(selector), copy.deepcopy(selector), pickle.loads(pickle.dumps(selector))):
        assert (twin, twin.tree, twin.text) == (selector, selector.tree, selector.text)


@given(st.one_of(SCRAPS, st.text()))
def test_lark_itself_accepts_the_same_texts(text: str) -> None:
    try:
        larks_own_parser().parse(text)
        by_lark = True
    except UnexpectedInput:
        by_lark = False
    try:
        Selector(text)
        ours = True
    except InvalidSelector:
        ours = False
    assert ours is by_lark


@given(st.one_of(SCRAPS, st.text()))
def test_a_rejected_text_is_shown_safely_with_the_place_in_it(text: str) -> None:
    try:
        Selector(text)
    except InvalidSelector as error:
        message, shown, carets = str(error).split("\n")
        assert 0 <= error.start <= error.end <= len(text)
        assert message == error.message
        assert (message + shown).isprintable()
        assert set(carets) <= {" ", "^"}
        assert "^" in carets
        assert pickle.loads(pickle.dumps(error)).args == error.args


@given(SCRAPS)
def test_normalise_ignores_white_space_around(text: str) -> None:
    assert normalise(f"\n {text}\u2003\r\n") == normalise(text)


@given(SCRAPS)
def test_what_is_read_depends_on_the_text_alone(text: str) -> None:
    """Remembered answers and new ones are the same."""
    try:
        first = Selector(text)
    except InvalidSelector as error:
        with pytest.raises(InvalidSelector) as again:
            Selector(text)
        assert again.value.args == error.args
    else:
        assert Selector(text) == first == Selector(" " * 5_000 + text)
