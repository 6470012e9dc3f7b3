"""Says in human words why a text is no selector.

Which texts are selectors is Calico's decision; these sentences are our own. Calico's validator does not show
its parser's messages at all (validator.go: convertError).
"""

from __future__ import annotations

import re
from enum import Enum
from unicodedata import name

from calico_selectors.errors import InvalidSelector, visible
from calico_selectors.machine import Stopped
from calico_selectors.tables import END


class _Place(Enum):
    """Where the text stopped making sense: a terminal that tells it from the places below, and what belongs there."""

    TERM = "(", "a term (a comparison, `has(…)`, `all()`, `global()`, `!` or `(`)"
    OPERATOR = "==", "an operator (`==`, `!=`, `in`, `not in`, `contains`, `starts with` or `ends with`)"
    SET = "{", 'a set like `{"a", "b"}`'
    SEPARATOR = ",", "`,` or `}`"
    MEMBER = "}", "a quoted value or `}`"
    VALUE = "STRING", "a quoted value"
    NAME = "LABEL", "a label name"
    CLOSING = "", "`)`"
    CONNECTIVE = "", "`&&`, `||` or "

    def __init__(self, terminal: str, wanted: str) -> None:
        self.terminal = terminal
        self.wanted = wanted


_SPELLING = {
    "NOT": "!",
    "_CONTAINS": "contains",
    "_STARTS_WITH": "starts with",
    "_ENDS_WITH": "ends with",
    "_IN": "in",
    "_NOT_IN": "not in",
}
_LONGEST_LABEL = 512  # tokenizer.go: MaxLabelLength
_LONGEST_SHOWN = 40
_QUOTED = r"""(?:"[^"]*"|'[^']*')"""
_WORD = r"[A-Za-z0-9_./-]+"
_LEXEME = re.compile(rf"{_WORD}\(?|{_QUOTED}|[=!<>~&|]+|.", re.DOTALL)
_UNSEEN_SPACES = "\ufeff\u200b\u180e\u2060"
_LEGAL = "label names are made of `A`-`Z`, `a`-`z`, `0`-`9`, `_`, `.`, `/` and `-`"

# What often stands at a place by mistake: "BEFORE FOUND" as a regular expression, where BEFORE is the label or the
# operator in front, and what to do about it. The first that fits is given.
_HINTS: dict[_Place, list[tuple[str, str]]] = {
    _Place.TERM: [
        (rf".* {_QUOTED}", "label names are not quoted"),
        (r".* (==?|!=)", "a label name is missing in front of it"),
        (r".* (&+|\|+)", "a term is missing in front of it"),
        (r".* \{", "a set comes after `in` or `not in`"),
    ],
    _Place.OPERATOR: [
        (r"(has|all|global) \(", "there is no white space in front of this parenthesis"),
        (r"(?i:has|all|global) \(", "`has(`, `all(` and `global(` are written in lower case"),
        (r".* \(", "only `has(…)`, `all()` and `global()` have parentheses"),
        (r"(?i:not) .+", "write `!` to negate"),
        (r".* =", "write `==`"),
        (r".* starts", "write `starts with`"),
        (r".* ends", "write `ends with`"),
        (r".* not", "write `not in`"),
        (r".* !", "write `!=` or `not in`"),
        (r".* (?i:contains|starts|startswith|ends|endswith|in|not|notin)", "operators are written in lower case"),
        (r"(.*) (?i:and|or|)|.* (&+|\|+|\))", "write `has(…)` to test that a label is present"),
        (rf".* {_QUOTED}", "an operator is missing in front of the value"),
        (r".* [=!<>~]+", "there is no such operator"),
    ],
    _Place.VALUE: [
        (r"(==|!=) =", "write `==` or `!=`"),
        (r".* \{", "a set comes after `in` or `not in`"),
        (rf".* {_WORD}", "values stand in quotes"),
    ],
    _Place.SET: [
        (r".* [(\[]", "sets are written in braces"),
        (rf".* ({_QUOTED}|{_WORD})", "also a single value is written in braces"),
    ],
    _Place.MEMBER: [
        (r".* ,", "a value is missing in front of the comma"),
        (rf".* {_WORD}", "values stand in quotes"),
    ],
    _Place.SEPARATOR: [
        (rf".* {_QUOTED}", "a comma is missing between the values"),
    ],
    _Place.NAME: [
        (rf".* {_QUOTED}", "label names are not quoted"),
    ],
    _Place.CLOSING: [],
    _Place.CONNECTIVE: [
        (r".* (?i:and)\(?|.* &+", "write `&&`"),
        (r".* (?i:or)\(?|.* \|+", "write `||`"),
        (r".* ,", "terms are joined by `&&` or `||`"),
    ],
}


