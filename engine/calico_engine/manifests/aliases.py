"""Anchors, aliases, and how much a document may grow by them.

go-yaml decodes what an alias names once more each time, and stops when too many of its steps were such repetitions
(``decode.go: unmarshal``). Here an alias is the anchor's own object and costs nothing; the steps are counted all the
same, so that exactly the documents that calicoctl refuses are refused, and no reader of the values meets one that
explodes.
"""

from dataclasses import dataclass
from typing import Any

# decode.go: alias_ratio_range_low and _high, allowedAliasRatio.
_FEW_STEPS, _MANY_STEPS = 400_000, 4_000_000
_SHARE_AT_FEW, _SHARE_AT_MANY = 0.99, 0.10
_FREE_ALIASED, _FREE_STEPS = 100, 1_000


@dataclass(slots=True)
class Anchor:
    """A value that aliases can repeat, and how many steps it takes to decode it. It is open until its end is read."""

    started_at: int
    value: Any = None
    size: int = 1
    is_open: bool = True

    @classmethod
    def of_scalar(cls, value: Any) -> "Anchor":
        """An anchor on a scalar, which is complete at once."""
        return cls(0, value, 1, is_open=False)

    def close(self, value: Any, decoded: int) -> None:
        """The value ends, after ``decoded`` steps since the document began."""
        self.value, self.size, self.is_open = value, decoded - self.started_at + 1, False


class AliasBudget:
    """Counts go-yaml's steps. A caller knows those of the text as written; ``extra`` are those that aliases add."""

    __slots__ = ("_aliased", "_checked", "extra")

    def __init__(self) -> None:
        self.extra = 0
        self._aliased = 0
        self._checked = 0

    def decoded(self, written: int) -> int:
        """Return go-yaml's count of steps where ``written`` of them stand in the text."""
        return written + self.extra

    def spend(self, written: int, size: int) -> bool:
        """Repeat a value of ``size`` steps; False if that, or the text since the last alias, is more than allowed."""
        if not self.fits(written):
            return False
        self.extra += size
        self._aliased += size
        self._checked += size
        return not self._exceeds(self._checked)

    def fits(self, written: int) -> bool:
        """Whether the share of repetitions is allowed here, and was everywhere since the last alias.

        From one alias to the next the share falls, but the allowed share falls too: their difference is greatest at one
        of the ends of the stretch, or where the rule changes. While an alias is repeated it only grows.
        """
        first, last = self._checked, self.decoded(written)
        self._checked = last
        steps = {last, *(step for step in (_FREE_STEPS + 1, _MANY_STEPS) if first < step < last)}
        return not any(self._exceeds(step) for step in steps)

    def _exceeds(self, steps: int) -> bool:
        if self._aliased <= _FREE_ALIASED or steps <= _FREE_STEPS:
            return False
        return self._aliased / steps > _allowed_share(steps)


def _allowed_share(steps: int) -> float:
    if steps <= _FEW_STEPS:
        return _SHARE_AT_FEW
    if steps >= _MANY_STEPS:
        return _SHARE_AT_MANY
    return _SHARE_AT_FEW - (_SHARE_AT_FEW - _SHARE_AT_MANY) * ((steps - _FEW_STEPS) / (_MANY_STEPS - _FEW_STEPS))
