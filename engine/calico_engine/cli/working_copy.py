"""A folder of manifests as something to work on: what is to be changed is collected, shown, and written on demand.

Only regular files inside the folder are written, each as a whole and at once: a new file takes the old one's name.
"""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from calico_engine.changes import Target
from calico_engine.cli.yaml_editing import edited, value_at, without_item
from calico_engine.cli.yaml_items import Items
from calico_engine.cluster import Cluster
from calico_engine.datastore import Datastore, build
from calico_engine.errors import ChangeRefused, printable
from calico_engine.frozen import frozen
from calico_engine.manifests.documents import Document, read_document
from calico_engine.manifests.loading import load
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.sources import MANIFEST_SUFFIXES, read_sources
from calico_engine.manifests.yaml_values import JsonValue

_REMOVED = object()


@frozen
class FileChange:
    """A file's text before and after; None where there is no such file."""

    path: Path
    old: str | None
    new: str | None


@dataclass(slots=True)
class WorkingCopy:
    """The manifests of a folder, and what is to become of them."""

    folder: Path
    texts: dict[str, str]
    cluster: Cluster
    datastore: Datastore
    _edits: dict[str, list[tuple[Origin, object]]] = field(default_factory=dict)
    _values: dict[tuple[str, int], JsonValue] = field(default_factory=dict)
    _added: dict[Path, list[str]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: str, *, recursive: bool = False, may_be_empty: bool = False) -> WorkingCopy:
        """The manifests of this folder; InvalidManifest if they are not valid."""
        path = Path(folder)
        if not path.is_dir():
            raise ChangeRefused(f"{printable(folder)} is no folder; changes are made to the files of one")
        if may_be_empty and not recursive and not _has_manifests(path):
            return cls(path, {}, Cluster(load([])), build(load([]))[0])
        sources, unreadable = read_sources([folder], recursive=recursive)
        loaded = load(sources)
        loaded.errors += unreadable
        return cls(path, loaded.texts, Cluster(loaded), build(loaded)[0])

    def value(self, target: Target) -> JsonValue:
        """The object as it is written; None for one that is written nowhere."""
        origin = target.entry.origin
        if origin is None:
            return None
        key = (origin.file, origin.document.start)
        if key not in self._values:
            self._values[key] = read_document(origin.document)[0]
        return value_at(self._values[key], origin.prefix)

    def replace(self, target: Target, value: JsonValue) -> None:
        """Another value for an object that is written somewhere."""
        self._edit(target, value)

    def remove(self, target: Target) -> None:
        """No such object any more."""
        self._edit(target, _REMOVED)

    def add(self, path: Path, text: str) -> None:
        """One more document, in a file of that name."""
        self._added.setdefault(path, []).append(text if text.endswith("\n") else f"{text}\n")

    def changes(self) -> list[FileChange]:
        """What is to be written; ChangeRefused where it may not be."""
        found = {change.path.resolve(): change for change in self._edited_files()}
        for path, documents in self._added.items():
            found[path.resolve()] = _with_documents(path, found.get(path.resolve()), documents)
        changes = [change for change in found.values() if change.old != change.new]
        for change in changes:
            self._check(change)
        return changes

    def _edit(self, target: Target, value: object) -> None:
        origin = target.entry.origin
        if origin is None:
            raise ChangeRefused(f"{target.key[0]} {printable(target.key[2])} is built in, and written in no file")
        self._edits.setdefault(origin.file, []).append((origin, value))

    def _edited_files(self) -> Iterator[FileChange]:
        for name, edits in self._edits.items():
            text: str | None = self.texts[name]
            # From the end on, so that places further up stay where they are.
            edits.sort(key=lambda edit: (edit[0].document.start, edit[0].prefix), reverse=True)
            starts = sorted({origin.document.start for origin, _ in edits}, reverse=True)
            for start in starts:
                of_document = [edit for edit in edits if edit[0].document.start == start]
                text = None if text is None else _with_document(text, of_document)
            yield FileChange(Path(name), self.texts[name], text)

    def _check(self, change: FileChange) -> None:
        path, shown = change.path, printable(str(change.path))
        if path.is_symlink():
            raise ChangeRefused(f"{shown} is a symbolic link, and not written; change the file that it names")
        if not path.parent.is_dir():
            raise ChangeRefused(f"{shown}: there is no such folder")
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise ChangeRefused(f"{shown} is outside {printable(str(self.folder))}, and not written")
        if path.suffix.lower() not in MANIFEST_SUFFIXES:
            raise ChangeRefused(f"{shown} would not be read again; name it *.yaml")
        if _text_of(path) != change.old or (change.old is None and path.exists()):
            raise ChangeRefused(f"{shown} is not UTF-8, or has changed meanwhile")


