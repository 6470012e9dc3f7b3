"""Two of Felix's models compared, the one of a what-if on the other: what that means for the endpoints.

Only policies, profiles, tiers, network sets, labels and lists of profiles may differ. What was taken over from the one to
the other is the same object, so most is compared at a glance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple, TypeVar

from calico_engine.compiler.entities import inherited_labels
from calico_engine.compiler.felix_model import (
    FelixEndpoint,
    FelixModel,
    FelixPolicy,
    FelixRule,
    ResourceId,
)
from calico_engine.packets import Direction
from calico_selectors import Selector

_K = TypeVar("_K")
_T = TypeVar("_T")
_Labels = Mapping[str, str]
#: An endpoint's chains of one direction.
Way = tuple[ResourceId, Direction]


class _Relabelled(NamedTuple):
    """What selectors saw of an endpoint or network set, and what they see now; None: nothing."""

    old: _Labels | None
    new: _Labels | None
    moved: bool  # its addresses are others

    def changes(self, selector: Selector) -> bool:
        was, now = (labels is not None and selector.matches(labels) for labels in (self.old, self.new))
        return was is not now or (now and self.moved)


class _Seen(NamedTuple):
    """An endpoint with the labels that selectors saw and see."""

    endpoint: FelixEndpoint
    old: _Labels
    new: _Labels
    other_profiles: bool = False  # other ones, or in another order


class ModelChanges:
    """What differs between two models."""

    def __init__(self, old: FelixModel, new: FelixModel) -> None:
        self._old, self._new = old, new
        self._profiles = _differing(old.profiles, new.profiles)
        tiers = _differing(old.tiers, new.tiers)
        policies = tuple({policy.id: policy for policy in model.policies} for model in (old, new))
        changed = _differing(*policies)
        self._pairs = [(policies[0].get(key), policies[1].get(key)) for key in {**policies[0], **policies[1]}]
        self._others = [
            pair
            for pair in self._pairs
            if any(policy.tier in tiers for policy in pair if policy) or (_id(pair) in changed and not _alike(*pair))
        ]

    def endpoints(self) -> Iterator[ResourceId]:
        """The endpoints to which other policies apply, or the same ones in another way."""
        old = [policy for policy, _ in self._others if policy is not None]
        new = [policy for _, policy in self._others if policy is not None]
        for endpoint, were, are, other_profiles in self._endpoints:
            if (
                other_profiles
                or any(policy.selector.matches(were) for policy in old)
                or any(policy.selector.matches(are) for policy in new)
                or (were is not are and any(_changes(were, are, policy.selector) for policy in self._new.policies))
            ):
                yield endpoint.id

    def ways(self) -> Iterator[Way]:
        """The endpoints to which the same policies apply, of whose rules in this direction some differ."""
        for direction in Direction:
            policies = [new for old, new in self._pairs if old and new and self._rules_differ(old, new, direction)]
            profiles = {name for name in self._new.profiles if self._profile_differs(name, direction)}
            profiles |= self._old.profiles.keys() - self._new.profiles.keys()
            if not policies and not profiles:
                continue
            for endpoint, _, are, _ in self._endpoints:
                if not profiles.isdisjoint(endpoint.profiles) or any(p.selector.matches(are) for p in policies):
                    yield endpoint.id, direction

    def _rules_differ(self, old: FelixPolicy, new: FelixPolicy, direction: Direction) -> bool:
        acted, acts = direction in old.acts, direction in new.acts
        if acted is not acts:
            return True
        return acts and (old.rules(direction) != new.rules(direction) or self._sets_differ(new.rules(direction)))

    def _profile_differs(self, name: str, direction: Direction) -> bool:
        new, old = self._new.profiles[name], self._old.profiles.get(name)
        if old is None or old.rules_missing is not new.rules_missing:
            return True
        return old.rules(direction) != new.rules(direction) or self._sets_differ(new.rules(direction))

    def _sets_differ(self, rules: Iterable[FelixRule]) -> bool:
        """Whether a selector of the rules selects something else, or something that is elsewhere now."""
        if not self._relabelled:
            return False
        sides = (side for rule in rules for side in (rule.source, rule.destination))
        selectors = (selector for side in sides for selector in (side.positive, side.negative))
        return any(each.changes(selector) for selector in selectors if selector for each in self._relabelled)

    @cached_property
    def _endpoints(self) -> list[_Seen]:
        """Every endpoint: policies and labels do not make or remove any."""
        pairs = (
            *zip(self._old.host_endpoints, self._new.host_endpoints, strict=True),
            *zip(self._old.workload_endpoints, self._new.workload_endpoints, strict=True),
        )
        return [self._seen(old, new) for old, new in pairs]

    def _seen(self, old: FelixEndpoint, new: FelixEndpoint) -> _Seen:
        labels = inherited_labels(new.labels, new.profiles, self._new.profiles)
        if old is new and self._profiles.isdisjoint(new.profiles):
            return _Seen(new, labels, labels)
        were = inherited_labels(old.labels, old.profiles, self._old.profiles)
        return _Seen(new, labels if were == labels else were, labels, old.profiles != new.profiles)

    @cached_property
    def _relabelled(self) -> list[_Relabelled]:
        endpoints = [_Relabelled(were, are, moved=False) for _, were, are, _ in self._endpoints if were is not are]
        return [*endpoints, *self._changed_sets()]

    def _changed_sets(self) -> Iterator[_Relabelled]:
        old, new = ({each.id: each for each in model.network_sets} for model in (self._old, self._new))
        for key in {**old, **new}:
            was, now = old.get(key), new.get(key)
            if was is not now or (now is not None and not self._profiles.isdisjoint(now.profiles)):
                were = None if was is None else inherited_labels(was.labels, was.profiles, self._old.profiles)
                are = None if now is None else inherited_labels(now.labels, now.profiles, self._new.profiles)
                yield _Relabelled(were, are, moved=was is None or now is None or was.nets != now.nets)


def _id(pair: tuple[FelixPolicy | None, FelixPolicy | None]) -> ResourceId | None:
    return next((policy.id for policy in pair if policy is not None), None)


def _alike(old: FelixPolicy | None, new: FelixPolicy | None) -> bool:
    """Whether two policies differ in their rules and directions at most."""
    return (
        old is not None
        and new is not None
        and replace(new, acts=old.acts, ingress=old.ingress, egress=old.egress) == old
    )


def _changes(were: _Labels, are: _Labels, selector: Selector) -> bool:
    return selector.matches(were) is not selector.matches(are)


def _differing(old: Mapping[_K, _T], new: Mapping[_K, _T]) -> set[_K]:
    """The keys of what differs, or is in one of the two only."""
    return {key for key in {**old, **new} if (was := old.get(key)) is not (now := new.get(key)) and was != now}
