"""The tree of a selector: one class per kind of term, and the walks that everything else is built on.

Trees come as deep as users write them (a policy with 20,000 parentheses is legal), so nothing here or
above recurses: walks keep their own stack, and the composite nodes compare, hash and print through one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Eq:
    """``label == "value"``."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Ne:
    """``label != "value"``: also true where the label is absent."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Contains:
    """``label contains "value"``."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class StartsWith:
    """``label starts with "value"``."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class EndsWith:
    """``label ends with "value"``."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class In:
    """``label in {"…", …}``; the values are sorted and each is there once."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotIn:
    """``label not in {"…", …}``: also true where the label is absent. The values are as in `In`."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """``has(label)``."""

    label: str


@dataclass(frozen=True, slots=True)
class All:
    """``all()``, and the empty selector."""


@dataclass(frozen=True, slots=True)
class Global:
    """``global()``: true for everything (ast.go: GlobalNode.Evaluate)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not:
    """``!operand``."""

    operand: Node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Not) and _same(self, other)

    def __hash__(self) -> int:
        return hash(_shape(self))

    def __repr__(self) -> str:
        return _representation(self)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class And:
    """``(a && b && …)``: two operands or more."""

    operands: tuple[Node, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, And) and _same(self, other)

    def __hash__(self) -> int:
        return hash(_shape(self))

    def __repr__(self) -> str:
        return _representation(self)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Or:
    """``(a || b || …)``: two operands or more."""

    operands: tuple[Node, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Or) and _same(self, other)

    def __hash__(self) -> int:
        return hash(_shape(self))

    def __repr__(self) -> str:
        return _representation(self)


Comparison: TypeAlias = Eq | Ne | Contains | StartsWith | EndsWith
Membership: TypeAlias = In | NotIn
Leaf: TypeAlias = Comparison | Membership | Has | All | Global
Composite: TypeAlias = Not | And | Or
Node: TypeAlias = Leaf | Composite


def children(node: Composite) -> tuple[Node, ...]:
    """The direct operands, from left to right."""
    return (node.operand,) if isinstance(node, Not) else node.operands


def preorder(root: Node) -> Iterator[Node]:
    """Every node, a parent before its operands, operands from left to right."""
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Composite):
            pending.extend(reversed(children(node)))


def leaves(root: Node) -> Iterator[Leaf]:
    """The terms without operands, from left to right."""
    return (node for node in preorder(root) if not isinstance(node, Composite))


def fold(
    root: Node, leaf: Callable[[Leaf], _Result], combine: Callable[[Composite, list[_Result]], _Result]
) -> _Result:
    """The result of the root, each composite's made by `combine` from its operands' results."""
    results: list[_Result] = []
    for node in reversed(list(preorder(root))):
        if isinstance(node, Composite):
            count = len(children(node))
            operands = results[: -count - 1 : -1]
            del results[-count:]
            results.append(combine(node, operands))
        else:
            results.append(leaf(node))
    return results[0]


def render(root: Node, leaf: Callable[[Leaf], str], frame: Callable[[Composite], tuple[str, str, str]]) -> str:
    """The tree as text, in time linear in the text: `frame` gives what opens, separates and closes operands."""
    fragments: list[str] = []
    pending: list[Node | str] = [root]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            fragments.append(item)
        elif isinstance(item, Composite):
            opening, separator, closing = frame(item)
            fragments.append(opening)
            pending.append(closing)
            pending.extend(_separated(children(item), separator))
        else:
            fragments.append(leaf(item))
    return "".join(fragments)


def _separated(operands: tuple[Node, ...], separator: str) -> list[Node | str]:
    spread: list[Node | str] = [separator] * (2 * len(operands) - 1)
    spread[::2] = reversed(operands)
    return spread


def _shape(root: Node) -> tuple[Leaf | tuple[type[Composite], int], ...]:
    """The tree as a flat value: equal for equal trees and for no others."""
    return tuple((type(node), len(children(node))) if isinstance(node, Composite) else node for node in preorder(root))


def _same(one: Node, other: Node) -> bool:
    return one is other or _shape(one) == _shape(other)


def _representation(root: Node) -> str:
    return render(root, repr, lambda node: (f"{type(node).__name__}(", ", ", ")"))
