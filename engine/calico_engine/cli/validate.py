"""`calico-engine validate`: what is wrong with manifests, and what else to know about them."""

from __future__ import annotations

import sys

import typer

from calico_engine.cli.application import ALLOWED, DENIED, Files, Format, Output, Recursive, Stored, Strict, app
from calico_engine.cli.screen import print_json, print_lines
from calico_engine.errors import InvalidManifest
from calico_engine.examination import examine
from calico_engine.reports.findings import finding_json, validation_lines


@app.command()
def validate(
    files: Files,
    output: Format = Output.TEXT,
    recursive: Recursive = False,
    stored: Stored = False,
    strict: Strict = False,
) -> None:
    """Are these manifests what calicoctl would accept, and what should one know about them?"""
    found = examine(files, recursive=recursive, stored=stored, strict=strict)
    if found.unreadable:
        raise InvalidManifest((*found.unreadable, *found.errors))
    if output is Output.JSON:
        print_json(
            {
                "valid": found.valid,
                "errors": [finding_json(error) for error in found.errors],
                "warnings": [finding_json(warning) for warning in found.warnings],
            }
        )
    else:
        print_lines(validation_lines(found.objects, found.errors, found.warnings), sys.stdout)
    raise typer.Exit(ALLOWED if found.valid else DENIED)
