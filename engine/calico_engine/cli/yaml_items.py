"""One item of a long list edited or cut out by itself: of a cluster's dump, one document, most is not concerned."""

from __future__ import annotations

import yaml

from calico_engine.cli.yaml_editing import edited
from calico_engine.errors import ChangeRefused
from calico_engine.manifests.yaml_events import open_events
from calico_engine.manifests.yaml_problems import InvalidYaml
from calico_engine.manifests.yaml_values import JsonValue, parse_value


class Items:
    """The lines of a block list's items within a document's text."""

    def __init__(self, text: str, first_line: int) -> None:
        """`first_line`: where the first item starts, from 0."""
        self._lines = text.split("\n")
        self._column = _indent(self._lines[first_line])
        self._spans = self._found(first_line)

    @property
    def text(self) -> str:
        """The document's text, with what was edited."""
        return "\n".join(self._lines)

    def edit(self, index: int, was: JsonValue, wanted: JsonValue) -> bool:
        """Give an item another value; False if it cannot be told from its surroundings. Edit the last items first."""
        found = self._item(index, was)
        if found is None:
            return False
        start, end, text, indent = found
        ends_with_return = self._lines[end - 1].endswith("\r")
        try:
            changed = edited(text, ((), wanted)).removesuffix("\n").split("\n")
        except ChangeRefused:
            return False
        changed[-1] = changed[-1].removesuffix("\r") + "\r" * ends_with_return
        padded = [" " * indent + line if line.strip() else line for line in changed]
        head = self._lines[start][:indent]
        self._lines[start:end] = [head + padded[0][indent:], *padded[1:]]
        return True

    def remove(self, index: int, was: JsonValue) -> bool:
        """Cut an item out, with the blank lines below it; False as in `edit`, and for the only one. The last come first."""
        found = self._item(index, was)
        if found is None or len(self._spans) == 1:
            return False
        start, end, _, _ = found
        ends_with_return = self._lines[end - 1].endswith("\r")
        while end < self._spans[index][1] and not self._lines[end].strip() and end + 1 < len(self._lines):
            end += 1
        del self._lines[start:end], self._spans[index]
        if start == len(self._lines):
            # Of a text that ends within a line's end, the line that is the last one now does too.
            self._lines[-1] = self._lines[-1].removesuffix("\r") + "\r" * ends_with_return
        return True

    def _item(self, index: int, was: JsonValue) -> tuple[int, int, str, int] | None:
        """First line and the one behind the last, and the text as `_inner` gives it, of an item that stands alone."""
        if index >= len(self._spans):
            return None
        start, end = self._spans[index]
        while self._is_between(self._lines[end - 1]):
            end -= 1
        inner = self._inner(start, end)
        try:
            if inner is None or _is_shared(inner[0]) or parse_value(inner[0]) != was:
                return None
        except InvalidYaml:
            return None
        return start, end, *inner

    def _is_between(self, line: str) -> bool:
        """Blank lines below an item, and comments as far left as its dash, are not the item's."""
        content = line.strip()
        return not content or (content[0] == "#" and _indent(line) <= self._column)

    def _found(self, first_line: int) -> list[tuple[int, int]]:
        starts = []
        end = len(self._lines)
        for number in range(first_line, len(self._lines)):
            line = self._lines[number]
            content = line.strip()
            if not content or _indent(line) > self._column or (content[0] == "#" and _indent(line) == self._column):
                continue
            if _indent(line) < self._column or content[:2] not in ("- ", "-"):
                end = number
                break
            starts.append(number)
        return list(zip(starts, [*starts[1:], end], strict=True))

    def _inner(self, start: int, end: int) -> tuple[str, int] | None:
        """The item's text as a document of its own, and by how much it was indented."""
        first = self._lines[start]
        content = first[self._column + 1 :].lstrip(" ")
        indent = len(first) - len(content)
        lines = [content, *self._lines[start + 1 : end]]
        # What stands further left can be told in the whole document only.
        if not content.strip():
            return None
        if any(line.strip() != "" and _indent(line) < indent for line in lines[1:]):
            return None
        if any(line.strip() == "" and line not in ("", "\r") for line in lines):
            return None
        return "\n".join([content, *(line[indent:] if line.strip() else line for line in lines[1:])]) + "\n", indent


def _is_shared(text: str) -> bool:
    """Whether an anchor or alias ties the text to the rest of the document."""
    if "&" not in text and "*" not in text:
        return False
    try:
        return any(getattr(event, "anchor", None) is not None for event in iter(open_events(text), None))
    except yaml.YAMLError:
        return True


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
