"""Files of cases → suites. Every problem of every file is reported at once, with file and line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from calico_engine.errors import InvalidManifest, InvalidPacket, ManifestError, printable
from calico_engine.frozen import frozen
from calico_engine.manifests.decoding import Path, Problem, decode
from calico_engine.manifests.documents import Document, read_document, split_documents
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.sources import Source, read_sources
from calico_engine.packets import Packet
from calico_engine.policytests import SUFFIXES
from calico_engine.policytests.suites import Case, PolicyTest, Question, Step
from calico_engine.resources import HOST_API_VERSION, POLICY_TEST


@frozen
class Suite:
    """One document of cases. `folder`: what its files are beside."""

    test: PolicyTest
    origin: Origin

    @property
    def file(self) -> str:
        return self.origin.file

    @property
    def folder(self) -> FilePath:
        return FilePath(self.file).parent

    def line(self, index: int) -> int:
        """The line of a case."""
        return self.origin.place(("cases", index))[0]

    def name(self, index: int) -> str:
        """A case's name, or where it has none, its number and line."""
        return self.test.cases[index].name or f"case {index + 1} (line {self.line(index)})"


def find_files(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The files themselves, and of folders all that are named *.policytest.yaml (or .yml, .json) at any depth.

    InvalidManifest for what does not exist, and for folders without any.
    """
    files: dict[str, None] = {}
    errors = []
    for path in map(FilePath, paths):
        found = sorted(path.rglob("*.policytest.*")) if path.is_dir() else [path]
        named = [str(each) for each in found if not path.is_dir() or each.name.endswith(SUFFIXES)]
        if not named:
            errors.append(ManifestError(str(path), message="no file named *.policytest.yaml in this folder"))
        files.update(dict.fromkeys(named))
    if errors:
        raise InvalidManifest(errors)
    return list(files)


def read_suites(paths: Iterable[str | os.PathLike[str]]) -> list[Suite]:
    """The suites of files and folders. InvalidManifest with all that is wrong in them."""
    sources, unreadable = read_sources(find_files(paths))
    return suites_of(sources, unreadable)


def suites_of(sources: Sequence[Source], unreadable: Iterable[ManifestError] = ()) -> list[Suite]:
    """The same for texts."""
    suites, errors = examine_suites(sources)
    errors += unreadable
    if errors:
        raise InvalidManifest(errors, {source.name: source.text for source in sources})
    return suites


def examine_suites(sources: Iterable[Source]) -> tuple[list[Suite], list[ManifestError]]:
    """The suites that can be used, and all that is wrong in the others."""
    suites: list[Suite] = []
    errors: list[ManifestError] = []
    for source in sources:
        documents, wrong, _ = split_documents(source)
        errors += wrong
        found = [_suite(document, errors) for document in documents]
        suites += [suite for suite in found if suite is not None]
        if not documents and not wrong:
            errors.append(ManifestError(source.name, message="no cases in this file"))
    return suites, errors


def _suite(document: Document, errors: list[ManifestError]) -> Suite | None:
    value, wrong, _ = read_document(document)
    errors += wrong
    if wrong:
        return None
    origin = Origin(document)
    test, problems = decode(PolicyTest, _with_on(value))
    if test is not None:
        problems = list(_problems(test))
    errors += [origin.remark("", "", problem.path, problem.message, key=problem.at_key) for problem in problems]
    return None if test is None or problems else Suite(test, origin)


def _with_on(value: object) -> object:
    """YAML as Calico reads it takes the key `on` for true."""
    if not isinstance(value, dict) or not isinstance(value.get("cases"), list):
        return value
    cases: list[object] = value["cases"]
    return {**value, "cases": [_case_with_on(case) for case in cases]}


def _case_with_on(case: object) -> object:
    if not isinstance(case, dict):
        return case
    return {
        "on" if key == "true" else key: _case_with_on(entry) if key in ("never", "always") else entry
        for key, entry in case.items()
    }


def _problems(test: PolicyTest) -> Iterator[Problem]:
    if test.api_version != HOST_API_VERSION:
        yield Problem(("apiVersion",), f"must be {HOST_API_VERSION}")
    if test.kind != POLICY_TEST:
        yield Problem(("kind",), f"must be {POLICY_TEST}")
    if not test.cases:
        yield Problem(("cases",), "at least one case is needed")
    yield from _step_problems(test.given, ("given",))
    names: dict[str, int] = {}
    for index, case in enumerate(test.cases):
        path: Path = ("cases", index)
        if case.name and names.setdefault(case.name, index) != index:
            yield Problem((*path, "name"), f'"{printable(case.name, 80)}" is the name of an earlier case too')
        yield from _case_problems(case, path)
        yield from _step_problems(case.given, (*path, "given"))


def _case_problems(case: Case, path: Path) -> Iterator[Problem]:
    forms = {"expect": case.expect, "never": case.never, "always": case.always}
    given = [name for name, value in forms.items() if value is not None]
    if len(given) != 1:
        which = f", not {' and '.join(given)}" if given else ""
        yield Problem(path, f"a case has one of expect, never and always{which}")
        return
    if given == ["expect"]:
        yield from _question_problems(case, path)
        return
    if _asks(case):
        yield Problem(path, f"what is asked stands inside of {given[0]}")
    yield from _question_problems(case.question, (*path, given[0]))


def _asks(question: Question) -> bool:
    plain = Question(**{name: getattr(question, name) for name in Question.__dataclass_fields__})
    return plain != Question()


def _question_problems(question: Question, path: Path) -> Iterator[Problem]:
    if question.packet is not None:
        yield from _packet_problems(question, path)
        return
    ends = [name for name in ("from", "to", "on") if getattr(question, "from_" if name == "from" else name)]
    if len(ends) != 2:
        yield Problem(path, "a question has from and to, or `on` in the place of one of them; or a packet")
    if not question.service:
        yield Problem(path, "a question has a service, such as tcp/22")
    if question.except_ and not any(service.ports for service in question.service):
        yield Problem((*path, "except"), "there are no ports to except any from")


def _packet_problems(question: Question, path: Path) -> Iterator[Problem]:
    others = replace(question, packet=None, on=())
    if _asks(others):
        yield Problem(path, "a question is about a packet, or about from, to and service")
    query = dict(question.packet or {})
    if question.on:
        if "node" in query:
            yield Problem((*path, "packet", "node"), "the node is given by `on` already")
        query["node"] = "node"
    try:
        Packet.parse(query)
    except InvalidPacket as error:
        yield Problem((*path, "packet", error.key), error.message)


def _step_problems(steps: Sequence[Step], path: Path) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        here = (*path, index)
        given = [name for name in ("apply", "delete", "patch", "label") if getattr(step, name) is not None]
        if len(given) != 1:
            yield Problem(here, "a step is one of apply, delete, patch and label")
        for name, change in (("delete", step.delete), ("patch", step.patch), ("label", step.label)):
            if change is None:
                continue
            if not change.kind:
                yield Problem((*here, name), "needs a kind")
            if not change.name and not getattr(change, "selector", ""):
                yield Problem((*here, name), "needs a name")
        if step.patch is not None and not isinstance(step.patch.patch, dict):
            yield Problem((*here, "patch", "patch"), "must be a merge patch: a mapping such as {spec: {order: 10}}")
        if step.label is not None and not step.label.labels:
            yield Problem((*here, "label", "labels"), "must be labels such as [env=dev, old-]")
