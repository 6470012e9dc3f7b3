"""What a change of a cluster can touch: the endpoints whose policies, or whose rules' address sets, are not the same.

An answer about packets that none of these endpoints looks at is the same before and after the change. Where a change
goes beyond policies, profiles, tiers, network sets and labels, everything counts as touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

from calico_engine.compiler.address_sets import inherited_labels
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import (
    FelixEndpoint,
    FelixModel,
    FelixPolicy,
    FelixProfile,
    FelixRule,
    ResourceId,
)
from calico_engine.datastore import Entry
from calico_engine.frozen import frozen
from calico_engine.packets import Packet
from calico_engine.resources import (
    FelixConfiguration,
    GlobalNetworkSet,
    HostEndpoint,
    NetworkSet,
    Node,
    Policy,
    Profile,
    StagedKubernetesNetworkPolicy,
    Tier,
    WorkloadEndpoint,
)
from calico_selectors import Selector

#: What is nothing but policy to Felix.
_POLICY = (Policy, StagedKubernetesNetworkPolicy, Tier, Profile, GlobalNetworkSet, NetworkSet)
_LABELLED = (HostEndpoint, WorkloadEndpoint, Node)
#: Kubernetes objects that are read as they are, beside what they may become.
_READ_AS_THEY_ARE = frozenset({"Service", "EndpointSlice"})

_K = TypeVar("_K")
_T = TypeVar("_T")
_Labels = Mapping[str, str]


@frozen
class Touched:
    """`everything`, or these endpoints. `relabelled`: nodes or endpoints have other labels, and selectors ask for them."""

    everything: bool = False
    endpoints: frozenset[ResourceId] = frozenset()
    relabelled: bool = False


def touched(before: CompiledCluster, after: CompiledCluster) -> Touched:
    """What is not the same in two clusters of which one is a what-if on the other."""
    changes = list(_changes(before, after))
    if not all(_is_policy_or_label(one, other) for one, other in changes) or _services_changed(before, after):
        return Touched(everything=True)
    relabelled = any(isinstance(one.resource, _LABELLED) for one, _ in changes if one is not None)
    if relabelled and any(True for _ in before.datastore.all(FelixConfiguration)):
        return Touched(everything=True)  # its nodeSelector may select other nodes now
    relabelled = relabelled or any(isinstance(one.resource, Profile) for one, _ in changes if one is not None)
    return Touched(False, frozenset(_Comparison(before.model, after.model).endpoints()), relabelled)


def endpoints_on_the_way(compiled: CompiledCluster, packet: Packet) -> set[ResourceId]:
    """Every endpoint that might look at the packet, by its interfaces at its node, or at a reply to it."""
    if packet.dnat:  # the route before NAT may lead over any interface
        model, node = compiled.model, packet.node
        everyone = (model.host_endpoints_by_node, model.workload_endpoints_by_node)
        return {endpoint.id for by_node in everyone for endpoint in by_node.get(node, ())}
    found = compiled.node(packet.node)
    interfaces = [name for name in (packet.in_interface, packet.out_interface) if name is not None]
    looking = [found.wildcard, *map(found.named, interfaces), *map(found.workload, interfaces)]
    return {endpoint.id for endpoint in looking if endpoint is not None}


def _changes(before: CompiledCluster, after: CompiledCluster) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Objects that differ; None stands for one that is not there."""
    old, new = before.datastore.entries, after.datastore.entries
    for key, entry in new.items():
        held = old.get(key)
        if held is None or (held is not entry and held.resource != entry.resource):
            yield held, entry
    yield from ((entry, None) for key, entry in old.items() if key not in new)


def _is_policy_or_label(one: Entry | None, other: Entry | None) -> bool:
    if any(isinstance(each.resource, _POLICY) for each in (one, other) if each is not None):
        return True
    if one is None or other is None or not isinstance(one.resource, _LABELLED):
        return False
    metadata = replace(one.resource.metadata, labels=other.resource.metadata.labels)
    return replace(one.resource, metadata=metadata) == other.resource


def _services_changed(before: CompiledCluster, after: CompiledCluster) -> bool:
    old, new = (
        {key: entry.value for key, entry in each.datastore.kubernetes.items() if key[0] in _READ_AS_THEY_ARE}
        for each in (before, after)
    )
    return old.keys() != new.keys() or any(new[key] is not value for key, value in old.items())


