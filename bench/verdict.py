"""One packet, one verdict: on the tutorial, and on 10, 100 and 1,000 rules.

The figure is the median over the packets, each packet's time being its best of some rounds; so a cluster whose packets
are decided early by chance, or one slow moment of the machine, does not show. The reference is the least that Python
can do: a call with five arguments that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, median
from time import perf_counter_ns
from typing import TypeVar

import yaml

from bench.measure import Row
from bench.workload import Workload, workload
from bench.workload_manifests import manifests, rule_number
from calico_engine import Cluster, Decision, Packet, Verdict

_T = TypeVar("_T")

_FIXTURES = Path(__file__).parents[1] / "fixtures"
_SIZES = (10, 100, 1_000)
_PACKETS, _TRACED_PACKETS = 1_000, 50
_ROUNDS = 7
_EMPTY_CALLS = range(10_000)
_NANOSECOND = 1e-9


def measure(sizes: Sequence[int] = _SIZES, packets: int = _PACKETS) -> list[Row]:
    """With a trace and without one."""
    rows = _on_the_tutorial()
    for size in sizes:
        load = workload(size)
        cluster, asked = Cluster.parse(manifests(load)), load.packets(packets)
        rows += _with_and_without_trace(f"W({size})", cluster, asked)
        print(f"W({size}): {_shape(load, cluster, asked)}")
    return rows


def _on_the_tutorial() -> list[Row]:
    with (_FIXTURES / "tutorial.expect.yaml").open(encoding="utf-8") as file:
        rows = next(yaml.safe_load_all(file))["expect"]
    packets = [Packet.parse(row["packet"]) for row in rows if "packet" in row]
    questions: list[tuple[str, str, str]] = [tuple(row["check"]) for row in rows if "check" in row]
    cluster = Cluster.load(_FIXTURES / "tutorial")
    connections = _row("tutorial, a connection end to end", lambda question: cluster.check(*question), questions)
    return [*_with_and_without_trace("tutorial", cluster, packets), connections]


def _with_and_without_trace(name: str, cluster: Cluster, packets: Sequence[Packet]) -> list[Row]:
    traced = packets[:_TRACED_PACKETS]
    return [
        _row(f"{name}, no trace", cluster.verdict, packets),
        _row(f"{name}, with its trace", lambda packet: cluster.verdict(packet).trace, traced),
    ]


def _row(case: str, ask: Callable[[_T], object], questions: Sequence[_T]) -> Row:
    """Ours and the reference in turn, round by round."""
    best = [float("inf")] * len(questions)
    empty = around = float("inf")
    for _ in range(_ROUNDS):
        empty, around = min(empty, _nanoseconds(_call_nothing)), min(around, _nanoseconds(_loop))
        for number, question in enumerate(questions):
            best[number] = min(best[number], _nanoseconds(partial(ask, question)))
    return Row(
        subject="verdict",
        case=case,
        ours_seconds=median(best) * _NANOSECOND,
        reference="empty call with five arguments",
        reference_seconds=(empty - around) / len(_EMPTY_CALLS) * _NANOSECOND,
    )


def _nanoseconds(work: Callable[[], object]) -> int:
    started = perf_counter_ns()
    work()
    return perf_counter_ns() - started


def _call_nothing() -> None:
    for _ in _EMPTY_CALLS:
        _nothing(1, 2, 3, 4, 5)


def _loop() -> None:
    for _ in _EMPTY_CALLS:
        pass


def _nothing(_a: int, _b: int, _c: int, _d: int, _e: int) -> None: ...


def _shape(load: Workload, cluster: Cluster, packets: Sequence[Packet]) -> str:
    """What the packets meet, to compare workloads by: figures of different shapes say nothing about each other."""
    verdicts = cluster.verdicts(packets)
    deciding = [number for verdict in verdicts if (number := _deciding_rule(load, verdict)) is not None]
    by_rule, allowed = len(deciding) / len(verdicts), fmean(v.decision is Decision.ALLOW for v in verdicts)
    return f"a rule decides {by_rule:.0%}, on average rule {fmean(deciding):.0f}; {allowed:.0%} are allowed"


def _deciding_rule(load: Workload, verdict: Verdict) -> int | None:
    reason = verdict.decided_by
    if reason.rule is None or reason.policy is None:
        return None
    return rule_number(reason.policy.name, reason.rule, load)
