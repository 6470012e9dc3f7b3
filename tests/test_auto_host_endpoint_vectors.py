"""The stories of Calico's own tests of automatic host endpoints: fixtures/vectors/auto-host-endpoints.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import CREATED_BY, CREATED_BY_LABEL
from calico_engine.controllers.kube_controllers.configuration import DatastoreForm, running_configuration
from calico_engine.controllers.kube_controllers.label_sync import KubernetesNode
from calico_engine.controllers.kube_controllers.node_controllers import Changes, NodeControllers
from calico_engine.manifests.decoding import decode
from calico_engine.resources import API_VERSION, HostEndpoint, KubeControllersConfiguration, Node, Resource
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE

VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors" / "auto-host-endpoints.yaml"

Step = Mapping[str, Any]
_R = TypeVar("_R", bound=Resource)


def stories() -> list[Mapping[str, Any]]:
    return list(yaml.safe_load(VECTORS.read_text(encoding="utf-8")))


def resource(model: type[_R], name: str, spec: Mapping[str, Any], labels: Mapping[str, str]) -> _R:
    document = {
        "apiVersion": API_VERSION,
        "kind": model.KIND,
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    }
    decoded, problems = decode(model, document)
    assert decoded is not None, problems
    return decoded


def node(name: str, written: Mapping[str, Any]) -> Node:
    spec = {key: value for key, value in written.items() if key not in ("labels", "kubernetes")}
    if "kubernetes" in written:
        spec["orchRefs"] = [{"nodeName": written["kubernetes"], "orchestrator": "k8s"}]
    return resource(Node, name, spec, written.get("labels", {}))


class Story:
    """What is there, and the controllers, with an etcd: the datastore for which all of them run."""

    def __init__(self) -> None:
        self.controllers: NodeControllers | None = None
        self.kubernetes: dict[str, KubernetesNode] = {}

    def play(self, step: Step) -> NodeControllers:
        nodes = [node(name, written) for name, written in step.get("nodes", {}).items()]
        changed = [KubernetesNode(name, labels) for name, labels in step.get("kubernetes", {}).items()]
        for kubernetes in changed:
            self.kubernetes[kubernetes.name] = kubernetes
        written = [
            resource(HostEndpoint, name, given["spec"], given["labels"])
            for name, given in step.get("written", {}).items()
        ]
        if "configuration" in step:
            self.controllers = self.started(step["configuration"], nodes, written)
        else:
            self.apply(step, nodes, changed)
        assert self.controllers is not None
        return self.controllers

    def started(
        self, section: Mapping[str, Any], nodes: Iterable[Node], written: Iterable[HostEndpoint]
    ) -> NodeControllers:
        spec = {"controllers": {"node": {"hostEndpoint": section}}}
        configuration = resource(KubeControllersConfiguration, "default", spec, {})
        running = running_configuration(configuration.spec, form=DatastoreForm.ETCDV3)
        before = self.controllers
        stored = [] if before is None else [stored.endpoint for stored in before.store]
        known = {} if before is None else before.nodes
        by_name = {**known, **{node.metadata.name: node for node in nodes}}
        controllers = NodeControllers.of(running, DatastoreForm.ETCDV3, by_name.values(), [*stored, *written])
        controllers.start(self.kubernetes.values())
        return controllers

    def apply(self, step: Step, nodes: list[Node], kubernetes: list[KubernetesNode]) -> None:
        assert self.controllers is not None
        edited = []
        for name, fields in step.get("edited", {}).items():
            stored = self.controllers.store.get(name)
            assert stored is not None
            spec = replace(stored.endpoint.spec, interface_name=fields["interfaceName"])
            edited.append(replace(stored.endpoint, spec=spec))
        changes = Changes(
            nodes=nodes,
            deleted_nodes=step.get("deleted_nodes", ()),
            endpoints=edited,
            deleted_endpoints=step.get("deleted", ()),
            kubernetes_nodes=[node for node in kubernetes if node.labels is not None],
            deleted_kubernetes_nodes=[node.name for node in kubernetes if node.labels is None],
        )
        self.controllers.apply(changes)


def expected(name: str, written: Mapping[str, Any], controllers: NodeControllers) -> HostEndpoint:
    is_user = written.get("user", False)
    owners = [node for node in controllers.nodes if len(controllers.nodes) == 1 or name.startswith(f"{node}-")]
    spec = {
        "node": written.get("node") or owners[0],
        "interfaceName": written["interface"],
        "expectedIPs": written["ips"],
        "profiles": [] if is_user else [DEFAULT_ALLOW_PROFILE],
    }
    created_by = {} if is_user else {CREATED_BY_LABEL: CREATED_BY}
    return resource(HostEndpoint, name, spec, {**written["labels"], **created_by})


def comparable(endpoint: HostEndpoint) -> tuple[object, ...]:
    return endpoint.metadata.name, endpoint.metadata.labels, endpoint.spec


def test_every_vector_is_told() -> None:
    told = {step["vector"] for story in stories() for step in story["steps"]}
    assert told == set(range(1, 27))


@pytest.mark.parametrize("story", stories(), ids=lambda story: str(story["story"]).replace(" ", "-"))
def test_story(story: Mapping[str, Any]) -> None:
    told = Story()
    for number, step in enumerate(story["steps"], 1):
        controllers = told.play(step)
        found = {stored.endpoint.metadata.name: comparable(stored.endpoint) for stored in controllers.store}
        wanted = {name: comparable(expected(name, given, controllers)) for name, given in step["expect"].items()}
        assert found == wanted, f"vector {step['vector']}, step {number}"
        assert controllers.store.failures == []
        labels = {name: controllers.nodes[name].metadata.labels for name in step.get("labels", {})}
        assert labels == step.get("labels", {}), f"vector {step['vector']}, step {number}"
