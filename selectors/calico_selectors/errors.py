"""What is wrong with a text that is no selector, and how that is shown."""

from __future__ import annotations

from unicodedata import category, east_asian_width

_SHOWN_BEFORE = 40
_SHOWN_AFTER = 40


class InvalidSelector(ValueError):
    """A text is no selector.

    `text` is the whole of it, `start` and `end` count code points and enclose what is wrong; both are the
    length of the text if something is missing at its end. `message` is one line for people.

    >>> from calico_selectors import Selector
    >>> try:
    ...     Selector("has(env) && tier == db")
    ... except InvalidSelector as error:
    ...     print(error)
    expected a quoted value after `==`, found `db`: values stand in quotes
      has(env) && tier == db
                          ^^
    """

    def __init__(self, text: str, start: int, end: int, message: str) -> None:
        super().__init__(text, start, end, message)
        self.text = text
        self.start = start
        self.end = end
        self.message = message

    def __str__(self) -> str:
        shown, carets = _drawing(self.text, self.start, self.end)
        return f"{self.message}\n  {shown}\n  {carets}"


def visible(text: str) -> str:
    """The text without anything that a terminal would act on or not show: such characters are spelt out.

    >>> visible("a\\x1b[31mb\\u202ec")
    'a\\\\x1b[31mb\\\\u202ec'
    """
    return "".join(c if _shows_itself(c) else c.encode("unicode_escape").decode("ascii") for c in text)


def _shows_itself(character: str) -> bool:
    # Controls, formats (bidi), surrogates and unassigned are not printable; marks melt into what stands before them.
    return character.isprintable() and not category(character).startswith("M")


def _drawing(text: str, start: int, end: int) -> tuple[str, str]:
    """The text around the place in one line, and a line of carets to go under it."""
    left, right = max(0, start - _SHOWN_BEFORE), min(len(text), start + _SHOWN_AFTER)
    end = min(end, right)
    before = ("…" if left else "") + visible(text[left:start])
    marked = visible(text[start:end])
    after = visible(text[end:right]) + ("…" if right < len(text) else "")
    return before + marked + after, " " * _columns(before) + "^" * max(1, _columns(marked))


def _columns(shown: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in shown)
