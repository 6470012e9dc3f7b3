"""The oracle: asks the rendered rules of a node about a packet, hook after hook."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from calico_engine.configuration import DataplaneSettings, FelixObject, effective_configuration
from calico_engine.datastore import Datastore, build
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.resources import FelixConfiguration, Node
from felix_oracle.conversion import convert
from felix_oracle.felix import FelixModel, FelixWorkload
from felix_oracle.hosts import HostNetwork, host_network
from felix_oracle.kernel import BY_POLICY, DROPPED, Cause, Listener, Walk
from felix_oracle.packets import Query, SkBuff
from felix_oracle.ruleset import Renderer, Ruleset

_LINK_GROUPS: Final = ipaddress.IPv4Network("224.0.0.0/24")


@dataclass(frozen=True, slots=True)
class Opinion:
    """ALLOW, DENY or NO_POLICY; the rule that decided, where one did; and what the packet met on its way.

    Of NO_POLICY the cause is a rule that allowed the packet, or let it go, where being allowed is not being accepted.
    """

    decision: str
    cause: Cause | None
    walk: Walk = field(compare=False, repr=False)


@dataclass
class NodeRules:
    """One node's rules, rendered when a packet of that IP version is first asked about."""

    datastore: Datastore
    node: str
    settings: DataplaneSettings
    _rendered: dict[int, Ruleset] = field(default_factory=dict)

    @cached_property
    def model(self) -> FelixModel:
        return convert(self.datastore, spoofing_allowed=self.settings.workload_source_spoofing)

    @cached_property
    def network(self) -> HostNetwork:
        return host_network(self.datastore, self.model, self.node)

    @cached_property
    def workloads(self) -> Mapping[str, FelixWorkload]:
        return {workload.interface: workload for workload in self._renderer(4).local_workloads()}

    def ruleset(self, version: int) -> Ruleset:
        if version not in self._rendered:
            self._rendered[version] = self._renderer(version).render()
        return self._rendered[version]

    def _renderer(self, version: int) -> Renderer:
        return Renderer(self.datastore, self.model, self.node, self.network, self.settings, version)


