"""`validate --calicoctl` refuses what calicoctl v3.32.1 refuses, and without the switch only what is documented differs.

A sample of recorded files lies in the repository; the whole recording is asked where it is at hand. The documented
differences are the rows of the table in docs/decisions.md, here with the words by which a finding belongs to one.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from calico_engine.cli import run
from calico_engine.errors import ManifestError
from calico_engine.examination import Examination, examine_sources
from calico_engine.manifests.calicoctl import refusals
from calico_engine.manifests.sources import Source

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "fixtures" / "golden" / "validation-sample.jsonl"
TABLE = ROOT / "docs" / "decisions.md"
RECORDINGS = ROOT.parent / "shared" / "golden"
SHOWN = 20

Row = Mapping[str, object]

#: Question of the table → the words of the findings that are errors on one side only.
ONLY_HERE = {
    "text that calicoctl loses": "calicoctl loses the document|text after the end of the document",
    "an object given twice": "is given more than once",
    "failsafe ports with which Felix does not start": "^Felix would not start",
    "a protocol's number on an endpoint's port": "^Felix ignores an endpoint with a number here",
    "a quote in a service account's name": "^a quote in the name makes Felix drop serviceAccounts",
}
ONLY_THERE = {
    "documents of blank lines and comments only": "^a document of blank lines and comments only",
    "`kind: List`": '^calicoctl does not know the kind "List"',
    "kinds that are not Calico's": '^calicoctl does not know the (kind "(?!List")|apiVersion ".*k8s.io)',
    "`crd.projectcalico.org/v1` and `calico-engine/v1`": '^calicoctl does not know the (apiVersion "crd|kind "Host")',
    "the spec of BGPPeer, BGPFilter and IPReservation": "^unknown field",
}

#: What the table says to differ and no recorded file has.
NOT_RECORDED = {"a quote in a service account's name", "`kind: List`"}


def sample() -> tuple[Row, ...]:
    return tuple(json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines())


@cache
def recording(name: str) -> tuple[Row, ...]:
    with gzip.open(RECORDINGS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


at_hand = pytest.mark.skipif(not RECORDINGS.exists(), reason=f"the whole recording is not at hand: no {RECORDINGS}")


def source(row: Row) -> Source:
    return Source("file.yaml", str(row["yaml"]))


def check_switch(rows: Iterable[Row]) -> None:
    """Accepted and refused as recorded, save where calicoctl crashed."""
    wrong = []
    for row in rows:
        errors = refusals([source(row)])
        if bool(errors) is row["accepted"] and row["phase"] != "panic":
            wrong.append((row["id"], row["errors"], [str(error) for error in errors]))
    assert not wrong, f"{len(wrong)} files disagree, among them {wrong[:SHOWN]}"


def test_switch_on_the_sample() -> None:
    check_switch(sample())


@at_hand
@pytest.mark.parametrize("name", ["validation", "upstream-manifests"])
def test_switch_on_the_recording(name: str) -> None:
    check_switch(recording(name))


def decided(row: Row, errors: Iterable[ManifestError]) -> set[str] | None:
    """The questions that the difference to the recorded verdict is about; None if one is not in the table."""
    if row["phase"] == "panic":
        return {"where calicoctl crashes"}
    words = ONLY_HERE if row["accepted"] else ONLY_THERE
    answers = refusals([source(row)]) if not row["accepted"] else errors
    found = set()
    for error in answers:
        names = {name for name, pattern in words.items() if re.search(pattern, error.message)}
        if not names and not row["accepted"]:
            return None
        found |= names
    return found or None


def differences(rows: Iterable[Row]) -> Iterator[tuple[Row, set[str] | None]]:
    """The files that are judged otherwise than by calicoctl, and why."""
    for row in rows:
        errors = examine_sources([source(row)]).errors
        if bool(errors) is row["accepted"] or row["phase"] == "panic":
            yield row, decided(row, errors)


def check_differences(rows: Iterable[Row]) -> set[str]:
    found = list(differences(rows))
    undecided = [row["id"] for row, questions in found if questions is None]
    assert not undecided, f"{len(undecided)} files differ without a decision: {undecided[:SHOWN]}"
    return {question for _, questions in found for question in questions or ()}


def test_differences_on_the_sample_are_decided() -> None:
    assert check_differences(sample()) <= set(switches())


@at_hand
def test_differences_on_the_recording_are_decided() -> None:
    """And what the table says to differ does."""
    found = check_differences([*recording("validation"), *recording("upstream-manifests")])
    assert found | NOT_RECORDED == {*ONLY_HERE, *ONLY_THERE, "where calicoctl crashes"}


def switches() -> dict[str, str]:
    """Question → switch, from the table."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[0] == ["question", "calicoctl", "here", "switch"]
    assert all(len(row) == 4 and all(row) for row in rows), "four cells in each row"
    questions = [row[0] for row in rows[2:]]
    assert len(set(questions)) == len(questions)
    return {row[0]: row[3] for row in rows[2:]}


