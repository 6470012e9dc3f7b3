"""One node, compiled: who governs which interface, and the chain of every endpoint, made when first needed."""

from __future__ import annotations

from collections.abc import Mapping

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.chains import (
    SHAPES,
    Chain,
    ChainPolicy,
    ChainProfile,
    ChainTier,
    SelectedTier,
    WorkloadGuards,
)
from calico_engine.compiler.encapsulation import Encapsulation
from calico_engine.compiler.entities import inherited_labels
from calico_engine.compiler.failsafes import failsafe_chain
from calico_engine.compiler.felix_model import (
    ChainType,
    FelixEndpoint,
    FelixModel,
    FelixPolicy,
    FelixRule,
    ResourceId,
)
from calico_engine.compiler.host_endpoint_resolution import governing_endpoint, wildcard_endpoint
from calico_engine.compiler.hosts import HostModel
from calico_engine.compiler.intervals import Intervals
from calico_engine.compiler.ordering import OrderedTier
from calico_engine.compiler.rules import CompiledRule, compile_rule
from calico_engine.configuration import Action, FelixParameters
from calico_engine.packets import Direction
from calico_engine.reuse import Reuse

_VERSIONS = (4, 6)


class PolicyCompiler:
    """Rules and tiers, compiled once and shared by all endpoints and nodes of a datastore."""

    def __init__(
        self, model: FelixModel, ordered: tuple[OrderedTier, ...], sets: AddressSets, reuse: Reuse | None = None
    ) -> None:
        self.model = model
        self.ordered = ordered
        self.sets = sets
        self._reuse = reuse or Reuse()
        self._tiers: dict[tuple[str, Direction, tuple[object, ...]], ChainTier] = {}
        self._profiles: dict[tuple[str, Direction], ChainProfile] = {}

    def selected(self, endpoint: FelixEndpoint) -> tuple[OrderedTier, ...]:
        """The policies that apply to the endpoint, in order; tiers without any are left out."""
        labels = inherited_labels(endpoint.labels, endpoint.profiles, self.model.profiles)
        tiers = (
            OrderedTier(tier.tier, tuple(policy for policy in tier.policies if policy.selector.matches(labels)))
            for tier in self.ordered
        )
        return tuple(tier for tier in tiers if tier.policies)

    def tier(self, selected: SelectedTier, direction: Direction) -> ChainTier | None:
        """The tier's part of a chain; None if nothing in it acts in this direction."""
        policies = selected.in_direction(direction)
        if not policies:
            return None
        key = (selected.tier.name, direction, tuple(policy.id for policy in policies))
        found = self._tiers.get(key)
        if found is None:
            compiled = tuple(self._policy(policy, direction) for policy in policies)
            found = self._tiers[key] = ChainTier(selected.tier, compiled, self.sets)
        return found

    def profile(self, name: str, direction: Direction) -> ChainProfile:
        """The profile's part of a chain; one that is missing denies."""
        found = self._profiles.get((name, direction))
        if found is None:
            found = self._profiles[name, direction] = self._made_profile(name, direction)
        return found

    def _made_profile(self, name: str, direction: Direction) -> ChainProfile:
        profile = self.model.profiles.get(name)
        if profile is None or profile.rules_missing:
            return ChainProfile(name, True, (), {4: (), 6: ()}, self.sets)
        rules = profile.rules(direction)
        return ChainProfile(name, False, rules, self._reuse.of(_compiled, rules, slot=(name, direction)), self.sets)

    def _policy(self, policy: FelixPolicy, direction: Direction) -> ChainPolicy:
        rules = policy.rules(direction)
        compiled = self._reuse.of(_compiled, rules, slot=(policy.id, direction))
        return ChainPolicy(policy.id, policy.staged, rules, compiled)


def _compiled(rules: tuple[FelixRule, ...]) -> Mapping[int, tuple[CompiledRule, ...]]:
    """By IP version."""
    return {
        version: tuple(made for rule in rules if (made := compile_rule(rule, version)) is not None)
        for version in _VERSIONS
    }


