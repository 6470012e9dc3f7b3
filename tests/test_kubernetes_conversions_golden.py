"""Kubernetes objects as Calico v3.32.1's own converters converted them, and as its update processors gave them to Felix.

A sample lies in the repository; the whole recording is asked where it is at hand.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calico_engine.compiler import flattening
from calico_engine.compiler.conversion import convert as felix_model
from calico_engine.compiler.felix_model import FelixModel
from calico_engine.controllers.kubernetes.conversion import Conversion, convert, convert_for_etcd
from calico_engine.controllers.kubernetes.workloads import is_ready, is_workload_endpoint
from calico_engine.datastore import Datastore, Entry
from calico_engine.manifests.decoding import decode
from calico_engine.networks import parse_network
from calico_engine.packets import PROTOCOL_NAMES, format_address
from calico_engine.resources import GlobalNetworkPolicy, NetworkPolicy, Node, Profile, Resource, WorkloadEndpoint
from calico_engine.resources.rules import EntityRule

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "fixtures" / "golden" / "kubernetes-conversions-sample.jsonl"
RECORDING = ROOT.parent / "shared" / "golden" / "kubernetes-conversions.jsonl.gz"
KINDS = ("ClusterNetworkPolicy", "Namespace", "NetworkPolicy", "Node", "Pod", "ServiceAccount")
MODELS: Mapping[str, type[Resource]] = {
    model.KIND: model for model in (GlobalNetworkPolicy, NetworkPolicy, Node, Profile, WorkloadEndpoint)
}
ACTIONS = {"Allow": "allow", "Deny": "deny", "Pass": "next-tier"}
#: Messages of Calico's JSON decoder, of which only the beginning is ours too.
DECODER = "as JSON: "

Row = Mapping[str, Any]
Check = Callable[[Row], bool]


@cache
def rows(source: str) -> tuple[Row, ...]:
    if source == "sample":
        return tuple(json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines())
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def sources() -> list[Any]:
    missing = pytest.mark.skipif(not RECORDING.exists(), reason=f"the whole recording is not at hand: no {RECORDING}")
    return ["sample", pytest.param("recording", marks=missing)]


def conversion_of(row: Row) -> Conversion:
    return convert(row["input"], use_pod_cidr=row.get("options", {}).get("usePodCIDR", False))


def in_calicos_words(message: str | None) -> str | None:
    """The message without what is the words of a JSON decoder."""
    return message and message.partition(DECODER)[0]


def same_resources(row: Row) -> bool:
    conversion = conversion_of(row)
    keys = [(key["kind"], key.get("namespace", ""), key["name"]) for key in row["keys"]]
    return list(conversion.resources) == row["output"] and list(conversion.keys) == keys


def same_error(row: Row) -> bool:
    conversion = conversion_of(row)
    if "panic" in row:
        return conversion.error is not None
    reasons = [{"direction": e.direction.value.lower(), "reason": e.reason} for e in conversion.rule_errors]
    return (in_calicos_words(conversion.error), reasons) == (in_calicos_words(row["error"]), row.get("ruleErrors", []))


def same_readiness(row: Row) -> bool:
    asked = (row.get("isWorkloadEndpoint"), row.get("isReady"))
    return asked == (None, None) or asked == (is_workload_endpoint(row["input"]), is_ready(row["input"]))


def same_in_etcd(row: Row) -> bool:
    if "etcdMode" not in row:
        return True
    conversion, recorded = convert_for_etcd(row["input"]), row["etcdMode"]
    resource = conversion.resources[0] if conversion.resources else None
    return (resource, conversion.error) == (recorded["output"], recorded["error"])


def readable(row: Row) -> bool:
    """What comes out is a Calico resource to our own reader too."""
    return all(decode(MODELS[str(made["kind"])], made)[1] == [] for made in conversion_of(row).resources if made)


@pytest.mark.parametrize("check", [same_resources, same_error, same_readiness, same_in_etcd, readable])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", sources())
def test_conversions(source: str, kind: str, check: Check) -> None:
    assert [row["id"] for row in rows(source) if row["kind"] == kind and not check(row)] == []


@pytest.mark.parametrize("source", sources())
def test_every_kind_is_in_the_recording_with_and_without_errors(source: str) -> None:
    seen = {(row["kind"], row["error"] is None) for row in rows(source)}
    assert seen == {(kind, fine) for kind in KINDS for fine in (True, False)}


def model_of(made: Mapping[str, object]) -> FelixModel:
    """What the compiler makes of one converted resource."""
    resource, problems = decode(MODELS[str(made["kind"])], made)
    assert resource is not None and problems == []
    entry = Entry(resource)
    return felix_model(Datastore.of([entry], stored=True), spoofing_allowed=True)


def felix_policy(conversion: Conversion) -> list[object]:
    """The policy as the update processor gives it to Felix, with our own flattening."""
    made: Any = conversion.resources[0]
    kind, namespace, name = conversion.keys[0]
    spec = made["spec"]
    if made["kind"] == "NetworkPolicy":
        selector = flattening.namespaced_policy_selector(spec["selector"], namespace, "")
    else:
        selector = flattening.global_policy_selector(spec["selector"], spec.get("namespaceSelector", ""), "")
    value = {
        "namespace": namespace,
        "tier": spec["tier"],
        "order": spec["order"],
        "inbound_rules": [felix_rule(rule, namespace) for rule in spec.get("ingress", ())],
        "outbound_rules": [felix_rule(rule, namespace) for rule in spec.get("egress", ())],
        "selector": selector,
        "types": [direction.lower() for direction in spec.get("types", ())],
    }
    return [{"key": f"/calico/v1/policy/{kind}/{namespace}/{name}", "value": given(value)}]


def given(fields: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in fields.items() if value not in (None, "", [])}


def felix_rule(rule: Row, namespace: str) -> dict[str, object]:
    protocol = rule.get("protocol")
    value: dict[str, object] = {"action": ACTIONS[rule["action"]], "protocol": protocol and protocol.lower()}
    value["metadata"] = rule.get("metadata")
    for side, prefix in (("source", "src"), ("destination", "dst")):
        written = rule.get(side, {})
        entity, problems = decode(EntityRule, written)
        assert entity is not None and problems == []
        value |= {
            f"{prefix}_selector": flattening.entity_selectors(entity, namespace)[0],
            f"{prefix}_nets": written.get("nets"),
            f"!{prefix}_nets": written.get("notNets"),
            f"{prefix}_ports": written.get("ports"),
            f"orig_{prefix}_selector": written.get("selector"),
            f"orig_{prefix}_namespace_selector": written.get("namespaceSelector"),
        }
    return given(value)


def felix_profile(conversion: Conversion) -> list[object]:
    """Labels, rules and resource, as the update processor splits a profile."""
    made: Any = conversion.resources[0]
    name = conversion.keys[0][2]
    profile = model_of(made).profiles[name]
    rules = {
        "inbound_rules": [{"action": rule.action.value.lower()} for rule in profile.ingress],
        "outbound_rules": [{"action": rule.action.value.lower()} for rule in profile.egress],
    }
    return [
        {"key": f"/calico/v1/policy/profile/{name}/labels", "value": dict(profile.labels)},
        {"key": f"/calico/v1/policy/profile/{name}/rules", "value": given(rules)},
        {"key": f"/calico/resources/v3/projectcalico.org/profiles/{name}", "value": made},
    ]


def felix_endpoint(conversion: Conversion) -> object:
    """The compiler's endpoint, in the words of the recording; None where Felix never hears of it."""
    endpoints = model_of(conversion.resources[0] or {}).workload_endpoints
    if not endpoints:
        return None
    (endpoint,) = endpoints
    ports = [{"name": p.name, "protocol": PROTOCOL_NAMES[p.protocol].lower(), "port": p.port} for p in endpoint.ports]
    return {
        "name": endpoint.interface_name,
        "profile_ids": list(endpoint.profiles),
        "nets": sorted(format_address(address, version) for version, address in endpoint.addresses),
        "spoofed": sorted(endpoint.spoofable),
        "labels": dict(endpoint.labels),
        "ports": ports,
    }