class _Relabelled(NamedTuple):
    """What selectors saw of an endpoint or network set, and what they see now; None: nothing."""

    old: _Labels | None
    new: _Labels | None
    moved: bool  # its addresses are others

    def changes(self, selector: Selector) -> bool:
        was, now = (labels is not None and selector.matches(labels) for labels in (self.old, self.new))
        return was is not now or (now and self.moved)


class _Comparison:
    """Two models, compared part by part; what was taken over from the one to the other is the same object."""

    def __init__(self, old: FelixModel, new: FelixModel) -> None:
        self._old, self._new = old, new
        self._profiles = _differing(old.profiles, new.profiles)
        self._relabelled = [*self._relabelled_endpoints(), *self._changed_sets()]

    def endpoints(self) -> Iterator[ResourceId]:
        """The endpoints whose chains may differ."""
        old_policies, new_policies = self._policies()
        changed_profiles = {name for name in self._new.profiles if self._rules_differ(name)}
        changed_profiles |= self._old.profiles.keys() ^ self._new.profiles.keys()
        for old, new in self._paired_endpoints():
            were, are = _seen(old, self._old), _seen(new, self._new)
            if (
                any(policy.selector.matches(were) for policy in old_policies)
                or any(policy.selector.matches(are) for policy in new_policies)
                or (
                    were != are and any(p.selector.matches(were) != p.selector.matches(are) for p in self._new.policies)
                )
                or not changed_profiles.isdisjoint(new.profiles)
            ):
                yield new.id

    def _policies(self) -> tuple[list[FelixPolicy], list[FelixPolicy]]:
        """The policies, as they were and as they are, of which anything differs."""
        tiers = _differing(self._old.tiers, self._new.tiers)
        by_id = [{policy.id: policy for policy in model.policies} for model in (self._old, self._new)]
        changed = _differing(*by_id)

        def concerned(policy: FelixPolicy) -> bool:
            return policy.id in changed or policy.tier in tiers or self._sets_differ((*policy.ingress, *policy.egress))

        old, new = ([policy for policy in each.values() if concerned(policy)] for each in by_id)
        return old, new

    def _rules_differ(self, name: str) -> bool:
        new, old = self._new.profiles[name], self._old.profiles.get(name)
        if old is None or _rules_of(old) != _rules_of(new):
            return True
        return self._sets_differ((*new.ingress, *new.egress))

    def _sets_differ(self, rules: Iterable[FelixRule]) -> bool:
        """Whether a selector of the rules selects something else, or something that is elsewhere now."""
        if not self._relabelled:
            return False
        sides = (side for rule in rules for side in (rule.source, rule.destination))
        selectors = (selector for side in sides for selector in (side.positive, side.negative))
        return any(each.changes(selector) for selector in selectors if selector for each in self._relabelled)

    def _paired_endpoints(self) -> Iterator[tuple[FelixEndpoint, FelixEndpoint]]:
        """Policies and labels do not make or remove endpoints."""
        for old, new in (
            (self._old.host_endpoints, self._new.host_endpoints),
            (self._old.workload_endpoints, self._new.workload_endpoints),
        ):
            yield from zip(old, new, strict=True)

    def _relabelled_endpoints(self) -> Iterator[_Relabelled]:
        for old, new in self._paired_endpoints():
            if old is not new or not self._profiles.isdisjoint(new.profiles):
                were, are = _seen(old, self._old), _seen(new, self._new)
                if were != are:
                    yield _Relabelled(were, are, moved=False)

    def _changed_sets(self) -> Iterator[_Relabelled]:
        old, new = ({each.id: each for each in model.network_sets} for model in (self._old, self._new))
        for key in {**old, **new}:
            was, now = old.get(key), new.get(key)
            if was is not now or (now is not None and not self._profiles.isdisjoint(now.profiles)):
                were = None if was is None else inherited_labels(was.labels, was.profiles, self._old.profiles)
                are = None if now is None else inherited_labels(now.labels, now.profiles, self._new.profiles)
                yield _Relabelled(were, are, moved=was is None or now is None or was.nets != now.nets)


def _seen(endpoint: FelixEndpoint, model: FelixModel) -> _Labels:
    return inherited_labels(endpoint.labels, endpoint.profiles, model.profiles)


def _rules_of(profile: FelixProfile) -> tuple[object, ...]:
    return profile.ingress, profile.egress, profile.rules_missing


def _differing(old: Mapping[_K, _T], new: Mapping[_K, _T]) -> set[_K]:
    """The keys of what differs, or is in one of the two only."""
    return {key for key in {**old, **new} if (was := old.get(key)) is not (now := new.get(key)) and was != now}
