"""The walk over the events of a document that builds its value."""

import math
import re
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from calico_engine.errors import printable
from calico_engine.manifests.aliases import AliasBudget, Anchor
from calico_engine.manifests.yaml_events import NextEvent
from calico_engine.manifests.yaml_problems import (
    MAX_DEPTH,
    MOST_PROBLEMS,
    TOO_DEEP,
    WRONG_VERSION,
    Unreadable,
    explain_syntax,
)
from calico_engine.manifests.yaml_scalars import (
    MERGE_TAG,
    PLAIN_VALUES,
    TAG_PREFIX,
    UnreadableScalar,
    key_text,
    resolve_tagged,
)

_KEY: Final = object()
_ENTRY: Final = object()
_MERGE: Final = object()
_UNREADABLE_KEY: Final = ""


class Walk:
    """One walk over the events of a document, and what it came across: problems and notices with their offsets."""

    __slots__ = ("anchors", "budget", "explicit_end", "has_duplicates", "notices", "problems", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[tuple[int, str]] = []
        self.notices: list[tuple[int, str]] = []
        self.anchors: dict[str, Anchor] = {}
        self.budget = AliasBudget()
        self.has_duplicates = False
        self.explicit_end = False

    def build(self, next_event: NextEvent) -> Any:
        """Return the value of the first document.

        This is the one loop that all manifests go through, so it is one function: what is common is done in place, what
        is rare is done in the methods below. `slot` says where the next value goes: it is the key in a mapping, or _KEY
        where a key must come first, or _ENTRY in a list, or _MERGE after the key `<<`.
        """
        container: Any = []
        slot: Any = _ENTRY
        anchor: Anchor | None = None
        stack: list[tuple[Any, Any, Anchor | None]] = []
        ends = 0
        for count, event in enumerate(iter(next_event, None)):
            kind = type(event)
            if kind is ScalarEvent:
                if event.tag is not None or event.anchor is not None:
                    value = self._odd_scalar(event, slot)
                elif event.implicit[0]:
                    value = PLAIN_VALUES[event.value]
                    if type(value) is float and slot is not _KEY:
                        self._check_finite(value, event)
                else:
                    value = event.value
                if slot is _KEY:
                    slot = value if type(value) is str else self._key(value, event)
                    if slot == "<<" and (event.implicit[0] or event.tag == MERGE_TAG):
                        slot = _MERGE
                        self.budget.extra -= 1
                    elif slot in container:
                        self.has_duplicates = True
                    continue
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                stack.append((container, slot, anchor))
                anchor = None
                if event.anchor is not None or event.tag is not None or slot is _KEY:
                    anchor = self._open(event, slot, count - ends)
                if len(stack) > MAX_DEPTH:
                    raise Unreadable(event.start_mark.index, TOO_DEEP)
                if kind is MappingStartEvent:
                    container, slot = {}, _KEY
                else:
                    container, slot = [], _ENTRY
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                ends += 1
                value = container
                if anchor is not None:
                    anchor.close(value, self.budget.decoded(count - ends))
                container, slot, anchor = stack.pop()
                if slot is _KEY:
                    slot = _UNREADABLE_KEY
                    continue
            elif kind is AliasEvent:
                value = self._alias(event, slot, count - ends)
                if slot is _KEY:
                    slot = self._key(value, event)
                    self.has_duplicates |= slot in container
                    continue
            elif kind is DocumentEndEvent:
                self.explicit_end = event.explicit
                if not self.budget.fits(count - ends - 1):
                    raise Unreadable(event.start_mark.index, _TOO_MUCH)
                break
            else:
                if kind is DocumentStartEvent and event.version not in (None, (1, 1)):
                    self.problems.append((self.text.index("%YAML"), WRONG_VERSION))
                continue
            if slot is _ENTRY:
                container.append(value)
            elif slot is _MERGE:
                self._merge(container, value, event)
                slot = _KEY
            else:
                container[slot] = value
                slot = _KEY
        return container[0] if container else None

    def check_end(self, next_event: NextEvent) -> None:
        """Whatever follows the document is lost on calicoctl, which parses no further."""
        if self.explicit_end:
            return
        try:
            event = next_event()
            offset = None if event is None or type(event) is StreamEndEvent else event.start_mark.index
        except yaml.YAMLError as error:
            offset = explain_syntax(self.text, error)[0]
        if offset is not None:
            self.problems.append((offset, LOST_TEXT))

    def _odd_scalar(self, event: Any, slot: Any) -> Any:
        value = PLAIN_VALUES[event.value] if event.implicit[0] else event.value
        if event.tag is not None:
            self._check_tag(event)
            try:
                value = resolve_tagged(event.tag, event.value)
            except UnreadableScalar as error:
                self._problem(event, str(error))
        if slot is not _KEY and type(value) is float:
            self._check_finite(value, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = Anchor.of_scalar(value)
        return value

    def _open(self, event: Any, slot: Any, count: int) -> Anchor | None:
        """A mapping or list begins that is not a plain one; return its anchor, if it has one."""
        if slot is _KEY:
            self._problem(event, "a key must be a text, not a mapping or a list; quote it")
        if event.tag is not None:
            self._check_tag(event)
        if event.anchor is None:
            return None
        anchor = self.anchors[event.anchor] = Anchor(self.budget.decoded(count))
        return anchor

    def _alias(self, event: Any, slot: Any, count: int) -> Any:
        anchor = self.anchors.get(event.anchor)
        name = printable(event.anchor, 40)
        if anchor is None:
            self._problem(event, f"`*{name}` has no `&{name}` before it; quote a text that starts with `*`")
            return ""
        if anchor.is_open:
            # decode.go: alias. It is an error even where the value would end.
            self._problem(event, f"`*{name}` stands inside the value that it repeats")
            return ""
        if not self.budget.spend(count, anchor.size):
            raise Unreadable(event.start_mark.index, f"`*{name}`: {_TOO_MUCH}")
        if slot is not _KEY and type(anchor.value) is float:
            self._check_finite(anchor.value, event)
        return anchor.value

    def _key(self, value: Any, event: Any) -> str:
        if isinstance(value, dict | list):
            self._problem(event, "a key must be a text, not a mapping or a list")
            return _UNREADABLE_KEY
        try:
            return key_text(value)
        except UnreadableScalar as error:
            self._problem(event, str(error))
            return _UNREADABLE_KEY

    def _merge(self, mapping: dict[str, Any], value: Any, event: Any) -> None:
        """Lay what `<<` names into the mapping. Unlike elsewhere, no key may stand in both (decode.go: setMapIndex)."""
        sources = value if type(value) is list else [value]
        if not all(type(source) is dict for source in sources) or (type(event) is AliasEvent and type(value) is list):
            self._problem(event, "`<<` takes a mapping, or a list of mappings in place")
            return
        for source in sources:
            self.has_duplicates |= not mapping.keys().isdisjoint(source)
            mapping.update(source)

    def _check_finite(self, value: float, event: Any) -> None:
        if not math.isfinite(value):
            self._problem(event, "infinity and not-a-number have no place in a manifest; quote it to mean the text")

    def _check_tag(self, event: Any) -> None:
        offset = event.start_mark.index
        written = _TAG.match(self.text, offset)
        if written is not None and any(sign in written[1] for sign in ",[]"):
            # scannerc.go takes these for a part of the tag, libyaml ends the tag before them.
            self._problem(event, "a blank must follow a tag; quote a text that starts with `!`")
        if not event.tag.startswith(TAG_PREFIX) and len(self.notices) < MOST_PROBLEMS:
            self.notices.append((offset, _IGNORED_TAG.format(printable(event.tag, 40))))

    def _problem(self, event: Any, message: str) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            raise Unreadable(event.start_mark.index, "and more; the rest is not read")
        self.problems.append((event.start_mark.index, message))


_TAG = re.compile(r"(?:&\S{1,200}\s{1,200})?(!(?!<)\S{0,200})")
_IGNORED_TAG = "`{}` is a YAML tag, which calicoctl ignores; quote the text if the exclamation mark belongs to it"
_TOO_MUCH = "aliases repeat so much that calicoctl refuses the document"
LOST_TEXT = "text after the end of the document, which calicoctl drops silently; begin each document with a line `---`"
