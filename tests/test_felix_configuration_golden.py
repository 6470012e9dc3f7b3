"""Recorded answers of Felix v3.32.1's own code: effective parameters, refusals, and the text that objects become.

A sample is committed; the whole recording is read where it lies beside the project.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from calico_engine.configuration import FelixObject, effective_configuration
from calico_engine.configuration.findings import Level
from calico_engine.configuration.objects import applied_objects
from calico_engine.errors import InvalidConfiguration

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "fixtures" / "golden" / "felix-config-sample.jsonl"
RECORDING = ROOT.parent / "shared" / "golden" / "felix-config.jsonl.gz"
NODE = "n1"
LEVELS = {"default": Level.GLOBAL, "selector": Level.SELECTOR, "node": Level.NODE}

Row = Mapping[str, Any]


def objects_of(row: Row) -> tuple[FelixObject, ...]:
    return tuple(
        FelixObject(
            document["metadata"]["name"],
            document["metadata"].get("annotations", {}),
            document["spec"],
            document["metadata"].get("creationTimestamp"),
        )
        for document in row["input"].get("objects", ())
    )


def answer(row: Row) -> Mapping[str, object] | None:
    """The parameters that the row asks for; None where Felix would not start."""
    given = row["input"]
    try:
        felix = effective_configuration(
            NODE,
            given.get("nodeLabels"),
            objects_of(row),
            environment=given.get("environment"),
            config_file=given.get("configFile"),
        )
    except InvalidConfiguration:
        return None
    parameters = felix.parameters
    return {name: parameters[name] for name in given["ask"]}


def object_texts(row: Row) -> Mapping[str, Mapping[str, str]]:
    """What the objects become, per level.

    Felix drops an empty text of `default` and `node.NAME` on arrival (config_batcher.go: OnUpdate sees no change from
    "nothing"); of a selector-scoped object it keeps it until the text is parsed, with the same effect.
    """
    settings = applied_objects(NODE, row["input"].get("nodeLabels"), objects_of(row)).settings
    texts = {
        name: {setting.name: setting.text for setting in settings.get(level, ()) if setting.text or name == "selector"}
        for name, level in LEVELS.items()
    }
    return {name: text for name, text in texts.items() if text}


def disagreements(rows: Iterable[Row]) -> list[str]:
    found = []
    for row in rows:
        if (ours := answer(row)) != row["parsed"]:
            found.append(f"{row['id']}: {ours} is not {row['parsed']} ({row['error']})")
        # Felix reads its objects last: the text is recorded only where it got that far.
        reached = "text" in row or row["parsed"] is not None
        if reached and (texts := object_texts(row)) != row.get("text", {}):
            found.append(f"{row['id']}: text {texts} is not {row.get('text')}")
    return found


def read_sample() -> list[Row]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def test_the_sample_covers_every_family_and_both_outcomes() -> None:
    rows = read_sample()
    families = {row["family"] for row in rows}
    assert len(families) == 8
    assert len(rows) >= 100
    assert any(row["parsed"] is None for row in rows)
    assert any(row.get("panic") for row in rows)


def test_sample() -> None:
    assert disagreements(read_sample()) == []


@pytest.mark.skipif(not RECORDING.exists(), reason=f"the whole recording is not at {RECORDING}; the sample was checked")
def test_whole_recording() -> None:
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) > 500
    assert disagreements(rows) == []
