"""Mistakes in the label selectors of Kubernetes: a label misspelled, a requirement turned into its opposite."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, entries, value_at, with_value
from calico_engine.analysis.mutation.terms import misspelled
from calico_engine.manifests.yaml_problems import Path

_OPPOSITES = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}


def label_selector_mutations(value: Object, path: Path) -> Iterator[Mutation]:
    """A label of `matchLabels` misspelled or turned into its opposite, a requirement turned into its opposite."""
    selector = value_at(value, path) or {}
    labels = selector.get("matchLabels") or {}
    requirements = list(selector.get("matchExpressions") or ())
    here = (*path, "matchLabels")
    for name, label in ((name, label or "") for name, label in labels.items()):
        rest = {key: item for key, item in labels.items() if key != name}
        for key, item in ((misspelled(name), label), (name, misspelled(label))):
            shown = f"{name}={label} → {key}={item}"
            other = with_value(value, here, {**rest, key: item})
            yield Mutation(Operator.MISSPELL_TERM, here, shown, f"{key}={item}", other)
        opposite = {"key": name, "operator": "NotIn", "values": [label]}
        negated = {**selector, "matchLabels": rest, "matchExpressions": [*requirements, opposite]}
        shown = f"{name}={label} → {name} not in ({label})"
        yield Mutation(Operator.NEGATE_TERM, here, shown, name, with_value(value, path, negated))
    yield from _requirements(value, (*path, "matchExpressions"))


def _requirements(value: Object, path: Path) -> Iterator[Mutation]:
    for index, requirement in enumerate(entries(value, path)):
        here = (*path, index, "operator")
        given = requirement.get("operator")
        if given in _OPPOSITES:
            other = _OPPOSITES[given]
            yield Mutation(Operator.NEGATE_TERM, here, f"{given} → {other}", other, with_value(value, here, other))
        key = (*path, index, "key")
        if name := requirement.get("key"):
            other = misspelled(name)
            yield Mutation(Operator.MISSPELL_TERM, key, f"{name} → {other}", other, with_value(value, key, other))
        for at, label in enumerate(requirement.get("values") or ()):
            where = (*path, index, "values", at)
            wrong = misspelled(str(label))
            yield Mutation(Operator.MISSPELL_TERM, where, f"{label} → {wrong}", wrong, with_value(value, where, wrong))
