"""NetworkPolicy (networking.k8s.io/v1) → Calico NetworkPolicy (conversion.go: K8sNetworkPolicyToCalico).

A rule that cannot be converted is missing from the result: an allow less.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from calico_engine.controllers.kubernetes.cidrs import masked_cidr
from calico_engine.controllers.kubernetes.identity import Key, Resource, convert_uid, metadata_of, resource
from calico_engine.controllers.kubernetes.label_selectors import namespace_selector, pod_selector
from calico_engine.controllers.kubernetes.policy_rules import (
    BadRule,
    RuleConversion,
    RuleError,
    grouped_by_protocol,
    protocol_name,
    rules_of,
)
from calico_engine.controllers.kubernetes.ports import InvalidPort, port_from_text
from calico_engine.controllers.kubernetes.reading import Struct, without_empty
from calico_engine.packets import Direction
from calico_engine.resources.rules import Port

#: The kind under which Felix knows such a policy; its fields are those of a Calico NetworkPolicy.
KIND: Final = "KubernetesNetworkPolicy"
ORDER: Final = 1000
_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


def convert_network_policy(policy: Struct) -> tuple[Key, Resource, tuple[RuleError, ...]]:
    """The policy under its own name, without the rules that are listed as errors."""
    metadata, spec = policy.struct("metadata"), policy.struct("spec")
    name, namespace, uid = metadata.text("name"), metadata.text("namespace"), metadata.text("uid")
    errors: list[RuleError] = []
    converted = {
        "tier": "default",
        "order": ORDER,
        "selector": pod_selector(spec.struct("podSelector")),
        "ingress": RULES.rules(spec, Direction.INGRESS, errors),
        "egress": RULES.rules(spec, Direction.EGRESS, errors),
        "types": _types(spec),
    }
    made = metadata_of(
        metadata,
        name=name,
        namespace=namespace,
        uid=convert_uid(uid) if uid else "",
        resourceVersion=metadata.text("resourceVersion"),
    )
    return (KIND, namespace, name), resource("NetworkPolicy", made, without_empty(converted)), tuple(errors)


def _types(spec: Struct) -> list[str]:
    """In fixed order. Without a known one it is Ingress alone, even if there are egress rules: those are inactive then."""
    given = spec.texts("policyTypes")
    return [direction.value for direction in Direction if direction.value in given] or [Direction.INGRESS.value]


def _rule(rule: Struct, direction: Direction) -> list[Resource]:
    # No peers at all: one rule that matches everybody. The same for ports.
    peers: list[Resource] = [_peer(peer) for peer in rule.structs(_PEERS[direction])] or [{}]
    ports = rule.structs("ports")
    groups = grouped_by_protocol(_entries(ports)) if ports else [("", None)]
    return rules_of("Allow", direction, groups, peers)


def _entries(ports: tuple[Struct, ...]) -> Iterator[tuple[str, Port | None]]:
    for port in ports:
        # The API server's default is TCP. An empty text is no protocol, and unlike null it is not defaulted.
        protocol = port.text("protocol") if port.given("protocol") else "TCP"
        yield protocol_name(protocol), _port(port)


def _port(entry: Struct) -> Port | None:
    """The port's number or text is written down and read again, so `"80"` is a number and `http:90` is nothing."""
    text, end = entry.number_or_text("port"), entry.number("endPort")
    if text is None:
        return None
    if end is not None:
        text = f"{text}:{end}"
    try:
        return port_from_text(text)
    except InvalidPort as reason:
        raise BadRule(f"failed to parse k8s port: invalid port {text}: {reason}") from None


def _peer(peer: Struct) -> Resource:
    if peer.given("ipBlock"):
        return _nets(peer.struct("ipBlock"))
    namespaces = peer.struct("namespaceSelector") if peer.given("namespaceSelector") else None
    return without_empty(
        {"selector": pod_selector(peer.struct("podSelector")), "namespaceSelector": namespace_selector(namespaces)}
    )


def _nets(block: Struct) -> Resource:
    """A net that does not parse opens the rule to everybody; an exception that does not, ends the exceptions."""
    exceptions = block.texts("except")
    net = _masked(block.text("cidr"))
    if net is None:
        return {}
    not_nets = []
    for text in exceptions:
        exception = _masked(text)
        if exception is None:
            break
        not_nets.append(exception)
    return without_empty({"nets": [net], "notNets": not_nets})


def _masked(text: str) -> str | None:
    try:
        return masked_cidr(text)
    except ValueError:
        return None


RULES: Final = RuleConversion(_rule, instead=lambda _: [])
