"""From a selector's text to its tree."""

from __future__ import annotations

from functools import cache
from typing import cast

from calico_selectors.complaints import complaint
from calico_selectors.machine import Action, Machine, Stopped
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
)
from calico_selectors.shipped_tables import load


def parse(text: str) -> Node:
    """The tree of a selector. Raises `InvalidSelector`."""
    try:
        return cast(Node, _machine().parse(text))
    except Stopped as stopped:
        raise complaint(text, stopped) from None


@cache
def _machine() -> Machine:
    return Machine(load(), _ACTIONS)


def _operation(negations: str, primary: Node) -> Node:
    return Not(primary) if negations.count("!") % 2 else primary


def _set(*strings: str) -> tuple[str, ...]:
    return tuple(sorted({string[1:-1] for string in strings}))


_ACTIONS: dict[str, Action] = {
    "selector": lambda *root: root[0] if root else All(),
    "or_expr": lambda *operands: Or(operands),
    "and_expr": lambda *operands: And(operands),
    "operation": _operation,
    "has": Has,
    "all": All,
    "global": Global,
    "eq": lambda label, string: Eq(label, string[1:-1]),
    "ne": lambda label, string: Ne(label, string[1:-1]),
    "contains": lambda label, string: Contains(label, string[1:-1]),
    "starts_with": lambda label, string: StartsWith(label, string[1:-1]),
    "ends_with": lambda label, string: EndsWith(label, string[1:-1]),
    "in": In,
    "not_in": NotIn,
    "set": _set,
}
