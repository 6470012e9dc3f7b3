"""Guards of the project's shape: source roots, names, documentation, doctests."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import calico_engine
import calico_selectors

ROOT = Path(__file__).parents[1]
CODE_FOLDERS = ("engine", "selectors", "tests", "bench", "fixtures")


def modules() -> list[str]:
    return [
        info.name
        for package in (calico_engine, calico_selectors)
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]


@pytest.mark.parametrize("folder", ["engine", "selectors", "tests"])
def test_a_source_root_is_no_package(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    taken = [name for name in modules() if name.rpartition(".")[2] in sys.stdlib_module_names]
    top = [path.stem for folder in ("tests", "bench") for path in (ROOT / folder).glob("*.py")]
    assert taken + [name for name in top if name in sys.stdlib_module_names] == []


@pytest.mark.parametrize("folder", [".", *CODE_FOLDERS])
def test_the_standard_library_is_not_shadowed(folder: str) -> None:
    code = "import asyncio, subprocess, selectors; selectors.DefaultSelector"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / folder, check=True)


@pytest.mark.parametrize("name", modules())
def test_doctests(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", modules())
def test_every_module_says_what_it_is(name: str) -> None:
    assert (importlib.import_module(name).__doc__ or "").strip()


def test_the_architecture_names_files_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = text.partition("## Where is …")[2].partition("## Decisions")[0]
    names = [part for line in table.splitlines() for part in line.split("`")[1::2] if part.endswith(".py")]
    assert names
    missing = []
    folder = ""
    for name in names:
        folder = name.rpartition("/")[0] or folder
        path = name if "/" in name else f"{folder}/{name}"
        if not (ROOT / "engine" / "calico_engine" / path).is_file():
            missing.append(name)
    assert missing == []


def test_the_public_names_are_there() -> None:
    for package in (calico_engine, calico_selectors):
        for name in package.__all__:
            assert getattr(package, name).__doc__
