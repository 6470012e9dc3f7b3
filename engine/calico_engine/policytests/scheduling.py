"""Mutants judged by several processes, each of which reads the files once; the order of the findings is always the same."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children
from typing import NamedTuple

from calico_engine.analysis.mutation.mutants import Mutant, Patch
from calico_engine.analysis.mutation.results import CaseName, Judgement, MutationResults
from calico_engine.errors import CalicoEngineError, printable
from calico_engine.frozen import frozen
from calico_engine.manifests.sources import STANDARD_INPUT
from calico_engine.policytests.mutating import Bench, Finding
from calico_engine.policytests.preparing import prepare

#: So many mutants a process is given at a time: few, so that an interruption is heeded soon.
_BATCH = 4
#: So many of the cases that fail are named.
_NAMED = 5


@frozen(kw_only=True)
class Request:
    """What is asked for. `tries`: packets to look for a witness of each survivor."""

    paths: tuple[str, ...]
    files: tuple[str, ...] = ()
    recursive: bool = False
    keyword: str = ""
    tries: int = 2000

    def benches(self) -> list[Bench]:
        """One for each cluster. Raises what `prepare` raises."""
        prepared = prepare(self.paths, self.files, recursive=self.recursive, keyword=self.keyword)
        by_cluster: dict[int, Bench] = {}
        for test in prepared.tests:
            cluster = prepared.clusters.of(test.suite)
            by_cluster.setdefault(id(cluster), Bench(cluster, tries=self.tries)).tests.append(test)
        return list(by_cluster.values())


class CasesFail(CalicoEngineError):
    """Some cases do not pass on what is written, and so cannot tell a mistake from it."""


class Task(NamedTuple):
    """What another process needs to know of one mutant of one bench."""

    bench: int
    mutant: int
    id: str
    patch: Patch


@contextlib.contextmanager
def judged(request: Request, benches: Sequence[Bench], jobs: int) -> Iterator[Iterator[tuple[Task, Finding | None]]]:
    """Every task with its finding, in order; `benches` are the request's. What is not yet judged at the end never is."""
    tasks = [
        Task(number, index, mutant.id, mutant.patch)
        for number, bench in enumerate(benches)
        for index, mutant in enumerate(bench.mutants)
    ]
    if jobs == 1 or STANDARD_INPUT in (*request.paths, *request.files):  # which can be read once only
        yield ((task, _judge(benches, task)) for task in tasks)
        return
    others = active_children()
    prints = [bench.fingerprint for bench in benches]
    with ProcessPoolExecutor(min(jobs, len(tasks) or 1), initializer=_start, initargs=(request, prints)) as pool:
        # All are handed in at once: processes are forked before anybody starts a thread to show progress.
        batches = [tasks[start : start + _BATCH] for start in range(0, len(tasks), _BATCH)]
        try:
            with _interruptions_wait():
                futures = [(batch, pool.submit(_judge_all, batch)) for batch in batches]
            yield _in_order(futures)
        except BaseException:
            # What a process is at may take long, and nobody waits for it any more.
            for process in active_children():
                if process not in others:
                    process.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _interruptions_wait() -> Iterator[None]:
    """While processes are forked: Python would lose an interruption that comes just then."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _in_order(
    futures: Iterable[tuple[Sequence[Task], Future[list[Finding | None]]]],
) -> Iterator[tuple[Task, Finding | None]]:
    for batch, future in futures:
        try:
            yield from zip(batch, future.result(), strict=True)
        except BrokenProcessPool:
            raise CalicoEngineError(
                "a process that judged mutants ended too early; did it run out of memory?"
            ) from None


def check_cases(benches: Iterable[Bench]) -> None:
    """CasesFail, with their names, if some cases do not pass without any mistake."""
    baselines = [base for bench in benches for base in bench.baselines]
    failing = [base.test for base in baselines if not base.outcome.passed]
    if failing:
        named = ", ".join(f"{printable(test.name)} ({printable(test.file)}:{test.line})" for test in failing[:_NAMED])
        more = f" and {len(failing) - _NAMED} more" if len(failing) > _NAMED else ""
        raise CasesFail(
            f"{len(failing)} of {len(baselines)} cases do not pass as it is, so they cannot tell mistakes from it:"
            f" {named}{more}; calico-engine test says why"
        )


def results(
    request: Request, benches: Sequence[Bench], findings: Iterable[tuple[Task, Finding | None]]
) -> MutationResults:
    """The findings with the names and places that reports show."""
    names = [[CaseName(test.file, test.line, test.name) for test in bench.tests] for bench in benches]
    judgements = [
        _judgement(benches[task.bench].mutants[task.mutant], found, names[task.bench])
        for task, found in findings
        if found is not None
    ]
    return MutationResults(tuple(name for listed in names for name in listed), tuple(judgements), request.tries)


def _judgement(mutant: Mutant, found: Finding, names: Sequence[CaseName]) -> Judgement:
    killed_by = None if found.killed_by is None else names[found.killed_by]
    return Judgement(mutant, mutant.place, found.fate, found.runs, killed_by, found.message, found.witness)


_benches: list[Bench] = []


def _start(request: Request, prints: Sequence[str]) -> None:
    """A process begins. An interruption is for the one that waits for it to heed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(CalicoEngineError):  # the files were fine a moment ago
        found = request.benches()
        if [bench.fingerprint for bench in found] == list(prints):
            _benches.extend(found)


def _judge_all(tasks: Iterable[Task]) -> list[Finding | None]:
    return [_judge(_benches, task) for task in tasks]


def _judge(benches: Sequence[Bench], task: Task) -> Finding | None:
    if not benches:
        raise CalicoEngineError("the files have changed meanwhile")
    return benches[task.bench].judge(task)
