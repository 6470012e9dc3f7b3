"""The clusters that cases are about."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from calico_engine.cluster import Cluster
from calico_engine.errors import InvalidManifest, ManifestError
from calico_engine.policytests import SUFFIXES
from calico_engine.policytests.reading import Suite
from calico_engine.policytests.watched import Watched


class Clusters:
    """The clusters that suites are about, each loaded once."""

    def __init__(self, files: Sequence[str] = (), *, recursive: bool = False) -> None:
        """`files` are asked about in the place of the manifests that the suites name."""
        self._files = tuple(files)
        self._recursive = recursive
        self._loaded: dict[tuple[tuple[str, ...], bool], Cluster | InvalidManifest] = {}

    def of(self, suite: Suite) -> Cluster:
        """The cluster of a suite. InvalidManifest with all that is wrong in its manifests, or if it names none."""
        paths = self.paths(suite)
        if not paths:
            message = "no manifests to test: name files or folders here, or give them with -f"
            raise InvalidManifest([ManifestError(suite.file, path="manifests", message=message)])
        return self.load(paths, recursive=self._recursive or (suite.test.recursive and not self._files))

    def load(self, paths: Sequence[str], *, recursive: bool = False) -> Cluster:
        """The cluster of files and folders. InvalidManifest with all that is wrong in them."""
        key = (tuple(map(os.path.realpath, paths)), recursive)
        if key not in self._loaded:
            self._loaded[key] = _loaded(paths, recursive)
        found = self._loaded[key]
        if isinstance(found, InvalidManifest):
            raise found
        return found

    def forget(self, changed: Iterable[Path]) -> None:
        """What was read from these files, or from folders that they are in, is loaded again when it is asked for.

        Files of cases are no manifests, wherever they are.
        """
        manifests = [path for path in changed if not path.name.endswith(SUFFIXES)]
        for key in [*self._loaded]:
            if any(map(Watched.of(map(Path, key[0])).concerns, manifests)):
                del self._loaded[key]

    def paths(self, suite: Suite) -> tuple[str, ...]:
        """The files and folders that a suite is about."""
        return self._files or tuple(os.path.normpath(suite.folder / path) for path in suite.test.manifests)


def _loaded(paths: Iterable[str], recursive: bool) -> Cluster | InvalidManifest:
    try:
        return Cluster.load(*paths, recursive=recursive)
    except InvalidManifest as wrong:
        return wrong
