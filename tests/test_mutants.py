"""Mutants: which there are of an object, and the laws that all of them keep."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from calico_engine import Cluster
from calico_engine.analysis.mutation.mutants import Mutant
from calico_engine.analysis.mutation.operators import Operator, merge_patch, with_value
from calico_engine.changes import merged
from calico_engine.datastore import Key, KubernetesEntry
from calico_engine.errors import CalicoEngineError
from calico_engine.manifests.loading import read_object
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.yaml_problems import render_path
from calico_engine.resources import MODELS
from engine_support import changing_clusters
from verdict_fuzz.worlds import world

FIXTURES = Path(__file__).parents[1] / "fixtures"
VECTORS = yaml.safe_load((FIXTURES / "vectors" / "mutants.yaml").read_text(encoding="utf-8"))
WORLDS = range(5)
Found = Mapping[str, list[list[str]]]


def cluster_of(vector: Mapping[str, Any]) -> Cluster:
    """The objects themselves, or a policy with this spec."""
    policy = {"kind": "GlobalNetworkPolicy", "metadata": {"name": "p"}, "spec": vector.get("policy")}
    objects = vector.get("objects") or [{"apiVersion": "projectcalico.org/v3", **policy}]
    return Cluster.parse("\n---\n".join(yaml.safe_dump(each) for each in objects))


def described(mutants: list[Mutant], operators: Mapping[str, object]) -> Found:
    return {
        name: sorted([render_path(m.path), m.description] for m in mutants if m.operator.value == name)
        for name in operators
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_mutants_of_an_object(vector: Mapping[str, Any]) -> None:
    expected = {name: sorted(found) for name, found in vector["mutants"].items()}
    assert described(list(cluster_of(vector).mutants()), expected) == expected


def test_every_operator_is_in_the_tables() -> None:
    assert {name for vector in VECTORS for name, found in vector["mutants"].items() if found} == set(Operator)


@cache
def cluster(seed: int) -> Cluster | None:
    made = world(Random(seed))
    try:
        return Cluster.parse(made.text, stored=made.stored)
    except CalicoEngineError:
        return None


@cache
def other_cluster(seed: int) -> Cluster | None:
    """With something of every kind."""
    try:
        return Cluster.parse("\n---\n".join(map(json.dumps, changing_clusters.world(Random(seed)).values())))
    except CalicoEngineError:
        return None


def clusters() -> list[Cluster]:
    found = [each for make in (cluster, other_cluster) for each in map(make, WORLDS) if each is not None]
    return [*found, *map(cluster_of, VECTORS), Cluster.load(str(FIXTURES / "tutorial"))]


def written(cluster: Cluster, mutant: Mutant, kind: str = "") -> Mapping[str, object]:
    """The object, which the mutant may have made one of this kind."""
    key = (kind or mutant.kind, mutant.namespace, mutant.name)
    if isinstance(mutant.entry, KubernetesEntry):
        return cluster.written.kubernetes[key].value.value
    return stored_form(cluster.written.entries[key].resource)


def test_every_mutant_loads_and_is_another_object_than_all_others() -> None:
    for original in clusters():
        seen: set[str] = set()
        for mutant in original.mutants():
            mutated = mutant.apply(original)
            other = written(mutated, mutant, str(mutant.changed["kind"]))
            assert other == as_stored(mutant, original.written.stored)
            assert written(original, mutant) == mutant.original
            assert_alike_but_for(mutant, original.written.entries, mutated.written.entries)
            assert_alike_but_for(mutant, original.written.kubernetes, mutated.written.kubernetes)
            text = json.dumps([mutant.kind, other], sort_keys=True)
            assert text not in {*seen, json.dumps([mutant.kind, mutant.original], sort_keys=True)}
            seen.add(text)


def as_stored(mutant: Mutant, stored: bool) -> Mapping[str, object]:
    """The changed object as a datastore has it."""
    if isinstance(mutant.entry, KubernetesEntry):
        return mutant.changed
    resource = mutant.entry.resource
    reading = read_object(MODELS[resource.api_version, str(mutant.changed["kind"])], dict(mutant.changed), stored)
    assert reading.resource is not None
    return stored_form(reading.resource)


def assert_alike_but_for(mutant: Mutant, one: Mapping[Key, object], other: Mapping[Key, object]) -> None:
    """One object at most is another, or gone with one of another kind in its place."""
    own = {(kind, mutant.namespace, mutant.name) for kind in (mutant.kind, str(mutant.changed["kind"]))}
    assert {key for key in {**one, **other} if one.get(key) is not other.get(key)} in (set(), own)
    assert [key for key in one if key not in own] == [key for key in other if key not in own]


KUBERNETES = [
    each for vector in VECTORS for each in vector.get("objects", ()) if "k8s.io/" in each["apiVersion"] and each["spec"]
]


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """To everything within the value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*path, step)
        yield from paths(item, (*path, step))


