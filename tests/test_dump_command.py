"""From a live cluster: the line that dumps it, and the dump read whole, with all that a server adds to objects."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from calico_engine import Cluster, Decision
from calico_engine.cli import run
from calico_engine.cli.dump_command import CalicoGroup, dump_line, resource_names
from calico_engine.resources import MODELS
from calico_engine.resources.kubernetes import KUBERNETES_KINDS
from engine_support.terminal import COMMAND, ENVIRONMENT

ROOT = Path(__file__).parents[1]
DUMP = ROOT / "fixtures" / "dump" / "cluster.yaml"
COMMAND_LINE = shlex.join(COMMAND)
KUBERNETES = (
    "nodes",
    "namespaces",
    "serviceaccounts",
    "pods",
    "services",
    "endpointslices.discovery.k8s.io",
    "networkpolicies.networking.k8s.io",
    "clusternetworkpolicies.policy.networking.k8s.io",
)
CALICO = (
    "bgpconfigurations",
    "bgpfilters",
    "bgppeers",
    "clusterinformations",
    "felixconfigurations",
    "globalnetworkpolicies",
    "globalnetworksets",
    "hostendpoints",
    "ippools",
    "ipreservations",
    "kubecontrollersconfigurations",
    "networkpolicies",
    "networksets",
    "stagedglobalnetworkpolicies",
    "stagedkubernetesnetworkpolicies",
    "stagednetworkpolicies",
    "tiers",
)
WEB, DB = "shop/web-7d9c5b6f4c-x8z2k", "shop/db-66f7c8d9b5-qm4tn"
QUESTIONS = (
    ("cp1", "w1", "kubelet", Decision.ALLOW),
    ("w2", "w1", "kubelet", Decision.DENY),
    ("203.0.113.7", "w2", "tcp/8080", Decision.DENY),
    ("203.0.113.7", "w2", "ssh", Decision.ALLOW),
    ("203.0.113.7", "cp1", "tcp/8080", Decision.ALLOW),
    (WEB, DB, "tcp/5432", Decision.ALLOW),
    (WEB, DB, "tcp/22", Decision.DENY),
    ("w1", DB, "tcp/5432", Decision.DENY),
)


# The line


@pytest.mark.parametrize("group", CalicoGroup)
def test_it_names_every_kind_that_a_cluster_stores(group: CalicoGroup) -> None:
    assert sorted(resource_names(group)) == sorted([*KUBERNETES, *(f"{name}.{group}" for name in CALICO)])
    # What calico makes of Kubernetes' objects, and the Host document, are stored nowhere.
    assert len(KUBERNETES) == len(KUBERNETES_KINDS)
    assert len(CALICO) == len({kind for _, kind in MODELS} - {"Host", "Node", "Profile", "WorkloadEndpoint"})


def test_it_is_one_line_that_only_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dump-command"]) == 0
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    program, verb, names, *rest = shlex.split(out)
    assert (program, verb, rest) == ("kubectl", "get", ["-A", "-o", "yaml"])
    assert names.split(",") == list(resource_names(CalicoGroup.CUSTOM_RESOURCES))
    # No shell takes it for anything but words, so `$(calico-engine dump-command)` runs it.
    assert out.split() == shlex.split(out)


@pytest.mark.parametrize("asked", [[], ["--installed"]])
@pytest.mark.parametrize("group", CalicoGroup)
def test_the_group_of_calicos_objects_can_be_chosen(
    asked: list[str], group: CalicoGroup, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dump-command", "--calico-group", group, *asked]) == 0
    assert capsys.readouterr().out == f"{dump_line(group, installed=bool(asked))}\n"
    assert f"tiers.{group}" in dump_line(group)


def test_an_unknown_group_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dump-command", "--calico-group", "example.org"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("error: ")) == ("", True)


# The line at work, on a stand-in for kubectl that says what it knows and was asked


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment whose `kubectl` notes its arguments, lists some resources and dumps the fixture."""
    known = ["nodes", "pods", "secrets", "nodes.metrics.k8s.io", "endpointslices.discovery.k8s.io"]
    known += ["tiers.projectcalico.org", "tiers.crd.projectcalico.org", "ipamblocks.crd.projectcalico.org"]
    script = tmp_path / "kubectl"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {shlex.quote(str(tmp_path / "asked"))}\n'
        f'if [ "$1" = api-resources ]; then printf "%s\\n" {" ".join(known)}; else cat {shlex.quote(str(DUMP))}; fi\n'
    )
    script.chmod(0o755)
    yield {**ENVIRONMENT, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def shell(line: str, environment: dict[str, str]) -> str:
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_what_it_dumps_can_be_piped_into_a_question(kubectl: dict[str, str]) -> None:
    answer = shell(f"$({COMMAND_LINE} dump-command) | {COMMAND_LINE} check -f - cp1 w1 kubelet", kubectl)
    assert answer.startswith("ALLOW  default/workers rule 0")


def test_installed_asks_only_for_what_is_there(kubectl: dict[str, str], tmp_path: Path) -> None:
    assert shell(dump_line(installed=True), kubectl) == DUMP.read_text()
    listing, dump = (tmp_path / "asked").read_text().splitlines()
    assert listing == "api-resources --verbs=list -o name"
    assert dump == "get nodes,pods,endpointslices.discovery.k8s.io,tiers.crd.projectcalico.org -A -o yaml"


# The dump


def dumped() -> Any:
    return yaml.safe_load(DUMP.read_text())


def test_the_dump_has_what_a_server_adds() -> None:
    dump = dumped()
    assert (dump["apiVersion"], dump["kind"]) == ("v1", "List")
    added = {"uid", "resourceVersion", "creationTimestamp", "managedFields"}
    assert all(added <= set(item["metadata"]) for item in dump["items"])
    assert {item["kind"] for item in dump["items"] if "status" in item} >= {
        "Node",
        "Pod",
        "KubeControllersConfiguration",
    }


def test_the_dump_loads_whole_and_without_a_remark(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "-f", str(DUMP)]) == 0
    assert capsys.readouterr().out == f"valid: {len(dumped()['items'])} objects, 0 warnings\n"


@pytest.mark.parametrize(("source", "destination", "service", "decision"), QUESTIONS)
def test_the_dump_answers(source: str, destination: str, service: str, decision: Decision) -> None:
    assert Cluster.load(str(DUMP)).check(source, destination, service).decision is decision


def test_endpoints_that_the_controller_made_are_as_the_controller_would_make_them() -> None:
    dump = dumped()
    without = [item for item in dump["items"] if item["kind"] != "HostEndpoint"]
    assert len(without) < len(dump["items"])
    made = Cluster.parse(yaml.safe_dump({**dump, "items": without}))
    assert endpoints(Cluster.load(str(DUMP))) == endpoints(made)


def endpoints(cluster: Cluster) -> list[tuple[Any, ...]]:
    found: Any = cluster.get("HostEndpoint")
    return [(endpoint["metadata"]["name"], endpoint["metadata"]["labels"], endpoint["spec"]) for endpoint in found]


def test_what_a_server_adds_changes_no_answer() -> None:
    dump = dumped()
    for item in dump["items"]:
        for key in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"):
            item["metadata"].pop(key, None)
        if item["kind"] not in ("Node", "Pod"):  # theirs hold addresses
            item.pop("status", None)
    bare = Cluster.parse(yaml.safe_dump(dump))
    assert bare.warnings == ()
    for source, destination, service, decision in QUESTIONS:
        assert bare.check(source, destination, service).decision is decision
