"""Manifests that people have published, and calicoctl's verdict on each. They are read where they lie."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from calico_engine.errors import ManifestError
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source, read_sources

COLLECTION = Path(__file__).parents[2] / "shared" / "real-manifests"
CRD_OBJECTS = "and/or version (crd.projectcalico.org/v1)"
MAX_SECONDS = 1.0

pytestmark = pytest.mark.skipif(not COLLECTION.exists(), reason=f"the collection is not at hand: no {COLLECTION}")


def _files() -> Iterator[tuple[Path, dict[str, str]]]:
    """Files and what calicoctl said; without one are those whose licence does not allow to pass them on."""
    with (COLLECTION / "INDEX.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            path = COLLECTION / row["file"]
            if row["file"] and path.is_file():
                yield path, row


def _is_meant(errors: str) -> bool:
    """Objects of Calico's own CRDs are read here, where calicoctl does not know them."""
    return CRD_OBJECTS in errors


def _errors(sources: list[Source]) -> list[ManifestError]:
    return load(sources).errors


def test_files_are_accepted_and_refused_as_by_calicoctl() -> None:
    wrong, asked = [], 0
    for path, row in _files():
        asked += 1
        sources, unreadable = read_sources([path])
        errors = unreadable + _errors(sources)
        if bool(errors) is (row["accepted"] == "yes") and not _is_meant(row["errors"]):
            wrong.append(f"{path.name}: {row['accepted']} {row['errors'][:200]}, not {[str(e) for e in errors]}")
    assert asked > 40
    assert wrong == []


def test_documents_are_accepted_and_refused_as_by_calicoctl() -> None:
    wrong, asked = [], 0
    for line in (COLLECTION / "documents.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.get("text") is None or _is_meant(str(row["errors"])):
            continue
        asked += 1
        errors = _errors([Source(row["file"], row["text"])])
        if bool(errors) is row["accepted"]:
            wrong.append(f"{row['file']} {row['index']}: {row['errors']}, not {[str(error) for error in errors]}")
    assert asked
    assert wrong == []


def test_each_error_names_its_place_and_none_takes_long() -> None:
    for path, _ in _files():
        began = time.perf_counter()
        errors = _errors(read_sources([path])[0])
        assert time.perf_counter() - began < MAX_SECONDS, path
        assert all(error.line and error.column and error.message for error in errors), path


@pytest.mark.parametrize("word", ["INSERT_IP_HERE", "<your etcd ports>", "<name of endpoint>"])
def test_placeholders_are_recognised(word: str) -> None:
    said = [
        error.message for path, row in _files() if word in row["errors"] for error in _errors(read_sources([path])[0])
    ]
    assert any("placeholder" in message for message in said)
