"""Cases against mutants: what is noticed, what is not, and what is said about it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import textwrap
import time
from collections.abc import Mapping
from difflib import unified_diff
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from calico_engine import Cluster
from calico_engine.analysis.mutation.mutants import Mutant
from calico_engine.analysis.mutation.operators import Operator
from calico_engine.analysis.mutation.results import Fate, MutationResults
from calico_engine.errors import CalicoEngineError
from calico_engine.manifests.sources import Source
from calico_engine.policytests.mutating import Bench, Finding
from calico_engine.policytests.reading import suites_of
from calico_engine.policytests.running import Outcome, cases_of, run_case
from calico_engine.policytests.scheduling import Request, check_cases, judged, results
from calico_engine.reports.listings import as_yaml
from calico_engine.reports.mutation import as_case, difference_lines, mutation_json
from engine_support.shell import Shell
from engine_support.terminal import COMMAND, ENVIRONMENT, on_terminal

FIXTURES = Path(__file__).parents[1] / "fixtures"
POLICYTESTS = str(FIXTURES / "policytests" / "tutorial.policytest.yaml")
HEAD = "apiVersion: calico-engine/v1\nkind: PolicyTest\n"
MANIFESTS = """
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: w1-eth0, labels: {role: worker}}
spec: {node: w1, interfaceName: eth0, expectedIPs: [192.0.2.1], profiles: [projectcalico-default-allow]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: web}
spec:
  selector: role == 'worker'
  ingress:
  - {action: Allow, protocol: TCP, source: {nets: [198.51.100.0/25]}, destination: {ports: [80]}}
  - {action: Log}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: nobody}
