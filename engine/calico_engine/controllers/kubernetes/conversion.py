"""One Kubernetes object → the Calico objects that it becomes, whichever kind it is.

With the Kubernetes datastore Calico converts on reading; with etcd, kube-controllers writes converted objects, and
fewer kinds. Source: libcalico-go/lib/backend/k8s/conversion, kube-controllers/pkg/converter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from calico_engine.controllers.kubernetes.cluster_network_policies import convert_cluster_network_policy
from calico_engine.controllers.kubernetes.identity import Key, Resource
from calico_engine.controllers.kubernetes.network_policies import convert_network_policy
from calico_engine.controllers.kubernetes.nodes import convert_node
from calico_engine.controllers.kubernetes.policy_rules import RuleError, error_text
from calico_engine.controllers.kubernetes.profiles import convert_namespace, convert_service_account
from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible
from calico_engine.controllers.kubernetes.workloads import convert_pod
from calico_engine.errors import printable
from calico_engine.frozen import frozen

#: The kinds that are converted, and the only version of each that Calico v3.32 reads.
API_VERSIONS: Final[Mapping[str, str]] = {
    "Pod": "v1",
    "Namespace": "v1",
    "ServiceAccount": "v1",
    "Node": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "ClusterNetworkPolicy": "policy.networking.k8s.io/v1alpha2",
}
_WITHDRAWN: Final = ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")
#: Fields that only one kind has, for an object that does not say its kind: Kubernetes' own clients leave it out of the
#: items of a typed list.
_TELLING_FIELDS: Final = (
    ("spec", ("podSelector", "policyTypes"), "NetworkPolicy"),
    ("spec", ("subject", "tier"), "ClusterNetworkPolicy"),
    ("spec", ("containers", "nodeName", "serviceAccountName"), "Pod"),
    ("spec", ("podCIDR", "podCIDRs", "providerID"), "Node"),
    ("status", ("podIP", "podIPs"), "Pod"),
    ("status", ("addresses", "nodeInfo"), "Node"),
    ("", ("secrets", "automountServiceAccountToken", "imagePullSecrets"), "ServiceAccount"),
)
_NAMESPACE_PHASES: Final = ("Active", "Terminating")


@frozen
class Conversion:
    """What a Kubernetes object becomes. `keys` are (kind, namespace, name), one for each of `resources`.

    A resource that is None is a key without a value: Calico treats the object as one that does not exist. With an
    error there may still be a policy: the one without the rules that could not be converted, which `rule_errors` names.
    """

    resources: tuple[Resource | None, ...] = ()
    keys: tuple[Key, ...] = ()
    error: str | None = None
    rule_errors: tuple[RuleError, ...] = ()


@frozen
class _Settings:
    use_pod_cidr: bool
    require_uid: bool
    interface_prefix: str


_Converted = tuple[Key, Resource | None, tuple[RuleError, ...]]


def convert(
    obj: Mapping[str, object], *, use_pod_cidr: bool = False, require_uid: bool = True, interface_prefix: str = ""
) -> Conversion:
    """The Calico objects that the object becomes with the Kubernetes datastore; it never raises.

    `use_pod_cidr`: the cluster uses host-local IPAM. `require_uid`: refuse, as Calico does, a Namespace or
    ServiceAccount without a UID, which manifests do not have. `interface_prefix`: the text of FELIX_INTERFACEPREFIX.

    >>> conversion = convert({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}, require_uid=False)
    >>> conversion.keys, conversion.error
    ((('Profile', '', 'kns.a'),), None)
    """
    settings = _Settings(use_pod_cidr, require_uid, interface_prefix)
    try:
        struct = Struct.of(obj)
        key, resource, errors = _converted(_kind(struct), struct, settings)
    except Unconvertible as error:
        return Conversion(error=str(error))
    return Conversion((resource,), (key,), error_text(key[2], errors), errors)


def convert_for_etcd(obj: Mapping[str, object], *, require_uid: bool = True, interface_prefix: str = "") -> Conversion:
    """The Calico objects that the object becomes with the etcd datastore; it never raises.

    A NetworkPolicy is stored as `knp.default.NAME`, and not at all if one of its rules cannot be converted. Metadata
    of the Kubernetes object is not taken over. A Pod's endpoint is written by the network plugin, in the same form.
    A Node and a ClusterNetworkPolicy become nothing.
    """
    conversion = convert(obj, require_uid=require_uid, interface_prefix=interface_prefix)
    kind, namespace, name = conversion.keys[0] if conversion.keys else ("", "", "")
    if kind in ("Node", "KubernetesClusterNetworkPolicy"):
        return Conversion()
    if conversion.error is not None:
        return Conversion(error=conversion.error, rule_errors=conversion.rule_errors)
    if kind == "WorkloadEndpoint":
        return conversion
    if kind == "KubernetesNetworkPolicy":
        kind, name = "NetworkPolicy", f"knp.default.{name}"
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    stored = tuple(resource and resource | {"metadata": metadata} for resource in conversion.resources)
    return replace(conversion, resources=stored, keys=((kind, namespace, name),))


def _kind(obj: Struct) -> str:
    kind, version = obj.text("kind") or _guessed_kind(obj), obj.text("apiVersion")
    if kind in _WITHDRAWN:
        raise Unconvertible(f"{kind} is not read any more since Calico v3.32; ClusterNetworkPolicy has replaced it")
    expected = API_VERSIONS.get(kind)
    if expected is None:
        raise Unconvertible(f"{printable(kind)} is no kind that Calico converts" if kind else "kind is missing")
    if version and version != expected:
        raise Unconvertible(f"{kind} is converted of apiVersion {expected} only, not {printable(version)}")
    return kind


def _guessed_kind(obj: Struct) -> str:
    for part, fields, kind in _TELLING_FIELDS:
        where = obj.struct(part) if part else obj
        if any(where.given(field) for field in fields):
            return kind
    return "Namespace" if obj.struct("status").text("phase") in _NAMESPACE_PHASES else ""


def _converted(kind: str, obj: Struct, settings: _Settings) -> _Converted:
    match kind:
        case "NetworkPolicy":
            return convert_network_policy(obj)
        case "ClusterNetworkPolicy":
            return convert_cluster_network_policy(obj)
        case "Namespace":
            return *convert_namespace(obj, require_uid=settings.require_uid), ()
        case "ServiceAccount":
            return *convert_service_account(obj, require_uid=settings.require_uid), ()
        case "Pod":
            return *convert_pod(obj, interface_prefix=settings.interface_prefix), ()
        case _:
            return *convert_node(obj, use_pod_cidr=settings.use_pod_cidr), ()
