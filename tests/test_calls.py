"""What values are shown as: the call that makes them."""

from __future__ import annotations

import pytest
from hypothesis.vendor.pretty import pretty

from calico_engine import Cluster, Packet
from calico_engine.reports.listings import as_yaml

POLICIES = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: a}
spec: {selector: app == 'it', types: [Ingress]}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h}
spec: {node: n1, interfaceName: eth0}
"""
AWKWARD = ('# """\n', "# \\d\n", '# "')


def made(shown: str) -> object:
    return eval(shown, {"Cluster": Cluster, "Packet": Packet})


def test_a_packet_is_shown_as_its_query() -> None:
    query = {"node": "n1", "inInterface": "eth0", "source": "10.0.0.1", "destination": "10.0.0.2", "protocol": "TCP"}
    packet = Packet.parse(query | {"destinationPort": 22, "conntrackState": "INVALID"})
    assert made(repr(packet)) == packet
    assert '"destinationPort": 22' in repr(packet)


@pytest.mark.parametrize("text", [POLICIES, *(part + POLICIES for part in AWKWARD[:2]), POLICIES + AWKWARD[2]])
@pytest.mark.parametrize("options", [{}, {"stored": True}, {"datastore": "etcdv3"}])
def test_a_parsed_cluster_is_shown_with_its_manifests(text: str, options: dict[str, object]) -> None:
    stored, datastore = bool(options.get("stored")), str(options.get("datastore", "kubernetes"))
    shown = repr(Cluster.parse(text, stored=stored, datastore=datastore))
    again = made(shown)
    assert isinstance(again, Cluster)
    assert again.texts == {"<text>": text}
    assert repr(again) == shown


def test_a_failing_test_prints_the_manifests_as_they_are() -> None:
    assert f'[Cluster.parse("""{POLICIES}""")]' == pretty([Cluster.parse(POLICIES)])


def test_other_clusters_are_shown_by_their_size() -> None:
    cluster = Cluster.parse(POLICIES)
    assert repr(cluster.delete("HostEndpoint", "h")) == "<Cluster of 4 objects>"
    assert repr(Cluster.parse(POLICIES + "#" * 20_000)) == "<Cluster of 5 objects>"


def test_halves_of_characters_are_written_as_well() -> None:
    assert as_yaml({"a": "\ud800"}) == 'a: "\\uD800"\n'
