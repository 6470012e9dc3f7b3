"""The engine against the oracle, on worlds and packets made up from seeds: the same decision, for the same reason.

A run for as long as you like: `python -m tests.fuzz --minutes 60`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
import yaml

from felix_oracle import Oracle
from verdict_fuzz.command import main
from verdict_fuzz.comparing import Account, Pair, Unreadable
from verdict_fuzz.coverage import WAYS
from verdict_fuzz.packets import PacketMaker, Query
from verdict_fuzz.running import Tally, run_world
from verdict_fuzz.scenarios import scenario
from verdict_fuzz.shrinking import Accounts, Disagreement, shrunk
from verdict_fuzz.worlds import World, world

PARTS = 16
WORLDS_OF_A_PART = 25
PACKETS_OF_A_WORLD = 120
SHOWN = 3


@cache
def run_part(part: int) -> tuple[Tally, tuple[Disagreement, ...]]:
    tally = Tally()
    first = part * WORLDS_OF_A_PART
    seeds = range(first, first + WORLDS_OF_A_PART)
    found = [each for seed in seeds for each in run_world(seed, PACKETS_OF_A_WORLD, tally)]
    return tally, tuple(found)


@pytest.mark.parametrize("part", range(PARTS))
def test_engine_and_oracle_agree(part: int) -> None:
    tally, found = run_part(part)
    small = [scenario(shrunk(each), f"part {part}") for each in found[:SHOWN]]
    assert not found, f"{tally.disagreeing} of {tally.packets} packets, among them\n" + "\n---\n".join(small)


def test_the_run_asks_what_it_should() -> None:
    tallies = [run_part(part)[0] for part in range(PARTS)]
    refused = [each for tally in tallies for each in tally.refused]
    assert len(refused) <= PARTS * WORLDS_OF_A_PART // 50, refused
    reached = {way for tally in tallies for way in tally.coverage.reached}
    assert reached <= WAYS
    assert {reason for _, reason, _, _ in reached} == {reason for _, reason, _, _ in WAYS}
    assert len(reached) >= len(WAYS) * 9 // 10, sorted(WAYS - reached)


def test_a_seed_makes_the_same_world_and_packets_every_time() -> None:
    def made(seed: int) -> tuple[World, list[Query]]:
        random = Random(seed)
        one = world(random)
        maker = PacketMaker.of(random, one)
        return one, [maker.packet() for _ in range(20)]

    assert made(7) == made(7)
    assert made(7) != made(8)


def test_recording_does_not_change_an_answer() -> None:
    """A recorder tries every criterion by itself, the plain walk the rules' flat tests."""
    for seed in range(60):
        random = Random(seed)
        one = world(random)
        maker = PacketMaker.of(random, one)
        try:
            pair = Pair.of(one)
        except Unreadable:
            continue
        for _ in range(40):
            plain, recorded = pair.walks(maker.packet())
            assert plain == recorded, (seed, plain, recorded)


def faulty(one: World, query: Query) -> Accounts:
    """An engine that lets through what a policy of tier t1 denies."""
    engine, oracle = Pair.of(one).accounts(query)
    return (replace(engine, decision="ALLOW") if engine.tier == "t1" and engine.decision == "DENY" else engine), oracle


@cache
def planted() -> Disagreement:
    """The first disagreement that the faulty engine gives rise to."""
    for seed in range(1000):
        random = Random(seed)
        one = world(random)
        maker = PacketMaker.of(random, one)
        for _ in range(20):
            query = maker.packet()
            try:
                engine, oracle = faulty(one, query)
            except Unreadable:
                break
            if engine != oracle:
                return Disagreement(one, query, engine, oracle)
    raise AssertionError("the fault was not found")


@cache
def small() -> Disagreement:
    return shrunk(planted(), faulty)


def test_a_planted_fault_is_found_and_made_small() -> None:
    kinds = [document["kind"] for document in small().world.documents]
    assert len(kinds) <= 4 < len(planted().world.documents)
    assert kinds.count("GlobalNetworkPolicy") + kinds.count("NetworkPolicy") == 1
    assert {"HostEndpoint", "WorkloadEndpoint"} & set(kinds)
    assert small().engine.decision != small().oracle.decision


def test_a_smaller_one_does_not_exist_without_a_document() -> None:
    found = small()
    for index in range(len(found.world.documents)):
        less = World(found.world.documents[:index] + found.world.documents[index + 1 :], found.world.stored)
        try:
            engine, oracle = faulty(less, found.query)
        except Unreadable:
            continue
        assert engine.decision == oracle.decision


def test_a_scenario_can_be_pasted_among_the_vectors() -> None:
    found = small()
    read = yaml.safe_load(scenario(found, "a planted fault"))
    assert set(read) <= {"world", "with", "stored", "manifests", "expect"}
    (expectation,) = read["expect"]
    oracle = Oracle.parse(read["manifests"].replace("$$", "$"), stored=read.get("stored", False))
    assert oracle.ask(expectation["packet"]).decision == expectation["verdict"] == found.oracle.decision
    assert expectation["packet"] == found.query


def test_an_account_in_words() -> None:
    account = Account(
        "DENY", "RULE", "filter-INPUT", "NORMAL", "h", "Ingress", "t1", ("GlobalNetworkPolicy", "", "p"), 0
    )
    assert str(account) == "DENY RULE filter-INPUT NORMAL h Ingress t1 GlobalNetworkPolicy/p rule 0"


def test_the_long_run_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "0.005", "--packets", "20", "--seed", "3", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "packets/s" in said
    assert "0 disagreements" in said
    assert f"of {len(WAYS)} ways to be decided were reached" in said
    assert list(tmp_path.iterdir()) == []
