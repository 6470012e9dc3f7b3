"""Cases are run: each on its cluster, which what-if steps may change first."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path

from calico_engine.analysis.case_results import Clocked, Status
from calico_engine.cluster import Cluster
from calico_engine.errors import CalicoEngineError
from calico_engine.frozen import frozen
from calico_engine.manifests.encoding import to_json
from calico_engine.policytests.asking import Asked, Asker
from calico_engine.policytests.clusters import Clusters
from calico_engine.policytests.expectations import mismatch
from calico_engine.policytests.reading import Suite
from calico_engine.policytests.suites import Case, Step
from calico_engine.verdicts import Verdict

#: Failures beyond these are counted, and their answers are not kept.
MOST_FAILURES = 100


@frozen
class TestCase:
    """One case of a suite, ready to be run."""

    suite: Suite
    index: int

    #: It is no test of pytest's.
    __test__ = False

    @property
    def case(self) -> Case:
        return self.suite.test.cases[self.index]

    @property
    def name(self) -> str:
        return self.suite.name(self.index)

    @property
    def file(self) -> str:
        return self.suite.file

    @property
    def line(self) -> int:
        return self.suite.line(self.index)


@frozen
class Failure:
    """A question whose answer is not the expected one."""

    asked: Asked
    message: str
    verdict: Verdict


@frozen
class Outcome:
    """What became of a case. `questions` were asked; `failures` holds the first of `failed`; `error` says why not all.

    When that was makes no difference to an outcome.
    """

    test: TestCase
    questions: int = 0
    failed: int = 0
    failures: tuple[Failure, ...] = ()
    error: str = ""
    clocked: Clocked = field(default=Clocked(), compare=False)

    @property
    def status(self) -> Status:
        if self.error:
            return Status.ERROR
        return Status.FAILED if self.failed else Status.PASSED

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED


class Watcher:
    """Is told every answer. This one looks away; `policytests.coverage` has one that does not."""

    def saw(self, test: TestCase, cluster: Cluster, asked: Asked, verdict: Verdict) -> None:
        """One answer, on the cluster that it was asked of."""


def cases_of(suites: Iterable[Suite], keyword: str = "") -> list[TestCase]:
    """The cases whose names have the keyword in them, in any case of letters, in the order of the files."""
    tests = (TestCase(suite, index) for suite in suites for index in range(len(suite.test.cases)))
    return [test for test in tests if keyword.casefold() in test.name.casefold()]


def run_case(test: TestCase, cluster: Cluster, watcher: Watcher | None = None) -> Outcome:
    """One case on the cluster of its manifests: its steps are taken first, on a what-if of its own."""
    return Runner(test.suite, cluster, watcher).run(test)


class Runner:
    """Runs the cases of a suite on one cluster. What steps make of the cluster is kept while cases share them."""

    def __init__(
        self, suite: Suite, cluster: Cluster, watcher: Watcher | None = None, *, thorough: bool = True
    ) -> None:
        """`thorough`: a case asks all of its questions; otherwise it is done at the first unexpected answer."""
        self._suite = suite
        self._cluster = cluster
        self._watcher = watcher
        self._thorough = thorough
        self._askers: dict[str, tuple[Cluster, Asker]] = {}

    def run(self, test: TestCase) -> Outcome:
        """One case. Nothing is raised: what keeps a case from being asked is its error."""
        began, start = time.time(), time.perf_counter()
        outcome = self._outcome(test)
        return replace(outcome, clocked=Clocked(began, time.perf_counter() - start))

    def _outcome(self, test: TestCase) -> Outcome:
        case, asked_so_far, failed = test.case, 0, 0
        failures: list[Failure] = []
        try:
            cluster, asker = self._given(case)
            for asked in asker.questions(case.question):
                verdict = asked.ask(cluster)
                asked_so_far += 1
                if self._watcher is not None:
                    self._watcher.saw(test, cluster, asked, verdict)
                message = mismatch(verdict, case.wanted, case.by)
                if message is not None:
                    failed += 1
                    if failed <= MOST_FAILURES:
                        failures.append(Failure(asked, message, verdict))
                    if not self._thorough:
                        break
        except (CalicoEngineError, ValueError) as error:
            return Outcome(test, asked_so_far, failed, tuple(failures), str(error))
        return Outcome(test, asked_so_far, failed, tuple(failures))

    def given(self, test: TestCase) -> Cluster:
        """The cluster that a case is about: what its steps make of the suite's. They raise what what-ifs raise."""
        return self._given(test.case)[0]

    def _given(self, case: Case) -> tuple[Cluster, Asker]:
        steps = (*self._suite.test.given, *case.given)
        key = json.dumps([to_json(step) for step in steps])
        if key not in self._askers:
            # The cases of a file often take the same steps one after the other; more than one what-if is not kept.
            kept = self._askers.get("[]")
            self._askers = {} if kept is None else {"[]": kept}
            cluster = self._cluster
            for step in steps:
                cluster = _taken(cluster, step, self._suite.folder)
            self._askers[key] = cluster, Asker(cluster)
        return self._askers[key]


def _taken(cluster: Cluster, step: Step, folder: Path) -> Cluster:
    if step.delete is not None:
        return cluster.delete(step.delete.kind, step.delete.name, step.delete.namespace)
    if step.patch is not None:
        return cluster.patch(step.patch.kind, step.patch.name, step.patch.patch, step.patch.namespace)
    if step.label is not None:
        change = step.label
        target = change.name or change.selector
        return cluster.label(
            change.kind, target, *change.labels, overwrite=change.overwrite, namespace=change.namespace
        )
    given = step.apply if isinstance(step.apply, list) else [step.apply]
    return cluster.apply(*(_manifest(each, folder) for each in given))


def applied_files(suite: Suite) -> list[Path]:
    """The files that steps of a suite apply."""
    steps = (step for steps in (suite.test.given, *(case.given for case in suite.test.cases)) for step in steps)
    given = (entry for step in steps for entry in (step.apply if isinstance(step.apply, list) else [step.apply]))
    return [suite.folder / entry for entry in given if isinstance(entry, str) and "\n" not in entry]


def _manifest(given: object, folder: Path) -> str | os.PathLike[str] | Mapping[str, object]:
    if isinstance(given, str):
        return given if "\n" in given else folder / given
    if isinstance(given, Mapping):
        return given
    raise ValueError("apply: must be a file, an object, or a list of these")


def run(
    suites: Iterable[Suite], clusters: Clusters, watcher: Watcher | None = None, keyword: str = ""
) -> Iterator[Outcome]:
    """All cases, or those whose names have the keyword in them, in the order of the files."""
    for suite in suites:
        tests = cases_of([suite], keyword)
        if tests:
            runner = Runner(suite, clusters.of(suite), watcher)
            yield from (runner.run(test) for test in tests)
