"""What stands at the place of a finding: its line, and how much of the line the value or key takes up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen

_SINGLE_QUOTED = re.compile(r"'(?:[^']|'')*'")
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
#: A plain text ends before a comment, before the colon of a key, and at the end of the line.
_PLAIN = re.compile(r"(?:(?!\s+#|\s*$|:(?:\s|$)).)+")
#: Within brackets it also ends before a comma or a closing bracket.
_PLAIN_IN_BRACKETS = re.compile(r"(?:(?!\s+#|\s*$|:(?:\s|$)|\s*[,\]}]).)+")
_REMEMBERED_TEXTS = 8
#: No more of a line is looked at than this on each side of a place: lines come as long as users write them.
_WINDOW = 1_000


@frozen
class Span:
    """Part of a line; line and column count from 1, in characters."""

    line: int
    column: int
    length: int


def span_of(finding: ManifestError, texts: Mapping[str, str]) -> Span | None:
    """Where the value or key is that a finding is about; None if that is not known, or its text is not at hand."""
    if finding.line is None or finding.column is None or finding.file not in texts:
        return None
    lines = lines_of(texts[finding.file])
    if finding.line > len(lines):
        return None
    return Span(finding.line, finding.column, extent(lines[finding.line - 1], finding.column - 1))


@lru_cache(_REMEMBERED_TEXTS)
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text as its places count them: a line ends with a line feed, and a byte order mark is no column."""
    return tuple(line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n"))


def extent(line: str, start: int) -> int:
    r"""How many characters of the line belong to what starts there; 1 where nothing does.

    >>> extent("- action: Alow  # typo", 10), extent("{action: 'it''s', x: 1}", 9), extent("ports: [1, [2]]", 7)
    (4, 7, 8)
    """
    rest = line[start : start + _WINDOW]
    if rest[:1] in ("[", "{"):
        return _bracketed(rest)
    quoted = {"'": _SINGLE_QUOTED, '"': _DOUBLE_QUOTED}.get(rest[:1])
    plain = _PLAIN_IN_BRACKETS if _is_in_brackets(line[max(0, start - _WINDOW) : start]) else _PLAIN
    found = (quoted and quoted.match(rest)) or plain.match(rest)
    return found.end() if found else 1


def _is_in_brackets(before: str) -> bool:
    bare = _DOUBLE_QUOTED.sub("", _SINGLE_QUOTED.sub("", before))
    return bare.count("[") + bare.count("{") > bare.count("]") + bare.count("}")


def _bracketed(text: str) -> int:
    """Up to the bracket that closes it, or to the end of the line if that is on another one."""
    depth, at = 0, 0
    while at < len(text):
        quoted = _SINGLE_QUOTED.match(text, at) or _DOUBLE_QUOTED.match(text, at)
        depth += (text[at] in "[{") - (text[at] in "]}")
        at = quoted.end() if quoted else at + 1
        if depth == 0:
            return at
    return len(text.rstrip())
