"""The published JSON Schemas: sound in themselves, one with the code, and true of everything that is printed."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from referencing import Registry, Resource

from calico_engine import Cluster, Decision, ManifestError, Packet, ReasonCode
from calico_engine.analysis.answers import HopTrace, PolicyRef, Reason, Witness
from calico_engine.cli import run
from calico_engine.compiler.felix_model import Action, ChainType
from calico_engine.dataplane import traces
from calico_engine.dataplane.hooks import SEQUENCES
from calico_engine.dataplane.outcomes import Outcome
from calico_engine.packets import OPEN_FIELDS, QUERY_KEYS, ConntrackState, Direction

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("answer", "coverage", "mutation", "packet-query", "policy-tests", "policytest", "selection", "validation")
SAMPLE = [json.loads(line) for line in (FIXTURES / "golden" / "verdicts-sample.jsonl").read_text().splitlines()]
WORLDS = tuple(yaml.safe_load_all((FIXTURES / "tutorial.expect.yaml").read_text()))
PROBES_OF_A_SCENARIO = 5


@cache
def schema(name: str) -> Mapping[str, object]:
    text = (resources.files("calico_engine") / "schemas" / f"{name}.schema.json").read_text()
    loaded = json.loads(text)
    assert isinstance(loaded, dict)
    return loaded


@cache
def validator(name: str) -> Draft202012Validator:
    registry: Registry[bool | Mapping[str, object]] = Registry().with_resources(
        [(str(schema(each)["$id"]), Resource.from_contents(schema(each))) for each in NAMES]
    )
    return Draft202012Validator(schema(name), registry=registry, format_checker=FormatChecker())


def definition(name: str) -> Mapping[str, object]:
    definitions = schema("answer")["$defs"]
    assert isinstance(definitions, dict)
    found = definitions[name]
    assert isinstance(found, dict)
    return found


def valid(name: str, value: object) -> None:
    """What is printed, read back: the schema is about JSON, not about Python's values."""
    validator(name).validate(json.loads(json.dumps(value)))


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("decision", Decision),
        ("reasonCode", ReasonCode),
        ("chainType", ChainType),
        ("direction", Direction),
        ("outcome", Outcome),
    ],
)
def test_enumeration_is_that_of_the_code(name: str, members: type[enum.Enum]) -> None:
    assert definition(name)["enum"] == [member.value for member in members]


def test_hooks_are_those_of_the_tables() -> None:
    hooks = definition("hook")["enum"]
    assert isinstance(hooks, list)
    assert sorted(hooks) == sorted({table.name for sequence in SEQUENCES.values() for table in sequence})


def test_keys_that_an_answer_can_depend_on() -> None:
    properties = definition("answer")["properties"]
    assert isinstance(properties, dict)
    keys = properties["dependsOn"]["items"]["enum"]
    asked = {QUERY_KEYS[name] for name in ("source", "destination", "node", *OPEN_FIELDS)}
    assert set(keys) == asked | {"backend"}


def test_actions_and_states_are_those_of_the_code() -> None:
    actions = definition("ruleTrace")["properties"]
    assert isinstance(actions, dict)
    assert set(actions["action"]["enum"]) == {action.value for action in Action}
    properties = schema("packet-query")["properties"]
    assert isinstance(properties, dict)
    assert properties["conntrackState"]["enum"] == [state.value for state in ConntrackState]
    assert set(properties) == set(QUERY_KEYS.values())


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("reason", Reason),
        ("policyReference", PolicyRef),
        ("witness", Witness),
        ("hop", HopTrace),
        ("tableTrace", traces.TableTrace),
        ("stepTrace", traces.StepTrace),
        ("chainTrace", traces.ChainTrace),
        ("tierTrace", traces.TierTrace),
        ("policyTrace", traces.PolicyTrace),
        ("profileTrace", traces.ProfileTrace),
        ("ruleTrace", traces.RuleTrace),
        ("criterionTrace", traces.CriterionTrace),
    ],
)
def test_shape_is_that_of_the_code(name: str, model: type) -> None:
    shape = definition(name)
    keys = [_camel(field.name) for field in dataclasses.fields(model)]
    properties, required = shape["properties"], shape["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    assert sorted(properties) == sorted(required) == sorted(keys)


def test_findings_have_the_fields_of_the_code() -> None:
    definitions = schema("validation")["$defs"]
    assert isinstance(definitions, dict)
    assert definitions["finding"]["required"] == [field.name for field in dataclasses.fields(ManifestError)]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: str(world["world"]))
