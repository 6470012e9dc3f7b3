"""Remarks on objects that stand beside each other: what one refers to and no other is, and what is there twice in effect.

Parts of a cluster's objects are normal input, so what is missing is a warning (spec resources 14.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from calico_engine.errors import printable
from calico_engine.manifests.client_rules import tier_problems
from calico_engine.manifests.findings import Advice, warning
from calico_engine.manifests.hints import did_you_mean
from calico_engine.manifests.validator.addresses import Net, parse_cidr_or_ip
from calico_engine.resources import (
    GlobalNetworkPolicy,
    HostEndpoint,
    IPPool,
    NetworkPolicy,
    Policy,
    Resource,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
    WorkloadEndpoint,
)
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE
from calico_engine.resources.tiers import DEFAULT_TIER

_DEFAULT_PREFIX = "default."
_REMEMBERED = 1_000


def missing_tier(policy: Policy, tiers: frozenset[str]) -> tuple[Advice, ...]:
    """A word about a policy's tier, if it is none of these."""
    return _unknown_tier(policy.spec.tier, tiers)


def missing_profiles(endpoint: HostEndpoint | WorkloadEndpoint, known: frozenset[str]) -> tuple[Advice, ...]:
    """A word about each of the endpoint's profiles that is none of these."""
    return tuple(
        warning(("spec", "profiles", index), _unknown_profile(name, known))
        for index, name in enumerate(endpoint.spec.profiles)
        if name != DEFAULT_ALLOW_PROFILE and name not in known
    )


@lru_cache(_REMEMBERED)
def _unknown_tier(tier: str, tiers: frozenset[str]) -> tuple[Advice, ...]:
    after = "Felix takes its policies after all others, and denies at its end"
    return tuple(warning(problem.path, f"{problem.message}; {after}") for problem in tier_problems(tier, tiers))


@lru_cache(_REMEMBERED)
def _unknown_profile(name: str, known: frozenset[str]) -> str:
    hint = did_you_mean(name, {*known, DEFAULT_ALLOW_PROFILE})
    return f'there is no profile "{printable(name, 80)}": Felix denies where it is asked{hint}'


def twins(resources: Sequence[Resource]) -> Iterator[tuple[int, Advice]]:
    """`default.foo` beside `foo`: once two names of one policy, and now two policies; with the index of the first."""
    keys = {_key(resource): index for index, resource in enumerate(resources) if _is_in_default_tier(resource)}
    for (kind, namespace, name), index in keys.items():
        if name.startswith(_DEFAULT_PREFIX) and (kind, namespace, name.removeprefix(_DEFAULT_PREFIX)) in keys:
            short = name.removeprefix(_DEFAULT_PREFIX)
            message = f'"{printable(name, 80)}" and "{printable(short, 80)}" are two policies, and both apply'
            yield index, warning(("metadata", "name"), message)


def _is_in_default_tier(resource: Resource) -> bool:
    kinds = GlobalNetworkPolicy | NetworkPolicy | StagedGlobalNetworkPolicy | StagedNetworkPolicy
    return isinstance(resource, kinds) and resource.spec.tier in ("", DEFAULT_TIER)


def _key(resource: Resource) -> tuple[str, str, str]:
    return resource.KIND, resource.metadata.namespace, resource.metadata.name


def overlaps(resources: Sequence[Resource]) -> Iterator[tuple[int, Advice]]:
    """Pools may not share addresses (libcalico-go/lib/clientv3/ippool.go); with the index of the later one."""
    pools: list[tuple[str, Net]] = []
    for index, resource in enumerate(resources):
        net = parse_cidr_or_ip(resource.spec.cidr) if isinstance(resource, IPPool) else None
        if net is None or not net.bits:
            continue
        for name, other in pools:
            if net.contains(other) or other.contains(net):
                message = f'overlaps the pool "{printable(name, 80)}"'
                yield index, warning(("spec", "cidr"), message)
        pools.append((resource.metadata.name, net))
