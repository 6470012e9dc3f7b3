"""Staged Kubernetes policies (api …/v3/stagedkubernetesnetworkpolicy.go), rules as in networking.k8s.io/v1."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator

from calico_engine.resources.base import KEPT, Int32, Items, ObjectMeta, TextMap, api_struct


def parse_port_or_name(value: object) -> int | str:
    """Read an IntOrString as k8s.io/apimachinery util/intstr does: a number of 32 bits, or any text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31:
        return value
    if isinstance(value, str):
        return value
    raise ValueError("a port is a number or a name")


PortOrName = Annotated[int | str, PlainValidator(parse_port_or_name)]


@api_struct
class LabelSelectorRequirement:
    key: Annotated[str, KEPT] = ""
    operator: Annotated[str, KEPT] = ""
    values: Items[str] = ()


@api_struct
class LabelSelector:
    """A Kubernetes label selector. A list or map that is given but empty is told from one that is not given."""

    match_labels: TextMap | None = None
    match_expressions: Items[LabelSelectorRequirement] | None = None


@api_struct
class KubernetesPolicyPort:
    protocol: str | None = None
    port: PortOrName | None = None
    end_port: Int32 | None = None


@api_struct
class IPBlock:
    cidr: Annotated[str, KEPT] = ""
    except_: Annotated[Items[str], Field(alias="except")] = ()


@api_struct
class KubernetesPolicyPeer:
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: Annotated[IPBlock | None, Field(alias="ipBlock")] = None


@api_struct
class KubernetesIngressRule:
    ports: Items[KubernetesPolicyPort] = ()
    from_: Annotated[Items[KubernetesPolicyPeer], Field(alias="from")] = ()


@api_struct
class KubernetesEgressRule:
    ports: Items[KubernetesPolicyPort] = ()
    to: Items[KubernetesPolicyPeer] = ()


@api_struct
class StagedKubernetesNetworkPolicySpec:
    staged_action: str = ""
    pod_selector: Annotated[LabelSelector, KEPT] = field(default_factory=LabelSelector)
    ingress: Items[KubernetesIngressRule] | None = None
    egress: Items[KubernetesEgressRule] | None = None
    policy_types: Items[str] | None = None


@api_struct
class StagedKubernetesNetworkPolicy:
    """A Kubernetes NetworkPolicy that is looked at and never enforced."""

    KIND: ClassVar[str] = "StagedKubernetesNetworkPolicy"
    NAMESPACED: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: StagedKubernetesNetworkPolicySpec = field(default_factory=StagedKubernetesNetworkPolicySpec)
