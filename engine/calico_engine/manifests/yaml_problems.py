"""What can be wrong with a YAML or JSON text, in words for the people who write manifests.

The parsers speak of tokens and nodes. Here each of their complaints gets a sentence that says what to change.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from calico_engine.errors import CalicoEngineError, printable

Path = tuple[str | int, ...]
"""Where a value stands in a document: ``("spec", "ingress", 0, "protocol")``."""

MAX_DEPTH = 1_000
"""How deep a document may nest: libyaml's own bound. go-yaml's is 10,000, and no resource comes near either."""


MOST_PROBLEMS = 1_000
"""How many problems of one kind are told of one document."""

WRONG_VERSION = "calicoctl reads YAML 1.1 only; remove the %YAML line"
HALF_CHARACTER = "an escape for half a character (a surrogate); write the character, or \\U and 8 digits"
TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"


@dataclass(frozen=True, slots=True, order=True)
class YamlProblem:
    """One thing that is wrong with a text; ``line`` and ``column`` count from 1, ``path`` is known for some."""

    line: int
    column: int
    message: str
    path: Path = field(default=(), compare=False)


class InvalidYaml(CalicoEngineError):
    """A text that has no value; ``problems`` are sorted by place."""

    def __init__(self, problems: Iterable[YamlProblem]) -> None:
        self.problems: tuple[YamlProblem, ...] = tuple(sorted(problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(f"{problem.line}:{problem.column}: {problem.message}" for problem in self.problems)


_PLAIN_STEP = re.compile(r"[A-Za-z0-9_-]+")


def render_path(path: Path) -> str:
    """Return a path as text; steps that could be misread are quoted.

    >>> render_path(("metadata", "labels", "a.b/c")), render_path(("spec", "ingress", 0, "protocol"))
    ('metadata.labels["a.b/c"]', 'spec.ingress[0].protocol')
    """
    text = "".join(_render_step(step) for step in path)
    return text.removeprefix(".")


def _render_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN_STEP.fullmatch(step):
        return f".{step}"
    escaped = step.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{printable(escaped)}"]'


class Unreadable(Exception):
    """A text cannot be read on: what was found where."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(offset, message)
        self.offset, self.message = offset, message


class LineTable:
    """Turns offsets in a text into lines and columns. A line ends where editors end it, at a newline."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._starts = array("q", [0])
        self._starts.extend(match.end() for match in re.finditer("\n", text))
        self._first_line = first_line

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, of the character at ``offset``."""
        line = bisect_right(self._starts, offset) - 1
        return self._first_line + line, offset - self._starts[line] + 1

    def line(self, offset: int) -> int:
        """Return the line, from 1, of the character at ``offset``."""
        return self.place(offset)[0]


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def forbidden_character(text: str) -> int | None:
    """Return the offset of the first character that YAML does not let stand in a text (``readerc.go``), or None."""
    match = _FORBIDDEN.search(text)
    return None if match is None else match.start()


