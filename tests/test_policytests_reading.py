"""Files of cases: what is said of wrong ones, and which files are found."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from calico_engine import InvalidManifest
from calico_engine.manifests.sources import Source
from calico_engine.policytests.reading import find_files, read_suites, suites_of

FIXTURES = Path(__file__).parent.parent / "fixtures" / "policytests"
TABLE = yaml.safe_load((FIXTURES / "wrong-files.yaml").read_text())


def errors_of(text: str) -> list[str]:
    try:
        suites_of([Source("t", text)])
    except InvalidManifest as found:
        return [str(error).removeprefix("t:") for error in found.errors]
    return []


@pytest.mark.parametrize("row", TABLE["files"], ids=lambda row: row["text"][:60])
def test_everything_wrong_is_said_with_its_place(row: dict[str, object]) -> None:
    assert errors_of(TABLE["head"] + str(row["text"]) + "\n") == row["errors"]


@pytest.mark.parametrize(
    "value", ["null", "7", "text", "[]", "[[]]", "{cases: 7}", "{cases: [7]}", "{cases: [{by: {}}]}"]
)
def test_anything_else_is_refused_too(value: str) -> None:
    assert errors_of(value) != []


def test_a_key_on_is_the_word_and_not_true() -> None:
    text = (
        TABLE["head"]
        + "cases:\n- {from: a, on: b, service: ssh, expect: allow}\n- never: {to: a, on: b, service: ssh}\n"
    )
    (suite,) = suites_of([Source("t", text)])
    assert [[party.name for party in case.question.on] for case in suite.test.cases] == [["b"], ["b"]]  # type: ignore[union-attr]


def test_of_folders_the_files_with_cases_are_found_at_any_depth(tmp_path: Path) -> None:
    for name in ("b.policytest.yaml", "a/c.policytest.json", "a/d.PolicyTest.yml", "a/policy.yaml", "policytest.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = [Path(file).relative_to(tmp_path).as_posix() for file in find_files([tmp_path])]
    assert found == ["a/c.policytest.json", "b.policytest.yaml"]


def test_a_file_may_have_any_name_and_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(TABLE["head"] + TABLE["files"][0]["text"])
    assert [suite.file for suite in read_suites([file, file])] == [str(file)]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidManifest, match="no file named"):
        read_suites([tmp_path])
    with pytest.raises(InvalidManifest, match="no such file"):
        read_suites([tmp_path / "x.yaml"])
