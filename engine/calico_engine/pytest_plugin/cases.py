"""Files of cases as pytest collects and runs them: a file, and an item for each case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest

from calico_engine.analysis.case_results import CaseResult
from calico_engine.errors import InvalidManifest, printable
from calico_engine.policytests.reading import Suite, read_suites
from calico_engine.policytests.results import result_of
from calico_engine.policytests.running import Runner, TestCase, cases_of
from calico_engine.pytest_plugin import MANIFESTS
from calico_engine.pytest_plugin.clusters import clusters_of, shown, told_without_traceback
from calico_engine.reports.policy_tests import detail_lines

_ALL_DETAILS = 2  # -vv


class CaseFile(pytest.File):
    """A file of cases."""

    def collect(self) -> Iterator[CaseItem]:
        try:
            suites = read_suites([shown(self.path, self.config)])
        except InvalidManifest as wrong:
            raise self.CollectError(str(wrong)) from None
        names: set[str] = set()
        for suite in suites:
            running = _Running(suite, self.config)
            for test in cases_of([suite]):
                name = _id(test.name)
                # Several documents in one file may use the same name.
                unique = f"{name} (line {test.line})" if name in names else name
                names.add(unique)
                yield CaseItem.from_parent(self, name=unique, test=test, running=running)


def _id(name: str) -> str:
    """A name without what divides the ids of tests: `::` before a name, and brackets around parameters."""
    return printable(name).replace("::", ":").replace("[", "(").replace("]", ")")


class _Running:
    """Runs the cases of one suite; its cluster is loaded for the first of them."""

    def __init__(self, suite: Suite, config: pytest.Config) -> None:
        self._suite = suite
        self._config = config

    @cached_property
    def runner(self) -> Runner:
        clusters = clusters_of(self._config)
        default: list[Path] = self._config.getini(MANIFESTS)
        if self._suite.test.manifests or not default:
            return Runner(self._suite, clusters.of(self._suite))
        return Runner(self._suite, clusters.load([shown(path, self._config) for path in default]))


class CaseNotPassed(Exception):
    """How a case tells pytest what became of it."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.name)
        self.result = result


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, name: str, parent: CaseFile, *, test: TestCase, running: _Running) -> None:
        super().__init__(name, parent)
        self._test = test
        self._running = running

    def setup(self) -> None:
        """What is wrong with the manifests is an error of the test, not its failure."""
        with told_without_traceback():
            _ = self._running.runner

    def runtest(self) -> None:
        outcome = self._running.runner.run(self._test)
        if not outcome.passed:
            raise CaseNotPassed(result_of(outcome))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, CaseNotPassed):
            result = excinfo.value.result
            verbose = self.config.get_verbosity() >= _ALL_DETAILS
            first, *details = (line.text for line in detail_lines(result, verbose=verbose))
            return "\n".join([f"{printable(result.file)}:{result.line}: {first}", *details])
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        return self.path, self._test.line - 1, self.name
