"""Selectors as Calico v3.32.1's own packages parsed, printed, hashed, evaluated and indexed them.

A sample lies in the repository; the whole recording is asked where it is at hand. All disagreements of a
family are shown together.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from calico_selectors import InvalidSelector, Selector, normalise

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "fixtures" / "golden"
RECORDINGS = ROOT.parent / "shared" / "golden"
FAMILIES = ("handmade", "random-grammar", "random-mutated", "wild")
RESTRICTION_FAMILIES = ("handmade", "random-grammar", "restriction-grammar", "wild")
SHOWN = 20

Row: TypeAlias = Mapping[str, object]
at_hand = pytest.mark.skipif(not RECORDINGS.exists(), reason=f"the whole recording is not at hand: no {RECORDINGS}")


@cache
def sample(name: str) -> tuple[Row, ...]:
    lines = (SAMPLES / f"{name}-sample.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def recording(name: str) -> tuple[Row, ...]:
    with gzip.open(RECORDINGS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def parsed(text: object) -> Selector | None:
    assert isinstance(text, str)
    try:
        return Selector(text)
    except InvalidSelector:
        return None


def answers(row: Row) -> dict[str, object]:
    """Our own answers to the questions that a row of the first recording holds answers to."""
    selector = parsed(row["text"])
    asked = row["matches"]
    assert isinstance(asked, list)
    ours: dict[str, object] = {
        "valid": selector is not None,
        "canonical": None if selector is None else str(selector),
        "uniqueId": None if selector is None else selector.unique_id,
        "matches": [{**case, "match": selector.matches(case["labels"])} for case in asked if selector is not None],
    }
    if "normalised" in row:
        ours["normalised"] = normalise(str(row["text"]))
    if "prefixed" in row:
        ours["prefixed"] = None if selector is None else str(selector.prefixed("pcns."))
    return ours


def restriction_answers(row: Row) -> dict[str, object]:
    selector = Selector(str(row["text"]))
    return {
        "restrictions": {
            label: {
                "present": restriction.must_be_present,
                "absent": restriction.must_be_absent,
                "values": None if restriction.values is None else sorted(restriction.values),
            }
            for label, restriction in selector.restrictions.items()
        }
    }


def disagreements(rows: Iterator[Row]) -> list[str]:
    """What differs, row by row. There must be rows."""
    asked = [(row, restriction_answers(row) if "restrictions" in row else answers(row)) for row in rows]
    assert asked
    wrong = [
        f"{row['id']}: {row['text']!r}: {field}: recorded {row[field]!r}, answered {answer!r}"
        for row, ours in asked
        for field, answer in ours.items()
        if row[field] != answer
    ]
    return wrong[:SHOWN]


def of(family: str, rows: tuple[Row, ...]) -> Iterator[Row]:
    return (row for row in rows if row["family"] == family)


@pytest.mark.parametrize("family", FAMILIES)
def test_sample(family: str) -> None:
    assert disagreements(of(family, sample("selectors"))) == []


@pytest.mark.parametrize("family", RESTRICTION_FAMILIES)
def test_restrictions_sample(family: str) -> None:
    assert disagreements(of(family, sample("selector-restrictions"))) == []


def test_the_sample_has_both_outcomes() -> None:
    rows = sample("selectors")
    assert {(row["family"], row["valid"]) for row in rows} == {
        *((family, True) for family in FAMILIES),
        *((family, False) for family in FAMILIES if family != "random-grammar"),
    }


@at_hand
@pytest.mark.parametrize("family", FAMILIES)
def test_recording(family: str) -> None:
    assert disagreements(of(family, recording("selectors"))) == []


@at_hand
@pytest.mark.parametrize("family", RESTRICTION_FAMILIES)
def test_restrictions_recording(family: str) -> None:
    assert disagreements(of(family, recording("selector-restrictions"))) == []


@at_hand
def test_no_family_is_left_out() -> None:
    assert {row["family"] for row in recording("selectors")} == set(FAMILIES)
    assert {row["family"] for row in recording("selector-restrictions")} == set(RESTRICTION_FAMILIES)
