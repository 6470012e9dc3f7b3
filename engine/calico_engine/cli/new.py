"""`calico-engine new cluster`: a made-up cluster, for whoever wants to try a policy and has none at hand."""

from __future__ import annotations

from typing import Annotated

import typer

from calico_engine.cli.application import app

_new = typer.Typer(help="Manifests to start from.", add_completion=False)
app.add_typer(_new, name="new")


@_new.callback()
def _commands() -> None:
    """Keeps `cluster` named while it is the only one."""


@_new.command()
def cluster(
    nodes: Annotated[int, typer.Option("--nodes", help="How many, the masters among them.")] = 50,
    masters: Annotated[
        int | None, typer.Option("--masters", help="How many of the nodes are masters; otherwise 3, or 1 of few.")
    ] = None,
    platform: Annotated[
        str, typer.Option("--platform", help="kubeadm-1.N: decides on the nodes' labels and taints.")
    ] = "kubeadm-1.24",
    pods_per_node: Annotated[int, typer.Option("--pods-per-node", help="How many pods run on each worker.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Another one gives another cluster, the same one the same.")] = 0,
    pod_cidr: Annotated[str | None, typer.Option("--pod-cidr", help="Where pods have their addresses.")] = None,
    node_cidr: Annotated[str | None, typer.Option("--node-cidr", help="Where nodes have their addresses.")] = None,
    ipv6: Annotated[bool, typer.Option("--ipv6", help="Addresses of both families.")] = False,
    zones: Annotated[
        list[str] | None, typer.Option("--zone", help="A cloud's zone, such as us-west-2a; repeats.")
    ] = None,
    auto_host_endpoints: Annotated[
        bool, typer.Option("--auto-host-endpoints/--no-auto-host-endpoints", help="Whether nodes get them.")
    ] = True,
    folder: Annotated[
        str | None, typer.Option("-o", "--output", metavar="DIR", help="One file for each kind; otherwise printed.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Nodes, namespaces, service accounts, pods, pools and configuration of a believable cluster, as plain YAML."""
    from calico_engine.cli.writing import print_manifests, write_manifests
    from calico_engine.synthesis import synthetic_cluster

    manifests = synthetic_cluster(
        nodes=nodes,
        masters=masters,
        platform=platform,
        pods_per_node=pods_per_node,
        seed=seed,
        pod_cidr=pod_cidr,
        node_cidr=node_cidr,
        ipv6=ipv6,
        zones=zones or (),
        auto_host_endpoints=auto_host_endpoints,
    )
    if folder is None:
        print_manifests(manifests)
    else:
        write_manifests(manifests, folder, force=force)
