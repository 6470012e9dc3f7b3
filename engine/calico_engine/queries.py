"""Packet queries as JSON lines: one object a line, each line good or bad on its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from calico_engine.errors import CalicoEngineError, printable

STANDARD_INPUT = "-"
#: A query line longer than this is no query.
LONGEST_QUERY = 64 * 1024
_LONGEST_SKIPPED = 64 * 1024 * 1024
_MOST_DIGITS = 20

Query = dict[str, object]


class InvalidQuery(CalicoEngineError, ValueError):
    """A line that is no packet query."""


def query_lines(name: str) -> Iterator[bytes]:
    """The lines of a file or of `-` (standard input) that hold something; CalicoEngineError if it cannot be read."""
    if name == STANDARD_INPUT:
        yield from _lines(sys.stdin.buffer)
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 (what is raised while the lines are used is not ours)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise CalicoEngineError(f"{printable(name)}: not readable: {reason}") from None
    with file:
        yield from _lines(file)


def parse_query(line: bytes) -> Query:
    """The JSON object of one line. InvalidQuery says what is wrong; a key given twice is an error, as in manifests."""
    if len(line) > LONGEST_QUERY:
        raise InvalidQuery(f"a query has at most {LONGEST_QUERY} bytes")
    try:
        query = json.loads(
            line.decode("utf-8-sig"), object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant
        )
    except UnicodeDecodeError as error:
        raise InvalidQuery(f"not UTF-8: byte 0x{line[error.start]:02x} at offset {error.start}") from None
    except json.JSONDecodeError as error:
        raise InvalidQuery(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise InvalidQuery("not a query: nested too deeply") from None
    if not isinstance(query, dict):
        raise InvalidQuery('a query is a JSON object, such as {"node": "n1", …}')
    return query


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_QUERY + 1):
        if len(line) > LONGEST_QUERY and not line.endswith(b"\n"):
            _skip_line(file)
        if line.strip():
            yield line


def _skip_line(file: BinaryIO) -> None:
    """Read to the end of a line that is too long already."""
    for _ in range(_LONGEST_SKIPPED // LONGEST_QUERY):
        part = file.readline(LONGEST_QUERY)
        if not part or part.endswith(b"\n"):
            return
    raise CalicoEngineError("these are no queries: a line does not end")


def _object(pairs: list[tuple[str, object]]) -> Query:
    query: Query = {}
    for name, value in pairs:
        if name in query:
            raise InvalidQuery(f"{printable(name)}: the key is given twice")
        query[name] = value
    return query


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise InvalidQuery(f"{text[:_MOST_DIGITS]}… is too large a number")
    return int(text)


def _constant(text: str) -> object:
    raise InvalidQuery(f"not JSON: {text} is no number")
