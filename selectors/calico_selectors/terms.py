"""Whether one term holds for a label map: the table of spec'd operators, once as functions and once as source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from calico_selectors.nodes import (
    All,
    Contains,
    EndsWith,
    Eq,
    Global,
    Has,
    In,
    Leaf,
    Ne,
    NotIn,
    StartsWith,
)

Labels: TypeAlias = Mapping[str, str]
Test: TypeAlias = Callable[[Labels], bool]


def test_of(term: Leaf) -> Test:
    """A function that says whether the term holds. `!=` and `not in` hold where the label is absent."""
    match term:
        case All() | Global():
            return lambda labels: True
        case Has(label):
            return lambda labels: label in labels
        case Eq(label, value):
            return lambda labels: labels.get(label) == value
        case Ne(label, value):
            return lambda labels: labels.get(label) != value
        case In(label, values):
            return _membership(label, frozenset(values), True)
        case NotIn(label, values):
            return _membership(label, frozenset(values), False)
        case Contains(label, value):
            return lambda labels: (found := labels.get(label)) is not None and value in found
        case StartsWith(label, value):
            return lambda labels: (found := labels.get(label)) is not None and found.startswith(value)
        case EndsWith(label, value):
            return lambda labels: (found := labels.get(label)) is not None and found.endswith(value)


def source_of(term: Leaf) -> str:
    """The same as an expression over `labels`."""
    match term:
        case All() | Global():
            return "True"
        case Has(label):
            return f"{label!r} in labels"
        case Eq(label, value):
            return f"labels.get({label!r}) == {value!r}"
        case Ne(label, value):
            return f"labels.get({label!r}) != {value!r}"
        case In(label, values):
            return f"labels.get({label!r}) in {_set_source(values)}"
        case NotIn(label, values):
            return f"labels.get({label!r}) not in {_set_source(values)}"
        case Contains(label, value):
            return _present_and(label, f"{value!r} in found")
        case StartsWith(label, value):
            return _present_and(label, f"found.startswith({value!r})")
        case EndsWith(label, value):
            return _present_and(label, f"found.endswith({value!r})")


def _membership(label: str, values: frozenset[str], wanted: bool) -> Test:
    return lambda labels: (labels.get(label) in values) is wanted


def _set_source(values: tuple[str, ...]) -> str:
    return f"{{{', '.join(map(repr, values))}}}" if values else "()"


def _present_and(label: str, condition: str) -> str:
    return f"((found := labels.get({label!r})) is not None and {condition})"
