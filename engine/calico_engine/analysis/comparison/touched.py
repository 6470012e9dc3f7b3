"""What a change of a cluster can touch: the endpoints that other policies apply to, and the chains whose rules differ.

An answer about packets that none of these looks at is the same before and after the change. Where a change goes beyond
policies, profiles, tiers, network sets, labels and lists of profiles, everything counts as touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from calico_engine.analysis.comparison.model_changes import ModelChanges, Way
from calico_engine.analysis.connections.replies import turned
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import ResourceId
from calico_engine.dataplane.reader import PacketReader
from calico_engine.datastore import Entry
from calico_engine.frozen import frozen
from calico_engine.packets import Direction, Packet
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

#: What is nothing but policy to Felix.
_POLICY = (Policy, StagedKubernetesNetworkPolicy, Tier, Profile, GlobalNetworkSet, NetworkSet)
_LABELLED = (HostEndpoint, WorkloadEndpoint, Node)
#: Kubernetes objects that are read as they are, beside what they may become.
_READ_AS_THEY_ARE = frozenset({"Service", "EndpointSlice"})


@frozen
class Footprint:
    """What looks at some packets: `endpoints` that might, and of them the `ways` in which they do."""

    endpoints: frozenset[ResourceId] = frozenset()
    ways: frozenset[Way] = frozenset()


@frozen
class Touched:
    """`everything`, or these `endpoints` in any way, and these `ways`.

    `relabelled`: nodes or endpoints have other labels, so that selectors may ask about others.
    """

    everything: bool = False
    endpoints: frozenset[ResourceId] = frozenset()
    ways: frozenset[Way] = frozenset()
    relabelled: bool = False

    def touches(self, footprint: Footprint) -> bool:
        """Whether the answers about the footprint's packets may differ."""
        return (
            self.everything
            or not self.endpoints.isdisjoint(footprint.endpoints)
            or not self.ways.isdisjoint(footprint.ways)
        )

    def concerns(self, endpoint: ResourceId) -> bool:
        """Whether the endpoint may do anything else than before."""
        return self.everything or endpoint in self.endpoints or any((endpoint, way) in self.ways for way in Direction)


def touched(before: CompiledCluster, after: CompiledCluster) -> Touched:
    """What is not the same in two clusters of which one is a what-if on the other."""
    changes = list(_changes(before, after))
    if not all(_is_within_policy(one, other) for one, other in changes) or _services_changed(before, after):
        return Touched(everything=True)
    relabelled = any(isinstance(one.resource, _LABELLED) for one, _ in changes if one is not None)
    if relabelled and any(each.spec.get("nodeSelector") for _, each in before.datastore.all(FelixConfiguration)):
        return Touched(everything=True)  # it may be for other nodes now
    relabelled = relabelled or any(isinstance(one.resource, Profile) for one, _ in changes if one is not None)
    found = ModelChanges(before.model, after.model)
    return Touched(False, frozenset(found.endpoints()), frozenset(found.ways()), relabelled)


def footprint(reader: PacketReader, packets: Iterable[Packet]) -> Footprint:
    """What might look at the packets, or at replies to them."""
    endpoints: set[ResourceId] = set()
    ways: set[Way] = set()
    for packet in packets:
        endpoints |= _endpoints_on_the_way(reader.compiled, packet)
        reply = turned(packet)
        seen = (packet, reply) if reader.has_untracked(packet) or reader.has_untracked(reply) else (packet,)
        ways.update((chain.endpoint, chain.direction) for each in seen for chain in reader.chains(each))
    return Footprint(frozenset(endpoints), frozenset(ways))


def _endpoints_on_the_way(compiled: CompiledCluster, packet: Packet) -> set[ResourceId]:
    """Every endpoint that might look at the packet, by its interfaces at its node, or at a reply to it."""
    if packet.dnat:  # the route before NAT may lead over any interface
        model, node = compiled.model, packet.node
        everyone = (model.host_endpoints, model.workload_endpoints)
        return {endpoint.id for endpoints in everyone for endpoint in endpoints.by_node.get(node, ())}
    found = compiled.node(packet.node)
    interfaces = [name for name in (packet.in_interface, packet.out_interface) if name is not None]
    looking = [found.wildcard, *map(found.named, interfaces), *map(found.workload, interfaces)]
    return {endpoint.id for endpoint in looking if endpoint is not None}


def _changes(before: CompiledCluster, after: CompiledCluster) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Objects that differ; None stands for one that is not there."""
    for held, entry in before.datastore.entries.differences(after.datastore.entries):
        if held is None or entry is None or held.resource != entry.resource:
            yield held, entry


def _is_within_policy(one: Entry | None, other: Entry | None) -> bool:
    """Whether two objects differ in nothing but what policies are, whom they select, and which profiles count."""
    if any(isinstance(each.resource, _POLICY) for each in (one, other) if each is not None):
        return True
    if one is None or other is None or not isinstance(one.resource, _LABELLED):
        return False
    changed, expected = one.resource, other.resource
    changed = replace(changed, metadata=replace(changed.metadata, labels=expected.metadata.labels))
    if isinstance(changed, HostEndpoint) and isinstance(expected, HostEndpoint):
        changed = replace(changed, spec=replace(changed.spec, profiles=expected.spec.profiles))
    if isinstance(changed, WorkloadEndpoint) and isinstance(expected, WorkloadEndpoint):
        changed = replace(changed, spec=replace(changed.spec, profiles=expected.spec.profiles))
    return changed == expected


def _services_changed(before: CompiledCluster, after: CompiledCluster) -> bool:
    differences = before.datastore.kubernetes.differences(after.datastore.kubernetes)
    return any(each.key[0] in _READ_AS_THEY_ARE for pair in differences for each in pair if each is not None)