@pytest.mark.parametrize("document", KUBERNETES, ids=lambda document: str(document["metadata"]["name"]))
def test_null_is_what_is_not_given(document: Mapping[str, Any]) -> None:
    """Wherever it stands in an object of Kubernetes, mutants are made of the rest."""
    read = 0
    for path in paths(document["spec"]):
        try:
            original = Cluster.parse(json.dumps(with_value(document, ("spec", *path), None)))
        except CalicoEngineError:
            continue
        read += 1
        for mutant in original.mutants():
            assert written(mutant.apply(original), mutant) == mutant.changed, (path, mutant.id)
    assert read > 2


def test_ids_are_unique_and_the_same_every_time() -> None:
    for original in clusters():
        ids = [mutant.id for mutant in original.mutants()]
        assert ids == list(dict.fromkeys(ids)) == [mutant.id for mutant in original.mutants()]


def test_ids_do_not_depend_on_other_objects() -> None:
    alone = cluster_of(VECTORS[1])
    joined = alone.apply({"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": "a"}, "spec": {}})
    assert {each.id for each in alone.mutants()} < {each.id for each in joined.mutants()}


def test_a_merge_patch_makes_the_one_of_the_other() -> None:
    random = Random(0)
    for _ in range(300):
        one, other = some_object(random, 3), some_object(random, 3)
        assert merged(one, merge_patch(one, other)) == other
        assert merge_patch(one, one) == {}


def some_object(random: Random, depth: int) -> dict[str, Any]:
    """Without null, which a merge patch cannot write."""
    choices = (
        (1, "x", [], ["a"], {}) if not depth else (1, "x", [1], *(some_object(random, depth - 1) for _ in range(3)))
    )
    return {key: random.choice(choices) for key in random.sample("abcd", random.randint(0, 4))}


def test_places_are_those_of_the_text() -> None:
    tutorial = Cluster.load(str(FIXTURES / "tutorial"))
    lines = {name: text.splitlines() for name, text in tutorial.texts.items()}
    for mutant in tutorial.mutants():
        place = mutant.place
        assert place is not None
        line = lines[place[0]][place[1] - 1]
        if mutant.operator in (Operator.WIDEN_PORT, Operator.WIDEN_NET, Operator.FLIP_ACTION):
            assert mutant.description.split(" → ")[0] in line
        if mutant.operator is Operator.REMOVE_LABEL:
            assert str(mutant.path[-1]) in line


TWINS = """\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p, namespace: default}
spec: {ingress: [{action: Allow, destination: {nets: [10.0.0.0/8]}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: default}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
"""


def test_objects_of_the_same_name_are_told_apart() -> None:
    original = Cluster.parse(TWINS)
    for mutant in original.mutants():
        assert written(mutant.apply(original), mutant, str(mutant.changed["kind"])) == as_stored(mutant, False)
    assert {mutant.patch.kind for mutant in original.mutants()} == {
        "NetworkPolicy.projectcalico.org",
        "NetworkPolicy.networking.k8s.io",
    }
