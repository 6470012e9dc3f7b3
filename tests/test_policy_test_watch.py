"""`calico-engine test --watch`: what is watched, and what a change does. The changes are made here, nobody waits."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from calico_engine import Cluster
from calico_engine.cli.covering import CoverageReports
from calico_engine.cli.testing import Asked
from calico_engine.cli.watching import file_changes, run_on_changes
from calico_engine.policytests.running import Outcome, Runner, TestCase
from calico_engine.policytests.watched import Watched
from engine_support.shell import Shell

FIXTURES = Path(__file__).parents[1] / "fixtures" / "policytest-reports"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for file in ("web.yaml", "a.policytest.yaml"):
        shutil.copy(FIXTURES / file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Changes:
    """Stands for the system: makes one change after the other, and keeps what it was asked to watch."""

    def __init__(self, folder: Path, *changes: tuple[str, str], interrupt: bool = False) -> None:
        self.watched: list[Watched] = []
        self._folder = folder
        self._changes = iter(changes)
        self._interrupt = interrupt

    def __call__(self, watched: Watched) -> Iterator[Set[Path]]:
        self.watched.append(watched)
        for name, text in self._changes:
            (self._folder / name).write_text(text)
            yield {self._folder / name}
        if self._interrupt:
            raise KeyboardInterrupt


def text(name: str) -> str:
    return (FIXTURES / name).read_text()


ASKED = Asked(paths=("a.policytest.yaml",))
PASSED, FAILED = "2 passed: 5 questions in 1 file", "1 passed, 1 failed: 5 questions in 1 file"


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that tell one run from another."""
    out, err = capsys.readouterr()
    return [
        line for line in [*out.splitlines(), *err.splitlines()] if line.startswith(("changed", "1 ", "2 ", "error"))
    ]


def test_each_change_runs_all_again_and_the_last_code_is_that_of_the_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = text("web.yaml").replace("Allow", "Deny")
    spoilt = text("a.policytest.yaml").replace("expect: allow\n  by", "expect: deny\n  by")
    changes = Changes(folder, ("web.yaml", closed), ("web.yaml", text("web.yaml")), ("a.policytest.yaml", spoilt))
    assert run_on_changes(ASKED, changes) == 1
    again = ["changed: web.yaml", "changed: web.yaml", "changed: a.policytest.yaml"]
    assert shown(capsys) == [PASSED, again[0], FAILED, again[1], PASSED, again[2], FAILED]


@pytest.mark.parametrize("interrupt", [False, True])
def test_it_ends_with_the_code_of_the_last_run(interrupt: bool, folder: Path) -> None:
    assert run_on_changes(ASKED, Changes(folder, interrupt=interrupt)) == 0
    changes = Changes(folder, ("web.yaml", text("web.yaml").replace("Allow", "Deny")), interrupt=interrupt)
    assert run_on_changes(ASKED, changes) == 1


