"""Coverage of the manifests that cases are about.

What steps make of a cluster counts for the rules that stand in its manifests; rules that only steps bring in are left out.
"""

from __future__ import annotations

from calico_engine.analysis.coverage import Coverage, CoverageCollector, merge, within
from calico_engine.cluster import Cluster
from calico_engine.policytests.asking import Asked
from calico_engine.policytests.preparing import Prepared
from calico_engine.policytests.running import TestCase, Watcher
from calico_engine.verdicts import Verdict


class CoverageWatcher(Watcher):
    """Sees every answer of a run, and says what all of them together exercised."""

    def __init__(self, prepared: Prepared) -> None:
        self._clusters = prepared.clusters
        suites = {id(test.suite): test.suite for test in prepared.tests}.values()
        self._tested = {id(cluster): _Tested(cluster) for cluster in map(prepared.clusters.of, suites)}
        self._asked: Cluster | None = None
        self._collector: CoverageCollector | None = None

    def saw(self, test: TestCase, cluster: Cluster, asked: Asked, verdict: Verdict) -> None:
        if self._collector is None or cluster is not self._asked:
            self._asked, self._collector = cluster, self._tested[id(self._clusters.of(test.suite))].collector(cluster)
        self._collector.add(verdict)

    def coverage(self) -> Coverage:
        """What has been exercised so far of all manifests."""
        return merge(tested.coverage() for tested in self._tested.values())


class _Tested:
    """The cluster of some manifests, and what cases exercised of them: on it, and on what steps made of it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._own = cluster.coverage_collector()
        self._changed: CoverageCollector | None = None
        self._seen = Coverage()

    def collector(self, cluster: Cluster) -> CoverageCollector:
        """The collector for this cluster or for one that steps made of it, which then takes the last such one's place."""
        self._settle()
        if cluster is self._cluster:
            return self._own
        self._changed = cluster.coverage_collector()
        return self._changed

    def coverage(self) -> Coverage:
        self._settle()
        return merge((self._own.coverage(), self._seen))

    def _settle(self) -> None:
        if self._changed is not None:
            self._seen = merge((self._seen, within(self._changed.coverage(), self._own.coverage())))
            self._changed = None
