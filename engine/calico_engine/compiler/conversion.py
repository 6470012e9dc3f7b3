"""Resources → Felix's model, with the second gate: what Felix treats as missing although the API accepted it.

Source: libcalico-go/lib/backend/syncersv1/updateprocessors, felix/calc/validation_filter.go and
libcalico-go/lib/validator/v1/validator.go. An object that fails vanishes whole; that is noted, never silent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain

from calico_engine.compiler import flattening
from calico_engine.compiler.felix_model import (
    Endpoints,
    FelixEndpoint,
    FelixModel,
    FelixNetworkSet,
    FelixPart,
    FelixPolicy,
    FelixProfile,
    FelixThing,
    FelixTier,
    NamedPort,
    Net,
    Notice,
    ResourceId,
)
from calico_engine.compiler.intervals import parse_net
from calico_engine.compiler.rule_conversion import Unusable, convert_rules, parse_selector
from calico_engine.controllers.kubernetes.services import ReadSlice, ServiceIndex, joined_slices, read_slice
from calico_engine.datastore import Datastore, Entry, Key, KubernetesEntry
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
from calico_engine.resources.policies import POLICY_KINDS
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE
from calico_engine.resources.rules import Rule
from calico_engine.resources.tiers import DEFAULT_TIER
from calico_engine.reuse import Reuse

_INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")
_PROFILE_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
_POLICIES = (*POLICY_KINDS[:3], StagedKubernetesNetworkPolicy, POLICY_KINDS[3])
_SETS = (GlobalNetworkSet, NetworkSet)
_SEEN = (*_POLICIES, *_SETS, HostEndpoint, Profile, Tier, WorkloadEndpoint)
_PERFORMANCE_HINTS = frozenset({"AssumeNeededOnEveryNode"})


def convert(datastore: Datastore, *, spoofing_allowed: bool = False, reuse: Reuse | None = None) -> FelixModel:
    """Felix's view of the datastore. `spoofing_allowed`: WorkloadSourceSpoofing is Any."""
    reuse = reuse or Reuse()
    parts: dict[str, Mapping[Key, FelixPart]] = {}
    things: dict[type, list[tuple[FelixThing, ...]]] = {model: [] for model in _SEEN}
    for kind, table in datastore.entries.by_kind.items():
        model = type(next(iter(table.values())).resource)
        if model in things:
            spoofing = spoofing_allowed and model is WorkloadEndpoint
            slot = f"{kind}, spoofing allowed" if spoofing else kind
            parts[kind] = reuse.each(_part, table, spoofing, slot=slot)
            things[model].append(reuse.of(_things, parts[kind], slot=slot))
    slices = reuse.each(_slice, datastore.kubernetes.kind("EndpointSlice"))
    return FelixModel(
        tiers=reuse.of(_tiers, *things[Tier]),
        policies=reuse.of(_policies, *(listed for model in _POLICIES for listed in things[model])),
        profiles=reuse.of(_profiles, *things[Profile]),
        host_endpoints=reuse.of(_endpoints, *things[HostEndpoint], slot="host"),
        workload_endpoints=reuse.of(_endpoints, *things[WorkloadEndpoint], slot="workload"),
        network_sets=reuse.of(_network_sets, *(listed for model in _SETS for listed in things[model])),
        services=reuse.of(_services, slices),
        parts=parts,
    )


def _things(parts: Mapping[Key, FelixPart]) -> tuple[FelixThing, ...]:
    return tuple(part.thing for part in parts.values() if part.thing is not None)


def _tiers(*tables: tuple[FelixThing, ...]) -> Mapping[str, FelixTier]:
    return {tier.name: tier for tier in chain(*tables) if isinstance(tier, FelixTier)}


def _policies(*tables: tuple[FelixThing, ...]) -> tuple[FelixPolicy, ...]:
    return tuple(policy for policy in chain(*tables) if isinstance(policy, FelixPolicy))


def _profiles(*tables: tuple[FelixThing, ...]) -> Mapping[str, FelixProfile]:
    found = {profile.name: profile for profile in chain(*tables) if isinstance(profile, FelixProfile)}
    return {**found, DEFAULT_ALLOW_PROFILE: _default_allow()}


