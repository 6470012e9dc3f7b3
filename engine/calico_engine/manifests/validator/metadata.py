"""Names, labels, annotations and namespaces: checks of every kind's metadata.

Source: libcalico-go/lib/validator/v3/validator.go: validateObjectMeta, validateTier, validateNetworkPolicy and its
sisters, validateNetworkSet; calicoctl/calicoctl/commands/common/resources.go: handleNamespace (spec resources 2.2, 11.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.shapes import (
    MAX_LABEL,
    MAX_NAME,
    NAME_RULE,
    ONE_DOT,
    ONE_DOT_OR_PREFIXED,
    SINGLE_LABEL,
    SUBDOMAIN,
    byte_length,
    label_key_problem,
    label_value_problem,
    lower_hint,
    quoted,
    report,
)
from calico_engine.resources import MODELS, Resource
from calico_engine.resources.base import ObjectMeta

MAX_ANNOTATION_BYTES = 256 * 1024
NAMESPACE_LABEL = "projectcalico.org/namespace"

#: kind → the stricter shape of its name, and the rule in words
_NAME_SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "GlobalNetworkPolicy": (ONE_DOT, "at most one dot"),
    "StagedGlobalNetworkPolicy": (ONE_DOT, "at most one dot"),
    "NetworkPolicy": (ONE_DOT_OR_PREFIXED, "at most one dot, unless it begins with knp.default. or ossg.default."),
    "StagedNetworkPolicy": (
        ONE_DOT_OR_PREFIXED,
        "at most one dot, unless it begins with knp.default. or ossg.default.",
    ),
    "Tier": (SINGLE_LABEL, "no dot"),
}
_SETS = frozenset({"GlobalNetworkSet", "NetworkSet"})


def namespace_problem(resource: Resource) -> Problem | None:
    """A namespace on an object that has none. What counts is the kind that the object itself names."""
    model = MODELS.get((resource.api_version, resource.kind))
    if not resource.metadata.namespace or (model is not None and model.NAMESPACED):
        return None
    what = f"a {resource.kind} belongs to the whole cluster" if model else "an object without kind has no namespace"
    return Problem(("metadata", "namespace"), f"{what}: leave the namespace out")


def check_metadata(metadata: ObjectMeta, kind: str, problems: list[Problem]) -> None:
    _check_name(metadata.name, kind, problems)
    if metadata.annotations:
        check_annotations(metadata.annotations, ("metadata", "annotations"), problems)
    if metadata.labels:
        _check_labels(metadata.labels, kind, problems)


def _check_name(name: str, kind: str, problems: list[Problem]) -> None:
    path = ("metadata", "name")
    if not name:
        problems.append(Problem(path, "a name must be given"))
        return
    longest = MAX_LABEL if kind == "Tier" else MAX_NAME
    if byte_length(name) > longest:
        problems.append(Problem(path, f"the name is longer than {longest} characters: it has {byte_length(name)}"))
    if not SUBDOMAIN.fullmatch(name):
        problems.append(Problem(path, f"{quoted(name)} is no name: {NAME_RULE}{lower_hint(name)}"))
        return
    shape, rule = _NAME_SHAPES.get(kind, (None, ""))
    if shape is not None and not shape.fullmatch(name):
        problems.append(Problem(path, f"{quoted(name)} is no name of a {kind}: it may have {rule}"))


def check_annotations(annotations: Mapping[str, str], path: Path, problems: list[Problem]) -> None:
    """Keys are compared in lower case, and all of them together may not be too long."""
    for key in annotations:
        report(problems, (*path, key), label_key_problem(key.lower()), at_key=True)
    size = sum(byte_length(key) + byte_length(value) for key, value in annotations.items())
    if size > MAX_ANNOTATION_BYTES:
        problems.append(
            Problem(path, f"the annotations have {size} bytes, and may have {MAX_ANNOTATION_BYTES} together")
        )


def _check_labels(labels: Mapping[str, str], kind: str, problems: list[Problem]) -> None:
    check_labels(labels, ("metadata", "labels"), problems)
    if kind in _SETS and NAMESPACE_LABEL in labels:
        message = f"{NAMESPACE_LABEL} is Calico's own label; a network set may not carry it"
        problems.append(Problem(("metadata", "labels", NAMESPACE_LABEL), message, at_key=True))


def check_labels(labels: Mapping[str, str], path: Path, problems: list[Problem]) -> None:
    for key, value in labels.items():
        report(problems, (*path, key), label_key_problem(key), at_key=True)
        report(problems, (*path, key), label_value_problem(value))
