"""Coverage: what packets exercise of policies, rules and clauses. Its laws are in tests/property/test_coverage_laws.py."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from calico_engine import Cluster, Packet
from calico_engine.analysis.coverage import Coverage, DirectionCoverage, PolicyCoverage, RuleCoverage, merge, within
from calico_engine.manifests.yaml_problems import render_path

Document = Mapping[str, object]

FOLDER = Path(__file__).parents[1] / "fixtures" / "coverage"
AROUND = (FOLDER / "world.yaml").read_text()
ROWS = yaml.safe_load((FOLDER / "clauses.yaml").read_text())
A, B, C, OUTSIDE = "10.0.0.1", "10.0.0.2", "10.0.0.3", "203.0.113.7"


def packet(text: str, **more: object) -> Packet:
    """`TCP 10.0.0.1 80`: protocol, source, destination port or ICMP type; what comes in on eth0 of n1."""
    protocol, source, *rest = text.split()
    destination = "2001:db8::1" if ":" in source else "192.0.2.1"
    query: dict[str, object] = {"node": "n1", "inInterface": "eth0", "source": source, "destination": destination}
    query["protocol"] = protocol if protocol.isalpha() else int(protocol)
    if protocol in ("TCP", "UDP"):
        query |= {"sourcePort": 4000, "destinationPort": int(rest[0])}
    elif protocol == "ICMP":
        query |= {"icmpType": int(rest[0]), "icmpCode": 0}
    return Packet.parse({**query, **more})


def document(kind: str, name: str, spec: Document, **metadata: str) -> Document:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def policy(name: str, rules: Sequence[Document], kind: str = "GlobalNetworkPolicy", **spec: object) -> Document:
    return document(kind, name, {"selector": "has(host)", "ingress": list(rules), **spec})


def cluster(*documents: Document) -> Cluster:
    return Cluster.parse("\n---\n".join([AROUND, *map(json.dumps, documents)]), source="world.yaml")


def covered(world: Cluster, *packets: Packet | str) -> Coverage:
    collector = world.coverage_collector()
    for each in packets:
        collector.add(world.verdict(packet(each) if isinstance(each, str) else each))
    return collector.coverage()


def of(coverage: Coverage, name: str) -> PolicyCoverage:
    (found,) = (each for each in coverage.policies if each.id.name == name)
    return found


def only(coverage: Coverage, name: str) -> DirectionCoverage:
    (found,) = of(coverage, name).directions
    return found


def counts(rule: RuleCoverage) -> dict[str, list[int]]:
    return {render_path(each.clause.path): [each.matched, each.decisive] for each in rule.clauses}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["what"]))
def test_what_is_counted_of_a_rule(row: Mapping[str, object]) -> None:
    rule, packets, tried, matched = row["rule"], row["packets"], row["tried"], row["matched"]
    assert isinstance(rule, dict)
    assert isinstance(packets, list)
    assert isinstance(matched, int)
    direction = only(covered(cluster(policy("p", [rule])), *packets), "p")
    (found,) = direction.rules
    assert counts(found) == row["clauses"]
    assert (found.tried, found.matched, found.decided) == (tried, matched, matched)
    assert (direction.tried, direction.denied_at_end) == (len(packets), len(packets) - matched)


def test_a_service_as_the_destination_is_addresses_with_ports() -> None:
    rule = {"action": "Allow", "destination": {"services": {"name": "web", "namespace": "shop"}}}
    world = cluster(document("GlobalNetworkPolicy", "p", {"selector": "has(host)", "egress": [rule]}))
    query = packet("TCP 192.0.2.1 8080", outInterface="eth0", destination=A).to_query()
    del query["inInterface"]
    packets = (Packet.parse(query | change) for change in ({}, {"destinationPort": 80}, {"protocol": "UDP"}))
    (found,) = only(covered(world, *packets), "p").rules
    assert counts(found) == {"destination.services": [1, 2]}


@pytest.mark.parametrize(
    ("selectors", "clauses"),
    [
        # What the policy's own namespace keeps out, where Felix looks in it alone, is no single selector's doing.
        (
            {"selector": "has(app)", "notSelector": "app == 'b'"},
            {"source.selector": [1, 0], "source.notSelector": [1, 0]},
        ),
        # A namespaceSelector is in the way of what lies in any other namespace, the own one or not.
        (
            {"selector": "app == 'a'", "namespaceSelector": "team == 'sales'"},
            {"source.selector": [1, 0], "source.namespaceSelector": [1, 1]},
        ),
    ],
)
def test_selectors_in_a_policy_of_one_namespace(
    selectors: Mapping[str, str], clauses: Mapping[str, Sequence[int]]
) -> None:
    spec = {"selector": "app == 'b'", "ingress": [{"action": "Allow", "source": selectors}]}
    world = cluster(document("NetworkPolicy", "p", spec, namespace="shop"))
    way = {"node": "n2", "outInterface": "cali2", "destination": B}
    (found,) = only(covered(world, *(packet(f"47 {source}", **way) for source in (A, C, OUTSIDE))), "p").rules
    assert counts(found) == clauses


def test_log_rules_match_and_decide_nothing_and_pass_rules_end_their_tier() -> None:
    rules = [{"action": "Log"}, {"action": "Pass", "protocol": "TCP"}, {"action": "Deny"}]
    coverage = covered(cluster(policy("p", rules)), f"TCP {A} 80", f"UDP {A} 80")
    assert [(rule.tried, rule.matched, rule.decided) for rule in of(coverage, "p").rules] == [
        *((2, 2, 0), (2, 1, 0), (1, 1, 1))
    ]
    assert coverage.reasons == {"NO_PROFILE_MATCHED": 1, "RULE": 1}


def test_tiers_policies_and_what_they_are_for() -> None:
    world = cluster(
        document("Tier", "first", {"order": 1, "defaultAction": "Pass"}),
        policy("staged", [{"action": "Deny"}], "StagedGlobalNetworkPolicy", tier="first"),
        policy("passed", [{"action": "Allow", "protocol": "UDP"}], tier="first"),
        policy("open", [{"action": "Allow", "protocol": "TCP"}], order=1),
        policy("never", [{"action": "Deny"}], selector="has(nothing)"),
        policy("half", [{"action": "Deny"}], egress=[{"action": "Deny"}], types=["Ingress"], order=2),
        policy("untracked", [{"action": "Deny"}], selector="has(app)", doNotTrack=True, applyOnForward=True),
        policy("silent", [], types=["Ingress", "Egress"]),
    )
    coverage = covered(world, f"TCP {A} 80", f"UDP {A} 80", f"47 {A}")
    assert [(tier.name, tier.default_action, tier.denied, tier.passed) for tier in coverage.tiers] == [
        ("default", "Deny", 0, 0),
        ("first", "Pass", 0, 2),
    ]
    applying = {each.id.name: len(each.endpoints) for each in coverage.policies if each.id.kind != "Profile"}
    assert applying == {"staged": 1, "passed": 1, "open": 1, "never": 0, "half": 1, "untracked": 0, "silent": 1}
    assert [each.id.name for each in coverage.policies if each.staged] == ["staged"]
    assert [(each.direction.value, each.acts, each.tried) for each in of(coverage, "half").directions] == [
        ("Ingress", True, 1),
        ("Egress", False, 0),
    ]
    assert [each.tried for each in of(coverage, "silent").directions] == [0, 0]
    shares = [(each.id.name, *each.share) for each in coverage.enforced]
    assert shares == [
        ("passed", 4, 4),
        ("open", 4, 4),
        ("never", 0, 2),
        ("half", 2, 4),
        ("untracked", 0, 2),
        ("silent", 0, 2),
    ]
    assert coverage.share == (10, 18)


def test_the_end_of_a_tier_that_denies() -> None:
    coverage = covered(cluster(policy("a", []), policy("b", [{"action": "Allow", "protocol": "TCP"}])), f"UDP {A} 80")
    (tier,) = coverage.tiers
    assert (tier.name, tier.denied, tier.passed) == ("default", 1, 0)
    assert [only(coverage, name).denied_at_end for name in "ab"] == [1, 1]


def test_the_end_of_a_tier_denies_no_packet_of_untracked_policy() -> None:
    untracked = policy("p", [{"action": "Allow", "protocol": "TCP"}], doNotTrack=True, applyOnForward=True)
    coverage = covered(cluster(untracked), f"UDP {A} 80")
    assert [(tier.denied, tier.passed) for tier in coverage.tiers] == [(0, 1)]
    assert (only(coverage, "p").tried, only(coverage, "p").denied_at_end) == (1, 0)


def test_profiles_that_are_written_count_and_others_do_not() -> None:
    rules = [{"action": "Pass"}, {"action": "Allow"}], [{"action": "Deny", "protocol": "TCP"}, {"action": "Pass"}]
    world = cluster(*(document("Profile", name, {"ingress": given}) for name, given in zip("pq", rules, strict=True)))
    world = world.patch("hep", "h", {"spec": {"profiles": ["p", "q", "projectcalico-default-allow"]}})
    coverage = covered(world, f"UDP {A} 80", f"TCP {A} 80")
    assert [each.id.name for each in coverage.policies] == ["p", "q"]
    assert [len(each.endpoints) for each in coverage.policies] == [1, 1]
    tallies = [[(rule.tried, rule.matched, rule.decided) for rule in of(coverage, name).rules] for name in "pq"]
    assert tallies == [[(2, 2, 0), (0, 0, 0)], [(2, 1, 1), (1, 1, 0)]]


def test_the_pass_mark_ends_a_profile_at_a_rule_that_does_not_match() -> None:
    passing = document("Profile", "p", {"ingress": [{"action": "Pass"}]})
    rules = [{"action": "Pass", "protocol": "UDP"}, {"action": "Allow"}]
    world = cluster(passing, document("Profile", "q", {"ingress": rules}))
    coverage = covered(world.patch("hep", "h", {"spec": {"profiles": ["p", "q"]}}), f"TCP {A} 80")
    assert [(rule.tried, rule.matched) for rule in of(coverage, "q").rules] == [(1, 0), (0, 0)]


KUBERNETES = """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: b}}
  ingress:
  - ports: [{port: 80}, {port: 53, protocol: UDP}]
