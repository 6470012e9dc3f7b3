"""Runs a grammar's parse tables over a text.

This is Lark's automaton and Lark's contextual lexer (in each state only the terminals are tried that it
accepts), without what makes them slow: a token is a position here and no object, and reductions that only
rename a symbol (`comparison` → `primary` → `operation` → `and_expr`) are looked up as one step. That is four
times as fast as Lark's own loop, which needs 3.5 s for a megabyte of parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from calico_selectors.tables import GATHER, Rule, Tables

Action: TypeAlias = Callable[..., object]
_Build: TypeAlias = Callable[[list[object]], object]
_Scan: TypeAlias = Callable[[str, int], re.Match[str] | None]
_Landings: TypeAlias = dict[tuple[int, str], "tuple[int, _Step]"]


class Stopped(Exception):
    """None of the terminals that are `expected` stands at `position`, which is behind any white space.

    `symbols` and `values` are what was read so far; the value of a terminal whose text is not needed is the
    place where it ended. Reductions that only the wrong token called for may have been done, so that more was
    possible than what is left as `expected`.
    """

    def __init__(self, position: int, expected: frozenset[str], symbols: list[str], values: list[object]) -> None:
        super().__init__(position)
        self.position = position
        self.expected = expected
        self.symbols = symbols
        self.values = values


class _Reduction(NamedTuple):
    """A rule ready to be applied: how many values it takes, what it makes of them, and where that leads."""

    size: int
    build: _Build
    landings: _Landings
    rule: Rule


_Step: TypeAlias = int | _Reduction | None


class Machine:
    """The parser of one grammar. `actions` make the values of its rules, by the rules' names."""

    def __init__(self, tables: Tables, actions: Mapping[str, Action]) -> None:
        self._tables = tables
        self._groups = {terminal: f"t{number}" for number, terminal in enumerate(tables.terminals)}
        self._valued = frozenset(self._groups[terminal] for terminal in tables.valued)
        self._scans: list[_Scan | None] = [None] * len(tables.rows)
        landings: dict[str, _Landings] = {rule.makes: {} for rule in tables.rules}
        self._reductions = [
            _Reduction(rule.size, _builder(rule, actions), landings[rule.makes], rule) for rule in tables.rules
        ]
        self._steps = [
            {self._groups[name]: self._step(row[name]) for name in self._terminals(row)} for row in tables.rows
        ]
        for symbol in landings:
            landings[symbol].update(self._landings_of(symbol))

    def parse(self, text: str) -> object:
        """The value of the whole text. Raises `Stopped` where it does not go on."""
        steps, scans, valued = self._steps, self._scans, self._valued
        state, states = 0, [0]
        values: list[object] = []
        position = 0
        while True:
            match = (scans[state] or self._scan(state))(text, position)
            if match is None:
                raise self._stopped(text, position, states, values)
            token = match.lastgroup
            assert token is not None
            step = steps[state][token]
            while isinstance(step, tuple):
                size, build, landings, rule = step
                value = build(values)
                if size:
                    del states[-size:], values[-size:]
                state, step = landings.get((states[-1], token)) or self._nowhere(states[-1], rule)
                states.append(state)
                values.append(value)
            if step is None:
                if state == self._tables.final:
                    return values[-1]
                raise self._stopped(text, position, states, values)
            state = step
            states.append(state)
            position = match.end()
            values.append(match[token] if token in valued else position)

    def _scan(self, state: int) -> _Scan:
        """What reads the next token in this state."""
        tried = "|".join(
            f"(?P<{self._groups[terminal]}>{expression})"
            for terminal, expression in self._tables.terminals.items()
            if terminal in self._tables.rows[state]
        )
        scan = self._scans[state] = re.compile(f"(?:{self._tables.ignored})*+(?:{tried})").match
        return scan

    def _terminals(self, row: Mapping[str, int]) -> list[str]:
        return [symbol for symbol in row if symbol in self._groups]

    def _step(self, entry: int) -> _Step:
        return entry if entry >= 0 else self._reductions[-1 - entry]

    def _nowhere(self, below: int, rule: Rule) -> tuple[int, _Step]:
        return self._tables.rows[below][rule.makes], None

    def _landings_of(self, symbol: str) -> _Landings:
        """For each state that `symbol` may come next in, and each terminal after it: where that leads."""
        return {
            (below, self._groups[terminal]): landing
            for below, row in enumerate(self._tables.rows)
            if symbol in row
            for terminal in self._groups
            if (landing := self._landing(below, symbol, terminal)) is not None
        }

    def _landing(self, below: int, symbol: str, terminal: str) -> tuple[int, _Step] | None:
        """The state after `symbol` and every mere renaming of it, and what to do there."""
        rows = self._tables.rows
        while True:
            state = rows[below][symbol]
            if state == self._tables.final:
                return state, None
            if terminal not in rows[state]:
                return None
            step = self._step(rows[state][terminal])
            if not (isinstance(step, _Reduction) and step.rule.is_step):
                return state, step
            symbol = step.rule.makes

    def _stopped(self, text: str, position: int, states: list[int], values: list[object]) -> Stopped:
        blank = re.compile(f"(?:{self._tables.ignored})*+").match(text, position)
        return Stopped(
            blank.end() if blank else position,
            frozenset(t for t in self._terminals(self._tables.rows[states[-1]]) if self._accepts(states, t)),
            [self._tables.reached_by[state] for state in states[1:]],
            values,
        )

    def _accepts(self, states: list[int], terminal: str) -> bool:
        """Whether the terminal can really be read next: tables allow reductions before it that lead nowhere."""
        ahead = states.copy()
        step = self._step(self._tables.rows[ahead[-1]][terminal])
        while isinstance(step, _Reduction):
            del ahead[len(ahead) - step.size :]
            landing = step.landings.get((ahead[-1], self._groups[terminal]))
            if landing is None:
                return False
            ahead.append(landing[0])
            step = landing[1]
        return True


def _builder(rule: Rule, actions: Mapping[str, Action]) -> _Build:
    """How the rule's value is made of the values on top of the stack."""
    if rule.action is None:
        place = rule.kept[0]
        return lambda values: values[place]
    if rule.action == GATHER:
        return _gather(rule)
    action = actions[rule.action]
    match rule.kept:
        case []:
            return lambda values: action()
        case [only] if not any(rule.spread):
            return lambda values: action(values[only])
        case [first, second] if not any(rule.spread):
            return lambda values: action(values[first], values[second])
        case _:
            return lambda values: action(*_spread(rule, values))


def _gather(rule: Rule) -> _Build:
    """A repetition: its first value begins a list, and the list grows in place, or long ones would take ages."""
    if not rule.spread[0]:
        return lambda values: [values[place] for place in rule.kept]

    def grow(values: list[object]) -> object:
        gathered = values[rule.kept[0]]
        assert isinstance(gathered, list)
        gathered.extend(values[place] for place in rule.kept[1:])
        return gathered

    return grow


def _spread(rule: Rule, values: list[object]) -> list[object]:
    spread: list[object] = []
    for place, is_list in zip(rule.kept, rule.spread, strict=True):
        value = values[place]
        if is_list:
            assert isinstance(value, list)
            spread += value
        else:
            spread.append(value)
    return spread
