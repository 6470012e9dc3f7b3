"""Values as Go's templates print them, from their JSON.

Source: calicoctl/calicoctl/commands/common/printer.go (`join`, `joinAndTruncate`), Go's fmt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calico_engine.manifests.go_numbers import go_float64_text

_CUT = "..."


def go_text(value: object) -> str:
    """A scalar by `%v`: `true`, `1e+06`; of a struct its fields' values in braces.

    >>> go_text(True), go_text(1000000.0), go_text({"internalIP": "10.0.0.1", "externalIP": "192.0.2.1"})
    ('true', '1e+06', '{10.0.0.1 192.0.2.1}')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float64_text(value)
    if isinstance(value, Mapping):
        return "{" + " ".join(go_text(item) for item in value.values()) + "}"
    return str(value)


def joined(items: object, limit: int = 0) -> str:
    """The items of a list, or the sorted `key=value` of a map, with commas; cut to `limit` bytes, dots included.

    >>> joined(["10.0.0.0/8", "192.0.2.0/24"]), joined({"b": "2", "a": "1"}), joined(["abcdefgh"], 6)
    ('10.0.0.0/8,192.0.2.0/24', 'a=1,b=2', 'abc...')
    """
    if isinstance(items, Mapping):
        items = sorted(f"{key}={go_text(value)}" for key, value in items.items())
    text = ",".join(go_text(item) for item in items) if isinstance(items, list | tuple) else ""
    encoded = text.encode("utf-8", "surrogatepass")
    if not limit or len(encoded) <= limit:
        return text
    return encoded[: limit - len(_CUT)].decode("utf-8", "replace") + _CUT


def label_selector_text(selector: object) -> str:
    """A Kubernetes label selector as its own String method prints it (k8s.io/apimachinery meta/v1 generated.pb.go)."""
    found: Mapping[str, Any] = selector if isinstance(selector, Mapping) else {}
    labels = found.get("matchLabels") or {}
    matched = "".join(f"{key}: {labels[key]}," for key in sorted(labels))
    expressions = "".join(f"{_requirement(each)}," for each in found.get("matchExpressions") or ())
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{matched}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )


def _requirement(requirement: Mapping[str, Any]) -> str:
    values = " ".join(requirement.get("values") or ())
    key, operator = requirement.get("key", ""), requirement.get("operator", "")
    return f"LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}}"
