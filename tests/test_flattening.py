"""Selectors of policies and rules, flattened: as text, and through the real conversion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from calico_engine import Cluster
from calico_engine.compiler import flattening
from calico_engine.compiler.conversion import convert
from calico_engine.compiler.felix_model import FelixModel, Notice
from calico_engine.datastore import build
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.resources.rules import EntityRule
from calico_selectors import Selector

TABLES = yaml.safe_load((Path(__file__).parents[1] / "fixtures" / "vectors" / "flattening.yaml").read_text())
#: Namespaces are profiles to Felix; ns1 is labelled x=y.
NAMESPACES = {"ns1": {"pcns.x": "y"}, "ns2": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCase:
    """The selector fields of a policy, and what they become."""

    kind: str
    namespace: str = ""
    selector: str = ""
    namespaceSelector: str = ""  # noqa: N815
    serviceAccountSelector: str = ""  # noqa: N815
    flattened: str
    vanishes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCase:
    """One side of a rule, and the two selectors that it becomes."""

    namespace: str = ""
    side: Mapping[str, object]
    positive: str = ""
    negative: str = ""
    vanishes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """A positive and a negative selector, and what is left of them."""

    positive: str
    negative: str
    folded: list[str] = field(default_factory=list)
    same: str | None = None


POLICIES = [PolicyCase(**row) for row in TABLES["policies"]]
SIDES = [SideCase(**row) for row in TABLES["sides"]]
FOLDINGS = [Folding(**row) for row in TABLES["foldings"]]


def resource(kind: str, name: str, namespace: str, spec: Mapping[str, object]) -> dict[str, object]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec}


def policy_of(case: PolicyCase) -> dict[str, object]:
    names = ("selector", "namespaceSelector", "serviceAccountSelector")
    spec = {name: getattr(case, name) for name in names if getattr(case, name)}
    return resource(case.kind, "p", case.namespace, spec)


def policy_with(case: SideCase) -> dict[str, object]:
    rule = {"action": "Allow", "protocol": "TCP", "source": case.side}
    kind = "NetworkPolicy" if case.namespace else "GlobalNetworkPolicy"
    return resource(kind, "p", case.namespace, {"ingress": [rule]})


def converted(document: Mapping[str, object]) -> FelixModel:
    loaded = load([Source("row.json", json.dumps(document))], stored=True)
    datastore, twice = build(loaded, stored=True)
    assert (loaded.errors, twice) == ([], [])
    return convert(datastore)


def notices(model: FelixModel) -> list[Notice]:
    return [part.notice for parts in model.parts.values() for part in parts.values() if part.notice is not None]


def vanished(document: Mapping[str, object]) -> list[str | None]:
    """The paths that Cluster's warnings name for policies that Felix ignores."""
    cluster = Cluster.parse(json.dumps(document), source="row.json", stored=True)
    ignored = [warning for warning in cluster.warnings if "Felix ignores this" in warning.message]
    assert all((warning.file, warning.line) == ("row.json", 1) for warning in ignored)
    return [warning.path for warning in ignored]


@pytest.mark.parametrize("case", POLICIES, ids=str)
def test_policy_selector_as_text(case: PolicyCase) -> None:
    if case.namespace:
        text = flattening.namespaced_policy_selector(case.selector, case.namespace, case.serviceAccountSelector)
    else:
        text = flattening.global_policy_selector(case.selector, case.namespaceSelector, case.serviceAccountSelector)
    assert text == case.flattened


@pytest.mark.parametrize("case", [case for case in POLICIES if case.vanishes is None], ids=str)
def test_policy_selector_in_felix_model(case: PolicyCase) -> None:
    model = converted(policy_of(case))
    assert [str(policy.selector) for policy in model.policies] == [str(Selector(case.flattened))]
    assert notices(model) == []


