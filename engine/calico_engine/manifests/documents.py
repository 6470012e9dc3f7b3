"""From a text to its YAML or JSON documents, split where calicoctl splits; and from a document to its value.

calicoctl looks for a newline followed by ``---`` and throws the rest of that line away
(``calicoctl/calicoctl/util/yaml/separator.go``). In doing so it can lose text without a word. Here nothing is lost
silently: what calicoctl would stop at for no good reason is skipped with a warning, and what it would lose is a warning
where it was perhaps not meant to count, and an error otherwise.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from calico_engine.errors import ManifestError, printable
from calico_engine.manifests.sources import Source
from calico_engine.manifests.yaml_events import BYTE_ORDER_MARK
from calico_engine.manifests.yaml_problems import InvalidYaml, YamlProblem, render_path
from calico_engine.manifests.yaml_values import JsonValue, read_yaml

MAX_DOCUMENT_BYTES = 10 * 1024 * 1024
"""calicoctl's scanner gives up on longer documents."""

_SEPARATOR = "\n---"
_END_MARKER = re.compile(r"^\.\.\.(?=\s|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a source: its number from 1 (skipped ones count), and where its text lies."""

    source: Source
    index: int
    first_line: int
    start: int
    end: int

    @property
    def file(self) -> str:
        """The name of the source."""
        return self.source.name

    @property
    def text(self) -> str:
        """The document's text, without the lines that separate it from others."""
        return self.source.text[self.start : self.end]

    def remark(self, line: int, column: int, message: str, path: str | None = None) -> ManifestError:
        """Return an error or warning about this document at a line and column of its file."""
        return ManifestError(self.file, self.index, line, column, path=path, message=message)


def split_documents(source: Source) -> tuple[list[Document], list[ManifestError], list[ManifestError]]:
    """Return the documents of a source that hold something, the errors, and the warnings.

    Documents of blank lines and comments are skipped with a warning, where calicoctl stops. A document that calicoctl
    would lose is returned as well, beside the error that says so, so that its own errors are found with it.
    """
    documents: list[Document] = []
    errors: list[ManifestError] = []
    warnings: list[ManifestError] = []
    for document, separator in _cut(source):
        line = document.first_line + source.text.count("\n", document.start, document.end) + 1
        if separator is not None and not separator.ends:
            errors.append(document.remark(line, 1, _VANISHING))
        elif separator is not None and separator.tail:
            warnings.append(document.remark(line, 4, _LOST_TAIL.format(printable(separator.tail, 40))))
        if _is_empty(document):
            warnings.append(document.remark(document.first_line, 1, _SKIPPED))
        elif _is_too_large(document):
            errors.append(document.remark(document.first_line, 1, _TOO_LARGE))
        else:
            documents.append(document)
            warnings.extend(_unread(document))
    return documents, errors, sorted(warnings)


_SKIPPED = "a document of blank lines and comments only is skipped; calicoctl would stop at it"
_LOST_TAIL = "`{}` behind `---` is thrown away, as calicoctl does; put it on the next line"
_VANISHING = "calicoctl loses the document before a last line `---…` that has no line break; end the file with one"
_TOO_LARGE = f"a document of more than {MAX_DOCUMENT_BYTES // 2**20} MB, which calicoctl does not read"
_UNREAD = "not read: it stands behind the end marker `...`; calicoctl drops it silently"


@dataclass(frozen=True, slots=True)
class _Separator:
    """A line that separates: the text on it that is lost, and whether the line ends."""

    tail: str
    ends: bool


def _cut(source: Source) -> Iterator[tuple[Document, _Separator | None]]:
    text, start, line, index = source.text, 0, 1, 1
    while start < len(text):
        cut = -1 if source.one_document else text.find(_SEPARATOR, start)
        if cut < 0:
            yield Document(source, index, line, start, len(text)), None
            return
        line_end = text.find("\n", cut + 1)
        following = len(text) if line_end < 0 else line_end + 1
        written = text[cut + len(_SEPARATOR) : following]
        yield Document(source, index, line, start, cut), _Separator(_content(written), not written or line_end >= 0)
        line += text.count("\n", start, following)
        start, index = following, index + 1


def _content(line: str) -> str:
    """The part of a line that is neither blank nor comment."""
    stripped = line.strip(" \t\r\n")
    return "" if stripped.startswith("#") else stripped


def _is_empty(document: Document) -> bool:
    text = document.text.removeprefix(BYTE_ORDER_MARK)
    if text[:1] not in _STARTS_OF_EMPTY:
        return False
    first, *others = text.split("\n")
    if first[:3] == "---" and first[3:4] in _BLANKS_OR_END:
        first = first[3:]
    return not any(_content(line) for line in (first, *others))


_STARTS_OF_EMPTY = ("", " ", "\t", "\r", "\n", "#", "-")
_BLANKS_OR_END = ("", " ", "\t", "\r")


def _is_too_large(document: Document) -> bool:
    length = document.end - document.start
    # A character takes up to four bytes; most documents are small enough whatever they hold.
    return length * 4 > MAX_DOCUMENT_BYTES and len(document.text.encode("utf-8", "replace")) > MAX_DOCUMENT_BYTES


def _unread(document: Document) -> Iterator[ManifestError]:
    """Warn of text behind an end marker. A marker at the start of a line is one even within quotes."""
    if "\n..." not in document.text:
        return
    text = document.text
    marker = _END_MARKER.search(text)
    if marker is None:
        return
    line = document.first_line + text.count("\n", 0, marker.start())
    for offset, written in enumerate(text[marker.start() :].split("\n")):
        if _content(written if offset else written[3:]) not in ("", "..."):
            yield document.remark(line + offset, 1, _UNREAD)
            return


def read_document(document: Document) -> tuple[JsonValue, list[ManifestError], list[ManifestError]]:
    """Return the value of a document, the errors, with which the value is None, and the warnings."""
    try:
        reading = read_yaml(document.text, document.first_line)
    except InvalidYaml as error:
        return None, _remarks(document, error.problems), []
    return reading.value, [], _remarks(document, reading.notices)


def _remarks(document: Document, problems: Iterable[YamlProblem]) -> list[ManifestError]:
    return [
        document.remark(problem.line, problem.column, problem.message, render_path(problem.path) or None)
        for problem in problems
    ]
