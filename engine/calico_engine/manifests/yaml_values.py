"""One YAML or JSON document → dicts, lists, texts, numbers, booleans and None, exactly as calicoctl reads it.

One walk over the parser's events builds the values directly, with a stack of its own: there is no tree of nodes, no
recursion, and no positions are kept. Where something is wrong and its place is not at hand, the text is read a second
time (see ``outline``): manifests are read often and are wrong rarely.
"""

from collections.abc import Iterable
from itertools import islice

import yaml

from calico_engine.frozen import frozen
from calico_engine.manifests.outline import duplicate_keys
from calico_engine.manifests.yaml_events import (
    BYTE_ORDER_MARK,
    may_be_refused,
    misplaced_mark,
    open_events,
    refused_scalars,
)
from calico_engine.manifests.yaml_problems import (
    MOST_PROBLEMS,
    InvalidYaml,
    LineTable,
    Unreadable,
    YamlProblem,
    explain_syntax,
)
from calico_engine.manifests.yaml_walk import Walk

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None
"""What a document holds. An alias and its anchor are one object, so values must not be changed."""


@frozen
class YamlReading:
    """The value of a text, and what its author should know although it is legal."""

    value: JsonValue
    notices: tuple[YamlProblem, ...] = ()


def parse_value(text: str) -> JsonValue:
    """Return the value of the first YAML or JSON document in ``text``; InvalidYaml names everything that is wrong.

    >>> parse_value("order: 1e3\\nnode: n\\non: [017, 20:22, 2024-01-01]")
    {'order': 1000.0, 'node': False, 'true': [15, '20:22', '2024-01-01']}
    """
    return read_yaml(text).value


def read_yaml(text: str, first_line: int = 1) -> YamlReading:
    """Read as ``parse_value`` does, with notices; ``first_line`` is the line in its file where the text begins."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    walk = Walk(text)
    value = _walk_through(walk)
    if not (walk.problems or walk.notices or walk.has_duplicates):
        return YamlReading(value)
    lines = LineTable(text, first_line)
    problems = _placed(walk.problems, lines)
    if walk.has_duplicates:
        problems.extend(duplicate_keys(text, lines))
    if problems:
        raise InvalidYaml(problems)
    return YamlReading(value, tuple(_placed(walk.notices, lines)))


def _walk_through(walk: Walk) -> JsonValue:
    """Return the value of the walk's text; where there is none, the walk's problems say why."""
    try:
        misplaced_mark(walk.text)
        next_event = open_events(walk.text)
        value: JsonValue = walk.build(next_event)
        walk.check_end(next_event)
        if may_be_refused(walk.text):
            walk.problems.extend(islice(refused_scalars(walk.text), MOST_PROBLEMS))
    except Unreadable as error:
        walk.problems.append((error.offset, error.message))
    except yaml.YAMLError as error:
        walk.problems.append(explain_syntax(walk.text, error))
    else:
        return value
    return None


def _placed(remarks: Iterable[tuple[int, str]], lines: LineTable) -> list[YamlProblem]:
    return [YamlProblem(*lines.place(offset), message) for offset, message in remarks]
