"""The tutorial that locks down Kubernetes nodes, as manifests, and what becomes of every connection that it is about.

`fixtures/tutorial.expect.yaml` holds the worlds and the rows, `fixtures/tutorial.answers.yaml` a few answers in full;
their heads say how to read them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from calico_engine import Cluster, Packet, Verdict

FIXTURES = Path(__file__).parents[1] / "fixtures"
TUTORIAL = ("tutorial",)
REASON_KEYS = {
    *("reason", "node", "hook", "chainType", "endpoint", "direction"),
    *("tier", "policy", "rule", "file", "line"),
}
ROW_KEYS = {"row", "packet", "verdict", "check", "decision", "allowed", "reason", "policy", "rule"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a packet at one node, or a question about a connection, and the answer."""

    world: str
    load: tuple[str, ...]
    text: str
    packet: Mapping[str, object] | None
    check: tuple[str, str, str] | None
    decision: str
    allowed: bool
    reason: str
    policy: str | None
    rule: int | None

    @property
    def id(self) -> str:
        return f"{self.world}: {self.text} ({'check' if self.check else 'packet'})"


def _rows() -> Iterator[Row]:
    for world in yaml.safe_load_all((FIXTURES / "tutorial.expect.yaml").read_text()):
        for row in world["expect"]:
            assert set(row) <= ROW_KEYS, row
            decision = row["verdict"] if "packet" in row else row["decision"]
            yield Row(
                world=world["world"],
                load=tuple(world["load"]),
                text=row["row"],
                packet=row.get("packet"),
                check=tuple(row["check"]) if "check" in row else None,
                decision=decision,
                allowed=row.get("allowed", decision == "ALLOW"),
                reason=row["reason"],
                policy=row.get("policy"),
                rule=row.get("rule"),
            )


ROWS = tuple(_rows())


@cache
def _cluster(load: tuple[str, ...]) -> Cluster:
    return Cluster.load(*(FIXTURES / name for name in load))


def _answer(row: Row) -> Verdict:
    cluster = _cluster(row.load)
    if row.packet is not None:
        return cluster.verdict(Packet.parse(row.packet))
    assert row.check is not None
    return cluster.check(*row.check)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_row(row: Row) -> None:
    verdict = _answer(row)
    assert (verdict.decision.name, verdict.allowed) == (row.decision, row.allowed), verdict.explain()
    assert verdict.decided_by.reason.name == row.reason, verdict.explain()
    if row.policy is not None:
        assert verdict.decided_by.policy is not None
        assert (verdict.decided_by.policy.name, verdict.decided_by.rule) == (row.policy, row.rule), verdict.explain()


def test_every_world_has_rows_of_both_forms() -> None:
    worlds = {row.world for row in ROWS}
    assert {row.world for row in ROWS if row.packet} == worlds == {row.world for row in ROWS if row.check}


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and what its JSON answer must say."""

    question: str
    check: tuple[str, str, str]
    decision: str
    allowed: bool | None
    decided_by: Mapping[str, object] | None
    depends_on: list[str] | None


def _answers() -> Iterator[Answer]:
    for row in yaml.safe_load((FIXTURES / "tutorial.answers.yaml").read_text()):
        source, destination, service = row["check"]
        check = (source, destination, service)
        yield Answer(row["question"], check, row["decision"], row["allowed"], row["decidedBy"], row.get("dependsOn"))


ANSWERS = tuple(_answers())
LOCATED = tuple(answer for answer in ANSWERS if answer.decided_by and answer.decided_by["line"])
UNCERTAIN = tuple(answer for answer in ANSWERS if answer.decision == "UNCERTAIN")


def _question(answer: Answer) -> str:
    return answer.question


def _json_answer(answer: Answer) -> dict[str, object]:
    answered = json.loads(json.dumps(_cluster(TUTORIAL).check(*answer.check).to_json()))
    assert isinstance(answered, dict)
    return answered


@pytest.mark.parametrize("answer", ANSWERS, ids=_question)
def test_answer_as_json(answer: Answer) -> None:
    answered = _json_answer(answer)
    assert (answered["decision"], answered["allowed"]) == (answer.decision, answer.allowed)
    assert answered.get("dependsOn") == answer.depends_on
    assert isinstance(answered["assumptions"], list)
    decided_by = answered["decidedBy"]
    if answer.decided_by is None:
        assert decided_by is None
        return
    assert isinstance(decided_by, dict)
    if decided_by["file"] is not None:
        decided_by["file"] = Path(decided_by["file"]).relative_to(FIXTURES / "tutorial").as_posix()
    assert {key: decided_by[key] for key in REASON_KEYS} == answer.decided_by


@pytest.mark.parametrize("answer", LOCATED, ids=_question)
def test_lines_of_an_answer_are_those_of_the_policy(answer: Answer) -> None:
    """The place that an answer names holds the policy's name, or the action of the rule that decided."""
    assert answer.decided_by is not None
    lines = (FIXTURES / "tutorial" / str(answer.decided_by["file"])).read_text().splitlines()
    line = lines[int(str(answer.decided_by["line"])) - 1]
    policy = answer.decided_by["policy"]
    assert isinstance(policy, dict)
    by_rule = answer.decided_by["rule"] is not None
    assert line.strip() == ("- action: Allow" if by_rule else f"name: {policy['name']}")


@pytest.mark.parametrize("answer", UNCERTAIN, ids=_question)
def test_witnesses_of_an_uncertain_answer_answer_for_themselves(answer: Answer) -> None:
    witnesses = _json_answer(answer)["witnesses"]
    assert isinstance(witnesses, list)
    answers = [_cluster(TUTORIAL).verdict(Packet.parse(witness["packet"])).decision.name for witness in witnesses]
    assert answers == [witness["decision"] for witness in witnesses]
    assert len(set(answers)) == len(answers) == 2


def test_a_trace_is_there_when_wanted() -> None:
    verdict = _cluster(TUTORIAL).check("203.0.113.7", "hep/ip-172-16-101-54.us-west-2.compute.internal-auto-hep", "ssh")
    plain, traced = verdict.to_json(), verdict.to_json(trace=True)
    assert set(traced) - set(plain) == {"trace"}
    assert {key: traced[key] for key in plain} == plain
    json.dumps(traced)
