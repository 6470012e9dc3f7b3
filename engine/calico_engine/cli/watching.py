"""`calico-engine test --watch`: the cases are run again whenever one of their files, or one of the manifests, changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Set
from pathlib import Path

from calico_engine.cli.application import ALLOWED, WrongUsage
from calico_engine.cli.running import guarded
from calico_engine.cli.screen import print_lines
from calico_engine.cli.testing import Asked, run_once
from calico_engine.errors import InvalidManifest, printable
from calico_engine.frozen import frozen
from calico_engine.manifests.sources import MANIFEST_SUFFIXES
from calico_engine.policytests import SUFFIXES
from calico_engine.policytests.preparing import Prepared
from calico_engine.policytests.running import Clusters, applied_files
from calico_engine.reports.lines import Line

_NAMED = 3


@frozen
class Watched:
    """Files, and folders of whose files those count that may be manifests or hold cases. All as they really are."""

    files: frozenset[Path] = frozenset()
    folders: frozenset[Path] = frozenset()

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Watched:
        real = {path.resolve() for path in paths}
        folders = frozenset(path for path in real if path.is_dir())
        return cls(frozenset(real - folders), folders)

    def with_files(self, files: Iterable[Path]) -> Watched:
        return Watched(self.files | {file.resolve() for file in files}, self.folders)

    @property
    def roots(self) -> set[Path]:
        """The folders to look at. Editors often replace a file, so that its folder is what tells of it."""
        return {folder for folder in (*self.folders, *(file.parent for file in self.files)) if folder.is_dir()}

    def concerns(self, changed: Path) -> bool:
        if changed in self.files:
            return True
        return changed.name.lower().endswith(MANIFEST_SUFFIXES) and any(map(changed.is_relative_to, self.folders))


#: The files that changed, batch after batch, beginning at once.
Changes = Callable[[Watched], Iterator[Set[Path]]]


def file_changes(watched: Watched) -> Iterator[Set[Path]]:
    """Changes as the system tells them."""
    try:
        import watchfiles
    except ModuleNotFoundError:
        raise WrongUsage("--watch needs the library watchfiles: pip install 'calico-engine[testing]'") from None
    batches = watchfiles.watch(
        *watched.roots,
        watch_filter=lambda _, path: watched.concerns(Path(path)),
        recursive=bool(watched.folders),
        ignore_permission_denied=True,
        yield_on_timeout=True,
        rust_timeout=100,
    )
    next(batches)  # nothing is lost from here on
    return ({Path(path) for _, path in batch} for batch in batches if batch)


def run_on_changes(asked: Asked, changes: Changes = file_changes) -> int:
    """Run, and run again on each change until interrupted; the exit code is that of the last run."""
    runs = _Runs(asked)
    batches: Iterator[Set[Path]] = iter(())
    watched: Watched | None = None
    code = ALLOWED
    try:
        while True:
            code = guarded(runs.prepare)
            if runs.watched != watched:
                watched = runs.watched
                batches = changes(watched)
            if runs.prepared is not None:
                code = run_once(asked, runs.prepared)
            changed = next(batches, None)
            if changed is None:
                return code
            runs.forget(changed)
    except KeyboardInterrupt:
        return code


class _Runs:
    """One run after the other. Clusters are kept while only cases change."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._clusters = self._unloaded()
        self.prepared: Prepared | None = None
        self.watched = self._watched(())

    def prepare(self) -> None:
        self.prepared = None
        try:
            self.prepared = self._asked.prepare(self._clusters)
        except InvalidManifest as wrong:
            names = {error.file for error in wrong.errors} | set(wrong.texts)
            self.watched = self.watched.with_files(map(Path, names))
            raise
        self.watched = self._watched(_paths(self.prepared))

    def forget(self, changed: Set[Path]) -> None:
        if not all(path.name.endswith(SUFFIXES) for path in changed):
            self._clusters = self._unloaded()
        if self._asked.output == "text":
            names = [printable(path.name) for path in sorted(changed)[:_NAMED]]
            more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
            print_lines([Line(""), Line(f"changed: {', '.join(names)}{more}", "dim")], sys.stdout)

    def _unloaded(self) -> Clusters:
        return Clusters(self._asked.files, recursive=self._asked.recursive)

    def _watched(self, paths: Iterable[Path]) -> Watched:
        return Watched.of([*map(Path, self._asked.paths), *map(Path, self._asked.files), *paths])


def _paths(prepared: Prepared) -> Iterator[Path]:
    for suite in prepared.suites:
        yield from map(Path, prepared.clusters.paths(suite))
        yield from applied_files(suite)
