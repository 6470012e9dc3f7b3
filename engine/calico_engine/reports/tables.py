"""Tables as calicoctl prints them: a heading, a line for each object, and an empty line.

Source: calicoctl/calicoctl/commands/common/printer.go, Go's text/tabwriter as it is set up there (spec resources 12.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calico_engine.errors import UnknownReference, printable, quoted
from calico_engine.manifests.hints import did_you_mean
from calico_engine.reports.columns import COLUMNS, Json

_NARROWEST, _PADDING = 5, 3
#: AS number of a cluster that sets none.
DEFAULT_AS_NUMBER = "64512"


def headings(kind: str, *, wide: bool = False, namespace: bool = False) -> tuple[str, ...]:
    """The usual headings of a kind's table; `namespace`: with the namespace first, where the kind has one."""
    columns = COLUMNS[kind]
    first = ("NAMESPACE",) if namespace and "NAMESPACE" in columns.cells else ()
    return (*first, *(columns.wide if wide else columns.narrow))


def table(
    kind: str, objects: Sequence[Json], chosen: Sequence[str], *, as_number: str = DEFAULT_AS_NUMBER
) -> Iterator[str]:
    """The lines of a table with these headings. Raises UnknownReference for a heading that the kind does not have."""
    cells = COLUMNS[kind].cells
    for heading in chosen:
        if heading not in cells:
            hint = did_you_mean(heading, cells)
            raise UnknownReference(f"unknown heading {quoted(heading)}, valid values are: {', '.join(cells)}{hint}")
    rows = [[cells[heading](obj, as_number) for heading in chosen] for obj in objects]
    return aligned([list(chosen), *rows])


def aligned(rows: list[list[str]]) -> Iterator[str]:
    """Every cell padded to its column's width, and an empty line."""
    # Where a text holds a tab, Go's tabwriter takes it for the end of a cell.
    lines = [[printable(part, 10 * len(part)) for cell in row for part in cell.split("\t")] for row in rows]
    widths: list[list[int]] = [[] for _ in lines]
    for column in range(max(map(len, lines))):
        for block in _blocks(lines, column):
            width = max([_NARROWEST, *(len(lines[line][column]) + _PADDING for line in block)])
            for line in block:
                widths[line].append(width)
    for cells, padded in zip(lines, widths, strict=True):
        yield "".join(cell.ljust(width) for cell, width in zip(cells, padded, strict=True))
    yield ""


def _blocks(lines: list[list[str]], column: int) -> Iterator[list[int]]:
    """Neighbouring lines that have this column: a column's width is that of its block."""
    block: list[int] = []
    for number, line in enumerate(lines):
        if len(line) > column:
            block.append(number)
        elif block:
            yield block
            block = []
    if block:
        yield block
