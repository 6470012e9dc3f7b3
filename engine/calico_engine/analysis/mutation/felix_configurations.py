"""Mistakes in Felix's configuration that change verdicts: failsafe ports, and what workloads may send to their host."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from calico_engine.analysis.mutation.nets import net_mutations
from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, value_at, with_value, without
from calico_engine.compiler.entities import inherited_labels
from calico_engine.compiler.felix_model import FelixModel
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import Direction
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE

_FAILSAFES = {Direction.INGRESS: "failsafeInboundHostPorts", Direction.EGRESS: "failsafeOutboundHostPorts"}
_HOST_ACTION = ("spec", "defaultEndpointToHostAction")
_HOST_ACTIONS = ("Drop", "Accept", "Return")
_LAST_PORT = 65535
_SSH: Mapping[str, Any] = {"protocol": "TCP", "port": 22}


def felix_mutations(value: Object, guarded: Collection[Direction], *, workloads: bool) -> Iterator[Mutation]:
    """Every mistake in a FelixConfiguration that can matter.

    `guarded`: in which directions something is denied to hosts. `workloads`: there are some, which may send to theirs.
    """
    for direction, name in _FAILSAFES.items():
        if direction in guarded:
            yield from _failsafes(value, ("spec", name))
    if workloads:
        given = value_at(value, _HOST_ACTION) or _HOST_ACTIONS[0]
        for other in _HOST_ACTIONS:
            if other != given:
                changed = with_value(value, _HOST_ACTION, other)
                yield Mutation(Operator.CHANGE_HOST_ACTION, _HOST_ACTION, f"{given} → {other}", other, changed)


def guarded_directions(model: FelixModel) -> frozenset[Direction]:
    """The directions in which some host endpoint may deny something, so that failsafes matter.

    Untracked policy lets replies through by the failsafes of the other direction.
    """
    guarded: set[Direction] = set()
    for endpoint in model.host_endpoints:
        if endpoint.profiles[:1] != (DEFAULT_ALLOW_PROFILE,):
            return frozenset(Direction)
        labels = inherited_labels(endpoint.labels, endpoint.profiles, model.profiles)
        for policy in model.policies:
            if not policy.staged and not policy.acts <= guarded and policy.selector.matches(labels):
                guarded.update(Direction if policy.do_not_track else policy.acts)
    return frozenset(guarded)


def _failsafes(value: Object, path: Path) -> Iterator[Mutation]:
    """Where no list is given, the default ones are in force."""
    listed = value_at(value, path)
    if listed is None:
        yield Mutation(Operator.DROP_FAILSAFE, path, "the default ones dropped", "", with_value(value, path, []))
        return
    for index, entry in enumerate(listed):
        here = (*path, index)
        yield Mutation(Operator.DROP_FAILSAFE, here, f"{_shown(entry)} dropped", "", without(value, here))
        if entry.get("net"):
            net = (*here, "net")
            yield Mutation(Operator.DROP_CRITERION, net, f"{_shown(entry)} for everybody", "", without(value, net))
            yield from net_mutations(value, net)
    for other in map(_next, listed) if listed else (_SSH,):
        if other["port"] <= _LAST_PORT and other not in listed:
            changed = with_value(value, path, [*listed, other])
            yield Mutation(Operator.ADD_FAILSAFE, path, f"{_shown(other)} added", _shown(other), changed)


def _next(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the next port."""
    return {**entry, "port": _port(entry) + 1}


def _shown(entry: Mapping[str, Any]) -> str:
    parts = (str(entry.get("protocol", "")).lower(), str(entry.get("net", "")), str(_port(entry)))
    return ":".join(filter(None, parts))


def _port(entry: Mapping[str, Any]) -> int:
    """Go reads 0 where none is given."""
    return int(entry.get("port") or 0)
