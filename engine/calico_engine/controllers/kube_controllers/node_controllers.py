"""kube-controllers' node controller: labels and host endpoints, at a start and as things change.

Source: kube-controllers/pkg/controllers/node/controller.go, libcalico-go/lib/clientv3/node.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calico_engine.controllers.kube_controllers.auto_host_endpoints.controller import HostEndpointController, Plans
from calico_engine.controllers.kube_controllers.auto_host_endpoints.store import HostEndpointStore, Refusals
from calico_engine.controllers.kube_controllers.configuration import (
    DatastoreForm,
    HostEndpointSettings,
    RunningConfiguration,
)
from calico_engine.controllers.kube_controllers.label_sync import KubernetesNode, LabelController
from calico_engine.frozen import frozen
from calico_engine.resources import HostEndpoint, Node


@frozen
class Changes:
    """What others than the controllers did since the last time. `nodes` are Calico's."""

    nodes: Sequence[Node] = ()
    deleted_nodes: Sequence[str] = ()
    endpoints: Sequence[HostEndpoint] = ()
    deleted_endpoints: Sequence[str] = ()
    kubernetes_nodes: Sequence[KubernetesNode] = ()
    deleted_kubernetes_nodes: Sequence[str] = ()


@frozen
class Memory:
    """What one run found out that the next one, on nearly the same objects, need not find out again."""

    settings: HostEndpointSettings
    plans: Plans
    refusals: Refusals


@dataclass(slots=True)
class NodeControllers:
    """A datastore's nodes and host endpoints, and the controllers that run on them.

    After `start`, and after each `apply`, everything that was set off has happened. The pass that Calico makes every
    five minutes happens only when `sync_all` is called.
    """

    running: RunningConfiguration
    form: DatastoreForm
    nodes: dict[str, Node]
    store: HostEndpointStore
    endpoints: HostEndpointController | None = None
    labels: LabelController | None = None
    memory: Memory | None = None

    @classmethod
    def of(
        cls,
        running: RunningConfiguration,
        form: DatastoreForm,
        nodes: Iterable[Node],
        endpoints: Iterable[HostEndpoint],
        memory: Memory | None = None,
    ) -> NodeControllers:
        """The state that is found, before anything runs."""
        store = HostEndpointStore(Refusals(form, None if memory is None else memory.refusals))
        for endpoint in endpoints:
            store.put(endpoint)
        return cls(running, form, {node.metadata.name: node for node in nodes}, store, memory=memory)

    def start(self, kubernetes_nodes: Iterable[KubernetesNode] = ()) -> None:
        """The controllers (re)start: they remember nothing, and go through everything once."""
        self.store.begin()
        node = self.running.node
        if node is None:
            return
        if node.sync_labels:
            self.labels = LabelController(self.nodes)
            self.labels.start(kubernetes_nodes)
        is_known = self.memory is not None and self.memory.settings == node.host_endpoints
        earlier = self.memory.plans if self.memory is not None and is_known else {}
        self.endpoints = HostEndpointController(node.host_endpoints, self.store, earlier)
        self.endpoints.start(self.nodes.values())

    def remember(self) -> Memory | None:
        """For the next run. None where the controllers do not run."""
        if self.endpoints is None:
            return None
        return Memory(self.endpoints.settings, self.endpoints.plans(), self.store.refusals)

    def sync_all(self) -> None:
        """The pass of every five minutes."""
        self.store.begin()
        if self.labels is not None:
            self._relabelled(self.labels.sync_all())
        if self.endpoints is not None:
            self.endpoints.sync_all()

    def apply(self, changes: Changes) -> None:
        """Make the changes, and let the controllers do what they set off."""
        self.store.begin()
        self._change_endpoints(changes)
        for name in changes.deleted_nodes:
            self.delete_node(name)
        for node in changes.nodes:
            self._change_node(node)
        if self.labels is not None:
            for kubernetes in changes.kubernetes_nodes:
                self._relabelled(self.labels.kubernetes_changed(kubernetes))
            for name in changes.deleted_kubernetes_nodes:
                self._relabelled(self.labels.kubernetes_deleted(name))
        if self.endpoints is not None:
            self.endpoints.settle()

    def delete_node(self, name: str) -> None:
        """Through Calico's client, which takes all host endpoints of the node with it, whoever made them.

        With Kubernetes' API server it is the Kubernetes node that is deleted, and nobody takes anything else.
        """
        if self.form is DatastoreForm.ETCDV3:
            for stored in self.store:
                if stored.endpoint.spec.node == name:
                    self._delete_endpoint(stored.endpoint.metadata.name)
        self.nodes.pop(name, None)
        if self.labels is not None:
            self.labels.node_deleted(name)
        if self.endpoints is not None:
            self.endpoints.node_deleted(name)

    def _change_endpoints(self, changes: Changes) -> None:
        for endpoint in changes.endpoints:
            self.store.put(endpoint)
            if self.endpoints is not None:
                self.endpoints.endpoint_changed(endpoint.metadata.name)
        for name in changes.deleted_endpoints:
            self._delete_endpoint(name)

    def _delete_endpoint(self, name: str) -> None:
        self.store.remove(name)
        if self.endpoints is not None:
            self.endpoints.endpoint_deleted(name)

    def _change_node(self, node: Node) -> None:
        name = node.metadata.name
        self.nodes[name] = node
        if self.labels is not None:
            self.labels.node_changed(name)
        if self.endpoints is not None:
            self.endpoints.node_changed(self.nodes[name])

    def _relabelled(self, names: Iterable[str]) -> None:
        if self.endpoints is not None:
            for name in names:
                self.endpoints.node_changed(self.nodes[name])