_TABS = "tabs may not indent YAML; use spaces"
_INDENT = "wrong indentation, or text after a value that is complete: "
# In this order: the first phrase that the parser's complaint contains. `start` places the problem where the construct
# began and not where the parser gave up.
_PHRASES: tuple[tuple[str, str, bool], ...] = (
    ("tab character", _TABS, False),
    ("found character '\\t'", _TABS, False),
    (
        "mapping values are not allowed",
        "`: ` cannot stand here: quote a text that holds it, or mend the indentation or the line above",
        False,
    ),
    ("could not find expected ':'", "`:` is missing: this is neither `key: value` nor an entry of a list", True),
    ("did not find expected key", _INDENT + "a key was expected here", False),
    ("found unexpected ':'", "a `:` before a comma or bracket; quote the text that it belongs to", False),
    ("did not find expected '-' indicator", _INDENT + "an entry of the list, `- `, was expected here", False),
    ("expected <block end>", _INDENT + "a key or `- ` of the same indentation was expected here", False),
    ("did not find expected ',' or ']'", "`,` or `]` is missing in a list in brackets", False),
    ("expected ',' or ']'", "`,` or `]` is missing in a list in brackets", False),
    ("did not find expected ',' or '}'", "`,` or `}` is missing in a mapping in braces", False),
    ("expected ',' or '}'", "`,` or `}` is missing in a mapping in braces", False),
    ("expected node content", "a value is missing here", False),
    ("expected the node content", "a value is missing here", False),
    (
        "document start>",
        "a `%` line must be followed by `---`, where calicoctl cuts it off from its document; remove the `%` line",
        False,
    ),
    ("unexpected end of stream", "a quoted text is not closed", True),
    (
        "unexpected document",
        "`---` or `...` at the start of a line inside a quoted text, which is perhaps not closed",
        True,
    ),
    (
        "unknown escape character",
        "unknown escape in a text in double quotes; double the backslash or use single quotes",
        False,
    ),
    ("hexdecimal number", "an escape in a text in double quotes has too few hexadecimal digits", False),
    ("hexadecimal", "an escape in a text in double quotes has too few hexadecimal digits", False),
    (
        "Unicode character escape",
        HALF_CHARACTER,
        False,
    ),
    (
        "block sequence entries are not allowed",
        "an entry of a list, `- `, cannot start here; put it on a line of its own",
        False,
    ),
    (
        "sequence entries are not allowed",
        "an entry of a list, `- `, cannot start here; put it on a line of its own",
        False,
    ),
    ("mapping keys are not allowed", "a key cannot start here; put it on a line of its own", False),
    ("incompatible YAML document", WRONG_VERSION, False),
    ("duplicate %YAML", "%YAML given twice", False),
    ("duplicate %TAG", "%TAG gives the same handle twice", False),
    (
        "undefined tag handle",
        "a tag (`!…!`) whose handle no %TAG line defines; quote a text that starts with `!`",
        False,
    ),
    ("while scanning a tag", "a tag (`!…`) that cannot be read; quote a text that starts with `!`", True),
    ("while parsing a tag", "a tag (`!…`) that cannot be read; quote a text that starts with `!`", True),
    ("an anchor", "a name is missing after `&`; quote a text that starts with `&`", True),
    ("an alias", "a name is missing after `*`; quote a text that starts with `*`", True),
    (
        "while scanning a block scalar",
        "a text block (`|` or `>`) begins wrongly: only `+`, `-` or a digit may follow the sign",
        True,
    ),
    ("while scanning a directive", "a `%` line that cannot be read; quote a text that starts with `%`", True),
    ("while scanning a %", "a `%` line that cannot be read; quote a text that starts with `%`", True),
    ("maximum nesting depth", TOO_DEEP, False),
)


def explain_syntax(text: str, error: yaml.YAMLError) -> tuple[int, str]:
    """Return the offset and the explanation of what the parser raised on ``text``."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _explain_character(text)
    complaint = f"{error.problem}; {error.context}"
    for phrase, message, at_start in _PHRASES:
        if phrase in complaint:
            mark = error.context_mark if at_start and error.context_mark else error.problem_mark
            return (0 if mark is None else mark.index), message
    offset = 0 if error.problem_mark is None else error.problem_mark.index
    if "cannot start any token" in complaint:
        return offset, _explain_start(text[offset : offset + 1])
    return offset, f"not YAML: {printable(str(error.problem))}"


def _explain_start(character: str) -> str:
    if character == "\t":
        return _TABS
    shown = "a backquote" if character == "`" else f"`{printable(character)}`"
    return f"a text cannot start with {shown}; quote it"


def _explain_character(text: str) -> tuple[int, str]:
    offset = forbidden_character(text)
    if offset is None:
        return 0, "not readable as YAML"
    return offset, f"the character U+{ord(text[offset]):04X} may not stand in YAML; remove it or write it as an escape"
