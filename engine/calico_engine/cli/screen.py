"""Writing to standard output and standard error: colour on a terminal only, and nothing raised at a reader that went."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

import typer

from calico_engine.errors import ManifestError
from calico_engine.reports.findings import finding_lines
from calico_engine.reports.lines import Line

_STYLES = {"good": "green", "bad": "red", "unsure": "yellow", "dim": "bright_black"}


def print_json(value: object, indent: int | None = 2) -> bool:
    """Whether anybody still reads. Non-ASCII text is escaped, so whatever a name holds reaches no terminal as it is."""
    return write(json.dumps(value, indent=indent), sys.stdout)


def print_lines(lines: Iterable[Line], stream: TextIO) -> None:
    """Colour on a terminal only, and not if NO_COLOR asks for none."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    for line in lines:
        style = _STYLES.get(line.tone)
        write(typer.style(line.text, fg=style) if colour and style else line.text, stream)


def print_errors(errors: Iterable[ManifestError], texts: Mapping[str, str], stream: TextIO) -> None:
    """A line for each error, and on a terminal the lines of the text that it is about as well."""
    if not stream.isatty():
        print_lines(finding_lines(errors, "error"), stream)
        return
    from rich.console import Console

    from calico_engine.reports.snippets import finding_views

    plain = bool(os.environ.get("NO_COLOR"))
    console = Console(file=stream, highlight=False, markup=False, color_system=None if plain else "auto")
    for view in finding_views(errors, texts, "error", console.width):
        console.print(view, soft_wrap=True)


def write(text: str, stream: TextIO) -> bool:
    """Whether anybody still reads. What nobody reads goes nowhere, and the exit code still tells the answer."""
    try:
        print(text, file=stream)
    except BrokenPipeError:
        discard(stream)
        return False
    return True


def discard(stream: TextIO) -> None:
    """What the stream still holds goes nowhere; without this the interpreter complains again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
