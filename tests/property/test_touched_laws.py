"""What a change cannot touch stays as it is; what is known to be equivalent is; and witnesses witness."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from random import Random
from typing import NamedTuple

import pytest

from calico_engine import Cluster, Packet
from calico_engine.analysis.comparison.equivalence import known_equivalent
from calico_engine.analysis.comparison.touched import Touched, footprint, touched
from calico_engine.analysis.comparison.witnesses import Witness, find_witness
from calico_engine.analysis.mutation.mutants import Mutant
from calico_engine.errors import CalicoEngineError
from calico_engine.verdicts import Verdict
from engine_support import changing_clusters
from verdict_fuzz.packets import PacketMaker
from verdict_fuzz.worlds import world

SEEDS = range(14)
PACKETS = 80
MUTANTS_OF_A_WORLD = 20


class Study(NamedTuple):
    """One mutant of a world, and what is found out about it."""

    mutant: Mutant
    mutated: Cluster
    change: Touched
    equivalent: bool
    witness: Witness | None


@cache
def cluster(seed: int) -> Cluster | None:
    made = world(Random(seed))
    try:
        return Cluster.parse(made.text, stored=made.stored)
    except CalicoEngineError:
        return None


def given(seed: int) -> Cluster:
    found = cluster(seed)
    assert found is not None
    return found


@cache
def studies(seed: int) -> tuple[Study, ...]:
    """Some of a world's mutants, other ones of each world."""
    original = cluster(seed)
    if original is None:
        return ()
    found = list(original.mutants())
    some = Random(seed).sample(found, min(len(found), MUTANTS_OF_A_WORLD))
    return tuple(study(original, mutant) for mutant in some)


def study(original: Cluster, mutant: Mutant) -> Study:
    mutated = mutant.apply(original)
    change = touched(original.compiled, mutated.compiled)
    equivalent = known_equivalent(original.readers, mutated.readers, change)
    witness = find_witness(original.readers, mutated.readers, change, tries=200, seed=mutant.id)
    return Study(mutant, mutated, change, equivalent, witness)


def packets(seed: int) -> Iterator[Packet]:
    maker = PacketMaker.of(Random(seed), world(Random(seed)))
    while True:
        yield Packet.parse(maker.packet())


def answer(cluster: Cluster, packet: Packet) -> str:
    try:
        verdict = cluster.verdict(packet)
    except CalicoEngineError as error:
        return type(error).__name__
    return f"{verdict.decision} {verdict.decided_by}"


def fate(cluster: Cluster, packet: Packet) -> object:
    try:
        verdict = cluster.verdict(packet)
    except CalicoEngineError as error:
        return type(error).__name__
    return verdict.decision, verdict.allowed


def untouched(original: Cluster, packet: Packet, change: Touched) -> bool:
    try:
        return not change.touches(footprint(original.readers.packets, [packet]))
    except CalicoEngineError:
        return True


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_not_touched_is_answered_alike(seed: int) -> None:
    for found in studies(seed):
        original = given(seed)
        for packet in islice(packets(seed), PACKETS):
            if untouched(original, packet, found.change):
                assert answer(found.mutated, packet) == answer(original, packet), found.mutant.id


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_known_to_be_equivalent_is(seed: int) -> None:
    for found in studies(seed):
        if found.equivalent:
            assert found.witness is None
            for packet in islice(packets(seed), PACKETS):
                assert fate(found.mutated, packet) == fate(given(seed), packet), found.mutant.id


@pytest.mark.parametrize("seed", SEEDS)
def test_witnesses_tell_them_apart(seed: int) -> None:
    for found in studies(seed):
        witness, original = found.witness, given(seed)
        if witness is None:
            continue
        before, after = (fate(each, witness.packet) for each in (original, found.mutated))
        assert (before, after) == tuple(each[:2] for each in witness.packet_answers)
        assert before != after
        if (words := witness.words) is not None:
            question = (words.source, words.destination, words.service)
            one, other = (each.check(*question, source_port=words.source_port) for each in (original, found.mutated))
            asked = [(each.decision, each.allowed, each.decided_by.reason) for each in (one, other)]
            assert asked == list(witness.answers)
            assert asked[0][:2] != asked[1][:2]