class CompiledNode:
    """The answers that the hook table asks of one node."""

    def __init__(
        self,
        name: str,
        compiler: PolicyCompiler,
        host: HostModel,
        parameters: FelixParameters,
        encapsulation: Encapsulation,
        looping_services: Mapping[int, Intervals],
    ) -> None:
        self.name = name
        self.host = host
        self.parameters = parameters
        self.settings = parameters.settings
        self.encapsulation = encapsulation
        self.looping_services = looping_services
        self.sets = compiler.sets
        self._compiler = compiler
        model = compiler.model
        self._host_endpoints = model.host_endpoints.by_node.get(name, ())
        self.wildcard = wildcard_endpoint(self._host_endpoints)
        self._workloads: dict[str, FelixEndpoint] = {}
        for endpoint in model.workload_endpoints.by_node.get(name, ()):
            self._workloads.setdefault(endpoint.interface_name, endpoint)
        self._named: dict[str, FelixEndpoint | None] = {}
        self._selected: dict[ResourceId, Mapping[ChainType, tuple[SelectedTier, ...]]] = {}
        self._chains: dict[tuple[ResourceId, ChainType, Direction], Chain] = {}

    def is_workload_interface(self, interface: str) -> bool:
        """Whether the name starts with one of the InterfacePrefix values."""
        return self.settings.is_workload_interface(interface)

    def workload(self, interface: str) -> FelixEndpoint | None:
        return self._workloads.get(interface)

    def named(self, interface: str) -> FelixEndpoint | None:
        """The host endpoint in force on this interface by name or address; never one on a workload's interface."""
        if interface not in self._named:
            self._named[interface] = self._resolve(interface)
        return self._named[interface]

    def _resolve(self, interface: str) -> FelixEndpoint | None:
        if self.is_workload_interface(interface) or self.settings.excludes(interface):
            return None
        addresses = self.host.interfaces.get(interface, ())
        return governing_endpoint(self._host_endpoints, interface, addresses)

    def dispatch(self, chain_type: ChainType, direction: Direction, interface: str) -> Chain | None:
        """The chain that governs an interface for one kind of policy, or None (endpoint_mgr.go: updateHostEndpoints).

        For forward and normal policy a named endpoint replaces the wildcard altogether. For pre-DNAT policy a named
        endpoint without any falls through to the wildcard. Untracked policy never comes from the wildcard, and the
        wildcard's normal policy never governs a workload's interface.
        """
        named, wildcard = self.named(interface), self.wildcard
        if chain_type is ChainType.UNTRACKED:
            endpoint = named if named is not None and self._has(named, chain_type) else None
        elif chain_type is ChainType.PRE_DNAT:
            candidates = (e for e in (named, wildcard) if e is not None and self._has(e, chain_type))
            endpoint = next(candidates, None)
        elif chain_type is ChainType.NORMAL and self.is_workload_interface(interface):
            endpoint = None
        else:
            endpoint = named or wildcard
        return None if endpoint is None else self.chain(endpoint, chain_type, direction)

    def _has(self, endpoint: FelixEndpoint, chain_type: ChainType) -> bool:
        """Whether the endpoint has any policy of this kind, staged ones included."""
        return bool(self.selected(endpoint, chain_type))

    def selected(self, endpoint: FelixEndpoint, chain_type: ChainType) -> tuple[SelectedTier, ...]:
        """The endpoint's policies of one kind, by tier; a workload has normal policy only (flushEndpointTierUpdates)."""
        by_kind = self._selected.get(endpoint.id)
        if by_kind is None:
            applying = self._compiler.selected(endpoint)
            by_kind = self._selected[endpoint.id] = {kind: of_kind(applying, kind) for kind in ChainType}
        return by_kind[chain_type]

    def chain(self, endpoint: FelixEndpoint, chain_type: ChainType, direction: Direction) -> Chain:
        key = (endpoint.id, chain_type, direction)
        found = self._chains.get(key)
        if found is None:
            found = self._chains[key] = self._build(endpoint, chain_type, direction)
        return found

    def _build(self, endpoint: FelixEndpoint, chain_type: ChainType, direction: Direction) -> Chain:
        shape = SHAPES[chain_type]
        selected = self.selected(endpoint, chain_type)
        tiers = (self._compiler.tier(tier, direction) for tier in selected)
        names = endpoint.profiles if shape.profiles else ()
        return Chain(
            endpoint=endpoint.id,
            chain_type=chain_type,
            direction=direction,
            shape=shape,
            tiers=tuple(tier for tier in tiers if tier is not None),
            profiles=tuple(self._compiler.profile(name, direction) for name in names),
            failsafes=failsafe_chain(
                self.parameters.failsafe_inbound,
                self.parameters.failsafe_outbound,
                direction,
                raw=chain_type is ChainType.UNTRACKED,
            )
            if shape.failsafes and endpoint.is_host
            else None,
            drops_invalid=shape.conntrack and not self.settings.disable_conntrack_invalid_check,
            no_policies=not selected,
            guards=self._guards() if not endpoint.is_host and direction is Direction.EGRESS else None,
            hands_back=self.settings.filter_allow_action is Action.RETURN,
        )

    def _guards(self) -> WorkloadGuards:
        """Encapsulated packets from workloads could get around policy (felix/rules/endpoints.go)."""
        vxlan = None if self.settings.allow_vxlan_from_workloads else self.encapsulation.vxlan_port
        return WorkloadGuards(vxlan, not self.settings.allow_ipip_from_workloads)


def of_kind(tiers: tuple[OrderedTier, ...], kind: ChainType) -> tuple[SelectedTier, ...]:
    """The policies of one kind, in the same order; tiers without any are left out."""
    split = (SelectedTier(t.tier, tuple(p for p in t.policies if kind in p.chain_types)) for t in tiers)
    return tuple(tier for tier in split if tier.policies)
