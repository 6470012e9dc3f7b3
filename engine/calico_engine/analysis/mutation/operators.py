"""What a mutation is: one object, changed in one place by one operator."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any

from calico_engine.frozen import frozen
from calico_engine.manifests.yaml_problems import Path

#: An object as JSON. What stands where in it is for each family of operators to know.
Object = Mapping[str, Any]


class Operator(enum.StrEnum):
    """The kinds of mistakes. Names are stable."""

    DROP_RULE = "drop-rule"
    SWAP_RULES = "swap-rules"  # two neighbours that do different things
    FLIP_ACTION = "flip-action"
    DROP_CRITERION = "drop-criterion"  # of a rule; it then matches more
    WIDEN_NET = "widen-net"  # the prefix one bit shorter
    NARROW_NET = "narrow-net"  # one of its halves
    DROP_NET = "drop-net"  # one of several
    WIDEN_PORT = "widen-port"  # by one, at one end
    NARROW_PORT = "narrow-port"
    DROP_PORT = "drop-port"
    NEGATE_TERM = "negate-term"  # of a selector
    MISSPELL_TERM = "misspell-term"  # a label's name or value, by one character
    CHANGE_ORDER = "change-order"  # a policy, or a tier, and the next one change places
    CHANGE_TYPES = "change-types"
    CHANGE_FORWARD = "change-forward"  # applyOnForward
    CHANGE_STAGED = "change-staged"  # in force or not
    CHANGE_TIER = "change-tier"
    TIER_ACTION = "tier-action"
    REMOVE_LABEL = "remove-label"
    DROP_ADDRESS = "drop-address"  # of a host endpoint
    DROP_PROFILE = "drop-profile"  # of an endpoint
    DROP_FAILSAFE = "drop-failsafe"
    ADD_FAILSAFE = "add-failsafe"
    CHANGE_HOST_ACTION = "change-host-action"  # what becomes of packets from workloads to their host


@frozen
class Mutation:
    """An object changed at `path`. `description` says from what to what; `variant` tells it from others there."""

    operator: Operator
    path: Path
    description: str
    variant: str
    changed: Object


def value_at(value: Any, path: Path) -> Any:
    """What stands at the path; None if nothing does."""
    for step in path:
        if isinstance(step, int):
            value = value[step]
        elif value is None or step not in value:
            return None
        else:
            value = value[step]
    return value


def with_value(value: Any, path: Path, new: Any) -> Any:
    """A copy with something else at the path; what is not on the way there is shared."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [*value[:step], with_value(value[step], rest, new), *value[step + 1 :]]
    return {**value, step: with_value(value.get(step), rest, new)}


def without(value: Any, path: Path) -> Any:
    """A copy without what stands at the path."""
    *holder, last = path
    held = value_at(value, tuple(holder))
    if isinstance(last, int):
        return with_value(value, tuple(holder), [*held[:last], *held[last + 1 :]])
    rest = {key: item for key, item in held.items() if key != last}
    # What says nothing any more goes as well; in metadata and spec, and in an item of a list, an empty mapping stays.
    if not rest and len(holder) > 1 and isinstance(holder[-1], str):
        return without(value, tuple(holder))
    return with_value(value, tuple(holder), rest)


def entries(value: Object, path: Path) -> Sequence[Any]:
    """The list at the path; empty if there is none. An item that is null, as in Kubernetes' objects, says nothing."""
    return [{} if item is None else item for item in value_at(value, path) or ()]


def merge_patch(old: Object, new: Object) -> dict[str, Any]:
    """What, merged into `old`, gives `new`: null removes, mappings merge, all else replaces."""
    patch: dict[str, Any] = dict.fromkeys(key for key in old if key not in new)
    for key, item in new.items():
        held = old.get(key)
        if item is held:
            continue
        if isinstance(item, Mapping) and isinstance(held, Mapping):
            if inner := merge_patch(held, item):
                patch[key] = inner
        elif key not in old or item != held:
            patch[key] = item
    return patch
