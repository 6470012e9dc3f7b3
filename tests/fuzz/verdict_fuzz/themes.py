"""What a world dwells on: most have of everything something, some much of one thing that else comes about too rarely."""

from __future__ import annotations

import enum
from random import Random


class Theme(enum.Enum):
    """Blocks of a rule's criteria; ties between policies; passing from tier to tier and into profiles."""

    MIXED = 55
    BLOCKS = 20
    ORDER = 8
    PASS = 17


def theme(random: Random) -> Theme:
    return random.choices(tuple(Theme), [each.value for each in Theme])[0]
