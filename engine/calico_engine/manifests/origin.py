"""Where an object was written: file, document, and the way to it inside the document."""

from __future__ import annotations

from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.manifests.documents import Document
from calico_engine.manifests.positions import locate
from calico_engine.manifests.yaml_problems import Path, render_path


@frozen
class Origin:
    """One object's place. Lines and columns are looked up when asked for."""

    document: Document
    prefix: Path = ()

    @property
    def file(self) -> str:
        return self.document.file

    def place(self, path: Path = (), *, key: bool = False) -> tuple[int, int]:
        """(line, column), from 1, of the value (or its key) at `path` within the object."""
        return locate(self.document, self.prefix + path, key=key)

    def remark(self, kind: str, name: str, path: Path, message: str, *, key: bool = False) -> ManifestError:
        """An error or warning about the value (or its key) at `path` within the object."""
        line, column = self.place(path, key=key)
        return ManifestError(
            self.file,
            self.document.index,
            line,
            column,
            kind or None,
            name or None,
            render_path(self.prefix + path) or None,
            message,
        )
