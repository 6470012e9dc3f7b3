"""Asks Lark for the parse tables of the grammar, and writes the copy of them that is shipped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from lark import Lark
from lark.grammar import Rule as LarkRule
from lark.grammar import Symbol, Terminal
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import IntParseTable, Shift

from calico_selectors.tables import END, GATHER, GRAMMAR, SHIPPED, Rule, Tables


def lark_parser(grammar: str) -> Lark:
    """Lark's own parser of this grammar."""
    return Lark(grammar, parser="lalr", lexer="contextual", start="selector", maybe_placeholders=False)


def build(grammar: str) -> Tables:
    """Lark's tables for this grammar, numbered in an order that does not change from run to run."""
    parser = lark_parser(grammar)
    names = {terminal.name: _name(terminal) for terminal in parser.terminals} | {"$END": END}
    in_order = sorted(parser.terminals, key=_lexer_order)
    table: IntParseTable = parser.parser.parser._parse_table
    states = _breadth_first(table)
    rows = [_row(table.states[state], names, states, parser.rules) for state in states]
    return Tables(
        terminals={names[t.name]: t.pattern.to_regexp() for t in in_order if t.name not in parser.ignore_tokens}
        | {END: r"\Z"},
        valued=sorted({names[s.name] for rule in parser.rules for s in rule.expansion if s.is_term and _is_kept(s)}),
        ignored="|".join(t.pattern.to_regexp() for t in in_order if t.name in parser.ignore_tokens),
        rules=[_rule(rule) for rule in parser.rules],
        rows=rows,
        reached_by=_reached_by(rows),
        final=states[table.end_states["selector"]],
    )


def shipped_text(grammar: str) -> str:
    """What the shipped file must hold for this grammar."""
    return json.dumps({"grammar": grammar, "tables": asdict(build(grammar))}, indent=1) + "\n"


def _name(terminal: TerminalDef) -> str:
    """A literal is called by its text, everything else as the grammar calls it."""
    return terminal.pattern.value if terminal.pattern.type == "str" else terminal.name


def _lexer_order(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """As Lark's lexer sorts what it tries (lark/lexer.py: BasicLexer)."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def _breadth_first(table: IntParseTable) -> dict[int, int]:
    """The states by Lark's number → ours."""
    start = table.start_states["selector"]
    numbers = {start: 0}
    for state in (queue := [start]):
        for _, (action, target) in sorted(table.states[state].items()):
            if action is Shift and target not in numbers:
                numbers[target] = len(numbers)
                queue.append(target)
    return numbers


def _row(
    row: Mapping[str, tuple[object, int | LarkRule]],
    names: Mapping[str, str],
    states: Mapping[int, int],
    rules: list[LarkRule],
) -> dict[str, int]:
    return {
        names.get(symbol, symbol): states[target] if isinstance(target, int) else -1 - rules.index(target)
        for symbol, (_, target) in sorted(row.items())
    }


def _reached_by(rows: list[dict[str, int]]) -> list[str]:
    symbols = {target: symbol for row in rows for symbol, target in row.items() if target >= 0}
    return [symbols.get(state, "") for state in range(len(rows))]


def _rule(rule: LarkRule) -> Rule:
    """Lark's options of a rule, worked out: inlined `?rules`, `-> aliases`, and the `__lists` that `(…)*` makes."""
    size = len(rule.expansion)
    kept = [place for place, symbol in enumerate(rule.expansion) if _is_kept(symbol)]
    return Rule(
        makes=str(rule.origin.name),
        action=_action(rule, len(kept)),
        size=size,
        kept=[place - size for place in kept],
        spread=[_is_list(rule.expansion[place]) for place in kept],
    )


def _action(rule: LarkRule, kept: int) -> str | None:
    if _is_list(rule.origin):
        return GATHER
    if rule.options.expand1 and rule.alias is None and kept == 1:
        return None
    return str(rule.alias or rule.origin.name)


def _is_kept(symbol: Symbol) -> bool:
    return not (isinstance(symbol, Terminal) and symbol.filter_out)


def _is_list(symbol: Symbol) -> bool:
    return not symbol.is_term and symbol.name.startswith("__")


if __name__ == "__main__":
    SHIPPED.write_text(shipped_text(GRAMMAR.read_text(encoding="utf-8")), encoding="utf-8")
