"""`Selector`: a selector as a value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import NoReturn
from weakref import WeakValueDictionary

from calico_selectors.canonical import canonical, unique_id
from calico_selectors.evaluation import compiled, interpreted
from calico_selectors.explanation import Explanation, explain
from calico_selectors.nodes import All, Global, Node, leaves
from calico_selectors.prefixing import prefixed
from calico_selectors.restrictions import LabelRestriction, restrictions
from calico_selectors.syntax import parse
from calico_selectors.terms import Labels, Test

_REMEMBERED = 4_096  # texts
_OFTEN = 256  # matches after which the faster form has been worth its making
_LONGEST_REMEMBERED = 4_096  # characters; longer texts are known only as long as a selector of them is in use


class _Form:
    """A tree and all that follows from it, each worked out when it is first asked for."""

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self.test: Test | None = None  # the faster form, once matching is frequent
        self._matches = 0

    def matches_at_first(self, labels: Labels) -> bool:
        self._matches += 1
        if self._matches == _OFTEN:
            self.test = self.compiled
        return self._interpreted(labels)

    @cached_property
    def _interpreted(self) -> Test:
        return interpreted(self.tree)

    @cached_property
    def canonical(self) -> str:
        return canonical(self.tree)

    @cached_property
    def unique_id(self) -> str:
        return unique_id(self.canonical)

    @cached_property
    def compiled(self) -> Test:
        return compiled(self.tree, self.canonical)

    @cached_property
    def restrictions(self) -> Mapping[str, LabelRestriction]:
        return restrictions(self.tree)

    @cached_property
    def label_names(self) -> frozenset[str]:
        return frozenset(term.label for term in leaves(self.tree) if not isinstance(term, All | Global))


class Selector:
    """A label selector, parsed from its text; `InvalidSelector` if it is none.

    It is a value: it cannot be changed, and two selectors are equal if they print the same. `prefix`, if one is
    given, is put in front of every label name.

    >>> selector = Selector("has(x) && env in {'dev', 'test'}")
    >>> str(selector)
    '(has(x) && env in {"dev", "test"})'
    >>> selector.matches({"x": "", "env": "dev"}), selector.matches({"env": "dev"})
    (True, False)
    """

    __slots__ = ("_form", "prefix", "text")
    text: str
    prefix: str
    _form: _Form

    def __init__(self, text: str, *, prefix: str = "") -> None:
        set_attribute = super().__setattr__
        set_attribute("text", text)
        set_attribute("prefix", prefix)
        set_attribute("_form", _form_of(text, prefix))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a selector cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a selector cannot be changed: {name}")

    def __str__(self) -> str:
        """Calico's canonical form."""
        return self._form.canonical

    def __repr__(self) -> str:
        return f"Selector({self.text!r}, prefix={self.prefix!r})" if self.prefix else f"Selector({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Selector) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._form.canonical)

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        # The text is enough, and a deep tree would be too much for pickle.
        return _selector, (self.text, self.prefix)

    @property
    def unique_id(self) -> str:
        """Calico's identifier of the canonical form, ``s:…``: what Felix names IP sets by."""
        return self._form.unique_id

    @property
    def tree(self) -> Node:
        """The syntax tree: see `calico_selectors.nodes`."""
        return self._form.tree

    @property
    def compiled(self) -> Test:
        """The selector as a plain function of the labels, for tight loops; made when first asked for, in some 40 µs."""
        return self._form.compiled

    @property
    def restrictions(self) -> Mapping[str, LabelRestriction]:
        """What must hold of single labels for the selector to match at all; nothing for labels left out."""
        return self._form.restrictions

    @property
    def label_names(self) -> frozenset[str]:
        """Every label name that the selector mentions: the match depends on no other label."""
        return self._form.label_names

    def matches(self, labels: Labels) -> bool:
        """Whether the selector selects something that has these labels."""
        test = self._form.test
        return test(labels) if test is not None else self._form.matches_at_first(labels)

    def explain(self, labels: Labels) -> Explanation:
        """Each term with its truth for these labels, and which of them decided."""
        return explain(self._form.tree, labels)

    def prefixed(self, prefix: str) -> Selector:
        """The selector with `prefix` in front of every label name, as ``pcns.`` for namespaces' labels.

        >>> str(Selector("has(x) || y == 'z'").prefixed("pcns."))
        '(has(pcns.x) || pcns.y == "z")'
        """
        return Selector(self.text, prefix=prefix + self.prefix)


def _form_of(text: str, prefix: str) -> _Form:
    if not isinstance(text, str):
        raise TypeError(f"a selector is written as a string, not as {type(text).__name__}")
    if len(text) <= _LONGEST_REMEMBERED:
        return _remembered_form(text, prefix)
    form = _forms_in_use.get((text, prefix))
    if form is None:
        form = _forms_in_use[text, prefix] = _new_form(text, prefix)
    return form


def _new_form(text: str, prefix: str) -> _Form:
    return _Form(prefixed(_form_of(text, "").tree, prefix) if prefix else parse(text))


_remembered_form = lru_cache(_REMEMBERED)(_new_form)
_forms_in_use: WeakValueDictionary[tuple[str, str], _Form] = WeakValueDictionary()


def _selector(text: str, prefix: str) -> Selector:
    return Selector(text, prefix=prefix)
