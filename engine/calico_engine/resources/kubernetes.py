"""Kubernetes objects that Calico reads: kept as they are, for the converters to look into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calico_engine.resources.base import JsonValue

#: (apiVersion, kind) → whether objects of the kind live in a namespace
KUBERNETES_KINDS: Mapping[tuple[str, str], bool] = {
    ("v1", "Node"): False,
    ("v1", "Namespace"): False,
    ("v1", "ServiceAccount"): True,
    ("v1", "Pod"): True,
    ("v1", "Service"): True,
    ("discovery.k8s.io/v1", "EndpointSlice"): True,
    ("networking.k8s.io/v1", "NetworkPolicy"): True,
    ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"): False,
}

_PLURALS = {"NetworkPolicy": "networkpolicies", "ClusterNetworkPolicy": "clusternetworkpolicies"}
#: As far as none is Calico's own name of a kind that Kubernetes has not.
_SHORT_NAMES = {
    "no": "Node",
    "nos": "Node",
    "ns": "Namespace",
    "po": "Pod",
    "sa": "ServiceAccount",
    "svc": "Service",
    "netpol": "NetworkPolicy",
}
#: Names of kinds as kubectl takes them, in lower case.
KUBERNETES_NAMES: Mapping[str, str] = {
    **{kind.lower(): kind for _, kind in KUBERNETES_KINDS},
    **{_PLURALS.get(kind, f"{kind.lower()}s"): kind for _, kind in KUBERNETES_KINDS},
    **_SHORT_NAMES,
}


@dataclass(frozen=True, slots=True, eq=False)
class KubernetesObject:
    """One object; `value` is the whole of it, with what an API server fills in."""

    api_version: str
    kind: str
    namespace: str
    name: str
    value: Mapping[str, JsonValue]

    @property
    def key(self) -> tuple[str, str, str]:
        """(kind, namespace, name)"""
        return self.kind, self.namespace, self.name
