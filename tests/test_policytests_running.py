"""What a case asks, what it expects, and what becomes of it: one table of cases on one small cluster."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from calico_engine import Cluster
from calico_engine.analysis.case_results import Clocked, Status
from calico_engine.errors import InvalidManifest
from calico_engine.manifests.sources import Source
from calico_engine.policytests import asking
from calico_engine.policytests.clusters import Clusters
from calico_engine.policytests.reading import Suite, read_suites, suites_of
from calico_engine.policytests.results import result_of
from calico_engine.policytests.running import Outcome, TestCase, Watcher, cases_of, run, run_case
from calico_engine.verdicts import Verdict

FIXTURES = Path(__file__).parent.parent / "fixtures"
HEAD = "apiVersion: calico-engine/v1\nkind: PolicyTest\n"
MANIFESTS = """
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: w1, labels: {role: worker}}
spec: {bgp: {ipv4Address: 192.0.2.1/24}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: w2, labels: {role: worker}}
spec: {bgp: {ipv4Address: 192.0.2.2/24}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: free}
spec: {bgp: {ipv4Address: 192.0.2.9/24}}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: w1-eth0, labels: {role: worker}}
spec: {node: w1, interfaceName: eth0, expectedIPs: [192.0.2.1]}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: w2-eth0, labels: {role: worker}}
spec: {node: w2, interfaceName: eth0, expectedIPs: [192.0.2.2]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: web}
spec:
  selector: role == 'worker'
  ingress:
  - {action: Allow, protocol: TCP, source: {nets: [198.51.100.0/25]}, destination: {ports: [80, "8000:8010"]}}
  - {action: Deny, protocol: TCP, destination: {ports: [22]}}
  - {action: Allow, protocol: UDP, source: {ports: [4000]}}
"""
CLUSTER = Cluster.parse(MANIFESTS)


def suite(cases: str) -> Suite:
    return suites_of([Source("t.yaml", HEAD + "cases:\n" + textwrap.dedent(cases).strip() + "\n")])[0]


def outcome(case: Mapping[str, object]) -> Outcome:
    (test,) = cases_of([suite(f"- {json.dumps(case)}")])
    return run_case(test, CLUSTER)


TABLE = yaml.safe_load((FIXTURES / "policytests" / "outcomes.yaml").read_text())


@pytest.mark.parametrize(("case", "questions", "failed"), TABLE["answered"], ids=str)
def test_cases(case: Mapping[str, object], questions: int, failed: int) -> None:
    found = outcome(case)
    assert (found.error, found.questions, found.failed) == ("", questions, failed)
    assert found.status is (Status.FAILED if failed else Status.PASSED)
    assert len(found.failures) == failed


@pytest.mark.parametrize(("case", "error"), TABLE["not asked"], ids=str)
def test_what_cannot_be_asked_is_an_error_and_no_pass(case: Mapping[str, object], error: str) -> None:
    found = outcome(case)
    assert error in found.error
    assert found.status is Status.ERROR
    assert not found.passed


NARROW = {"from": "198.51.100.0/24", "to": "w1", "service": "tcp/8000-8005", "expect": "allow"}


def test_a_failure_says_what_was_asked_and_what_came_of_it() -> None:
    (failure,) = outcome(NARROW).failures
    assert failure.asked.text == "198.51.100.128/25 → w1 tcp/8000-8005"
    assert failure.message == "expected allow, got DENY by default/web end of tier (<text>:29)"
    assert not failure.verdict.allowed


def test_steps_are_taken_on_a_cluster_of_their_own() -> None:
    cases = suite(
        """
        - {name: a, from: 198.51.100.7, to: w1, service: tcp/80, expect: allow}
        - {name: b, from: 198.51.100.7, to: w1, service: tcp/80, expect: deny, given: [{delete: {kind: gnp, name: web}}]}
        - {name: c, from: 198.51.100.7, to: w1, service: tcp/80, expect: allow}
        """
    )
    assert [run_case(test, CLUSTER).status for test in cases_of([cases])] == [Status.PASSED] * 3


def test_steps_of_the_file_come_first() -> None:
    text = (
        HEAD
        + "given: [{label: {kind: hep, name: w1-eth0, labels: [env=dev]}}]\n"
        + "cases: [{given: [{label: {kind: hep, selector: has(env), labels: [role-]}}],"
        + " from: 198.51.100.7, to: w1, service: tcp/80, expect: deny}]\n"
    )
    (test,) = cases_of(suites_of([Source("t.yaml", text)]))
    assert run_case(test, CLUSTER).passed


def test_times_make_no_difference() -> None:
    (test,) = cases_of([suite(f"- {json.dumps(NARROW)}")])
    one = run_case(test, CLUSTER)
    other = replace(one, clocked=Clocked(one.clocked.began + 1, one.clocked.seconds + 1))
    assert (one, hash(result_of(one))) == (other, hash(result_of(other)))
    assert (one.clocked == other.clocked, one.clocked.began > 0) == (False, True)


def test_a_case_may_not_ask_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_QUESTIONS", 3)
    found = outcome({"from": "198.51.100.7", "to": ["w1", "w2"], "service": ["tcp/80", "tcp/81"], "expect": "allow"})
    assert (found.status, found.questions) == (Status.ERROR, 3)
    assert "more than 3 questions" in found.error


class Counter(Watcher):
    def __init__(self) -> None:
        self.seen: list[tuple[str, bool]] = []

    def saw(self, test: TestCase, cluster: Cluster, asked: asking.Asked, verdict: Verdict) -> None:
        self.seen.append((asked.text, verdict.allowed))


def test_a_watcher_is_told_every_answer() -> None:
    watcher = Counter()
    (test,) = cases_of([suite("- {from: 198.51.100.7, to: w1, service: [tcp/80, tcp/81], expect: allow}")])
    assert run_case(test, CLUSTER, watcher).failed == 1
    assert watcher.seen == [("198.51.100.7 → w1 tcp/80", True), ("198.51.100.7 → w1 tcp/81", False)]


def test_the_cases_of_the_tutorial_pass() -> None:
    outcomes = list(run(read_suites([FIXTURES / "policytests" / "tutorial.policytest.yaml"]), Clusters()))
    assert [(each.test.name, each.error, each.failed) for each in outcomes if not each.passed] == []
    assert sum(each.questions for each in outcomes) > 200


def test_the_manifests_are_beside_the_file_or_given(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFESTS)
    (tmp_path / "sub").mkdir()
    case = "cases: [{from: 198.51.100.7, to: w1, service: tcp/80, expect: allow}]\n"
    file = tmp_path / "sub" / "x.policytest.yaml"
    file.write_text(HEAD + "manifests: [../m.yaml]\n" + case)
    assert [each.passed for each in run(read_suites([file]), Clusters())] == [True]
    file.write_text(HEAD + case)
    assert [each.passed for each in run(read_suites([file]), Clusters([str(tmp_path / "m.yaml")]))] == [True]
    with pytest.raises(InvalidManifest, match="no manifests to test"):
        list(run(read_suites([file]), Clusters()))


def test_a_file_of_cases_among_the_manifests_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFESTS)
    (tmp_path / "x.policytest.yaml").write_text(HEAD + "cases: []\n")
    found = Cluster.load(tmp_path).warnings
    assert [warning.message for warning in found if "PolicyTest" in str(warning)] == [
        "PolicyTest holds cases for `calico-engine test` and was skipped"
    ]
