"""What all sources of configuration have in common: levels, settings in text, and things found wrong."""

from __future__ import annotations

import enum

from calico_engine.errors import printable
from calico_engine.frozen import frozen


class Level(enum.IntEnum):
    """Where a setting comes from; a higher level wins, parameter by parameter (config_params.go: Source)."""

    DEFAULT = 0
    GLOBAL = 1
    SELECTOR = 2
    NODE = 3
    FILE = 4
    ENVIRONMENT = 5

    @property
    def local(self) -> bool:
        """Whether parameters that Felix takes only from its own machine may come from here."""
        return self in (Level.DEFAULT, Level.FILE, Level.ENVIRONMENT)


@frozen
class Setting:
    """A parameter's text and where it stands, in words for a message; the name is as it was written."""

    name: str
    text: str
    origin: str


@frozen
class Finding:
    """Something that is wrong, or worth knowing, and its place.

    >>> print(Finding("environment variable FELIX_BPFENABLED", "'x' is not valid"))
    environment variable FELIX_BPFENABLED: 'x' is not valid
    """

    origin: str
    message: str

    def __str__(self) -> str:
        return f"{printable(self.origin)}: {printable(self.message, 500)}"