def _endpoints(*tables: tuple[FelixThing, ...]) -> Endpoints:
    return Endpoints(endpoint for endpoint in chain(*tables) if isinstance(endpoint, FelixEndpoint))


def _network_sets(*tables: tuple[FelixThing, ...]) -> tuple[FelixNetworkSet, ...]:
    return tuple(each for each in chain(*tables) if isinstance(each, FelixNetworkSet))


def _services(slices: Mapping[Key, ReadSlice]) -> ServiceIndex:
    return joined_slices(slices.values())


def _slice(entry: KubernetesEntry) -> ReadSlice:
    return read_slice(entry.value.value)


def _part(entry: Entry, spoofing_allowed: bool) -> FelixPart:
    """What one object is to Felix; one that it refuses is nothing but a notice."""
    try:
        return _converted(entry, spoofing_allowed)
    except Unusable as reason:
        return FelixPart(entry, None, Notice(reason.path, f"Felix ignores this {entry.resource.KIND}: {reason}"))


def _converted(entry: Entry, spoofing_allowed: bool) -> FelixPart:
    match entry.resource:
        case GlobalNetworkPolicy() | NetworkPolicy() | StagedGlobalNetworkPolicy() | StagedNetworkPolicy() as policy:
            if getattr(policy.spec, "staged_action", "") == "Delete":
                return FelixPart(entry, None)
            staged = isinstance(policy, StagedGlobalNetworkPolicy | StagedNetworkPolicy)
            return FelixPart(entry, _policy(policy, ResourceId(*entry.key), staged=staged))
        case StagedKubernetesNetworkPolicy() as policy:
            return FelixPart(entry, _staged_kubernetes_policy(policy, ResourceId(*entry.key)))
        case Tier() as tier:
            default_pass = tier.spec.default_action == "Pass"
            return FelixPart(entry, FelixTier(tier.metadata.name, tier.spec.order, default_pass))
        case Profile() as profile:
            return FelixPart(entry, *_profile(profile))
        case HostEndpoint() as endpoint:
            return FelixPart(entry, _host_endpoint(endpoint))
        case WorkloadEndpoint() as endpoint:
            return FelixPart(entry, _workload_endpoint(endpoint, spoofing_allowed))
        case NetworkSet() | GlobalNetworkSet() as network_set:
            return FelixPart(entry, _network_set(network_set))
        case _:
            return FelixPart(entry, None)


def _staged_kubernetes_policy(policy: StagedKubernetesNetworkPolicy, owner: ResourceId) -> FelixPolicy | None:
    if policy.spec.staged_action == "Delete":
        return None
    from calico_engine.controllers.kubernetes.staged_kubernetes import as_network_policy  # rare, and many modules

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


def _profile(profile: Profile) -> tuple[FelixProfile, Notice | None]:
    """Labels and rules of a profile are separate to Felix: bad rules leave the labels in force."""
    name, spec = profile.metadata.name, profile.spec
    owner = ResourceId(Profile.KIND, "", name)
    try:
        ingress = convert_rules(spec.ingress, owner, "", Direction.INGRESS)
        egress = convert_rules(spec.egress, owner, "", Direction.EGRESS)
    except Unusable as reason:
        message = f"Felix ignores the rules of this Profile and denies both ways instead: {reason}"
        missing = FelixProfile(name, spec.labels_to_apply, (), (), rules_missing=True)
        return missing, Notice(reason.path, message)
    return FelixProfile(name, spec.labels_to_apply, ingress, egress), None


def _default_allow() -> FelixProfile:
    """The profile that always exists (libcalico-go/lib/resources/static.go)."""
    owner = ResourceId(Profile.KIND, "", DEFAULT_ALLOW_PROFILE)
    allow = (Rule(action="Allow"),)
    ingress = convert_rules(allow, owner, "", Direction.INGRESS)
    egress = convert_rules(allow, owner, "", Direction.EGRESS)
    return FelixProfile(DEFAULT_ALLOW_PROFILE, {}, ingress, egress)


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
