"""Whether a change is known to make no difference to any packet."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from calico_engine.analysis.comparison.meanings import Meanings
from calico_engine.analysis.comparison.readers import Readers
from calico_engine.analysis.comparison.touched import Touched
from calico_engine.compiler.felix_model import FelixEndpoint, FelixModel, ResourceId
from calico_engine.errors import CalicoEngineError


def known_equivalent(before: Readers, after: Readers, change: Touched) -> bool:
    """Whether every endpoint that `change` touches does the same before and after it. False: nobody knows."""
    return not change.everything and next(differing_endpoints(before, after, change), None) is None


def differing_endpoints(before: Readers, after: Readers, change: Touched) -> Iterator[FelixEndpoint]:
    """Of the touched endpoints, one for each way in which chains differ before and after."""
    old, new = (_endpoints(each.compiled.model) for each in (before, after))
    seen: set[Hashable] = set()
    compared: set[tuple[int, int]] = set()  # to compare meanings takes long, and most endpoints share them
    for key, endpoint in {**new, **old}.items():
        if change.concerns(key):
            one, other = _meaning(before.meanings, old.get(key)), _meaning(after.meanings, new.get(key))
            if (id(one), id(other)) in compared:
                continue
            compared.add((id(one), id(other)))
            if one != other and (one, other) not in seen:
                seen.add((one, other))
                yield endpoint


def _meaning(meanings: Meanings, endpoint: FelixEndpoint | None) -> Hashable:
    """None where nothing can be asked, because the endpoint is not there or its node is not modelled."""
    try:
        return None if endpoint is None else meanings.of(endpoint)
    except CalicoEngineError:
        return None


def _endpoints(model: FelixModel) -> dict[ResourceId, FelixEndpoint]:
    return {each.id: each for each in (*model.host_endpoints, *model.workload_endpoints)}
