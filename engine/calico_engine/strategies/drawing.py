"""How values are drawn: one of some, seldom, and several.

Each composite of this room but lists is a function of its own, for Hypothesis takes what the same function drew for
alike, and puts one in the place of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

_T = TypeVar("_T")

#: Seldom true.
SELDOM = st.sampled_from((*[False] * 7, True))


@cache
def _places(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


def choose(draw: st.DrawFn, options: Sequence[_T]) -> _T:
    """One of the options, the first of which is the simplest. (A strategy of each list of options would cost more.)"""
    return options[draw(_places(len(options)))]


def choose_from(draw: st.DrawFn, pools: Sequence[Sequence[_T]]) -> _T:
    """A value of one of the pools, or of the first that holds any.

    An empty pool counts too: then the same choices mean the same where one object less is there.
    """
    return choose(draw, choose(draw, pools) or next(filter(None, pools)))


@st.composite
def counted(draw: st.DrawFn, elements: Sequence[st.SearchStrategy[_T]], least: int = 0) -> list[_T]:
    """Values of the first so many of the strategies.

    Of what follows its own number within one thing drawn, Hypothesis takes away any element, however much was drawn for
    it; of its own lists only small ones.
    """
    return [draw(element) for element in elements[: draw(st.integers(least, len(elements)))]]


def fresh(elements: st.SearchStrategy[_T]) -> st.SearchStrategy[_T]:
    """The same, each drawn anew.

    Most of the examples of a test are variations of an earlier one: Hypothesis puts one thing that was drawn in the place
    of another, which it does not do within a list without repetitions. Where things hardly differ so, they are drawn anew.
    """
    return _only(st.lists(elements, min_size=1, max_size=1, unique_by=id))


@st.composite
def _only(draw: st.DrawFn, lists: st.SearchStrategy[list[_T]]) -> _T:
    (element,) = draw(lists)
    return element
