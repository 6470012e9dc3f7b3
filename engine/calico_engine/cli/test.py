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
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Say which policies, rules and clauses the cases exercise, both ways.")
    ] = False,
    coverage_output: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=FILE", help="Write the coverage there: lcov=FILE or json=FILE; repeats."),
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", min=0, max=100, help="Exit code 1 too if less than this is covered."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever a file changes.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="All differences and their explanations; with -o json, traces.")
    ] = False,
    recursive: Recursive = False,
) -> None:
    """Do the policies do what the cases say? Exit code 1 if one does not pass.

    Of folders, by default this one, all files named *.policytest.yaml (or .yml, .json) at any depth.

    Covered, of all that the manifests say: each direction of a policy to which a
    packet came, each rule that matched, and each clause of a rule twice: that it
    let a packet through which the rule matched, and that it alone kept one out.
    With another output than text, --coverage prints to standard error.
    """
    from calico_engine.cli.covering import CoverageReports
    from calico_engine.cli.testing import Asked, run_once

    asked = Asked(
        paths=tuple(paths or ["."]),
        files=tuple(files or ()),
        recursive=recursive,
        keyword=keyword,
        output=output.value,
        junit=junit,
        verbose=verbose,
        coverage=CoverageReports.asked(coverage, coverage_output or (), fail_under),
    )
    if not watch:
        raise typer.Exit(run_once(asked, asked.prepare()))
    if STANDARD_INPUT in (*asked.paths, *asked.files):
        raise WrongUsage("--watch needs files: standard input can be read once only")
    from calico_engine.cli.watching import run_on_changes

    raise typer.Exit(run_on_changes(asked))
