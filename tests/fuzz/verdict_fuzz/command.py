"""The long run: as many worlds as fit into the time, and a report of what was asked, reached and found."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from verdict_fuzz.coverage import WAYS, Coverage
from verdict_fuzz.running import Tally, run_world
from verdict_fuzz.scenarios import scenario
from verdict_fuzz.shrinking import Disagreement, shrunk

_EVERY = 30.0
_MOST_FILES = 20
_SHOWN_REFUSALS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; exit code 1 if engine and oracle disagreed about anything."""
    options = _options(arguments)
    tally, started, told = Tally(), time.monotonic(), 0.0
    kinds: dict[tuple[str, ...], Path | None] = {}
    seed = options.seed
    while time.monotonic() - started < options.minutes * 60:
        for found in run_world(seed, options.packets, tally):
            _keep(found, seed, kinds, options.out)
        seed += 1
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            _say(_progress(tally, told - started))
    _say(report(tally, time.monotonic() - started, f"seeds {options.seed} to {seed - 1}"))
    return 1 if tally.disagreeing else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on")
    parser.add_argument("--seed", type=int, default=0, help="the first world's seed; the others count up from it")
    parser.add_argument("--packets", type=int, default=300, help="packets for each world")
    parser.add_argument("--out", type=Path, default=Path(), help="where scenarios of disagreements are written")
    return parser.parse_args(arguments)


def _keep(found: Disagreement, seed: int, kinds: dict[tuple[str, ...], Path | None], out: Path) -> None:
    """Shrink and write the first disagreement of each kind."""
    engine, oracle = found.engine, found.oracle
    kind = (engine.decision, engine.reason, engine.hook, oracle.decision, oracle.reason, oracle.hook)
    if kind in kinds or len(kinds) >= _MOST_FILES:
        return
    small = shrunk(found)
    path = out / f"disagreement-{seed}-{len(kinds)}.yaml"
    path.write_text(scenario(small, f"found with seed {seed}"))
    kinds[kind] = path
    _say(f"seed {seed}: engine {small.engine} | oracle {small.oracle}\n  → {path}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _progress(tally: Tally, seconds: float) -> str:
    rate = tally.packets / seconds if seconds else 0
    return f"{seconds:7.0f} s  {tally.packets:,} packets ({rate:,.0f}/s), {tally.disagreeing} disagreements"


def report(tally: Tally, seconds: float, seeds: str) -> str:
    """What a run has to say in the end."""
    refused = [f"  {each.splitlines()[0]}" for each in tally.refused[:_SHOWN_REFUSALS]]
    lines = [
        f"{tally.packets:,} packets in {tally.worlds:,} worlds ({seeds}), {seconds:,.0f} s, "
        f"{tally.packets / max(seconds, 1e-9):,.0f} packets/s",
        f"{tally.disagreeing} disagreements",
        f"{len(tally.refused)} worlds refused",
        *refused,
        *_coverage(tally.coverage),
    ]
    return "\n".join(lines)


def _coverage(coverage: Coverage) -> list[str]:
    reached = len(WAYS) - len(coverage.missing)
    lines = [f"{reached} of {len(WAYS)} ways to be decided were reached"]
    lines += [f"  not reached: {' '.join(filter(None, way))}" for way in coverage.missing]
    lines += [f"  not thought possible: {' '.join(filter(None, way))}" for way in coverage.unexpected]
    rare = sorted((count, way) for way, count in coverage.reached.items())[:10]
    return lines + [f"  rare: {count:,} × {' '.join(filter(None, way))}" for count, way in rare]
