"""Coverage of several runs as one.

A policy is the same where its file, kind, namespace and name are; a rule where it says the same in the same direction of
the same policy, so that a rule which a change has moved still counts as itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from calico_engine.analysis.coverage.results import (
    ClauseCoverage,
    Coverage,
    DirectionCoverage,
    PolicyCoverage,
    RuleCoverage,
    TierCoverage,
    place_key,
)
from calico_engine.packets import Direction
from calico_engine.resources.rules import Rule

#: What a rule says, and the how manieth that says so.
_Keyed = Mapping[tuple[Rule, int], RuleCoverage]


def merge(coverages: Iterable[Coverage]) -> Coverage:
    """All that any of them knows of, with the sums of what was counted; their order does not matter."""
    given = tuple(coverages)
    policies: dict[object, list[PolicyCoverage]] = {}
    for policy in (policy for each in given for policy in each.policies):
        policies.setdefault((policy.file, policy.id), []).append(policy)
    merged = [_summed(_united(same), same) for same in policies.values()]
    reasons: Counter[str] = Counter()
    for each in given:
        reasons.update(each.reasons)
    return Coverage(tuple(sorted(merged, key=place_key)), _tiers(given), dict(sorted(reasons.items())))


def within(coverage: Coverage, base: Coverage) -> Coverage:
    """What of `base` is covered: policies and rules that only changed clusters have are left out."""
    same: dict[object, list[PolicyCoverage]] = {}
    for policy in coverage.policies:
        same.setdefault(policy.id, []).append(policy)
    policies = tuple(_summed(policy, same.get(policy.id, ())) for policy in base.policies)
    tiers = {tier.name for tier in base.tiers}
    return replace(coverage, policies=policies, tiers=tuple(tier for tier in coverage.tiers if tier.name in tiers))


def _tiers(coverages: Sequence[Coverage]) -> tuple[TierCoverage, ...]:
    found: dict[str, list[TierCoverage]] = {}
    for tier in (tier for each in coverages for tier in each.tiers):
        found.setdefault(tier.name, []).append(tier)
    return tuple(
        TierCoverage(
            name,
            min(each.default_action for each in same),
            sum(each.denied for each in same),
            sum(each.passed for each in same),
        )
        for name, same in sorted(found.items())
    )


def _united(same: Sequence[PolicyCoverage]) -> PolicyCoverage:
    """One policy with the rules of all."""
    face = min(same, key=lambda each: (place_key(each), each.tier, each.staged, each.converted))
    directions = []
    for direction in Direction:
        found = [each for policy in same for each in policy.directions if each.direction is direction]
        if found:
            directions.append(DirectionCoverage(direction, any(each.acts for each in found), _all_rules(found)))
    return replace(face, directions=tuple(directions))


def _all_rules(same: Sequence[DirectionCoverage]) -> tuple[RuleCoverage, ...]:
    rules: dict[object, RuleCoverage] = {}
    for each in same:
        for key, rule in _keyed(each).items():
            known = rules.setdefault(key, rule)
            if rule.index < known.index:
                rules[key] = rule
    return tuple(sorted(rules.values(), key=lambda rule: (rule.index, repr(rule.written))))


def _keyed(direction: DirectionCoverage) -> _Keyed:
    seen: Counter[Rule] = Counter()
    keyed = {}
    for rule in direction.rules:
        written = rule.written
        says = written if written.metadata is None else replace(written, metadata=None)
        keyed[says, seen[says]] = rule
        seen[says] += 1
    return keyed


def _summed(face: PolicyCoverage, same: Sequence[PolicyCoverage]) -> PolicyCoverage:
    """The policy with what was counted of it in all of these."""
    directions = tuple(
        _direction(own, [each for policy in same for each in policy.directions if each.direction is own.direction])
        for own in face.directions
    )
    endpoints = face.endpoints.union(*(each.endpoints for each in same))
    return replace(face, endpoints=endpoints, directions=directions)


def _direction(face: DirectionCoverage, same: Sequence[DirectionCoverage]) -> DirectionCoverage:
    keyed = [_keyed(each) for each in same]
    rules = (_rule(rule, [each[key] for each in keyed if key in each]) for key, rule in _keyed(face).items())
    return replace(
        face,
        rules=tuple(rules),
        tried=sum(each.tried for each in same),
        denied_at_end=sum(each.denied_at_end for each in same),
    )


def _rule(face: RuleCoverage, same: Sequence[RuleCoverage]) -> RuleCoverage:
    return replace(
        face,
        clauses=tuple(
            ClauseCoverage(
                own.clause,
                sum(each.clauses[at].matched for each in same),
                sum(each.clauses[at].decisive for each in same),
            )
            for at, own in enumerate(face.clauses)
        ),
        tried=sum(each.tried for each in same),
        matched=sum(each.matched for each in same),
        decided=sum(each.decided for each in same),
    )
