"""What kube-controllers runs with: fixtures/vectors/kube-controllers-configuration.yaml, and the environment's edges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from calico_engine.controllers.kube_controllers.configuration import (
    DatastoreForm,
    NodeController,
    RunningConfiguration,
    running_configuration,
    stored_configuration,
)
from calico_engine.errors import InvalidConfiguration
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.encoding import to_json
from calico_engine.resources import API_VERSION, KubeControllersConfiguration
from engine_support.client import configuration_problems

VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors" / "kube-controllers-configuration.yaml"

Vector = Mapping[str, Any]


def vectors() -> list[Vector]:
    return list(yaml.safe_load(VECTORS.read_text(encoding="utf-8")))


def configuration(spec: Mapping[str, Any] | None) -> KubeControllersConfiguration | None:
    if spec is None:
        return None
    kind = KubeControllersConfiguration.KIND
    document = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "default"}, "spec": spec}
    decoded, problems = decode(KubeControllersConfiguration, document)
    assert decoded is not None, problems
    return decoded


def given(vector: Vector) -> KubeControllersConfiguration | None:
    spec = vector["configuration"]
    if "long_name" in vector:
        spec["controllers"]["node"]["hostEndpoint"]["templates"][0]["generateName"] = "x" * vector["long_name"]
    return configuration(spec)


def running(vector: Vector, stored: KubeControllersConfiguration) -> RunningConfiguration:
    form = DatastoreForm(vector.get("form", "kubernetes"))
    return running_configuration(stored.spec, form=form, environment=vector.get("environment"))


def settings(node: NodeController | None) -> Mapping[str, object] | None:
    if node is None:
        return None
    made = node.host_endpoints
    return {
        "sync_labels": node.sync_labels,
        "auto_create": made.auto_create,
        "create_default": made.create_default,
    }


def differences(wanted: object, found: object, path: str = "") -> list[str]:
    """Keys that are not wanted do not count; null stands for a key that must not be there."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [line for key in wanted for line in differences(wanted[key], found.get(key), f"{path}.{key}")]
    return [] if wanted == found else [f"{path}: {found!r} is not {wanted!r}"]


def test_every_vector_is_there() -> None:
    assert {vector["vector"] for vector in vectors()} == set(range(27, 42))


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: str(vector["vector"]))
def test_vector(vector: Vector) -> None:
    written = given(vector)
    messages = [] if written is None else [problem.message for problem in configuration_problems(written)]
    if "refused" in vector:
        assert any(vector["refused"] in message for message in messages), messages
        return
    assert messages == []
    stored = stored_configuration(written)
    assert differences(vector.get("stored", {}), to_json(stored.spec)) == []
    found = running(vector, stored)
    status = to_json(found.status)
    assert differences(vector.get("running", {}), status["runningConfig"]) == []
    if "node" in vector:
        assert settings(found.node) == vector["node"]
    if "variables" in vector:
        assert found.status.environment_vars == (
            vector["variables"]
            | ({} if vector.get("form") == "etcdv3" or found.node is None else {"DATASTORE_TYPE": "kubernetes"})
        )
    for key, restarts in (("restarts_for", True), ("runs_on_with", False)):
        if key in vector:
            other = running(vector, stored_configuration(configuration(vector[key])))
            assert (other != found) is restarts


DEFAULT = stored_configuration(None).spec


@pytest.mark.parametrize(
    ("variables", "in_message"),
    [
        ({"AUTO_HOST_ENDPOINTS": "true"}, "must be enabled or disabled"),
        ({"AUTO_HOST_ENDPOINTS": ""}, "must be enabled or disabled"),
        ({"SYNC_NODE_LABELS": "yes"}, "must be true or false"),
        ({"HEALTH_ENABLED": "tRUE"}, "must be true or false"),
        ({"ENABLED_CONTROLLERS": "node, policy"}, '" policy" is no controller'),
        ({"ENABLED_CONTROLLERS": ""}, '"" is no controller'),
        ({"ENABLED_CONTROLLERS": "flannelmigration"}, "no controller that runs beside others"),
        ({"RECONCILER_PERIOD": "5"}, "not a duration"),
        ({"COMPACTION_PERIOD": "soon"}, "not a duration"),
        ({"LOG_LEVEL": "loud"}, "must be one of"),
    ],
)
def test_a_variable_that_cannot_be_read_is_fatal(variables: Mapping[str, str], in_message: str) -> None:
    with pytest.raises(InvalidConfiguration, match=next(iter(variables))) as raised:
        running_configuration(DEFAULT, form=DatastoreForm.ETCDV3, environment=variables)
    assert in_message in str(raised.value)


@pytest.mark.parametrize("name", ["AUTO_HOST_ENDPOINTS", "SYNC_NODE_LABELS"])
def test_variables_of_a_controller_that_does_not_run_are_not_looked_at(name: str) -> None:
    spec = stored_configuration(configuration({"controllers": {}})).spec
    found = running_configuration(spec, form=DatastoreForm.ETCDV3, environment={name: "nonsense"})
    assert found.node is None
    assert found.status.environment_vars == {}


def test_the_variable_discards_templates_and_what_the_object_says() -> None:
    section = {
        "autoCreate": "Disabled",
        "createDefaultHostEndpoint": "Disabled",
        "templates": [{"generateName": "t", "interfacePattern": "eth0"}],
    }
    spec = stored_configuration(configuration({"controllers": {"node": {"hostEndpoint": section}}})).spec
    for value, auto_create in (("enabled", True), ("DISABLED", False)):
        found = running_configuration(spec, environment={"AUTO_HOST_ENDPOINTS": value}).node
        assert found is not None
        assert found.host_endpoints.auto_create is auto_create
        assert found.host_endpoints.create_default
        assert found.host_endpoints.templates == ()


def test_levels_are_read_as_logrus_reads_them() -> None:
    same = ("Panic", "Fatal", "Error", "Warning", "Info", "Debug", "Trace")
    for text, shown in (*zip(same, same, strict=True), ("WARN", "Warning"), ("warning", "Warning"), ("TRACE", "Trace")):
        status = running_configuration(DEFAULT, environment={"LOG_LEVEL": text}).status
        assert status.running_config is not None
        assert status.running_config.log_severity_screen == shown


def test_another_name_is_refused() -> None:
    other = configuration({"controllers": {}})
    assert other is not None
    document = {**to_json(other), "metadata": {"name": "other"}}
    decoded, _ = decode(KubeControllersConfiguration, document)
    assert decoded is not None
    assert [problem.path for problem in configuration_problems(decoded)] == [("metadata", "name")]