def test_answers_of_the_tutorial(world: Mapping[str, list[Mapping[str, object]]]) -> None:
    cluster = Cluster.load(*(FIXTURES / str(name) for name in world["load"]))
    for row in world["expect"]:
        packet, check = row.get("packet"), row.get("check")
        if isinstance(packet, dict):
            valid("packet-query", packet)
            verdict = cluster.verdict(Packet.parse(packet))
        else:
            assert isinstance(check, list)
            verdict = cluster.check(*check)
        valid("answer", verdict.to_json())
        valid("answer", verdict.to_json(trace=True))


@pytest.mark.parametrize("scenario", SAMPLE, ids=lambda scenario: str(scenario["id"]))
def test_answers_of_recorded_scenarios(scenario: Mapping[str, object]) -> None:
    probes = scenario["probes"]
    assert isinstance(probes, list)
    cluster = Cluster.parse(str(scenario["manifests"]))
    for query in _spread([probe["packet"] for probe in probes]):
        valid("packet-query", query)
        valid("answer", cluster.verdict(Packet.parse(query)).to_json(trace=True))


def _spread(queries: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Some of them, from all over the list; the first also with its ports left open."""
    yield from queries[:: max(1, len(queries) // PROBES_OF_A_SCENARIO)]
    yield {key: value for key, value in queries[0].items() if not key.endswith("Port")}


def test_uncertain_answers_of_recorded_scenarios() -> None:
    """With every port and ICMP value left open there are plenty, and all are as published."""
    uncertain = 0
    left_out = {"sourcePort", "destinationPort", "icmpType", "icmpCode"}
    for scenario in SAMPLE:
        cluster = Cluster.parse(scenario["manifests"])
        for probe in scenario["probes"][::8]:
            query = {key: value for key, value in probe["packet"].items() if key not in left_out}
            verdict = cluster.verdict(Packet.parse(query))
            if verdict.decision is Decision.UNCERTAIN:
                uncertain += 1
                valid("answer", verdict.to_json(trace=True))
    assert uncertain >= 15


GOOD_ANSWER = {
    "decision": "ALLOW",
    "allowed": True,
    "assumptions": [],
    "decidedBy": {
        "reason": "RULE",
        "node": "n1",
        "hook": "filter-INPUT",
        "chainType": "NORMAL",
        "endpoint": "n1-auto-hep",
        "direction": "Ingress",
        "tier": "default",
        "policy": {"kind": "GlobalNetworkPolicy", "namespace": None, "name": "p"},
        "rule": 2,
        "file": "p.yaml",
        "line": 14,
        "failsafe": None,
    },
}
WRONG: tuple[Callable[[dict[str, object]], object], ...] = (
    lambda answer: answer.update(decision="MAYBE"),
    lambda answer: answer.update(decision="UNCERTAIN"),
    lambda answer: answer.update(allowed=None),
    lambda answer: answer.update(witnesses=[]),
    lambda answer: answer.update(extra=1),
    lambda answer: answer.pop("assumptions"),
    lambda answer: answer.update(decidedBy=None),
    lambda answer: answer.update(decidedBy={**GOOD_ANSWER["decidedBy"], "hook": "nat-PREROUTING"}),  # type: ignore[dict-item]
    lambda answer: answer.update(decidedBy={**GOOD_ANSWER["decidedBy"], "line": 0}),  # type: ignore[dict-item]
)


def test_the_schema_can_say_no() -> None:
    valid("answer", GOOD_ANSWER)
    valid("answer", {"error": "node: is required"})
    for spoil in WRONG:
        answer: dict[str, object] = dict(GOOD_ANSWER)
        spoil(answer)
        with pytest.raises(ValidationError):
            valid("answer", answer)


MANIFESTS = {
    "good": "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: 1}\n",
    "warned": "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {name: h}\n"
    "spec: {node: n, interfaceName: eth0, profiles: [nowhere]}\n---\nkind: Deployment\napiVersion: apps/v1\n",
    "wrong": "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: many, what: 1}\n---\n[\n",
    "nothing": "",
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_reports_of_validate(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_text(MANIFESTS[name])
    code = run(["validate", "-f", str(file), "-o", "json"])
    report = json.loads(capsys.readouterr().out)
    valid("validation", report)
    assert code == (0 if report["valid"] else 1)


@pytest.mark.parametrize("options", [[], ["-v"]])
def test_reports_of_test(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(["test", str(FIXTURES / "policytests"), str(FIXTURES / "policytest-reports"), "-o", "json", *options])
    report = json.loads(capsys.readouterr().out)
    valid("policy-tests", report)
    assert {case["status"] for case in report["cases"]} == {"passed", "failed", "error"}


def test_schemas_are_all_of_the_folder() -> None:
    folder = Path(__file__).parents[1] / "engine" / "calico_engine" / "schemas"
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.schema.json" for name in NAMES)
