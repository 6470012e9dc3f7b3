"""What is said about automatic host endpoints: by the library, and by the command `controllers`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calico_engine import Cluster
from calico_engine.cli import run

NODES = """
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: w1, labels: {role: worker}}
spec: {addresses: [{address: 10.0.0.1, type: InternalIP}], interfaces: [{name: eth0, addresses: [10.0.0.1]}]}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: w2}
spec: {bgp: {ipv4Address: 10.0.0.2/24}}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: gone-auto-hep, labels: {projectcalico.org/created-by: calico-kube-controllers}}
spec: {node: gone, interfaceName: "*", expectedIPs: [10.0.0.9]}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: w2-auto-hep}
spec: {node: w2, interfaceName: eth7}
"""
CONFIGURATION = """
---
apiVersion: projectcalico.org/v3
kind: KubeControllersConfiguration
metadata: {name: default}
spec:
  controllers:
    node:
      hostEndpoint:
        autoCreate: %s
        templates:
        - {generateName: workers, nodeSelector: role == 'worker', interfacePattern: eth.*}
        - {generateName: far, interfaceCIDRs: [192.0.2.0/24]}
"""

ENABLED = """\
automatic host endpoints are made
node w1
  ✓ w1-auto-hep: created (the default host endpoint)
      10.0.0.1  from spec.addresses[0]
  ✓ w1-workers-eth0-auto-hep: created (template workers, interface eth0)
      10.0.0.1  from spec.interfaces[0].addresses
  ✗ template far: no address of the node lies in its interfaceCIDRs
node w2
"""


def test_each_node_with_what_it_got_and_what_not() -> None:
    cluster = Cluster.parse(NODES + CONFIGURATION % "Enabled")
    text = cluster.explain_controllers()
    assert text.startswith(ENABLED)
    assert "  ✗ w2-auto-hep: could not be written (the default host endpoint)" in text
    assert "  ✗ template workers: its nodeSelector does not select the node (role == 'worker')" in text
    assert text.endswith("✗ gone-auto-hep of node gone: deleted, for its node does not exist")


@pytest.mark.parametrize(
    ("configuration", "state", "words"),
    [
        ("", "NOT_CONFIGURED", "there is no KubeControllersConfiguration"),
        (
            CONFIGURATION % "Disabled",
            "DISABLED",
            "automatic host endpoints are turned off: those that are there are deleted",
        ),
        (CONFIGURATION % "Enabled", "ENABLED", "automatic host endpoints are made"),
    ],
)
def test_the_state_comes_first(
    configuration: str, state: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(NODES + configuration, encoding="utf-8")
    assert run(["controllers", "-f", str(file)]) == 0
    assert capsys.readouterr().out.startswith(words)
    assert run(["controllers", "-o", "json", "-f", str(file)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["state"] == state
    kept = {endpoint["name"] for node in found["nodes"] for endpoint in node["hostEndpoints"]}
    there = {
        str(metadata["name"])
        for item in Cluster.load(file).get("heps")
        if isinstance(metadata := item["metadata"], dict)
    }
    assert kept <= there
    assert not there & {gone["name"] for gone in found["deleted"]}
