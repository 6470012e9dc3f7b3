"""The forms in which `validate` tells what it found: GitHub's annotations, and what all forms have in common."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calico_engine.cli import run
from calico_engine.errors import ManifestError
from calico_engine.examination import examine_sources
from calico_engine.manifests.sources import Source
from calico_engine.reports.github import annotation_lines
from engine_support.findings import POLICY, WARNED, cases

# GitHub


def unescaped(text: str) -> str:
    for escape, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def command(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command taken apart as the runner does it."""
    head, _, message = line.removeprefix("::").partition("::")
    level, _, properties = head.partition(" ")
    pairs = (pair.partition("=") for pair in properties.split(",") if pair)
    return level, {key: unescaped(value) for key, _, value in pairs}, unescaped(message)


def test_annotation() -> None:
    found = examine_sources([Source("dir/p,1.yaml", POLICY)])
    assert [line.text for line in annotation_lines(found.errors, found.texts, "error")] == [
        "::error file=dir/p%2C1.yaml,line=7,endLine=7,col=13,endColumn=16,"
        "title=GlobalNetworkPolicy/p spec.ingress[0].action::"
        'must be Allow, Deny, Log or Pass, not "Alow"; did you mean "Allow"?',
        "::error file=dir/p%2C1.yaml,line=9,endLine=9,col=31,endColumn=35,"
        "title=GlobalNetworkPolicy/p spec.ingress[0].destination.ports[1]::port 99999 is not from 0 to 65535",
    ]


def test_annotations_say_all_of_a_finding() -> None:
    for case in cases():
        for level, findings in (("error", case.found.errors), ("warning", case.found.warnings)):
            lines = [line.text for line in annotation_lines(findings, case.found.texts, level)]
            assert len(lines) == len(findings)
            for line, finding in zip(lines, findings, strict=True):
                told, properties, message = command(line)
                assert "\n" not in line
                assert told == level
                assert properties.get("file") == (finding.file or None)
                assert properties.get("line") == (None if finding.line is None else str(finding.line))
                assert properties.get("title", "") == finding.subject
                assert message == finding.message


NASTY = {
    "percent": ("100%0A", "100%250A"),
    "line breaks": ("a\nb\r", "a\\nb\\r"),
    "commands": ("::set-output name=x::y", "::set-output name=x::y"),
    "escapes": ("\x1b[31m", "\\x1b[31m"),
}


@pytest.mark.parametrize("what", NASTY)
def test_nasty_texts_stay_within_their_annotation(what: str) -> None:
    text, message = NASTY[what]
    finding = ManifestError(f"{text},:.yaml", 1, 1, 1, "Tier", text, "a", text)
    (line,) = [line.text for line in annotation_lines([finding], {}, "error")]
    assert line.endswith(f"::{message}")
    level, properties, _ = command(line)
    assert (level, set(properties)) == ("error", {"file", "line", "col", "title"})
    assert line.isprintable()


def test_standard_input_is_no_file_of_the_repository() -> None:
    (line,) = annotation_lines([ManifestError("<stdin>", 1, 1, 1, message="no")], {}, "warning")
    assert line.text == "::warning line=1,col=1::no"


# The command


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "m.yaml").write_text(f"{POLICY}---\n{WARNED}")
    return str(tmp_path / "m.yaml")


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif"])
def test_every_form_has_the_same_findings_and_exit_code(
    output: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", "-o", output, "-f", file]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    found = examine_sources([Source(file, Path(file).read_text())])
    for finding in (*found.errors, *found.warnings):
        assert json.dumps(finding.message)[1:-1] in out or finding.message in out


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif"])
def test_unreadable_input_is_no_report(output: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "-o", output, "-f", file, "-f", "/no/such/file"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 3


@pytest.mark.parametrize("output", ["github", "sarif"])
def test_good_manifests(output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.yaml").write_text(POLICY.replace("Alow", "Allow").replace("99999", "99"))
    assert run(["validate", "-o", output, "-f", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out == "" if output == "github" else json.loads(out)["runs"][0]["results"] == []
