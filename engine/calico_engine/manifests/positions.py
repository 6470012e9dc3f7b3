"""Where things stand in a document: asked for seldom, for messages, so read from the text again, and kept a while."""

from functools import lru_cache

from calico_engine.manifests.documents import Document
from calico_engine.manifests.outline import read_outline
from calico_engine.manifests.yaml_events import BYTE_ORDER_MARK
from calico_engine.manifests.yaml_problems import LineTable, Path

_REMEMBERED_DOCUMENTS = 8


class Positions:
    """The places of one document's keys and values."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        text = text.removeprefix(BYTE_ORDER_MARK)
        self._outline = read_outline(text)
        self._lines = LineTable(text, first_line)

    def locate(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Return line and column, from 1, of the value at a path, or of its key; if absent, of its nearest ancestor.

        What came by an alias or a merge key is found where it is written.
        """
        node = self._outline.find(path)
        offset = self._outline.keys[node] if key else -1
        return self._lines.place(offset if offset >= 0 else self._outline.values[node])


@lru_cache(maxsize=_REMEMBERED_DOCUMENTS)
def positions(document: Document) -> Positions:
    """Return the places of a document; those of the last few documents are remembered."""
    return Positions(document.text, document.first_line)


def locate(document: Document, path: Path, *, key: bool = False) -> tuple[int, int]:
    """Return line and column, in the file and from 1, of the value (or the key) at a path of a document."""
    return positions(document).locate(path, key=key)
