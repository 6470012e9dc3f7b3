"""Whether a change is known to make no difference to any packet."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.meanings import endpoint_meaning
from calico_engine.analysis.touched import Touched
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import FelixEndpoint, FelixModel


def known_equivalent(before: CompiledCluster, after: CompiledCluster, change: Touched) -> bool:
    """Whether every endpoint that `change` touches does the same before and after it. False: nobody knows."""
    return not change.everything and next(differing_endpoints(before, after, change), None) is None


def differing_endpoints(before: CompiledCluster, after: CompiledCluster, change: Touched) -> Iterator[FelixEndpoint]:
    """Those of the touched endpoints, as they were, whose chains mean something else now."""
    renewed = {each.id: each for each in _endpoints(after.model)}
    for old in _endpoints(before.model):
        if not change.concerns(old.id):
            continue
        new = renewed.get(old.id)
        if new is None or endpoint_meaning(before.node(old.node), old) != endpoint_meaning(after.node(new.node), new):
            yield old


def _endpoints(model: FelixModel) -> tuple[FelixEndpoint, ...]:
    return (*model.host_endpoints, *model.workload_endpoints)
