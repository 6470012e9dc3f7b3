"""Mistakes in ports: a range that begins or ends one off, a port missing."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, entries, with_value, without
from calico_engine.analysis.mutation.terms import misspelled
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources.rules import Port, parse_port

_LAST_PORT = 65535


def port_list_mutations(value: Object, path: Path) -> Iterator[Mutation]:
    """Every mistake in the list of ports at the path."""
    listed = entries(value, path)
    for index, written in enumerate(listed):
        here = (*path, index)
        for operator, other in _mistakes(parse_port(written)):
            is_number = other.name is None and other.first == other.last
            changed = with_value(value, here, other.first if is_number else str(other))
            yield Mutation(operator, here, f"{written} → {other}", str(other), changed)
        if len(listed) > 1:
            yield Mutation(Operator.DROP_PORT, here, f"{written} dropped", "", without(value, here))


def _mistakes(port: Port) -> Iterator[tuple[Operator, Port]]:
    if port.name is not None:
        yield Operator.MISSPELL_TERM, Port(0, 0, misspelled(port.name))
        return
    for operator, first, last in shifted(port.first, port.last):
        yield operator, Port(first, last)


def shifted(first: int, last: int, *, lowest: int = 0) -> Iterator[tuple[Operator, int, int]]:
    """(what it is, first, last) of the range with one end moved by one. A single port is not narrowed: none is left."""
    if first > lowest:
        yield Operator.WIDEN_PORT, first - 1, last
    if last < _LAST_PORT:
        yield Operator.WIDEN_PORT, first, last + 1
    if first < last:
        yield Operator.NARROW_PORT, first + 1, last
        yield Operator.NARROW_PORT, first, last - 1
