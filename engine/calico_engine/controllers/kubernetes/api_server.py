"""Manifests as a cluster would hold them: what Kubernetes itself fills in and Calico's converters rely on.

The converters read objects of an API server. A manifest that never was in a cluster lacks its defaults. Source:
kubernetes/pkg/apis (networking/v1/defaults.go, core/v1/defaults.go), plugin/pkg/admission/serviceaccount.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calico_engine.controllers.kubernetes.reading import Struct, WrongType

_NAMESPACED: Final = frozenset({"Pod", "ServiceAccount", "NetworkPolicy", "EndpointSlice", "Service"})
_NAME_LABEL: Final = "kubernetes.io/metadata.name"
_MIRROR_POD: Final = "kubernetes.io/config.mirror"


def with_api_server_defaults(obj: Mapping[str, object]) -> dict[str, object]:
    """The object with its namespace and the defaults of its kind. One with wrong types in it is returned as it is.

    >>> policy = {"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"egress": [{}]}}
    >>> with_api_server_defaults(policy)["spec"]
    {'egress': [{}], 'policyTypes': ['Ingress', 'Egress']}
    """
    try:
        struct = Struct.of(obj)
        kind = struct.text("kind")
        defaulted = dict(struct.values)
        if kind in _NAMESPACED and not struct.struct("metadata").text("namespace"):
            defaulted = _replaced(struct, "metadata", {"namespace": "default"})
        if kind == "NetworkPolicy" and not struct.struct("spec").texts("policyTypes"):
            return _replaced(Struct(defaulted), "spec", {"policyTypes": _policy_types(struct)})
        if kind == "Namespace":
            return _replaced(struct, "metadata", {"labels": _namespace_labels(struct.struct("metadata"))})
        if kind == "Pod" and _needs_account(struct):
            return _replaced(Struct(defaulted), "spec", {"serviceAccountName": "default"})
    except WrongType:
        return dict(obj) if isinstance(obj, Mapping) else {}
    return defaulted


def _replaced(obj: Struct, part: str, fields: Mapping[str, object]) -> dict[str, object]:
    return {**obj.values, part: {**obj.struct(part).values, **fields}}


def _policy_types(policy: Struct) -> list[str]:
    return ["Ingress", "Egress"] if policy.struct("spec").structs("egress") else ["Ingress"]


def _namespace_labels(metadata: Struct) -> dict[str, str]:
    name = metadata.text("name")
    return metadata.text_map("labels") | ({_NAME_LABEL: name} if name else {})


def _needs_account(pod: Struct) -> bool:
    """Pods that a node runs of its own accord have no account."""
    mirrored = _MIRROR_POD in pod.struct("metadata").text_map("annotations")
    return not mirrored and not pod.struct("spec").text("serviceAccountName")
