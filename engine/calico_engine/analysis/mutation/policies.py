"""Mistakes in what a policy says about itself: whom it selects, in which directions, whether for forwarded packets."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, entries, value_at, with_value
from calico_engine.analysis.mutation.rules import rule_mutations
from calico_engine.analysis.mutation.terms import selector_mutations
from calico_engine.manifests.yaml_problems import Path

_TYPES = ("Ingress", "Egress")
_SELECTORS = ("selector", "namespaceSelector", "serviceAccountSelector")


def policy_mutations(value: Object) -> Iterator[Mutation]:
    """Every mistake in a GlobalNetworkPolicy or NetworkPolicy, its order among others aside."""
    for key in _SELECTORS:
        yield from selector_mutations(value, ("spec", key))
    yield from type_mutations(value, ("spec", "types"))
    if value.get("kind") == "GlobalNetworkPolicy":
        yield from _forward(value)
    yield from rule_mutations(value)


def type_mutations(value: Object, path: Path) -> Iterator[Mutation]:
    """One direction of two missing, or one too many."""
    given = [name for name in _TYPES if name in entries(value, path)]
    others = [[name] for name in _TYPES] if len(given) == 2 else [list(_TYPES)]
    for other in others:
        shown = f"{', '.join(given)} → {', '.join(other)}"
        yield Mutation(Operator.CHANGE_TYPES, path, shown, "+".join(other), with_value(value, path, other))


def _forward(value: Object) -> Iterator[Mutation]:
    path = ("spec", "applyOnForward")
    given = bool(value_at(value, path))
    shown = f"{given} → {not given}".lower()
    yield Mutation(Operator.CHANGE_FORWARD, path, shown, "", with_value(value, path, not given))
