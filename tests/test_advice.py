"""Remarks on objects that calicoctl takes: what Calico would stumble over, and what may not be meant."""

from __future__ import annotations

import pytest

from calico_engine.manifests.advice import advice
from calico_engine.manifests.cross_advice import missing_profiles, missing_tier, overlaps, twins
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.findings import Advice, Severity
from calico_engine.manifests.validator import validate
from calico_engine.manifests.yaml_problems import render_path
from calico_engine.manifests.yaml_values import parse_value
from calico_engine.resources import API_VERSION, MODELS, GlobalNetworkPolicy, HostEndpoint, Resource

FAILSAFE = "failsafeInboundHostPorts"
TEMPLATES = "controllers: {node: {hostEndpoint: {templates: [{generateName: a, "
TEMPLATE = "spec.controllers.node.hostEndpoint.templates[0]"

REMARKS = [
    # kind, spec, path, severity
    ("NetworkPolicy", "ingress: [{action: Allow, source: {serviceAccounts: {names: [\"a'b\"]}}}]",
     "spec.ingress[0].source.serviceAccounts.names[0]", "error"),
    ("GlobalNetworkPolicy", "ingress: [{action: Allow, source: {serviceAccounts: {names: [A b]}}}]",
     "spec.ingress[0].source.serviceAccounts.names[0]", "warning"),
    ("NetworkPolicy", "egress: [{action: Allow, destination: {services: {name: s}}}]",
     "spec.egress[0].destination.services", "warning"),
    ("NetworkPolicy", "egress: []", "spec.egress", "warning"),
    ("NetworkPolicy", "ingress: [], egress: []", "spec.ingress", "warning"),
    ("HostEndpoint", "node: n, interfaceName: eth0, ports: [{name: p, protocol: 6, port: 80}]",
     "spec.ports[0].protocol", "error"),
    ("GlobalNetworkSet", 'nets: [""]', "spec.nets[0]", "warning"),
    ("Profile", "{}", "", "warning"),
    ("BGPPeer", "{}", "", "warning"),
    ("FelixConfiguration", f"{FAILSAFE}: [{{port: 22}}]", f"spec.{FAILSAFE}[0]", "error"),
    ("FelixConfiguration", f"{FAILSAFE}: [{{protocol: sctp, port: 22}}]", f"spec.{FAILSAFE}[0]", "error"),
    ("FelixConfiguration", f"{FAILSAFE}: [{{protocol: tcp, port: 22, net: x}}]", f"spec.{FAILSAFE}[0]", "error"),
    ("FelixConfiguration", "kubeNodePortRanges: ['1:2']", "spec.kubeNodePortRanges", "warning"),
    ("FelixConfiguration", "nodeSelector: a ==", "spec.nodeSelector", "warning"),
    ("KubeControllersConfiguration", TEMPLATES + "interfaceCIDRs: [x]}]}}}", f"{TEMPLATE}.interfaceCIDRs[0]", "warning"),
    ("KubeControllersConfiguration", TEMPLATES + "interfacePattern: '('}]}}}", f"{TEMPLATE}.interfacePattern", "warning"),
    ("KubeControllersConfiguration", TEMPLATES + "nodeSelector: a b}]}}}", f"{TEMPLATE}.nodeSelector", "warning"),
    ("KubeControllersConfiguration", TEMPLATES + "labels: {a b: c}}]}}}", f'{TEMPLATE}.labels["a b"]', "warning"),
]  # fmt: skip

QUIET = [
    ("NetworkPolicy", "ingress: [{action: Allow, source: {services: {name: s, namespace: n}}}]"),
    ("NetworkPolicy", "egress: [], types: [Ingress]"),
    ("NetworkPolicy", "ingress: []"),
    ("GlobalNetworkPolicy", "{}"),
    ("HostEndpoint", "node: n, interfaceName: eth0, ports: [{name: p, protocol: TCP, port: 80}]"),
    ("FelixConfiguration", f"{FAILSAFE}: [{{protocol: TCP, port: 22, net: 'fd00::/8'}}]"),
    ("FelixConfiguration", f"{FAILSAFE}: []"),
    ("KubeControllersConfiguration", TEMPLATES + "interfacePattern: 'eth.*', nodeSelector: all()}]}}}"),
]


def resource(kind: str, spec: str = "{}", name: str = "default", annotations: str = "{}") -> Resource:
    body = spec if spec == "{}" else f"{{{spec}}}"
    metadata = f"{{name: {name}, annotations: {annotations}}}"
    text = f"{{apiVersion: {API_VERSION}, kind: {kind}, metadata: {metadata}, spec: {body}}}"
    found, problems = decode(MODELS[API_VERSION, kind], parse_value(text))
    assert found is not None, problems
    return found


def shown(remarks: list[Advice]) -> list[tuple[str, str]]:
    return [(render_path(remark.path), remark.severity.value) for remark in remarks]


@pytest.mark.parametrize(("kind", "spec", "path", "severity"), REMARKS, ids=[f"{r[0]} {r[1][:60]}" for r in REMARKS])
def test_remark(kind: str, spec: str, path: str, severity: str) -> None:
    written = resource(kind, spec)
    assert validate(written) == []
    assert shown(advice(written)) == [(path, severity)]


@pytest.mark.parametrize(("kind", "spec"), QUIET, ids=[f"{q[0]} {q[1][:60]}" for q in QUIET])
def test_no_remark(kind: str, spec: str) -> None:
    assert advice(resource(kind, spec)) == []


def test_annotations_with_failsafes_are_read() -> None:
    key = "config.projectcalico.org/FailsafeInboundHostPorts"
    good = resource("FelixConfiguration", annotations=f'{{{key}: "22,udp:53"}}')
    bad = resource("FelixConfiguration", annotations=f'{{{key}: "sctp:22"}}')
    assert advice(good) == []
    assert [(remark.path[-1], remark.severity) for remark in advice(bad)] == [(key, Severity.ERROR)]


def test_a_configuration_that_applies_nowhere() -> None:
    assert shown(advice(resource("FelixConfiguration", name="other"))) == [("metadata.name", "warning")]
    assert advice(resource("FelixConfiguration", name="node.n1")) == []


def test_what_is_missing_around_objects() -> None:
    policy, endpoint = resource("GlobalNetworkPolicy", "tier: platfrm"), resource("HostEndpoint", "profiles: [q, p]")
    assert isinstance(policy, GlobalNetworkPolicy)
    assert isinstance(endpoint, HostEndpoint)
    (tier,) = missing_tier(policy, frozenset({"platform"}))
    assert (render_path(tier.path), tier.severity) == ("spec.tier", Severity.WARNING)
    assert 'did you mean "platform"?' in tier.message
    assert missing_tier(policy, frozenset({"platform", "platfrm"})) == ()
    (profile,) = missing_profiles(endpoint, frozenset({"q"}))
    assert (render_path(profile.path), profile.severity) == ("spec.profiles[1]", Severity.WARNING)
    assert missing_profiles(endpoint, frozenset({"p", "q"})) == ()


def test_two_names_of_what_was_one_policy() -> None:
    both = [resource("GlobalNetworkPolicy", name=name) for name in ("foo", "default.foo", "default.bar")]
    assert [(index, remark.severity.value) for index, remark in twins(both)] == [(1, "warning")]


def test_pools_that_overlap() -> None:
    pools = [
        resource("IPPool", f"cidr: {cidr}", name=name) for name, cidr in (("a", "10.0.0.0/8"), ("b", "10.1.0.0/16"))
    ]
    assert [(index, remark.severity.value) for index, remark in overlaps(pools)] == [(1, "warning")]
