"""The lines of a report."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """A line of a report and what it is, for colour: good, bad, unsure, dim or plain."""

    text: str
    tone: str = "plain"
