"""What is said about a text that is no selector, and where it points."""

from __future__ import annotations

import pytest

from calico_selectors import InvalidSelector, Selector
from calico_selectors.errors import visible

OPERATOR = "an operator (`==`, `!=`, `in`, `not in`, `contains`, `starts with` or `ends with`)"
TERM = "a term (a comparison, `has(…)`, `all()`, `global()`, `!` or `(`)"
NAMES = "label names are made of `A`-`Z`, `a`-`z`, `0`-`9`, `_`, `.`, `/` and `-`"
BREAK = "a line break is not white space here; in YAML, write the selector behind `>-`, not `|` or `>`"
SPACE = "is not white space here, only space and tab are"
PRESENT = "write `has(…)` to test that a label is present"

# The text, with ‹› around what the error points at, and the message.
MESSAGES = [
    # operators
    ("a ‹=› 'b'", f"expected {OPERATOR} after label `a`, found `=`: write `==`"),
    ("a ‹=~› 'b'", f"expected {OPERATOR} after label `a`, found `=~`: there is no such operator"),
    ("a ‹<› 'b'", f"expected {OPERATOR} after label `a`, found `<`: there is no such operator"),
    ("a ‹starts› 'b'", f"expected {OPERATOR} after label `a`, found `starts`: write `starts with`"),
    ("a ‹ends› 'b'", f"expected {OPERATOR} after label `a`, found `ends`: write `ends with`"),
    ("a ‹not› 'b'", f"expected {OPERATOR} after label `a`, found `not`: write `not in`"),
    ("a ‹!› in {'b'}", f"expected {OPERATOR} after label `a`, found `!`: write `!=` or `not in`"),
    ("a ‹IN› {'b'}", f"expected {OPERATOR} after label `a`, found `IN`: operators are written in lower case"),
    ("a ‹in-x› {'b'}", f"expected {OPERATOR} after label `a`, found `in-x`"),
    ("a ‹'b'›", f"expected {OPERATOR} after label `a`, found `'b'`: an operator is missing in front of the value"),
    ("a‹›", f"expected {OPERATOR} after label `a`, but the selector ends there: {PRESENT}"),
    ("a ‹&&› has(b)", f"expected {OPERATOR} after label `a`, found `&&`: {PRESENT}"),
    ("(a‹)›", f"expected {OPERATOR} after label `a`, found `)`: {PRESENT}"),
    ("a ‹and› b", f"expected {OPERATOR} after label `a`, found `and`: {PRESENT}"),
    ("not ‹has(›a)", f"expected {OPERATOR} after label `not`, found `has(`: write `!` to negate"),
    ("NOT ‹a› == 'b'", f"expected {OPERATOR} after label `NOT`, found `a`: write `!` to negate"),
    # parentheses
    (
        "has ‹(›a)",
        f"expected {OPERATOR} after label `has`, found `(`: there is no white space in front of this parenthesis",
    ),
    (
        "All‹(›)",
        f"expected {OPERATOR} after label `All`, found `(`: `has(`, `all(` and `global(` are written in lower case",
    ),
    (
        "x‹(›a)",
        f"expected {OPERATOR} after label `x`, found `(`: only `has(…)`, `all()` and `global()` have parentheses",
    ),
    ("has(‹'a'›)", "expected a label name after `has(`, found `'a'`: label names are not quoted"),
    ("has(‹)›", "expected a label name after `has(`, found `)`"),
    ("has(a ‹b›)", "expected `)` after label `a`, found `b`"),
    ("all(‹a›)", "expected `)` after `all(`, found `a`"),
    ("global(‹›", "expected `)` after `global(`, but the selector ends there"),
    ("has(a) && ‹( )›", "there is nothing between these parentheses: write `all()` to select everything"),
    ("(has(a) && ‹(›has(b)", "this `(` is never closed: there is no `)` for it"),
    ("(has(a))‹)›", "this `)` closes nothing: there is no `(` for it"),
    ("has(a) || has(b)‹)›", "this `)` closes nothing: there is no `(` for it"),
    ("‹)›", f"expected {TERM}, found `)`"),
    # terms
    ("!‹›", f"expected {TERM} after `!`, but the selector ends there"),
    ("has(a) &&‹›", f"expected {TERM} after `&&`, but the selector ends there"),
    ("has(a) || ‹||› has(b)", f"expected {TERM} after `||`, found `||`: a term is missing in front of it"),
    ("‹==› 'b'", f"expected {TERM}, found `==`: a label name is missing in front of it"),
    ("‹\"a\"› == 'b'", f'expected {TERM}, found `"a"`: label names are not quoted'),
    ("‹{›'b'}", f"expected {TERM}, found `{{`: a set comes after `in` or `not in`"),
    ("‹%›", f"expected {TERM}, found `%`: {NAMES}"),
    ("‹é› == 'b'", f"expected {TERM}, found `é`: {NAMES}"),
    ("a‹:› 'b'", f"expected {OPERATOR} after label `a`, found `:`: {NAMES}"),
    # values and sets
    ("a == ‹b›", "expected a quoted value after `==`, found `b`: values stand in quotes"),
    ("a starts with ‹b›", "expected a quoted value after `starts with`, found `b`: values stand in quotes"),
    ("a ==‹=› 'b'", "expected a quoted value after `==`, found `=`: write `==` or `!=`"),
    ("a != ‹{›'b'}", "expected a quoted value after `!=`, found `{`: a set comes after `in` or `not in`"),
    ("a == ‹“›b”", "expected a quoted value after `==`, found `“`: write a plain `\"` or `'`"),
    ("a == ‹\"b'›", 'this quote is never closed: there is no other `"` behind it'),
    (
        "a in ‹'b'›",
        'expected a set like `{"a", "b"}` after `in`, found `\'b\'`: also a single value is written in braces',
    ),
    ("a not in ‹(›'b')", 'expected a set like `{"a", "b"}` after `not in`, found `(`: sets are written in braces'),
    ("a in {‹b›}", "expected a quoted value or `}` after `{`, found `b`: values stand in quotes"),
    ("a in {'b',‹,›}", "expected a quoted value or `}` after `,`, found `,`: a value is missing in front of the comma"),
    ("a in {'b' ‹'c'›}", "expected `,` or `}` after `'b'`, found `'c'`: a comma is missing between the values"),
    ("a in {'b', 'c'‹›", "expected `,` or `}` after `'c'`, but the selector ends there"),
    # behind a term
    ("a == 'b' ‹and› c", "expected `&&`, `||` or the end after `'b'`, found `and`: write `&&`"),
    ("has(a) ‹OR› c", "expected `&&`, `||` or the end after `)`, found `OR`: write `||`"),
    ("has(a) ‹&› c", "expected `&&`, `||` or the end after `)`, found `&`: write `&&`"),
    ("has(a)‹,› has(b)", "expected `&&`, `||` or the end after `)`, found `,`: terms are joined by `&&` or `||`"),
    ("(has(a) ‹has(›b))", "expected `&&`, `||` or `)` after `)`, found `has(`"),
    # white space
    ("has(a)‹\n›", f"expected `&&`, `||` or the end after `)`, found `\\n`: {BREAK}"),
    ("a‹\r›\n== 'b'", f"expected {OPERATOR} after label `a`, found `\\r`: {BREAK}"),
    (
        "a‹\u00a0›== 'b'",
        f"expected {OPERATOR} after label `a`, found `\\xa0`: NO-BREAK SPACE {SPACE}",
    ),
    (
        "‹\ufeff›all()",
        f"expected {TERM}, found `\\ufeff`: ZERO WIDTH NO-BREAK SPACE {SPACE}",
    ),
    (
        "all()‹\x0b›",
        f"expected `&&`, `||` or the end after `)`, found `\\x0b`: this character {SPACE}",
    ),
    # length
    (f"‹{'a' * 513}› == 'b'", "label name too long: 513 characters, and 512 are the most"),
    (f"has(‹{'a' * 600}›)", "label name too long: 600 characters, and 512 are the most"),
    (f"{'a' * 100} ‹b›", f"expected {OPERATOR} after label `{'a' * 40}…`, found `b`"),
]


