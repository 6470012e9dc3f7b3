"""How Calico prints a selector, and the identifier that it hashes from the print (ast.go, hash.go)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha224

from calico_selectors.nodes import (
    All,
    And,
    Composite,
    Contains,
    EndsWith,
    Eq,
    Global,
    Has,
    In,
    Leaf,
    Ne,
    Node,
    Not,
    NotIn,
    Or,
    StartsWith,
    render,
)

_OPERATORS = {
    Eq: "==",
    Ne: "!=",
    Contains: "contains",
    StartsWith: "starts with",
    EndsWith: "ends with",
    In: "in",
    NotIn: "not in",
}
# AND and OR print their parentheses also at the top; NOT prints none of its own, which is why
# `!(!has(a))` prints as `!!has(a)` and that reads as `has(a)` (ast.go: collectFragments).
_FRAMES = {Not: ("!", "", ""), And: ("(", " && ", ")"), Or: ("(", " || ", ")")}


def canonical(root: Node) -> str:
    """The printed form, as Calico's ``Selector.String()`` gives it."""
    return render(root, canonical_term, _frame)


def canonical_term(leaf: Leaf) -> str:
    """The printed form of one term without operands."""
    match leaf:
        case All():
            return "all()"
        case Global():
            return "global()"
        case Has(label):
            return f"has({label})"
        case In(label, values) | NotIn(label, values):
            return f"{label} {_OPERATORS[type(leaf)]} {{{', '.join(map(quoted, values))}}}"
        case _:
            return f"{leaf.label} {_OPERATORS[type(leaf)]} {quoted(leaf.value)}"


def quoted(value: str) -> str:
    """A value between double quotes, or between single ones if it holds a double quote."""
    return f"'{value}'" if '"' in value else f'"{value}"'


def unique_id(printed: str) -> str:
    """The identifier of a selector printed so: Felix names IP sets by it (hash.go: MakeUniqueID)."""
    # A lone surrogate has no UTF-8 form and cannot reach Calico; it gets a stable identifier all the same.
    digest = sha224(f"s:{printed}".encode(errors="surrogatepass")).digest()
    return "s:" + urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _frame(node: Composite) -> tuple[str, str, str]:
    return _FRAMES[type(node)]
