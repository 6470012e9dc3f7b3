"""What parse tables hold, and where the grammar and the shipped copy of its tables are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GRAMMAR = Path(__file__).with_name("grammar.lark")
SHIPPED = Path(__file__).with_name("tables.json")
END = "end of text"
GATHER = "[…]"  # the action of a repetition: its values become one list


@dataclass(frozen=True, slots=True)
class Rule:
    """One production: what it makes, out of how many symbols, and which of their values it hands on."""

    makes: str
    action: str | None  # None: the value of the only kept symbol is the value of the whole
    size: int
    kept: list[int]  # counted from the end of the production: -1 is its last symbol
    spread: list[bool]  # for each kept symbol: its value is a list, to be taken apart

    @property
    def is_step(self) -> bool:
        """One symbol stands for another, and nothing else happens."""
        return self.size == 1 and self.action is None


@dataclass(frozen=True, slots=True)
class Tables:
    """An LALR(1) automaton. In a state's row a number n says: go to state n; or below 0: reduce by rule -1-n."""

    terminals: dict[str, str]  # name → regular expression, in the order in which the lexer tries them
    valued: list[str]  # the terminals whose text is needed
    ignored: str  # regular expression of what may stand between two of them
    rules: list[Rule]
    rows: list[dict[str, int]]  # the first is where parsing starts
    reached_by: list[str]  # for each state: the symbol that leads to it
    final: int
