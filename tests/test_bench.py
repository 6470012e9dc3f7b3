"""The benchmarks run, on sizes that take no time, and their workload is what it says."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from calico_engine import Cluster, Decision
from calico_engine.packets import ICMP, TCP

# The benchmarks are no part of the package, so they have to be found first.
sys.path.append(str(Path(__file__).parents[1]))

from bench import cluster, cold, load, verdict
from bench.__main__ import main
from bench.measure import Row
from bench.workload import Workload, workload
from bench.workload_manifests import documents, manifests, rule_number

SUBJECTS: dict[str, Callable[[], Sequence[Row]]] = {
    "cluster": partial(cluster.measure, {(6, 1): 1}),
    "cold": partial(cold.measure, 1, {"import": cold.CASES["import Cluster"]}),
    "load": partial(load.measure, {3: 1, 30: 1}),
    "verdict": partial(verdict.measure, sizes=(10,), packets=50),
}


@pytest.fixture(scope="module")
def hundred() -> Workload:
    return workload(100)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_measures_something(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = SUBJECTS[subject]()
    assert rows and {row.subject for row in rows} == {subject}
    assert all(row.ratio == row.ours_seconds / row.reference_seconds > 0 for row in rows)
    assert len({row.case for row in rows}) == len(rows)
    assert capsys.readouterr().out


def test_an_unknown_subject_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "nothing"])
    with pytest.raises(SystemExit):
        main()
    assert "no such subject: nothing" in capsys.readouterr().err


def test_the_figures_are_written_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(load, "measure", partial(load.measure, {3: 1}))
    monkeypatch.setattr("sys.argv", ["bench", "load", "--json", str(tmp_path / "figures.json")])
    assert main() == 0
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [row["subject"] for row in figures["rows"]] == ["load", "load"]
    assert "3 policies" in capsys.readouterr().out


def test_the_workload_is_the_same_every_time(hundred: Workload) -> None:
    assert workload(100) == hundred
    assert hundred.packets(20) == hundred.packets(20)


@pytest.mark.parametrize(("rules", "sets"), [(10, 5), (100, 20), (1_000, 200)])
def test_sets_grow_with_the_rules(rules: int, sets: int) -> None:
    load = workload(rules)
    assert (len(load.rules), len(load.sets)) == (rules, sets)
    assert all(1 <= len(members) <= 500 for members in load.sets)


def test_shares_are_as_drawn() -> None:
    rules = workload(10_000).rules
    actions, protocols = Counter(rule.action for rule in rules), Counter(rule.protocol for rule in rules)
    assert actions["Allow"] / len(rules) == pytest.approx(0.72, abs=0.02)
    assert actions["Pass"] / len(rules) == pytest.approx(0.06, abs=0.01)
    assert protocols[TCP] / len(rules) == pytest.approx(0.66, abs=0.02)
    assert sum(1 for rule in rules if rule.destination_nets) / len(rules) == pytest.approx(0.08, abs=0.01)


def test_only_few_rules_are_open_to_everyone() -> None:
    """More would hide what stands behind them, and so would one without a port."""
    open_rules = [rule for rule in workload(1_000).rules if not rule.nets and rule.members is None]
    assert 0 < len(open_rules) <= 7
    assert all(rule.ports for rule in open_rules)


def test_a_cluster_of_the_workload_says_what_the_workload_says(hundred: Workload) -> None:
    """Each packet that a rule decides is decided by one whose action and protocol agree."""
    cluster = Cluster.parse(manifests(hundred))
    assert not cluster.warnings
    decided = 0
    for packet in hundred.packets(300):
        answer = cluster.verdict(packet)
        reason = answer.decided_by
        if reason.rule is None or reason.policy is None:
            continue
        decided += 1
        rule = hundred.rules[rule_number(reason.policy.name, reason.rule, hundred)]
        assert rule.action == ("Allow" if answer.decision is Decision.ALLOW else "Deny")
        assert rule.protocol in (None, packet.protocol)
        assert packet.protocol == ICMP or not rule.ports or _hits(rule.ports, packet.destination_port)
    assert decided > 150


def _hits(ports: Sequence[tuple[int, int]], port: int | None) -> bool:
    return port is not None and any(first <= port <= last for first, last in ports)


def test_documents_are_of_the_size_that_other_figures_are_about() -> None:
    assert len(documents(1_000)) / 1_000 == pytest.approx(515, abs=10)
