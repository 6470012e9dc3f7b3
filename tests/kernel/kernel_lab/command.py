"""The run in a real kernel: as many worlds as fit into the time, and a report of what got through."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence

from kernel_lab.running import Tally, run_world

_TOOLS = ("ip", "iptables-legacy", "ip6tables-legacy", "iptables-legacy-restore", "ipset", "conntrack", "sysctl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; exit code 1 if the kernel did anything else than the oracle says, 2 if there is no kernel to ask."""
    parser = argparse.ArgumentParser(prog="python -m kernel_lab", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on")
    parser.add_argument("--seed", type=int, default=0, help="the first world's seed; the others count up from it")
    parser.add_argument("--packets", type=int, default=300, help="packets for each world")
    options = parser.parse_args(arguments)
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid():
        sys.stderr.write(f"needs root and these commands: {' '.join(missing or _TOOLS)}\n")
        return 2
    tally, started, seed = Tally(), time.monotonic(), options.seed
    while time.monotonic() - started < options.minutes * 60:
        for line in run_world(seed, options.packets, tally):
            _say(line)
        seed += 1
    seconds = time.monotonic() - started
    _say(f"{tally.passed + tally.dropped:,} packets sent in {tally.worlds:,} worlds, {seconds:,.0f} s")
    _say(f"{tally.passed:,} passed, {tally.dropped:,} were dropped; {tally.disagreements} disagreements")
    for reason, count in tally.unasked.most_common():
        _say(f"  not asked, {reason}: {count:,}")
    return 1 if tally.disagreements else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
