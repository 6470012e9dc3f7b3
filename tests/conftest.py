"""What tests of hostile input share: a command that is held to what every command keeps."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import sys
import time
from pathlib import Path

import pytest
import typer.main

from calico_engine import ManifestError
from calico_engine.manifests.documents import Document, read_document, split_documents
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import read_sources
from engine_support.shell import Result, Shell

# Two seconds is the aim; a busy machine needs some slack, and measuring coverage makes everything several times slower.
SECONDS = 5.0 if sys.gettrace() is None else 30.0
LONGEST_LINE = 20_000
QUESTION = ("203.0.113.7", "n1", "tcp/80")

# What tells programs that they write to a terminal or run in a CI: a test says itself where it runs.
for variable in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS", "NO_COLOR", "CLICOLOR", "COLUMNS"):
    os.environ.pop(variable, None)


class Command(Shell):
    """Holds each command to what every command keeps."""

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result:
        start = time.perf_counter()
        result = super().__call__(*arguments, stdin=stdin)
        seconds = time.perf_counter() - start
        shown = result.out + result.err
        assert "Traceback" not in shown
        assert "internal error" not in shown
        assert [character for character in shown if not character.isprintable() and character != "\n"] == []
        assert "json" in arguments or max(map(len, shown.splitlines()), default=0) < LONGEST_LINE
        assert seconds < SECONDS
        return result

    def examine(self, data: bytes) -> None:
        """Validate and ask about these bytes, in all ways: what is wrong is exit code 2, or 1 from validate."""
        file = self.folder / "m.yaml"
        file.write_bytes(data)
        valid = self("validate", "-f", str(file))
        as_json = self("validate", "-f", str(file), "-o", "json")
        assert valid.code == as_json.code
        assert valid.code in (0, 1, 2)
        assert bool(valid.err) is (valid.code == 2)
        if valid.code == 2:
            assert (valid.out, as_json.out) == ("", "")
        else:
            report = json.loads(as_json.out)
            assert report["valid"] is (valid.code == 0)
        asked = self("check", "-f", str(file), *QUESTION)
        if valid.code:
            assert asked.code == 2
        if asked.code == 2:
            assert asked.out == ""
            assert asked.err.startswith("error: ")
        self("check", "--stored", "-f", str(file), *QUESTION)
        nothing_lost(file)


_build = functools.cache(typer.main.get_command)


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    # Thousands of commands run here; building the command line anew for each would take longer than running it.
    monkeypatch.setattr(typer.main, "get_command", _build)
    return Command(tmp_path, capsys, monkeypatch)


def nothing_lost(file: Path) -> None:
    """Every line of a file is in a document, and every document has an object, an error or a warning to show for it."""
    sources, unreadable = read_sources([str(file)])
    if unreadable:
        return
    loaded = load(sources)
    remarks = (*loaded.errors, *loaded.warnings)
    documents = split_documents(sources[0])[0]
    told = {remark.document for remark in remarks} | {each.origin.document.index for each in loaded.objects}
    silent = [document.index for document in documents if document.index not in told and not _is_empty_list(document)]
    # One notice may stand for several documents; it then says for how many.
    numbers = [
        number for remark in remarks for number in re.findall(r"\((\d+) of them\)|and (\d+) more", remark.message)
    ]
    assert len(silent) <= sum(int(one or more) for one, more in numbers)
    _every_line_is_in_a_document(sources[0].text, documents, remarks)


def _is_empty_list(document: Document) -> bool:
    value = read_document(document)[0]
    return value == [] or (
        isinstance(value, dict) and str(value.get("kind")).endswith("List") and not value.get("items")
    )


def _every_line_is_in_a_document(text: str, documents: list[Document], remarks: tuple[ManifestError, ...]) -> None:
    left = [text[one.end : other.start] for one, other in itertools.pairwise(documents)]
    left += [text[: documents[0].start], text[documents[-1].end :]] if documents else [text]
    lines = [line.strip("\ufeff \t\r") for part in left for line in part.split("\n")]
    lost = [line for line in lines if line.strip("-") and not line.startswith("#")]
    told = [remark for remark in remarks if "thrown away" in remark.message or "loses" in remark.message]
    assert len(lost) <= len(told)