@pytest.mark.parametrize("name", ["web.yaml", "a.policytest.yaml"])
def test_what_is_wrong_is_said_and_waited_upon(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong from the start, too: then the files that are wrong are watched at least."""
    (folder / name).write_text("kind: [")
    changes = Changes(folder, (name, text(name)), (name, "kind: ["))
    assert run_on_changes(ASKED, changes) == 2
    assert all(watched.concerns(folder / name) for watched in changes.watched)
    lines = shown(capsys)
    assert lines[:3] == [f"changed: {name}", PASSED, f"changed: {name}"]
    assert [line.startswith(f"error: {name}:") for line in lines[3:]] == [True, True]


def test_clusters_are_kept_while_only_cases_change(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = Cluster.load

    def counted(*paths: str, recursive: bool) -> Cluster:
        loads.append(paths)
        return load(*paths, recursive=recursive)

    monkeypatch.setattr(Cluster, "load", counted)
    cases = ("a.policytest.yaml", text("a.policytest.yaml"))
    run_on_changes(ASKED, Changes(folder, cases, cases, ("web.yaml", text("web.yaml")), cases))
    assert loads == [("web.yaml",)] * 2


HEAD = "apiVersion: calico-engine/v1\nkind: PolicyTest\n"
SSH = "from: 203.0.113.7, to: w1, service: tcp/2222, expect: deny"
OPEN = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: open}
spec: {order: 1, selector: all(), ingress: [{action: Allow}]}
"""
CLOSED = OPEN.replace("Allow", "Deny")
OF_NOBODY = OPEN.replace("all()", "role == 'none'")
#: Two folders of manifests and a file that a step applies; four suites, the last two in one file.
FILES: Mapping[str, Callable[[], str]] = {
    "one/web.yaml": lambda: text("web.yaml"),
    "one/more.yaml": lambda: CLOSED,
    "two/web.yaml": lambda: text("web.yaml"),
    "step.yaml": lambda: CLOSED,
    "a.policytest.yaml": lambda: f"{HEAD}manifests: [one]\ncases: [{{{SSH}}}]\n",
    "b.policytest.yaml": lambda: (
        f"{HEAD}manifests: [two]\ncases: [{{{SSH}}}, {{given: [{{apply: step.yaml}}], {SSH}}}]\n"
    ),
    "c.policytest.yaml": lambda: (
        f"{HEAD}manifests: [two/web.yaml]\ncases: [{{{SSH}}}]\n---\n"
        f"{HEAD}manifests: [one/more.yaml, two/web.yaml]\ncases: [{{{SSH}}}]\n"
    ),
}
#: What is changed → how many cases of which file are asked again.
ASKED_AGAIN: Mapping[str, Mapping[str, int]] = {
    "one/web.yaml": {"a": 1},
    "one/more.yaml": {"a": 1, "c": 1},
    "one/new.yaml": {"a": 1},
    "two/web.yaml": {"b": 2, "c": 2},
    "two/new.yaml": {"b": 2},
    "step.yaml": {"b": 2},
    "a.policytest.yaml": {"a": 1},
    "two/z.policytest.yaml": {},
    "c.policytest.yaml": {"c": 2},
}


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, made in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(made())
    monkeypatch.chdir(tmp_path)
    return tmp_path


ALL = Asked(paths=("a.policytest.yaml", "b.policytest.yaml", "c.policytest.yaml"))


class Recorded(Changes):
    """Keeps how many cases of which file each run has asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> None:
        super().__init__(folder, *changes)
        self.runs: list[dict[str, int]] = [{}]
        run = Runner.run

        def recorded(runner: Runner, test: TestCase) -> Outcome:
            name = test.file.partition(".")[0]
            self.runs[-1][name] = self.runs[-1].get(name, 0) + 1
            return run(runner, test)

        monkeypatch.setattr(Runner, "run", recorded)

    def __call__(self, watched: Watched) -> Iterator[Set[Path]]:
        for change in super().__call__(watched):
            self.runs.append({})
            yield change


@pytest.mark.parametrize("name", ASKED_AGAIN)
def test_only_what_a_change_can_matter_to_is_asked_again(
    name: str, suites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is told again, as the next test says."""
    changed = FILES[name]() + "# changed\n" if name in FILES else OF_NOBODY.replace("open", "new")
    changes = Recorded(suites, monkeypatch, (name, changed))
    assert run_on_changes(ALL, changes) == 0
    assert changes.runs == [{"a": 1, "b": 2, "c": 2}, ASKED_AGAIN[name]]


def some_changes(random: Random) -> Sequence[tuple[str, str]]:
    texts = [OPEN, CLOSED, OF_NOBODY, "kind: ["]
    new = [text.replace("open", "new") for text in texts]
    manifests = {"one/more.yaml": texts, "one/new.yaml": new, "step.yaml": texts}
    cases = {name: [made(), made().replace("deny", "allow")] for name, made in FILES.items() if "policytest" in name}
    choices = [(name, text) for name, listed in {**manifests, **cases}.items() for text in listed]
    return random.choices(choices, k=5)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_is_what_a_run_anew_would_tell(
    seed: int, suites: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = some_changes(Random(seed))
    run_on_changes(ALL, Changes(suites, *changes))
    told = capsys.readouterr()
    for name, made in FILES.items():
        (suites / name).write_text(made())
    (suites / "one" / "new.yaml").unlink(missing_ok=True)
    out = err = ""
    for name, changed in [("", ""), *changes]:
        if name:
            (suites / name).write_text(changed)
            out += f"\nchanged: {Path(name).name}\n"
        run_on_changes(ALL, Changes(suites))
        anew = capsys.readouterr()
        out, err = out + anew.out, err + anew.err
    assert (told.out, told.err) == (out, err)


def test_what_is_to_be_covered_is_all_asked_again(suites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that nobody sees cover nothing."""
    changes = Recorded(suites, monkeypatch, ("step.yaml", OF_NOBODY))
    run_on_changes(replace(ALL, coverage=CoverageReports.asked(True, (), None)), changes)
    assert changes.runs[0] == changes.runs[1]


def test_what_is_watched(folder: Path) -> None:
    """Folders and files that are given or named, and what steps apply; of folders only what could be read."""
    given = "given: [{apply: [step.txt, {kind: x}]}], from: 203.0.113.7, to: w1, service: ssh, expect: allow"
    head = "apiVersion: calico-engine/v1\nkind: PolicyTest\nmanifests: [../base]\n"
    (folder / "base").mkdir()
    shutil.copy(FIXTURES / "web.yaml", folder / "base" / "web.yaml")
    (folder / "cases").mkdir()
    (folder / "cases" / "x.policytest.yaml").write_text(f"{head}cases: [{{{given}}}]\n")
    changes = Changes(folder)
    run_on_changes(Asked(paths=("cases",)), changes)
    (watched,) = changes.watched
    assert watched.roots == {folder / "base", folder / "cases"}
    concerned = ["base/new.yaml", "base/deep/new.JSON", "cases/x.policytest.yaml", "cases/step.txt"]
    assert all(watched.concerns(folder / name) for name in concerned)
    assert not any(
        watched.concerns(folder / name) for name in ["base/x.txt", "web.yaml", "cases/other.txt", "base.yaml"]
    )


def test_manifests_of_the_command_line_take_the_place_of_those_that_are_named(folder: Path) -> None:
    shutil.copy(folder / "web.yaml", folder / "other.yaml")
    changes = Changes(folder)
    run_on_changes(Asked(paths=ASKED.paths, files=("other.yaml",)), changes)
    assert [watched.concerns(folder / name) for watched in changes.watched for name in ("other.yaml", "web.yaml")] == [
        True,
        False,
    ]


def test_a_new_manifest_in_the_cases_is_watched_too(folder: Path) -> None:
    shutil.copy(folder / "web.yaml", folder / "other.yaml")
    changes = Changes(folder, ("a.policytest.yaml", text("a.policytest.yaml").replace("web.yaml", "other.yaml")))
    run_on_changes(ASKED, changes)
    assert [watched.concerns(folder / "other.yaml") for watched in changes.watched] == [False, True]


def test_the_system_tells_of_changes(folder: Path) -> None:
    """With the library itself, from the moment on at which the watching begins."""
    batches = file_changes(Watched.of([folder / "web.yaml"]))
    (folder / "other.yaml").write_text("x")
    shutil.copy(FIXTURES / "web.yaml", folder / "new.yaml")
    (folder / "new.yaml").rename(folder / "web.yaml")
    assert next(batches) == {folder / "web.yaml"}


def test_without_the_library_it_says_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    done = Shell(folder, capsys, monkeypatch)("test", "--watch")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: --watch needs the library watchfiles: pip install 'calico-engine[testing]'\n"
