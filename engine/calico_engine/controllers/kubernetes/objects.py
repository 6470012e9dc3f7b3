"""The Kubernetes objects of a datastore, converted one by one, each with what is worth a remark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from calico_engine.controllers.kubernetes.api_server import with_api_server_defaults
from calico_engine.controllers.kubernetes.conversion import Conversion, convert, convert_for_etcd
from calico_engine.controllers.kubernetes.identity import Key
from calico_engine.controllers.kubernetes.workloads import is_workload_endpoint
from calico_engine.datastore import Entry, KubernetesEntry
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources import API_VERSION, MODELS, NetworkPolicy, Resource
from calico_engine.resources.rules import Port, Rule

#: Kinds that Felix reads without a conversion.
READ_AS_IT_IS = frozenset({"Service", "EndpointSlice"})
#: Felix's kinds of policies that Kubernetes objects become, and the resource that has their fields.
_MODEL_OF = {"KubernetesNetworkPolicy": "NetworkPolicy", "KubernetesClusterNetworkPolicy": "GlobalNetworkPolicy"}


@frozen
class Converted:
    """What one Kubernetes object became; `entry` is None for one that Calico makes nothing of."""

    entry: Entry | None
    errors: tuple[ManifestError, ...] = ()
    warnings: tuple[ManifestError, ...] = ()


def converted(entry: KubernetesEntry, form: str, stored: bool) -> Converted:
    """One object as the datastore of this form would have it."""
    if entry.value.kind in READ_AS_IT_IS:
        return Converted(None)
    value = entry.value.value if stored else with_api_server_defaults(entry.value.value)
    if entry.value.kind == "Pod" and not is_workload_endpoint(value):
        return Converted(None)
    conversion = (convert if form == "kubernetes" else convert_for_etcd)(value, require_uid=False)
    remarks = tuple(_remarks(entry, conversion))
    if not conversion.resources or conversion.resources[0] is None:
        return Converted(None, remarks) if conversion.error else Converted(None)
    kind = conversion.keys[0][0]
    resource, problems = _decode(_MODEL_OF.get(kind, kind), conversion.keys[0], conversion.resources[0])
    if resource is None:
        messages = "; ".join(problem for problem in problems)
        return Converted(None, (entry.remark((), f"what it becomes in Calico cannot be read: {messages}"),))
    return Converted(Entry(resource, entry.origin, kind if kind in _MODEL_OF else ""), (), remarks)


def _remarks(entry: KubernetesEntry, conversion: Conversion) -> Iterator[ManifestError]:
    """A rule that cannot be converted is left out; the policy stands without it."""
    for error in conversion.rule_errors:
        path: Path = ("spec", error.direction.value.lower(), error.index)
        yield entry.remark(path, f"Calico leaves this rule out: {error.reason}")
    if conversion.error and not conversion.rule_errors:
        yield entry.remark((), f"Calico cannot convert it: {conversion.error}")


def _decode(kind: str, key: Key, value: Mapping[str, Any]) -> tuple[Resource | None, list[str]]:
    """The resource; its name and namespace are those of the key, which for some kinds the value does not repeat."""
    _, namespace, name = key
    metadata = {**value.get("metadata", {}), "name": name} | ({"namespace": namespace} if namespace else {})
    resource, problems = decode(MODELS[API_VERSION, kind], {**value, "metadata": metadata})
    if isinstance(resource, NetworkPolicy):
        resource = _with_named_ports(resource, value)
    return resource, [problem.message for problem in problems]


def _with_named_ports(policy: NetworkPolicy, value: Mapping[str, Any]) -> NetworkPolicy:
    """A port's name may look like a number; read as one it would not be found among the endpoints' names."""
    spec = value["spec"]
    return replace(
        policy,
        spec=replace(
            policy.spec,
            ingress=_named(policy.spec.ingress, spec.get("ingress")),
            egress=_named(policy.spec.egress, spec.get("egress")),
        ),
    )


def _named(rules: tuple[Rule, ...] | None, written: list[Any] | None) -> tuple[Rule, ...] | None:
    if not rules or not written:
        return rules
    result = []
    for rule, raw in zip(rules, written, strict=True):
        ports = raw.get("destination", {}).get("ports", ())
        if any(isinstance(port, str) and port.isdigit() for port in ports):
            named = tuple(
                Port(0, 0, raw_port) if isinstance(raw_port, str) and raw_port.isdigit() else port
                for port, raw_port in zip(rule.destination.ports, ports, strict=True)
            )
            rule = replace(rule, destination=replace(rule.destination, ports=named))
        result.append(rule)
    return tuple(result)
