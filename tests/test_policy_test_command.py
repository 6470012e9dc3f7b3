"""`calico-engine test`: what each format shows of the same cases, exit codes, and what it makes of bad input."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
import yaml
from junitparser import JUnitXml

from engine_support.terminal import on_terminal

if TYPE_CHECKING:
    from tests.conftest import Command

FIXTURES = Path(__file__).parents[1] / "fixtures" / "policytest-reports"
EXPECTED = FIXTURES / "expected"
HEAD = "apiVersion: calico-engine/v1\nkind: PolicyTest\n"
SSH = "{from: 203.0.113.7, to: w1, service: ssh, expect: allow}"
STATUSES = ["passed", "passed", "failed", "failed", "error", "failed"]
#: The worst that a name can hold and YAML can write.
HOSTILE = "\x1b[31m\u202e\r\n\t\x00\x85\ufffe\u2028 ]]> <![CDATA[ # SKIP \\ ::error::%0A"


@pytest.fixture
def folder(command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two files of cases, in which the command is run."""
    for file in FIXTURES.glob("*.yaml"):
        shutil.copy(file, command.folder)
    monkeypatch.chdir(command.folder)
    return command.folder


# What each format shows


@pytest.mark.parametrize(
    ("name", "options"),
    [("text", []), ("verbose", ["-v"]), ("github", ["-o", "github"]), ("tap", ["-o", "tap"])],
)
def test_what_is_printed(name: str, options: Sequence[str], folder: Path, command: Command) -> None:
    done = command("test", *options)
    assert (done.code, done.err) == (1, "")
    assert done.out == (EXPECTED / name).read_text()


def test_on_a_terminal_the_lines_are_coloured(folder: Path) -> None:
    shown = on_terminal(["test", "-k", "HALF"]).decode()
    assert "\x1b[31m  ✗ customers of the other half" in shown
    assert "\x1b[31m0 passed, 1 failed: 1 question in 1 file" in shown


def test_json(folder: Path, command: Command) -> None:
    report = command("test", "-o", "json").json
    assert report["passed"] is False
    totals = {"files": 2, "cases": 6, "passed": 2, "failed": 3, "errors": 1, "questions": 83}
    assert report["totals"] == totals
    cases = report["cases"]
    assert isinstance(cases, list)
    assert [case["status"] for case in cases] == STATUSES
    assert [(case["file"], case["line"]) for case in cases[1:3]] == [
        ("a.policytest.yaml", 10),
        ("b.policytest.yaml", 5),
    ]
    never = cases[2]
    assert sum(difference["questions"] for difference in never["differences"]) == never["failed"] == 28
    assert never["differences"][0]["about"] == "198.51.100.0/25 → w1 tcp/80"
    assert never["differences"][0]["answer"]["decidedBy"]["policy"]["name"] == "web"


