"""A staged Kubernetes policy as the policy that it would become (api …/v3/stagedkubernetesnetworkpolicy.go)."""

from __future__ import annotations

from calico_engine.controllers.kubernetes.conversion import convert
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.encoding import to_json
from calico_engine.resources import NetworkPolicy, StagedKubernetesNetworkPolicy


def as_network_policy(staged: StagedKubernetesNetworkPolicy) -> tuple[NetworkPolicy | None, str]:
    """The policy, or None and the reason why it cannot be converted."""
    spec = to_json(staged.spec)
    spec.pop("stagedAction", None)
    metadata = {"name": staged.metadata.name, "namespace": staged.metadata.namespace}
    conversion = convert(
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
    )
    value = conversion.resources[0] if conversion.resources else None
    if value is None:
        return None, conversion.error or "it cannot be converted"
    policy, problems = decode(NetworkPolicy, {**value, "metadata": metadata})
    return policy, "; ".join(problem.message for problem in problems)
