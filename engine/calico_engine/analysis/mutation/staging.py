"""Mistakes about what is in force: an enforced policy that is only staged, a staged one that is enforced."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, value_at, without
from calico_engine.datastore import Key

_KIND, _ACTION = ("kind",), ("spec", "stagedAction")
_STAGED = {"GlobalNetworkPolicy": "StagedGlobalNetworkPolicy", "NetworkPolicy": "StagedNetworkPolicy"}
_OTHER_KIND = {**_STAGED, **{staged: enforced for enforced, staged in _STAGED.items()}}


def staging_mutation(value: Object) -> Iterator[Mutation]:
    """The policy as the other kind. One that is staged to be deleted, or for nothing, would not be enforced."""
    given = str(value["kind"])
    other = _OTHER_KIND[given]
    action = value_at(value, _ACTION)
    if action in (None, "Set"):
        rest = value if action is None else without(value, _ACTION)
        yield Mutation(Operator.CHANGE_STAGED, _KIND, f"{given} → {other}", "", {**rest, "kind": other})


def counterpart(key: Key) -> Key:
    """The key of the policy of the same name that is staged, or enforced, if this one is not."""
    kind, namespace, name = key
    return _OTHER_KIND[kind], namespace, name