def test_table_and_test_agree_on_what_the_switch_restores() -> None:
    restored = {question for question, switch in switches().items() if switch == "`--calicoctl`"}
    assert restored == {*ONLY_HERE, *ONLY_THERE}
    assert {"none", "–", "`--calicoctl`"} == set(switches().values())


TIER = "{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: %s}, spec: {order: 1}}\n"
FRAME = "apiVersion: projectcalico.org/v3\nkind: %s\nmetadata: {name: default}\nspec: %s\n"
POLICY = FRAME % ("GlobalNetworkPolicy", '{ingress: [{action: Allow, source: {serviceAccounts: {names: ["a\'b"]}}}]}')
ENDPOINT = FRAME % ("HostEndpoint", "{node: n, interfaceName: eth0, ports: [{name: a, protocol: 6, port: 80}]}")
#: Question → a text that is refused here and accepted by calicoctl, or the other way round.
EXAMPLES = {
    "documents of blank lines and comments only": "# licence\n---\n" + TIER % "a",
    "kinds that are not Calico's": TIER % "a" + "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}\n",
    "`kind: List`": "apiVersion: v1\nkind: List\nitems:\n- " + TIER % "a",
    "`crd.projectcalico.org/v1` and `calico-engine/v1`": (TIER % "a")
    .replace("org/v3", "org/v1")
    .replace("proj", "crd.proj"),
    "the spec of BGPPeer, BGPFilter and IPReservation": FRAME % ("BGPPeer", "{bogus: 1}"),
    "text that calicoctl loses": TIER % "a" + "---\n" + TIER % "b" + "--- x",
    "an object given twice": TIER % "a" + "---\n" + TIER % "a",
    "failsafe ports with which Felix does not start": FRAME
    % ("FelixConfiguration", "{failsafeInboundHostPorts: [{protocol: sctp, port: 22}]}"),
    "a protocol's number on an endpoint's port": ENDPOINT,
    "a quote in a service account's name": POLICY,
}


def both(text: str) -> tuple[Examination, Examination]:
    """Without the switch, and with it."""
    texts = [Source("f.yaml", text)]
    return examine_sources(texts), examine_sources(texts, calicoctl=True)


@pytest.mark.parametrize("question", EXAMPLES)
def test_example(question: str) -> None:
    here, there = both(EXAMPLES[question])
    assert (here.valid, there.valid) == ((False, True) if question in ONLY_HERE else (True, False))
    refused, told = (here.errors, there.warnings) if question in ONLY_HERE else (there.errors, ())
    pattern = {**ONLY_HERE, **ONLY_THERE}[question]
    assert any(re.search(pattern, error.message) for error in refused)
    assert question not in ONLY_HERE or any(re.search(pattern, warning.message) for warning in told)


def test_there_is_an_example_of_each() -> None:
    assert set(EXAMPLES) == {*ONLY_HERE, *ONLY_THERE}


@pytest.mark.parametrize("family", sorted({str(row["family"]) for row in sample()}))
def test_the_switch_hides_nothing(family: str) -> None:
    """Every place that is told of without it is told of with it, as an error or a warning."""
    for row in sample():
        if row["family"] == family:
            here, there = both(str(row["yaml"]))
            places = [{(f.line, f.column) for f in (*found.errors, *found.warnings)} for found in (here, there)]
            assert places[0] <= places[1], row["id"]


LOST = {
    "behind a JSON object": TIER % "a" + '{"kind": 7}\n',
    "behind an end marker": TIER % "a" + "...\nkind: Nonsense\n",
    "before a last line": TIER % "a" + "---\nkind: Nonsense\n--- x",
}


@pytest.mark.parametrize("what", LOST)
def test_what_calicoctl_loses_it_does_not_judge(what: str) -> None:
    _, there = both(LOST[what])
    assert there.valid
    assert there.warnings


EMPTY = (
    "",
    "# nothing\n",
    "[]\n",
    "apiVersion: projectcalico.org/v3\nkind: TierList\nitems: []\n",
    TIER % "a" + "--- x",
)


@pytest.mark.parametrize("text", EMPTY)
def test_a_file_without_resources_is_refused(text: str) -> None:
    _, there = both(text)
    assert not there.valid


def test_of_several_files_each_must_hold_something() -> None:
    texts = [Source("a.yaml", TIER % "a"), Source("b.yaml", "[]")]
    assert examine_sources(texts).valid
    errors = examine_sources(texts, calicoctl=True).errors
    assert [(error.file, error.message) for error in errors] == [("b.yaml", "no resources in b.yaml")]


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(EXAMPLES["an object given twice"])
    assert run(["validate", "-f", str(file)]) == 1
    capsys.readouterr()
    assert run(["validate", "--calicoctl", "-f", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "valid: 2 objects, 1 warning"


USAGE: Mapping[str, Callable[[str], list[str]]] = {
    "--strict": lambda file: ["validate", "--calicoctl", "--strict", "-f", file],
    "--stored": lambda file: ["validate", "--calicoctl", "--stored", "-f", file],
}


@pytest.mark.parametrize("option", USAGE)
def test_no_other_verdict_beside_calicoctl_s(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(USAGE[option]("x.yaml")) == 2
    assert option in capsys.readouterr().err
