"""Resources → Felix's model, with the second gate: what Felix treats as missing although the API accepted it.

Source: libcalico-go/lib/backend/syncersv1/updateprocessors, felix/calc/validation_filter.go and
libcalico-go/lib/validator/v1/validator.go. An object that fails vanishes whole; that is noted, never silent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from calico_engine.compiler import flattening
from calico_engine.compiler.felix_model import (
    FelixEndpoint,
    FelixModel,
    FelixNetworkSet,
    FelixPart,
    FelixPolicy,
    FelixProfile,
    FelixTier,
    NamedPort,
    Net,
    Notice,
    ResourceId,
)
from calico_engine.compiler.intervals import parse_net
from calico_engine.compiler.rule_conversion import Unusable, convert_rules, parse_selector
from calico_engine.controllers.services import ServiceIndex, service_index
from calico_engine.datastore import Datastore, Entry
from calico_engine.packets import PORT_PROTOCOLS, Direction, find_address, protocol_number
from calico_engine.resources import (
    GlobalNetworkPolicy,
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
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE
from calico_engine.resources.rules import Rule
from calico_engine.resources.tiers import DEFAULT_TIER

_INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")
_PROFILE_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
_PERFORMANCE_HINTS = frozenset({"AssumeNeededOnEveryNode"})


def convert(datastore: Datastore, *, spoofing_allowed: bool = False, previous: FelixModel | None = None) -> FelixModel:
    """Felix's view of the datastore. `spoofing_allowed`: WorkloadSourceSpoofing is Any.

    `previous`: the view of a datastore that shares most objects with this one, under the same setting; what became of
    those is taken over.
    """
    model = FelixModel()
    known = {} if previous is None else previous.parts
    for entry in datastore.entries.values():
        held = known.get(id(entry))
        part = _part(entry, spoofing_allowed) if held is None else held[1]
        model.parts[id(entry)] = entry, part
        model.add(part)
    model.add(_default_allow())
    model.services = _services(datastore)
    return model


def _services(datastore: Datastore) -> ServiceIndex:
    """Which endpoints each service has: EndpointSlices alone say so."""
    return service_index(e.value.value for e in datastore.kubernetes.values() if e.value.kind == "EndpointSlice")


def _part(entry: Entry, spoofing_allowed: bool) -> FelixPart:
    """What one object is to Felix; one that it refuses is nothing but a notice."""
    try:
        return _converted(entry, spoofing_allowed)
    except Unusable as reason:
        return None, Notice(entry, reason.path, f"Felix ignores this {entry.resource.KIND}: {reason}")


def _converted(entry: Entry, spoofing_allowed: bool) -> FelixPart:
    match entry.resource:
        case GlobalNetworkPolicy() | NetworkPolicy() | StagedGlobalNetworkPolicy() | StagedNetworkPolicy() as policy:
            if getattr(policy.spec, "staged_action", "") == "Delete":
                return None, None
            staged = isinstance(policy, StagedGlobalNetworkPolicy | StagedNetworkPolicy)
            return _policy(policy, ResourceId(*entry.key), staged=staged), None
        case StagedKubernetesNetworkPolicy() as policy:
            return _staged_kubernetes_policy(policy, ResourceId(*entry.key)), None
        case Tier() as tier:
            default_pass = tier.spec.default_action == "Pass"
            return FelixTier(tier.metadata.name, tier.spec.order, default_pass), None
        case Profile() as profile:
            return _profile(entry, profile)
        case HostEndpoint() as endpoint:
            return _host_endpoint(endpoint), None
        case WorkloadEndpoint() as endpoint:
            return _workload_endpoint(endpoint, spoofing_allowed), None
        case NetworkSet() | GlobalNetworkSet() as network_set:
            return _network_set(network_set), None
        case _:
            return None, None


def _staged_kubernetes_policy(policy: StagedKubernetesNetworkPolicy, owner: ResourceId) -> FelixPolicy | None:
    if policy.spec.staged_action == "Delete":
        return None
    from calico_engine.controllers.staged_kubernetes import as_network_policy  # rare, and many modules

    converted, reason = as_network_policy(policy)
    if converted is None:
        raise Unusable(reason, ("spec",))
    return _policy(converted, owner, staged=True)


def _policy(policy: Policy, owner: ResourceId, *, staged: bool) -> FelixPolicy:
    spec, metadata = policy.spec, policy.metadata
    tier = spec.tier or DEFAULT_TIER
    match policy:
        case GlobalNetworkPolicy() | StagedGlobalNetworkPolicy():
            text = flattening.global_policy_selector(
                spec.selector, policy.spec.namespace_selector, spec.service_account_selector
            )
            flags = policy.spec.do_not_track, policy.spec.pre_dnat, policy.spec.apply_on_forward
        case _:
            text = flattening.namespaced_policy_selector(
                spec.selector, metadata.namespace, spec.service_account_selector
            )
            flags = False, False, False
    _check_hints(spec.performance_hints or ())
    return FelixPolicy(
        id=owner,
        tier=tier,
        order=spec.order,
        selector=parse_selector(text, ("spec", "selector")),
        staged=staged,
        do_not_track=flags[0],
        pre_dnat=flags[1],
        apply_on_forward=flags[2],
        acts=_directions(spec.types or (), pre_dnat=flags[1]),
        ingress=convert_rules(spec.ingress or (), owner, tier, Direction.INGRESS),
        egress=convert_rules(spec.egress or (), owner, tier, Direction.EGRESS),
    )


def _check_hints(hints: tuple[str, ...]) -> None:
    """They never change a verdict, but a bad one makes the policy vanish."""
    for index, hint in enumerate(hints):
        if hint not in _PERFORMANCE_HINTS or hint in hints[:index]:
            message = f"performance hint {hint!r} is unknown or repeated"
            raise Unusable(message, ("spec", "performanceHints", index))


def _directions(types: tuple[str, ...], *, pre_dnat: bool) -> frozenset[Direction]:
    """No types at all means both directions to Felix (felix/calc/policy_sorter.go: ExtractPolicyMetadata)."""
    folded = {name.lower() for name in types}
    directions = {d for d in Direction if not types or d.value.lower() in folded}
    # Pre-DNAT policy acts on ingress only (felix/rules/endpoints.go: HostEndpointToMangleIngressChains).
    return frozenset(directions & {Direction.INGRESS} if pre_dnat else directions)


def _profile(entry: Entry, profile: Profile) -> FelixPart:
    """Labels and rules of a profile are separate to Felix: bad rules leave the labels in force."""
    name, spec = profile.metadata.name, profile.spec
    owner = ResourceId(Profile.KIND, "", name)
    try:
        ingress = convert_rules(spec.ingress, owner, "", Direction.INGRESS)
        egress = convert_rules(spec.egress, owner, "", Direction.EGRESS)
    except Unusable as reason:
        message = f"Felix ignores the rules of this Profile and denies both ways instead: {reason}"
        missing = FelixProfile(name, spec.labels_to_apply, (), (), rules_missing=True)
        return missing, Notice(entry, reason.path, message)
    return FelixProfile(name, spec.labels_to_apply, ingress, egress), None


@cache
@cache  # the same one in every model, so that what was made of it can be taken over
def _default_allow() -> FelixPart:
    """The profile that always exists (libcalico-go/lib/resources/static.go)."""
    owner = ResourceId(Profile.KIND, "", DEFAULT_ALLOW_PROFILE)
    allow = (Rule(action="Allow"),)
    ingress = convert_rules(allow, owner, "", Direction.INGRESS)
    egress = convert_rules(allow, owner, "", Direction.EGRESS)
    return FelixProfile(DEFAULT_ALLOW_PROFILE, {}, ingress, egress), None


def _host_endpoint(endpoint: HostEndpoint) -> FelixEndpoint:
    spec = endpoint.spec
    if not spec.node:
        raise Unusable("it names no node", ("spec", "node"))
    if spec.interface_name and spec.interface_name != "*" and not _INTERFACE.fullmatch(spec.interface_name):
        raise Unusable("its interfaceName is not an interface name", ("spec", "interfaceName"))
    _check_profile_names(spec.profiles)
    # expectedIPs that do not parse are dropped (updateprocessors/hostendpointprocessor.go: convertHostEndpointV3ToV1).
    addresses = tuple(a for a in map(find_address, spec.expected_ips) if a is not None)
    return FelixEndpoint(
        id=ResourceId(HostEndpoint.KIND, "", endpoint.metadata.name),
        node=spec.node,
        interface_name=spec.interface_name,
        labels=endpoint.metadata.labels,
        profiles=spec.profiles,
        addresses=addresses,
        ports=_named_ports(spec.ports),
    )


def _workload_endpoint(endpoint: WorkloadEndpoint, spoofing_allowed: bool) -> FelixEndpoint:
    spec, namespace = endpoint.spec, endpoint.metadata.namespace
    _check_workload(endpoint)
    if spec.allow_spoofed_source_prefixes and not spoofing_allowed:
        raise Unusable(
            "allowSpoofedSourcePrefixes needs WorkloadSourceSpoofing: Any in Felix's configuration",
            ("spec", "allowSpoofedSourcePrefixes"),
        )
    return FelixEndpoint(
        id=ResourceId(WorkloadEndpoint.KIND, namespace, endpoint.metadata.name),
        node=spec.node,
        interface_name=spec.interface_name,
        labels=_workload_labels(endpoint),
        profiles=spec.profiles,
        addresses=tuple((net[0], net[1]) for net in map(parse_net, spec.ip_networks) if net is not None),
        ports=_named_ports(spec.ports),
        spoofable=_nets(spec.allow_spoofed_source_prefixes),
    )


def _check_workload(endpoint: WorkloadEndpoint) -> None:
    """What Felix needs of a workload (workloadendpointprocessor.go, validation_filter.go)."""
    spec = endpoint.spec
    if not spec.interface_name:
        raise Unusable("it has no interfaceName", ("spec", "interfaceName"))
    if not spec.ip_networks:
        raise Unusable("it has no addresses", ("spec", "ipNetworks"))
    for index, text in enumerate(spec.ip_networks):
        if parse_net(text) is None:
            raise Unusable(f"{text!r} is no address", ("spec", "ipNetworks", index))
    for field, text, version in (("ipv4Gateway", spec.ipv4_gateway, 4), ("ipv6Gateway", spec.ipv6_gateway, 6)):
        net = parse_net(text)
        if text and (net is None or net[0] != version):
            raise Unusable(f"{text!r} is no IPv{version} address", ("spec", field))


def _workload_labels(endpoint: WorkloadEndpoint) -> Mapping[str, str]:
    """Labels that look inherited are removed, Calico's own are set (workloadendpointprocessor.go)."""
    inherited = (flattening.NAMESPACE_PREFIX, flattening.SERVICE_ACCOUNT_PREFIX)
    labels = {key: value for key, value in endpoint.metadata.labels.items() if not key.startswith(inherited)}
    labels[flattening.NAMESPACE_LABEL] = endpoint.metadata.namespace
    labels[flattening.ORCHESTRATOR_LABEL] = endpoint.spec.orchestrator
    if endpoint.spec.service_account_name:
        labels[flattening.SERVICE_ACCOUNT_LABEL] = endpoint.spec.service_account_name
    return labels


