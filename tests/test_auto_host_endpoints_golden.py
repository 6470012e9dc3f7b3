"""Automatic host endpoints against kube-controllers v3.32.1 itself, step by step.

A record is one step of a sequence: what was found, what changed, and what was there once the controllers had come to
rest. What they remember from step to step matters, so a sequence is played in order on one set of controllers.
A sample is committed; the whole recording is read where it lies beside the project.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import pytest

from calico_engine.controllers import convert
from calico_engine.controllers.kube_controllers.auto_host_endpoints.controller import ControllerCrash
from calico_engine.controllers.kube_controllers.auto_host_endpoints.store import Cause
from calico_engine.controllers.kube_controllers.configuration import (
    DatastoreForm,
    running_configuration,
    stored_configuration,
)
from calico_engine.controllers.kube_controllers.label_sync import KubernetesNode
from calico_engine.controllers.kube_controllers.node_controllers import Changes, NodeControllers
from calico_engine.controllers.kube_controllers.running import run_node_controllers
from calico_engine.datastore import Datastore, Entry, KubernetesEntry
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.encoding import to_json
from calico_engine.manifests.stored import stored_form
from calico_engine.resources import API_VERSION, HostEndpoint, KubeControllersConfiguration, Node, Resource
from calico_engine.resources.kubernetes import KubernetesObject
from engine_support.client import configuration_problems

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "fixtures" / "golden" / "auto-host-endpoints-sample.jsonl"
RECORDING = ROOT.parent / "shared" / "golden" / "auto-host-endpoints.jsonl.gz"
#: What Calico's messages say, and what ours calls it.
CAUSES = {
    "Duplicate value": Cause.REPEATED_ADDRESS,
    "already exists": Cause.EXISTS,
    "update conflict": Cause.CONFLICT,
    "error with": Cause.INVALID,
}

Row = Mapping[str, Any]
_R = TypeVar("_R", bound=Resource)


def read_sample() -> list[Row]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


@cache
def read_recording() -> list[Row]:
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of_kind(model: type[_R], value: object) -> _R:
    resource, problems = decode(model, value)
    assert resource is not None, problems
    return resource


def configuration_of(row: Row) -> KubeControllersConfiguration | None:
    spec = row["kubeControllersConfiguration"]
    if spec is None:
        return None
    kind = KubeControllersConfiguration.KIND
    document = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "default"}, "spec": spec}
    return of_kind(KubeControllersConfiguration, document)


def nodes_of(row: Row) -> list[Node]:
    """Calico's nodes: with Kubernetes' datastore they are conversions."""
    if row["datastore"] == "etcdv3":
        return [of_kind(Node, node) for node in row.get("calicoNodes", ())]
    return [of_kind(Node, convert(node).resources[0]) for node in row.get("kubernetesNodes", ())]


def kubernetes_nodes_of(row: Row) -> list[KubernetesNode]:
    return [KubernetesNode.of(node) for node in row.get("kubernetesNodes", ()) if row["datastore"] == "etcdv3"]


def endpoints_of(row: Row) -> list[HostEndpoint]:
    return [of_kind(HostEndpoint, endpoint) for endpoint in row["existingHostEndpoints"]]


def changes_of(row: Row) -> Changes:
    changed = row["changed"]
    nodes = {node.metadata.name: node for node in nodes_of(row)}
    kubernetes = {node.name: node for node in kubernetes_nodes_of(row)}
    endpoints = {endpoint.metadata.name: endpoint for endpoint in endpoints_of(row)}
    written = changed.get("hostEndpoints", ())
    return Changes(
        nodes=[nodes[name] for name in changed.get("nodes", ())],
        deleted_nodes=changed.get("deletedNodes", ()),
        endpoints=[endpoints[name] for name in written if name in endpoints],
        deleted_endpoints=[
            *changed.get("deletedHostEndpoints", ()),
            *(name for name in written if name not in endpoints),
        ],
        kubernetes_nodes=[kubernetes[name] for name in changed.get("kubernetesNodes", ())],
        deleted_kubernetes_nodes=changed.get("deletedKubernetesNodes", ()),
    )


def failed_writes(row: Row) -> list[tuple[str, str, Cause]]:
    failed = []
    for message in row.get("failedWrites", ()):
        verb, name = message.partition(":")[0].split(" ", 1)
        failed.append((verb, name, next(cause for text, cause in CAUSES.items() if text in message)))
    return sorted(failed, key=lambda write: write[:2])


class Playback:
    """One sequence, on controllers that keep running until a step starts them anew."""

    def __init__(self) -> None:
        self.controllers: NodeControllers | None = None

    def disagreements(self, row: Row) -> Iterator[str]:
        """Play one step; what differs from the record."""
        configuration = configuration_of(row)
        refused = configuration is not None and bool(configuration_problems(configuration))
        if refused != (row["configurationError"] is not None):
            yield f"refused {refused}, and recorded is {row['configurationError']}"
        if row["configurationError"] is not None:
            return
        stored = stored_configuration(configuration)
        if "storedConfiguration" in row and to_json(stored.spec) != row["storedConfiguration"]:
            yield f"stored {to_json(stored.spec)}"
        yield from self._played(row, stored)

    def _played(self, row: Row, stored: KubeControllersConfiguration) -> Iterator[str]:
        form = DatastoreForm(row["datastore"])
        running = running_configuration(stored.spec, form=form, environment=row.get("environment"))
        if "status" in row and to_json(running.status) != row["status"]:
            yield f"status {to_json(running.status)}"
        try:
            if row["trigger"] == "start":
                self.controllers = NodeControllers.of(running, form, nodes_of(row), endpoints_of(row))
                for name in row.get("deletedCalicoNodes", ()):
                    self.controllers.delete_node(name)
                self.controllers.start(kubernetes_nodes_of(row))
            else:
                assert self.controllers is not None
                self.controllers.apply(changes_of(row))
        except ControllerCrash:
            if "crash" not in row:
                yield "a crash"
            return
        if "crash" in row:
            yield "no crash"
        yield from self._differences(row, self.controllers)

    def _differences(self, row: Row, controllers: NodeControllers) -> Iterator[str]:
        endpoints = [stored_form(stored.endpoint) for stored in controllers.store]
        if endpoints != row["hostEndpoints"]:
            yield f"host endpoints {endpoints}"
        failures = sorted((failure.verb.value, failure.name, failure.cause) for failure in controllers.store.failures)
        if failures != failed_writes(row):
            yield f"failed writes {failures}"
        after = {node["metadata"]["name"]: of_kind(Node, node) for node in row.get("calicoNodesAfter", ())}
        if "calicoNodesAfter" in row and after != controllers.nodes:
            yield f"nodes {controllers.nodes}"


def disagreements(rows: Iterable[Row]) -> list[str]:
    found = []
    ordered = sorted(rows, key=lambda row: (row["sequence"], row["step"]))
    for _, steps in groupby(ordered, key=lambda row: str(row["sequence"])):
        playback = Playback()
        for row in steps:
            found += [f"{row['id']}: {difference}" for difference in playback.disagreements(row)]
    return found


def datastore_of(row: Row) -> Datastore:
    configuration = stored_configuration(configuration_of(row))
    resources: list[Resource] = [configuration, *nodes_of(row), *endpoints_of(row)]
    kubernetes = [
        KubernetesEntry(KubernetesObject("v1", "Node", "", node["metadata"]["name"], node))
        for node in row.get("kubernetesNodes", ())
    ]
    return Datastore.of(map(Entry, resources), kubernetes)


def door_disagreements(rows: Iterable[Row]) -> list[str]:
    """What the door to a whole datastore makes of the records in which the controllers start."""
    found = []
    for row in rows:
        if row["trigger"] != "start" or row["configurationError"] is not None or "deletedCalicoNodes" in row:
            continue
        run = run_node_controllers(datastore_of(row), form=row["datastore"], environment=row.get("environment"))
        if "crash" in row:
            found += [] if run.errors else [f"{row['id']}: no error"]
            continue
        endpoints = [stored_form(endpoint) for _, endpoint in run.datastore.all(HostEndpoint)]
        if endpoints != row["hostEndpoints"]:
            found.append(f"{row['id']}: host endpoints {endpoints}")
        nodes = {node.metadata.name: node for _, node in run.datastore.all(Node)}
        if "calicoNodesAfter" in row and list(nodes.values()) != [of_kind(Node, n) for n in row["calicoNodesAfter"]]:
            found.append(f"{row['id']}: nodes {nodes}")
        if len(run.warnings) < len(row.get("failedWrites", ())):
            found.append(f"{row['id']}: a write failed silently: {run.warnings}")
    return found


def test_the_sample_covers_the_families_both_datastores_and_every_outcome() -> None:
    rows = read_sample()
    assert len({row["family"] for row in rows}) == 17
    assert len(rows) >= 120
    assert {row["datastore"] for row in rows} == {"kubernetes", "etcdv3"}
    assert {row["trigger"] for row in rows} == {"start", "events"}
    assert {cause for row in rows for _, _, cause in failed_writes(row)} == set(CAUSES.values())
    for key in ("crash", "deletedCalicoNodes", "calicoNodesAfter", "environment"):
        assert any(key in row for row in rows), key
    assert any(row["configurationError"] for row in rows)


def test_sample() -> None:
    assert disagreements(read_sample()) == []


def test_sample_through_the_door() -> None:
    assert door_disagreements(read_sample()) == []


ABSENT = f"the whole recording is not at {RECORDING}; the sample was checked"
FAMILIES = sorted({row["family"] for row in read_recording()}) if RECORDING.exists() else []


@pytest.mark.skipif(not RECORDING.exists(), reason=ABSENT)
def test_the_recording_is_there() -> None:
    assert len(read_recording()) > 500
    assert len(FAMILIES) >= 17


@pytest.mark.parametrize("family", FAMILIES or [pytest.param("", marks=pytest.mark.skip(reason=ABSENT))])
def test_whole_recording(family: str) -> None:
    rows = [row for row in read_recording() if row["family"] == family]
    assert disagreements(rows) == []
    assert door_disagreements(rows) == []
