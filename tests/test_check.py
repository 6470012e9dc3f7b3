"""Connections asked the way people ask: small worlds, and what becomes of the questions.

Every file of `fixtures/check` is a stream of worlds, one YAML document each:

    world:     a sentence
    with:      names of files in `pieces/`, loaded with the world's own manifests
    variants:  optional; name → values put in for `${key}` in the manifests
    manifests: documents, as a user writes them
    expect:    list of {check: [source, destination, service], sourcePort?, why?, variants?} and of the answer
               decision, allowed (default: decision is ALLOW), reason, policy, rule, hook: as in its JSON
               hops: each pass through a node as "NODE IN > OUT", with "reply" before it if it is one
               packet: some of what the deciding packet's query holds
               dependsOn: of an UNCERTAIN answer
               assumes: texts, each of which is part of an assumption
               error: part of the message, instead of an answer
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from calico_engine import CalicoEngineError, Cluster, Decision, Packet, UncertainVerdict, Verdict
from calico_engine.analysis.answers import HopTrace

FOLDER = Path(__file__).parents[1] / "fixtures" / "check"
WORLD_KEYS = {"world", "with", "variants", "manifests", "expect"}
QUESTION_KEYS = {"check", "sourcePort", "why", "variants", "error"}
ANSWER_KEYS = {"decision", "allowed", "reason", "policy", "rule", "hook", "hops", "packet", "dependsOn", "assumes"}


@dataclass(frozen=True, slots=True)
class Case:
    """One question of one world, and what is expected of the answer."""

    world: str
    manifests: str
    question: tuple[str, str, str]
    source_port: int | None
    expected: Mapping[str, object]
    error: str | None

    def ask(self) -> Verdict:
        return _cluster(self.manifests).check(*self.question, source_port=self.source_port)


@cache
def _cluster(manifests: str) -> Cluster:
    return Cluster.parse(manifests, source="world.yaml")


def _cases(file: Path) -> Iterator[tuple[str, Case]]:
    for world in yaml.safe_load_all(file.read_text()):
        assert set(world) <= WORLD_KEYS, (file, set(world))
        pieces = [(FOLDER / "pieces" / f"{name}.yaml").read_text() for name in world.get("with", ())]
        template = string.Template("\n---\n".join([*pieces, world["manifests"]]))
        variants = world.get("variants", {"": {}})
        for name, values in variants.items():
            for row in world["expect"]:
                if name in row.get("variants", variants):
                    yield name, _case(file, world["world"], template.substitute(values), row)


def _case(file: Path, world: str, manifests: str, row: dict[str, object]) -> Case:
    error, port, question = row.get("error"), row.get("sourcePort"), row["check"]
    expected = {key: value for key, value in row.items() if key not in QUESTION_KEYS}
    assert set(expected) <= ANSWER_KEYS, (file, row)
    assert (error is None) is bool(expected), row
    assert isinstance(question, list)
    assert port is None or isinstance(port, int)
    source, destination, service = question
    return Case(
        f"{file.name}: {world}",
        manifests,
        (source, destination, service),
        port,
        expected,
        None if error is None else str(error),
    )


def _parameters() -> list[object]:
    seen: Counter[str] = Counter()
    parameters: list[object] = []
    for file in sorted(FOLDER.glob("*.yaml")):
        for variant, case in _cases(file):
            name = " ".join([file.stem, variant, *case.question]).replace("  ", " ")
            seen[name] += 1
            parameters.append(pytest.param(case, id=f"{name} #{seen[name]}" if seen[name] > 1 else name))
    return parameters


CASES = _parameters()


@pytest.mark.parametrize("case", CASES)
def test_question(case: Case) -> None:
    if case.error is not None:
        with pytest.raises((CalicoEngineError, ValueError)) as raised:
            case.ask()
        assert case.error in str(raised.value), case.world
        return
    verdict = case.ask()
    wrong = dict(_differences(verdict, case.expected))
    assert not wrong, f"{case.world}: {wrong}\n{verdict.explain()}"


def _differences(verdict: Verdict, expected: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """(key, what it is) of everything that is not as expected."""
    answer = dict(verdict.to_json())
    decided = answer["decidedBy"]
    if isinstance(decided, dict):
        policy = decided["policy"]
        answer |= {key: decided[key] for key in ("reason", "rule", "hook")}
        answer["policy"] = policy and policy["name"]
    answer["hops"] = [_hop(hop) for hop in verdict.trace]
    wanted = {"allowed": expected["decision"] == "ALLOW", **expected}
    if expected["decision"] == "UNCERTAIN":
        wanted["allowed"] = None
    packet, assumes = wanted.pop("packet", {}), wanted.pop("assumes", [])
    yield from ((key, answer.get(key)) for key, value in wanted.items() if answer.get(key) != value)
    deciding = _deciding(verdict.trace).packet.to_query()
    assert isinstance(packet, dict)
    yield from ((key, deciding.get(key)) for key, value in packet.items() if deciding.get(key) != value)
    assert isinstance(assumes, list)
    yield from ((text, verdict.assumptions) for text in assumes if not any(text in a for a in verdict.assumptions))


def _hop(hop: HopTrace) -> str:
    parts = ["reply" if hop.reply else "", hop.node, hop.packet.in_interface or "", ">", hop.packet.out_interface or ""]
    return " ".join(filter(None, parts))


def _deciding(hops: Sequence[HopTrace]) -> HopTrace:
    return next((hop for hop in hops if not hop.passes), [hop for hop in hops if not hop.reply][-1])


def _answered() -> list[object]:
    return [parameter for parameter in CASES if parameter.values[0].error is None]  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", _answered())
def test_every_hop_is_the_verdict_on_its_packet(case: Case) -> None:
    """What a connection says of a packet is what the packet, asked on its own, gets."""
    cluster, verdict = _cluster(case.manifests), case.ask()
    for hop in verdict.trace:
        alone = cluster.verdict(Packet.parse(hop.packet.to_query()))
        assert (alone.decision, alone.allowed) == (hop.decision, hop.passes), case.world
    for witness in verdict.witnesses:
        alone = cluster.verdict(Packet.parse(witness.packet.to_query()))
        assert (alone.decision, alone.allowed) == (witness.decision, witness.allowed), case.world


@pytest.mark.parametrize("case", _answered())
def test_uncertain_answers_say_what_would_settle_them(case: Case) -> None:
    verdict = case.ask()
    if verdict.decision is not Decision.UNCERTAIN:
        assert (verdict.witnesses, verdict.depends_on) == ((), ())
        return
    with pytest.raises(UncertainVerdict, match=" and ".join(verdict.depends_on[-1:])):
        assert verdict.allowed
    one, other = verdict.witnesses
    assert (one.decision, one.allowed) != (other.decision, other.allowed)


def test_there_are_answers_of_every_decision() -> None:
    decisions = {case.ask().decision for parameter in _answered() for case in parameter.values}  # type: ignore[attr-defined]
    assert decisions == set(Decision)
