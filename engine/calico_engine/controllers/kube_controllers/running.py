"""Automatic host endpoints: the datastore as it is once kube-controllers has nothing left to do.

The door of this family: `with_automatic_host_endpoints` for the datastore alone, `run_node_controllers` for the report
and the remarks as well. The steps behind it: `configuration` says what runs, `label_sync` brings labels to Calico's
nodes, `auto_host_endpoints.plans` says what a node should have, `auto_host_endpoints.controller` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from calico_engine.controllers.kube_controllers.auto_host_endpoints.controller import ControllerCrash
from calico_engine.controllers.kube_controllers.auto_host_endpoints.remarks import crash_remark, remarks
from calico_engine.controllers.kube_controllers.auto_host_endpoints.reports import (
    ControllerState,
    HostEndpointReport,
    Outcome,
    report_on,
)
from calico_engine.controllers.kube_controllers.configuration import (
    CONFIGURATION_NAME,
    DatastoreForm,
    RunningConfiguration,
    running_configuration,
)
from calico_engine.controllers.kube_controllers.label_sync import KubernetesNode
from calico_engine.controllers.kube_controllers.node_controllers import Memory, NodeControllers
from calico_engine.controllers.kubernetes.reading import Unconvertible
from calico_engine.datastore import Datastore, Entry, Key, KubernetesEntry, Tables
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.resources import HostEndpoint, KubeControllersConfiguration, Node
from calico_engine.reuse import Reuse

#: What the controllers read, and may write.
_CONTROLLED = (Node.KIND, HostEndpoint.KIND)
#: More passes than this change nothing new: two nodes then take one name from each other, forever.
_MOST_PASSES = 4


@frozen
class ControllerRun:
    """The datastore afterwards, what is in force, what was done and why, and what is worth a remark.

    `errors` is about what makes kube-controllers crash; `warnings` about what it could not or would not do.
    """

    datastore: Datastore
    running: RunningConfiguration | None = None
    errors: tuple[ManifestError, ...] = ()
    warnings: tuple[ManifestError, ...] = ()
    outcome: Outcome | None = field(default=None, repr=False)
    memory: Memory | None = field(default=None, repr=False, compare=False)

    @property
    def report(self) -> HostEndpointReport:
        """For each node what was made of it and why, or why not."""
        if self.running is None:
            return HostEndpointReport(ControllerState.NOT_CONFIGURED)
        if self.outcome is None:
            return HostEndpointReport(ControllerState.CRASHED)
        return report_on(self.running, {} if self.memory is None else self.memory.plans, self.outcome)


def with_automatic_host_endpoints(
    datastore: Datastore,
    *,
    form: str = "kubernetes",
    environment: Mapping[str, str] | None = None,
) -> Datastore:
    """The datastore with its host endpoints as kube-controllers would leave them.

    Without a KubeControllersConfiguration nothing changes. A host endpoint that was written stands where its node
    stands. With form `kubernetes` the nodes must be converted already; with `etcdv3` the Kubernetes nodes' labels are
    copied to Calico's. ValueError for a form that is none, InvalidConfiguration for a variable that keeps
    kube-controllers from starting.
    """
    return run_node_controllers(datastore, form=form, environment=environment).datastore


def run_node_controllers(
    datastore: Datastore,
    *,
    form: str = "kubernetes",
    environment: Mapping[str, str] | None = None,
    reuse: Reuse | None = None,
) -> ControllerRun:
    """The same, with the whole story. A crash leaves the host endpoints as they are, and is an error."""
    kind = DatastoreForm(form)
    configuration = datastore.get(KubeControllersConfiguration.KIND, CONFIGURATION_NAME)
    if configuration is None:
        return ControllerRun(datastore)
    nodes, endpoints = (datastore.entries.kind(each) for each in _CONTROLLED)
    kubernetes = datastore.kubernetes.kind(Node.KIND) if kind is DatastoreForm.ETCDV3 else None
    run = (reuse or Reuse()).renewed(_run, configuration, nodes, endpoints, kubernetes, kind, environment)
    after = {each: run.datastore.entries.kind(each) for each in _CONTROLLED}
    return replace(run, datastore=replace(datastore, entries=datastore.entries.replaced(after)))


def _run(
    last: ControllerRun | None,
    configuration: Entry,
    nodes: Mapping[Key, Entry],
    endpoints: Mapping[Key, Entry],
    kubernetes: Mapping[Key, KubernetesEntry] | None,
    form: DatastoreForm,
    environment: Mapping[str, str] | None,
) -> ControllerRun:
    """A run on nodes and host endpoints alone. What the last one found out about the same ones is not worked out again."""
    assert isinstance(configuration.resource, KubeControllersConfiguration)
    running = running_configuration(configuration.resource.spec, form=form, environment=environment)
    datastore = Datastore(Tables(dict(zip(_CONTROLLED, (nodes, endpoints), strict=True))))
    before = {endpoint.metadata.name: endpoint for _, endpoint in datastore.all(HostEndpoint)}
    memory = None if last is None else last.memory
    controllers = NodeControllers.of(running, form, (node for _, node in datastore.all(Node)), before.values(), memory)
    try:
        _come_to_rest(controllers, _kubernetes_nodes(kubernetes or {}))
    except ControllerCrash as crash:
        return ControllerRun(datastore, running, errors=(crash_remark(configuration, crash),))
    after = {stored.endpoint.metadata.name: stored.endpoint for stored in controllers.store}
    outcome = Outcome(frozenset(controllers.nodes), before, after, tuple(controllers.store.failures))
    memory = controllers.remember()
    plans = [] if memory is None else [plan for _, plan in memory.plans.values()]
    warnings = tuple(sorted(remarks(datastore, configuration, plans, outcome.failures)))
    made = {} if last is None else last.datastore.entries.kind(HostEndpoint.KIND)
    return ControllerRun(_afterwards(datastore, controllers, made), running, (), warnings, outcome, memory)


def _kubernetes_nodes(table: Mapping[Key, KubernetesEntry]) -> Iterator[KubernetesNode]:
    """One that cannot be read has no labels to copy."""
    for entry in table.values():
        try:
            yield KubernetesNode.of(entry.value.value)
        except Unconvertible:
            continue


def _come_to_rest(controllers: NodeControllers, kubernetes_nodes: Iterable[KubernetesNode]) -> None:
    """The start, then the passes of every five minutes until one leaves the next nothing to do."""
    controllers.start(kubernetes_nodes)
    for _ in range(_MOST_PASSES):
        if not controllers.store.is_disturbed:
            return
        controllers.sync_all()


def _afterwards(datastore: Datastore, controllers: NodeControllers, made: Mapping[Key, Entry]) -> Datastore:
    """`made`: entries of an earlier run, which stay the very same where nothing about them changed."""
    nodes, endpoints = (datastore.entries.kind(kind) for kind in _CONTROLLED)
    written = nodes if controllers.labels is None else {**nodes, **_written_nodes(nodes, controllers)}
    kept = dict(_endpoint_entries(endpoints, nodes, controllers, made))
    return replace(datastore, entries=Tables({Node.KIND: written, HostEndpoint.KIND: kept}))


def _written_nodes(nodes: Mapping[Key, Entry], controllers: NodeControllers) -> dict[Key, Entry]:
    after = ((key, entry, controllers.nodes[key[2]]) for key, entry in nodes.items())
    return {key: Entry(node, entry.origin) for key, entry, node in after if node is not entry.resource}


def _endpoint_entries(
    endpoints: Mapping[Key, Entry], nodes: Mapping[Key, Entry], controllers: NodeControllers, made: Mapping[Key, Entry]
) -> Iterator[tuple[Key, Entry]]:
    """By name. What the controller did not write is the very entry that it was."""
    for stored in controllers.store:
        endpoint = stored.endpoint
        key = (HostEndpoint.KIND, "", endpoint.metadata.name)
        entry = endpoints.get(key)
        if entry is None or entry.resource is not endpoint:
            node = nodes.get((Node.KIND, "", endpoint.spec.node))
            origin = None if node is None else node.origin
            entry = made.get(key)
            if entry is None or entry.resource is not endpoint or entry.origin is not origin:
                entry = Entry(endpoint, origin)
        yield key, entry
