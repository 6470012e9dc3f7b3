"""`calico-engine eval`: which endpoints a selector selects, and why."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from calico_engine.cli.application import (
    ALLOWED,
    DENIED,
    Files,
    Format,
    Output,
    Recursive,
    Stored,
    Strict,
    app,
    load_cluster,
)
from calico_engine.cli.screen import print_json, print_lines
from calico_selectors import Selector


@app.command("eval")
def evaluate(
    selector: Annotated[str, typer.Argument(metavar="SELECTOR", help="As in a policy: has(x) && env == 'dev'.")],
    files: Files,
    why: Annotated[bool, typer.Option("--why", help="Say for each endpoint which terms decided.")] = False,
    output: Format = Output.TEXT,
    recursive: Recursive = False,
    stored: Stored = False,
    strict: Strict = False,
) -> None:
    """Which endpoints does this selector select? Exit code 1 if it selects none."""
    from calico_engine.reports.selections import selection_json, selection_lines

    asked = Selector(selector)
    selection = load_cluster(files, recursive, stored, strict).select(asked)
    if output is Output.JSON:
        print_json(selection_json(selection, why=why))
    else:
        print_lines(selection_lines(selection, why=why), sys.stdout)
    raise typer.Exit(ALLOWED if selection.selected else DENIED)
