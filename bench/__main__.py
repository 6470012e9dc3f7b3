"""Runs the benchmarks, prints a table and writes the figures as JSON if asked."""

from __future__ import annotations

import json
import pkgutil
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import bench
from bench.measure import Row, floors

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def main() -> int:
    subjects = _subjects()
    parser = ArgumentParser(
        prog="python -m bench", description="Measure, and compare with a reference in the same run."
    )
    parser.add_argument(
        "subjects", nargs="*", metavar="SUBJECT", help=f"one of {', '.join(subjects)}; all if none is given"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    arguments = parser.parse_args()
    unknown = set(arguments.subjects) - set(subjects)
    if unknown:
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    least = floors()
    print("   ".join(f"{name} {_duration(seconds)}" for name, seconds in least.items()))
    rows = [row for subject in arguments.subjects or subjects for row in _measured(subjects[subject])]
    if arguments.json:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "floors": least}
        figures = {**machine, "rows": [asdict(row) for row in rows]}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def _subjects() -> dict[str, Callable[[], list[Row]]]:
    """The modules of this package that have a `measure`."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in _OWN)
    modules = {name: import_module(f"bench.{name}") for name in names}
    return {name: module.measure for name, module in modules.items() if hasattr(module, "measure")}


_OWN = {"__main__", "measure"}


def _measured(measure: Callable[[], list[Row]]) -> list[Row]:
    rows = measure()
    for row in rows:
        print(
            f"{row.subject:<20} {row.case:<44} {_duration(row.ours_seconds):>9}  "
            f"{row.ratio:>8.2f} × {row.reference} ({_duration(row.reference_seconds)})"
        )
    return rows


def _duration(seconds: float) -> str:
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size or unit == "ns")
    return f"{seconds / size:.3g} {unit}"


if __name__ == "__main__":
    sys.exit(main())
