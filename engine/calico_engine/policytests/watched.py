"""Which changed files matter."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from calico_engine.frozen import frozen
from calico_engine.manifests.sources import MANIFEST_SUFFIXES


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