def _check_profile_names(names: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        if not _PROFILE_NAME.fullmatch(name):
            raise Unusable("a profile name is at most 128 letters, digits, _, . and -", ("spec", "profiles", index))


def _named_ports(ports: Sequence[EndpointPort | WorkloadEndpointPort]) -> tuple[NamedPort, ...]:
    result = []
    for index, port in enumerate(ports):
        if not port.name and isinstance(port, WorkloadEndpointPort):
            continue  # for the CNI plugin only (workloadendpointprocessor.go)
        # A number here makes the v1 validator refuse the whole endpoint, also 6, 17 and 132.
        number = protocol_number(port.protocol) if isinstance(port.protocol, str) else None
        if number not in PORT_PROTOCOLS:
            message = f"a port's protocol must be TCP, UDP or SCTP by name, not {port.protocol!r}"
            raise Unusable(message, ("spec", "ports", index, "protocol"))
        result.append(NamedPort(port.name, number, port.port))
    return tuple(result)


def _network_set(network_set: NetworkSet | GlobalNetworkSet) -> FelixNetworkSet:
    metadata = network_set.metadata
    labels = dict(metadata.labels)
    profiles: tuple[str, ...] = ()
    if isinstance(network_set, NetworkSet):
        # updateprocessors/networksetprocessor.go: the set is seen like a workload of its namespace.
        labels[flattening.NAMESPACE_LABEL] = metadata.namespace
        profiles = (f"kns.{metadata.namespace}",)
    owner = ResourceId(network_set.KIND, metadata.namespace, metadata.name)
    return FelixNetworkSet(owner, labels, profiles, _nets(network_set.spec.nets))


def _nets(texts: tuple[str, ...]) -> tuple[Net, ...]:
    return tuple(net for net in map(parse_net, texts) if net is not None)
