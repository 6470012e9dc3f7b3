"""What must hold of single labels for a selector to match at all: hints for an index (ast.go: LabelRestrictions)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from calico_selectors.nodes import (
    And,
    Composite,
    Contains,
    EndsWith,
    Eq,
    Has,
    In,
    Leaf,
    Node,
    Not,
    StartsWith,
    fold,
)


@dataclass(frozen=True, slots=True)
class LabelRestriction:
    """A necessary condition on one label. `values` of None says nothing; an empty set can never be met."""

    must_be_present: bool
    must_be_absent: bool
    values: frozenset[str] | None

    @property
    def satisfiable(self) -> bool:
        """Whether any label map can meet it (ast.go: PossibleToSatisfy)."""
        return not (self.must_be_present and self.must_be_absent) and (self.values is None or len(self.values) > 0)


@dataclass(slots=True)
class _Bound:
    """A restriction in the making. Each belongs to one node, so that the node above may change it in place."""

    present: bool = False
    absent: bool = False
    values: set[str] | None = field(default=None)


_Bounds: TypeAlias = dict[str, _Bound]


def restrictions(root: Node) -> MappingProxyType[str, LabelRestriction]:
    """The restrictions by label. Labels without one are not in it."""
    bounds = fold(root, _of_term, _of_composite)
    return MappingProxyType(
        {
            label: LabelRestriction(
                bound.present, bound.absent, None if bound.values is None else frozenset(bound.values)
            )
            for label, bound in bounds.items()
        }
    )


def _of_term(term: Leaf) -> _Bounds:
    match term:
        case Eq(label, value):
            return {label: _Bound(present=True, values={value})}
        case In(label, values):
            # An empty set leaves the values open although nothing can match (stringset.go: SliceCopy).
            return {label: _Bound(present=True, values=set(values) or None)}
        case Has(label) | Contains(label) | StartsWith(label) | EndsWith(label):
            return {label: _Bound(present=True)}
        case _:
            return {}


def _of_composite(node: Composite, operands: list[_Bounds]) -> _Bounds:
    match node:
        case Not(Has(label)):
            return {label: _Bound(absent=True)}
        case Not():
            return {}
        case And():
            return _joined(operands, _both)
        case _:
            return _joined(operands, _either)


def _joined(operands: list[_Bounds], join: Callable[[_Bounds, _Bounds], _Bounds]) -> _Bounds:
    """All operands' bounds. The larger one always takes the smaller in, or deep trees would take quadratic time."""
    joined = operands[0]
    for other in operands[1:]:
        joined = join(joined, other) if len(joined) >= len(other) else join(other, joined)
    return joined


def _both(larger: _Bounds, smaller: _Bounds) -> _Bounds:
    for label, bound in smaller.items():
        if label in larger:
            other = larger[label]
            larger[label] = _Bound(
                bound.present or other.present, bound.absent or other.absent, _intersection(bound.values, other.values)
            )
        else:
            larger[label] = bound
    return larger


def _either(larger: _Bounds, smaller: _Bounds) -> _Bounds:
    either: _Bounds = {}
    for label, bound in smaller.items():
        other = larger.get(label)
        if other is None:
            continue
        present, absent = bound.present and other.present, bound.absent and other.absent
        if present or absent:
            either[label] = _Bound(present, absent, _union(bound.values, other.values) if present else None)
    return either


def _intersection(one: set[str] | None, other: set[str] | None) -> set[str] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _union(one: set[str] | None, other: set[str] | None) -> set[str] | None:
    if one is None or other is None:
        return None
    larger, smaller = (one, other) if len(one) >= len(other) else (other, one)
    larger |= smaller
    return larger