@pytest.mark.parametrize("case", [case for case in POLICIES if case.vanishes is not None], ids=str)
def test_policy_vanishes(case: PolicyCase) -> None:
    assert converted(policy_of(case)).policies == ()
    assert vanished(policy_of(case)) == [case.vanishes]


@pytest.mark.parametrize("case", SIDES, ids=str)
def test_rule_selectors_as_text(case: SideCase) -> None:
    entity, problems = decode(EntityRule, case.side)
    assert entity is not None
    assert problems == []
    assert flattening.entity_selectors(entity, case.namespace) == (case.positive, case.negative)


@pytest.mark.parametrize("case", [case for case in SIDES if case.vanishes is None], ids=str)
def test_rule_selectors_in_felix_model(case: SideCase) -> None:
    model = converted(policy_with(case))
    ((rule,),) = (policy.ingress for policy in model.policies)
    wanted = [Selector(text) if text else None for text in flattening.combined(case.positive, case.negative)]
    assert [rule.source.positive, rule.source.negative] == wanted
    assert (rule.destination.positive, rule.destination.negative) == (None, None)
    assert notices(model) == []


@pytest.mark.parametrize("case", [case for case in SIDES if case.vanishes is not None], ids=str)
def test_policy_vanishes_for_a_rule(case: SideCase) -> None:
    assert converted(policy_with(case)).policies == ()
    assert vanished(policy_with(case)) == [case.vanishes]


@pytest.mark.parametrize("case", FOLDINGS, ids=str)
def test_folding(case: Folding) -> None:
    positive, negative = flattening.combined(case.positive, case.negative)
    assert [positive, negative] == case.folded
    if case.same is not None:
        assert Selector(positive).unique_id == Selector(case.same).unique_id


@pytest.mark.parametrize("row", TABLES["admissions"], ids=str)
def test_namespace_selectors_admit(row: Mapping[str, object]) -> None:
    policy = resource("GlobalNetworkPolicy", "p", "", {"namespaceSelector": row["namespaceSelector"]})
    profiles = [
        resource("Profile", f"kns.{name}", "", {"labelsToApply": {**labels, "pcns.projectcalico.org/name": name}})
        for name, labels in NAMESPACES.items()
    ]
    host = resource("HostEndpoint", "h", "", {"node": "n1", "interfaceName": "eth0"})
    pods = [
        resource("WorkloadEndpoint", "w", namespace, {**POD, "profiles": [f"kns.{namespace}"]})
        for namespace in NAMESPACES
    ]
    cluster = Cluster.parse(json.dumps([policy, host, *profiles, *pods]), stored=True)
    endpoints = {"host": "hep/h", "ns1": "wep/ns1/w", "ns2": "wep/ns2/w"}
    admitted = {name: bool(cluster.policies_for(endpoint)) for name, endpoint in endpoints.items()}
    assert admitted == {name: row[name] for name in endpoints}


POD = {"node": "n1", "orchestrator": "k8s", "interfaceName": "cali1", "ipNetworks": ["10.65.0.2/32"]}


@pytest.mark.parametrize("length", [507, 508])
def test_long_label_names_break_under_their_prefix(length: int) -> None:
    """A label name has at most 512 bytes, and the prefix has 5 of them."""
    name = "a" * length
    document = resource("GlobalNetworkPolicy", "p", "", {"selector": "has(b)", "namespaceSelector": f"has({name})"})
    assert flattening.global_policy_selector("has(b)", f"has({name})", "") == f"(has(b)) && has(pcns.{name})"
    assert vanished(document) == ([] if length == 507 else ["spec.selector"])


@pytest.mark.parametrize("length", [507, 508])
def test_long_account_label_names_break_under_their_prefix(length: int) -> None:
    side = {"serviceAccounts": {"selector": f"has({'a' * length})"}}
    document = resource("GlobalNetworkPolicy", "p", "", {"ingress": [{"action": "Allow", "source": side}]})
    assert len(vanished(document)) == (0 if length == 507 else 1)
