"""The published JSON Schema of files of cases: true of what is read, and of the same words as the structs."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml
from jsonschema import Draft202012Validator

from calico_engine.dataplane.outcomes import ReasonCode
from calico_engine.policytests.expectations import By
from calico_engine.policytests.suites import Case, LabelStep, ObjectName, PatchStep, PolicyTest, Question, Step
from calico_engine.resources.base import json_name

FIXTURES = Path(__file__).parent.parent / "fixtures" / "policytests"
SCHEMA: dict[str, Any] = json.loads(
    (resources.files("calico_engine") / "schemas" / "policytest.schema.json").read_text()
)
VALIDATOR = Draft202012Validator(SCHEMA)
OUTCOMES = yaml.safe_load((FIXTURES / "outcomes.yaml").read_text())
WRONG = yaml.safe_load((FIXTURES / "wrong-files.yaml").read_text())
#: What only the meaning of the words, or the words together, make wrong.
BEYOND = (
    *(": a question ", "'tcp/", "'icmp/", "is no selector", "the name of an earlier", "to except any from"),
    *("quote it", "outside: must be"),
    *("is no reason", "is required", "what is asked stands inside", "the list is never closed", "a value is missing"),
)


def quoted_on(text: str) -> str:
    """YAML's own readers take the key `on` for true."""
    return re.sub(r"(?<=[ {])on:", "'on':", text)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("struct", "schema"),
    [
        (PolicyTest, SCHEMA),
        (Case, SCHEMA["$defs"]["case"]),
        (Question, SCHEMA["$defs"]["question"]),
        (By, SCHEMA["$defs"]["by"]),
        (Step, SCHEMA["$defs"]["step"]),
        (ObjectName, SCHEMA["$defs"]["step"]["properties"]["delete"]),
        (PatchStep, SCHEMA["$defs"]["step"]["properties"]["patch"]),
        (LabelStep, SCHEMA["$defs"]["step"]["properties"]["label"]),
    ],
)
def test_it_has_the_fields_of_the_structs(struct: type, schema: Mapping[str, Any]) -> None:
    hints = get_type_hints(struct, include_extras=True)
    fields = {json_name(field.name, hints[field.name]) for field in dataclasses.fields(struct)}
    assert set(schema["properties"]) == fields


def test_it_knows_the_reasons() -> None:
    assert SCHEMA["$defs"]["by"]["properties"]["reason"]["examples"] == [code.value for code in ReasonCode]


def test_the_cases_of_the_tutorial_follow_it() -> None:
    text = (FIXTURES / "tutorial.policytest.yaml").read_text()
    VALIDATOR.validate(yaml.safe_load(quoted_on(text)))


@pytest.mark.parametrize("case", [row[0] for row in (*OUTCOMES["answered"], *OUTCOMES["not asked"])], ids=str)
def test_every_case_that_is_read_follows_it(case: Mapping[str, object]) -> None:
    if case.get("given") == [{"apply": 7}]:
        return  # read, and refused when the step is taken
    VALIDATOR.validate({"apiVersion": "calico-engine/v1", "kind": "PolicyTest", "cases": [case]})


@pytest.mark.parametrize("row", WRONG["files"], ids=lambda row: row["text"][:60])
def test_what_is_wrong_in_shape_does_not(row: Mapping[str, Any]) -> None:
    if any(word in error for error in row["errors"] for word in BEYOND):
        return
    documents = list(yaml.safe_load_all(quoted_on(WRONG["head"] + row["text"])))
    assert all(VALIDATOR.is_valid(document) for document in documents) is (row["errors"] == [])
