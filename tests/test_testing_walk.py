"""`docs/testing.md`: every command of its evening is run, and must print what the document shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine_support.walks import ROOT, assert_shown, install, run, steps


def test_the_evening_prints_what_the_document_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis draws the same each time where it believes to be in a pipeline."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    install(tmp_path)
    walk = list(steps((ROOT / "docs" / "testing.md").read_text()))
    assert len(walk) > 10
    for step in walk:
        assert_shown(run(step.command, tmp_path, CI="true"), step)
