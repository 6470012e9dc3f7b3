"""Objects as kubectl shows them from Calico's own CRDs (`crd.projectcalico.org/v1`), turned into the API's form.

Source: libcalico-go/lib/backend/k8s/resources/resources.go: ConvertK8sResourceToCalicoResource. calicoctl does not
read such files; that they are read here is an extension (spec resources 11.4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

CRD_API_VERSION = "crd.projectcalico.org/v1"
_METADATA_ANNOTATION = "projectcalico.org/metadata"
#: Only these kinds keep their real name in the annotation, or had a prefix in older releases.
_TIERED_KINDS = frozenset({"GlobalNetworkPolicy", "NetworkPolicy", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy"})
_DEFAULT_PREFIX = "default."


def as_api_object(value: Mapping[str, object], kind: str, api_version: str) -> dict[str, object]:
    """The same object as Calico's API shows it. Raises ValueError if its metadata annotation cannot be read."""
    converted = {key: item for key, item in value.items() if key != "status"}
    converted["apiVersion"] = api_version
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(annotations, dict) or _METADATA_ANNOTATION not in annotations:
        return converted
    stored = _stored_metadata(annotations[_METADATA_ANNOTATION])
    own = {key: item for key, item in annotations.items() if key != _METADATA_ANNOTATION}
    merged = {**metadata, "annotations": {**own, **_texts(stored, "annotations")}}
    merged["labels"] = {**_texts(metadata, "labels"), **_texts(stored, "labels")}
    if kind in _TIERED_KINDS:
        merged["name"] = _name(stored, metadata.get("name"))
    return {**converted, "metadata": merged}


def _stored_metadata(text: object) -> dict[str, object]:
    try:
        stored = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        stored = None
    if not isinstance(stored, dict):
        raise ValueError(f"the annotation {_METADATA_ANNOTATION} must hold metadata as JSON text")
    return stored


def _texts(holder: Mapping[str, object], key: str) -> dict[str, object]:
    found = holder.get(key)
    return dict(found) if isinstance(found, dict) else {}


def _name(stored: Mapping[str, object], name: object) -> object:
    if stored.get("name"):
        return stored["name"]
    return name.removeprefix(_DEFAULT_PREFIX) if isinstance(name, str) else name
