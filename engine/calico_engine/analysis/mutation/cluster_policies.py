"""The same mistakes in a ClusterNetworkPolicy of Kubernetes: its rules are in order, its peers and protocols are lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from calico_engine.analysis.mutation.label_selectors import label_selector_mutations
from calico_engine.analysis.mutation.nets import net_list_mutations
from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, entries, value_at, with_value, without
from calico_engine.analysis.mutation.ports import shifted
from calico_engine.analysis.mutation.rules import Actions, ordered_rule_mutations
from calico_engine.analysis.mutation.terms import misspelled
from calico_engine.manifests.yaml_problems import Path

_ACTIONS: Actions = {"Accept": ("Deny",), "Deny": ("Accept",), "Pass": ("Accept", "Deny")}
_OTHER_TIER = {"Admin": "Baseline", "Baseline": "Admin"}
_PEERS = {"ingress": "from", "egress": "to"}
#: The selectors of a subject or a peer.
_SELECTORS = (("namespaces",), ("pods", "namespaceSelector"), ("pods", "podSelector"))
_NAMED_PORT, _PORT = "destinationNamedPort", "destinationPort"
_PROTOCOLS = ("tcp", "udp", "sctp")


def cluster_policy_mutations(value: Object) -> Iterator[Mutation]:
    """Every mistake in a ClusterNetworkPolicy of policy.networking.k8s.io, its priority among others aside."""
    path = ("spec", "tier")
    tier = value_at(value, path)
    if tier in _OTHER_TIER:
        other = _OTHER_TIER[tier]
        yield Mutation(Operator.CHANGE_TIER, path, f"{tier} → {other}", other, with_value(value, path, other))
    yield from _selectors(value, ("spec", "subject"))
    yield from ordered_rule_mutations(value, _ACTIONS, _criteria)


def _criteria(value: Object, path: Path) -> Iterator[Mutation]:
    """A rule without peers is none, so the last one is not dropped."""
    peers = (*path, _PEERS[str(path[1])])
    listed = entries(value, peers)
    for index in range(len(listed)):
        here = (*peers, index)
        if len(listed) > 1:
            yield Mutation(Operator.DROP_CRITERION, here, "peer dropped", "", without(value, here))
        yield from _selectors(value, here)
        yield from net_list_mutations(value, (*here, "networks"))
    yield from _protocols(value, (*path, "protocols"))


def _selectors(value: Object, path: Path) -> Iterator[Mutation]:
    for inner in _SELECTORS:
        yield from label_selector_mutations(value, (*path, *inner))


def _protocols(value: Object, path: Path) -> Iterator[Mutation]:
    listed = entries(value, path)
    for index, entry in enumerate(listed):
        here = (*path, index)
        if name := entry.get(_NAMED_PORT):
            other = misspelled(name)
            changed = with_value(value, (*here, _NAMED_PORT), other)
            yield Mutation(Operator.MISSPELL_TERM, (*here, _NAMED_PORT), f"{name} → {other}", other, changed)
        for protocol in _PROTOCOLS:
            yield from _port(value, (*here, protocol, _PORT))
        if len(listed) > 1:
            yield Mutation(Operator.DROP_PORT, here, f"{_protocol(entry)} dropped", "", without(value, here))
    if listed:
        yield Mutation(Operator.DROP_CRITERION, path, "protocols dropped", "", without(value, path))


def _port(value: Object, path: Path) -> Iterator[Mutation]:
    port = value_at(value, path)
    if not port:
        return
    first, last = _ends(port)
    # Port 0 would say nothing, and so mean all ports.
    for operator, low, high in shifted(first, last, lowest=1):
        other = {"number": low} if low == high else {"range": {"start": low, "end": high}}
        shown = f"{_range(first, last)} → {_range(low, high)}"
        yield Mutation(operator, path, shown, _range(low, high), with_value(value, path, other))


def _ends(port: Mapping[str, Any]) -> tuple[int, int]:
    number = port.get("number")
    if number is not None:
        return number, number
    ends = port.get("range") or {}
    return ends.get("start") or 0, ends.get("end") or 0


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _protocol(entry: Mapping[str, Any]) -> str:
    """The protocol with its ports, or the port's name."""
    for protocol in _PROTOCOLS:
        if protocol in entry:
            port = value_at(entry, (protocol, _PORT))
            return f"{protocol}/{_range(*_ends(port))}" if port else protocol
    return str(entry.get(_NAMED_PORT, ""))
