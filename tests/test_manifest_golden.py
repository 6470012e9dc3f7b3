"""What calicoctl v3.32.1 read of thousands of files, against the values read here.

A sample lies in the repository; the whole recording is asked where it is at hand. Typed decoding is not done here, so a
value agrees with the recorded object if it becomes that by the decoder's rules: text of scalars, field names in any case,
null for what was not given.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from calico_engine.errors import ManifestError
from calico_engine.manifests.documents import read_document, split_documents
from calico_engine.manifests.go_numbers import go_float32_text
from calico_engine.manifests.sources import Source

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "fixtures" / "manifests" / "validation-load-sample.jsonl"
GOLDEN = ROOT.parent / "shared" / "golden"
READ_FAMILIES = {"yaml-scalars", "yaml-syntax", "yaml-json", "yaml-documents", "yaml-lists", "load"}
SHOWN = 10

Row = Mapping[str, object]
at_hand = pytest.mark.skipif(not GOLDEN.exists(), reason=f"the whole recording is not at hand: no {GOLDEN}")


def sample() -> list[Row]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def recording(name: str) -> list[Row]:
    with gzip.open(GOLDEN / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read(row: Row) -> tuple[list[object], list[ManifestError]]:
    documents, errors, _ = split_documents(Source("f.yaml", str(row["yaml"])))
    values: list[object] = []
    for document in documents:
        value, its_errors, _ = read_document(document)
        values.append(value)
        errors += its_errors
    return values, errors


def is_syntax_error(row: Row) -> bool:
    messages = row["errors"]
    assert isinstance(messages, list)
    return row["phase"] == "load" and any("error converting YAML to JSON" in message for message in messages)


# What calicoctl loses silently is an error here, and with it a document that only then comes to be read.
SAID_OF_LOST_TEXT = ("calicoctl loses the document", "text after the end of the document")


def is_lost_text(errors: Iterable[ManifestError]) -> bool:
    return any(error.message.startswith(SAID_OF_LOST_TEXT) for error in errors)


def wrong_refusals(rows: Iterable[Row]) -> list[tuple[object, object, list[str]]]:
    wrong = []
    for row in rows:
        _, errors = read(row)
        # calicoctl stops at the first error of a file, which hides the syntax errors behind it.
        excused = is_lost_text(errors) or row["phase"] == "load"
        if bool(errors) != is_syntax_error(row) and not (errors and excused):
            wrong.append((row["id"], row["errors"], [str(error) for error in errors]))
    return wrong


def as_text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return go_float32_text(value) if isinstance(value, float) else str(value)


def differences(ours: object, recorded: object) -> list[tuple[object, object]]:
    """Pairs of values that no rule of the decoder makes equal; a stack, since values may be deep."""
    found: list[tuple[object, object]] = []
    pairs = [(ours, recorded)]
    while pairs:
        left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            pairs.extend(fields(left, right))
        elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
            pairs.extend(zip(left, right, strict=True))
        elif not scalar_agrees(left, right):
            found.append((left, right))
    return found


def fields(left: Mapping[str, object], right: Mapping[str, object]) -> Iterable[tuple[object, object]]:
    folded = {key.lower(): value for key, value in right.items()}
    spellings = [key.lower() for key in left]
    for key, value in left.items():
        if key in right:
            yield value, right[key]
        elif spellings.count(key.lower()) == 1 and not is_zero(value):
            yield value, folded.get(key.lower())


def is_zero(value: object) -> bool:
    return value in (None, "", 0, False) or (isinstance(value, dict | list) and all(map(is_zero, value_of(value))))


def value_of(value: dict[str, object] | list[object]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


def scalar_agrees(left: object, right: object) -> bool:
    if left is None:
        return right in (None, "", 0, False) or isinstance(right, dict | list)
    if isinstance(right, str):
        return not isinstance(left, dict | list) and as_text(left) == right
    if type(right) in (int, float) and not isinstance(left, bool):
        # A port or a protocol may be given as text, and a number field has 64 bits of a float.
        return left == right or (isinstance(left, str) and int(left) == right) or float(str(left)) == float(str(right))
    return left == right


def wrong_values(rows: Iterable[Row]) -> list[tuple[object, object]]:
    wrong: list[tuple[object, object]] = []
    for row in rows:
        values, errors = read(row)
        objects = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
        if row.get("loaded") is not None and not errors and (found := differences(objects, row["loaded"])):
            wrong.append((row["id"], found))
    return wrong


def test_the_sample_holds_refusals_and_values() -> None:
    rows = sample()
    assert sum(map(is_syntax_error, rows)) > 20
    assert sum(row["loaded"] is not None for row in rows) > 100


def test_the_sample_is_refused_where_calicoctl_refuses() -> None:
    assert not wrong_refusals(sample())[:SHOWN]


def test_the_sample_has_the_values_that_calicoctl_read() -> None:
    assert not wrong_values(sample())[:SHOWN]


def test_lost_text_is_found_in_the_sample() -> None:
    assert sum(is_lost_text(read(row)[1]) for row in sample()) > 1


@at_hand
@pytest.mark.parametrize("name", ["validation.jsonl.gz", "upstream-manifests.jsonl.gz"])
def test_every_recorded_file_is_refused_where_calicoctl_refuses(name: str) -> None:
    rows = recording(name)
    wrong = wrong_refusals(rows)
    assert not wrong[:SHOWN], f"{len(wrong)} of {len(rows)}"


@at_hand
def test_every_recorded_file_has_the_values_that_calicoctl_read() -> None:
    rows = [row for row in recording("validation.jsonl.gz") if row["family"] in READ_FAMILIES]
    wrong = wrong_values(rows)
    assert len(rows) > 1_000
    assert not wrong[:SHOWN], f"{len(wrong)} of {len(rows)}"
