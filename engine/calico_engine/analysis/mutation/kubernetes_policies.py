"""The same mistakes in a NetworkPolicy of Kubernetes: its rules only allow, so their order and action cannot be wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from calico_engine.analysis.mutation.label_selectors import label_selector_mutations
from calico_engine.analysis.mutation.nets import net_list_mutations, net_mutations
from calico_engine.analysis.mutation.operators import (
    Mutation,
    Object,
    Operator,
    entries,
    with_value,
    without,
)
from calico_engine.analysis.mutation.policies import type_mutations
from calico_engine.analysis.mutation.ports import shifted
from calico_engine.analysis.mutation.terms import misspelled
from calico_engine.manifests.yaml_problems import Path

_PEERS = {"ingress": "from", "egress": "to"}


def kubernetes_policy_mutations(value: Object) -> Iterator[Mutation]:
    """Every mistake in a NetworkPolicy of networking.k8s.io."""
    yield from label_selector_mutations(value, ("spec", "podSelector"))
    if entries(value, ("spec", "policyTypes")):
        yield from type_mutations(value, ("spec", "policyTypes"))
    for direction, peers in _PEERS.items():
        path = ("spec", direction)
        for index in range(len(entries(value, path))):
            yield Mutation(Operator.DROP_RULE, (*path, index), "rule dropped", "", without(value, (*path, index)))
            yield from _peers(value, (*path, index, peers))
            yield from _ports(value, (*path, index, "ports"))


def _peers(value: Object, path: Path) -> Iterator[Mutation]:
    listed = entries(value, path)
    for index, peer in enumerate(listed):
        here = (*path, index)
        if len(listed) > 1:
            yield Mutation(Operator.DROP_CRITERION, here, "peer dropped", "", without(value, here))
        if "ipBlock" in peer:
            yield from net_mutations(value, (*here, "ipBlock", "cidr"))
            yield from net_list_mutations(value, (*here, "ipBlock", "except"))
        for key in ("podSelector", "namespaceSelector"):
            yield from label_selector_mutations(value, (*here, key))
    yield from _all_dropped(value, path)


def _ports(value: Object, path: Path) -> Iterator[Mutation]:
    listed = entries(value, path)
    for index, port in enumerate(listed):
        here = (*path, index)
        yield from _port(value, here, port)
        if len(listed) > 1:
            yield Mutation(Operator.DROP_PORT, here, f"{_shown(port)} dropped", "", without(value, here))
    yield from _all_dropped(value, path)


def _all_dropped(value: Object, path: Path) -> Iterator[Mutation]:
    """A rule without peers is for everybody, one without ports for all of them."""
    if entries(value, path):
        yield Mutation(Operator.DROP_CRITERION, path, f"{path[-1]} dropped", "", without(value, path))


def _port(value: Object, path: Path, port: Mapping[str, Any]) -> Iterator[Mutation]:
    first, last = port.get("port"), port.get("endPort", port.get("port"))
    if isinstance(first, str):
        other = {**port, "port": misspelled(first)}
        yield Mutation(
            Operator.MISSPELL_TERM, path, _change(port, other), _shown(other), with_value(value, path, other)
        )
    elif isinstance(first, int) and isinstance(last, int):
        rest = {key: item for key, item in port.items() if key != "endPort"}
        for operator, low, high in shifted(first, last, lowest=1):
            other = {**rest, "port": low} | ({} if low == high else {"endPort": high})
            yield Mutation(operator, path, _change(port, other), _shown(other), with_value(value, path, other))


def _change(port: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    return f"{_shown(port)} → {_shown(other)}"


def _shown(port: Mapping[str, Any]) -> str:
    first, last = port.get("port"), port.get("endPort")
    return str(first) if last is None else f"{first}-{last}"
