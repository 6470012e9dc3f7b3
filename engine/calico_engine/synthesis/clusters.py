"""`synthetic_cluster`: a whole cluster from a few numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from calico_engine.errors import quoted
from calico_engine.synthesis.addresses import address_plans
from calico_engine.synthesis.calico_objects import configurations, ip_pool
from calico_engine.synthesis.identities import Manifest
from calico_engine.synthesis.nodes import node, node_plans
from calico_engine.synthesis.platforms import Platform
from calico_engine.synthesis.workloads import namespaces, pods, service_accounts

_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", re.ASCII)


def synthetic_cluster(
    *,
    nodes: int = 50,
    masters: int | None = None,
    platform: str = "kubeadm-1.24",
    pods_per_node: int = 0,
    seed: int = 0,
    pod_cidr: str | None = None,
    node_cidr: str | None = None,
    ipv6: bool = False,
    zones: Sequence[str] = (),
    auto_host_endpoints: bool = True,
) -> list[Manifest]:
    """A believable cluster as plain manifests: the same arguments always give the same ones.

    `nodes` counts the masters in: three unless given, or one among fewer than four nodes. `platform` is `kubeadm-1.N`: it
    decides on labels and taints. Pods run on workers (on masters if there are no workers). `zones` are a cloud's.
    ValueError where something is impossible.

    >>> [obj["metadata"]["name"] for obj in synthetic_cluster(nodes=3, masters=1) if obj["kind"] == "Node"]
    ['master1', 'worker1', 'worker2']
    """
    if masters is None:
        masters = 3 if nodes > 3 else 1
    _check(nodes, masters, pods_per_node, zones)
    release = Platform.parse(platform)
    addresses = address_plans(nodes, pods_per_node, pod_cidr=pod_cidr, node_cidr=node_cidr, ipv6=ipv6)
    plans = node_plans(nodes, masters, zones)
    return [
        *(node(plan, release, addresses, seed) for plan in plans),
        *namespaces(release, seed),
        *service_accounts(seed),
        *(pod for plan in plans for pod in pods(plan, pods_per_node, addresses, seed)),
        *(ip_pool(family, seed) for family in addresses),
        *configurations(auto_host_endpoints=auto_host_endpoints, seed=seed),
    ]


def _check(nodes: int, masters: int, pods_per_node: int, zones: Sequence[str]) -> None:
    if nodes < 1:
        raise ValueError(f"a cluster has at least one node, not {nodes}")
    if not 0 <= masters <= nodes:
        raise ValueError(f"masters are among the nodes: 0 to {nodes}, not {masters}")
    if pods_per_node < 0:
        raise ValueError(f"pods_per_node must not be negative, as {pods_per_node} is")
    for zone in zones:
        if _LABEL_VALUE.fullmatch(zone) is None:
            raise ValueError(f"a zone is the value of a label, which {quoted(zone)} cannot be")
