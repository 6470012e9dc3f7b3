"""The ten questions that the tutorial raises, asked of its cluster and of what becomes of it by one change more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from calico_engine import Cluster
from calico_engine.analysis.coverage import CoverageCollector, merge, within
from calico_engine.reports.coverage import coverage_lines

FIXTURES = Path(__file__).parents[1] / "fixtures"
M1, W1, W2 = (f"ip-172-16-101-{number}.us-west-2.compute.internal" for number in (147, 79, 54))
OUTSIDE = "203.0.113.7"
KUBELET = "tcp/10250"
MASTERS, WORKERS = "ingress-k8s-masters", "ingress-k8s-workers"
ENABLE = {"spec": {"controllers": {"node": {"hostEndpoint": {"autoCreate": "Enabled"}}}}}
DENY_SSH = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: no-ssh}
spec:
  order: 1
  selector: has(kubernetes-host)
  ingress:
  - {action: Deny, protocol: TCP, destination: {ports: [22]}}
"""


@cache
def labelled() -> Cluster:
    """The tutorial's nodes with automatic host endpoints and labels, and no policy."""
    cluster = Cluster.load(FIXTURES / "walk").patch("kubecontrollersconfiguration", "default", ENABLE)
    cluster = cluster.label("nodes", "all()", "kubernetes-host=")
    return cluster.label("nodes", "!has(node-role.kubernetes.io/master)", "kubernetes-worker=")


@cache
def locked() -> Cluster:
    """The tutorial's end."""
    return labelled().apply(FIXTURES / "tutorial" / "policies.yaml")


@cache
def without_master_label() -> Cluster:
    return locked().label("node", M1, "node-role.kubernetes.io/master-")


@cache
def without_profile() -> Cluster:
    """The endpoints as manifests, where no controller puts the profile back."""
    endpoint = f"{W1}-auto-hep"
    label = {"projectcalico.org/created-by": None}
    change = {"metadata": {"labels": label}, "spec": {"profiles": None}}
    return Cluster.load(FIXTURES / "tutorial").patch("hep", endpoint, change)


@cache
def with_deny_ssh() -> Cluster:
    return locked().apply(DENY_SSH)


@cache
def unlabelled_worker() -> Cluster:
    """The workers' policy alone, and one node without the label that it selects."""
    return locked().delete("gnp", MASTERS).label("node", W2, "kubernetes-worker-")


@dataclass(frozen=True, slots=True)
class Question:
    """A connection in a world, the decision, what decided, and what the explanation says besides."""

    text: str
    world: Callable[[], Cluster]
    check: tuple[str, str, str]
    decision: str
    reason: str
    policy: str | None = None
    says: str = ""


QUESTIONS = (
    Question("1 a master reaches a worker's kubelet", locked, (M1, W1, KUBELET), "ALLOW", "RULE", WORKERS),
    Question("2 a worker does not reach a master's", locked, (W1, M1, KUBELET), "DENY", "END_OF_TIER", MASTERS),
    Question("3 SSH from outside is open", locked, (OUTSIDE, W1, "ssh"), "ALLOW", "FAILSAFE", says="tcp/22"),
    Question("4 and so is 6443, of a worker too", locked, (OUTSIDE, W1, "tcp/6443"), "ALLOW", "FAILSAFE"),
    Question("5 a master reaches the world", locked, (M1, OUTSIDE, "tcp/443"), "ALLOW", "PROFILE"),
    Question("5 a worker reaches the world", locked, (W1, OUTSIDE, "udp/123"), "ALLOW", "PROFILE"),
    Question("6 a master by its own address", locked, (M1, M1, KUBELET), "ALLOW", "RULE", MASTERS),
    Question("6 a worker by its own address, which no rule names", locked, (W1, W1, KUBELET), "DENY", "END_OF_TIER"),
    Question("6 a master by loopback", locked, (M1, "127.0.0.1", KUBELET), "ALLOW", "RULE", MASTERS),
    Question("6 a worker by loopback", locked, (W1, "127.0.0.1", KUBELET), "ALLOW", "RULE", WORKERS),
    Question(
        "7 without the label master the kubelet is closed to it",
        without_master_label,
        (M1, W1, KUBELET),
        *("DENY", "END_OF_TIER", WORKERS, "source 172.16.101.147 is not in `has(node-role.kubernetes.io/master)`"),
    ),
    Question(
        "8 without the profile egress is closed",
        without_profile,
        (W1, OUTSIDE, "tcp/443"),
        "DENY",
        "NO_PROFILE_MATCHED",
    ),
    Question(
        "9 a Deny on 22 changes nothing",
        with_deny_ssh,
        (OUTSIDE, W1, "ssh"),
        *("ALLOW", "FAILSAFE", None, "tcp/22 is a failsafe port, open on every host endpoint whatever policy says"),
    ),
    Question(
        "10 the second policy does nothing on an unlabelled node",
        unlabelled_worker,
        (OUTSIDE, W2, KUBELET),
        *("ALLOW", "PROFILE", None, "projectcalico-default-allow"),
    ),
    Question(
        "10 and what it should do on a labelled one", unlabelled_worker, (OUTSIDE, W1, KUBELET), "DENY", "END_OF_TIER"
    ),
)


