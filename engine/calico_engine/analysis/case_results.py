"""What became of the cases of policies under test, as data: what reports show of it."""

from __future__ import annotations

import enum
from dataclasses import field

from calico_engine.analysis.answers import Answered
from calico_engine.frozen import frozen
from calico_engine.packets import Packet


class Status(enum.StrEnum):
    """ERROR: the case could not be asked, for example because it names a node that is not there."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@frozen
class Addresses:
    """Neighbouring addresses of one IP version, both ends included."""

    version: int
    first: int
    last: int


@frozen
class Ports:
    """Neighbouring ports of a protocol, named as in `tcp`; both ends included."""

    protocol: str
    first: int
    last: int


@frozen
class Connections:
    """All that one question stands for: a connection from any of `source` to any of `destination` for any of `service`.

    A text is a name as the case gives it.
    """

    source: str | Addresses
    destination: str | Addresses
    service: str | Ports


@frozen
class Difference:
    """Answers that differ from the expected one in the same way, for the same reason.

    `answer` is that of the first of the `questions`, `asked` what that one asked.
    """

    about: Connections | Packet
    message: str
    asked: str
    answer: Answered
    questions: int = 1


@frozen
class Clocked:
    """When something began, in seconds since 1970, and how many seconds it took."""

    began: float = 0.0
    seconds: float = 0.0


@frozen
class CaseResult:
    """What became of a case. `differences` tell the first of its `failed` questions; `error` why not all were asked.

    When that was makes no difference to a result.
    """

    file: str
    line: int
    column: int
    name: str
    status: Status
    questions: int
    failed: int
    differences: tuple[Difference, ...] = ()
    error: str = ""
    clocked: Clocked = field(default=Clocked(), compare=False)

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED


@frozen
class Totals:
    """The sums of a run so far. Results come file by file; `file` is that of the last one."""

    files: int = 0
    cases: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    questions: int = 0
    file: str | None = None
    seconds: float = field(default=0.0, compare=False)

    @property
    def all_passed(self) -> bool:
        return self.passed == self.cases

    def plus(self, result: CaseResult) -> Totals:
        """The sums with one case more."""
        return Totals(
            self.files + (result.file != self.file),
            self.cases + 1,
            self.passed + result.passed,
            self.failed + (result.status is Status.FAILED),
            self.errors + (result.status is Status.ERROR),
            self.questions + result.questions,
            result.file,
            self.seconds + result.clocked.seconds,
        )
