"""ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2) → GlobalNetworkPolicy (clusternetworkpolicy.go).

It fails closed: a Deny or Pass rule that cannot be converted becomes a Deny of everything in its place, an Accept rule
is left out. One bad peer, port or network spoils its whole rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from calico_engine.controllers.kubernetes.cidrs import masked_cidr
from calico_engine.controllers.kubernetes.identity import Key, Resource, convert_uid, metadata_of, resource
from calico_engine.controllers.kubernetes.label_selectors import ANY_POD, namespace_selector, pod_selector
from calico_engine.controllers.kubernetes.policy_rules import (
    BadRule,
    RuleConversion,
    RuleError,
    grouped_by_protocol,
    rules_of,
)
from calico_engine.controllers.kubernetes.ports import InvalidPort, named_port, port_range
from calico_engine.controllers.kubernetes.reading import Struct, without_empty
from calico_engine.packets import Direction
from calico_engine.resources.rules import Port

#: The kind under which Felix knows such a policy; its fields are those of a GlobalNetworkPolicy.
KIND: Final = "KubernetesClusterNetworkPolicy"
_TIERS: Final = {"Admin": "kube-admin", "Baseline": "kube-baseline"}
_ACTIONS: Final = {"Accept": "Allow", "Deny": "Deny", "Pass": "Pass"}
_PEERS: Final = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


def convert_cluster_network_policy(policy: Struct) -> tuple[Key, Resource | None, tuple[RuleError, ...]]:
    """The policy, with the rules that are listed as errors left out or denied; None for an unknown tier or no subject."""
    metadata, spec = policy.struct("metadata"), policy.struct("spec")
    name, uid = metadata.text("name"), metadata.text("uid")
    key = (KIND, "", name)
    tier, subject = _TIERS.get(spec.text("tier")), _subject(spec.struct("subject"))
    if tier is None or subject is None:
        return key, None, ()
    errors: list[RuleError] = []
    rules = {direction: RULES.rules(spec, direction, errors) for direction in Direction}
    converted = {
        "tier": tier,
        "order": spec.number("priority") or 0,
        **subject,
        "ingress": rules[Direction.INGRESS],
        "egress": rules[Direction.EGRESS],
        # Unlike for NetworkPolicy there is no default: nothing here, which means both directions to Felix.
        "types": [direction.value for direction in Direction if rules[direction]],
    }
    made = metadata_of(
        metadata,
        name=name,
        uid=convert_uid(uid) if uid else "",
        resourceVersion=metadata.text("resourceVersion"),
    )
    return key, resource("GlobalNetworkPolicy", made, without_empty(converted)), tuple(errors)


def _subject(subject: Struct) -> Resource | None:
    if subject.given("namespaces"):
        # The selector keeps host endpoints out.
        return {"namespaceSelector": namespace_selector(subject.struct("namespaces")), "selector": ANY_POD}
    return _pods(subject.struct("pods")) if subject.given("pods") else None


def _pods(pods: Struct) -> Resource:
    return {
        "namespaceSelector": namespace_selector(pods.struct("namespaceSelector")),
        "selector": pod_selector(pods.struct("podSelector")),
    }


def _rule(rule: Struct, direction: Direction) -> list[Resource]:
    action = _ACTIONS.get(rule.text("action"))
    if action is None:
        raise BadRule(f"unsupported cluster network policy action {rule.text('action')}")
    protocols = rule.structs("protocols")
    groups = grouped_by_protocol(_entries(protocols)) if protocols else [("", None)]
    # Without peers there is no rule at all, the opposite of NetworkPolicy.
    peers = [_peer(peer, direction) for peer in rule.structs(_PEERS[direction])]
    return rules_of(action, direction, groups, peers, rule.text("name"))


def _peer(peer: Struct, direction: Direction) -> Resource:
    """Nodes and domain names are not supported; `pods` beside `namespaces` wins."""
    converted: Resource = {}
    if peer.given("namespaces"):
        converted = {"namespaceSelector": namespace_selector(peer.struct("namespaces"))}
    if peer.given("pods"):
        converted = _pods(peer.struct("pods"))
    found = peer.given("namespaces") or peer.given("pods")
    if direction is Direction.EGRESS and peer.texts("networks"):
        converted["nets"] = [_net(text) for text in peer.texts("networks")]
        found = True
    if not found:
        raise BadRule(f"none of supported fields in '{_PEERS[direction].title()}' is set.")
    return without_empty(converted)


def _net(text: str) -> str:
    try:
        return masked_cidr(text)
    except ValueError:
        raise BadRule(f"invalid CIDR in ANP rule: invalid CIDR address: {text}") from None


def _entries(protocols: tuple[Struct, ...]) -> Iterator[tuple[str | None, Port | None]]:
    """A named port has no protocol: Felix matches the name under any."""
    for entry in protocols:
        protocol = next((name for name in ("tcp", "udp", "sctp") if entry.given(name)), None)
        try:
            if protocol is not None:
                yield protocol.upper(), _port(entry.struct(protocol).struct("destinationPort"))
            else:
                name = entry.text("destinationNamedPort")
                yield None, named_port(name) if name else None
        except InvalidPort as reason:
            raise BadRule(f"failed to parse k8s protocol: {reason}") from None


def _port(port: Struct) -> Port | None:
    """None means all ports. Numbers are cut to 16 bits, which only what the CRD refuses needs."""
    number, ends = port.number("number"), port.struct("range")
    if number:
        return Port(number & 0xFFFF, number & 0xFFFF)
    if not port.given("range"):
        return None
    return port_range((ends.number("start") or 0) & 0xFFFF, (ends.number("end") or 0) & 0xFFFF)


def _closed(rule: Struct) -> list[Resource]:
    return [{"action": "Deny"}] if rule.text("action") in ("Deny", "Pass") else []


RULES: Final = RuleConversion(_rule, instead=_closed)
