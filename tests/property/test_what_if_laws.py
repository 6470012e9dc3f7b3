"""Laws of what-ifs: a changed cluster is what loading the changed manifests gives, and the old one stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calico_engine import CalicoEngineError, Cluster, Packet, Verdict
from calico_engine.errors import ChangeRefused, InvalidManifest
from calico_engine.resources.kinds import KINDS
from engine_support.changing_clusters import NODES, SELECTORS, World, change, world

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=40)
#: Datastore, and whether the objects are read as they lie in it.
FORMS = (("kubernetes", False), ("kubernetes", False), ("etcdv3", False), ("kubernetes", True))
SERVICES = ("tcp/80", "tcp/8080", "tcp/30080", "udp/53", "icmp")
ADDRESSES = ("203.0.113.7", "10.65.0.1", "10.65.0.2", "10.96.0.1")
PARTIES = (*NODES, "c1", "a/p1", "a/p2", "b/p1", "hep/h1", "svc/a/s", *ADDRESSES)
PLACES = {"file", "line"}


def parsed(objects: World, form: tuple[str, bool]) -> Cluster:
    text = "\n---\n".join(map(json.dumps, objects.values()))
    return Cluster.parse(text, datastore=form[0], stored=form[1])


def told(verdict: Verdict) -> object:
    """The answer with all that was considered; where that is written is left out."""
    return without_places(verdict.to_json(trace=True))


def without_places(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: without_places(item) for key, item in value.items() if key not in PLACES}
    return [*map(without_places, value)] if isinstance(value, list | tuple) else value


def observed(cluster: Cluster, seed: int) -> dict[str, object]:
    """All that can be asked of a cluster: everything that it lists, and some questions."""
    found: dict[str, object] = {each.kind: cluster.get(each.kind) for each in KINDS}
    found["warnings"] = sorted((w.kind or "", w.name or "", w.path or "", w.message) for w in cluster.warnings)
    found["controllers"] = cluster.explain_controllers()
    found |= {f"select {selector}": cluster.select(selector) for selector in SELECTORS}
    for name, ask in _questions(cluster, Random(seed)):
        try:
            found[name] = ask()
        except (CalicoEngineError, ValueError) as error:
            found[name] = type(error), str(error)
    return found


def _questions(cluster: Cluster, random: Random) -> Iterator[tuple[str, Callable[[], object]]]:
    for name in _endpoints(cluster):
        yield f"policies of {name}", partial(cluster.policies_for, name)
    for node in (*NODES, "c1"):
        yield f"settings of {node}", partial(_settings, cluster, node)
    for _ in range(12):
        asked = random.choice(PARTIES), random.choice(PARTIES), random.choice(SERVICES)
        yield " ".join(asked), partial(_checked, cluster, *asked)
    for _ in range(6):
        query = _query(random)
        yield str(query), partial(_decided, cluster, query)


def _endpoints(cluster: Cluster) -> Iterator[str]:
    for kind in ("hep", "wep"):
        for endpoint in cluster.get(kind):
            metadata: Any = endpoint["metadata"]
            yield "/".join((kind, *filter(None, (metadata.get("namespace"), metadata["name"]))))


def _settings(cluster: Cluster, node: str) -> object:
    return cluster.felix_configuration(node).settings


def _checked(cluster: Cluster, source: str, destination: str, service: str) -> object:
    return told(cluster.check(source, destination, service))


def _decided(cluster: Cluster, query: dict[str, object]) -> object:
    return told(cluster.verdict(Packet.parse(query)))


def _query(random: Random) -> dict[str, object]:
    query: dict[str, object] = {"node": random.choice(NODES), "inInterface": "eth0", "protocol": "TCP"}
    query |= {"source": f"10.65.0.{random.randint(1, 9)}", "destination": random.choice(ADDRESSES[1:])}
    query |= random.choice(({}, {"outInterface": "cali9"}, {"outInterface": "eth1"}))
    return query | {"sourcePort": 40000, "destinationPort": random.choice((80, 8080))}


@FIXED
@given(st.integers(0, 2**32), st.integers(1, 5), st.sampled_from(FORMS))
def test_a_changed_cluster_is_the_one_that_loading_the_changed_manifests_gives(
    seed: int, changes: int, form: tuple[str, bool]
) -> None:
    """Changes one upon another; only some of the clusters on the way are asked anything."""
    random = Random(seed)
    objects = world(random)
    cluster = parsed(objects, form)
    for _ in range(changes):
        ask, after = change(random, objects)
        try:
            changed = ask(cluster)
        except ChangeRefused:
            continue
        except InvalidManifest:
            with pytest.raises(InvalidManifest):
                parsed(after, form)
            continue
        cluster, objects = changed, after
        if random.random() < 0.6:
            assert observed(cluster, seed) == observed(parsed(objects, form), seed)
    assert observed(cluster, seed) == observed(parsed(objects, form), seed)


@FIXED
@given(st.integers(0, 2**32), st.booleans(), st.sampled_from(FORMS))
def test_every_change_of_one_cluster_stands_alone(seed: int, asked_before: bool, form: tuple[str, bool]) -> None:
    """Many changes of the same cluster, as a search for a good one makes them: none of them shows in another, or in it."""
    random = Random(seed)
    objects = world(random)
    cluster = parsed(objects, form)
    if asked_before:
        observed(cluster, seed)
    for _ in range(3):
        ask, after = change(random, objects)
        try:
            changed = ask(cluster)
        except (ChangeRefused, InvalidManifest):
            continue
        assert observed(changed, seed) == observed(parsed(after, form), seed)
    assert observed(cluster, seed) == observed(parsed(objects, form), seed)
