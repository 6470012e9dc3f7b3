"""From a document's value to its objects: lists of all kinds, kubectl's dumps, and what is skipped or refused."""

from __future__ import annotations

import json

import pytest

from calico_engine.manifests.decoding import decode
from calico_engine.manifests.objects import RawObject, Skipped, objects_of
from calico_engine.manifests.yaml_values import parse_value
from calico_engine.resources.kubernetes import KubernetesObject

V3 = "apiVersion: projectcalico.org/v3"
CRD = "apiVersion: crd.projectcalico.org/v1"
TIER = f"{{{V3}, kind: Tier, metadata: {{name: a}}}}"


def found(text: str) -> list[RawObject]:
    objects, problems = objects_of(parse_value(text))
    assert problems == []
    return objects


def refused(text: str) -> list[str]:
    return [problem.message for problem in objects_of(parse_value(text))[1]]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (TIER, [()]),
        (f"[{TIER}, {TIER}]", [(0,), (1,)]),
        ("[]", []),
        (f"{{{V3}, kind: TierList, items: [{TIER}, null]}}", [("items", 0), ("items", 1)]),
        (f"{{{V3}, kind: TierList, ITEMS: [{TIER}]}}", [("ITEMS", 0)]),
        (f"[{{{V3}, kind: TierList, metadata: {{}}, items: [{TIER}]}}]", [(0, "items", 0)]),
        (f"{{apiVersion: v1, kind: List, metadata: {{x: 1}}, items: [{TIER}]}}", [("items", 0)]),
        (
            f"{{apiVersion: v1, kind: List, items: [{{apiVersion: v1, kind: List, items: [{TIER}]}}]}}",
            [("items", 0) * 2],
        ),
        ("{apiVersion: v1, kind: List}", []),
    ],
)
def test_objects_of_lists(text: str, paths: list[tuple[str | int, ...]]) -> None:
    assert [item.path for item in found(text)] == paths


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "x",
        "[x]",
        "[null]",
        f"[[{TIER}]]",
        f"[{{metadata: {{name: a}}, {V3}}}]",
        f"{{{V3}, kind: TierList, items: {{a: 1}}}}",
        f"{{{V3}, kind: TierList, items: [x]}}",
        f"{{{V3}, kind: TierList, metadata: {{name: x}}, items: []}}",
        f"{{{V3}, kind: TierList, spec: {{}}, items: []}}",
        f"{{apiVersion: v1, kind: TierList, items: [{TIER}]}}",
        f"{{{V3}, kind: List, items: []}}",
        "{apiVersion: v1, kind: List, items: 5}",
        "{kind: Tier}",
        f"{{{V3}, kind: 5}}",
        f"{{{V3}, kind: tier}}",
        "{apiVersion: projectcalico.org/v3 , kind: 'Tier '}",
        "{apiVersion: 3, kind: Tier}",
        "{apiVersion: /v3, kind: Node}",
        f"{{{CRD}, kind: Profile}}",
        "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: BaselineAdminNetworkPolicy}",
        "{apiVersion: calico-engine/v1, kind: Tier}",
    ],
)
def test_what_is_no_object(text: str) -> None:
    assert len(refused(text)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{apiVersion: apps/v1, kind: Deployment}", Skipped.FOREIGN),
        ("{apiVersion: v1, kind: ConfigMap}", Skipped.FOREIGN),
        ("{apiVersion: operator.tigera.io/v1, kind: Installation}", Skipped.FOREIGN),
        ("{apiVersion: metallb.io/v1beta1, kind: BGPPeer}", Skipped.FOREIGN),
        (f"{{{CRD}, kind: IPAMBlock}}", Skipped.HARMLESS),
        (f"{{{V3}, kind: CalicoNodeStatus}}", Skipped.HARMLESS),
    ],
)
def test_what_is_skipped(text: str, reason: Skipped) -> None:
    assert [item.model for item in found(text)] == [reason]


def test_items_of_a_list_kind_are_read_as_that_kind() -> None:
    (item,) = found(
        f"{{{V3}, kind: TierList, items: [{{kind: HostEndpoint, metadata: {{name: a}}, spec: {{order: 1}}}}]}}"
    )
    assert isinstance(item.model, type) and not issubclass(item.model, KubernetesObject)
    resource, problems = decode(item.model, item.value)
    assert (resource.KIND, resource.kind, problems) == ("Tier", "HostEndpoint", []) if resource else False


STORED = {"name": "real", "labels": {"b": "stored"}, "annotations": {"c": "stored"}}


def crd_policy(stored: object, kind: str = "GlobalNetworkPolicy", name: str = "default.p") -> dict[str, object]:
    annotations = {"projectcalico.org/metadata": json.dumps(stored), "own": "1"} if stored is not None else {"own": "1"}
    metadata = {"name": name, "labels": {"a": "own", "b": "own"}, "annotations": annotations, "managedFields": []}
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": kind, "metadata": metadata, "status": {"x": 1}}


def metadata_of(value: dict[str, object]) -> tuple[str, dict[str, str], dict[str, str]]:
    objects, problems = objects_of(value)
    assert problems == []
    model = objects[0].model
    assert isinstance(model, type) and not issubclass(model, KubernetesObject)
    resource, wrong = decode(model, objects[0].value)
    assert wrong == []
    assert resource is not None
    return resource.metadata.name, resource.metadata.labels, resource.metadata.annotations


def test_stored_metadata_is_laid_over_that_of_a_crd_object() -> None:
    labels, annotations = {"a": "own", "b": "stored"}, {"own": "1", "c": "stored"}
    assert metadata_of(crd_policy(STORED)) == ("real", labels, annotations)
    assert metadata_of(crd_policy(STORED, "HostEndpoint")) == ("default.p", labels, annotations)


@pytest.mark.parametrize(("stored", "name"), [(None, "default.p"), ({}, "p"), ({"name": "default.q"}, "default.q")])
def test_names_of_crd_objects(stored: object, name: str) -> None:
    assert metadata_of(crd_policy(stored))[0] == name


@pytest.mark.parametrize("text", ["[]", "{", '"x"', "[" * 100_000])
def test_stored_metadata_that_cannot_be_read(text: str) -> None:
    value = crd_policy(None)
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    metadata["annotations"] = {"projectcalico.org/metadata": text}
    objects, problems = objects_of(value)
    assert (objects, [problem.path for problem in problems]) == ([], [("metadata", "annotations")])
