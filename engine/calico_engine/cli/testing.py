"""A run of cases, and its reports."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from calico_engine.analysis.case_results import CaseResult, Totals
from calico_engine.analysis.coverage import Coverage
from calico_engine.cli.application import ALLOWED, DENIED, WrongUsage
from calico_engine.cli.covering import CoverageReports
from calico_engine.cli.screen import print_json, print_lines
from calico_engine.errors import printable
from calico_engine.frozen import frozen
from calico_engine.policytests.clusters import Clusters
from calico_engine.policytests.coverage import CoverageWatcher
from calico_engine.policytests.keeping import Kept
from calico_engine.policytests.preparing import Prepared, prepare
from calico_engine.reports.junit import JUnitReport
from calico_engine.reports.policy_tests import case_finding, result_lines, results_json, summary_line


@frozen(kw_only=True)
class Asked:
    """What the command line asks for. `output`: text, json, github or tap; `junit`: a file to be written."""

    paths: tuple[str, ...]
    files: tuple[str, ...] = ()
    recursive: bool = False
    keyword: str = ""
    output: str = "text"
    junit: str | None = None
    verbose: bool = False
    coverage: CoverageReports | None = None

    @property
    def written(self) -> list[str]:
        """The files that are written."""
        return [*([] if self.junit is None else [self.junit]), *([] if self.coverage is None else self.coverage.names)]

    def prepare(self, clusters: Clusters | None = None) -> Prepared:
        return prepare(self.paths, self.files, recursive=self.recursive, keyword=self.keyword, clusters=clusters)


def run_once(asked: Asked, prepared: Prepared, kept: Kept | None = None) -> int:
    """The cases and the reports about them; the exit code. `kept`: results of earlier runs; they cover nothing."""
    for name in asked.written:
        _write(name, "")  # what cannot be written is said before anything is run
    watcher = CoverageWatcher(prepared) if asked.coverage else None
    results = _Results(len(prepared.tests), prepared.results(watcher, None if asked.coverage else kept))
    _print_report(asked, results)
    if asked.junit is not None:
        _write(asked.junit, results.junit.text())
    covered = watcher is None or _report_coverage(asked, watcher.coverage())
    return ALLOWED if results.totals.all_passed and covered else DENIED


def _report_coverage(asked: Asked, coverage: Coverage) -> bool:
    """Whether there is as much of it as is wanted."""
    assert asked.coverage is not None
    for name, text in asked.coverage.texts(coverage):
        _write(name, text)
    return asked.coverage.tell(coverage, asked.output)


class _Results:
    """Results as they come. None is kept: there may be many."""

    def __init__(self, planned: int, results: Iterator[CaseResult]) -> None:
        self.planned = planned
        self._results = results
        self.totals = Totals()
        self.junit = JUnitReport()

    def __iter__(self) -> Iterator[CaseResult]:
        for result in self._results:
            self.totals = self.totals.plus(result)
            self.junit.add(result)
            yield result


def _print_report(asked: Asked, results: _Results) -> None:
    match asked.output:
        case "json":
            print_json(results_json(results, trace=asked.verbose))
        case "github":
            from calico_engine.reports.github import annotation_lines

            findings = (case_finding(result) for result in results if not result.passed)
            print_lines(annotation_lines(findings, {}, "error"), sys.stdout)
            print_lines([summary_line(results.totals)], sys.stdout)
        case "tap":
            from calico_engine.reports.tap import tap_lines

            print_lines(tap_lines(results, results.planned), sys.stdout)
        case _:
            print_lines(result_lines(results, verbose=asked.verbose), sys.stdout)
            print_lines([summary_line(results.totals)], sys.stdout)


def _write(name: str, text: str) -> None:
    try:
        Path(name).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise WrongUsage(f"{printable(name)}: {reason}") from None
