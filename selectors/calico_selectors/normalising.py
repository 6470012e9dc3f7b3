"""Calico's `Normalise`, which forgives what parsing does not."""

from __future__ import annotations

from calico_selectors.errors import InvalidSelector
from calico_selectors.selector import Selector

# What Go's unicode.IsSpace takes for white space; Python's own strip() takes more.
_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"


def normalise(text: str) -> str:
    """The canonical form of a selector, or the stripped text of what is none (selector.go: Normalise).

    White space at the ends is forgiven, line breaks too, which `Selector` rejects. Calico reports policies'
    selectors so; it does not match by them.

    >>> normalise("a=='b'\\n"), normalise(" a== ")
    ('a == "b"', 'a==')
    """
    stripped = text.strip(_WHITE_SPACE)
    try:
        return str(Selector(stripped))
    except InvalidSelector:
        return stripped