"""


def test_lines_are_those_of_the_manifests() -> None:
    rule = """
  - action: Allow
    protocol: TCP
    source:
      nets:
      - 10.0.0.0/8
      - 10.0.0.1/32
      selector: >-
        has(app)
    destination: {ports: [80]}
"""
    text = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: p\nspec:\n  ingress:" + rule
    coverage = Cluster.parse(text + KUBERNETES, source="p.yaml").coverage_collector().coverage()
    found, converted = coverage.policies
    (direction,) = found.directions
    (own,) = direction.rules
    lines = {render_path(each.clause.path): found.clause_line(own, each.clause) for each in own.clauses}
    assert (found.file, found.line, found.rule_line(own)) == ("p.yaml", 4, 7)
    assert lines == {
        "protocol": 8,
        "source.nets[0]": 11,
        "source.nets[1]": 12,
        "source.selector": 13,
        "destination.ports[0]": 15,
    }
    # A rule of Kubernetes' became two, whose words are not its words.
    (direction,) = converted.directions
    places = {converted.rule_line(each) for each in direction.rules}
    places |= {converted.clause_line(each, clause.clause) for each in direction.rules for clause in each.clauses}
    assert (converted.id.kind, converted.line, len(direction.rules), places) == ("KubernetesNetworkPolicy", 20, 2, {24})


def test_everything_exercised_is_all_of_it_and_one_packet_less_is_not() -> None:
    rules = (
        {"action": "Allow", "protocol": "TCP", "source": {"nets": ["10.0.0.0/30"]}, "destination": {"ports": [80, 81]}},
        {"action": "Deny", "notProtocol": "TCP", "source": {"selector": "app == 'b'"}},
    )
    world = cluster(policy("p", rules))
    packets = [f"TCP {A} 80", f"TCP {A} 81", f"TCP {OUTSIDE} 80", f"TCP {B} 82", f"UDP {B} 80", f"UDP {A} 82"]
    assert covered(world, *packets).percent == 100
    for number in range(len(packets)):
        assert covered(world, *packets[:number], *packets[number + 1 :]).percent < 100


def test_without_policies_all_of_nothing_is_covered() -> None:
    assert (Coverage().percent, covered(cluster(), f"TCP {A} 80").percent) == (100, 100)


def test_the_packets_of_an_uncertain_verdict_all_count() -> None:
    world = cluster(policy("p", [{"action": "Allow", "protocol": "TCP", "destination": {"ports": [80]}}]))
    collector = world.coverage_collector()
    verdict = world.check(OUTSIDE, "n1", "tcp")
    collector.add(verdict)
    assert verdict.decision.name == "UNCERTAIN"
    (found,) = only(collector.coverage(), "p").rules
    assert (found.tried, counts(found)) == (2, {"protocol": [1, 0], "destination.ports[0]": [1, 1]})


def test_rules_that_a_change_moves_count_as_themselves_and_those_that_it_brings_in_not_at_all() -> None:
    rules: list[Document] = [{"action": "Allow", "protocol": "TCP"}, {"action": "Allow", "protocol": "TCP"}]
    world = cluster(policy("p", rules, order=1))
    changed = world.patch("gnp", "p", {"spec": {"ingress": [{"action": "Deny", "protocol": "UDP"}, *rules]}})
    changed = changed.apply(policy("q", [{"action": "Deny"}], order=9))
    base, seen = world.coverage_collector().coverage(), covered(changed, f"TCP {A} 80", f"UDP {A} 80", f"47 {A}")
    merged = merge([base, seen])
    assert merged == merge([seen, base])
    assert [(rule.index, rule.matched) for rule in of(merged, "p").rules] == [(0, 1), (0, 1), (1, 0)]
    kept = within(merged, base)
    assert [each.id.name for each in kept.policies] == ["p"]
    assert [(rule.index, rule.tried, rule.matched) for rule in of(kept, "p").rules] == [(0, 2, 1), (1, 1, 0)]
    assert kept == within(seen, base)
    assert kept.reasons == seen.reasons
