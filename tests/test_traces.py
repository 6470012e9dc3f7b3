"""Traces of walks: what is noted of rules, policies, tiers and profiles that decided, and of those that did not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from calico_engine import Cluster, Packet
from calico_engine.dataplane.hooks import Do
from calico_engine.dataplane.traces import ChainTrace, StepTrace

Document = dict[str, object]
Rules = Sequence[Mapping[str, object]]


def document(kind: str, name: str, spec: Mapping[str, object]) -> Document:
    metadata = {"name": name, "labels": {"host": "here"}}
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": dict(spec)}


def policy(name: str, rules: Rules, kind: str = "GlobalNetworkPolicy", **spec: object) -> Document:
    return document(kind, name, {"ingress": rules, "selector": "has(host)", **spec})


def host(*profiles: str, **spec: object) -> Document:
    return document("HostEndpoint", "h", {"node": "n1", "interfaceName": "eth0", "profiles": profiles, **spec})


def steps(*documents: Document, **more: object) -> list[ChainTrace | StepTrace]:
    query = {"node": "n1", "inInterface": "eth0", "source": "10.0.0.9", "destination": "10.0.0.1", "protocol": "TCP"}
    ports = {} if isinstance(more.get("protocol"), int) else {"sourcePort": 40000, "destinationPort": 8080}
    packet = Packet.parse({**query, **ports, **more})
    (hop,) = Cluster.parse(json.dumps(documents), source="trace.json").verdict(packet).trace
    return [step for table in hop.tables for step in table.steps]


def chain(*documents: Document, **more: object) -> ChainTrace:
    """The one endpoint chain that the packet meets."""
    (found,) = (step for step in steps(*documents, **more) if isinstance(step, ChainTrace))
    return found


def test_criteria_that_felix_ignores_count_as_matched() -> None:
    rule = {
        "action": "Allow",
        "protocol": "TCP",
        "source": {"nets": ["10.0.0.9/32", "10.0.0.10/32"]},
        "destination": {"nets": ["192.0.2.1/32", "192.0.2.2/32"], "ports": [8080, "http"]},
    }
    ((found,),) = (one.rules for one in chain(policy("p", [rule]), host()).tiers[0].policies)
    assert [(criterion.field, criterion.matched, criterion.ignored) for criterion in found.criteria] == [
        ("protocol", True, False),
        ("source.nets", True, False),
        ("destination.nets", True, True),
        ("destination.ports", True, False),
    ]
    assert found.matched


def test_http_is_told_and_not_tested() -> None:
    """Only application layer policy does that: in the trace, and once with the manifests."""
    wanted = {"methods": ["GET"], "paths": [{"prefix": "/shop"}, {"exact": "/"}]}
    documents = (
        policy("p", [{"action": "Allow", "http": wanted}, {"action": "Allow", "http": {}}]),
        host(expectedIPs=["192.0.2.1"]),
    )
    ((found, *_),) = (one.rules for one in chain(*documents).tiers[0].policies)
    assert [(each.field, each.wanted, each.ignored) for each in found.criteria] == [("http", "GET /shop*, /", True)]
    assert found.matched
    cluster = Cluster.parse(json.dumps(documents))
    assert [warning.path for warning in cluster.warnings if "does not test http" in warning.message] == [
        "[0].spec.ingress[0].http"
    ]
    explained = cluster.check("203.0.113.7", "n1", "tcp/80").explain()
    assert "✓ rule 0 Allow (line 1): matches everything" in explained
    assert "! http is not tested: only application layer policy does that, which is not modelled" in explained


def test_every_criterion_says_whether_it_matched() -> None:
    rule = {
        "action": "Deny",
        "protocol": "TCP",
        "source": {"nets": ["10.0.0.0/8"], "notNets": ["10.0.0.0/24"], "ports": [1]},
        "destination": {"notPorts": [8080], "selector": "has(host)"},
    }
    ((found,),) = (one.rules for one in chain(policy("p", [rule]), host(expectedIPs=["10.0.0.1"])).tiers[0].policies)
    assert {criterion.field: criterion.matched for criterion in found.criteria} == {
        "protocol": True,
        "source.nets": True,
        "source.notNets": False,
        "source.ports": False,
        "destination.selector": True,
        "destination.notPorts": False,
    }
    assert not found.matched


@pytest.mark.parametrize(
    ("packet", "shown"), [({}, "8080"), ({"protocol": 253}, "no port"), ({"protocol": 4}, "no port")]
)
def test_the_port_of_a_packet_is_shown(packet: Mapping[str, object], shown: str) -> None:
    """A named port needs no protocol in the rule, and so meets packets without ports."""
    rules: Rules = [{"action": "Allow", "destination": {"notPorts": ["web"]}}]
    ((found,),) = (one.rules for one in chain(policy("p", rules), host(), **packet).tiers[0].policies)
    assert [criterion.actual for criterion in found.criteria if criterion.field == "destination.notPorts"] == [shown]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"selector": "has(host)"}, "selector"),
        ({"notSelector": "has(host)"}, "notSelector"),
        ({"namespaceSelector": "has(team)"}, "namespaceSelector"),
        ({"serviceAccounts": {"names": ["a"]}}, "serviceAccounts"),
        ({"selector": "has(host)", "notSelector": "has(team)"}, "selector"),
        ({"namespaceSelector": "has(team)", "serviceAccounts": {"names": ["a"]}}, "selector"),
    ],
)
def test_a_selector_is_called_by_the_field_that_was_written(given: Mapping[str, object], field: str) -> None:
    """Several are one to Felix."""
    rules: Rules = [{"action": "Allow", "source": given}]
    ((found,),) = (one.rules for one in chain(policy("p", rules), host()).tiers[0].policies)
    assert [criterion.field for criterion in found.criteria] == [f"source.{field}"]


def test_what_comes_after_the_decision_is_not_noted() -> None:
    rules: Rules = [{"action": "Log"}, {"action": "Allow"}, {"action": "Deny"}]
    (tier,) = chain(policy("a", rules), policy("b", rules), host("gone")).tiers
    assert [one.name for one in tier.policies] == ["a"]
    assert [(rule.index, rule.action, rule.matched) for rule in tier.policies[0].rules] == [
        (0, "Log", True),
        (1, "Allow", True),
    ]
    assert tier.outcome == "allow"


def test_rules_that_do_not_exist_for_the_version() -> None:
    rules: Rules = [{"action": "Allow", "source": {"notNets": ["2001:db8::/32"]}}, {"action": "Pass"}]
    (tier,) = chain(policy("p", rules), host()).tiers
    assert [(rule.exists, rule.matched, rule.criteria) for rule in tier.policies[0].rules] == [
        (False, False, ()),
        (True, True, ()),
    ]


def test_staged_policies_are_listed_and_not_tried() -> None:
    documents = [policy("a", [{"action": "Allow"}], "StagedGlobalNetworkPolicy"), policy("b", [])]
    (tier,) = chain(*documents, host()).tiers
    assert [(one.kind, one.staged, one.rules) for one in tier.policies] == [
        ("StagedGlobalNetworkPolicy", True, ()),
        ("GlobalNetworkPolicy", False, ()),
    ]
    assert tier.outcome == "end of tier deny"


def test_tiers_that_pass_and_tiers_that_are_missing() -> None:
    tier = document("Tier", "first", {"order": 1, "defaultAction": "Pass"})
    documents = [tier, policy("a", [], tier="first"), policy("b", [], tier="gone"), host("projectcalico-default-allow")]
    found = chain(*documents)
    assert [(tier.name, tier.exists, tier.default_action, tier.outcome) for tier in found.tiers] == [
        ("first", True, "Pass", "next"),
        ("gone", False, "Deny", "end of tier deny"),
    ]
    assert (found.reason, found.profiles) == ("END_OF_TIER", ())


def test_the_pass_bit_ends_a_profile_at_its_first_pass_rule() -> None:
    passes = document("Profile", "passes", {"ingress": [{"action": "Pass"}]})
    rules: Rules = [{"action": "Deny", "protocol": "UDP"}, {"action": "Pass", "protocol": "UDP"}, {"action": "Allow"}]
    cut_short = document("Profile", "short", {"ingress": rules})
    found = chain(passes, cut_short, host("passes", "short", "gone"))
    assert [(profile.name, profile.missing, profile.pass_bit) for profile in found.profiles] == [
        ("passes", False, False),
        ("short", False, True),
        ("gone", True, True),
    ]
    assert [[(rule.matched, rule.by_pass_bit) for rule in profile.rules] for profile in found.profiles] == [
        [(True, False)],
        [(False, False), (False, True)],
        [],
    ]
    assert (found.reason, found.detail) == ("MISSING_PROFILE", "gone")


def test_rules_carry_file_and_line() -> None:
    (tier,) = chain(policy("p", [{"action": "Allow"}]), host()).tiers
    (found,) = tier.policies
    assert (found.file, found.line, found.rules[0].file, found.rules[0].line) == ("trace.json", 1, "trace.json", 1)


def test_steps_without_a_chain() -> None:
    workload = {"node": "n1", "orchestrator": "k8s", "pod": "w", "endpoint": "eth0", "interfaceName": "cali1"}
    pod = document("WorkloadEndpoint", "n1-k8s-w-eth0", {**workload, "ipNetworks": ["10.65.0.2"]})
    found = steps(pod, inInterface="cali1", source="10.65.0.3")
    assert found == [StepTrace(Do.CHECK_SOURCE.value, "drop", "SPOOFED_SOURCE")]


@pytest.mark.parametrize(
    ("interface", "does"), [("inInterface", Do.FROM_WORKLOAD_POLICY), ("outInterface", Do.TO_WORKLOAD_POLICY)]
)
def test_a_workload_interface_without_endpoint(interface: str, does: Do) -> None:
    found = steps(host(), **{"outInterface": "eth1", interface: "cali9"})
    assert found[-1] == StepTrace(does.value, "drop", "UNKNOWN_WORKLOAD_INTERFACE")


def test_failsafes_are_named() -> None:
    found = chain(host(), destinationPort=22)
    assert (found.outcome, found.reason, found.detail) == ("accept the table", "FAILSAFE", "tcp/22")
    assert (found.tiers, found.profiles) == ((), ())
