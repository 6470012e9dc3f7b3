"""Strategies out of functions that draw, and of other strategies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

_T = TypeVar("_T")
_Key = TypeVar("_Key")

#: Seldom true, and mostly.
SELDOM = st.sampled_from((*[False] * 7, True))
MORE = st.sampled_from((False, *[True] * 4))


@st.composite
def drawing(draw: st.DrawFn, make: Callable[[st.DrawFn], _T]) -> _T:
    """What `make` draws. (To decorate each such function with `composite` takes a millisecond, each time.)"""
    return make(draw)


@cache
def _places(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


def choose(draw: st.DrawFn, options: Sequence[_T]) -> _T:
    """One of the options, the first of which is the simplest. (A strategy of each list of options would cost more.)"""
    return options[draw(_places(len(options)))]


def mostly(usual: st.SearchStrategy[_T], other: st.SearchStrategy[_T]) -> st.SearchStrategy[_T]:
    """Seldom the other."""
    return drawing(lambda draw: draw(other if draw(SELDOM) else usual))


def several(
    elements: st.SearchStrategy[_T], *, min_size: int = 0, max_size: int, more: st.SearchStrategy[bool] = MORE
) -> st.SearchStrategy[list[_T]]:
    """Lists, fuller than Hypothesis' own.

    Whether there are more is asked at the end even if there may not be: then Hypothesis can take away any element, and
    what is left still ends where it did.
    """

    def none_or_one(draw: st.DrawFn) -> list[_T]:
        return [draw(elements)] if draw(more) else []

    another = drawing(none_or_one)

    def listed(draw: st.DrawFn) -> list[_T]:
        found = [draw(elements) for _ in range(min_size)]
        while len(found) < max_size and (item := draw(another)):
            found += item
        if len(found) == max_size:
            draw(more)
        return found

    return drawing(listed)


def some_of(
    values: Mapping[_Key, st.SearchStrategy[_T]], *, min_size: int = 0, max_size: int | None = None
) -> st.SearchStrategy[dict[_Key, _T]]:
    """For some of the keys one of their values."""
    if not values:
        return st.builds(dict)
    keys = st.sampled_from(tuple(values))

    def pair(draw: st.DrawFn) -> tuple[_Key, _T]:
        key = draw(keys)
        return key, draw(values[key])

    pairs = several(drawing(pair), min_size=min_size, max_size=len(values) if max_size is None else max_size)
    return drawing(lambda draw: dict(draw(pairs)))
