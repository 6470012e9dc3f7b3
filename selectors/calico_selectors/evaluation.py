"""A selector as a function of the labels, in two forms.

The decision graph is quickly made, of any size, and followed by a loop. One compiled Python expression matches
two to three times faster, as fast as the same test written by hand, but takes some 40 µs to be made; and
Python's compiler gives up on deep or huge expressions.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from calico_selectors.nodes import All, And, Global, Node, Not, Or, render
from calico_selectors.terms import Labels, Test, source_of, test_of

# A test, and where to go on when it holds and when it does not; or the answer.
Graph: TypeAlias = "bool | tuple[Test, Graph, Graph]"

# Python stops at 200 nested parentheses; an AND or OR is at least eleven characters, so a thousand have 90 at most.
_MOST_CHARACTERS = 1_000
_FRAMES = {Not: ("not ", "", ""), And: ("(", " and ", ")"), Or: ("(", " or ", ")")}


def compiled(root: Node, printed: str) -> Test:
    """The form that matches fastest, for a selector whose canonical form is `printed`."""
    return expression(root) if len(printed) <= _MOST_CHARACTERS else interpreted(root)


def interpreted(root: Node) -> Test:
    """The form that is made fastest."""
    return _follow(decision_graph(root))


def expression(root: Node) -> Test:
    """The selector as one compiled Python expression. Text gets into it as literals only."""
    source = f"lambda labels: {render(root, source_of, lambda node: _FRAMES[type(node)])}"
    function: Test = eval(source, {"__builtins__": {}})
    return function


def decision_graph(root: Node) -> Graph:
    """The selector as tests in the order of evaluation, from the last to the first: each knows what follows it."""
    graph: Graph = True
    pending: list[tuple[Node, Graph | Literal["next"], Graph | Literal["next"]]] = [(root, True, False)]
    while pending:
        node, holds, fails = pending.pop()
        # "next" is the operand to the right, which has just been done.
        holds = graph if holds == "next" else holds
        fails = graph if fails == "next" else fails
        match node:
            case Not(operand):
                pending.append((operand, fails, holds))
            case And(operands):
                pending += [(operand, "next", fails) for operand in operands[:-1]]
                pending.append((operands[-1], holds, fails))
            case Or(operands):
                pending += [(operand, holds, "next") for operand in operands[:-1]]
                pending.append((operands[-1], holds, fails))
            case All() | Global():
                graph = holds
            case _:
                graph = (test_of(node), holds, fails)
    return graph


def _follow(graph: Graph) -> Test:
    def matches(labels: Labels) -> bool:
        step = graph
        while isinstance(step, tuple):
            test, holds, fails = step
            step = holds if test(labels) else fails
        return step

    return matches
