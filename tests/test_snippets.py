"""Findings on a terminal: where a value ends, and the snippet with a caret under it.

Most of it is laws over the findings of a sample of recorded files: whatever is found is shown whole and safely.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from calico_engine.cli import run
from calico_engine.errors import ManifestError
from calico_engine.examination import examine_sources
from calico_engine.manifests.sources import Source
from calico_engine.reports.places import extent, lines_of, span_of
from calico_engine.reports.snippets import finding_views
from engine_support.findings import POLICY, WARNED, Case, cases
from engine_support.terminal import on_terminal as on_any_terminal

WIDTHS = (20, 40, 80, 200)


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
    """What a terminal of 100 columns gets; standard input is none."""
    return on_any_terminal(arguments, stdin, **{"COLUMNS": "100", "NO_COLOR": "", **environment})


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
