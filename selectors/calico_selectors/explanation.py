"""Why a selector matches labels, or does not."""

from __future__ import annotations

from dataclasses import dataclass

from calico_selectors.canonical import canonical_term
from calico_selectors.nodes import All, And, Composite, Global, Leaf, Node, Not, children, preorder
from calico_selectors.terms import Labels, test_of


@dataclass(frozen=True, slots=True)
class TermResult:
    """One term, in its canonical form, and whether it holds.

    `label` is None for ``all()`` and ``global()``, `value` is None where the label is absent. `decisive` terms
    are those that the selector's answer rests on: as long as they stay as they are, so does the answer.
    """

    text: str
    label: str | None
    value: str | None
    holds: bool
    decisive: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a selector matches, and its terms from left to right."""

    matches: bool
    terms: tuple[TermResult, ...]

    @property
    def decisive(self) -> tuple[TermResult, ...]:
        """The terms that the answer rests on."""
        return tuple(term for term in self.terms if term.decisive)


def explain(root: Node, labels: Labels) -> Explanation:
    """Every term's truth for these labels, and which terms decided."""
    truths = _truths(root, labels)
    terms: list[TermResult] = []
    pending: list[tuple[Node, bool]] = [(root, True)]
    while pending:
        node, decisive = pending.pop()
        if isinstance(node, Composite):
            pending += reversed([(operand, decisive and rests) for operand, rests in _support(node, truths)])
        else:
            terms.append(_result(node, labels, truths[id(node)], decisive))
    return Explanation(truths[id(root)], tuple(terms))


def _truths(root: Node, labels: Labels) -> dict[int, bool]:
    """The truth of every node, by its identity."""
    truths: dict[int, bool] = {}
    for node in reversed(list(preorder(root))):
        if isinstance(node, Composite):
            truths[id(node)] = _truth(node, [truths[id(operand)] for operand in children(node)])
        else:
            truths[id(node)] = test_of(node)(labels)
    return truths


def _truth(node: Composite, operands: list[bool]) -> bool:
    match node:
        case Not():
            return not operands[0]
        case And():
            return all(operands)
        case _:
            return any(operands)


def _support(node: Composite, truths: dict[int, bool]) -> list[tuple[Node, bool]]:
    """The operands, each with whether the node's truth rests on it.

    An AND that holds rests on all its operands, one that fails on the first that fails; OR the other way round.
    """
    operands = children(node)
    if isinstance(node, Not) or truths[id(node)] is isinstance(node, And):
        return [(operand, True) for operand in operands]
    first = next(place for place, operand in enumerate(operands) if truths[id(operand)] is truths[id(node)])
    return [(operand, place == first) for place, operand in enumerate(operands)]


def _result(term: Leaf, labels: Labels, holds: bool, decisive: bool) -> TermResult:
    label = None if isinstance(term, All | Global) else term.label
    value = None if label is None else labels.get(label)
    return TermResult(canonical_term(term), label, value, holds, decisive)
