"""The README's walk through the tutorial: every command of it is run, and must print what the README shows.

Lines are compared without the blanks at their ends: calicoctl's tables have some, and editors take them away.
"""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEADING = "## The tutorial, step by step"
PROMPT = "$ "
#: As the how-to shows it, save for the blanks at the ends of lines.
DOCUMENT_TABLE = """\
NAME                                                    NODE                                           INTERFACE   IPS                              PROFILES
ip-172-16-101-147.us-west-2.compute.internal-auto-hep   ip-172-16-101-147.us-west-2.compute.internal   *           172.16.101.147,192.168.228.128   projectcalico-default-allow
ip-172-16-101-54.us-west-2.compute.internal-auto-hep    ip-172-16-101-54.us-west-2.compute.internal    *           172.16.101.54,192.168.107.128    projectcalico-default-allow
ip-172-16-101-79.us-west-2.compute.internal-auto-hep    ip-172-16-101-79.us-west-2.compute.internal    *           172.16.101.79,192.168.91.64      projectcalico-default-allow
ip-172-16-101-9.us-west-2.compute.internal-auto-hep     ip-172-16-101-9.us-west-2.compute.internal     *           172.16.101.9,192.168.71.192      projectcalico-default-allow
ip-172-16-102-63.us-west-2.compute.internal-auto-hep    ip-172-16-102-63.us-west-2.compute.internal    *           172.16.102.63,192.168.108.192    projectcalico-default-allow
"""  # noqa: E501  # the document's lines are as long as they are


@dataclass(frozen=True, slots=True)
class Step:
    """A command, with its here-document, and the output that is shown below it."""

    command: str
    shown: str


def section() -> str:
    text = (ROOT / "README.md").read_text()
    return text.partition(f"{HEADING}\n")[2].partition("\n## ")[0]


def steps(text: str) -> Iterator[Step]:
    fences = text.split("```")[1::2]
    for fence in fences:
        assert fence.startswith("sh\n")
        lines = iter(fence.removeprefix("sh\n").splitlines())
        yield from _steps_of(lines)


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


def run(command: str, folder: Path) -> str:
    """What the command prints, standard error behind standard output."""
    environment = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def without_blanks(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh clone, as far as the walk sees it, and this interpreter's `calico-engine`."""
    shutil.copytree(ROOT / "fixtures" / "walk", tmp_path / "fixtures" / "walk")
    (tmp_path / "bin").mkdir()
    engine = tmp_path / "bin" / "calico-engine"
    sources = os.pathsep.join(str(ROOT / name) for name in ("engine", "selectors"))
    program = "from calico_engine.cli import main; main()"
    engine.write_text(f"#!/bin/sh\nPYTHONPATH='{sources}' PYTHONUTF8=1 exec '{sys.executable}' -c '{program}' \"$@\"\n")
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def test_the_walk_prints_what_the_readme_shows(folder: Path) -> None:
    walk = list(steps(section()))
    assert len(walk) > 10
    for step in walk:
        assert without_blanks(run(step.command, folder)) == without_blanks(step.shown), step.command


def test_the_walk_shows_the_document_s_table() -> None:
    tables = [step.shown for step in steps(section()) if "get heps" in step.command]
    assert without_blanks(DOCUMENT_TABLE) in map(without_blanks, tables)
