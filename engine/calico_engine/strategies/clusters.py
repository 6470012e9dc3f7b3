"""Whole clusters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from calico_engine.cluster import Cluster
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.reports.listings import as_yaml
from calico_engine.strategies.configuration import felix_configurations, hosts
from calico_engine.strategies.drawing import drawing, mostly, some_of
from calico_engine.strategies.endpoints import DEFAULT_ALLOW, WILDCARD, host_endpoints, workload_endpoints
from calico_engine.strategies.labels import label_sets, selectors
from calico_engine.strategies.network_sets import global_network_sets, network_sets
from calico_engine.strategies.policies import USUAL_KINDS, global_network_policies, network_policies, profiles, tiers
from calico_engine.strategies.rules import ACTIONS, rules
from calico_engine.strategies.vocabulary import (
    INTERFACES,
    IP_VERSIONS,
    LABELS,
    NODES,
    PROFILES,
    TIERS,
    LabelPool,
    Manifest,
    manifest,
    names,
)
from calico_selectors import Selector

_Key = TypeVar("_Key")
Drawn = st.SearchStrategy[Manifest]
_KINDS = (
    *("FelixConfiguration", "GlobalNetworkPolicy", "GlobalNetworkSet", "Host", "HostEndpoint", "NetworkPolicy"),
    *("NetworkSet", "Profile", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy", "Tier", "WorkloadEndpoint"),
)
_IS_MISSING = st.sampled_from((False, False, False, True))


def clusters(
    *,
    max_host_endpoints: int = 3,
    max_workload_endpoints: int = 2,
    max_policies: int = 4,
    max_rules: int = 2,
    max_tiers: int = 2,
    max_profiles: int = 2,
    max_network_sets: int = 1,
    kinds: Sequence[str] = USUAL_KINDS,
    actions: Sequence[str] = ACTIONS,
    ip_versions: Sequence[int] = IP_VERSIONS,
    nodes: Sequence[str] = NODES,
    interfaces: Sequence[str] = (*INTERFACES, WILDCARD),
    label_pool: LabelPool = LABELS,
    allow_staged: bool = True,
    allow_missing: bool = True,
    allow_configuration: bool = True,
    with_hosts: bool = False,
) -> st.SearchStrategy[Cluster]:
    '''Clusters that load without errors: endpoints of a few nodes, and the policy around them.

    `kinds`, `actions` and `interfaces` are those of `global_network_policies`, `rules` and `host_endpoints`.
    `allow_missing`: a tier or profile that does not exist may be named. `allow_configuration`: FelixConfigurations and Host
    documents may be there; `with_hosts`: every node has a Host document, so that its addresses are known. A cluster prints
    as the call that makes it, with its manifests as YAML. Shrinks towards one endpoint and nothing else.

    >>> from hypothesis import Phase, find, settings
    >>> find(clusters(), lambda cluster: True, settings=settings(phases=[Phase.generate]))  # the first is the simplest
    Cluster.parse("""
    apiVersion: projectcalico.org/v3
    kind: HostEndpoint
    metadata:
      name: a
    spec:
      interfaceName: eth0
      node: n1
    """)
    '''
    if max_host_endpoints + max_workload_endpoints < 1:
        raise ValueError("a cluster without an endpoint has nobody to govern: let there be one")
    _prepare_reading()
    labels = label_sets(pool=label_pool)
    chosen = st.just(Selector("all()")) | selectors(pool=label_pool, max_terms=2)
    ruled = rules(actions=actions, ip_versions=ip_versions, selectors=chosen)
    tier_names, profile_names = ("default", *TIERS[:max_tiers]), PROFILES[:max_profiles]
    listed = (DEFAULT_ALLOW, *profile_names)

    def host_endpoint(name: str) -> Drawn:
        return host_endpoints(
            name=name, nodes=nodes, interfaces=interfaces, profiles=listed, labels=labels, ip_versions=ip_versions
        )

    def workload_endpoint(number: int) -> Drawn:
        return workload_endpoints(number=number, nodes=nodes, profiles=listed, labels=labels, ip_versions=ip_versions)

    def network_set(name: str) -> Drawn:
        return mostly(
            global_network_sets(name=name, labels=labels, ip_versions=ip_versions),
            network_sets(name=name, labels=labels, ip_versions=ip_versions),
        )

    def policy(name: str) -> Drawn:
        return mostly(
            global_network_policies(
                name=name,
                kinds=kinds,
                tiers=tier_names,
                selectors=chosen,
                rules=ruled,
                max_rules=max_rules,
                allow_staged=allow_staged,
            ),
            network_policies(
                name=name,
                tiers=tier_names,
                selectors=chosen,
                rules=ruled,
                max_rules=max_rules,
                allow_staged=allow_staged,
            ),
        )

    def profile(name: str) -> Drawn:
        return profiles(name=name, rules=ruled, labels=labels)

    numbers = range(1, max_workload_endpoints + 1)
    parts = (
        _objects(
            {name: host_endpoint(name) for name in names(max_host_endpoints)}, min_size=min(max_host_endpoints, 1)
        ),
        _objects({number: workload_endpoint(number) for number in numbers}, min_size=int(max_host_endpoints < 1)),
        _objects({name: network_set(name) for name in names(max_network_sets)}),
        _objects({name: policy(name) for name in names(max_policies)}),
    )
    possible: dict[str, Drawn] = {name: tiers(name=name) for name in tier_names[1:]}
    possible |= {name: profiles(name=name, rules=ruled, labels=labels) for name in profile_names}
    configuration = felix_configurations(ip_versions=ip_versions)

    def manifests(draw: st.DrawFn) -> Iterator[Manifest]:
        """What is around the policies is there only as far as it is mentioned."""
        found = [each for part in parts for each in draw(part)]
        yield from found
        mentioned = _mentioned(found)
        for name in mentioned:
            if name in possible and not (allow_missing and draw(_IS_MISSING)):
                yield draw(possible[name])
        if allow_configuration and draw(st.booleans()):
            yield draw(configuration)
        for number, node in enumerate(nodes, start=1):
            if node in mentioned and (with_hosts or (allow_configuration and draw(st.booleans()))):
                yield draw(hosts(name=node, number=number, ip_versions=ip_versions))

    return drawing(lambda draw: Cluster.parse("\n" + "---\n".join(map(as_yaml, manifests(draw)))))


@cache
def _prepare_reading() -> None:
    """The reader prepares itself for a kind when it first meets it; Hypothesis would take the time for that of drawing."""
    load([Source("", "\n---\n".join(as_yaml(manifest(kind, "a", {})) for kind in _KINDS))])


def _objects(by_key: Mapping[_Key, Drawn], *, min_size: int = 0) -> st.SearchStrategy[list[Manifest]]:
    """For some of the keys one object each."""
    some = some_of(by_key, min_size=min_size)
    return drawing(lambda draw: list(draw(some).values()))


def _mentioned(found: Iterable[Manifest]) -> dict[object, None]:
    """The tiers, profiles and nodes that objects name, in their order."""
    mentioned: dict[object, None] = {}
    for each in found:
        spec = each["spec"]
        assert isinstance(spec, dict)
        mentioned |= dict.fromkeys([spec.get("tier"), spec.get("node"), *spec.get("profiles", ())])
    return mentioned
