"""What laws of verdicts share: clusters with packets, what is told of them, and clusters whose manifests are changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from calico_engine import Cluster, Decision, Packet
from calico_engine.dataplane.outcomes import Answer
from calico_engine.dataplane.reader import PacketReader
from calico_engine.manifests.stored import stored_form
from calico_engine.strategies import clusters, packets
from calico_engine.strategies.drawing import counted, fresh

Manifest = dict[str, Any]
#: A cluster and what it is asked.
Question = tuple[Cluster, list[Packet]]
Change = Callable[[Cluster], Cluster]

# Several tests may share a machine: that one is slow there is no fault of it.
LAW = settings(
    derandomize=True, database=None, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)


def crowded(**options: Any) -> st.SearchStrategy[Cluster]:
    """Clusters of few endpoints and much policy; `options` are those of `clusters`."""
    usual: dict[str, Any] = {
        "nodes": ["n1"],
        "max_host_endpoints": 2,
        "max_workload_endpoints": 1,
        "min_policies": 2,
        "max_policies": 5,
        "max_rules": 3,
        "max_tiers": 1,
        "max_profiles": 1,
        "label_pool": {"app": ("a", "b"), "role": ("x", "")},
    }
    return clusters(**{**usual, **options})


def blunt(**options: Any) -> st.SearchStrategy[Cluster]:
    """Clusters whose rules ask for a protocol at most, so that it matters which of them comes first."""
    return crowded(max_criteria=0, **options)


CLUSTERS = crowded() | blunt()
#: Without a FelixConfiguration, and so with Felix's defaults.
PLAIN = crowded(allow_configuration=False) | blunt(allow_configuration=False)
_RIVALS: dict[str, Any] = {"kinds": ["normal", "applyOnForward"], "max_tiers": 0, "allow_staged": False}
#: Policies of which the first that matches decides.
RIVALS = blunt(actions=["Allow", "Deny"], **_RIVALS)
#: Such policies of rules with lists.
DETAILED = crowded(max_criteria=4, max_items=3, actions=["Allow", "Deny"], **_RIVALS)
#: From what is strict to what is not.
RANK = {Decision.DENY: 0, Decision.NO_POLICY: 1, Decision.ALLOW: 2}
POLICIES = ("GlobalNetworkPolicy", "NetworkPolicy", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy")


def questions(
    of: st.SearchStrategy[Cluster] = CLUSTERS, near: Change | None = None, **options: Any
) -> st.SearchStrategy[Question]:
    """A cluster and packets near its edges, or near those of what it is changed to; `options` are those of `packets`."""
    return fresh(_questions(of, near, options))


@st.composite
def _questions(
    draw: st.DrawFn, of: st.SearchStrategy[Cluster], near: Change | None, options: Mapping[str, Any]
) -> Question:
    cluster = draw(of)
    drawn = packets(cluster=cluster if near is None else near(cluster), **options)
    return cluster, draw(counted([drawn] * 20, least=1))


def dump(cluster: Cluster) -> list[Manifest]:
    """All that was written, as the datastore holds it."""
    return [stored_form(entry.resource) for entry in cluster.written.entries.values() if entry.origin is not None]


def loaded(manifests: Iterable[Manifest]) -> Cluster:
    return Cluster.parse("\n---\n".join(map(json.dumps, manifests)))


def answers(cluster: Cluster, asked: Iterable[Packet]) -> list[Answer]:
    reader = PacketReader(cluster.compiled)
    return [reader.answer(packet) for packet in asked]


def decisions(cluster: Cluster, asked: Iterable[Packet]) -> list[Decision]:
    return [answer.decision for answer in answers(cluster, asked)]


def told(cluster: Cluster, asked: Iterable[Packet]) -> list[tuple[object, ...]]:
    """The answers and who made them, in plain values."""
    return [_told(answer) for answer in answers(cluster, asked)]


def _told(answer: Answer) -> tuple[object, ...]:
    by = answer.decider
    tier, rule, chain = by.tier and by.tier.tier.name, by.rule and by.rule.id, by.chain and by.chain.endpoint
    return answer.decision, by.reason, by.hook, chain, tier, rule, by.detail


def policies(manifests: Iterable[Manifest]) -> Iterator[Manifest]:
    return (each for each in manifests if each["kind"] in POLICIES)


def with_rules(cluster: Cluster, change: Callable[[Manifest], list[Manifest]]) -> Cluster:
    """The cluster with each rule turned into a list of rules."""
    manifests = dump(cluster)
    for each in manifests:
        if each["kind"] in (*POLICIES, "Profile"):
            for way in {"ingress", "egress"} & set(each["spec"]):
                each["spec"][way] = [new for rule in each["spec"][way] for new in change(rule)]
    return loaded(manifests)


def in_order(cluster: Cluster) -> list[Manifest]:
    """The manifests, the policies with an order of their own, far apart."""
    manifests = dump(cluster)
    for number, policy in enumerate(policies(manifests)):
        policy["spec"]["order"] = 10 * number
    return manifests
