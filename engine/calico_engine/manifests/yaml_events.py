"""The stream of YAML events of one document, from libyaml where PyYAML has it and from PyYAML's own parser otherwise.

libyaml and go-yaml v2 are two children of one parser, and have grown apart in a few places. What go-yaml reads and
libyaml would refuse is made readable here; what libyaml reads and go-yaml refuses is refused here. So the readers of
events need not know which parser they have.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from yaml.events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from calico_engine.manifests.yaml_problems import HALF_CHARACTER, Unreadable

try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # PyYAML was built without libyaml: slower, and laxer with tabs and unknown % lines
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

NextEvent = Callable[[], Any]
"""Gives the next event at each call, and None after the last; raises yaml.YAMLError where the text is not YAML."""

BYTE_ORDER_MARK = "\ufeff"

# In an unquoted text within brackets, as in [fd00::], libyaml wants no colon before a bracket or comma; go-yaml does
# not mind (scannerc.go: yaml_parser_scan_plain_scalar). A colon right behind a quote or bracket is JSON's and is left.
_COLON_IN_TEXT = re.compile(r"(?<=[^\s\"'\[\]{},]):(?=[,\[\]{}?])")
# Found ten times faster, and seldom there.
_COLON_BEFORE_SIGN = re.compile(r":[,\[\]{}?]")
_STAND_INS = range(0xE000, 0xF8FF)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def open_events(text: str) -> NextEvent:
    """Start to parse ``text``, which must not begin with a byte order mark."""
    if _COLON_BEFORE_SIGN.search(text) and _COLON_IN_TEXT.search(text):
        stand_in = next((mark for mark in map(chr, _STAND_INS) if mark not in text), ":")
        return _restoring(_open(_COLON_IN_TEXT.sub(stand_in, text)), stand_in)
    return _open(text)


def _open(text: str) -> NextEvent:
    try:
        return _Parser(text).get_event
    except UnicodeEncodeError as error:
        raise yaml.YAMLError("half a surrogate pair") from error


def _restoring(next_event: NextEvent, stand_in: str) -> NextEvent:
    """Put the colons back that ``open_events`` hid; the places of events are untouched by either."""

    def restored() -> Any:
        event = next_event()
        if type(event) is ScalarEvent and stand_in in event.value:
            event.value = event.value.replace(stand_in, ":")
        return event

    return restored


def misplaced_mark(text: str) -> None:
    """Raise Unreadable if a byte order mark begins a later line, as when files were joined: libyaml would skip it."""
    offset = text.find("\n" + BYTE_ORDER_MARK)
    if offset >= 0:
        raise Unreadable(offset + 1, "a byte order mark in the middle of the text; remove it")


def may_be_refused(text: str) -> bool:
    """Whether ``refused_scalars`` can find anything; it is as slow as reading, and this is not."""
    return ("\\" in text and ("\\/" in text or "\\u" in text)) or ("?" in text and ("[" in text or "{" in text))


def refused_scalars(text: str) -> Iterator[tuple[int, str]]:
    """Give offset and explanation of every scalar that go-yaml refuses and libyaml does not.

    ``text`` must be one that libyaml reads without an error.
    """
    in_brackets = [False]
    for event in iter(open_events(text), None):
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            in_brackets.append(bool(event.flow_style))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            in_brackets.pop()
        elif isinstance(event, yaml.DocumentEndEvent):
            return
        elif isinstance(event, ScalarEvent):
            yield from _refused_scalar(text, event, in_brackets[-1])


def _refused_scalar(text: str, event: Any, in_brackets: bool) -> Iterator[tuple[int, str]]:
    start = event.start_mark.index
    written = text[start : event.end_mark.index]
    if in_brackets and event.implicit[0] and "?" in written:
        # scannerc.go ends an unquoted text in brackets at any question mark, and then misses a comma.
        yield start + written.index("?"), "`?` in an unquoted text in brackets; quote the text"
    elif _SURROGATE.search(event.value):
        # Only PyYAML's own parser lets it pass.
        yield start, HALF_CHARACTER
    elif written.endswith('"') and (match := _ESCAPED_SLASH.search(written)):
        yield start + match.end() - 2, "`\\/` is no escape for calicoctl; write the slash without a backslash"