@pytest.mark.parametrize(("marked", "message"), MESSAGES, ids=[marked[:30] for marked, _ in MESSAGES])
def test_message(marked: str, message: str) -> None:
    before, pointed_at, after = marked.replace("›", "‹").split("‹")
    with pytest.raises(InvalidSelector) as caught:
        Selector(before + pointed_at + after)
    error = caught.value
    assert error.message == message
    assert (error.text, error.text[: error.start], error.text[error.start : error.end]) == (
        before + pointed_at + after,
        before,
        pointed_at,
    )


@pytest.mark.parametrize(
    ("text", "drawing"),
    [
        ("a == b && c", ["a == b && c", "     ^"]),
        ("has(a) and has(b)", ["has(a) and has(b)", "       ^^^"]),
        ("a == 'b", ["a == 'b", "     ^^"]),
        ("a", ["a", " ^"]),
        ("\tall() x", ["\\tall() x", "        ^"]),
        ("a == '日本' b", ["a == '日本' b", "            ^"]),  # wide characters take two columns
        ("a == 'e\u0301' b", ["a == 'e\\u0301' b", " " * 15 + "^"]),
        ("a == '\x1b[31m\u202e' b", ["a == '\\x1b[31m\\u202e' b", " " * 22 + "^"]),
        ("a\ud800", ["a\\ud800", " ^^^^^^"]),
        ("a == '" + "x" * 100 + "' b", ["…" + "x" * 38 + "' b", " " * 41 + "^"]),
        ("b == " + "y" * 100, ["b == " + "y" * 40 + "…", "     " + "^" * 40]),
    ],
)
def test_drawing(text: str, drawing: list[str]) -> None:
    with pytest.raises(InvalidSelector) as caught:
        Selector(text)
    assert str(caught.value).split("\n")[1:] == [f"  {line}" for line in drawing]


def test_everything_else_stays_as_it_is() -> None:
    assert visible("a == \"é\" && b in {'日本', '🙂'} \\ ~") == "a == \"é\" && b in {'日本', '🙂'} \\ ~"


def test_other_things_than_text_are_refused() -> None:
    with pytest.raises(TypeError, match="written as a string, not as NoneType"):
        Selector(None)  # type: ignore[arg-type]
