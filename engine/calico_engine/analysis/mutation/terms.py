"""Mistakes in selectors: a term turned into its opposite, a label's name or value misspelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, value_at, with_value
from calico_engine.manifests.yaml_problems import Path
from calico_selectors import InvalidSelector, Selector
from calico_selectors.canonical import canonical, canonical_term
from calico_selectors.nodes import All, And, Composite, Global, Has, In, Leaf, Node, Not, NotIn, Or, fold, leaves


def selector_mutations(value: Object, path: Path) -> Iterator[Mutation]:
    """Every mistake in the selector at the path, term by term; none where there is no selector."""
    text = value_at(value, path)
    if not text:
        return
    try:
        tree = Selector(text).tree
    except InvalidSelector:
        return  # what is stored may be anything
    for index, term in enumerate(leaves(tree)):
        for operator, other in _mistakes(term):
            changed = canonical(_replaced(tree, term, other))
            shown = f"{canonical_term(term)} → {canonical(other)}"
            yield Mutation(operator, path, shown, f"{index} {canonical(other)}", with_value(value, path, changed))


def _mistakes(term: Leaf) -> Iterator[tuple[Operator, Node]]:
    yield Operator.NEGATE_TERM, Not(term)
    if isinstance(term, All | Global):
        return
    yield Operator.MISSPELL_TERM, replace(term, label=misspelled(term.label))
    if isinstance(term, In | NotIn):
        for index, value in enumerate(term.values):
            values = (*term.values[:index], misspelled(value), *term.values[index + 1 :])
            yield Operator.MISSPELL_TERM, replace(term, values=tuple(sorted(set(values))))
    elif not isinstance(term, Has):
        yield Operator.MISSPELL_TERM, replace(term, value=misspelled(term.value))


def misspelled(text: str) -> str:
    """The text with its last character replaced; of an empty one, a text of one character."""
    return f"{text[:-1]}{'y' if text.endswith('x') else 'x'}"


def _replaced(tree: Node, term: Leaf, other: Node) -> Node:
    """The tree with something else in the place of this very term; of two negations none is left."""

    def leaf(each: Leaf) -> Node:
        return other if each is term else each

    def combine(node: Composite, operands: list[Node]) -> Node:
        if isinstance(node, Not):
            (operand,) = operands
            return operand.operand if isinstance(operand, Not) else Not(operand)
        return And(tuple(operands)) if isinstance(node, And) else Or(tuple(operands))

    return fold(tree, leaf, combine)
