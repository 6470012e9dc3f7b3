"""Cases against the mistakes that could have been made: does one of them notice?

A case is run only if a mutant might change its outcome: if an endpoint whose policies are not the same any more might
look at one of the packets that the case is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from typing import Protocol

from calico_engine.analysis.comparison.equivalence import known_equivalent
from calico_engine.analysis.comparison.touched import Footprint, Touched, footprint, touched
from calico_engine.analysis.comparison.witnesses import Witness, find_witness
from calico_engine.analysis.mutation.mutants import Mutant, Patch
from calico_engine.analysis.mutation.results import Fate
from calico_engine.cluster import Cluster
from calico_engine.errors import CalicoEngineError, ChangeRefused, InvalidManifest
from calico_engine.frozen import frozen
from calico_engine.packets import Packet
from calico_engine.policytests.asking import Asked
from calico_engine.policytests.running import Outcome, Runner, TestCase, Watcher
from calico_engine.policytests.terms import Selected
from calico_engine.verdicts import Verdict


class Suspect(Protocol):
    """What is needed of a mutant to judge it."""

    @property
    def id(self) -> str: ...
    @property
    def patch(self) -> Patch: ...


@frozen
class Finding:
    """What became of one mutant. `killed_by` is an index into the bench's tests; `runs`: how many cases were run."""

    fate: Fate
    runs: int
    killed_by: int | None = None
    message: str = ""
    witness: Witness | None = None


@frozen
class Baseline:
    """A case without any mistake: the cluster that it is about, and what might look at its packets.

    `by_selector`: which nodes and endpoints it asks about depends on their labels.
    """

    outcome: Outcome
    cluster: Cluster
    footprint: Footprint
    by_selector: bool

    @property
    def test(self) -> TestCase:
        return self.outcome.test

    @property
    def takes_steps(self) -> bool:
        return bool(self.test.suite.test.given or self.test.case.given)

    def may_notice(self, change: Touched) -> bool:
        """Whether the outcome may be another after the change of its cluster."""
        return change.touches(self.footprint) or (change.relabelled and self.by_selector)


class Bench:
    """The cases about one cluster, and that cluster's mutants."""

    def __init__(
        self, cluster: Cluster, tests: Iterable[TestCase] = (), *, tries: int, affected_only: bool = True
    ) -> None:
        """`tries`: packets to look for a witness. `affected_only`: cases that cannot notice a mutant are not run."""
        self.tests = list(tests)
        self._cluster = cluster
        self._tries = tries
        self._affected_only = affected_only

    @cached_property
    def mutants(self) -> tuple[Mutant, ...]:
        return tuple(self._cluster.mutants())

    @cached_property
    def baselines(self) -> list[Baseline]:
        """Every case, run once."""
        runners: dict[int, Runner] = {}
        found = []
        subject = _Subject()
        for test in self.tests:
            subject.start(self._cluster)
            runner = runners.setdefault(id(test.suite), Runner(test.suite, self._cluster, subject))
            outcome = runner.run(test)
            found.append(Baseline(outcome, subject.cluster, subject.footprint, _by_selector(test)))
        return found

    @property
    def fingerprint(self) -> str:
        """The same for equal texts of manifests and cases."""
        cases = {test.file: test.suite.origin.document.text for test in self.tests}
        return sha256(repr((sorted(self._cluster.texts.items()), sorted(cases.items()))).encode()).hexdigest()

    def judge(self, mutant: Suspect) -> Finding | None:
        """What becomes of a mutant; None if it is none, because it cannot stand among the other objects."""
        try:
            mutated = mutant.patch.apply(self._cluster)
        except (InvalidManifest, ChangeRefused):
            return None
        change = touched(self._cluster.compiled, mutated.compiled)
        trial = _Trial(mutated, change, self._affected_only)
        for index in self._order:
            outcome = trial.run(self.baselines[index])
            if outcome is not None and not outcome.passed:
                return Finding(Fate.KILLED, trial.runs, index, _message(outcome))
        return self._survivor(mutant, mutated, change, trial.runs)

    @cached_property
    def _order(self) -> list[int]:
        """The cases that ask least first; those that take steps come last, side by side as they share what these make."""
        cost = [(base.takes_steps, 0 if base.takes_steps else base.outcome.questions) for base in self.baselines]
        return sorted(range(len(cost)), key=cost.__getitem__)

    def _survivor(self, mutant: Suspect, mutated: Cluster, change: Touched, runs: int) -> Finding:
        before, after = self._cluster.readers, mutated.readers
        if known_equivalent(before, after, change):
            return Finding(Fate.EQUIVALENT, runs)
        witness = find_witness(before, after, change, tries=self._tries, seed=mutant.id)
        return Finding(Fate.MAYBE_EQUIVALENT if witness is None else Fate.SURVIVED, runs, witness=witness)


class _Trial:
    """One mutant before the cases."""

    def __init__(self, mutated: Cluster, change: Touched, affected_only: bool) -> None:
        self.runs = 0
        self._mutated = mutated
        self._change = change
        self._affected_only = affected_only
        self._runners: dict[int, Runner] = {}

    def run(self, baseline: Baseline) -> Outcome | None:
        """The outcome; None if it is the one without the mistake."""
        test = baseline.test
        runner = self._runners.get(id(test.suite))
        if runner is None:
            runner = self._runners[id(test.suite)] = Runner(test.suite, self._mutated, thorough=False)
        if self._affected_only and not self._may_notice(baseline, runner):
            return None
        self.runs += 1
        return runner.run(test)

    def _may_notice(self, baseline: Baseline, runner: Runner) -> bool:
        if not baseline.takes_steps:
            return baseline.may_notice(self._change)
        try:
            cluster = runner.given(baseline.test)
        except (CalicoEngineError, ValueError):
            return True
        return baseline.may_notice(touched(baseline.cluster.compiled, cluster.compiled))


class _Subject(Watcher):
    """What one case after the other is about."""

    def start(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._ways: dict[tuple[object, ...], Packet] = {}

    def saw(self, test: TestCase, cluster: Cluster, asked: Asked, verdict: Verdict) -> None:
        self.cluster = cluster
        for packet in verdict.possible_packets:
            self._ways.setdefault(_way(packet), packet)

    @property
    def footprint(self) -> Footprint:
        return footprint(self.cluster.readers.packets, self._ways.values())


def _way(packet: Packet) -> tuple[object, ...]:
    """What decides which chains a packet meets."""
    interfaces = (packet.in_interface, packet.out_interface, packet.pre_dnat_out_interface)
    return packet.node, packet.version, packet.dnat, *interfaces


def _by_selector(test: TestCase) -> bool:
    question = test.case.question
    return any(isinstance(party, Selected) for party in (*question.from_, *question.to, *question.on))


def _message(outcome: Outcome) -> str:
    return outcome.error or outcome.failures[0].message
