"""Kubernetes' labels on Calico's nodes, where the two are different objects: with an etcd of Calico's own.

The annotation holds the labels that came from Kubernetes last time, so that one which is gone there can be told from
one that is only Calico's. The controller keeps its own copy of each node and notes the annotation in it even when there
is nothing to write; only a restart forgets that.

Source: kube-controllers/pkg/controllers/node/labels.go: syncNodeLabels (spec controllers 1.11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from calico_engine.controllers.kubernetes.annotations import InvalidAnnotation, read_text_map, write_text_map
from calico_engine.controllers.kubernetes.identity import ORCHESTRATOR
from calico_engine.controllers.kubernetes.reading import Struct
from calico_engine.frozen import frozen
from calico_engine.resources import Node

KUBE_LABELS_ANNOTATION = "projectcalico.org/kube-labels"


@frozen
class KubernetesNode:
    """What counts of a Kubernetes node here. `labels` is None where the object has no labels at all."""

    name: str
    labels: Mapping[str, str] | None = None

    @classmethod
    def of(cls, obj: Mapping[str, object]) -> KubernetesNode:
        """From the Kubernetes object. Unconvertible where a field is not what Kubernetes lets it be."""
        metadata = Struct.of(obj).struct("metadata")
        return cls(metadata.text("name"), metadata.text_map("labels") if metadata.given("labels") else None)


def kubernetes_name(node: Node) -> str:
    """The Kubernetes node that a Calico node stands for, or the empty text (controller.go: getK8sNodeName)."""
    return next((ref.node_name for ref in node.spec.orch_refs if ref.orchestrator == ORCHESTRATOR), "")


def with_kubernetes_labels(node: Node, kubernetes: KubernetesNode) -> tuple[Node, bool]:
    """The node after the sync, and whether it has to be written.

    It is written for a label that is new or has another value, and for one that Kubernetes had before and has no more.
    The node stays as it is if it cannot be told which labels were Kubernetes' before.
    """
    try:
        before = read_text_map(node.metadata.annotations.get(KUBE_LABELS_ANNOTATION, "null"))
    except InvalidAnnotation:
        return node, False
    now = kubernetes.labels or {}
    kept = {key: value for key, value in node.metadata.labels.items() if key in now or key not in before}
    labels = {**kept, **now}
    annotations = {**node.metadata.annotations, KUBE_LABELS_ANNOTATION: write_text_map(kubernetes.labels)}
    changed = labels != node.metadata.labels or not before.keys() <= now.keys()
    return replace(node, metadata=replace(node.metadata, labels=labels, annotations=annotations)), changed


@dataclass(slots=True)
class LabelController:
    """One running controller. `nodes` are Calico's nodes as they are stored; it writes to them."""

    nodes: dict[str, Node]
    _kubernetes: dict[str, KubernetesNode] = field(default_factory=dict)
    _calico_names: dict[str, str] = field(default_factory=dict)
    _copies: dict[str, Node] = field(default_factory=dict)

    def start(self, kubernetes: Iterable[KubernetesNode]) -> set[str]:
        """Learn everything that is there and go through it; the names of the Calico nodes that were written."""
        self._kubernetes = {node.name: node for node in kubernetes}
        for name in sorted(self.nodes):
            self._learn(self.nodes[name])
        return self.sync_all()

    def sync_all(self) -> set[str]:
        return {name for node in self._kubernetes.values() if (name := self._sync(node))}

    def node_changed(self, name: str) -> set[str]:
        """A Calico node was written by somebody else. Only a new one is synced at once."""
        node = self.nodes[name]
        is_new = name not in self._copies
        self._learn(node)
        kubernetes = self._kubernetes.get(kubernetes_name(node))
        written = self._sync(kubernetes) if is_new and kubernetes is not None else None
        return {written} if written else set()

    def node_deleted(self, name: str) -> None:
        """Take the node out, and forget it."""
        self.nodes.pop(name, None)
        for kubernetes, calico in list(self._calico_names.items()):
            if calico == name:
                del self._calico_names[kubernetes]
                self._copies.pop(name, None)

    def kubernetes_changed(self, node: KubernetesNode) -> set[str]:
        self._kubernetes[node.name] = node
        written = self._sync(node)
        return {written} if written else set()

    def kubernetes_deleted(self, name: str) -> set[str]:
        """Its labels stay: it is synced once more as it was last."""
        node = self._kubernetes.pop(name, None)
        written = None if node is None else self._sync(node)
        return {written} if written else set()

    def _learn(self, node: Node) -> None:
        kubernetes = kubernetes_name(node)
        if kubernetes:
            self._calico_names[kubernetes] = node.metadata.name
            self._copies[node.metadata.name] = node

    def _sync(self, kubernetes: KubernetesNode) -> str | None:
        """The Calico node's name, if it was written."""
        name = self._calico_names.get(kubernetes.name, "")
        before = self._copies.get(name)
        if before is None:
            return None
        after, changed = with_kubernetes_labels(before, kubernetes)
        self._copies[name] = after
        if not changed:
            return None
        self.nodes[name] = after
        return name
