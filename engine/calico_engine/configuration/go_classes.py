"""Character classes of Go's regular expressions as sets of code points (regexp/syntax: perl_groups.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

#: Sorted, disjoint, closed ranges of code points.
Ranges = tuple[tuple[int, int], ...]

_LAST = 0x10FFFF
ANY: Ranges = ((0, _LAST),)


def complement(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Every code point outside `ranges` (in any order, overlapping or not)."""
    result: list[tuple[int, int]] = []
    free = 0
    for low, high in sorted(ranges):
        if low > free:
            result.append((free, low - 1))
        free = max(free, high + 1)
    return (*result, (free, _LAST)) if free <= _LAST else tuple(result)


def _of(text: str) -> Ranges:
    """`azAZ` → a to z and A to Z."""
    return tuple(sorted((ord(text[at]), ord(text[at + 1])) for at in range(0, len(text), 2)))


_DIGIT, _WORD, _SPACE = _of("09"), _of("09azAZ__"), _of("\t\n\f\r  ")

PERL_CLASSES: Mapping[str, Ranges] = {
    "\\d": _DIGIT,
    "\\w": _WORD,
    "\\s": _SPACE,
    "\\D": complement(_DIGIT),
    "\\W": complement(_WORD),
    "\\S": complement(_SPACE),
}

POSIX_CLASSES: Mapping[str, Ranges] = {
    "alnum": _of("09azAZ"),
    "alpha": _of("azAZ"),
    "ascii": _of("\x00\x7f"),
    "blank": _of("\t\t  "),
    "cntrl": _of("\x00\x1f\x7f\x7f"),
    "digit": _DIGIT,
    "graph": _of("!~"),
    "lower": _of("az"),
    "print": _of(" ~"),
    "punct": _of("!/:@[`{~"),
    "space": _of("\t\r  "),
    "upper": _of("AZ"),
    "word": _WORD,
    "xdigit": _of("09afAF"),
}


@cache
def unicode_class(name: str) -> Ranges:
    r"""The set of `\p{name}` for a general category (`L`, `Lu`, …) or `Any`; ValueError for everything else."""
    if name == "Any":
        return ANY
    import unicodedata  # rarely needed: keep the import of the package cheap

    members = [code for code in range(_LAST + 1) if unicodedata.category(chr(code)).startswith(name)] if name else []
    if len(name) not in (1, 2) or not members or name in ("Cn", "C"):
        raise ValueError(f"unknown character class \\p{{{name}}}")
    ranges = [[members[0], members[0]]]
    for code in members[1:]:
        if code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return tuple((low, high) for low, high in ranges)
