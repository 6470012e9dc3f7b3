"""`calico-engine controllers`: what kube-controllers makes for each node, and why, or why not."""

from __future__ import annotations

import sys

import typer

from calico_engine.cli.application import ALLOWED, Files, Format, Output, Recursive, Stored, Strict, app, load_cluster
from calico_engine.cli.screen import print_json, print_lines


@app.command("controllers")
def controllers(
    files: Files,
    output: Format = Output.TEXT,
    recursive: Recursive = False,
    stored: Stored = False,
    strict: Strict = False,
) -> None:
    """Which automatic host endpoints does each node get, and why, or why not?"""
    from calico_engine.reports.controllers import controller_json, controller_lines

    report = load_cluster(files, recursive, stored, strict).controllers
    if output is Output.JSON:
        print_json(controller_json(report))
    else:
        print_lines(controller_lines(report), sys.stdout)
    raise typer.Exit(ALLOWED)
