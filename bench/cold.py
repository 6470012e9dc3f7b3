"""The command from a cold start, as a whole process: what someone waits for who asks one question.

The reference is a process that imports the third-party dependencies and does nothing. Both run with their bytecode
cached by a first run, turn by turn; the medians are compared.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.measure import Row

_DEPENDENCIES = ("lark", "pydantic", "rich", "typer", "yaml")
_TUTORIAL = Path(__file__).parents[1] / "fixtures" / "tutorial"
_QUESTION = ("203.0.113.7", "ip-172-16-101-54.us-west-2.compute.internal", "tcp/10250")
_RUN = "from calico_engine.cli import main; main()"
CASES: Mapping[str, Sequence[str]] = {
    "check, on the tutorial": ("-c", _RUN, "check", "-f", str(_TUTORIAL), *_QUESTION),
    "validate, on the tutorial": ("-c", _RUN, "validate", "-f", str(_TUTORIAL)),
    "import Cluster": ("-c", "from calico_engine import Cluster"),
}
_REFERENCE = f"import {', '.join(_DEPENDENCIES)}"
_RUNS = 12
_SHOWN = 6
_ANSWERED = (0, 1)  # allowed and denied
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def measure(runs: int = _RUNS, cases: Mapping[str, Sequence[str]] = CASES) -> list[Row]:
    """Whole processes, and where an import's time goes."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    commands = {_REFERENCE: ("-c", _REFERENCE), **cases}
    for arguments in commands.values():
        _run(arguments, environment)
    print(_imports(environment))
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, arguments in commands.items():
            taken[name].append(_seconds(arguments, environment))
    reference = median(taken.pop(_REFERENCE))
    return [Row("cold", name, median(times), _REFERENCE, reference) for name, times in taken.items()]


def _seconds(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    started = perf_counter()
    _run(arguments, environment)
    return perf_counter() - started


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """What the process says on standard error."""
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode not in _ANSWERED:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
    return done.stderr


def _imports(environment: Mapping[str, str]) -> str:
    """Microseconds by package, of the modules themselves without what they import in turn."""
    found = _IMPORT.findall(_run(("-X", "importtime", "-c", "import calico_engine.cli"), environment))
    spent: Counter[str] = Counter()
    for microseconds, module in found:
        package = module.partition(".")[0]
        spent["the standard library" if package in sys.stdlib_module_names else package] += int(microseconds)
    longest = ", ".join(
        f"{package} {microseconds / 1_000:.0f} ms" for package, microseconds in spent.most_common(_SHOWN)
    )
    left_out = ", ".join(name for name in _DEPENDENCIES if name not in spent) or "nothing"
    return f"imported by the command: {longest}; of the dependencies not imported: {left_out}"
