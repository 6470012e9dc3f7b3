"""`calico-engine test`: cases in YAML about policies, asked of the manifests that they name."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from calico_engine.cli.application import Recursive, WrongUsage, app
from calico_engine.manifests.sources import STANDARD_INPUT


class TestReport(enum.StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    TAP = "tap"


@app.command()
def test(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Files, or folders with *.policytest.yaml in them.")
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("-f", "--filename", help="What is tested, in the place of the manifests that the files name."),
    ] = None,
    output: Annotated[
        TestReport, typer.Option("-o", "--output", help="text, json, github (workflow annotations) or tap.")
    ] = TestReport.TEXT,
    junit: Annotated[str | None, typer.Option("--junit", metavar="FILE", help="Write JUnit's XML there too.")] = None,
    keyword: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only cases with this in their names.")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever a file changes.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="All differences and their explanations; with -o json, traces.")
    ] = False,
    recursive: Recursive = False,
) -> None:
    """Do the policies do what the cases say? Exit code 1 if one does not pass.

    Of folders, by default this one, all files named *.policytest.yaml (or .yml, .json) at any depth.
    """
    from calico_engine.cli.testing import Asked, run_once

    asked = Asked(
        paths=tuple(paths or ["."]),
        files=tuple(files or ()),
        recursive=recursive,
        keyword=keyword,
        output=output.value,
        junit=junit,
        verbose=verbose,
    )
    if not watch:
        raise typer.Exit(run_once(asked, asked.prepare()))
    if STANDARD_INPUT in (*asked.paths, *asked.files):
        raise WrongUsage("--watch needs files: standard input can be read once only")
    from calico_engine.cli.watching import run_on_changes

    raise typer.Exit(run_on_changes(asked))
