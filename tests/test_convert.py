"""`calico-engine convert`: what Kubernetes objects become, as data that is read again, and what is lost on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from calico_engine import Cluster

if TYPE_CHECKING:
    from tests.conftest import Command

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: web}]}
status: {podIP: 10.65.0.9}
"""
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
"""
ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
"""
NODE = """
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {zone: a}, annotations: {projectcalico.org/IPv4Address: 10.0.0.1/24}}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}
"""
CLUSTER_POLICY = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: admin}
spec: {tier: Admin, priority: 5, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}
"""
PARTLY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: partly}
spec:
  podSelector: {}
  ingress:
  - ports: [{port: no good}]
  - {}
"""
REFUSED = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: refused}
spec: {podSelector: text}
"""
NOTHING = """
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {clusterIP: 10.96.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: on-the-host}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: not-scheduled}
spec: {containers: [{name: a}]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: calico}
spec: {selector: all()}
"""


def write(folder: Path, *documents: str) -> str:
    file = folder / "objects.yaml"
    file.write_text("---".join(documents))
    return str(file)


def keys(text: str) -> list[tuple[str, str | None, str]]:
    documents: list[dict[str, Any]] = [document for document in yaml.safe_load_all(text) if document]
    return [(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in documents]


WEP, NP, GNP = "WorkloadEndpoint", "NetworkPolicy", "GlobalNetworkPolicy"


@pytest.mark.parametrize(
    ("document", "with_kubernetes", "with_etcd"),
    [
        (POD, [(WEP, "shop", "n1-k8s-web--0-eth0")], [(WEP, "shop", "n1-k8s-web--0-eth0")]),
        (NAMESPACE, [("Profile", None, "kns.shop")], [("Profile", None, "kns.shop")]),
        (ACCOUNT, [("Profile", None, "ksa.shop.cart")], [("Profile", None, "ksa.shop.cart")]),
        (NODE, [("Node", None, "n1")], []),
        (POLICY, [(NP, "default", "in")], [(NP, "default", "knp.default.in")]),
        (CLUSTER_POLICY, [(GNP, None, "admin")], []),
        (NOTHING, [], []),
    ],
)
def test_what_each_kind_becomes(
    command: Command, tmp_path: Path, document: str, with_kubernetes: object, with_etcd: object
) -> None:
    file = write(tmp_path, document)
    for datastore, expected in (("kubernetes", with_kubernetes), ("etcdv3", with_etcd)):
        result = command("convert", "-f", file, "--datastore", datastore)
        assert (result.code, result.err, keys(result.out)) == (0, "", expected)


def test_documents_come_in_the_order_of_the_manifests_and_json_holds_the_same(command: Command, tmp_path: Path) -> None:
    file = write(tmp_path, POLICY, POD, NODE, NAMESPACE)
    text = command("convert", "-f", file).out
    assert [kind for kind, _, _ in keys(text)] == [NP, WEP, "Node", "Profile"]
    listed = json.loads(command("convert", "-f", file, "-o", "json").out)
    assert (listed["kind"], listed["items"]) == ("List", list(yaml.safe_load_all(text)))


def test_what_is_printed_is_read_again_and_decides_the_same(command: Command, tmp_path: Path) -> None:
    documents = [NAMESPACE, POD, NODE, POLICY.replace("name: in", "name: in, namespace: shop")]
    converted = command("convert", "-f", write(tmp_path, *documents)).out
    clusters = Cluster.parse("---".join(documents)), Cluster.parse(converted, stored=True)
    for service in ("tcp/80", "tcp/81"):
        before, after = (cluster.check("203.0.113.7", "shop/web-0", service) for cluster in clusters)
        assert before.decision == after.decision
        assert before.allowed is (service == "tcp/80")


def test_a_rule_that_is_left_out_is_a_warning_at_its_place(command: Command, tmp_path: Path) -> None:
    result = command("convert", "-f", write(tmp_path, PARTLY, POLICY))
    assert result.code == 0
    assert keys(result.out) == [(NP, "default", "partly"), (NP, "default", "in")]
    assert "objects.yaml:8:5: NetworkPolicy/partly spec.ingress[0]: Calico leaves this rule out: " in result.err
    assert result.err.startswith("warning: ")
    assert result.err.count("\n") == 1


def test_with_etcd_such_a_policy_is_not_written_at_all(command: Command, tmp_path: Path) -> None:
    result = command("convert", "-f", write(tmp_path, PARTLY, POLICY), "--datastore", "etcdv3")
    assert (result.code, keys(result.out)) == (1, [(NP, "default", "knp.default.in")])
    assert result.err.startswith("error: ")
    assert "this rule keeps Calico from converting the policy" in result.err


def test_an_object_that_cannot_be_converted_is_an_error_and_the_others_are_printed(
    command: Command, tmp_path: Path
) -> None:
    result = command("convert", "-f", write(tmp_path, REFUSED, POLICY))
    assert (result.code, keys(result.out)) == (1, [(NP, "default", "in")])
    assert "NetworkPolicy/refused: Calico cannot convert it: " in result.err


@pytest.mark.parametrize("wrong", ["kind: [", "apiVersion: v1\nkind: Pod\nmetadata: {}\n"])
def test_manifests_that_cannot_be_read_print_nothing(command: Command, tmp_path: Path, wrong: str) -> None:
    result = command("convert", "-f", write(tmp_path, POLICY, "\n" + wrong))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
