"""`calico-engine test --watch`: whenever files change, the cases that they matter to are run again, and all are told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Set
from pathlib import Path

from calico_engine.cli.application import ALLOWED, WrongUsage
from calico_engine.cli.running import guarded
from calico_engine.cli.screen import print_lines
from calico_engine.cli.testing import Asked, run_once
from calico_engine.errors import InvalidManifest, printable
from calico_engine.policytests.clusters import Clusters
from calico_engine.policytests.keeping import Kept
from calico_engine.policytests.preparing import Prepared
from calico_engine.policytests.running import applied_files
from calico_engine.policytests.watched import Watched
from calico_engine.reports.lines import Line

_NAMED = 3


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
                code = run_once(asked, runs.prepared, runs.kept)
            changed = next(batches, None)
            if changed is None:
                return code
            runs.forget(changed)
    except KeyboardInterrupt:
        return code


class _Runs:
    """One run after the other. Clusters and results are kept while their files do not change."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._clusters = Clusters(asked.files, recursive=asked.recursive)
        self.kept = Kept()
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
        self._clusters.forget(changed)
        self.kept.forget(changed)
        if self._asked.output == "text":
            names = [printable(path.name) for path in sorted(changed)[:_NAMED]]
            more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
            print_lines([Line(""), Line(f"changed: {', '.join(names)}{more}", "dim")], sys.stdout)

    def _watched(self, paths: Iterable[Path]) -> Watched:
        return Watched.of([*map(Path, self._asked.paths), *map(Path, self._asked.files), *paths])


def _paths(prepared: Prepared) -> Iterator[Path]:
    for suite in prepared.suites:
        yield from map(Path, prepared.clusters.paths(suite))
        yield from applied_files(suite)
