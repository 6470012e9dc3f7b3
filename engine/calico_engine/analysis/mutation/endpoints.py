"""Mistakes in what an endpoint says about itself: an address or a profile forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, entries, without
from calico_engine.manifests.yaml_problems import Path


def address_list_mutations(value: Object) -> Iterator[Mutation]:
    """Each expected address missing."""
    return _each_dropped(value, ("spec", "expectedIPs"), Operator.DROP_ADDRESS)


def profile_list_mutations(value: Object) -> Iterator[Mutation]:
    """Each profile missing."""
    return _each_dropped(value, ("spec", "profiles"), Operator.DROP_PROFILE)


def _each_dropped(value: Object, path: Path, operator: Operator) -> Iterator[Mutation]:
    for index, item in enumerate(entries(value, path)):
        here = (*path, index)
        yield Mutation(operator, here, f"{item} dropped", "", without(value, here))