def write(changes: list[FileChange]) -> None:
    """Write all of them; until every new text lies beside its file, no file is touched."""
    ready: list[tuple[str, Path]] = []
    try:
        try:
            for change in changes:
                if change.new is not None:
                    ready.append((_beside(change.path, change.new), change.path))  # noqa: PERF401  # kept if one fails
            while ready:
                temporary, path = ready[-1]
                Path(temporary).replace(path)
                ready.pop()
            for change in changes:
                if change.new is None:
                    change.path.unlink()
        finally:
            for temporary, _ in ready:
                Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        where = printable(str(error.filename or "a file"))
        raise ChangeRefused(f"{where} cannot be written: {error.strerror}") from None


def _beside(path: Path, text: str) -> str:
    """A new file in the same folder, with the permissions of the one that it is to replace."""
    data = text.encode()
    if path.exists():
        mode = path.stat().st_mode & 0o7777
        if path.read_bytes().startswith(codecs.BOM_UTF8):
            data = codecs.BOM_UTF8 + data
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    handle, name = tempfile.mkstemp(prefix=".calico-engine-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return name


def _text_of(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise ChangeRefused(f"{printable(str(path))} cannot be read: {error.strerror}") from None


def _with_documents(path: Path, edited_file: FileChange | None, documents: list[str]) -> FileChange:
    old = _text_of(path) if edited_file is None else edited_file.old
    text = old if edited_file is None else edited_file.new
    held = [] if not text else [text if text.endswith("\n") else f"{text}\n"]
    return FileChange(path, old, "---\n".join([*held, *documents]))


def _has_manifests(folder: Path) -> bool:
    return any(name.lower().endswith(MANIFEST_SUFFIXES) for name in os.listdir(folder))  # noqa: PTH208  # as sources does


def _with_document(text: str, edits: list[tuple[Origin, object]]) -> str | None:
    """The file's text with the edits of one document; None if nothing is left of the file."""
    document = edits[0][0].document
    if edits[0][1] is _REMOVED and not edits[0][0].prefix:
        return _without_document(text, document)
    written, left = _with_items(document, edits)
    for origin, value in left:
        if value is not _REMOVED:
            written = _edited(document, written, origin, value)
        else:
            path, items = without_item(read_document(_as(document, written))[0], origin.prefix)
            written = _edited(document, written, Origin(document, path), items)
    return text[: document.start] + written + text[document.end :]


def _with_items(document: Document, edits: list[tuple[Origin, object]]) -> tuple[str, list[tuple[Origin, object]]]:
    """The document with what can be edited item by item, and the other edits."""
    parent = edits[0][0].prefix[:-1]
    if not edits[0][0].prefix or document.text.lstrip()[:1] in ("{", "["):
        return document.text, edits
    line = Origin(document, (*parent, 0)).place()[0] - document.first_line
    items = Items(document.text, line)
    value = read_document(document)[0]
    left: list[tuple[Origin, object]] = []
    for origin, wanted in edits:
        index = origin.prefix[-1]
        assert isinstance(index, int)
        was = value_at(value, origin.prefix)
        if origin.prefix[:-1] != parent:
            done = False
        elif wanted is _REMOVED:
            # Those further down that are left would no longer be where they are said to be.
            done = not left and items.remove(index, was)
        else:
            done = items.edit(index, was, wanted)  # type: ignore[arg-type]
        if not done:
            left.append((origin, wanted))
    return items.text, left


def _edited(document: Document, written: str, origin: Origin, value: object) -> str:
    try:
        return edited(written, (origin.prefix, value))  # type: ignore[arg-type]
    except ChangeRefused as error:
        raise ChangeRefused(f"{printable(document.file)}:{origin.place()[0]}: {error}") from None


def _as(document: Document, text: str) -> Document:
    """The document with another text."""
    source = type(document.source)(document.file, text)
    return Document(source, document.index, document.first_line, 0, len(text))


def _without_document(text: str, document: Document) -> str | None:
    """The text without the document and one of the lines that part it from others."""
    if document.start == 0:
        following = text.find("\n", document.end + 1) + 1
        return text[following:] if following and document.end < len(text) else None
    separator = text.rfind("\n", 0, document.start - 1)
    rest = text[document.end :]
    return text[: max(separator, 0)] + (rest or "\n")
