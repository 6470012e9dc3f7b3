"""What Calico's client and schemas fill in when an object is written, kind by kind (api/pkg/defaults, clientv3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from calico_engine import Cluster

Spec = Mapping[str, object]
RULES = [{"action": "Allow"}]
POLICIES = ("GlobalNetworkPolicy", "NetworkPolicy", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy")


def written(kind: str, name: str, spec: Spec, **metadata: object) -> Any:
    """The object as it is stored."""
    version = "projectcalico.org/v3"
    text = json.dumps({"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec})
    (found,) = Cluster.parse(text).get(kind, name)
    return found


@pytest.mark.parametrize("kind", POLICIES)
def test_types_follow_the_rules_that_are_there(kind: str) -> None:
    """Without rules for egress it is ingress, rules or not; an empty list of rules is none."""
    for ingress, egress in product((None, [], RULES), repeat=2):
        spec = {way: rules for way, rules in (("ingress", ingress), ("egress", egress)) if rules is not None}
        expected = ["Ingress", "Egress"] if ingress and egress else ["Egress"] if egress else ["Ingress"]
        assert written(kind, "p", spec)["spec"]["types"] == expected
        for types in (["Ingress"], ["Egress"], ["Egress", "Ingress"]):
            if not (egress and "Egress" not in types) and not (ingress and "Ingress" not in types):
                assert written(kind, "p", {**spec, "types": types})["spec"]["types"] == types


@pytest.mark.parametrize("kind", POLICIES)
def test_a_policy_has_its_tier_as_a_label_too(kind: str) -> None:
    staged = kind.startswith("Staged")
    labels = {"projectcalico.org/tier": "other", "a": "b"}
    for spec, tier in (({}, "default"), ({"tier": "t"}, "t")):
        found = written(kind, "p", spec, labels=labels)
        assert (found["spec"]["tier"], found["metadata"]["labels"]) == (
            tier,
            {"projectcalico.org/tier": tier, "a": "b"},
        )
        assert found["spec"].get("stagedAction") == ("Set" if staged else None)


def test_a_staged_deletion_has_no_types() -> None:
    assert "types" not in written("StagedNetworkPolicy", "p", {"stagedAction": "Delete"})["spec"]


def test_objects_of_namespaces_are_in_the_default_one() -> None:
    assert written("NetworkSet", "s", {})["metadata"]["namespace"] == "default"
    assert written("NetworkSet", "s", {}, namespace="ns")["metadata"]["namespace"] == "ns"


#: (kind, name, what is given, what is filled in)
FILLED_IN: list[tuple[str, str, Spec, Spec]] = [
    ("Tier", "t", {}, {"order": 1_000_000, "defaultAction": "Deny"}),
    ("Tier", "t", {"order": 0, "defaultAction": "Pass"}, {"order": 0, "defaultAction": "Pass"}),
    ("Tier", "default", {"order": 1_000_000}, {"defaultAction": "Deny"}),
    ("Tier", "kube-admin", {"order": 1_000}, {"defaultAction": "Pass"}),
    ("Tier", "kube-baseline", {"order": 10_000_000}, {"defaultAction": "Pass"}),
    (
        "IPPool",
        "p",
        {"cidr": "10.65.0.0/16"},
        {
            "blockSize": 26,
            "ipipMode": "Never",
            "vxlanMode": "Never",
            "nodeSelector": "all()",
            "allowedUses": ["Workload", "Tunnel"],
            "assignmentMode": "Automatic",
        },
    ),
    (
        "IPPool",
        "p",
        {"cidr": "fd65::/64", "ipipMode": "Never", "vxlanMode": "Always"},
        {"blockSize": 122, "vxlanMode": "Always"},
    ),
    ("IPPool", "p", {"cidr": "10.65.0.0/16", "blockSize": 28}, {"blockSize": 28}),
    ("BGPConfiguration", "default", {}, {"logSeverityScreen": "Info", "serviceLoadBalancerAggregation": "Enabled"}),
    (
        "FelixConfiguration",
        "default",
        {},
        {
            "floatingIPs": "Disabled",
            "bpfConnectTimeLoadBalancing": "TCP",
            "bpfHostNetworkedNATWithoutCTLB": "Enabled",
            "nftablesMode": "Auto",
        },
    ),
    (
        "FelixConfiguration",
        "default",
        {"bpfConnectTimeLoadBalancingEnabled": True},
        {"bpfConnectTimeLoadBalancing": "Enabled", "bpfHostNetworkedNATWithoutCTLB": "Disabled"},
    ),
    (
        "FelixConfiguration",
        "default",
        {"bpfConnectTimeLoadBalancingEnabled": False, "nftablesMode": "Disabled"},
        {
            "bpfConnectTimeLoadBalancing": "Disabled",
            "bpfHostNetworkedNATWithoutCTLB": "Disabled",
            "nftablesMode": "Disabled",
        },
    ),
    (
        "KubeControllersConfiguration",
        "default",
        {"controllers": {"node": {}, "loadBalancer": {}, "policyMigration": {}}},
        {
            "healthChecks": "Enabled",
            "prometheusMetricsPort": 9094,
            "controllers": {
                "node": {"leakGracePeriod": "15m0s"},
                "loadBalancer": {"assignIPs": "AllServices"},
                "policyMigration": {"enabled": "Enabled"},
            },
        },
    ),
]


@pytest.mark.parametrize(("kind", "name", "given", "filled_in"), FILLED_IN)
def test_fields(kind: str, name: str, given: Spec, filled_in: Spec) -> None:
    found = written(kind, name, given)["spec"]
    assert {key: found.get(key) for key in filled_in} == filled_in


def test_a_workload_is_named_and_labelled_after_itself() -> None:
    spec = {"node": "n-1", "orchestrator": "k8s", "pod": "web-0", "endpoint": "eth0", "interfaceName": "cali1"}
    labels = {"projectcalico.org/namespace": "other", "app": "a"}
    metadata = written("WorkloadEndpoint", "n--1-k8s-web--0-eth0", spec, namespace="ns", labels=labels)["metadata"]
    own = {"projectcalico.org/namespace": "ns", "projectcalico.org/orchestrator": "k8s"}
    assert metadata["labels"] == {"app": "a", **own}
