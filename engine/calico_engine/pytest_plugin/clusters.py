"""Where the manifests of a test are, and their cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from calico_engine.cluster import Cluster
from calico_engine.errors import InvalidManifest
from calico_engine.frozen import frozen
from calico_engine.policytests.clusters import Clusters
from calico_engine.pytest_plugin import MANIFESTS

_CLUSTERS = pytest.StashKey[Clusters]()
#: So much is said of wrong manifests: every test that needs them says it again.
_MOST_ERRORS = 20


@frozen
class Manifests:
    """Files and folders, as messages show them."""

    paths: tuple[str, ...]
    recursive: bool = False

    @classmethod
    def marked(cls, marker: pytest.Mark, test_file: Path, config: pytest.Config) -> Manifests:
        """Those of a marker: each beside the test's file if it is there, otherwise in the root folder."""
        recursive = marker.kwargs.get("recursive", False)
        known = set(marker.kwargs) <= {"recursive"} and isinstance(recursive, bool)
        if not known or not marker.args or not all(isinstance(path, str | os.PathLike) for path in marker.args):
            raise pytest.Collector.CollectError(f"{MANIFESTS} needs paths, and takes recursive=True beside them")
        found = (_found(path, test_file.parent, config.rootpath) for path in marker.args)
        return cls(tuple(shown(path, config) for path in found), recursive)

    @classmethod
    def configured(cls, config: pytest.Config) -> Manifests:
        """Those of the setting."""
        paths: list[Path] = config.getini(MANIFESTS)
        if not paths:
            pytest.fail(
                f"calico_cluster: no manifests; mark the test with @pytest.mark.{MANIFESTS}(PATH, …), "
                f"or set {MANIFESTS} in pytest's configuration",
                pytrace=False,
            )
        return cls(tuple(shown(path, config) for path in paths))


def _found(path: str | os.PathLike[str], *folders: Path) -> Path:
    """The path in the first of the folders that has it, otherwise in the last one."""
    places = [folder / path for folder in folders]
    return next((place for place in places if place.exists()), places[-1])


def shown(path: Path, config: pytest.Config) -> str:
    """A path as users wrote it, as far as it is below the folder in which they started pytest."""
    folder = config.invocation_params.dir
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def clusters_of(config: pytest.Config) -> Clusters:
    """The clusters that are loaded so far; they are kept for the session."""
    return config.stash.setdefault(_CLUSTERS, Clusters())


def load(manifests: Manifests, config: pytest.Config) -> Cluster:
    """The cluster, loaded once."""
    with told_without_traceback():
        return clusters_of(config).load(manifests.paths, recursive=manifests.recursive)


@contextmanager
def told_without_traceback() -> Iterator[None]:
    """What is wrong with manifests fails the test: a line for each error, up to a limit."""
    try:
        yield
    except InvalidManifest as wrong:
        lines = [str(error) for error in wrong.errors[:_MOST_ERRORS]]
        rest = len(wrong.errors) - len(lines)
        more = [f"… and {rest} more errors: see calico-engine validate"] if rest else []
        raise pytest.fail.Exception("\n".join([*lines, *more]), pytrace=False) from None
