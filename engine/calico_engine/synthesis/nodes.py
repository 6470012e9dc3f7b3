"""Nodes as `kubectl get nodes -o yaml` shows them, with what calico/node notes in annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calico_engine.frozen import frozen
from calico_engine.synthesis.addresses import AddressPlan
from calico_engine.synthesis.identities import Manifest, metadata
from calico_engine.synthesis.platforms import Platform

_OURS = "projectcalico.org"


@frozen
class NodePlan:
    """One node to be; `index` counts all nodes, for the addresses. A tainted one takes no pods."""

    name: str
    index: int
    is_master: bool
    is_tainted: bool
    zone: str


def node_plans(count: int, masters: int, zones: Sequence[str]) -> list[NodePlan]:
    """Masters first; each role is spread over the zones. Without workers, pods run on the masters."""
    return list(_node_plans(count, masters, zones or ("",)))


def _node_plans(count: int, masters: int, zones: Sequence[str]) -> Iterator[NodePlan]:
    for index in range(count):
        is_master = index < masters
        place = index if is_master else index - masters
        name = f"{'master' if is_master else 'worker'}{place + 1}"
        yield NodePlan(name, index, is_master, is_master and count > masters, zones[place % len(zones)])


def node(plan: NodePlan, platform: Platform, addresses: Sequence[AddressPlan], seed: int) -> Manifest:
    """The manifest of one node."""
    labels = platform.node_labels(plan.name, is_master=plan.is_master, zone=plan.zone)
    annotations = _annotations(plan.index, addresses)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata(seed, "Node", plan.name, labels=labels, annotations=annotations),
        "spec": _spec(plan, platform, addresses),
        "status": _status(plan, platform, addresses),
    }


def _annotations(index: int, addresses: Sequence[AddressPlan]) -> dict[str, str]:
    """The node's own address of each family, and the end of its IPIP tunnel, which only IPv4 has."""
    own = {f"{_OURS}/IPv{plan.nodes.version}Address": plan.node_interface(index) for plan in addresses}
    tunnels = (plan.tunnel_address(index) for plan in addresses if plan.nodes.version == 4)
    return own | {f"{_OURS}/IPv4IPIPTunnelAddr": str(tunnel) for tunnel in tunnels}


def _spec(plan: NodePlan, platform: Platform, addresses: Sequence[AddressPlan]) -> Manifest:
    blocks = [str(family.block(plan.index)) for family in addresses]
    spec: Manifest = {"podCIDR": blocks[0], "podCIDRs": blocks}
    return spec | ({"taints": platform.taints()} if plan.is_tainted else {})


def _status(plan: NodePlan, platform: Platform, addresses: Sequence[AddressPlan]) -> Manifest:
    own = [{"type": "InternalIP", "address": str(family.node_address(plan.index))} for family in addresses]
    return {
        "addresses": [*own, {"type": "Hostname", "address": plan.name}],
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        "nodeInfo": {
            "architecture": "amd64",
            "kubeletVersion": platform.kubelet_version,
            "operatingSystem": "linux",
        },
    }
