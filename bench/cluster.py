"""A whole cluster: nodes and pods in, an answer out; and the answer again after one label was changed.

The reference of loading is libyaml alone on the same text, that of a what-if is loading and asking anew.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from time import process_time

import yaml

from bench.measure import Row
from calico_engine import Cluster
from calico_engine.synthesis import synthetic_cluster

#: (nodes, pods on each) → rounds.
_SIZES: Mapping[tuple[int, int], int] = {(50, 4): 3, (500, 4): 2}
_BIG: Mapping[tuple[int, int], int] = {(5_000, 4): 1}
_WHAT_IFS = 3
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


def measure(sizes: Mapping[tuple[int, int], int] | None = None) -> list[Row]:
    """Set BENCH_BIG for 5,000 nodes and 20,000 pods as well, which takes minutes."""
    if sizes is None:
        sizes = {**_SIZES, **(_BIG if "BENCH_BIG" in os.environ else {})}
    return [row for (nodes, pods), rounds in sizes.items() for row in _rows(nodes, pods, rounds)]


def _rows(nodes: int, pods: int, rounds: int) -> list[Row]:
    manifests = synthetic_cluster(nodes=nodes, masters=3, pods_per_node=pods, auto_host_endpoints=True)
    text = yaml.dump_all(manifests, Dumper=yaml.CSafeDumper) + _POLICIES
    workers = "worker1", "worker2"
    print(f"{nodes:,} nodes: {len(text) / 1e6:.1f} MB of YAML")
    clusters: list[Cluster] = []

    def load() -> None:
        clusters[:] = [Cluster.parse(text)]
        _ask(clusters[0], workers, allowed=False)

    def what_if() -> None:
        _ask(clusters[0].label("Node", workers[0], "trusted=yes"), workers, allowed=True)

    plain = _best(lambda: list(yaml.load_all(text, yaml.CSafeLoader)), rounds)
    loaded = _best(load, rounds)
    asked = _best(what_if, _WHAT_IFS)
    case = f"{nodes:,} nodes, {nodes * pods:,} pods"
    return [
        Row("cluster", f"{case}: load and ask", loaded, _YAML, plain),
        Row("cluster", f"{case}: label a node and ask", asked, _ANEW, loaded),
    ]


def _ask(cluster: Cluster, workers: tuple[str, str], *, allowed: bool) -> None:
    verdict = cluster.check(workers[0], workers[1], "tcp/10250")
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
