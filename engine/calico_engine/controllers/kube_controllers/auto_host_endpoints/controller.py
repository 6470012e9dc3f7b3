"""The controller that keeps automatic host endpoints: what it remembers, what sets it off, what it writes.

It knows the nodes and the endpoints that carry its label from what the datastore tells it, as they were told; it never
reads back. So an endpoint whose label somebody takes away is remembered as it was, and every later update of it fails.

Source: kube-controllers/pkg/controllers/node/hostendpoints.go (spec controllers 1.7 to 1.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import (
    NodePlan,
    PassedOver,
    WantedEndpoint,
    Why,
    is_automatic,
    plan_for,
)
from calico_engine.controllers.kube_controllers.auto_host_endpoints.store import HostEndpointStore, Stored
from calico_engine.controllers.kube_controllers.configuration import HostEndpointSettings
from calico_engine.resources import HostEndpoint, Node


class ControllerCrash(Exception):
    """kube-controllers would crash at this template."""

    def __init__(self, node: str, passed: PassedOver) -> None:
        super().__init__(f"{node}: {passed.why.value}: {passed.detail}")
        self.node = node
        self.passed = passed


@dataclass(slots=True)
class _Tracker:
    """The endpoints with the label, by name, each as each node had it: after an edit one can stand under two nodes."""

    by_name: dict[str, dict[str, Stored]] = field(default_factory=dict)
    by_node: dict[str, set[str]] = field(default_factory=dict)

    def add(self, stored: Stored) -> None:
        name, node = stored.endpoint.metadata.name, stored.endpoint.spec.node
        self.by_name.setdefault(name, {})[node] = stored
        self.by_node.setdefault(node, set()).add(name)

    def get(self, name: str) -> Stored | None:
        """The last that was heard of it. Calico takes any one of several."""
        heard = self.by_name.get(name)
        return max(heard.values(), key=lambda stored: stored.revision) if heard else None

    def forget(self, name: str) -> None:
        for node in self.by_name.pop(name, {}):
            names = self.by_node[node]
            names.discard(name)
            if not names:
                del self.by_node[node]

    def of(self, node: str) -> list[str]:
        return sorted(self.by_node.get(node, ()))


#: By name: a node, and what it should have.
Plans = Mapping[str, tuple[Node, NodePlan]]


@dataclass(slots=True)
class HostEndpointController:
    """One running controller. Tell it what changed in the datastore, then let it `settle`.

    `earlier` are plans made with the same settings, taken over for nodes that have not changed.
    """

    settings: HostEndpointSettings
    store: HostEndpointStore
    earlier: Plans = field(default_factory=dict)
    _nodes: dict[str, Node] = field(default_factory=dict)
    _plans: dict[str, tuple[Node, NodePlan]] = field(default_factory=dict)
    _tracker: _Tracker = field(default_factory=_Tracker)
    _pending: set[str] = field(default_factory=set)

    def start(self, nodes: Iterable[Node]) -> None:
        """Learn everything that is there, then go through all of it once."""
        for node in nodes:
            self._learn(node)
        for stored in self.store:
            if is_automatic(stored.endpoint):
                self._tracker.add(stored)
        self.sync_all()

    def sync_all(self) -> None:
        """What happens at the start, and again every five minutes. Nodes are taken by name."""
        self._pending.clear()
        if not self.settings.auto_create:
            for node in list(self._tracker.by_node):
                self._delete_all(node)
            return
        for node in list(self._tracker.by_node):
            if node not in self._nodes:
                self._delete_all(node)
        for node in sorted(self._nodes):
            self._sync(node)

    def node_changed(self, node: Node) -> None:
        """A node is new, or was changed."""
        self._learn(node)
        self._pending.add(node.metadata.name)

    def node_deleted(self, name: str) -> None:
        self._nodes.pop(name, None)
        self._plans.pop(name, None)
        self._pending.add(name)

    def endpoint_changed(self, name: str) -> None:
        """Somebody wrote this host endpoint; it is in the store. One that was not known yet sets nothing off."""
        stored = self.store.get(name)
        if stored is None or not is_automatic(stored.endpoint):
            return
        known = self._tracker.get(name)
        self._tracker.add(stored)
        if known is not None and needs_update(known.endpoint, stored.endpoint):
            self._pending.add(stored.endpoint.spec.node)

    def endpoint_deleted(self, name: str) -> None:
        """Somebody deleted this host endpoint."""
        known = self._tracker.get(name)
        if known is not None:
            self._tracker.forget(name)
            self._pending.add(known.endpoint.spec.node)

    def settle(self) -> None:
        """Go through the nodes that something happened to."""
        pending, self._pending = sorted(self._pending), set()
        for node in pending:
            self._sync(node)

    def plans(self) -> Plans:
        """What each node should have, by name; nothing where host endpoints are turned off."""
        if not self.settings.auto_create:
            return {}
        return {name: (self._nodes[name], self._plan(name)) for name in sorted(self._nodes)}

    def _learn(self, node: Node) -> None:
        self._nodes[node.metadata.name] = node

    def _sync(self, name: str) -> None:
        if name not in self._nodes or not self.settings.auto_create:
            self._delete_all(name)
            return
        plan = self._plan(name)
        ending = plan.ending
        if ending is not None and ending.why is Why.BAD_PATTERN:
            raise ControllerCrash(name, ending)
        for wanted in plan.wanted:
            self._write(wanted)
        if ending is None:
            wanted_names = {wanted.name for wanted in plan.wanted}
            self._delete(sorted(self._tracker.by_node.get(name, wanted_names) - wanted_names))

    def _plan(self, name: str) -> NodePlan:
        node = self._nodes[name]
        known = self._plans.get(name) or self.earlier.get(name)
        if known is None or (known[0] is not node and known[0] != node):
            known = node, plan_for(node, self.settings)
        self._plans[name] = known
        return known[1]

    def _write(self, wanted: WantedEndpoint) -> None:
        known = self._tracker.get(wanted.name)
        if known is None:
            stored = self.store.create(wanted.endpoint)
        elif wanted.always_written or needs_update(known.endpoint, wanted.endpoint):
            stored = self.store.update(wanted.endpoint, known.revision)
        else:
            return
        if stored is not None:
            self._tracker.add(stored)

    def _delete_all(self, node: str) -> None:
        self._delete(self._tracker.of(node))

    def _delete(self, names: Iterable[str]) -> None:
        """By name alone: also what has lost the label since."""
        for name in names:
            self.store.remove(name)
            self._tracker.forget(name)


def needs_update(current: HostEndpoint, expected: HostEndpoint) -> bool:
    """hostEndpointNeedsUpdate: profiles, ports, annotations and the node are not compared."""
    return (
        current.metadata.labels != expected.metadata.labels
        or current.spec.expected_ips != expected.spec.expected_ips
        or current.spec.interface_name != expected.spec.interface_name
    )
