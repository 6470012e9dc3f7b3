"""Worlds and packets from a row of seeds: counted, compared, and noted where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from verdict_fuzz.comparing import Pair, Unreadable
from verdict_fuzz.coverage import Coverage
from verdict_fuzz.packets import PacketMaker
from verdict_fuzz.shrinking import Disagreement
from verdict_fuzz.worlds import world as make_world

#: Of one world, so many are kept: the rest are mostly the same.
_KEPT_OF_A_WORLD = 3


@dataclass(slots=True)
class Tally:
    """What a run has seen; `refused` says why worlds were not asked."""

    worlds: int = 0
    packets: int = 0
    disagreeing: int = 0
    refused: list[str] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)


def run_world(seed: int, packets: int, tally: Tally) -> Iterator[Disagreement]:
    """Ask about one world; a seed makes the same world and packets every time."""
    random = Random(seed)
    world = make_world(random)
    try:
        pair = Pair.of(world)
    except Unreadable as error:
        tally.refused.append(f"seed {seed}: {error}")
        return
    tally.worlds += 1
    maker = PacketMaker.of(random, world)
    kept = 0
    for _ in range(packets):
        query = maker.packet()
        engine, oracle = pair.accounts(query)
        tally.packets += 1
        tally.coverage.add(oracle)
        if engine != oracle:
            tally.disagreeing += 1
            if kept < _KEPT_OF_A_WORLD:
                kept += 1
                yield Disagreement(world, query, engine, oracle)
