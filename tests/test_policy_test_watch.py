"""`calico-engine test --watch`: what is watched, and what a change does. The changes are made here, nobody waits."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

from calico_engine import Cluster
from calico_engine.cli.testing import Asked
from calico_engine.cli.watching import Watched, file_changes, run_on_changes
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
