"""From what stands on a command line to texts: files, folders and standard input, read as calicoctl reads them.

A file may have any name; of a folder, the files named .yaml, .yml or .json in any case are read, in the order of their
names, and its sub-folders only on demand (``calicoctl/calicoctl/commands/file``). As there, links to folders inside a
folder are not followed. Nothing here raises: what cannot be read is an error beside what can.
"""

import codecs
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "<stdin>"
MAX_FILE_BYTES = 256 * 1024 * 1024
MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")

_BINARY_PROBE = 8_192
_KINDS = {
    stat.S_IFIFO: "a named pipe, which may never end; give the text on standard input, as `-`",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file; standard input is `-`",
    stat.S_IFBLK: "a device, not a file",
    stat.S_IFDIR: "a link to a folder, which is not followed; name the folder itself",
}
_REASONS = {
    errno.ENOENT: "no such file or folder",
    errno.EACCES: "not readable: permission denied",
    errno.ELOOP: "a loop of symbolic links",
    errno.ENOTDIR: "no such file: a part of the path is no folder",
    errno.ENAMETOOLONG: "no such file: the name is too long",
}


@frozen
class Source:
    """A text and the name to show for it. Of a text in UTF-16, calicoctl sees one document only."""

    name: str
    text: str
    one_document: bool = False


def read_sources(
    paths: Sequence[str | os.PathLike[str]], *, recursive: bool = False
) -> tuple[list[Source], list[ManifestError]]:
    """Read files, folders and ``-`` (standard input) in the order given; return the texts, and what is wrong.

    A file that is met more than once, by its own name, through a folder or through links, is read once: naming a folder
    and a file in it must not make every object of that file a duplicate.
    """
    reading = _Reading(recursive)
    for path in paths:
        reading.take(os.fspath(path))
    return reading.sources, reading.errors


class _Unreadable(Exception):
    """Something is not read; says why and, where it helps, on which line and column."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(slots=True)
class _Reading:
    """What has been read so far. ``seen`` knows files by device and inode, whatever they are called."""

    recursive: bool
    sources: list[Source] = field(default_factory=list)
    errors: list[ManifestError] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)
    stdin_taken: bool = False

    def take(self, path: str) -> None:
        """Read one argument."""
        if path == STANDARD_INPUT:
            self._guarded(self._read_stdin, STANDARD_INPUT_NAME)
        else:
            self._guarded(self._read_path, path)

    def _guarded(self, read: Callable[[str], None], name: str) -> None:
        try:
            read(name)
        except _Unreadable as error:
            self.errors.append(ManifestError(name, None, error.line, error.column, message=error.message))
        except (OSError, ValueError) as error:
            self.errors.append(ManifestError(name, message=_explain(name, error)))

    def _read_stdin(self, name: str) -> None:
        if self.stdin_taken:
            return
        self.stdin_taken = True
        if sys.stdin is None:
            raise _Unreadable("there is no standard input")
        binary = getattr(sys.stdin, "buffer", None)
        data = binary.read(MAX_FILE_BYTES + 1) if binary else sys.stdin.read().encode("utf-8", "surrogatepass")
        self.sources.append(_decode(name, data))

    def _read_path(self, path: str) -> None:
        if not path:
            raise _Unreadable("an empty name is no file")
        if not stat.S_ISDIR(Path(path).stat().st_mode):
            self._read_file(path)
            return
        files = list(self._manifests(path))
        if not files:
            hint = "" if self.recursive else "; its sub-folders were not looked into"
            raise _Unreadable(f"no file named *.yaml, *.yml or *.json in this folder{hint}")
        for file in files:
            self._guarded(self._read_file, file)

    def _manifests(self, folder: str) -> Iterator[str]:
        """Give the manifest files of a folder in lexical order, those of a sub-folder in the place of its name."""
        waiting = [(folder, True)]
        while waiting:
            path, is_folder = waiting.pop()
            if is_folder:
                waiting.extend(reversed(self._entries(path)))
            else:
                yield path

    def _entries(self, folder: str) -> list[tuple[str, bool]]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            self.errors.append(ManifestError(folder, message=_explain(folder, error)))
            return []
        kinds = ((entry, entry.is_dir(follow_symlinks=False)) for entry in found)
        return [(entry.path, is_folder) for entry, is_folder in kinds if self._is_wanted(entry.name, is_folder)]

    def _is_wanted(self, name: str, is_folder: bool) -> bool:
        return self.recursive if is_folder else name.lower().endswith(MANIFEST_SUFFIXES)

    def _read_file(self, path: str) -> None:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise _Unreadable(_KINDS.get(stat.S_IFMT(found.st_mode), "not a file"))
        identity = (found.st_dev, found.st_ino)
        if identity in self.seen:
            return
        self.seen.add(identity)
        if found.st_size > MAX_FILE_BYTES:
            raise _Unreadable(_TOO_LARGE)
        with Path(path).open("rb") as file:
            self.sources.append(_decode(path, file.read(MAX_FILE_BYTES + 1)))


_TOO_LARGE = f"more than {MAX_FILE_BYTES // 2**20} MB; split it into several files"


def _explain(path: str, error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):
        return "no file can have this name"
    if error.errno == errno.ENOENT and Path(path).is_symlink():
        return "a symbolic link to something that does not exist"
    return _REASONS.get(error.errno or 0) or f"not readable: {error.strerror or error}"


def _decode(name: str, data: bytes) -> Source:
    """Return the text of the bytes: UTF-8, or UTF-16 with a byte order mark."""
    if len(data) > MAX_FILE_BYTES:
        raise _Unreadable(_TOO_LARGE)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not data.startswith(codecs.BOM_UTF32_LE):
        return Source(name, _decode_utf16(data), one_document=True)
    if b"\0" in data[:_BINARY_PROBE]:
        raise _Unreadable("a binary file, not YAML or JSON (a text in UTF-16 needs a byte order mark)")
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        bad = f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8"
        raise _Unreadable(f"{bad}; save the file as UTF-8", *_place(data, error.start)) from None


def _decode_utf16(data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"broken UTF-16 at byte {error.start}; save the file as UTF-8") from None


def _place(data: bytes, offset: int) -> tuple[int, int]:
    line_start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[line_start:offset].decode("utf-8", "replace")) + 1
