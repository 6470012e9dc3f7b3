"""A whole cluster: nodes and pods in, an answer out; and the answer again after one object was changed.

The reference of loading is libyaml alone on the same text, that of a what-if is loading and asking anew.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from functools import partial
from time import process_time

import yaml

from bench.measure import Row
from calico_engine import Cluster
from calico_engine.synthesis import synthetic_cluster

#: (nodes, pods on each) → rounds.
_SIZES: Mapping[tuple[int, int], int] = {(50, 4): 3, (500, 4): 2}
_BIG: Mapping[tuple[int, int], int] = {(2_000, 4): 1, (5_000, 4): 1}
_WHAT_IFS = 5
_YAML = "yaml.load_all(text, CSafeLoader)"
_ANEW = "load and ask anew"
_POLICIES = """
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: workers}
spec:
  selector: has(kubernetes.io/hostname) && !has(node-role.kubernetes.io/control-plane)
  ingress:
  - action: Allow
    protocol: TCP
    source: {selector: has(node-role.kubernetes.io/control-plane)}
    destination: {ports: [10250]}
  - {action: Allow, protocol: TCP, source: {selector: trusted == 'yes'}, destination: {ports: [10250]}}
"""


_KUBELET = {"action": "Allow", "protocol": "TCP", "destination": {"ports": [10250]}}
_APPLIED: Mapping[str, object] = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "kubelet"},
    "spec": {"order": 1, "selector": "has(kubernetes.io/hostname)", "ingress": [_KUBELET]},
}
_SENDER, _RECEIVER, _STRANGER = "worker1", "worker2", "203.0.113.7"
#: What is done → the change, who asks then, and whether it is allowed.
_CHANGES: Mapping[str, tuple[Callable[[Cluster], Cluster], str, bool]] = {
    "label a node": (lambda cluster: cluster.label("Node", _SENDER, "trusted=yes"), _SENDER, True),
    "label a node, ask by address": (lambda cluster: cluster.label("Node", _SENDER, "trusted=yes"), _STRANGER, False),
    "apply a policy": (lambda cluster: cluster.apply(_APPLIED), _SENDER, True),
    "patch a policy": (
        lambda cluster: cluster.patch("GlobalNetworkPolicy", "workers", {"spec": {"ingress": [_KUBELET]}}),
        _SENDER,
        True,
    ),
    "delete a policy": (lambda cluster: cluster.delete("GlobalNetworkPolicy", "workers"), _SENDER, True),
}


def measure(sizes: Mapping[tuple[int, int], int] | None = None) -> list[Row]:
    """Set BENCH_BIG for up to 5,000 nodes and 20,000 pods as well, which takes minutes."""
    if sizes is None:
        sizes = {**_SIZES, **(_BIG if "BENCH_BIG" in os.environ else {})}
    return [row for (nodes, pods), rounds in sizes.items() for row in _rows(nodes, pods, rounds)]


def _rows(nodes: int, pods: int, rounds: int) -> list[Row]:
    manifests = synthetic_cluster(nodes=nodes, masters=3, pods_per_node=pods, auto_host_endpoints=True)
    text = yaml.dump_all(manifests, Dumper=yaml.CSafeDumper) + _POLICIES
    print(f"{nodes:,} nodes: {len(text) / 1e6:.1f} MB of YAML")
    clusters: list[Cluster] = []

    def load() -> None:
        clusters[:] = [Cluster.parse(text)]
        _ask(clusters[0], _SENDER, allowed=False)

    plain = _best(lambda: list(yaml.load_all(text, yaml.CSafeLoader)), rounds)
    loaded = _best(load, rounds)
    case = f"{nodes:,} nodes, {nodes * pods:,} pods"
    rows = [Row("cluster", f"{case}: load and ask", loaded, _YAML, plain)]
    for name, (change, sender, allowed) in _CHANGES.items():
        _ask(clusters[0], sender, allowed=False)  # what is worked out for it serves all what-ifs
        asked = _best(partial(_what_if, clusters[0], change, sender, allowed), _WHAT_IFS)
        rows.append(Row("cluster", f"{case}: {name}", asked, _ANEW, loaded))
    return rows


def _what_if(cluster: Cluster, change: Callable[[Cluster], Cluster], sender: str, allowed: bool) -> None:
    _ask(change(cluster), sender, allowed=allowed)


def _ask(cluster: Cluster, sender: str, *, allowed: bool) -> None:
    verdict = cluster.check(sender, _RECEIVER, "tcp/10250")
    if verdict.allowed is not allowed:
        raise AssertionError(verdict.explain())


def _best(work: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        started = process_time()
        made = work()
        best = min(best, process_time() - started)
        del made
    return best
