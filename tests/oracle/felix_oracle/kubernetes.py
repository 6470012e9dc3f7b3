"""Staged Kubernetes policies, of which only the existence counts: they are never evaluated, and have no rules here.

Source: libcalico-go/lib/backend/k8s/conversion/conversion.go (K8sNetworkPolicyToCalico, k8sSelectorToCalico).
"""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.resources import StagedKubernetesNetworkPolicy
from calico_engine.resources.staged_kubernetes import LabelSelector
from felix_oracle.felix import EGRESS, INGRESS, FelixPolicy
from felix_oracle.flattening import namespaced_policy_selector

_TIER, _ORDER = "default", 1000.0
_OPERATORS = {"In": "in", "NotIn": "not in"}


def staged_kubernetes_policy(policy: StagedKubernetesNetworkPolicy) -> FelixPolicy:
    """As a staged policy of the default tier; without policyTypes it is one for ingress."""
    namespace = policy.metadata.namespace
    return FelixPolicy(
        id=(policy.KIND, namespace, policy.metadata.name),
        tier=_TIER,
        order=_ORDER,
        selector=namespaced_policy_selector(namespace, " && ".join(_terms(policy.spec.pod_selector)), ""),
        directions=frozenset(policy.spec.policy_types or (INGRESS,)),
        rules={INGRESS: (), EGRESS: ()},
    )


def _terms(selector: LabelSelector) -> Iterator[str]:
    yield "projectcalico.org/orchestrator == 'k8s'"
    for key, value in sorted((selector.match_labels or {}).items()):
        yield f"{key} == '{value}'"
    for requirement in selector.match_expressions or ():
        if requirement.operator in _OPERATORS:
            values = ", ".join(f"'{value}'" for value in requirement.values)
            yield f"{requirement.key} {_OPERATORS[requirement.operator]} {{ {values} }}"
        elif requirement.operator == "Exists":
            yield f"has({requirement.key})"
        elif requirement.operator == "DoesNotExist":
            yield f"! has({requirement.key})"
