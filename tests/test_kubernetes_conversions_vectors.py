"""The vectors of Calico's own tests of its conversions, one question and answer each: fixtures/vectors/conversions.yaml."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from calico_engine.compiler import flattening
from calico_engine.compiler.conversion import convert as felix_model
from calico_engine.controllers.kubernetes.conversion import Conversion, convert, convert_for_etcd
from calico_engine.controllers.kubernetes.identity import convert_uid, interface_name
from calico_engine.controllers.kubernetes.label_selectors import ANY_POD, namespace_selector, pod_selector
from calico_engine.controllers.kubernetes.ports import port_from_text, simplify_ports
from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible
from calico_engine.controllers.kubernetes.workloads import is_ready, is_workload_endpoint
from calico_engine.datastore import Datastore, Entry
from calico_engine.manifests.decoding import decode
from calico_engine.resources import WorkloadEndpoint
from calico_engine.resources.rules import EntityRule

VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors" / "conversions.yaml"
UID = "30316465-6365-4463-ad63-3564622d3638"

Vector = Mapping[str, Any]


def written_out(value: Any) -> Any:
    """The value with $O in its texts replaced."""
    if isinstance(value, str):
        return value.replace("$O", ANY_POD)
    if isinstance(value, list):
        return [written_out(item) for item in value]
    return {key: written_out(item) for key, item in value.items()} if isinstance(value, dict) else value


@cache
def vectors() -> list[Vector]:
    return list(written_out(yaml.safe_load(VECTORS.read_text(encoding="utf-8"))))


def asking(*questions: str) -> pytest.MarkDecorator:
    found = [vector for vector in vectors() if any(question in vector for question in questions)]
    return pytest.mark.parametrize("vector", found, ids=[str(vector["vector"]) for vector in found])


def completed(kind: str, obj: Vector) -> dict[str, Any]:
    """The object with the fields that do not matter."""
    return {"kind": kind, **obj, "metadata": {"name": "n1", "uid": UID, **obj.get("metadata", {})}}


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Where what is expected is not there; lists are compared whole, null means absent."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [line for key in expected for line in differences(expected[key], found.get(key), f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for index, (left, right) in pairs for line in differences(left, right, f"{path}[{index}]")]
    return [] if expected == found else [f"{path}: {found!r} instead of {expected!r}"]


def converted(vector: Vector) -> tuple[dict[str, Any], Conversion]:
    etcd = "convert_for_etcd" in vector
    obj = completed(vector["kind"], vector["convert_for_etcd" if etcd else "convert"])
    before = copy.deepcopy(obj)
    conversion = (convert_for_etcd if etcd else convert)(obj, **vector.get("options", {}))
    assert obj == before
    return obj, conversion


@asking("convert", "convert_for_etcd")
def test_conversion(vector: Vector) -> None:
    obj, conversion = converted(vector)
    assert (vector.get("error") or "") in (conversion.error or "")
    assert (conversion.error is None) == ("error" not in vector)
    bad_rules = [[error.direction.value.lower(), error.index] for error in conversion.rule_errors]
    assert bad_rules == vector.get("bad_rules", [])
    assert len(conversion.resources) == len(conversion.keys) == int("expect" in vector)
    for resource in conversion.resources:
        assert (resource is None) == (vector["expect"] is None)
        assert differences(vector["expect"], resource) == []
    assert vector.get("endpoint", is_workload_endpoint(obj)) == is_workload_endpoint(obj)
    assert vector.get("ready", is_ready(obj)) == is_ready(obj)


@asking("uid")
def test_uid(vector: Vector) -> None:
    if "error" in vector:
        with pytest.raises(Unconvertible, match=vector["error"]):
            convert_uid(vector["uid"])
    else:
        assert convert_uid(vector["uid"]) == vector["answer"]


@asking("interface_name")
def test_interface_name(vector: Vector) -> None:
    assert interface_name(*vector["interface_name"]) == vector["answer"]


@asking("simplify")
def test_ports(vector: Vector) -> None:
    texts = vector["simplify"].split(",") if vector["simplify"] else []
    assert ",".join(str(port) for port in simplify_ports([port_from_text(text) for text in texts])) == vector["answer"]


@asking("pod_selector", "namespace_selector")
def test_selector(vector: Vector) -> None:
    of_pods = "pod_selector" in vector
    written = vector["pod_selector" if of_pods else "namespace_selector"]
    selector = None if written is None else Struct(written)
    assert (pod_selector if of_pods else namespace_selector)(selector) == vector["answer"]


def felix_selectors(resource: Any, namespace: str) -> dict[str, object]:
    """The flattened selectors of a policy and, of each rule, of source and destination."""
    spec = resource["spec"]
    if resource["kind"] == "NetworkPolicy":
        selector = flattening.namespaced_policy_selector(spec["selector"], namespace, "")
    else:
        selector = flattening.global_policy_selector(spec["selector"], spec["namespaceSelector"], "")
    rules = [*spec.get("ingress", ()), *spec.get("egress", ())]
    sides = [[decode(EntityRule, rule.get(side, {}))[0] for side in ("source", "destination")] for rule in rules]
    return {
        "selector": selector,
        "rules": [[flattening.entity_selectors(side, namespace)[0] for side in rule if side] for rule in sides],
    }


@asking("felix_policy")
def test_policy_as_felix_sees_it(vector: Vector) -> None:
    conversion = convert(vector["felix_policy"])
    assert conversion.error is None
    assert felix_selectors(conversion.resources[0], conversion.keys[0][1]) == vector["answer"]


@asking("felix_endpoint")
def test_endpoint_as_felix_sees_it(vector: Vector) -> None:
    conversion = convert(completed("Pod", vector["felix_endpoint"]))
    resource, problems = decode(WorkloadEndpoint, conversion.resources[0])
    assert resource is not None and problems == []
    entry = Entry(resource)
    endpoints = felix_model(Datastore.of([entry], stored=True)).workload_endpoints
    assert [dict(endpoint.labels) for endpoint in endpoints] == ([vector["answer"]] if vector["answer"] else [])


def test_every_vector_is_asked() -> None:
    """Left out: writing Calico nodes back (51–53), names read backwards and revisions (72, 83–85), defaults (120)."""
    asked = {vector["vector"] for vector in vectors() if isinstance(vector["vector"], int)}
    assert set(range(42, 141)) - asked == {51, 52, 53, 72, 83, 84, 85, 120}