def test_the_same_seed_finds_the_same_witness() -> None:
    found = next(each for each in studies(0) if each.witness is not None)
    assert study(given(0), found.mutant).witness == found.witness


def test_the_laws_are_about_something() -> None:
    """Some packets are touched and some are not; some mutants are equivalent; many others have a witness, or words."""
    found = [each for seed in SEEDS for each in studies(seed)]
    assert sum(each.equivalent for each in found) > 20
    assert sum(each.witness is not None for each in found) > 15
    assert sum(each.witness is not None and each.witness.words is not None for each in found) > 3
    asked = [untouched(given(0), packet, each.change) for each in studies(0) for packet in islice(packets(0), 5)]
    assert 5 < sum(asked) < len(asked) - 5


CHANGES = 10
QUESTIONS = 25
PARTIES = (
    *changing_clusters.NODES,
    "c1",
    "a/p1",
    "a/p2",
    "b/p1",
    "hep/h1",
    "svc/a/s",
    "203.0.113.7",
    "10.65.0.1",
    "10.96.0.1",
)
SERVICES = ("tcp/80", "tcp/8080", "tcp/30080", "udp/53", "icmp", "tcp")


def changed_clusters(seed: int) -> Iterator[tuple[str, Cluster, Cluster]]:
    """Clusters with something of every kind, changed in any way, by mutants and otherwise; refused changes are left out."""
    random = Random(seed)
    objects = changing_clusters.world(random)
    try:
        original = Cluster.parse("\n---\n".join(map(json.dumps, objects.values())))
    except CalicoEngineError:
        return
    found = list(original.mutants())
    for mutant in random.sample(found, min(len(found), CHANGES)):
        yield mutant.id, original, mutant.apply(original)
    for number in range(CHANGES):
        change, _ = changing_clusters.change(random, objects)
        with contextlib.suppress(CalicoEngineError):
            yield f"change {number}", original, change(original)


def checked(cluster: Cluster, asked: tuple[str, str, str]) -> Verdict | None:
    try:
        return cluster.check(*asked)
    except (CalicoEngineError, ValueError):
        return None


@pytest.mark.parametrize("seed", range(20))
def test_connections_that_a_change_does_not_touch_fare_alike(seed: int) -> None:
    random = Random(seed)
    for name, original, changed in changed_clusters(seed):
        change = touched(original.compiled, changed.compiled)
        for _ in range(QUESTIONS):
            asked = random.choice(PARTIES), random.choice(PARTIES), random.choice(SERVICES)
            verdict = checked(original, asked)
            if verdict is None or change.touches(footprint(original.readers.packets, verdict.possible_packets)):
                continue
            other = checked(changed, asked)
            assert other is not None, (name, asked)
            assert (other.decision, other.depends_on) == (verdict.decision, verdict.depends_on), (name, asked)
            assert reason(other) == reason(verdict), (name, asked)


@pytest.mark.parametrize("seed", range(12))
def test_witnesses_of_any_change(seed: int) -> None:
    for name, original, changed in changed_clusters(seed):
        change = touched(original.compiled, changed.compiled)
        witness = find_witness(original.readers, changed.readers, change, tries=40, seed=name)
        if witness is not None:
            before, after = (fate(each, witness.packet) for each in (original, changed))
            assert (before, after) == tuple(each[:2] for each in witness.packet_answers)
            assert before != after


def reason(verdict: Verdict) -> object:
    """What decided, wherever it is written by now."""
    return replace(verdict.decided_by, file=None, line=None)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_not_relabelled_is_selected_alike(seed: int) -> None:
    for name, original, changed in changed_clusters(seed):
        change = touched(original.compiled, changed.compiled)
        if change.everything or change.relabelled:
            continue
        for selector in changing_clusters.SELECTORS:
            assert changed.select(selector).selected == original.select(selector).selected, name
        assert changed.compiled.nodes == original.compiled.nodes


def test_changes_of_every_extent_are_tried() -> None:
    found = [touched(one.compiled, other.compiled) for seed in range(20) for _, one, other in changed_clusters(seed)]
    assert sum(each.everything for each in found) > 10
    assert sum(each.relabelled for each in found) > 10
    assert sum(bool(each.endpoints) for each in found) > 10
    assert sum(bool(each.ways) and not each.endpoints for each in found) > 10
    assert sum(each == Touched() for each in found) > 10