class Oracle:
    """What real Felix and a real kernel would do with packets, worked out slowly."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore
        self._nodes: dict[str, NodeRules] = {}

    @classmethod
    def parse(cls, text: str, *, stored: bool = False) -> Oracle:
        """From manifests; ValueError where they are refused."""
        loaded = load([Source("world.yaml", text)], stored=stored)
        datastore, twice = build(loaded, stored=stored)
        if loaded.errors or twice:
            raise ValueError("\n".join(map(str, [*loaded.errors, *twice])))
        return cls(datastore)

    def node(self, name: str) -> NodeRules:
        """The rules of one node."""
        if name not in self._nodes:
            self._nodes[name] = NodeRules(self._datastore, name, self._settings(name))
        return self._nodes[name]

    def _settings(self, name: str) -> DataplaneSettings:
        entry = self._datastore.get(Node.KIND, name)
        labels = None if entry is None else entry.resource.metadata.labels
        objects = [
            FelixObject(each.metadata.name, each.metadata.annotations, each.spec, each.metadata.creation_timestamp)
            for _, each in self._datastore.all(FelixConfiguration)
        ]
        return effective_configuration(name, labels, objects).settings

    def ask(self, packet: Mapping[str, object], listener: Listener | None = None) -> Opinion:
        """About a packet query with all its fields given; the listener hears of every rule that matches."""
        query = Query.read(packet)
        rules = self.node(query.node)
        if query.version == 6 and not rules.settings.ipv6_support:
            return Opinion("NO_POLICY", None, Walk())  # ip6tables are left alone
        journey = _Journey(rules, query, Walk(listener=listener))
        if query.in_interface and query.out_interface:
            return journey.forwarded()
        return journey.to_host() if query.in_interface else journey.from_host()


@dataclass(slots=True)
class _Journey:
    """One packet through the hooks of one node. nat, which is not Calico's, stands between the hooks before and after."""

    rules: NodeRules
    query: Query
    walk: Walk

    def to_host(self) -> Opinion:
        return self._arriving() or self._filtered("INPUT")

    def forwarded(self) -> Opinion:
        return self._arriving() or self._filtered("FORWARD", then_postrouting=True)

    def from_host(self) -> Opinion:
        packet = self._packet(before_nat=True, old_route=True)
        if self._run("raw", "OUTPUT", packet) == DROPPED:
            return self._opinion("DENY", self.walk.ended_by)
        self._packet_after = self._packet(before_nat=False, old_route=True, like=packet)
        return self._filtered("OUTPUT", then_postrouting=True)

    _packet_after: SkBuff = field(init=False)

    def _arriving(self) -> Opinion | None:
        """raw and mangle PREROUTING; the packet that they leave, or the end of it."""
        packet = self._packet(before_nat=True)
        for table in ("raw", "mangle"):
            if self._run(table, "PREROUTING", packet) == DROPPED:
                return self._opinion("DENY", self.walk.ended_by)
        self._packet_after = self._packet(before_nat=False, like=packet)
        return None

    def _filtered(self, hook: str, *, then_postrouting: bool = False) -> Opinion:
        """The filter table, and what only the next hook would drop."""
        packet = self._packet_after
        result = self._run("filter", hook, packet)
        cause = self.walk.ended_by or self.walk.accepted_by
        if result == DROPPED:
            return self._opinion("DENY", cause)
        if then_postrouting:
            leaving = self._packet(before_nat=False, like=packet)
            if self._run("mangle", "POSTROUTING", leaving) == DROPPED:
                return self._opinion("DENY", self.walk.ended_by)
        return self._opinion("NO_POLICY" if result == BY_POLICY else "ALLOW", cause)

    def _run(self, table: str, hook: str, packet: SkBuff) -> str:
        ruleset = self.rules.ruleset(self.query.version)
        return self.walk.table(
            {"raw": ruleset.raw, "mangle": ruleset.mangle, "filter": ruleset.filter}[table], hook, packet
        )

    def _opinion(self, decision: str, cause: Cause | None) -> Opinion:
        return Opinion(decision, cause, self.walk)

    def _packet(self, *, before_nat: bool, old_route: bool = False, like: SkBuff | None = None) -> SkBuff:
        """The packet at a hook; mark and conntrack state go on from the hook before."""
        query = self.query
        translated = query.before is not None
        packet = SkBuff(
            in_interface=query.in_interface,
            out_interface=self._old_route() if old_route and translated else query.out_interface,
            source=query.source,
            destination=query.before if before_nat and query.before is not None else query.destination,
            protocol=query.protocol,
            source_port=query.source_port,
            destination_port=query.port_before if before_nat and translated else query.destination_port,
            icmp_type=query.icmp_type,
            icmp_code=query.icmp_code,
            conntrack_state=query.conntrack_state,
            translated=translated,
            reverse_path_fails=self._reverse_path_fails(),
            sets=self.rules.ruleset(query.version).sets.by_name,
        )
        if like is not None:
            packet.mark, packet.conntrack_state = like.mark, like.conntrack_state
        return packet

    def _old_route(self) -> str:
        """The interface of the destination before translation: unless it is said, not a workload's."""
        settings = self.rules.settings
        if self.query.out_interface_before is not None:
            return self.query.out_interface_before
        if settings.is_workload_interface(self.query.out_interface):
            return self.rules.network.first_uplink(settings)
        return self.query.out_interface

    def _reverse_path_fails(self) -> bool:
        """A packet of a workload with an address to which no route leads through its interface.

        An interface without an endpoint has no routes either, but nothing is known of it; its packets get nowhere anyway.
        """
        workload = self.rules.workloads.get(self.query.in_interface)
        if workload is None:
            return False
        source, destination = self.query.source, self.query.before or self.query.destination
        if source.is_unspecified:
            # net/ipv6/netfilter/ip6t_rpfilter.c lets it pass, its sister for IPv4 to groups of the link only.
            return source.version == 4 and destination not in _LINK_GROUPS
        link_local = source.version == 6 and source.is_link_local
        return not link_local and not any(source in net for net in workload.entity.nets)