spec: {selector: role == 'none', ingress: [{action: Deny}]}
"""
CLUSTER = Cluster.parse(MANIFESTS)
CASES = """
- {name: in, from: 198.51.100.7, to: w1, service: tcp/80, expect: allow}
- {name: out, from: 198.51.100.200, to: w1, service: tcp/80, expect: deny}
- {name: other port, from: 198.51.100.7, to: w1, service: tcp/81, expect: deny}
"""
#: What the cases do to the mutants of `web`, by operator and description; the case that notices, or the fate.
JUDGED = {
    'role == "worker" → !role == "worker"': "out",
    'role == "worker" → rolx == "worker"': "out",
    'role == "worker" → role == "workex"': "out",
    "Ingress → Ingress, Egress": "survived",
    "false → true": "survived",
    "rule dropped": "in",
    "Allow → Deny": "in",
    "protocol dropped": None,  # refused: ports need a protocol
    "source.nets dropped": "out",
    "198.51.100.0/25 → 198.51.100.0/24": "out",
    "198.51.100.0/25 → 198.51.100.0/26": "survived",
    "198.51.100.0/25 → 198.51.100.64/26": "in",
    "destination.ports dropped": "other port",
    "80 → 79:80": "survived",
    "80 → 80:81": "other port",
    "role=worker removed": "out",
    "no order → 0, so that it changes places with nobody": "equivalent",
    "GlobalNetworkPolicy → StagedGlobalNetworkPolicy": "out",
    "projectcalico-default-allow dropped": "survived",  # of packets that leave the host no case asks
}


def bench(cases: str, cluster: Cluster = CLUSTER, *, tries: int = 300, affected_only: bool = True) -> Bench:
    text = HEAD + "cases:\n" + textwrap.dedent(cases).strip() + "\n"
    return Bench(cluster, cases_of(suites_of([Source("t.yaml", text)])), tries=tries, affected_only=affected_only)


def test_what_cases_notice() -> None:
    tried = bench(CASES)
    found = {}
    for mutant in tried.mutants:
        if mutant.name == "nobody":
            continue
        finding = tried.judge(mutant)
        assert finding is not None
        killed = None if finding.killed_by is None else tried.tests[finding.killed_by].name
        found[mutant.description] = killed or finding.fate.value
    assert found == {key: value for key, value in JUDGED.items() if value is not None}


def test_policies_of_nobody_cannot_be_noticed() -> None:
    """What selects no endpoint before and after makes no difference; a selector that comes to select some does."""
    tried = bench(CASES)
    fates = {m.description: found.fate for m in tried.mutants if m.name == "nobody" and (found := tried.judge(m))}
    assert fates.pop('role == "none" → !role == "none"') is Fate.KILLED
    assert set(fates.values()) == {Fate.EQUIVALENT}


def test_only_cases_that_might_notice_are_run() -> None:
    tried = bench(CASES)
    for mutant in tried.mutants:
        finding = tried.judge(mutant)
        assert finding is not None
        if mutant.name == "nobody" and finding.fate is Fate.EQUIVALENT:
            assert finding.runs == 0
        if mutant.name == "web" and finding.killed_by is None:
            # Of the egress chain no case asks anything.
            assert finding.runs == (0 if mutant.operator is Operator.CHANGE_TYPES else 3)
        if mutant.operator is Operator.DROP_PROFILE:
            assert finding.runs == 3  # it concerns the one endpoint of all cases


SHADOWED = MANIFESTS.replace(
    "  - {action: Log}",
    "  - {action: Deny, protocol: TCP, source: {nets: [198.51.100.0/26]}, destination: {ports: [80]}}",
)


def test_what_nobody_can_tell_is_perhaps_equivalent() -> None:
    """A rule behind one that has matched all of it decides nothing, but that is not seen at a glance."""
    tried = bench(CASES, Cluster.parse(SHADOWED))
    mutant = next(each for each in tried.mutants if each.id.endswith("web:spec.ingress[1].action:flip-action:Allow"))
    found = tried.judge(mutant)
    assert found is not None
    assert found.fate is Fate.MAYBE_EQUIVALENT


@cache
def tutorial() -> MutationResults:
    request = Request(paths=(POLICYTESTS,))
    benches = request.benches()
    check_cases(benches)
    with judged(request, benches, 1) as findings:
        return results(request, benches, findings)


def test_a_survivor_is_one_and_its_case_would_notice() -> None:
    survivors = [each for each in tutorial().survivors if each.fate is Fate.SURVIVED]
    assert len(survivors) > 15
    original = Cluster.load(str(FIXTURES / "tutorial"))
    for number, survivor in enumerate(survivors):
        mutated = survivor.mutant.apply(original)
        if number % 4 == 0:
            assert all(outcome.passed for outcome in run_all(Path(POLICYTESTS).read_text(), mutated))
        assert survivor.witness is not None
        case = HEAD + "cases:\n" + as_case(survivor.mutant, survivor.witness)
        (as_it_is,), (with_mistake,) = run_all(case, original), run_all(case, mutated)
        assert as_it_is.passed
        assert with_mistake.failed == 1, survivor.mutant.id


def run_all(text: str, cluster: Cluster) -> list[Outcome]:
    return [run_case(test, cluster) for test in cases_of(suites_of([Source(POLICYTESTS, text)]))]


#: Of each file: what makes no difference there, though that is not seen at a glance.
WITHOUT_DIFFERENCE = {
    "every-kind.yaml": {
        "FelixConfiguration/default:spec.failsafeOutboundHostPorts:drop-failsafe",  # nothing is denied that leaves a host
        "ClusterNetworkPolicy/admin:spec.priority:change-order:other",  # the two are about different networks
        "ClusterNetworkPolicy/other:spec.tier:change-tier:Baseline",  # no tier between says anything about egress
        "ClusterNetworkPolicy/other:spec.egress[0].action:flip-action:Accept",  # nor does any behind
    },
    "pre-dnat.yaml": {
        # Other ports are denied anyway, by the last rule.
        "GlobalNetworkPolicy/gate:spec.ingress[0].destination.ports[0]:widen-port:30079:30081",
        "GlobalNetworkPolicy/gate:spec.ingress[0].destination.ports[0]:widen-port:30080:30082",
        "GlobalNetworkPolicy/gate:spec.ingress[0]:swap-rules:1",  # the two are about different ports
        "GlobalNetworkPolicy/host:spec.types:change-types:Ingress+Egress",  # without a profile all was denied before
    },
}
#: What can be wrong beside the rules of policies.
BESIDE_RULES = {
    *(Operator.CHANGE_STAGED, Operator.CHANGE_TIER, Operator.DROP_ADDRESS, Operator.DROP_PROFILE),
    *(Operator.DROP_FAILSAFE, Operator.ADD_FAILSAFE, Operator.CHANGE_HOST_ACTION),
}


@cache
def judged_without_cases(file: str) -> list[tuple[Mutant, Finding]]:
    tried = Bench(Cluster.load(str(FIXTURES / "policytests" / file)), tries=2000)
    return [(mutant, finding) for mutant in tried.mutants if (finding := tried.judge(mutant)) is not None]


@pytest.mark.parametrize("file", WITHOUT_DIFFERENCE)
def test_every_mistake_that_makes_a_difference_is_told_from_the_original(file: str) -> None:
    found = judged_without_cases(file)
    unknown = {mutant.id for mutant, finding in found if finding.fate is Fate.MAYBE_EQUIVALENT}
    assert unknown == WITHOUT_DIFFERENCE[file]
    original = Cluster.load(str(FIXTURES / "policytests" / file))
    for mutant, finding in found:
        if finding.witness is not None:
            case = HEAD + "cases:\n" + as_case(mutant, finding.witness)
            (as_it_is,), (with_mistake,) = run_all(case, original), run_all(case, mutant.apply(original))
            assert (as_it_is.passed, with_mistake.failed) == (True, 1), mutant.id


def test_mistakes_beside_the_rules_are_among_them() -> None:
    survived = {
        mutant.operator for mutant, found in judged_without_cases("every-kind.yaml") if found.fate is Fate.SURVIVED
    }
    assert survived >= BESIDE_RULES


def test_what_is_reached_by_translation_alone_is_told_by_translated_packets() -> None:
    """By name and port as a client has them, where a Service translates."""
    told = {
        mutant.id: found.witness for mutant, found in judged_without_cases("pre-dnat.yaml") if found.witness is not None
    }
    for policy, words in (("pods", {("203.0.113.80", "tcp/80"), ("w1", "tcp/30080")}), ("host", {("w1", "tcp/30081")})):
        witness = told[f"GlobalNetworkPolicy/{policy}:spec.ingress[0]:drop-rule"]
        assert witness.packet.dnat
        assert witness.words is not None
        assert (witness.words.destination, witness.words.service) in words


def test_what_is_not_tracked_is_not_translated_either() -> None:
    """No packet is shown that cannot exist."""
    spec = {
        "selector": "role == 'worker'",
        "doNotTrack": True,
        "applyOnForward": True,
        "ingress": [{"action": "Allow", "protocol": "TCP", "destination": {"ports": [30080]}}],
    }
    policy = {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": {"name": "untracked"}}
    original = Cluster.load(str(FIXTURES / "policytests" / "pre-dnat.yaml")).apply({**policy, "spec": spec})
    tried = Bench(original, tries=300)
    translated = 0
    for mutant in tried.mutants:
        finding = tried.judge(mutant)
        if finding is not None and finding.witness is not None and finding.witness.packet.dnat:
            translated += 1
            for cluster in (original, mutant.apply(original)):
                assumed = cluster.verdict(finding.witness.packet).assumptions
                assert not any("it cannot exist" in each for each in assumed), mutant.id
    assert translated


def test_what_is_killed_is() -> None:
    original = Cluster.load(str(FIXTURES / "tutorial"))
    killed = [each for each in tutorial().judgements if each.fate is Fate.KILLED]
    assert len(killed) > 15
    for judgement in killed[::3]:
        outcomes = run_all(Path(POLICYTESTS).read_text(), judgement.mutant.apply(original))
        assert judgement.killed_by is not None
        assert judgement.killed_by.name in {outcome.test.name for outcome in outcomes if not outcome.passed}


def test_what_failsafes_open_no_policy_closes() -> None:
    masters = "GlobalNetworkPolicy/ingress-k8s-masters:spec.ingress"
    assert [each.mutant.id for each in tutorial().judgements if each.fate is Fate.EQUIVALENT] == [
        f"{masters}[0]:drop-rule",
        f"{masters}[0].action:flip-action:Deny",
        f"{masters}[2].destination.ports[0]:widen-port:2379:2380",
        f"{masters}[2].destination.ports[0]:drop-port",
        "GlobalNetworkPolicy/ingress-k8s-workers:spec.order:change-order:ingress-k8s-masters",
    ]


def test_score() -> None:
    found = tutorial()
    counts = {fate: found.count(fate) for fate in Fate}
    assert sum(counts.values()) == len(found.judgements)
    assert found.score == pytest.approx(100 * counts[Fate.KILLED] / (len(found.judgements) - counts[Fate.EQUIVALENT]))
    assert sum(found.kills.values()) == counts[Fate.KILLED]
    assert MutationResults(found.cases, (), 1).score == 100


def test_processes_find_the_same() -> None:
    request = Request(paths=(POLICYTESTS,), tries=50)
    benches = request.benches()
    told = []
    for jobs in (1, 2):
        with judged(request, benches, jobs) as findings:
            told.append(list(findings))
    assert told[0] == told[1]
    assert [task.id for task, _ in told[0]] == [mutant.id for each in benches for mutant in each.mutants]


@pytest.mark.parametrize(("old", "new"), [("ports: [80]", "ports: [90]"), ("kind: Host", "kind: Ghost")])
def test_files_that_change_meanwhile_are_noticed(old: str, new: str, tmp_path: Path) -> None:
    manifest, cases = tmp_path / "m.yaml", tmp_path / "c.policytest.yaml"
    manifest.write_text(MANIFESTS)
    cases.write_text(f"{HEAD}manifests: [m.yaml]\ncases:\n{CASES}")
    request = Request(paths=(str(cases),))
    benches = request.benches()
    assert benches[0].mutants
    manifest.write_text(MANIFESTS.replace(old, new))
    with judged(request, benches, 2) as findings, pytest.raises(CalicoEngineError, match="changed meanwhile"):
        list(findings)


def test_no_more_lines_differ_than_have_to() -> None:
    for survivor in tutorial().survivors:
        mutant = survivor.mutant
        old, new = (as_yaml(value).splitlines() for value in (mutant.original, mutant.changed))
        whole = [line[0] for line in islice(unified_diff(old, new, lineterm=""), 2, None) if line[0] in "-+"]
        shown = [line.text.strip()[0] for line in difference_lines(mutant) if line.tone in ("bad", "good")]
        assert sorted(shown) == sorted(whole), mutant.id


def test_a_question_may_mean_packets_that_get_nowhere() -> None:
    """The sender drops what it sends; the receiver would have been asked next."""
    mute = {"selector": "role == 'worker'", "types": ["Egress"]}
    cluster = CLUSTER.apply(
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "GlobalNetworkPolicy",
            "metadata": {"name": "mute"},
            "spec": mute,
        },
        {**json.loads(json.dumps(CLUSTER.get("HostEndpoint")[0])), "metadata": {"name": "w2"}}
        | {"spec": {"node": "w2", "interfaceName": "eth0", "expectedIPs": ["192.0.2.2"]}},
    )
    verdict = cluster.check("w1", "w2", "tcp/80")
    assert [packet.node for packet in verdict.packets] == ["w1"]
    assert [packet.node for packet in verdict.possible_packets] == ["w1", "w2"]


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.fixture
def small(shell: Shell) -> str:
    shell.file(MANIFESTS)
    return shell.file(f"{HEAD}manifests: [m.yaml]\ncases:{CASES}", "c.policytest.yaml")


def test_the_report(shell: Shell, small: str) -> None:
    told = shell("mutate", "-j", "1", small)
    assert (told.code, told.err) == (0, "")
    assert (
        f"✗ narrow-net ingress[0].source.nets[0]: 198.51.100.0/25 → 198.51.100.0/26  ({shell.folder}/m.yaml:13)"
        in told.out
    )
    assert "      -       - 198.51.100.0/25\n      +       - 198.51.100.0/26\n" in told.out
    assert "a case that would notice: ALLOW as it is, DENY with the mistake" in told.out
    assert "noticed by in:" not in told.out
    assert told.out.splitlines()[-1].startswith("score 7")
    loud = shell("mutate", "-j", "1", "-v", small)
    assert "✓ drop-rule ingress[0]: rule dropped" in loud.out
    assert "noticed by in: expected allow, got DENY by default/web end of tier" in loud.out
    assert "= drop-rule ingress[0]: rule dropped" in loud.out


def test_json_has_all_of_it_and_every_patch_makes_the_mutant(shell: Shell, small: str) -> None:
    report = shell("mutate", "-o", "json", "-j", "1", small).json
    assert valid("mutation", report)
    assert isinstance(report["mutants"], list)
    assert [each["id"] for each in report["mutants"]] == [mutant.id for mutant in CLUSTER.mutants()]
    for each, mutant in zip(report["mutants"], CLUSTER.mutants(), strict=True):
        if mutant.operator is Operator.CHANGE_STAGED:
            assert each["patch"] == {"kind": "StagedGlobalNetworkPolicy"}
        else:
            patched = CLUSTER.patch(each["kind"], each["name"], each["patch"], each["namespace"])
            assert patched.get(mutant.kind, mutant.name) == mutant.apply(CLUSTER).get(mutant.kind, mutant.name)
        assert each["line"] >= 1


def test_json_of_the_tutorial_is_as_published() -> None:
    report = mutation_json(tutorial())
    assert valid("mutation", report)
    wrong: tuple[dict[str, object], ...] = ({"score": 101}, {"tries": None}, {"mutants": [{}]}, {"cases": []})
    for spoil in wrong:
        with pytest.raises(ValidationError):
            valid("mutation", {**report, **spoil})


def valid(name: str, report: Mapping[str, object]) -> bool:
    """Read back, as JSON is; any disagreement is raised."""
    folder = Path(__file__).parents[1] / "engine" / "calico_engine" / "schemas"
    schemas = [json.loads(path.read_text()) for path in folder.iterdir()]
    registry: Registry[Any] = Registry().with_resources([(s["$id"], Resource.from_contents(s)) for s in schemas])
    wanted = next(each for each in schemas if each["$id"].endswith(f":{name}"))
    Draft202012Validator.check_schema(wanted)
    Draft202012Validator(wanted, registry=registry).validate(json.loads(json.dumps(report)))
    return True


def test_operators_and_fates_are_those_of_the_code() -> None:
    folder = Path(__file__).parents[1] / "engine" / "calico_engine" / "schemas"
    mutant = json.loads((folder / "mutation.schema.json").read_text())["$defs"]["mutant"]["properties"]
    assert mutant["operator"]["enum"] == [operator.value for operator in Operator]
    assert mutant["fate"]["enum"] == [fate.value for fate in Fate]


@pytest.mark.parametrize(("least", "code"), [("0", 0), ("70", 0), ("90", 1), ("100", 1)])
def test_fail_under(least: str, code: int, shell: Shell, small: str) -> None:
    assert shell("mutate", "-j", "1", "--fail-under", least, "--tries", "10", small).code == code


@pytest.mark.parametrize(
    "options",
    [
        ("-j", "0"),
        ("--tries", "-1"),
        ("--tries", "9999999"),
        ("--fail-under", "101"),
        ("--fail-under", "nan"),
        ("-k", "nowhere"),
    ],
)
def test_wrong_usage(options: tuple[str, ...], shell: Shell, small: str) -> None:
    told = shell("mutate", *options, small)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: ")


def test_cases_must_pass_as_it_is(shell: Shell) -> None:
    shell.file(MANIFESTS)
    wrong = shell.file(f"{HEAD}manifests: [m.yaml]\ncases:{CASES.replace('deny', 'allow')}", "c.policytest.yaml")
    told = shell("mutate", wrong)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: 2 of 3 cases do not pass as it is")
    assert f"out ({wrong}:6), other port ({wrong}:7)" in told.err


def test_a_bar_on_a_terminal_only(small: str) -> None:
    shown = on_terminal(["mutate", "-j", "1", "--tries", "10", small]).decode()
    assert "mistakes" in shown.split("score")[0]
    assert "%" in shown.split("score")[0]
    done = subprocess.run(
        [*COMMAND, "mutate", "--tries", "10", small], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_an_interruption_ends_it_all(tmp_path: Path) -> None:
    """Many packets are tried, so that it would take long; the processes are those of one group, as in a shell."""
    (tmp_path / "m.yaml").write_text(SHADOWED)
    cases = tmp_path / "c.policytest.yaml"
    cases.write_text(f"{HEAD}manifests: [m.yaml]\ncases:{CASES}")
    with subprocess.Popen(
        [*COMMAND, "mutate", "-j", "2", "--tries", "1000000", str(cases)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell without job control starts what runs in the background deaf to interrupts, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while len(found := children.read_text().split()) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err.strip()) == ("", "")
    assert not any(Path(f"/proc/{child}").exists() for child in found)
