"""All policies and profiles that a cluster's manifests hold, with what has been counted of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from calico_engine.analysis.coverage.clauses import clauses_of
from calico_engine.analysis.coverage.results import ClauseCoverage, DirectionCoverage, PolicyCoverage, RuleCoverage
from calico_engine.analysis.coverage.tallies import Tallies
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.entities import inherited_labels
from calico_engine.compiler.felix_model import (
    ChainType,
    FelixEndpoint,
    FelixRule,
    FelixTier,
    ResourceId,
)
from calico_engine.compiler.ordering import in_order
from calico_engine.controllers.kubernetes.rule_places import rule_path
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import Direction
from calico_engine.resources import Profile, StagedKubernetesNetworkPolicy


class Inventory:
    """What there is to be exercised."""

    def __init__(self, compiled: CompiledCluster) -> None:
        self._datastore = compiled.datastore
        self._model = compiled.model
        # What a Kubernetes object becomes has the object's own place.
        self._kubernetes = {id(entry.origin) for entry in self._datastore.kubernetes.values()}

    @property
    def tiers(self) -> tuple[FelixTier, ...]:
        """Tiers with enforced policies, in evaluation order."""
        enforced = [policy for policy in self._model.policies if not policy.staged]
        return tuple(tier.tier for tier in in_order(self._model.tiers, enforced) if tier.policies)

    def policies(self, tallies: Tallies) -> Iterator[PolicyCoverage]:
        """Every policy that Felix has, staged ones too, and every profile that is written with rules."""
        for policy in self._model.policies:
            ways = tuple(way for way in Direction if way in policy.acts or policy.rules(way))
            yield PolicyCoverage(
                policy.id,
                policy.tier,
                policy.staged,
                self._is_converted(policy.id),
                self._governed[policy.id],
                tuple(self._direction(policy.id, way, way in policy.acts, policy.rules(way), tallies) for way in ways),
                self._origin(policy.id),
            )
        for profile in self._model.profiles.values():
            owner = ResourceId(Profile.KIND, "", profile.name)
            ways = tuple(way for way in Direction if profile.rules(way))
            if ways and self._origin(owner) is not None and not self._is_converted(owner):
                directions = tuple(self._direction(owner, way, True, profile.rules(way), tallies) for way in ways)
                users = frozenset(each.id for each in self._endpoints if profile.name in each.profiles)
                yield PolicyCoverage(owner, "", False, False, users, directions, self._origin(owner))

    @cached_property
    def _endpoints(self) -> tuple[FelixEndpoint, ...]:
        return (*self._model.host_endpoints, *self._model.workload_endpoints)

    @cached_property
    def _governed(self) -> dict[ResourceId, frozenset[ResourceId]]:
        """The endpoints that each policy applies to; a workload has normal policy only."""
        labelled = [
            (each, inherited_labels(each.labels, each.profiles, self._model.profiles)) for each in self._endpoints
        ]
        return {
            policy.id: frozenset(
                endpoint.id
                for endpoint, labels in labelled
                if (endpoint.is_host or ChainType.NORMAL in policy.chain_types) and policy.selector.matches(labels)
            )
            for policy in self._model.policies
        }

    def _origin(self, owner: ResourceId) -> Origin | None:
        entry = self._datastore.get(owner.kind, owner.name, owner.namespace)
        return None if entry is None else entry.origin

    def _is_converted(self, owner: ResourceId) -> bool:
        return owner.kind == StagedKubernetesNetworkPolicy.KIND or id(self._origin(owner)) in self._kubernetes

    def _direction(
        self, owner: ResourceId, direction: Direction, acts: bool, rules: Sequence[FelixRule], tallies: Tallies
    ) -> DirectionCoverage:
        entry = self._datastore.get(owner.kind, owner.name, owner.namespace)
        paths = [() if entry is None else rule_path(self._datastore, entry, direction, rule.id.index) for rule in rules]
        listed = tuple(_rule(rule, path, tallies) for rule, path in zip(rules, paths, strict=True))
        tally = tallies.policy(owner, direction)
        return DirectionCoverage(direction, acts, listed, tally.tried, tally.denied_at_end)


def _rule(rule: FelixRule, path: Path, tallies: Tallies) -> RuleCoverage:
    tally = tallies.rule(rule)
    clauses = tuple(
        ClauseCoverage(clause, matched, decisive)
        for clause, (matched, decisive) in zip(clauses_of(rule.written), tally.clauses, strict=True)
    )
    return RuleCoverage(
        rule.id.index, path, rule.action.value, rule.written, clauses, tally.tried, tally.matched, tally.decided
    )
