"""Everything that Felix programs on one node for one IP version: the tables, their chains and the IP sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from calico_engine.configuration import DataplaneSettings
from calico_engine.datastore import Datastore
from felix_oracle import dispatch, names
from felix_oracle.encapsulation import advertised_services, encapsulation
from felix_oracle.endpoint_chains import Endpoint, endpoint_chain
from felix_oracle.failsafes import FailsafeChains
from felix_oracle.felix import EGRESS, INGRESS, FelixHostEndpoint, FelixModel, FelixPolicy, FelixRule, FelixWorkload
from felix_oracle.groups import groups
from felix_oracle.hosts import HostNetwork, resolve
from felix_oracle.ipsets import IpSets
from felix_oracle.iptables import Accept, Chain, Drop, EndpointChain, Jump, Return, Rule, Table
from felix_oracle.matches import Net
from felix_oracle.ordering import EndpointTiers, TierInfo, endpoint_tiers
from felix_oracle.origins import Origin
from felix_oracle.policies import render_rules
from felix_oracle.static import StaticChains

DIRECTIONS = (INGRESS, EGRESS)


@dataclass(slots=True)
class Ruleset:
    """What the kernel gets."""

    version: int
    raw: Table
    mangle: Table
    filter: Table
    sets: IpSets

    @property
    def tables(self) -> tuple[Table, Table, Table]:
        return self.raw, self.mangle, self.filter


@dataclass(slots=True)
class Renderer:
    """Renders one node's rules for one IP version."""

    datastore: Datastore
    model: FelixModel
    node: str
    network: HostNetwork
    settings: DataplaneSettings
    version: int
    sets: IpSets = field(init=False)
    tables: Mapping[str, Table] = field(init=False)

    def render(self) -> Ruleset:
        self.sets = IpSets(self.model, self.version)
        filtering = ("INPUT", "FORWARD", "OUTPUT")
        self.tables = {
            "raw": Table("raw", dict.fromkeys(("PREROUTING", "OUTPUT"), "ACCEPT")),
            "mangle": Table("mangle", dict.fromkeys(("PREROUTING", *filtering, "POSTROUTING"), "ACCEPT")),
            "filter": Table("filter", {hook: self.network.policies[hook] for hook in filtering}),
        }
        self._static()
        self._workloads()
        self._host_endpoints()
        self._profiles()
        return Ruleset(self.version, self.tables["raw"], self.tables["mangle"], self.tables["filter"], self.sets)

    def _static(self) -> None:
        tunnels = encapsulation(self.datastore, self.node, self.settings, self.sets, self.version)
        static = StaticChains(self.settings, tunnels, self.version)
        failsafes = FailsafeChains(self.settings.failsafe_inbound, self.settings.failsafe_outbound, self.version)
        raw, mangle, filter_table = self.tables.values()
        for table in self.tables.values():
            table.add(failsafes.inward(table.name), failsafes.outward(table.name))
        raw.add(_hook("PREROUTING", names.PREROUTING), static.raw_prerouting(), static.rpf_skip(self._spoofers()))
        raw.add(_hook("OUTPUT", names.OUTPUT), static.raw_output())
        mangle.add(_hook("PREROUTING", names.PREROUTING), static.mangle_prerouting())
        mangle.add(_hook("POSTROUTING", names.POSTROUTING), static.mangle_postrouting())
        filter_table.add(_hook("INPUT", names.INPUT), static.filter_input(), static.workload_to_host())
        filter_table.add(_hook("FORWARD", names.FORWARD, *static.filter_forward_end()), static.filter_forward())
        filter_table.add(static.cidr_block(advertised_services(self.datastore, self.settings)))
        filter_table.add(_hook("OUTPUT", names.OUTPUT), static.filter_output())

    def _spoofers(self) -> tuple[tuple[str, Net], ...]:
        return tuple((workload.interface, net) for workload in self.local_workloads() for net in workload.spoofed)

    def local_workloads(self) -> list[FelixWorkload]:
        """Of several that claim one interface, the one whose id comes first (endpoint_mgr.go: wlIdsAscending)."""
        chosen: dict[str, FelixWorkload] = {}
        for workload in sorted(self.model.workloads, key=lambda each: each.id):
            if workload.node == self.node:
                chosen.setdefault(workload.interface, workload)
        return list(chosen.values())

    def _workloads(self) -> None:
        filter_table = self.tables["filter"]
        workloads = self.local_workloads()
        filter_table.add(*dispatch.workload_dispatch(workload.interface for workload in workloads))
        for workload in workloads:
            tiers = endpoint_tiers(self.model, workload.entity).normal
            for direction in DIRECTIONS:
                skeleton = Endpoint(
                    EndpointChain(f"{workload.namespace}/{workload.name}", "NORMAL", direction),
                    tiers,
                    workload.profiles,
                    self._allow,
                    self._drop_invalid,
                )
                if direction == EGRESS:
                    settings = self.settings
                    port = None if settings.allow_vxlan_from_workloads else settings.vxlan_port
                    skeleton = replace(skeleton, vxlan_port=port, no_ipip=not settings.allow_ipip_from_workloads)
                name = names.workload_chain(workload.interface, direction)
                self._add_endpoint(filter_table, name, skeleton)

    def _host_endpoints(self) -> None:
        governed = resolve(self.model, self.node, self.network, self.settings)
        tiers = {interface: endpoint_tiers(self.model, host.entity) for interface, host in governed.items()}
        for interface, host in governed.items():
            self._normal_and_forward(interface, host, tiers[interface])
        self._host_dispatch(governed)
        untracked = {i: t.untracked for i, t in tiers.items() if t.untracked and i != names.ANY_INTERFACE}
        self._untracked(governed, untracked)
        self._pre_dnat(governed, {i: t.pre_dnat for i, t in tiers.items() if t.pre_dnat})

    def _normal_and_forward(self, interface: str, host: FelixHostEndpoint, tiers: EndpointTiers) -> None:
        for direction in DIRECTIONS:
            failsafe = names.FAILSAFE_IN if direction == INGRESS else names.FAILSAFE_OUT
            chain = EndpointChain(host.name, "NORMAL", direction)
            normal = Endpoint(chain, tiers.normal, host.profiles, self._allow, self._drop_invalid, failsafe)
            name = names.host_chain(interface, direction)
            self._add_endpoint(self.tables["filter"], name, normal)
            if direction == EGRESS:
                self._add_endpoint(self.tables["mangle"], name, replace(normal, allow=Return()))
            forward = Endpoint(
                EndpointChain(host.name, "FORWARD", direction), tiers.forward, (), self._allow, self._drop_invalid
            )
            self._add_endpoint(self.tables["filter"], names.host_forward_chain(interface, direction), forward)

    def _host_dispatch(self, governed: Mapping[str, FelixHostEndpoint]) -> None:
        """The normal chains' wildcard has no say about packets to workloads; the forward chains' has."""
        interfaces, wildcard = dispatch.interfaces_of(governed), names.ANY_INTERFACE in governed
        prefixes = self.settings.interface_prefixes
        normal, forward = names.host_chain, names.host_forward_chain
        outward = dispatch.to_host_dispatch(
            names.TO_HOST_ENDPOINT, interfaces, normal, wildcard=wildcard, except_prefixes=prefixes
        )
        self.tables["mangle"].add(outward)
        self.tables["filter"].add(
            outward,
            dispatch.from_host_dispatch(names.FROM_HOST_ENDPOINT, interfaces, normal, wildcard=wildcard),
            dispatch.from_host_dispatch(names.FROM_ENDPOINT_FORWARD, interfaces, forward, wildcard=wildcard),
            dispatch.to_host_dispatch(names.TO_ENDPOINT_FORWARD, interfaces, forward, wildcard=wildcard),
        )

    def _untracked(self, governed: Mapping[str, FelixHostEndpoint], tiers: Mapping[str, tuple[TierInfo, ...]]) -> None:
        """Never the wildcard's."""
        raw = self.tables["raw"]
        for interface, infos in tiers.items():
            for direction in DIRECTIONS:
                failsafe = names.FAILSAFE_IN if direction == INGRESS else names.FAILSAFE_OUT
                chain = EndpointChain(governed[interface].name, "UNTRACKED", direction)
                skeleton = Endpoint(chain, infos, (), Accept(), self._drop_invalid, failsafe)
                self._add_endpoint(raw, names.host_chain(interface, direction), skeleton)
        raw.add(
            dispatch.from_host_dispatch(names.FROM_HOST_ENDPOINT, tiers, names.host_chain, wildcard=False),
            dispatch.to_host_dispatch(names.TO_HOST_ENDPOINT, tiers, names.host_chain, wildcard=False),
        )

    def _pre_dnat(self, governed: Mapping[str, FelixHostEndpoint], tiers: Mapping[str, tuple[TierInfo, ...]]) -> None:
        """An interface whose own endpoint has no such policy falls to the wildcard."""
        mangle = self.tables["mangle"]
        allow = Return() if self.settings.mangle_allow_action.value == "RETURN" else Accept()
        for interface, infos in tiers.items():
            chain = EndpointChain(governed[interface].name, "PRE_DNAT", INGRESS)
            skeleton = Endpoint(chain, infos, (), allow, self._drop_invalid, names.FAILSAFE_IN)
            self._add_endpoint(mangle, names.host_chain(interface, INGRESS), skeleton)
        wildcard = names.ANY_INTERFACE in tiers
        own = dispatch.interfaces_of(tiers)
        mangle.add(dispatch.from_host_dispatch(names.FROM_HOST_ENDPOINT, own, names.host_chain, wildcard=wildcard))

    def _add_endpoint(self, table: Table, name: str, skeleton: Endpoint) -> None:
        table.add(endpoint_chain(name, skeleton))
        direction = skeleton.chain.direction
        for info in skeleton.tiers:
            for group in groups(info.policies(direction), direction):
                if not group.is_inlined:
                    table.add(group.chain())
                for policy in group.enforced:
                    self._add_policy(table, policy, info, direction)

    def _add_policy(self, table: Table, policy: FelixPolicy, info: TierInfo, direction: str) -> None:
        name = names.policy_chain(policy.id, direction)
        if name in table.chains:
            return
        rules = [(r, Origin("RULE", info.tier.name, policy.id, r.index)) for r in policy.rules[direction]]
        table.add(Chain(name, render_rules(rules, self.version, self.sets)))

    def _profiles(self) -> None:
        """The chains of all profiles that a chain jumps to; one that does not exist denies."""
        for table in (self.tables["filter"], self.tables["mangle"]):
            wanted = {
                r.action.chain for chain in table.chains.values() for r in chain.rules if isinstance(r.action, Jump)
            }
            for profile in {*self.model.profiles, *self._listed_profiles()}:
                for direction in DIRECTIONS:
                    name = names.profile_chain(profile, direction)
                    if name in wanted:
                        table.add(Chain(name, self._profile_rules(profile, direction)))

    def _listed_profiles(self) -> Iterable[str]:
        for host in self.model.hosts:
            yield from host.profiles
        for workload in self.model.workloads:
            yield from workload.profiles

    def _profile_rules(self, profile: str, direction: str) -> tuple[Rule, ...]:
        identity = ("Profile", "", profile)
        found = self.model.profiles.get(profile)
        if found is None:
            return (Rule((), Drop(), Origin("MISSING_PROFILE", policy=identity)),)
        rules: list[tuple[FelixRule, Origin]] = [
            (rule, Origin("PROFILE", policy=identity, rule=rule.index)) for rule in found.rules[direction]
        ]
        return render_rules(rules, self.version, self.sets)

    @property
    def _allow(self) -> Accept | Return:
        return Return() if self.settings.filter_allow_action.value == "RETURN" else Accept()

    @property
    def _drop_invalid(self) -> bool:
        return not self.settings.disable_conntrack_invalid_check


def _hook(name: str, chain: str, *appended: Rule) -> Chain:
    """One of the kernel's own chains: Calico's comes first."""
    return Chain(name, (Rule((), Jump(chain)), *appended))