def complaint(text: str, stopped: Stopped) -> InvalidSelector:
    """The error for a text at which the parser stopped."""
    start = stopped.position
    lexeme = _LEXEME.match(text, start)
    found = lexeme[0] if lexeme else ""
    place = _place(stopped)
    special = _special(text, start, found, place, stopped)
    if special is not None:
        return InvalidSelector(text, *special)
    there = f"found `{_shown(found)}`" if found else "but the selector ends there"
    hint = _hint(text, start, found, place, stopped)
    message = f"expected {_wanted(place, stopped)}{_after(stopped)}, {there}{hint and ': '}{hint}"
    return InvalidSelector(text, start, start + len(found), message)


def _place(stopped: Stopped) -> _Place:
    for place in _Place:
        if place.terminal in stopped.expected:
            return place
    return _Place.CLOSING if stopped.symbols[-1] in ("LABEL", "all(", "global(") else _Place.CONNECTIVE


def _special(text: str, start: int, found: str, place: _Place, stopped: Stopped) -> tuple[int, int, str] | None:
    """Mistakes that are about more than the next word: where they are, and the whole message."""
    if found in ("'", '"'):
        return start, len(text), f"this quote is never closed: there is no other `{found}` behind it"
    length = len(found.removesuffix("("))
    if length > _LONGEST_LABEL and re.match(_WORD, found) and place in (_Place.TERM, _Place.NAME):
        return start, start + length, f"label name too long: {length} characters, and {_LONGEST_LABEL} are the most"
    if found == ")" and stopped.symbols[-1:] == ["("]:
        opening = _last_opening(stopped)
        return opening, start + 1, "there is nothing between these parentheses: write `all()` to select everything"
    if found == ")" and place is _Place.CONNECTIVE:
        return start, start + 1, "this `)` closes nothing: there is no `(` for it"
    if not found and place is _Place.CONNECTIVE:
        opening = _last_opening(stopped)
        return opening, opening + 1, "this `(` is never closed: there is no `)` for it"
    return None


def _last_opening(stopped: Stopped) -> int:
    """Where the innermost open parenthesis stands."""
    pairs = zip(reversed(stopped.symbols), reversed(stopped.values), strict=True)
    ended = next(value for symbol, value in pairs if symbol == "(")
    assert isinstance(ended, int)
    return ended - 1


def _wanted(place: _Place, stopped: Stopped) -> str:
    if place is not _Place.CONNECTIVE:
        return place.wanted
    return place.wanted + ("the end" if END in stopped.expected else "`)`")


def _after(stopped: Stopped) -> str:
    """The token in front, where it is one; behind a whole term there is nothing to be said."""
    match stopped.symbols[-1:]:
        case ["LABEL"]:
            return f" after label `{_shown(str(stopped.values[-1]))}`"
        case ["STRING"]:
            return f" after `{_shown(str(stopped.values[-1]))}`"
        case [symbol] if symbol in _SPELLING or not symbol.isidentifier():
            return f" after `{_SPELLING.get(symbol, symbol)}`"
    return ""


def _hint(text: str, start: int, found: str, place: _Place, stopped: Stopped) -> str:
    if found in ("\n", "\r"):
        return "a line break is not white space here; in YAML, write the selector behind `>-`, not `|` or `>`"
    if found.isspace() or (found and found in _UNSEEN_SPACES):
        return f"{name(found, 'this character')} is not white space here, only space and tab are"
    if found and found in "“”„‟‘’‚‛«»":
        return "write a plain `\"` or `'`"
    before = str(stopped.values[-1]) if place is _Place.OPERATOR else "".join(stopped.symbols[-1:])
    for pattern, hint in _HINTS[place]:
        if re.fullmatch(pattern, f"{before} {found}", re.DOTALL):
            return hint
    in_name = place is _Place.TERM or (place is _Place.OPERATOR and re.match(_WORD, text[start - 1 : start]))
    return _LEGAL if len(found) == 1 and in_name and found not in "(){},!" else ""


def _shown(lexeme: str) -> str:
    return visible(lexeme if len(lexeme) <= _LONGEST_SHOWN else f"{lexeme[:_LONGEST_SHOWN]}…")
