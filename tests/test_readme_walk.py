"""The README's walk through the tutorial: every command of it is run, and must print what the README shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine_support.walks import ROOT, assert_shown, install, run, steps, without_blanks

HEADING = "## The tutorial, step by step"
#: As the how-to shows it, save for the blanks at the ends of lines.
DOCUMENT_TABLE = """\
NAME                                                    NODE                                           INTERFACE   IPS                              PROFILES
ip-172-16-101-147.us-west-2.compute.internal-auto-hep   ip-172-16-101-147.us-west-2.compute.internal   *           172.16.101.147,192.168.228.128   projectcalico-default-allow
ip-172-16-101-54.us-west-2.compute.internal-auto-hep    ip-172-16-101-54.us-west-2.compute.internal    *           172.16.101.54,192.168.107.128    projectcalico-default-allow
ip-172-16-101-79.us-west-2.compute.internal-auto-hep    ip-172-16-101-79.us-west-2.compute.internal    *           172.16.101.79,192.168.91.64      projectcalico-default-allow
ip-172-16-101-9.us-west-2.compute.internal-auto-hep     ip-172-16-101-9.us-west-2.compute.internal     *           172.16.101.9,192.168.71.192      projectcalico-default-allow
ip-172-16-102-63.us-west-2.compute.internal-auto-hep    ip-172-16-102-63.us-west-2.compute.internal    *           172.16.102.63,192.168.108.192    projectcalico-default-allow
"""  # noqa: E501  # the document's lines are as long as they are


def section() -> str:
    text = (ROOT / "README.md").read_text()
    return text.partition(f"{HEADING}\n")[2].partition("\n## ")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh clone, as far as the walk sees it."""
    shutil.copytree(ROOT / "fixtures" / "walk", tmp_path / "fixtures" / "walk")
    install(tmp_path)
    return tmp_path


def test_the_walk_prints_what_the_readme_shows(folder: Path) -> None:
    walk = list(steps(section()))
    assert len(walk) > 10
    for step in walk:
        assert_shown(run(step.command, folder), step)


def test_the_walk_shows_the_document_s_table() -> None:
    tables = [step.shown for step in steps(section()) if "get heps" in step.command]
    assert without_blanks(DOCUMENT_TABLE) in map(without_blanks, tables)
