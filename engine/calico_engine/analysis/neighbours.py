"""Neighbouring stretches of addresses and ports that are answered alike become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from calico_engine.analysis.case_results import Addresses, Difference, Ports
from calico_engine.packets import Packet

_Axis = Literal["service", "destination", "source"]
_AXES: tuple[_Axis, ...] = ("service", "destination", "source")


def joined(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """The same differences in fewer pieces, in the order of their first questions."""
    found = list(differences)
    for axis in _AXES:
        lines: dict[object, list[Difference]] = {}
        for difference in found:
            lines.setdefault(_line(difference, axis), []).append(difference)
        found = [each for line in lines.values() for each in _joined(line, axis)]
    return tuple(found)


def _line(difference: Difference, axis: _Axis) -> object:
    """What two differences have in common that can be neighbours along an axis."""
    stretch = _stretch(difference, axis)
    if stretch is None or isinstance(difference.about, Packet):
        return difference.message, difference.about
    return difference.message, replace(difference.about, **{axis: replace(stretch, first=0, last=0)})  # type: ignore[arg-type]


def _joined(line: Sequence[Difference], axis: _Axis) -> list[Difference]:
    """The differences of one line, sorted along it, neighbours in one."""
    kept: list[Difference] = []
    for difference in sorted(line, key=lambda each: _first(each, axis)):
        union = _union(kept[-1], difference, axis) if kept else None
        if union is None:
            kept.append(difference)
        else:
            kept[-1] = union
    return kept


def _union(one: Difference, other: Difference, axis: _Axis) -> Difference | None:
    """Both as one if the second begins where the first ends."""
    before, after = _stretch(one, axis), _stretch(other, axis)
    if before is None or after is None or after.first != before.last + 1 or isinstance(one.about, Packet):
        return None
    about = replace(one.about, **{axis: replace(before, last=after.last)})  # type: ignore[arg-type]
    return replace(one, about=about, questions=one.questions + other.questions)


def _first(difference: Difference, axis: _Axis) -> int:
    stretch = _stretch(difference, axis)
    return 0 if stretch is None else stretch.first


def _stretch(difference: Difference, axis: _Axis) -> Addresses | Ports | None:
    if isinstance(difference.about, Packet):
        return None
    value: str | Addresses | Ports = getattr(difference.about, axis)
    return None if isinstance(value, str) else value
