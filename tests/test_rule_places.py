"""Where a rule is written, also where Calico makes several of one, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from calico_engine import Cluster
from calico_engine.controllers import convert
from calico_engine.controllers.kubernetes import cluster_network_policies, network_policies
from calico_engine.controllers.kubernetes.reading import Struct
from calico_engine.packets import Direction

SAMPLE = Path(__file__).parent.parent / "fixtures" / "golden" / "kubernetes-conversions-sample.jsonl"
COUNTED = {
    "NetworkPolicy": network_policies.RULES.written,
    "ClusterNetworkPolicy": cluster_network_policies.RULES.written,
}
MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: a}]}
status: {podIP: 10.65.0.2, podIPs: [{ip: 10.65.0.2}], phase: Running}
---
apiVersion: %s
kind: %s
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 192.168.0.0/16}}]
    ports: [{port: 80}, {port: 53, protocol: UDP}]
  - from:
    - ipBlock: {cidr: 203.0.113.7/32}
"""
KUBERNETES = ("networking.k8s.io/v1", "NetworkPolicy")


@pytest.mark.parametrize("datastore", ["kubernetes", "etcdv3"])
def test_an_answer_names_the_line_of_the_written_rule(datastore: str) -> None:
    cluster = Cluster.parse(MANIFESTS % KUBERNETES, source="p.yaml", datastore=datastore)
    lines = {}
    for source, service in (("10.1.1.1", "tcp/80"), ("192.168.0.1", "udp/53"), ("203.0.113.7", "tcp/443")):
        reason = cluster.check(source, "shop/web", service).decided_by
        lines[source] = (reason.rule, reason.line)
    assert lines == {"10.1.1.1": (0, 18), "192.168.0.1": (3, 18), "203.0.113.7": (4, 20)}


def test_so_do_the_traces_of_a_staged_one() -> None:
    kind = ("projectcalico.org/v3", "StagedKubernetesNetworkPolicy")
    coverage = Cluster.parse(MANIFESTS % kind, source="p.yaml").coverage_collector().coverage()
    (policy,) = coverage.policies
    assert [policy.rule_line(rule) for rule in policy.rules] == [18, 18, 18, 18, 20]


ROWS = [json.loads(line) for line in SAMPLE.read_text().splitlines()]
POLICIES = [row for row in ROWS if row["kind"] in COUNTED]


@pytest.mark.parametrize("row", POLICIES, ids=[row["id"] for row in POLICIES])
def test_every_converted_rule_comes_of_a_written_one_in_their_order(row: Mapping[str, Any]) -> None:
    for policy in convert(row["input"], require_uid=False).resources:
        for direction in Direction:
            rules = {} if policy is None else policy["spec"]
            assert isinstance(rules, dict)
            numbers = COUNTED[row["kind"]](Struct.of(row["input"]), direction)
            assert policy is None or len(numbers) == len(rules.get(direction.value.lower(), ()))
            assert list(numbers) == sorted(numbers)


def test_some_rules_become_several_and_some_none() -> None:
    counted = [COUNTED[row["kind"]](Struct.of(row["input"]), way) for row in POLICIES for way in Direction]
    assert any(len(set(numbers)) < len(numbers) for numbers in counted)
    assert any(list(numbers) != list(range(len(set(numbers)))) for numbers in counted)
