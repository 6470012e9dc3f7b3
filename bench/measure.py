"""How things are timed, so that figures can be compared from run to run and from machine to machine.

A figure alone says little: every row has a reference that does comparable work in the same process, turn by
turn with ours, and it is the ratio that can be held on to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

_ROUNDS = 7
_SHORTEST_ROUND = 0.02  # seconds; shorter ones are repeated until they take so long


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: seconds for one unit of work, ours and the reference's."""

    subject: str
    case: str
    ours_seconds: float
    reference: str
    reference_seconds: float
    ratio: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", self.ours_seconds / self.reference_seconds)


def compare(
    subject: str,
    case: str,
    ours: Callable[[], object],
    reference: str,
    other: Callable[[], object],
    *,
    units: int = 1,
    rounds: int = _ROUNDS,
) -> Row:
    """Times both in turn. A call does `units` units of work; the best round of each counts."""
    times = _repetitions(ours), _repetitions(other)
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for side, work in enumerate((ours, other)):
            best[side] = min(best[side], _seconds(work, times[side]))
    return Row(subject, case, best[0] / units, reference, best[1] / units)


def seconds_per_call(work: Callable[[], object], *, rounds: int = _ROUNDS) -> float:
    """The best of some rounds."""
    times = _repetitions(work)
    return min(_seconds(work, times) for _ in range(rounds))


def _repetitions(work: Callable[[], object]) -> int:
    times = 1
    while _seconds(work, times) * times < _SHORTEST_ROUND:
        times *= 4
    return times


def _seconds(work: Callable[[], object], times: int) -> float:
    started = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - started) / times


def floors() -> dict[str, float]:
    """What the machine and this Python need for the least that there is, in seconds."""
    table, calls = {number: number for number in range(1_000)}, range(1_000)

    def empty_calls() -> None:
        for _ in calls:
            _nothing()

    def empty_calls_with_arguments() -> None:
        for _ in calls:
            _nothing_with_five(1, 2, 3, 4, 5)

    def dict_hits() -> None:
        for number in calls:
            table[number]

    def loop() -> None:
        for _ in calls:
            pass

    around = seconds_per_call(loop)
    works = {
        "empty call": empty_calls,
        "empty call with five arguments": empty_calls_with_arguments,
        "dict hit": dict_hits,
    }
    return {name: (seconds_per_call(work) - around) / len(calls) for name, work in works.items()}


def _nothing() -> None: ...


def _nothing_with_five(_a: int, _b: int, _c: int, _d: int, _e: int) -> None: ...
