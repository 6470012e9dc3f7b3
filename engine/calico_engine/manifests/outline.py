"""The second, slow reading of a document: where every key and value stands, and which keys stand twice.

It is made only when a place must be shown. Places are kept as offsets in flat arrays, a few bytes for each node.
"""

from array import array
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from calico_engine.errors import printable
from calico_engine.frozen import frozen
from calico_engine.manifests.yaml_events import open_events
from calico_engine.manifests.yaml_problems import MOST_PROBLEMS, LineTable, Path, YamlProblem
from calico_engine.manifests.yaml_scalars import MERGE_TAG, UnreadableScalar, key_text, resolve_plain, resolve_tagged

_DOCUMENT = 0
_NO_KEY = -1


@frozen
class Duplicate:
    """A key that its mapping had already, the offsets of both, and whether it came (the second time) by ``<<``."""

    path: Path
    first: int
    again: int
    by_merge: bool


@dataclass(slots=True)
class _Level:
    """A mapping or list that is being read; in a mapping, ``key`` is the key whose value comes next."""

    children: "array[int] | dict[str, int]"
    key: str | None = None
    key_offset: int = _NO_KEY
    merging: bool = False


@dataclass(slots=True)
class Outline:
    """The nodes of a document, numbered; node 0 is the whole of it. ``children`` has the mappings' and lists' nodes."""

    values: "array[int]" = field(default_factory=lambda: array("q"))
    keys: "array[int]" = field(default_factory=lambda: array("q"))
    children: "dict[int, array[int] | dict[str, int]]" = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)
    duplicate_count: int = 0

    def find(self, path: Path) -> int:
        """Return the node at the path, or its nearest ancestor."""
        node = _DOCUMENT
        for step in path:
            inner = self._child(node, step)
            if inner is None:
                break
            node = inner
        return node

    def _child(self, node: int, step: str | int) -> int | None:
        inner = self.children.get(node)
        if isinstance(inner, dict):
            return inner.get(step) if isinstance(step, str) else None
        if inner is None or isinstance(step, str) or not 0 <= step < len(inner):
            return None
        return inner[step]


def read_outline(text: str) -> Outline:
    """Read where everything in ``text`` stands; it must not begin with a byte order mark.

    A text that is not YAML has the places before its first error.
    """
    reader = _OutlineReader()
    try:
        for event in iter(open_events(text), None):
            if isinstance(event, DocumentEndEvent):
                break
            reader.read(event)
    except yaml.YAMLError:
        pass
    if not reader.outline.values:
        reader.add(0)
    return reader.outline


class _OutlineReader:
    def __init__(self) -> None:
        self.outline = Outline()
        self._levels = [_Level(array("q"))]
        self._nodes: list[int] = []
        self._anchors: dict[str, int] = {}
        self._anchored_keys: dict[str, str] = {}

    def read(self, event: Any) -> None:
        """Take one event of the document."""
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._open(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._levels.pop()
            self._finish(self._nodes.pop())
        elif isinstance(event, ScalarEvent | AliasEvent):
            self._leaf(event)

    def add(self, offset: int) -> int:
        """Add a node whose value begins at ``offset``, with the key that is due."""
        self.outline.values.append(offset)
        self.outline.keys.append(self._levels[-1].key_offset)
        return len(self.outline.values) - 1

    def _open(self, event: Any) -> None:
        node = self.add(event.start_mark.index)
        self._attach(node)
        level = _Level({} if isinstance(event, MappingStartEvent) else array("q"))
        self.outline.children[node] = level.children
        self._levels.append(level)
        self._nodes.append(node)
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _leaf(self, event: Any) -> None:
        level = self._levels[-1]
        offset = event.start_mark.index
        if isinstance(level.children, dict) and level.key is None:
            self._take_key(level, event, offset)
            return
        node = self.add(offset)
        if isinstance(event, AliasEvent):
            target = self.outline.children.get(self._anchors.get(str(event.anchor), _NO_KEY))
            if target is not None:
                self.outline.children[node] = target
        elif event.anchor is not None:
            self._anchors[event.anchor] = node
            self._anchored_keys[event.anchor] = _text_of_key(event)
        self._attach(node)
        self._finish(node)

    def _take_key(self, level: _Level, event: Any, offset: int) -> None:
        if isinstance(event, AliasEvent):
            key = self._anchored_keys.get(str(event.anchor), "")
        else:
            key = _text_of_key(event)
            level.merging = key == "<<" and (event.implicit[0] or event.tag == MERGE_TAG)
            if event.anchor is not None:
                self._anchored_keys[event.anchor] = key
        level.key, level.key_offset = key, offset
        first = level.children.get(key) if isinstance(level.children, dict) and not level.merging else None
        if first is not None:
            self._duplicate(key, self.outline.keys[first], offset, by_merge=False)

    def _attach(self, node: int) -> None:
        """A value begins; put it into the mapping or list that it belongs to."""
        level = self._levels[-1]
        if isinstance(level.children, array):
            level.children.append(node)
        elif level.key is not None and not level.merging:
            level.children.setdefault(level.key, node)

    def _finish(self, node: int) -> None:
        """A value is complete; the next one has a key of its own."""
        level = self._levels[-1]
        if isinstance(level.children, dict) and level.key is None:
            # A mapping or list as a key, which has no text.
            level.key = ""
            return
        if level.merging:
            self._merge(level, node)
        level.key, level.key_offset, level.merging = None, _NO_KEY, False

    def _merge(self, level: _Level, node: int) -> None:
        children = level.children
        if not isinstance(children, dict):
            return
        inner = self.outline.children.get(node)
        sources = [inner] if isinstance(inner, dict) else [self.outline.children.get(entry) for entry in inner or ()]
        for source in sources:
            for key, child in source.items() if isinstance(source, dict) else ():
                if key in children:
                    self._duplicate(key, self.outline.keys[children[key]], level.key_offset, by_merge=True)
                else:
                    children[key] = child

    def _duplicate(self, key: str, first: int, again: int, *, by_merge: bool) -> None:
        self.outline.duplicate_count += 1
        if self.outline.duplicate_count > MOST_PROBLEMS:
            return
        path = [len(level.children) - 1 if level.key is None else level.key for level in self._levels[1:-1]]
        self.outline.duplicates.append(Duplicate((*path, key), first, again, by_merge))


def _text_of_key(event: Any) -> str:
    try:
        if event.tag is not None:
            return key_text(resolve_tagged(event.tag, event.value))
        return key_text(resolve_plain(event.value)) if event.implicit[0] else str(event.value)
    except UnreadableScalar:
        return ""


def duplicate_keys(text: str, lines: LineTable) -> list[YamlProblem]:
    """Describe every key of the document that stands twice in its mapping, with both places."""
    outline = read_outline(text)
    problems = [_describe(duplicate, lines) for duplicate in outline.duplicates]
    more = outline.duplicate_count - len(problems)
    if more:
        problems.append(YamlProblem(*lines.place(outline.duplicates[-1].again), f"and {more} more keys given twice"))
    return problems


def _describe(duplicate: Duplicate, lines: LineTable) -> YamlProblem:
    line, column = lines.place(duplicate.again)
    name = f"`{printable(str(duplicate.path[-1]), 80)}`"
    first = lines.line(duplicate.first)
    if duplicate.by_merge:
        message = f"`<<` brings in the key {name}, which stands on line {first}; it cannot be overridden"
    else:
        message = f"mapping key given twice: {name} (first on line {first})"
    return YamlProblem(line, column, message, duplicate.path)
