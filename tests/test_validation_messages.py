"""Mistakes that people make, and what is said of each: the place, and words with which it can be put right."""

from __future__ import annotations

import pytest

from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source

HEADS = {
    "GNP": "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p}\n",
    "NP": "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: n}\n",
    "HEP": "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {name: h}\n",
    "FELIX": "apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: default}\n",
    "TIER": "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\n",
    "SET": "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: s}\n",
    "": "",
}
ALLOW = "spec: {ingress: [{action: Allow, "

MISTAKES = [
    # head, the rest of the file, path, words of the message
    ("GNP", "spec: {ingress: [{action: allow}]}", "spec.ingress[0].action", 'not "allow"; did you mean "Allow"?'),
    ("GNP", "spec: {ingress: [{}]}", "spec.ingress[0].action", "must be given: Allow, Deny, Log or Pass"),
    ("GNP", ALLOW + "protocol: TCP, destination: {port: [80]}}]}", "spec.ingress[0].destination.port", '"ports"?'),
    ("GNP", ALLOW + "protocol: TCP, destination: {ports: 80}}]}", "spec.ingress[0].destination.ports", "in brackets"),
    (
        "GNP",
        ALLOW + "protocol: TCP, destination: {ports: [80-90]}}]}",
        "spec.ingress[0].destination.ports[0]",
        '"80:90"',
    ),
    ("GNP", ALLOW + "protocol: tcp}]}", "spec.ingress[0].protocol", 'did you mean "TCP"?'),
    ("GNP", ALLOW + "source: {protocol: TCP}}]}", "spec.ingress[0].source.protocol", "belongs further out"),
    ("GNP", ALLOW + "ports: [80]}]}", "spec.ingress[0].ports", "belongs into source or destination"),
    ("GNP", ALLOW + "from: []}]}", "spec.ingress[0].from", 'Calico\'s word for it is "source"'),
    (
        "GNP",
        ALLOW + "destination: {ports: [80]}}]}",
        "spec.ingress[0].destination.ports",
        "port numbers need a protocol",
    ),
    ("GNP", ALLOW + "protocol: 1, icmp: {type: 8}}]}", "spec.ingress[0].icmp", "write protocol: ICMP"),
    ("GNP", ALLOW + "source: {nets: [10.0.0.1/8]}}]}", "spec.ingress[0].source.nets[0]", "10.0.0.0/8 is the network"),
    ("GNP", ALLOW + "source: {nets: [10.0.0.1]}}]}", "spec.ingress[0].source.nets[0]", "needs a mask: 10.0.0.1/32"),
    ("GNP", ALLOW + "source: {notNets: [0.0.0.0/0]}}]}", "spec.ingress[0].source.notNets[0]", "match nothing"),
    ("GNP", "spec: {selector: env == dev}", "spec.selector", "at character 8"),
    ("GNP", "spec: {tier: Default}", "spec.tier", 'did you mean "default"?'),
    ("GNP", 'spec: {order: "10"}', "spec.order", "leave out the quotes"),
    ("GNP", 'spec: {applyOnForward: "true"}', "spec.applyOnForward", "leave out the quotes"),
    ("GNP", "spec: {preDNAT: true}", "spec.applyOnForward", "write applyOnForward: true"),
    ("GNP", "spec: {types: [Egress, Egress]}", "spec.types[1]", "in the list already"),
    ("GNP", "selector: all()", "selector", "belongs into spec"),
    ("GNP", "spec: {podSelector: {}}", "spec.podSelector", 'Calico\'s word for it is "selector"'),
    ("NP", "spec: {doNotTrack: true}", "spec.doNotTrack", "unknown field"),
    ("HEP", "spec: {interfaceName: eth0}", "spec.node", "the node must be given"),
    ("HEP", "spec: {node: n1}", "spec.interfaceName", '"*" means all interfaces'),
    ("HEP", "spec: {node: n1, expectedIPs: [10.0.0.1/24]}", "spec.expectedIPs[0]", "leave out the mask"),
    ("HEP", "spec: {node: <node>, interfaceName: eth0}", "spec.node", "placeholder"),
    ("HEP", "spec: {node: n1, interfaceName: eth0, labels: {}}", "spec.labels", "belongs"),
    ("FELIX", "spec: {iptablesFilterAllowAction: ACCEPT}", "spec.iptablesFilterAllowAction", 'did you mean "Accept"?'),
    ("FELIX", "spec: {failsafeInboundPorts: []}", "spec.failsafeInboundPorts", '"failsafeInboundHostPorts"?'),
    ("FELIX", "spec: {failsafeInboundHostPorts: [22]}", "spec.failsafeInboundHostPorts[0]", "must be a mapping"),
    ("TIER", "spec: {defaultAction: pass}", "spec.defaultAction", 'did you mean "Pass"?'),
    ("SET", "spec: {allowedEgressDomains: []}", "spec.allowedEgressDomains", "Calico Enterprise"),
    ("SET", "spec: {nets: [10.0.0.0/255.0.0.0]}", "spec.nets[0]", "a number of bits"),
    ("SET", "spec: {nets: 10.0.0.0/8}", "spec.nets", "in brackets"),
    ("", "apiVersion: projectcalico.org/v3\nkind: NetworkPolicies", "kind", 'did you mean "NetworkPolicy"?'),
    ("", "apiVersion: projectcalico.org/v1\nkind: Tier", "apiVersion", 'must be "projectcalico.org/v3"'),
    ("", "apiVersion: projectcalico.org/v3\nkind: PacketCapture", "kind", "Calico Enterprise"),
    ("", "apiVersion: v1\nkind: AdminNetworkPolicy", "kind", "use ClusterNetworkPolicy"),
    ("", "apiVersion: projectcalico.org/v3\nKind: Tier", None, 'must be spelled "kind"'),
    (
        "",
        "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: a, namespace: b}",
        "metadata.namespace",
        "whole",
    ),
    ("", "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: My_Tier}", "metadata.name", '"my-tier"?'),
]


@pytest.mark.parametrize(("head", "rest", "path", "words"), MISTAKES, ids=[f"{m[0]} {m[1]}" for m in MISTAKES])
def test_mistake(head: str, rest: str, path: str | None, words: str) -> None:
    errors = load([Source("file.yaml", HEADS[head] + rest)]).errors
    assert [error.path for error in errors if words in error.message] == [path], [str(error) for error in errors]
    assert all(error.line is not None and error.column is not None for error in errors)


def test_all_errors_are_reported_at_once() -> None:
    text = HEADS["GNP"] + "spec:\n  tier: T\n  ingress:\n  - action: allow\n    protocol: tcp\n  types: [in]\n"
    errors = sorted(load([Source("file.yaml", text)]).errors)
    assert [error.line for error in errors] == [5, 7, 8, 9]


def test_many_unknown_fields_do_not_take_long() -> None:
    fields = ", ".join(f"field{number}: 1" for number in range(5_000))
    assert len(load([Source("file.yaml", HEADS["FELIX"] + f"spec: {{{fields}}}")]).errors) == 5_000
