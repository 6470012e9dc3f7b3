"""Documents whose shell lines are run: every command must print what the document shows below it.

Lines are compared without the blanks at their ends: calicoctl's tables have some, and editors take them away. A line `…`
stands for any number of lines, and `…` within a line for a part of it.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROMPT = "$ "
#: What a walk calls by name: this interpreter's, with the sources here.
PROGRAMS = {
    "calico-engine": '-c "from calico_engine.cli import main; main()"',
    "pytest": "-m pytest -p no:calico_engine -p calico_engine.pytest_plugin -p no:cacheprovider",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A command, with its here-document, and the output that is shown below it."""

    command: str
    shown: str


def steps(text: str) -> Iterator[Step]:
    """The steps of a document, in order; all of its fences are shell."""
    for fence in text.split("```")[1::2]:
        assert fence.startswith("sh\n")
        yield from _steps_of(iter(fence.removeprefix("sh\n").splitlines()))


def _steps_of(lines: Iterator[str]) -> Iterator[Step]:
    command = next(lines, None)
    while command is not None:
        assert command.startswith(PROMPT), command
        if command.endswith("<< EOF"):
            command = "\n".join([command, *itertools.takewhile(lambda line: line != "EOF", lines), "EOF"])
        shown: list[str] = []
        following = None
        for line in lines:
            if line.startswith(PROMPT):
                following = line
                break
            shown.append(line)
        yield Step(command.removeprefix(PROMPT), "\n".join(shown))
        command = following


def install(folder: Path) -> None:
    """The programs, for the commands of a walk in this folder."""
    sources = os.pathsep.join(str(ROOT / name) for name in ("engine", "selectors"))
    (folder / "bin").mkdir()
    for name, arguments in PROGRAMS.items():
        program = folder / "bin" / name
        program.write_text(
            f"#!/bin/sh\nPYTHONPATH='{sources}' PYTHONUTF8=1 exec '{sys.executable}' {arguments} \"$@\"\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)


def run(command: str, folder: Path, **environment: str) -> str:
    """What the command prints, standard error behind standard output."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def without_blanks(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def assert_shown(printed: str, step: Step) -> None:
    """The output is that of the step."""
    lines = without_blanks(step.shown).split("\n")
    patterns = [r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in lines]
    found = re.fullmatch("".join(patterns), without_blanks(printed) + "\n")
    assert found is not None, f"{step.command}\n\n{step.shown}\n\nis shown, and printed is\n\n{printed}"
