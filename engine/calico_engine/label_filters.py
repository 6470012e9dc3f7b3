"""Label filters of a command line: a selector in Calico's language, or in kubectl's.

No text is both but the empty one, so there is no need to say which is meant.
"""

from __future__ import annotations

import re

from calico_selectors import InvalidSelector, Selector

_KEY = r"(?P<key>[A-Za-z0-9][-A-Za-z0-9_./]*)"
_VALUE = r"[-A-Za-z0-9_.]*"
#: k8s.io/apimachinery/pkg/labels/selector.go. There, too, `!=` and `notin` hold where the label is absent.
_REQUIREMENTS = (
    (re.compile(_KEY), "has({key})"),
    (re.compile(rf"!\s*{_KEY}"), "!has({key})"),
    (re.compile(rf"{_KEY}\s*==?\s*(?P<values>{_VALUE})"), "{key} == {values}"),
    (re.compile(rf"{_KEY}\s*!=\s*(?P<values>{_VALUE})"), "{key} != {values}"),
    (re.compile(rf"{_KEY}\s+in\s*\((?P<values>[^()]*)\)"), "{key} in {{{values}}}"),
    (re.compile(rf"{_KEY}\s+notin\s*\((?P<values>[^()]*)\)"), "{key} not in {{{values}}}"),
)
_BETWEEN = re.compile(r",(?![^(]*\))")


def label_filter(text: str) -> Selector:
    """The selector that a filter stands for. Raises InvalidSelector if it is one in neither language.

    >>> print(label_filter("has(role) && env == 'dev'"))
    (has(role) && env == "dev")
    >>> print(label_filter("!node-role.kubernetes.io/master,env in (dev, test)"))
    (!has(node-role.kubernetes.io/master) && env in {"dev", "test"})
    """
    try:
        return Selector(text)
    except InvalidSelector:
        translated = _translated(text)
        if translated is None:
            raise
    return Selector(translated)


def _translated(text: str) -> str | None:
    terms = [_term(requirement.strip()) for requirement in _BETWEEN.split(text)]
    return " && ".join(term for term in terms if term) if all(terms) else None


def _term(requirement: str) -> str | None:
    for pattern, term in _REQUIREMENTS:
        found = pattern.fullmatch(requirement)
        if found is not None:
            values = found.groupdict().get("values", "").split(",")
            if not all(re.fullmatch(_VALUE, value.strip()) for value in values):
                return None
            return term.format(key=found["key"], values=", ".join(f"'{value.strip()}'" for value in values))
    return None
