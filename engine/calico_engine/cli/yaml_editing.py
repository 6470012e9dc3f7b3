"""A change of values inside a YAML or JSON text that leaves every line alone which the change does not concern.

ruamel.yaml keeps comments, but not every blank and line break. So the text is written twice, without the change and with
it; what differs between these two is the change, and it alone is carried over into the text as it was.
"""

from __future__ import annotations

import difflib
import io
import json
import re
import warnings
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from calico_engine.cli.yaml_comments import attach, detach, remove
from calico_engine.errors import ChangeRefused
from calico_engine.manifests.yaml_problems import InvalidYaml, Path
from calico_engine.manifests.yaml_scalars import UnreadableScalar, resolve_plain
from calico_engine.manifests.yaml_values import JsonValue, read_yaml

_WIDE = 1_000_000
#: (mapping, sequence, offset): `- ` under its key's first letter, or two to the right of it.
_INDENTS = ((2, 2, 0), (2, 4, 2), (4, 2, 0), (4, 4, 2), (4, 6, 4))
_PLAIN = re.compile(r"[A-Za-z0-9_/](?:[A-Za-z0-9_./()=!&|<>' -]*[A-Za-z0-9_./()'])?", re.ASCII)
_BY_HAND = "this text cannot be edited in place; edit it by hand"

Change = tuple[Path, JsonValue]


def edited(text: str, change: Change) -> str:
    """The text with another value at the path. ChangeRefused if that cannot be had without changing more."""
    path, wanted = change
    plain = text.replace("\r\n", "\n")
    if not plain.endswith("\n"):
        # A document in front of another ends before its last line does, perhaps within the line's end.
        whole = edited(text + ("\r\n" if "\r\n" in text and not text.endswith("\r") else "\n"), change)
        return whole.removesuffix("\n") if text.endswith("\r") else whole.removesuffix("\n").removesuffix("\r")
    old = read_yaml(plain).value
    expected = _with(old, path, wanted)
    try:
        with warnings.catch_warnings(action="ignore"):
            before, after = _written_twice(plain, old, expected)
    except (YAMLError, RecursionError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError):
        raise ChangeRefused(_BY_HAND) from None
    for candidate in (_carried_over(plain, before, after), after):
        if candidate is not None and _means(candidate, expected):
            return candidate.replace("\n", "\r\n") if "\r\n" in text else candidate
    raise ChangeRefused(_BY_HAND)


def value_at(value: JsonValue, path: Path) -> JsonValue:
    """The value at a path that exists."""
    for step in path:
        value = value[step]  # type: ignore[index]  # a path has numbers where lists are
    return value


def without_item(value: JsonValue, path: Path) -> Change:
    """The change that takes the item at the path out of the list that holds it."""
    *parent, index = path
    items = value_at(value, tuple(parent))
    assert isinstance(items, list)
    return tuple(parent), [item for number, item in enumerate(items) if number != index]


def _with(value: JsonValue, path: Path, wanted: JsonValue) -> JsonValue:
    """A copy along the path alone: what an alias names is the anchor's own object, and stays as it is."""
    result = wanted
    for length in range(len(path) - 1, -1, -1):
        holder = value_at(value, path[:length])
        copied: dict[str, JsonValue] | list[JsonValue] = holder.copy()  # type: ignore[union-attr]
        copied[path[length]] = result  # type: ignore[index]
        result = copied
    return result


def _means(text: str, expected: JsonValue) -> bool:
    try:
        return json.dumps(read_yaml(text).value, sort_keys=True) == json.dumps(expected, sort_keys=True)
    except (InvalidYaml, RecursionError):
        return False


def _written_twice(text: str, old: JsonValue, new: JsonValue) -> tuple[str, str]:
    """The text as our own writer gives it, without the change and with it."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text)
        except json.JSONDecodeError:
            pass
        else:
            return _json(text, old), _json(text, new)
    writer, node = _best_reading(text)
    before = _dumped(writer, node)
    _reconcile(node, old, new)
    return before, _dumped(writer, node)


def _json(text: str, value: JsonValue) -> str:
    indent = re.search(r"\n([ \t]+)\S", text)
    end = "\n" if text.endswith("\n") else ""
    compact = indent is None and '": ' not in text
    written = json.dumps(
        value,
        indent=indent[1] if indent else None,
        separators=(",", ":") if compact else None,
        ensure_ascii=False,
    )
    return written + end


def _best_reading(text: str) -> tuple[YAML, object]:
    """The reading whose indents are the text's own, as far as they are the same everywhere."""
    found = []
    for indent in _INDENTS:
        reading = _reading(text, indent)
        distance = _distance(reading, text)
        if distance == 0:
            return reading
        found.append((distance, reading))
    return min(found, key=lambda pair: pair[0])[1]


def _reading(text: str, indent: tuple[int, int, int]) -> tuple[YAML, object]:
    writer = YAML()
    writer.preserve_quotes = True
    writer.width = _WIDE
    writer.indent(*indent)
    writer.explicit_start = text.startswith("---")
    return writer, writer.load(text)


def _dumped(writer: YAML, node: object) -> str:
    stream = io.StringIO()
    writer.dump(node, stream)
    return stream.getvalue()


def _distance(found: tuple[YAML, object], text: str) -> int:
    """How many lines are not as they were."""
    return len(set(_dumped(*found).splitlines()) - set(text.splitlines()))


