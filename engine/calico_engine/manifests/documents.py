"""From a text to its YAML or JSON documents, split where calicoctl splits; and from a document to its value.

calicoctl looks for a newline followed by ``---`` and throws the rest of that line away
(``calicoctl/calicoctl/util/yaml/separator.go``). In doing so it can lose text without a word. Here nothing is lost
silently: what calicoctl would stop at for no good reason is skipped with a warning, and what it would lose is a warning
where it was perhaps not meant to count, and an error otherwise.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from calico_engine.errors import ManifestError, printable
from calico_engine.frozen import frozen
from calico_engine.manifests.sources import Source
from calico_engine.manifests.yaml_events import BYTE_ORDER_MARK
from calico_engine.manifests.yaml_problems import MOST_PROBLEMS, InvalidYaml, YamlProblem, render_path
from calico_engine.manifests.yaml_values import JsonValue, read_yaml

MAX_DOCUMENT_BYTES = 10 * 1024 * 1024
"""calicoctl's scanner gives up on longer documents. kubectl's dumps, which calicoctl does not read, may be longer."""

MAX_DOCUMENTS = 1_000_000

_LIST_KIND = re.compile(r'^ *"?kind"?: *"?List"?,? *$', re.MULTILINE)
_MARGIN = 400
_SEPARATOR = "\n---"
_END_MARKER = re.compile(r"^\.\.\.(?=\s|\Z)", re.MULTILINE)


@frozen
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
    split = _Split()
    for document, separator in _cut(source):
        if document.index > MAX_DOCUMENTS:
            split.errors.append(document.remark(document.first_line, 1, _TOO_MANY))
            break
        split.take(document)
        if separator is not None:
            split.take_separator(document, separator)
    return split.documents, split.errors, split.sorted_warnings()


@dataclass(slots=True)
class _Split:
    """What a source has been split into so far."""

    documents: list[Document] = field(default_factory=list)
    errors: list[ManifestError] = field(default_factory=list)
    warnings: list[ManifestError] = field(default_factory=list)
    untold: int = 0

    def take(self, document: Document) -> None:
        """Sort the document under what is read, or say why it is not."""
        if _is_empty(document):
            self._warn(document, document.first_line, 1, SKIPPED)
        elif _is_too_large(document):
            self.errors.append(document.remark(document.first_line, 1, _TOO_LARGE))
        else:
            self.documents.append(document)
            line = _unread_line(document)
            if line is not None:
                self._warn(document, line, 1, _UNREAD)

    def take_separator(self, document: Document, separator: "_Separator") -> None:
        """Tell what is lost by the separator behind a document."""
        if separator.ends and not separator.tail:
            return
        line = document.first_line + document.text.count("\n") + 1
        if not separator.ends:
            self.errors.append(document.remark(line, 1, VANISHING))
        elif separator.tail:
            self._warn(document, line, 4, _LOST_TAIL.format(printable(separator.tail, 40)))

    def _warn(self, document: Document, line: int, column: int, message: str) -> None:
        if len(self.warnings) < MOST_PROBLEMS:
            self.warnings.append(document.remark(line, column, message))
        else:
            self.untold += 1

    def sorted_warnings(self) -> list[ManifestError]:
        """Return the warnings, with their number where there were too many to tell."""
        told = sorted(self.warnings)
        if self.untold:
            message = f"and {self.untold} more such warnings"
            told.append(dataclasses.replace(told[-1], message=message))
        return told


SKIPPED = "a document of blank lines and comments only is skipped; calicoctl would stop at it"
_LOST_TAIL = "`{}` behind `---` is thrown away, as calicoctl does; put it on the next line"
VANISHING = "calicoctl loses the document before a last line `---…` that has no line break; end the file with one"
_TOO_LARGE = f"a document of more than {MAX_DOCUMENT_BYTES // 2**20} MB, which calicoctl does not read"
_TOO_MANY = f"more than {MAX_DOCUMENTS} documents in one file; the rest is not read"
_UNREAD = "not read: it stands behind the end marker `...`; calicoctl drops it silently"


@frozen
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
    text = document.text.removeprefix(BYTE_ORDER_MARK).strip(" \t\r\n")
    if text[:1] not in ("", "#", "-"):
        return False
    first, *others = text.split("\n")
    if first[:3] == "---" and first[3:4] in _BLANKS_OR_END:
        first = first[3:]
    return not any(_content(line) for line in (first, *others))


_BLANKS_OR_END = ("", " ", "\t", "\r")


def _is_too_large(document: Document) -> bool:
    length = document.end - document.start
    # A character takes up to four bytes; most documents are small enough whatever they hold.
    if length * 4 <= MAX_DOCUMENT_BYTES or _is_dump(document):
        return False
    return len(document.text.encode("utf-8", "replace")) > MAX_DOCUMENT_BYTES


def _is_dump(document: Document) -> bool:
    """Whether the document is a `kind: List`, as kubectl writes it: the kind stands near the start or the end."""
    text, end = document.source.text, document.end
    near = text[document.start : document.start + _MARGIN] + text[max(document.start, end - _MARGIN) : end]
    return _LIST_KIND.search(near) is not None


def _unread_line(document: Document) -> int | None:
    """The line of the first text behind an end marker. A marker at the start of a line is one even within quotes."""
    if "\n..." not in document.text:
        return None
    text = document.text
    marker = _END_MARKER.search(text)
    if marker is None:
        return None
    first = document.first_line + text.count("\n", 0, marker.end())
    for offset, written in enumerate(text[marker.end() :].split("\n")):
        if _content(written) not in ("", "..."):
            return first + offset
    return None


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
