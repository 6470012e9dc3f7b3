"""What laws of verdicts share: clusters with packets, what is told of them, and clusters whose manifests are changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from calico_engine import Cluster, Decision, Packet
from calico_engine.dataplane.outcomes import Answer
from calico_engine.dataplane.reader import PacketReader
from calico_engine.manifests.stored import stored_form
from calico_engine.strategies import clusters, packets
from calico_engine.strategies.drawing import several

Manifest = dict[str, Any]
#: A cluster and what it is asked.
Question = tuple[Cluster, list[Packet]]

# Several tests may share a machine: that one is slow there is no fault of it.
LAW = settings(
    derandomize=True, database=None, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
CLUSTERS = clusters()
#: Without a FelixConfiguration, and so with Felix's defaults.
PLAIN = clusters(allow_configuration=False)
#: From what is strict to what is not.
RANK = {Decision.DENY: 0, Decision.NO_POLICY: 1, Decision.ALLOW: 2}
POLICIES = ("GlobalNetworkPolicy", "NetworkPolicy", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy")
_MORE = st.sampled_from((False, *[True] * 11))


@st.composite
def questions(draw: st.DrawFn, /, of: st.SearchStrategy[Cluster] = CLUSTERS, **options: Any) -> Question:
    """A cluster and some packets near its edges; `options` are those of `packets`."""
    cluster = draw(of)
    return cluster, draw(several(packets(cluster=cluster, **options), min_size=1, max_size=20, more=_MORE))


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
