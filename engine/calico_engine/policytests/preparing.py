"""Everything that a run needs, or everything that is wrong with it, in files of cases and in manifests alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from calico_engine.analysis.case_results import CaseResult
from calico_engine.errors import InvalidManifest, ManifestError, UnknownReference, quoted
from calico_engine.frozen import frozen
from calico_engine.manifests.sources import read_sources
from calico_engine.policytests.clusters import Clusters
from calico_engine.policytests.keeping import Kept
from calico_engine.policytests.reading import Suite, examine_suites, find_files
from calico_engine.policytests.results import result_of
from calico_engine.policytests.running import TestCase, Watcher, cases_of, run


@frozen
class Prepared:
    """Suites with the clusters that they are about, loaded."""

    suites: tuple[Suite, ...]
    clusters: Clusters
    keyword: str = ""

    @property
    def tests(self) -> list[TestCase]:
        """The cases that are to be run."""
        return cases_of(self.suites, self.keyword)

    def results(self, watcher: Watcher | None = None, kept: Kept | None = None) -> Iterator[CaseResult]:
        """What becomes of them; of suites that are as they were, what is `kept`."""
        for suite in self.suites:
            fresh = map(result_of, run([suite], self.clusters, watcher, self.keyword))
            if kept is not None and cases_of([suite], self.keyword):
                yield from kept.results(suite, self.clusters.of(suite), fresh)
            else:
                yield from fresh


def prepare(
    paths: Sequence[str],
    manifests: Sequence[str] = (),
    *,
    recursive: bool = False,
    keyword: str = "",
    clusters: Clusters | None = None,
) -> Prepared:
    """Read files of cases, of folders all at any depth, and their manifests, or `manifests` in the place of those.

    `keyword`: only the cases with this in their names. `clusters`: those of an earlier run, to be used again.
    Raises InvalidManifest with all that is wrong in all of the files, UnknownReference if no case has the keyword.
    """
    problems = _Problems()
    files: dict[str, None] = {}
    for path in paths:
        with problems.collected():
            files.update(dict.fromkeys(find_files([path])))
    sources, unreadable = read_sources(list(files))
    suites, wrong = examine_suites(sources)
    problems.add([*unreadable, *wrong], {source.name: source.text for source in sources})
    prepared = Prepared(tuple(suites), clusters or Clusters(manifests, recursive=recursive), keyword)
    for suite in {id(test.suite): test.suite for test in prepared.tests}.values():
        with problems.collected():
            prepared.clusters.of(suite)
    problems.throw()
    if not prepared.tests:
        number = len(cases_of(suites))
        raise UnknownReference(f"none of {number} cases has {quoted(keyword)} in its name")
    return prepared


class _Problems:
    """What is wrong so far, each thing once: several clusters may be made of one file."""

    def __init__(self) -> None:
        self._errors: dict[ManifestError, None] = {}
        self._texts: dict[str, str] = {}

    def add(self, errors: Sequence[ManifestError], texts: dict[str, str]) -> None:
        self._errors.update(dict.fromkeys(errors))
        self._texts.update(texts)

    @contextmanager
    def collected(self) -> Iterator[None]:
        try:
            yield
        except InvalidManifest as wrong:
            self.add(wrong.errors, dict(wrong.texts))

    def throw(self) -> None:
        if self._errors:
            raise InvalidManifest(self._errors, self._texts)
