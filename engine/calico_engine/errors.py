"""Every error that calico-engine raises, whose fault it is, and where.

Text that came from a user is shown through :func:`printable`: a manifest must not be able to move the cursor, colour
the screen, reverse the reading direction or break a line of a report.
"""

from collections.abc import Iterable, Mapping
from functools import total_ordering

from calico_engine.frozen import frozen

PRINTABLE_LIMIT = 200
"""How many characters of user text a message shows unless told otherwise."""

MESSAGE_LIMIT = 2_000
"""How long the message of one :class:`ManifestError` may get on its line."""

_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str, limit: int = PRINTABLE_LIMIT) -> str:
    r"""Return ``text`` fit for one line of a terminal: at most ``limit`` characters, all of them visible ones.

    Control characters, line breaks, bidirectional and zero-width controls, blanks other than the space, lone surrogates
    and unassigned characters become escapes; the end of a long text becomes ``…``. Doing it twice changes nothing.

    >>> print(printable("a\x1b[31mb\n"))
    a\x1b[31mb\n
    >>> print(printable("abcdef", limit=4))
    abc…
    """
    head = text[:limit]
    if not head.isprintable():
        head = "".join(character if character.isprintable() else _escape(character) for character in head)
    if len(text) <= limit and len(head) <= limit:
        return head
    return head[: max(limit - 1, 0)] + "…"


def quoted(text: str, limit: int = 80) -> str:
    """Return a name that a user gave, in quotes and fit for a message: its start tells which one it was.

    >>> print(quoted("worker1"))
    'worker1'
    """
    return f"'{printable(text, limit)}'"


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return _SHORT_ESCAPES.get(character) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class CalicoEngineError(Exception):
    """The root: whoever catches this catches every error that calico-engine raises on purpose."""


@total_ordering
@frozen
class ManifestError:
    """One thing that is wrong (or, in a list of warnings, worth knowing) in the manifests, and its place.

    ``document``, ``line`` and ``column`` count from 1; ``path`` is like ``spec.ingress[0].protocol``. What is not known
    or does not apply is None. Errors sort by file, then line, then column; an unknown place comes before all known ones.

    >>> print(ManifestError("p.yaml", 1, 7, 5, "Tier", "t", "spec.order", "a number is expected, not text"))
    p.yaml:7:5: Tier/t spec.order: a number is expected, not text
    """

    file: str
    document: int | None = None
    line: int | None = None
    column: int | None = None
    kind: str | None = None
    name: str | None = None
    path: str | None = None
    message: str = ""

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, ManifestError):
            return NotImplemented
        return self._order() < other._order()

    def __str__(self) -> str:
        parts = (self._place(), self.subject, printable(self.message, MESSAGE_LIMIT))
        return ": ".join(part for part in parts if part)

    def _order(self) -> tuple[object, ...]:
        numbers = (self.line, self.column, self.document)
        texts = (self.kind, self.name, self.path)
        known = (*(number or 0 for number in numbers), *((text is not None, text or "") for text in texts))
        return (self.file, *known, self.message, *(number is None for number in numbers))

    def _place(self) -> str:
        numbers = (self.line,) if self.column is None or self.line is None else (self.line, self.column)
        return ":".join([printable(self.file), *(str(number) for number in numbers if number is not None)])

    @property
    def subject(self) -> str:
        """Which object, and where in it: `GlobalNetworkPolicy/p spec.ingress[0].action`; empty if neither is known."""
        owner = "/".join(printable(part) for part in (self.kind, self.name) if part)
        return " ".join(part for part in (owner, printable(self.path or "")) if part)


class InvalidManifest(CalicoEngineError):
    """The manifests cannot be used; ``errors`` has everything that was found, sorted by file and line.

    ``texts`` has what was read, by the names that the errors give to files, as far as it could be read at all.
    """

    def __init__(self, errors: Iterable[ManifestError], texts: Mapping[str, str] | None = None) -> None:
        self.errors: tuple[ManifestError, ...] = tuple(sorted(errors))
        self.texts: Mapping[str, str] = texts or {}
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class UnknownReference(CalicoEngineError):
    """A question names something (a node, an endpoint, a policy) that the manifests do not hold."""


class UncertainVerdict(CalicoEngineError):
    """A plain yes or no was asked for, and the answer depends on what the question leaves open."""


class InvalidConfiguration(CalicoEngineError):
    """A configuration with which Felix would not start."""


class OutOfScope(CalicoEngineError):
    """The question is about something that is not modelled. It is said rather than guessed."""


class ChangeRefused(CalicoEngineError):
    """A change that calicoctl or kubectl would refuse, in their words where they have some."""


class InvalidPacket(CalicoEngineError, ValueError):
    """A packet description that is no packet; ``key`` is the field at fault, as it is spelled in a query.

    >>> print(InvalidPacket("sourcePort", "a port is a number from 0 to 65535"))
    sourcePort: a port is a number from 0 to 65535
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(key, message)
        self.key = key
        self.message = message

    def __str__(self) -> str:
        return f"{printable(self.key)}: {printable(self.message, MESSAGE_LIMIT)}"
