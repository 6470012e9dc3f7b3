"""What comes of mutations of one object: which are valid, and which say something that none before has said."""

from __future__ import annotations

import json
from hashlib import blake2b

from calico_engine.analysis.mutation.operators import (
    Mutation,
    Object,
    Operator,
    merge_patch,
    value_at,
    with_value,
    without,
)
from calico_engine.manifests.loading import read_object
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources import API_VERSION, MODELS, Resource

_DIRECTIONS = ("ingress", "egress")


class Outcomes:
    """The outcomes of mutations of one object so far. Kept as digests: objects may be large, and their mutants many."""

    def __init__(self, original: Object, resource: Resource | None = None, *, stored: bool = False) -> None:
        """`resource` is Calico's, and `original` what is stored of it; an object of Kubernetes is looked at as it is."""
        self._original = original
        self._resource = resource
        self._stored = stored
        self._known = {_digest(((), {}))}

    def is_new(self, mutation: Mutation) -> bool:
        """Whether the mutation leaves a valid object, unlike the original and all earlier outcomes."""
        outcome = self._outcome(mutation)
        if outcome is None:
            return False
        digest = _digest(outcome)
        is_new = digest not in self._known
        self._known.add(digest)
        return is_new

    def _outcome(self, mutation: Mutation) -> object:
        """Equal for mutations that come to the same; None for what would be refused.

        Large policies have many rules, and many mutations in each. So rules are read one by one where that is enough.
        """
        if mutation.operator is Operator.SWAP_RULES:
            return mutation.path, mutation.variant
        if mutation.operator is Operator.DROP_RULE:
            return self._of_drop(mutation.path)
        if self._resource is not None and _within_rule(mutation.path):
            return self._of_rule(mutation)
        return self._of_all(mutation)

    def _of_drop(self, path: Path) -> object:
        """Of equal neighbours it does not matter which one goes."""
        *listed, index = path
        rules = value_at(self._original, tuple(listed))
        first = next((at for at in range(int(index), 0, -1) if rules[at - 1] != rules[at]), 0)
        return listed, first

    def _of_all(self, mutation: Mutation) -> object:
        changed = self._read(mutation.changed)
        return None if changed is None else ((), merge_patch(self._original, changed))

    def _of_rule(self, mutation: Mutation) -> object:
        path = mutation.path[:3]
        direction = path[:2]
        alone = with_value(mutation.changed, direction, [value_at(mutation.changed, path)])
        for other in _DIRECTIONS:
            if other != direction[1] and value_at(alone, ("spec", other)):
                alone = without(alone, ("spec", other))
        changed = self._read(alone)
        if changed is None:
            return None
        rule = value_at(changed, (*direction, 0))
        return ((), {}) if rule == value_at(self._original, path) else (path, rule)

    def _read(self, value: Object) -> Object | None:
        """The object as it would be stored; None if it would be refused."""
        if self._resource is None:
            return value
        model = MODELS[self._resource.api_version or API_VERSION, str(value["kind"])]
        reading = read_object(model, dict(value), self._stored)
        return None if reading.resource is None or reading.refusals else stored_form(reading.resource)


def _within_rule(path: Path) -> bool:
    return len(path) > 3 and path[0] == "spec" and path[1] in _DIRECTIONS


def _digest(outcome: object) -> bytes:
    return blake2b(json.dumps(outcome, sort_keys=True).encode(), digest_size=16).digest()
