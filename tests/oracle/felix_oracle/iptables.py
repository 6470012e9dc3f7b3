"""The language: what rules do, and how they make chains and tables; what they ask stands in `matches`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from felix_oracle.matches import Match
from felix_oracle.origins import Origin


@dataclass(frozen=True, slots=True)
class Accept:
    """The packet has passed this table."""

    def __str__(self) -> str:
        return "-j ACCEPT"


@dataclass(frozen=True, slots=True)
class Drop:
    def __str__(self) -> str:
        return "-j DROP"


@dataclass(frozen=True, slots=True)
class Return:
    """Back to the rule after the last jump."""

    def __str__(self) -> str:
        return "-j RETURN"


@dataclass(frozen=True, slots=True)
class Jump:
    chain: str

    def __str__(self) -> str:
        return f"-j {self.chain}"


@dataclass(frozen=True, slots=True)
class Goto:
    """As a jump, but what returns from the chain returns from this one too."""

    chain: str

    def __str__(self) -> str:
        return f"-g {self.chain}"


@dataclass(frozen=True, slots=True)
class SetMark:
    """Give the bits of the mask this value."""

    value: int
    mask: int

    def __str__(self) -> str:
        return f"-j MARK --set-xmark {self.value:#x}/{self.mask:#x}"


def set_bit(bit: int) -> SetMark:
    return SetMark(bit, bit)


def clear_bits(bits: int) -> SetMark:
    return SetMark(0, bits)


@dataclass(frozen=True, slots=True)
class NoTrack:
    """Exempt the packet from connection tracking."""

    def __str__(self) -> str:
        return "-j CT --notrack"


@dataclass(frozen=True, slots=True)
class Log:
    prefix: str = "calico-packet"

    def __str__(self) -> str:
        return f'-j LOG --log-prefix "{self.prefix}: " --log-level 5'


Action = Accept | Drop | Return | Jump | Goto | SetMark | NoTrack | Log


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold, what is done then, and on whose behalf; a rule without action only counts packets."""

    matches: tuple[Match, ...] = ()
    action: Action | None = None
    origin: Origin | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    name: str
    rules: tuple[Rule, ...]
    #: The endpoint's chain that this is, for the report of who decided.
    endpoint: EndpointChain | None = None


@dataclass(frozen=True, slots=True)
class EndpointChain:
    """Which endpoint's policy a chain holds, of which kind (NORMAL, FORWARD, PRE_DNAT, UNTRACKED), which way."""

    endpoint: str
    chain_type: str
    direction: str


@dataclass(slots=True)
class Table:
    """A table's chains by name; the kernel's own chains are `hooks`, with their policies."""

    name: str
    hooks: Mapping[str, str]
    chains: dict[str, Chain] = field(default_factory=dict)

    def add(self, *chains: Chain) -> None:
        """Add chains; one that is there already, under a name that tells all about it, stays."""
        for chain in chains:
            self.chains.setdefault(chain.name, chain)
