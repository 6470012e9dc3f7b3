"""The shipped parse tables are those of the grammar, and the grammar is Lark's business."""

from __future__ import annotations

import doctest
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import calico_selectors
from calico_selectors import shipped_tables
from calico_selectors.lark_tables import build, shipped_text
from calico_selectors.shipped_tables import load
from calico_selectors.tables import GRAMMAR as FILE
from calico_selectors.tables import SHIPPED

GRAMMAR = FILE.read_text(encoding="utf-8")


def test_the_shipped_tables_are_up_to_date() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == shipped_text(GRAMMAR), (
        "the grammar has changed: run python -m calico_selectors.lark_tables"
    )


def test_what_is_loaded_is_what_lark_makes() -> None:
    assert load() == build(GRAMMAR)


def test_an_edited_grammar_holds_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = GRAMMAR.replace('"has("', '"exists("')
    (tmp_path / "grammar.lark").write_text(edited, encoding="utf-8")
    monkeypatch.setattr(shipped_tables, "GRAMMAR", tmp_path / "grammar.lark")
    assert "exists(" in load().terminals


def test_lark_is_not_needed_for_the_grammar_as_it_is_shipped() -> None:
    program = "import sys; from calico_selectors import Selector; Selector('has(a)'); print('lark' in sys.modules)"
    path = str(Path(calico_selectors.__file__).parents[1])
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env={"PYTHONPATH": path}
    ).stdout
    assert output == "False\n"


@pytest.mark.parametrize("module", [module.name for module in pkgutil.iter_modules(calico_selectors.__path__)])
def test_examples_in_docstrings(module: str) -> None:
    assert doctest.testmod(import_module(f"calico_selectors.{module}")).failed == 0
