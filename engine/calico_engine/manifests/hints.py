"""Words that help: what was probably meant by an unknown name, and that a text is a placeholder."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from calico_engine.errors import printable
from calico_engine.resources.enterprise import is_enterprise_field

#: What tutorials leave for the reader to fill in.
_PLACEHOLDER = re.compile(r"<[^<>]+>|\$\{?\w+|\{\{|\b(INSERT|YOUR|REPLACE|CHANGE)[_-]\w+", re.IGNORECASE)
_MOST_NAMESPACES = 3


def placeholder_hint(value: object) -> str:
    """A word for the text that was to be replaced by the reader's own."""
    if isinstance(value, str) and _PLACEHOLDER.search(value[:200]):
        return "; it looks like a placeholder that is still to be filled in"
    return ""


def unknown_field(name: str, known: Iterable[str]) -> str:
    """What is said of a field that its struct does not have."""
    if is_enterprise_field(name):
        return f'"{name}" is a field of Calico Enterprise, which Calico does not have'
    return unknown_name("field", name, known)


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """`unknown field "selctor"; did you mean "selector"?`"""
    return f'unknown {what} "{printable(name, 100)}"{did_you_mean(name, known)}'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean "selector"?`, or nothing if no known name is like this one."""
    found = nearest(name, known)
    return "" if found is None else f'; did you mean "{printable(found, 100)}"?'


def elsewhere(namespaces: Iterable[str]) -> str:
    """`; there is one in namespace "shop"`, or nothing where no other namespace has an object of the name."""
    found = ", ".join(f'"{printable(namespace, 100)}"' for namespace in sorted(set(namespaces))[:_MOST_NAMESPACES])
    return f"; there is one in namespace {found}" if found else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, if any is much like it. Case is not looked at."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name[:100].lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
