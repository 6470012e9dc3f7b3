"""`calico-engine mutate`: would the cases notice, if there were a mistake in the policies?"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from calico_engine.cli.application import ALLOWED, DENIED, Format, Output, Recursive, WrongUsage, app
from calico_engine.cli.screen import print_json, print_lines

if TYPE_CHECKING:
    from calico_engine.analysis.mutation.results import MutationResults
    from calico_engine.policytests.scheduling import Request

_T = TypeVar("_T")
_MOST_TRIES = 1_000_000


@app.command()
def mutate(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Files, or folders with *.policytest.yaml in them.")
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("-f", "--filename", help="What is mutated, in the place of the manifests that the files name."),
    ] = None,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", help="Processes; otherwise one for each core.")] = None,
    tries: Annotated[
        int, typer.Option(metavar="N", help="Packets tried to tell what no case noticed from the original.")
    ] = 2000,
    fail_under: Annotated[float, typer.Option(metavar="PERCENT", help="Exit code 1 if the score is lower.")] = 0.0,
    keyword: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only cases with this in their names.")] = "",
    output: Format = Output.TEXT,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="What was noticed too, and by which case.")] = False,
    recursive: Recursive = False,
) -> None:
    """Would the cases notice, if there were a mistake in the policies?

    Rules are dropped and swapped, networks and ports widened and narrowed, selectors negated and misspelled, and so on:
    one mistake at a time. For each that no case notices there is a case that would.
    """
    from calico_engine.policytests.scheduling import Request
    from calico_engine.reports.mutation import mutation_json, mutation_lines

    if jobs is not None and jobs < 1:
        raise WrongUsage("--jobs must be 1 at least")
    if not 0 <= tries <= _MOST_TRIES:
        raise WrongUsage(f"--tries must be from 0 to {_MOST_TRIES:,}")
    if not 0 <= fail_under <= 100:
        raise WrongUsage("--fail-under must be from 0 to 100")
    asked = Request(
        paths=tuple(paths or ["."]), files=tuple(files or ()), recursive=recursive, keyword=keyword, tries=tries
    )
    results = _results(asked, jobs or _cores())
    if output is Output.JSON:
        print_json(mutation_json(results))
    else:
        print_lines(mutation_lines(results, verbose=verbose), sys.stdout)
    raise typer.Exit(DENIED if results.score < fail_under else ALLOWED)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _results(request: Request, jobs: int) -> MutationResults:
    from calico_engine.policytests.scheduling import check_cases, judged, results

    benches = request.benches()
    check_cases(benches)
    with judged(request, benches, jobs) as findings:
        total = sum(len(bench.mutants) for bench in benches)
        return results(request, benches, _with_progress(findings, total))


def _with_progress(findings: Iterable[_T], total: int) -> Iterator[_T]:
    """A bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield from findings
        return
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr, color_system=None if os.environ.get("NO_COLOR") else "auto")
    yield from track(findings, "mistakes", total=total, console=console, transient=True)
