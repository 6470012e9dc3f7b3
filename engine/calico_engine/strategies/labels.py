"""Labels and selectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from hypothesis import strategies as st

from calico_engine.manifests.validator.shapes import label_key_problem, label_value_problem
from calico_engine.strategies.drawing import choose
from calico_engine.strategies.vocabulary import LABELS, LabelPool
from calico_selectors import Selector

#: A pool of labels that can be compared.
FrozenPool = tuple[tuple[str, tuple[str, ...]], ...]
#: Two selectors as one, the plain ways first.
_JOINTS = ("{0} && {1}", "{0} || {1}", "!({0}) && {1}", "({0}) && ({1})", "({0}) || !({1})")


def label_sets(*, pool: LabelPool = LABELS) -> st.SearchStrategy[dict[str, str]]:
    """Labels of an object: some of the names in the pool, each with one of its values.

    Shrinks towards no labels. ValueError for a name or value that no label may have.

    >>> from hypothesis import find
    >>> find(label_sets(), lambda labels: True)
    {}
    >>> find(label_sets(pool={"zone": ("east", "west")}), lambda labels: "zone" in labels)
    {'zone': 'east'}
    """
    _check_pool(pool)
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(tuple(pool[name])) for name in pool})


def selectors(*, pool: LabelPool = LABELS, max_terms: int = 3) -> st.SearchStrategy[Selector]:
    """Selectors of up to `max_terms` terms about the labels of the pool; `.text` is what a manifest holds.

    Every operator of the language is drawn but `global()`, which has few places where it may stand. Shrinks towards
    `all()`. ValueError for a name or value that no label may have.

    >>> from hypothesis import find
    >>> find(selectors(), lambda selector: True)
    Selector('all()')
    >>> find(selectors(), lambda selector: not selector.matches({"app": "a"})).matches({"app": "a"})
    False
    """
    _check_pool(pool)
    return _selectors(_frozen(pool), max_terms)


@st.composite
def _selectors(draw: st.DrawFn, pool: FrozenPool, max_terms: int) -> Selector:
    text, *others = draw(_lists_of_terms(pool, max_terms))
    for term in others:
        text = choose(draw, _JOINTS).format(text, term)
    return Selector(text)


# Strategies are made once; as arguments of composites they would be printed, at length, with each error.
@cache
def _lists_of_terms(pool: FrozenPool, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(tuple(_terms(pool))), min_size=1, max_size=most)


def _frozen(pool: LabelPool) -> FrozenPool:
    return tuple((name, tuple(values)) for name, values in pool.items())


def selectors_matching(labels: Mapping[str, str], *, max_terms: int = 3) -> st.SearchStrategy[Selector]:
    """Selectors that select whatever has these labels, about them and the labels of the usual pool.

    Shrinks towards `all()`. ValueError for a name or value that no label may have.

    >>> from hypothesis import find
    >>> find(selectors_matching({"app": "a"}), lambda selector: not selector.matches({}))
    Selector('has(app)')
    """
    pool = {**LABELS, **{name: tuple(dict.fromkeys((value, *LABELS.get(name, ())))) for name, value in labels.items()}}
    own = dict(labels)

    def matching(selector: Selector) -> Selector:
        return selector if selector.matches(own) else Selector(f"!({selector.text})")

    return selectors(pool=pool, max_terms=max_terms).map(matching)


def _terms(pool: FrozenPool) -> Iterator[str]:
    """Every term, the simple ones first."""
    pairs = [(name, value) for name, values in pool for value in values]
    yield "all()"
    yield from (f"has({name})" for name, _ in pool)
    yield from (f"!has({name})" for name, _ in pool)
    yield from (f"{name} == '{value}'" for name, value in pairs)
    yield from (f"{name} != '{value}'" for name, value in pairs)
    for operator in ("in", "not in"):
        for name, values in pool:
            listed = "', '".join(values)
            yield f"{name} {operator} {{'{listed}'}}"
            yield f"{name} {operator} {{'{values[0]}', 'other'}}"
    for operator, part in (("contains", slice(1, None)), ("starts with", slice(0, 1)), ("ends with", slice(-1, None))):
        yield from (f"{name} {operator} '{value[part]}'" for name, value in pairs)
    yield "!all()"


def _check_pool(pool: LabelPool) -> None:
    for name, values in pool.items():
        if not values:
            raise ValueError(f"the label {name} of the pool has no values")
        for problem in (label_key_problem(name), *map(label_value_problem, values)):
            if problem is not None:
                raise ValueError(problem)


#: Of the usual pool.
LABEL_SETS = label_sets()