@pytest.mark.parametrize("question", [pytest.param(question, id=question.text) for question in QUESTIONS])
def test_question(question: Question) -> None:
    verdict = question.world().check(*question.check)
    shown = verdict.explain()
    decided = verdict.decided_by
    assert (verdict.decision.name, decided.reason.name) == (question.decision, question.reason), shown
    assert question.policy is None or (decided.policy is not None and decided.policy.name == question.policy), shown
    assert question.says in shown


def test_all_ten_are_asked() -> None:
    assert {int(question.text.partition(" ")[0]) for question in QUESTIONS} == set(range(1, 11))


@pytest.mark.parametrize(
    ("world", "check"),
    [(without_master_label, (M1, W1, KUBELET)), (unlabelled_worker, (OUTSIDE, W2, KUBELET))],
    ids=["without the label master", "without the label of workers"],
)
def test_the_change_is_what_matters(world: Callable[[], Cluster], check: tuple[str, str, str]) -> None:
    """The world that was changed has another answer, and is untouched by the change."""
    assert world().check(*check).decision is not locked().check(*check).decision


def test_the_endpoints_of_unpoliced_nodes_let_everything_pass() -> None:
    assert labelled().check(OUTSIDE, W1, KUBELET).decided_by.reason.name == "PROFILE"


COVERED = """\
POLICY                                    TIER      ENDPOINTS   RULES   CLAUSES   COVERED
GlobalNetworkPolicy ingress-k8s-masters   default   1           2/3     7/14      55.5%
GlobalNetworkPolicy ingress-k8s-workers   default   4           2/2     6/8       81.8%

not exercised (a clause lets through what its rule matches, and keeps out what but for it would match):
  policies.yaml:5: GlobalNetworkPolicy ingress-k8s-masters
      10  Ingress rule 0 Allow: never matched, tried 3 times
      11    protocol TCP: kept nothing out
      19  Ingress rule 2 Allow
      20    protocol TCP: kept nothing out
      24    destination.ports[0] 2380: let nothing through, kept nothing out
      24    destination.ports[1] 10250: kept nothing out
  policies.yaml:30: GlobalNetworkPolicy ingress-k8s-workers
      37  Ingress rule 1 Allow
      38    protocol TCP: kept nothing out
      42    destination.ports[0] 10250: kept nothing out

tier default: its end denied 4 times, passed on 0 times
decided by: END_OF_TIER 4, FAILSAFE 3, NO_PROFILE_MATCHED 1, PROFILE 10, RULE 4
coverage 65.5%: 19 of 29 items in 2 policies
"""


def test_what_the_questions_exercise_of_the_policies() -> None:
    """Asked of changed clusters too. That nobody asks for UDP, or for another port than the kubelet's, is to be seen."""
    collectors: dict[Callable[[], Cluster], CoverageCollector] = {}
    for question in QUESTIONS:
        cluster = question.world()
        collectors.setdefault(question.world, cluster.coverage_collector()).add(cluster.check(*question.check))
    coverage = merge(collector.coverage() for collector in collectors.values())
    told = within(coverage, locked().coverage_collector().coverage())
    shown = "".join(f"{line.text}\n" for line in coverage_lines(told))
    assert shown.replace(f"{FIXTURES / 'tutorial'}/", "") == COVERED
