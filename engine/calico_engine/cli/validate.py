"""`calico-engine validate`: what is wrong with manifests, and what else to know about them."""

from __future__ import annotations

import enum
import sys
from typing import Annotated

import typer

from calico_engine.cli.application import ALLOWED, DENIED, Files, Recursive, Stored, Strict, WrongUsage, app
from calico_engine.cli.screen import print_errors, print_json, print_lines
from calico_engine.errors import InvalidManifest
from calico_engine.examination import Examination, examine
from calico_engine.reports.findings import finding_lines, validation_json, verdict_line


class Report(enum.StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


@app.command()
def validate(
    files: Files,
    output: Annotated[
        Report, typer.Option("-o", "--output", help="text, json, github (workflow annotations) or sarif.")
    ] = Report.TEXT,
    recursive: Recursive = False,
    stored: Stored = False,
    strict: Strict = False,
    calicoctl: Annotated[
        bool, typer.Option("--calicoctl", help="Errors are what calicoctl refuses; all else is a warning.")
    ] = False,
) -> None:
    """Are these manifests what calicoctl would accept, and what should one know about them?"""
    if calicoctl and (stored or strict):
        raise WrongUsage("--calicoctl gives calicoctl's own verdict: --stored and --strict have no place beside it")
    found = examine(files, recursive=recursive, stored=stored, strict=strict, calicoctl=calicoctl)
    if found.unreadable:
        raise InvalidManifest((*found.unreadable, *found.errors), found.texts)
    _print_report(found, output)
    raise typer.Exit(ALLOWED if found.valid else DENIED)


def _print_report(found: Examination, output: Report) -> None:
    """Each format's writer is imported when it is asked for: the command starts for one answer."""
    match output:
        case Report.JSON:
            print_json(validation_json(found.errors, found.warnings))
        case Report.SARIF:
            from calico_engine.reports.sarif import sarif_log

            print_json(sarif_log(found.errors, found.warnings, found.texts))
        case Report.GITHUB:
            from calico_engine.reports.github import annotation_lines

            print_lines(annotation_lines(found.errors, found.texts, "error"), sys.stdout)
            print_lines(annotation_lines(found.warnings, found.texts, "warning"), sys.stdout)
        case Report.TEXT:
            print_errors(found.errors, found.texts, sys.stdout)
            print_lines(finding_lines(found.warnings, "warning"), sys.stdout)
            print_lines([verdict_line(found.objects, len(found.errors), len(found.warnings))], sys.stdout)
