"""Labels of Kubernetes on Calico's nodes: single syncs as a table, and what the controller remembers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from calico_engine.controllers.kube_controllers.label_sync import (
    KUBE_LABELS_ANNOTATION,
    KubernetesNode,
    LabelController,
    kubernetes_name,
    with_kubernetes_labels,
)
from calico_engine.controllers.kubernetes.reading import Unconvertible
from calico_engine.resources import Node
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.nodes import NodeSpec, OrchRef

Labels = Mapping[str, str]


def node(labels: Labels, noted: str | None, *refs: OrchRef, name: str = "c") -> Node:
    annotations = {} if noted is None else {KUBE_LABELS_ANNOTATION: noted}
    return Node(
        metadata=ObjectMeta(name=name, labels=dict(labels), annotations=annotations), spec=NodeSpec(orch_refs=refs)
    )


REF = OrchRef(node_name="k", orchestrator="k8s")


@pytest.mark.parametrize(
    ("labels", "noted", "kubernetes", "after", "noted_after", "is_written"),
    [
        ({}, None, {"a": "1"}, {"a": "1"}, '{"a":"1"}', True),
        ({"a": "0", "own": "x"}, None, {"a": "1"}, {"a": "1", "own": "x"}, '{"a":"1"}', True),
        ({"a": "1"}, None, {"a": "1"}, {"a": "1"}, '{"a":"1"}', False),
        ({"a": "1", "own": "x"}, '{"a":"1"}', {}, {"own": "x"}, "{}", True),
        ({"a": "1"}, '{"a":"1"}', None, {}, "null", True),
        ({"own": "x"}, "null", {}, {"own": "x"}, "{}", False),
        # Somebody took the label away already: still a reason to write.
        ({"own": "x"}, '{"a":"1"}', {}, {"own": "x"}, "{}", True),
        # A label that was Kubernetes', and was changed here: taken away all the same.
        ({"a": "2"}, '{"a":"1"}', {}, {}, "{}", True),
        ({"b": "<"}, '{"b":"<"}', {"b": "<", "a": ""}, {"b": "<", "a": ""}, '{"a":"","b":"\\u003c"}', True),
        # Which labels were Kubernetes' cannot be told: nothing is done at all.
        ({"a": "0"}, "not JSON", {"a": "1"}, {"a": "0"}, "not JSON", False),
        ({"a": "0"}, '{"a":1}', {"a": "1"}, {"a": "0"}, '{"a":1}', False),
        ({"a": "0"}, '["a"]', {"a": "1"}, {"a": "0"}, '["a"]', False),
    ],
)
def test_one_sync(
    labels: Labels, noted: str | None, kubernetes: Labels | None, after: Labels, noted_after: str, is_written: bool
) -> None:
    found, written = with_kubernetes_labels(node(labels, noted), KubernetesNode("k", kubernetes))
    assert found.metadata.labels == after
    assert found.metadata.annotations == {KUBE_LABELS_ANNOTATION: noted_after}
    assert written is is_written


def test_an_annotation_of_any_depth_is_no_map() -> None:
    deep = node({"a": "0"}, "[" * 100_000)
    assert with_kubernetes_labels(deep, KubernetesNode("k", {"a": "1"})) == (deep, False)


@pytest.mark.parametrize(
    ("refs", "name"),
    [
        ((), ""),
        ((REF,), "k"),
        ((OrchRef(node_name="z", orchestrator="mesos"), REF), "k"),
        ((OrchRef(node_name="", orchestrator="k8s"), REF), ""),
        ((OrchRef(node_name="k", orchestrator="K8s"),), ""),
    ],
)
def test_which_kubernetes_node_it_is(refs: tuple[OrchRef, ...], name: str) -> None:
    assert kubernetes_name(node({}, None, *refs)) == name


def test_what_is_noted_without_writing_is_forgotten_at_a_restart() -> None:
    stored = {"c": node({"a": "1"}, None, REF)}
    controller = LabelController(stored)
    assert controller.start([KubernetesNode("k", {"a": "1"})]) == set()
    assert stored["c"].metadata.annotations == {}
    restarted = LabelController(dict(stored))
    restarted.start([KubernetesNode("k", {})])
    assert restarted.nodes["c"].metadata.labels == {"a": "1"}
    assert controller.kubernetes_changed(KubernetesNode("k", {})) == {"c"}
    assert stored["c"].metadata.labels == {}


def test_events() -> None:
    stored = {"c": node({}, None, REF)}
    controller = LabelController(stored)
    assert controller.start([KubernetesNode("k", {"a": "1"})]) == {"c"}
    # A Calico node that is known is not looked at again before the next pass; a new one is.
    stored["c"] = node({}, None, REF)
    assert controller.node_changed("c") == set()
    assert controller.sync_all() == {"c"}
    assert controller.kubernetes_deleted("k") == set()
    assert stored["c"].metadata.labels == {"a": "1"}
    assert controller.kubernetes_changed(KubernetesNode("k2", {"b": ""})) == set()
    stored["d"] = node({}, None, OrchRef(node_name="k2", orchestrator="k8s"), name="d")
    assert controller.node_changed("d") == {"d"}
    controller.node_deleted("d")
    assert list(stored) == ["c"]
    assert controller.kubernetes_changed(KubernetesNode("k2", {"b": "2"})) == set()


def test_reading_a_kubernetes_node() -> None:
    assert KubernetesNode.of({"metadata": {"name": "k"}}) == KubernetesNode("k", None)
    assert KubernetesNode.of({"metadata": {"name": "k", "labels": {}}}) == KubernetesNode("k", {})
    with pytest.raises(Unconvertible):
        KubernetesNode.of({"metadata": {"name": "k", "labels": {"a": 1}}})
