"""Objects → Felix's model: the update processors, and the validation filter behind them (resources.md 10)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from calico_engine.datastore import Datastore
from calico_engine.resources import (
    GlobalNetworkSet,
    HostEndpoint,
    NetworkPolicy,
    NetworkSet,
    Policy,
    Profile,
    StagedGlobalNetworkPolicy,
    StagedKubernetesNetworkPolicy,
    StagedNetworkPolicy,
    Tier,
    WorkloadEndpoint,
)
from calico_engine.resources.endpoints import EndpointPort, WorkloadEndpointPort
from calico_engine.resources.rules import Rule
from felix_oracle.felix import (
    EGRESS,
    INGRESS,
    Entity,
    FelixHostEndpoint,
    FelixModel,
    FelixPolicy,
    FelixProfile,
    FelixRule,
    FelixTier,
    FelixWorkload,
    NamedPort,
)
from felix_oracle.flattening import (
    NAMESPACE,
    SERVICE_ACCOUNT,
    global_policy_selector,
    namespaced_policy_selector,
    parsed,
)
from felix_oracle.kubernetes import staged_kubernetes_policy
from felix_oracle.nets import read_address, read_nets
from felix_oracle.packets import PROTOCOL_NUMBERS
from felix_oracle.rule_conversion import NotForFelix, convert_rule

#: Always there, in either datastore (libcalico-go/lib/resources/static.go).
DEFAULT_ALLOW = "projectcalico-default-allow"
_INTERFACE = re.compile(r"\*|[a-zA-Z0-9_.-]{1,15}")
_PROFILE = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
_HINTS = ["AssumeNeededOnEveryNode"]
Labels = Mapping[str, str]


def convert(datastore: Datastore, *, spoofing_allowed: bool) -> FelixModel:
    """The whole cluster; `spoofing_allowed` is the node's WorkloadSourceSpoofing."""
    model = FelixModel()
    for _, tier in datastore.all(Tier):
        order = math.inf if tier.spec.order is None else tier.spec.order
        name = tier.metadata.name
        model.tiers[name] = FelixTier(name, order, tier.spec.default_action or "Deny", exists=True)
    labels = {profile.metadata.name: profile.spec.labels_to_apply for _, profile in datastore.all(Profile)}
    model.profiles = dict(_profiles(datastore))
    model.policies = list(_policies(datastore))
    model.hosts = list(_hosts(datastore, labels))
    model.workloads = list(_workloads(datastore, labels, spoofing_allowed))
    model.network_sets = list(_network_sets(datastore, labels))
    return model


def _profiles(datastore: Datastore) -> Iterator[tuple[str, FelixProfile]]:
    for _, profile in datastore.all(Profile):
        name = profile.metadata.name
        try:
            rules = {INGRESS: _rules(profile.spec.ingress, ""), EGRESS: _rules(profile.spec.egress, "")}
        except NotForFelix:
            continue
        yield name, FelixProfile(name, rules)
    allow = _rules((Rule(action="Allow"),), "")
    yield DEFAULT_ALLOW, FelixProfile(DEFAULT_ALLOW, {INGRESS: allow, EGRESS: allow})


def _rules(rules: tuple[Rule, ...] | None, namespace: str) -> tuple[FelixRule, ...]:
    return tuple(convert_rule(rule, index, namespace) for index, rule in enumerate(rules or ()))


def _policies(datastore: Datastore) -> Iterator[FelixPolicy]:
    for entry in datastore.entries.values():
        policy = entry.resource
        if isinstance(policy, StagedKubernetesNetworkPolicy) and policy.spec.staged_action != "Delete":
            yield staged_kubernetes_policy(policy)
        if not isinstance(policy, Policy):
            continue
        if (
            isinstance(policy, StagedGlobalNetworkPolicy | StagedNetworkPolicy)
            and policy.spec.staged_action == "Delete"
        ):
            continue
        try:
            yield _policy(policy)
        except NotForFelix:
            continue


def _policy(policy: Policy) -> FelixPolicy:
    spec, metadata = policy.spec, policy.metadata
    selector, flags = _selector_and_flags(policy)
    if selector and parsed(selector) is None:
        raise NotForFelix("selector")
    hints = list(spec.performance_hints or ())
    if hints not in ([], _HINTS):
        raise NotForFelix("performance hints")
    namespace = metadata.namespace
    return FelixPolicy(
        id=(policy.KIND, namespace, metadata.name),
        tier=spec.tier or "default",
        order=math.inf if spec.order is None else spec.order,
        selector=selector,
        directions=frozenset(spec.types or (INGRESS, EGRESS)),
        rules={INGRESS: _rules(spec.ingress, namespace), EGRESS: _rules(spec.egress, namespace)},
        **flags,
    )