def _reconcile(node: object, old: JsonValue, new: JsonValue) -> None:
    """Make the node mean `new`; it means `old`, and nothing that is the same in both is touched."""
    stack: list[tuple[object, JsonValue, JsonValue]] = [(node, old, new)]
    while stack:
        held, was, wanted = stack.pop()
        if isinstance(held, CommentedMap) and isinstance(was, dict) and isinstance(wanted, dict):
            stack += _reconcile_mapping(held, was, wanted)
        elif isinstance(held, CommentedSeq) and isinstance(was, list) and isinstance(wanted, list):
            stack += _reconcile_list(held, was, wanted)


def _reconcile_mapping(
    held: CommentedMap, was: Mapping[str, JsonValue], wanted: Mapping[str, JsonValue]
) -> list[tuple[object, JsonValue, JsonValue]]:
    below = []
    for key, item in wanted.items():
        if key not in was:
            comment = detach(held)
            held[_fresh(key)] = _fresh(item)
            attach(held, comment)
        elif _differ(item, was[key]):
            if _alike(item, was[key]):
                below.append((held[key], was[key], item))
            else:
                comment = detach(held, key)
                held[key] = _fresh(item)
                attach(held, comment, key)
    for key in [key for key in was if key not in wanted]:
        remove(held, key)
    return below


def _reconcile_list(
    held: CommentedSeq, was: Sequence[JsonValue], wanted: Sequence[JsonValue]
) -> list[tuple[object, JsonValue, JsonValue]]:
    below = []
    head = _equal_items(was, wanted)
    tail = min(_equal_items(was[::-1], wanted[::-1]), len(was) - head, len(wanted) - head)
    old, new = was[head : len(was) - tail], wanted[head : len(wanted) - tail]
    for number in range(min(len(old), len(new))):
        if _alike(old[number], new[number]):
            below.append((held[head + number], old[number], new[number]))
        elif _differ(old[number], new[number]):
            held[head + number] = _fresh(new[number])
    for number in range(len(old) - 1, len(new) - 1, -1):
        remove(held, head + number)
    for number in range(len(old), len(new)):
        held.insert(head + number, _fresh(new[number]))
    return below


def _equal_items(one: Sequence[JsonValue], other: Sequence[JsonValue]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if _differ(a, b)), min(len(one), len(other)))


def _differ(one: JsonValue, other: JsonValue) -> bool:
    return type(one) is not type(other) or one != other


def _alike(one: JsonValue, other: JsonValue) -> bool:
    """Both are mappings, or lists, with something in them: one can become the other in its place."""
    return bool(one and other) and (
        (isinstance(one, dict) and isinstance(other, dict)) or (isinstance(one, list) and isinstance(other, list))
    )


def _fresh(value: JsonValue) -> object:
    """A new value for ruamel.yaml, in block style, every text so that calicoctl's YAML reads it as text too."""
    if isinstance(value, str):
        return DoubleQuotedScalarString(value) if _is_ambiguous(value) else value
    if not isinstance(value, dict | list):
        return value
    root: CommentedSeq = CommentedSeq()
    stack: list[tuple[JsonValue, object]] = [([value], root)]
    while stack:
        source, into = stack.pop()
        pairs = source.items() if isinstance(source, dict) else enumerate(source if isinstance(source, list) else [])
        for key, item in pairs:
            made: object = _fresh(item) if not isinstance(item, dict | list) else _empty(item)
            if isinstance(into, MutableMapping):
                into[_fresh(str(key))] = made
            elif isinstance(into, MutableSequence):
                into.append(made)
            if isinstance(item, dict | list):
                stack.append((item, made))
    found: object = root[0]
    return found


def _empty(value: JsonValue) -> object:
    """An empty collection for this one. One that stays empty is written `{}` or `[]`."""
    return CommentedMap() if isinstance(value, dict) else CommentedSeq()


def _is_ambiguous(text: str) -> bool:
    """Whether it is safer in quotes: block and flow style, YAML 1.1 and 1.2 differ in what may stand without them."""
    try:
        return not _PLAIN.fullmatch(text) or resolve_plain(text) != text
    except UnreadableScalar:
        return True


def _carried_over(text: str, before: str, after: str) -> str | None:
    """The text with the difference between `before` and `after`; None where that meets what our writer had changed."""
    lines, base, target = (part.splitlines(keepends=True) for part in (text, before, after))
    written = _opcodes(base, lines)
    result: list[str] = []
    position = 0
    for tag, start, end, first, last in _opcodes(base, target):
        if tag == "equal":
            continue
        low, high = _place(written, start, at_end=False), _place(written, end, at_end=end > start)
        if low is None or high is None or low < position:
            return None
        result += lines[position:low] + target[first:last]
        position = high
    return "".join(result + lines[position:])


def _opcodes(one: list[str], other: list[str]) -> list[tuple[str, int, int, int, int]]:
    """What differs; a comparison takes long, so only what is between the first and the last difference is compared."""
    head = _equal_items(one, other)
    tail = min(_equal_items(one[::-1], other[::-1]), len(one) - head, len(other) - head)
    ends = len(one) - tail, len(other) - tail
    inner = difflib.SequenceMatcher(None, one[head : ends[0]], other[head : ends[1]], autojunk=False).get_opcodes()
    codes = [("equal", 0, head, 0, head)] if head else []
    codes += [(tag, i + head, j + head, k + head, m + head) for tag, i, j, k, m in inner]
    return codes + ([("equal", ends[0], len(one), ends[1], len(other))] if tail else [])


def _place(opcodes: list[tuple[str, int, int, int, int]], index: int, *, at_end: bool) -> int | None:
    """The line in the text that is this line's in `before`. Where lines stand between two, the end is before them."""
    found = None
    for tag, start, end, first, last in opcodes:
        if start <= index <= end and (tag == "equal" or index in (start, end) or end - start == last - first):
            place = last if index == end else first + index - start
            if at_end:
                return place
            found = place
    return found
