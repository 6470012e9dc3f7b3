"""Cases that a mutant cannot change need not be run: with them and without them everything is judged alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from random import Random

import pytest

from calico_engine import Cluster
from calico_engine.analysis.mutation.mutants import Mutant
from calico_engine.errors import CalicoEngineError
from calico_engine.manifests.sources import Source
from calico_engine.policytests.asking import Asked
from calico_engine.policytests.mutating import Bench
from calico_engine.policytests.reading import Suite, suites_of
from calico_engine.policytests.running import TestCase, Watcher, cases_of, run_case
from calico_engine.verdicts import Verdict
from engine_support import changing_clusters
from verdict_fuzz.packets import PacketMaker
from verdict_fuzz.worlds import world

SEEDS = range(10)
QUESTIONS = 12
PARTIES = (
    *(
        "n1",
        "n2",
        "203.0.113.7",
        "10.0.0.9",
        "198.51.100.1",
        "10.65.0.2",
        "127.0.0.1",
        "192.0.2.1",
        "2001:db8::1",
        "fd65::2",
    ),
    *({"nodes": "all()"}, {"hostEndpoints": "has(app)"}, {"pods": "all()"}, {"pods": "has(env)"}, "203.0.113.0/25"),
)
OTHER_PARTIES = (
    *(*changing_clusters.NODES, "c1", "a/p1", "a/p2", "b/p1", "hep/h1", "svc/a/s", "203.0.113.7", "10.65.0.1"),
    *({"nodes": "has(env)"}, {"pods": "env == 'dev'"}, {"hostEndpoints": "all()"}, "10.65.0.0/28"),
)
SERVICES = (
    "tcp/8080",
    "tcp/30080",
    "tcp/80",
    "tcp/22",
    "udp/53",
    "tcp/79-81",
    "tcp",
    "icmp/8",
    "sctp/8055",
    "tcp/8055",
    "47",
)
STEPS = (
    {"label": {"kind": "hep", "selector": "all()", "labels": ["app=b"], "overwrite": True}},
    {"label": {"kind": "hep", "selector": "all()", "labels": ["host-"]}},
    {
        "apply": {
            "apiVersion": "projectcalico.org/v3",
            "kind": "GlobalNetworkPolicy",
            "metadata": {"name": "step"},
            "spec": {"order": 0, "selector": "has(app)", "ingress": [{"action": "Pass", "protocol": "TCP"}]},
        }
    },
)


@cache
def cluster(seed: int) -> Cluster | None:
    """One of two kinds: crowded with policy, or with something of every kind."""
    made = world(Random(seed))
    text = made.text
    if seed % 2:
        text = "\n---\n".join(map(json.dumps, changing_clusters.world(Random(seed)).values()))
    try:
        return Cluster.parse(text, stored=made.stored and not seed % 2)
    except CalicoEngineError:
        return None


def questions(seed: int) -> Iterator[dict[str, object]]:
    random = Random(seed)
    maker = PacketMaker.of(random, world(Random(seed)))
    parties = OTHER_PARTIES if seed % 2 else PARTIES
    while True:
        asked: dict[str, object] = {"packet": maker.packet()}
        if seed % 2 or random.random() < 0.7:
            frm, to = random.sample(parties, 2)
            asked = {"from": frm, "to": to, "service": random.choice(SERVICES)}
        if random.random() < 0.2:
            asked["given"] = [random.choice(STEPS)]
        yield asked


class _First(Watcher):
    """Keeps the first answer."""

    verdict: Verdict | None = None

    def saw(self, test: TestCase, cluster: Cluster, asked: Asked, verdict: Verdict) -> None:
        self.verdict = self.verdict or verdict


def passing(original: Cluster, asked: dict[str, object]) -> Iterator[dict[str, object]]:
    """The case with the most exact expectation that holds, if one does."""
    first = _First()
    run_case(cases_of([suite([{**asked, "expect": "allow"}])])[0], original, first)
    if first.verdict is None:
        return
    reason = first.verdict.decided_by
    policy = {} if reason.policy is None else {"policy": reason.policy.name}
    rule = {} if reason.rule is None else {"rule": reason.rule}
    by: dict[str, object] = {"by": {"reason": reason.reason.value, **policy, **rule}}
    cases = [
        {**asked, "expect": each, **more} for more in (by, {}) for each in ("allow", "deny", "no-policy", "uncertain")
    ]
    outcomes = (run_case(test, original) for test in cases_of([suite(cases)]))
    yield from islice((case for case, outcome in zip(cases, outcomes, strict=True) if outcome.passed), 1)


def suite(cases: list[dict[str, object]]) -> Suite:
    head = "apiVersion: calico-engine/v1\nkind: PolicyTest\ncases:\n"
    return suites_of([Source("t.yaml", head + "\n".join(f"- {json.dumps(case)}" for case in cases))])[0]


@cache
def some_cases(seed: int) -> tuple[TestCase, ...]:
    """Cases that pass, about whatever there is."""
    original = cluster(seed)
    if original is None:
        return ()
    cases: list[dict[str, object]] = []
    for asked in islice(questions(seed), 10 * QUESTIONS):
        cases += passing(original, asked)
        if len(cases) >= QUESTIONS:
            break
    return tuple(cases_of([suite(cases)])) if cases else ()


@pytest.mark.parametrize("seed", SEEDS)
def test_cases_that_are_not_run_would_not_have_noticed(seed: int) -> None:
    original = cluster(seed)
    if original is None or not some_cases(seed):
        return
    some, every = (Bench(original, some_cases(seed), tries=5, affected_only=which) for which in (True, False))
    assert all(base.outcome.passed for base in some.baselines)
    for mutant in one_of_each(some.mutants, Random(seed)):
        one, other = some.judge(mutant), every.judge(mutant)
        assert one is not None
        assert other is not None
        assert (one.fate, one.killed_by, one.message) == (other.fate, other.killed_by, other.message), mutant.id
        assert one.runs <= other.runs


def one_of_each(mutants: Sequence[Mutant], random: Random) -> Sequence[Mutant]:
    """One mutant of each operator, in any order of them."""
    shuffled = random.sample(mutants, len(mutants))
    return [*{mutant.operator: mutant for mutant in shuffled}.values()]


def test_the_law_is_about_something() -> None:
    """Cases are left out, with steps and without, and mutants are killed."""
    kinds = {"left out": 0, "run": 0, "killed": 0}
    for seed in SEEDS[:6]:
        original = cluster(seed)
        if original is None or not some_cases(seed):
            continue
        bench = Bench(original, some_cases(seed), tries=5)
        for mutant in bench.mutants[::3]:
            found = bench.judge(mutant)
            assert found is not None
            kinds["killed"] += found.killed_by is not None
            if found.killed_by is None:
                kinds["run"] += found.runs
                kinds["left out"] += len(bench.tests) - found.runs
    assert min(kinds.values()) > 8, kinds
    assert any(test.case.given for seed in SEEDS for test in some_cases(seed))
