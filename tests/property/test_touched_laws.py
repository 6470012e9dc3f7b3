"""What a change cannot touch stays as it is; what is known to be equivalent is; and witnesses witness."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from random import Random
from typing import NamedTuple

import pytest

from calico_engine import Cluster, Packet
from calico_engine.analysis.equivalence import known_equivalent
from calico_engine.analysis.mutation.mutants import Mutant
from calico_engine.analysis.touched import Touched, footprint, touched
from calico_engine.analysis.witnesses import Witness, find_witness
from calico_engine.dataplane.reader import PacketReader
from calico_engine.errors import CalicoEngineError
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
    equivalent = known_equivalent(original.compiled, mutated.compiled, change)
    witness = find_witness(original.compiled, mutated.compiled, change, tries=200, seed=mutant.id)
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
        return not change.touches(footprint(PacketReader(original.compiled), [packet]))
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
