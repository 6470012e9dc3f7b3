"""Results kept from one run to the next, while nothing changes of what they follow from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from calico_engine.analysis.case_results import CaseResult
from calico_engine.cluster import Cluster
from calico_engine.frozen import frozen
from calico_engine.policytests.reading import Suite
from calico_engine.policytests.running import applied_files
from calico_engine.policytests.watched import Watched


@frozen
class _Run:
    """All cases of a suite that were to be run, on the cluster that it was about."""

    suite: Suite
    cluster: Cluster
    results: tuple[CaseResult, ...]


class Kept:
    """The last results of every suite that was run to its end."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], _Run] = {}

    def results(self, suite: Suite, cluster: Cluster, fresh: Iterable[CaseResult]) -> Iterator[CaseResult]:
        """Those of last time, if the text of the cases and the cluster are still the same; otherwise the fresh ones."""
        key = suite.file, suite.origin.document.index
        held = self._runs.get(key)
        if held is not None and held.cluster is cluster and held.suite.origin == suite.origin:
            yield from held.results
            return
        results = []
        for result in fresh:
            results.append(result)
            yield result
        self._runs[key] = _Run(suite, cluster, tuple(results))

    def forget(self, changed: Iterable[Path]) -> None:
        """The results of suites whose steps apply one of these files."""
        files = [*changed]
        for key, held in [*self._runs.items()]:
            if any(map(Watched.of(applied_files(held.suite)).concerns, files)):
                del self._runs[key]