def recorded_endpoint(value: Row | None) -> object:
    if value is None:
        return None
    nets = [*(value.get("ipv4_nets") or ()), *(value.get("ipv6_nets") or ())]
    spoofed = [parse_network(text) for text in value.get("allow_spoofed_source_ips") or ()]
    return {
        "name": value["name"],
        "profile_ids": value["profile_ids"],
        "nets": sorted(net.partition("/")[0] for net in nets),
        "spoofed": sorted((n.version, int(n.network_address), int(n.broadcast_address)) for n in spoofed),
        "labels": value["labels"],
        "ports": value.get("ports", []),
    }


def same_in_felix(row: Row) -> bool:
    conversion = conversion_of(row)
    if row["kind"] == "Pod":
        return felix_endpoint(conversion) == recorded_endpoint(row["felix"][0]["value"])
    asked = felix_profile if row["kind"] in ("Namespace", "ServiceAccount") else felix_policy
    return bool(asked(conversion) == row["felix"])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Node"])
@pytest.mark.parametrize("source", sources())
def test_what_felix_sees(source: str, kind: str) -> None:
    asked = [row for row in rows(source) if row["kind"] == kind and row.get("felix")]
    assert asked
    assert [row["id"] for row in asked if not same_in_felix(row)] == []


@pytest.mark.parametrize("source", sources())
def test_what_felix_is_never_given_has_no_namespace(source: str) -> None:
    """The processors refuse keys without a namespace, which the API server never makes."""
    refused = [row for row in rows(source) if row.get("felixError")]
    assert refused
    assert {conversion_of(row).keys[0][1] for row in refused} == {""}
