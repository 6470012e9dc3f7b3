"""What the command imports. It is started for a single question, so what a question does not need stays away."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[1] / "fixtures" / "tutorial"
COMMANDS = {
    "validate": ("validate", "-f", str(TUTORIAL)),
    "check": ("check", "-f", str(TUTORIAL), "203.0.113.7", "ip-172-16-101-54.us-west-2.compute.internal", "tcp/10250"),
}
# numpy and oxidd serve bulk and symbolic questions. Lark's work on the selector grammar is done beforehand, and its
# tables lie in the package. rich is for terminals, ruamel.yaml for changes to files.
HEAVY = ("numpy", "oxidd", "lark", "rich", "ruamel", "asyncio", "ssl", "http", "unittest", "pytest", "hypothesis")
USED = ("calico_engine", "calico_selectors", "pydantic", "typer", "yaml")
SCRIPT = """
import sys
from calico_engine.cli import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@cache
def imported(command: str) -> frozenset[str]:
    """The top-level modules after the command has run, from the last line on standard error."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *COMMANDS[command]], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return frozenset(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_used_is_seen_to_be_imported(command: str) -> None:
    assert imported(command).issuperset(USED)


@pytest.mark.parametrize("module", HEAVY)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_heavy_module_stays_away(command: str, module: str) -> None:
    assert module not in imported(command)