@pytest.mark.parametrize("verbose", [False, True])
def test_json_has_traces_only_if_they_are_wanted(verbose: bool, folder: Path, command: Command) -> None:
    cases = command("test", "-o", "json", *(["-v"] if verbose else [])).json["cases"]
    assert isinstance(cases, list)
    traced = [["trace" in difference["answer"] for difference in case["differences"]] for case in cases]
    assert all(any(each) is (verbose and bool(each)) and not any(each[1:]) for each in traced)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute passes from case to case; the first takes one second, each two seconds more than the one before."""
    minutes, seconds = count(1767225600.0, 60.0), accumulate(count())
    clock = SimpleNamespace(time=lambda: next(minutes), perf_counter=lambda: float(next(seconds)))
    monkeypatch.setattr("calico_engine.policytests.running.time", clock)


@pytest.mark.usefixtures("clock")
def test_junit(folder: Path, command: Command) -> None:
    command("test", "--junit", "report.xml")
    text = (folder / "report.xml").read_text()
    assert text == (EXPECTED / "junit.xml").read_text()
    report = JUnitXml.fromstring(text)
    assert (report.tests, report.failures, report.errors) == (6, 3, 1)
    suites = list(report)
    assert [(suite.name, suite.tests, suite.failures, suite.errors) for suite in suites] == [
        ("a.policytest.yaml", 2, 0, 0),
        ("b.policytest.yaml", 4, 3, 1),
    ]
    assert [[case.time for case in suite] for suite in suites] == [[1, 3], [5, 7, 9, 11]]
    assert [(suite.time, suite.timestamp) for suite in suites] == [
        (4, "2026-01-01T00:00:00"),
        (32, "2026-01-01T00:02:00"),
    ]
    assert report.time == 36
    problems = [case.result for suite in suites for case in suite]
    assert [problem[0].type if problem else "passed" for problem in problems] == STATUSES


#: What the readers of JUnit's XML know: element → (attributes that it has, what stands in it).
JUNIT: Mapping[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "time", "timestamp"}, {"testcase"}),
    "testcase": ({"classname", "name", "time"}, {"failure", "error"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
}


def test_junit_has_no_element_and_no_attribute_that_its_readers_do_not_know(folder: Path, command: Command) -> None:
    """And real times, of which the text shows nothing."""
    shown = command("test").out
    assert command("test", "--junit", "report.xml").out == shown
    root = ElementTree.parse(folder / "report.xml").getroot()
    for element in root.iter():
        attributes, inside = JUNIT[element.tag]
        assert set(element.attrib) == attributes
        assert {child.tag for child in element} <= inside
    for whole in root.iter("testsuite"):
        parts = [float(case.attrib["time"]) for case in whole]
        assert min(parts) >= 0
        assert float(whole.attrib["time"]) == pytest.approx(sum(parts), abs=1e-5)
    assert float(root.attrib["time"]) > 0


def test_tap_blocks_are_yaml(folder: Path, command: Command) -> None:
    blocks = list(tap_blocks(command("test", "-o", "tap").out))
    assert [block["severity"] for block in blocks] == ["fail", "fail", "error", "fail"]
    assert blocks[1]["at"] == {"file": "b.policytest.yaml", "line": 7}


def tap_blocks(text: str) -> Iterator[dict[str, object]]:
    for part in text.split("\n  ---\n")[1:]:
        yield yaml.safe_load(part.partition("\n  ...\n")[0])


# Which cases are run, of what


def test_all_passed(folder: Path, command: Command) -> None:
    done = command("test", "a.policytest.yaml")
    assert (done.code, done.out.splitlines()[-1]) == (0, "2 passed: 5 questions in 1 file")


def test_keyword(folder: Path, command: Command) -> None:
    done = command("test", "-k", "CUSTOMERS")
    assert done.code == 1
    assert [line[:4] for line in done.out.splitlines() if line.startswith("  ") and line[2] in "✓✗!"] == [
        "  ✓ ",
        "  ✗ ",
    ]
    assert done.out.splitlines()[-1] == "1 passed, 1 failed: 5 questions in 2 files"


def test_manifests_of_no_case_that_is_run_are_not_read(folder: Path, command: Command) -> None:
    command.file(f"{HEAD}manifests: [nowhere.yaml]\ncases: [{SSH}]\n", "c.policytest.yaml")
    assert command("test", "-k", "customers reach").code == 0
    assert command("test").code == 2


def test_other_manifests(folder: Path, command: Command) -> None:
    """`-f` takes the place of what the files name; `-R` reads its sub-folders."""
    command.file((folder / "web.yaml").read_text().replace("w1", "w3"), "other/deep/web.yaml")
    done = command("test", "-k", "not there", "-f", "other", "-R")
    assert (done.code, done.out.splitlines()[-1]) == (0, "1 passed: 1 question in 1 file")
    assert command("test", "-k", "not there", "-f", "other").code == 2


def test_manifests_on_standard_input(folder: Path, command: Command) -> None:
    done = command("test", "a.policytest.yaml", "-f", "-", stdin=(folder / "web.yaml").read_bytes())
    assert done.code == 0


def test_a_file_is_run_once(folder: Path, command: Command) -> None:
    (folder / "link.policytest.yaml").symlink_to("a.policytest.yaml")
    assert command("test", "a.policytest.yaml", ".", "-k", "customers reach").out.count("customers reach") == 1


# Bad input


def test_everything_wrong_in_all_files_is_said_at_once(folder: Path, command: Command) -> None:
    command.file(f"{HEAD}cases: [{SSH}]\n", "c.policytest.yaml")
    command.file(f"{HEAD}manifests: [bad.yaml]\ncases: [{SSH}]\n", "d.policytest.yaml")
    command.file(f"{HEAD}manifests: [bad.yaml, web.yaml]\ncases: [{SSH}]\n", "e.policytest.yaml")
    command.file(f"{HEAD}cases:\n- {{expect: allow}}\n- {{never: {{}}}}\n", "f.policytest.yaml")
    command.file("apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: x}\n", "bad.yaml")
    done = command("test", ".", "nowhere", "empty.policytest.yaml")
    assert (done.code, done.out) == (2, "")
    assert [line.partition(": ")[2].split(":")[0] for line in done.err.splitlines()] == [
        *("bad.yaml", "c.policytest.yaml", "empty.policytest.yaml"),
        *["f.policytest.yaml"] * 4,
        "nowhere",
    ]
    assert command("test", ".", "-o", "json").out == ""


def test_on_a_terminal_the_place_is_shown(folder: Path, command: Command) -> None:
    command.file(f"{HEAD}cases:\n- {{name: a, never: 7}}\n", "c.policytest.yaml")
    shown = on_terminal(["test", "c.policytest.yaml"], NO_COLOR="1").decode().splitlines()
    assert [line.rstrip() for line in shown[2:5]] == [
        "  3 | cases:",
        "  4 | - {name: a, never: 7}",
        "    |                    ^",
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("-k", "nothing like it"), "none of 6 cases has 'nothing like it' in its name"),
        (("nowhere.policytest.yaml",), "nowhere.policytest.yaml: no such file or folder"),
        (("empty",), "empty: no file named *.policytest.yaml in this folder"),
        (("--junit", "empty"), "empty: Is a directory"),
        (("--junit", "nowhere/report.xml"), "nowhere/report.xml: No such file or directory"),
        (("--junit", "a\0b"), r"a\x00b: no file can have this name"),
        (("--watch", "-f", "-"), "--watch needs files: standard input can be read once only"),
    ],
)
def test_what_cannot_be_done(arguments: Sequence[str], error: str, folder: Path, command: Command) -> None:
    (folder / "empty").mkdir()
    done = command("test", *arguments)
    assert (done.code, done.out, done.err) == (2, "", f"error: {error}\n")


def test_a_step_that_cannot_be_taken_is_the_error_of_its_case(folder: Path, command: Command) -> None:
    steps = "given: [{apply: nowhere.yaml}], from: 203.0.113.7, to: w1, service: ssh, expect: allow"
    command.file(f"{HEAD}manifests: [web.yaml]\ncases: [{{{steps}}}, {SSH}]\n", "c.policytest.yaml")
    done = command("test", "c.policytest.yaml")
    assert done.code == 1
    assert done.out.splitlines()[1:] == [
        "  ! case 1 (line 4)  (c.policytest.yaml:4)",
        "      nowhere.yaml: no such file or folder",
        "  ✓ case 2 (line 4)",
        "1 passed, 1 error: 1 question in 1 file",
    ]


# Made to break it


@pytest.mark.parametrize("output", ["text", "json", "github", "tap"])
def test_hostile_names(output: str, folder: Path, command: Command) -> None:
    """Nothing of a name reaches a terminal as it is, and every format stays one that its readers can read."""
    cases = [{"name": HOSTILE, "from": "203.0.113.7", "to": "w1", "service": "ssh", "expect": "deny"}]
    cases += [{"name": f"{HOSTILE}2", "from": HOSTILE, "to": "w1", "service": "ssh", "expect": "deny"}]
    test = {"apiVersion": "calico-engine/v1", "kind": "PolicyTest", "manifests": ["web.yaml"], "cases": cases}
    name = os.fsdecode(b"\xff\x1b<&>,:\xe2\x80\xae.policytest.json")
    (folder / name).write_text(json.dumps(test))
    done = command("test", name, "-o", output, "--junit", "report.xml")
    assert done.code == 1
    assert [len(suite) for suite in JUnitXml.fromfile(str(folder / "report.xml"))] == [2]
    lines = done.out.splitlines()
    if output == "json":
        assert [case["name"] for case in json.loads(done.out)["cases"]] == [HOSTILE, f"{HOSTILE}2"]
    elif output == "github":
        assert [line.startswith("::error file=") for line in lines] == [True, True, False]
    elif output == "tap":
        points = [line for line in lines if line.startswith("not ok")]
        assert [("\\# SKIP" in point, " #" in point) for point in points] == [(True, False)] * 2
        assert len(list(tap_blocks(done.out))) == 2


def test_one_case_with_thousands_of_failures(folder: Path, command: Command) -> None:
    """They are counted, and a handful of them shown, in few lines."""
    ports = ", ".join(str(port) for port in range(1001, 9001, 2))
    rule = f"{{action: Allow, protocol: TCP, destination: {{ports: [{ports}]}}}}"
    policy = f"kind: GlobalNetworkPolicy\nmetadata: {{name: comb}}\nspec: {{selector: all(), ingress: [{rule}]}}\n"
    command.file(f"apiVersion: projectcalico.org/v3\n{policy}", "comb.yaml")
    case = "{from: 203.0.113.7, to: w1, service: tcp/1001-9000, except: [tcp/2379-2380, tcp/5473, tcp/6443, tcp/6666-6667], "
    command.file(f"{HEAD}manifests: [web.yaml, comb.yaml]\ncases: [{case}expect: deny}}]\n", "c.policytest.yaml")
    done = command("test", "c.policytest.yaml")
    assert done.code == 1
    assert len(done.out.splitlines()) < 80
    shown = [line for line in done.out.splitlines() if "203.0.113.7 → w1 tcp/1001, tcp/1003" in line]
    assert f"… and {3996 - shown[0].count('tcp/')} more questions" in done.out


def test_a_thousand_cases_that_fail(folder: Path, command: Command) -> None:
    cases = "".join(
        f"- {{name: case {n}, from: 203.0.113.7, to: w1, service: tcp/{n}, expect: allow}}\n" for n in range(1000, 2000)
    )
    command.file(f"{HEAD}manifests: [web.yaml]\ncases:\n{cases}", "c.policytest.yaml")
    done = command("test", "c.policytest.yaml")
    assert done.out.count("Assumed:") == 10
    assert len(done.out.splitlines()) < 10 * 20 + 1000 * 3 + 3
    assert done.out.splitlines()[-2:] == [
        "only the first 10 that did not pass are explained: -v explains all",
        "0 passed, 1000 failed: 1000 questions in 1 file",
    ]