def _selector_and_flags(policy: Policy) -> tuple[str, dict[str, bool]]:
    if isinstance(policy, NetworkPolicy | StagedNetworkPolicy):
        own = policy.spec
        namespace = policy.metadata.namespace
        return namespaced_policy_selector(namespace, own.selector, own.service_account_selector), {}
    spec = policy.spec
    selector = global_policy_selector(spec.selector, spec.namespace_selector, spec.service_account_selector)
    flags = {"untracked": spec.do_not_track, "pre_dnat": spec.pre_dnat, "forward": spec.apply_on_forward}
    return selector, flags


def _under(own: Labels, profiles: tuple[str, ...], of_profile: Mapping[str, Labels]) -> Labels:
    """Own labels win, then those of the profiles in their order (label_inheritance_index.go: GetHandle)."""
    result: dict[str, str] = {}
    for labels in (own, *(of_profile.get(name, {}) for name in profiles)):
        for key, value in labels.items():
            result.setdefault(key, value)
    return result


def _ports(ports: tuple[EndpointPort | WorkloadEndpointPort, ...]) -> tuple[NamedPort, ...]:
    found = []
    for port in ports:
        protocol = PROTOCOL_NUMBERS.get(port.protocol.lower()) if isinstance(port.protocol, str) else None
        if protocol not in (6, 17, 132):
            raise NotForFelix("protocol of a port must be the word")
        found.append(NamedPort(port.name, protocol, port.port))
    return tuple(found)


def _hosts(datastore: Datastore, labels: Mapping[str, Labels]) -> Iterator[FelixHostEndpoint]:
    for _, endpoint in datastore.all(HostEndpoint):
        spec = endpoint.spec
        addresses = tuple(address for address in map(read_address, spec.expected_ips) if address is not None)
        try:
            ports = _ports(spec.ports)
        except NotForFelix:
            continue
        if not spec.node or not all(_PROFILE.fullmatch(profile) for profile in spec.profiles):
            continue
        if spec.interface_name and not _INTERFACE.fullmatch(spec.interface_name):
            continue
        nets = read_nets(tuple(map(str, addresses)))
        entity = Entity(_under(endpoint.metadata.labels, spec.profiles, labels), nets, ports)
        name = endpoint.metadata.name
        yield FelixHostEndpoint(name, spec.node, spec.interface_name, addresses, spec.profiles, entity)


def _workloads(datastore: Datastore, labels: Mapping[str, Labels], spoofing_allowed: bool) -> Iterator[FelixWorkload]:
    for _, endpoint in datastore.all(WorkloadEndpoint):
        spec, metadata = endpoint.spec, endpoint.metadata
        nets = read_nets(spec.ip_networks)
        if len(nets) < len(spec.ip_networks):
            continue
        named = tuple(port for port in spec.ports if port.name)
        try:
            ports = _ports(named)
        except NotForFelix:
            continue
        if not nets or not spec.interface_name or (spec.allow_spoofed_source_prefixes and not spoofing_allowed):
            continue
        own = {key: value for key, value in metadata.labels.items() if not key.startswith(("pcns.", "pcsa."))}
        if spec.service_account_name:
            own[SERVICE_ACCOUNT] = spec.service_account_name
        workload = f"{metadata.namespace}/{spec.pod}" if spec.orchestrator == "k8s" else spec.workload
        yield FelixWorkload(
            id=(spec.orchestrator, workload, spec.endpoint),
            namespace=metadata.namespace,
            name=metadata.name,
            node=spec.node,
            interface=spec.interface_name,
            profiles=spec.profiles,
            entity=Entity(_under(own, spec.profiles, labels), nets, ports),
            spoofed=read_nets(spec.allow_spoofed_source_prefixes),
        )


def _network_sets(datastore: Datastore, labels: Mapping[str, Labels]) -> Iterator[Entity]:
    for _, everywhere in datastore.all(GlobalNetworkSet):
        yield Entity(everywhere.metadata.labels, read_nets(everywhere.spec.nets))
    for _, network_set in datastore.all(NetworkSet):
        namespace = network_set.metadata.namespace
        own = {**network_set.metadata.labels, NAMESPACE: namespace}
        yield Entity(_under(own, (f"kns.{namespace}",), labels), read_nets(network_set.spec.nets))
