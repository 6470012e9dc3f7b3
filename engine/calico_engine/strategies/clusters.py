"""Whole clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from hypothesis import strategies as st

from calico_engine.cluster import Cluster
from calico_engine.frozen import frozen
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.reports.listings import as_yaml
from calico_engine.strategies.configuration import felix_configurations, hosts
from calico_engine.strategies.drawing import SELDOM, counted
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

Drawn = st.SearchStrategy[Manifest]
_KINDS = (
    *("FelixConfiguration", "GlobalNetworkPolicy", "GlobalNetworkSet", "Host", "HostEndpoint", "NetworkPolicy"),
    *("NetworkSet", "Profile", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy", "Tier", "WorkloadEndpoint"),
)
#: Mostly true.
_EXISTS = st.sampled_from((True, True, True, False))


def clusters(
    *,
    max_host_endpoints: int = 3,
    max_workload_endpoints: int = 2,
    min_policies: int = 0,
    max_policies: int = 4,
    max_rules: int = 2,
    max_criteria: int = 2,
    max_items: int = 2,
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

    `kinds`, `interfaces`, `actions`, `max_criteria` and `max_items` are those of `global_network_policies`,
    `host_endpoints` and `rules`. `allow_missing`: a tier or profile that does not exist may be named.
    `allow_configuration`: FelixConfigurations and Host documents may be there; `with_hosts`: every node has a Host
    document, so that its addresses are known. A cluster prints as the call that makes it, with its manifests as YAML.
    Shrinks towards one endpoint and nothing else.

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
    ruled = rules(
        actions=actions, ip_versions=ip_versions, max_criteria=max_criteria, max_items=max_items, selectors=chosen
    )
    tier_names, profile_names = ("default", *TIERS[:max_tiers]), PROFILES[:max_profiles]
    listed = (DEFAULT_ALLOW, *profile_names)

    def host_endpoint(name: str) -> Drawn:
        return host_endpoints(
            name=name, nodes=nodes, interfaces=interfaces, profiles=listed, labels=labels, ip_versions=ip_versions
        )

    def workload_endpoint(number: int) -> Drawn:
        return workload_endpoints(number=number, nodes=nodes, profiles=listed, labels=labels, ip_versions=ip_versions)

    def network_set(name: str) -> Drawn:
        return global_network_sets(name=name, labels=labels, ip_versions=ip_versions) | network_sets(
            name=name, labels=labels, ip_versions=ip_versions
        )

    def policy(name: str) -> Drawn:
        return _policies(
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
    objects = (
        counted([host_endpoint(name) for name in names(max_host_endpoints)], least=min(max_host_endpoints, 1)),
        counted([workload_endpoint(number) for number in numbers], least=int(max_host_endpoints < 1)),
        counted([network_set(name) for name in names(max_network_sets)]),
        counted([policy(name) for name in names(max_policies)], least=min_policies),
    )
    around = {name: tiers(name=name) for name in tier_names[1:]}
    around |= {name: profile(name) for name in profile_names}
    own = {node: hosts(name=node, number=n, ip_versions=ip_versions) for n, node in enumerate(nodes, start=1)}
    parts = _Parts(
        objects=objects,
        around=around,
        own=own,
        exists=_EXISTS if allow_missing else st.just(True),
        configurations=st.lists(felix_configurations(ip_versions=ip_versions), max_size=int(allow_configuration)),
        has_host=st.just(True) if with_hosts else st.booleans() if allow_configuration else st.just(False),
    )
    return _clusters(parts)


@frozen(kw_only=True)
class _Parts:
    """What clusters are made of. `around` are tiers and profiles by their names, `own` the nodes' Host documents."""

    objects: Sequence[st.SearchStrategy[list[Manifest]]]
    around: Mapping[str, Drawn]
    own: Mapping[str, Drawn]
    exists: st.SearchStrategy[bool]
    configurations: st.SearchStrategy[list[Manifest]]
    has_host: st.SearchStrategy[bool]

    def __repr__(self) -> str:
        """Hypothesis prints what a composite is given; this would be pages."""
        return "…"


@st.composite
def _clusters(draw: st.DrawFn, parts: _Parts) -> Cluster:
    """What is around the policies is there only as far as it is mentioned.

    It is drawn in any case: or else Hypothesis could not take away a name alone, but with all that was drawn for it.
    """
    found = [each for objects in parts.objects for each in draw(objects)]
    mentioned = _mentioned(found)
    around = {name: draw(parts.around[name]) for name in parts.around if draw(parts.exists)}
    found += [around[name] for name in around if name in mentioned]
    found += draw(parts.configurations)
    own = {node: draw(parts.own[node]) for node in parts.own if draw(parts.has_host)}
    found += [own[node] for node in own if node in mentioned]
    return Cluster.parse("\n" + "---\n".join(map(as_yaml, found)))


@st.composite
def _policies(draw: st.DrawFn, usual: Drawn, other: Drawn) -> Manifest:
    """Seldom the other."""
    return draw(other if draw(SELDOM) else usual)


@cache
def _prepare_reading() -> None:
    """The reader prepares itself for a kind when it first meets it; Hypothesis would take the time for that of drawing."""
    load([Source("", "\n---\n".join(as_yaml(manifest(kind, "a", {})) for kind in _KINDS))])


def _mentioned(found: Iterable[Manifest]) -> dict[object, None]:
    """The tiers, profiles and nodes that objects name, in their order."""
    mentioned: dict[object, None] = {}
    for each in found:
        spec = each["spec"]
        assert isinstance(spec, dict)
        mentioned |= dict.fromkeys([spec.get("tier"), spec.get("node"), *spec.get("profiles", ())])
    return mentioned
