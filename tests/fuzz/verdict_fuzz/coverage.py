"""Every way in which a packet can be decided, to tell which of them a run has not reached.

A way is a decision, its reason, and the hook and kind of chain in which it fell. The table follows from Felix's chains: a
normal chain always decides, a forward chain need not, raw and pre-DNAT policy can decide for the tables behind them; where
they do not, the same interface's normal or forward chain has the word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from verdict_fuzz.comparing import Account

Way = tuple[str, str, str, str]
_DECISIONS: Mapping[str, str] = {"A": "ALLOW", "D": "DENY", "N": "NO_POLICY"}

#: reason → hook → kind of chain (empty: none) → the decisions that can be: Allow, Deny, No policy.
#: NO_POLICY of what is allowed is IptablesFilterAllowAction Return.
_POSSIBLE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "RULE": {
        "raw-PREROUTING": {"UNTRACKED": "ADN"},
        "raw-OUTPUT": {"UNTRACKED": "ADN"},
        "mangle-PREROUTING": {"PRE_DNAT": "ADN"},
        "filter-INPUT": {"NORMAL": "ADN"},
        "filter-FORWARD": {"NORMAL": "ADN", "FORWARD": "ADN"},
        "filter-OUTPUT": {"NORMAL": "ADN"},
        "mangle-POSTROUTING": {"NORMAL": "D"},
    },
    "END_OF_TIER": {
        "filter-INPUT": {"NORMAL": "D"},
        "filter-FORWARD": {"NORMAL": "D", "FORWARD": "D"},
        "filter-OUTPUT": {"NORMAL": "D"},
        "mangle-POSTROUTING": {"NORMAL": "D"},
    },
    "PROFILE": {
        "filter-INPUT": {"NORMAL": "ADN"},
        "filter-FORWARD": {"NORMAL": "ADN"},
        "filter-OUTPUT": {"NORMAL": "ADN"},
        "mangle-POSTROUTING": {"NORMAL": "D"},
    },
    "NO_PROFILE_MATCHED": {
        "filter-INPUT": {"NORMAL": "D"},
        "filter-FORWARD": {"NORMAL": "D"},
        "filter-OUTPUT": {"NORMAL": "D"},
        "mangle-POSTROUTING": {"NORMAL": "D"},
    },
    "MISSING_PROFILE": {
        "filter-INPUT": {"NORMAL": "D"},
        "filter-FORWARD": {"NORMAL": "D"},
        "filter-OUTPUT": {"NORMAL": "D"},
        "mangle-POSTROUTING": {"NORMAL": "D"},
    },
    "FAILSAFE": {"filter-INPUT": {"NORMAL": "A"}, "filter-OUTPUT": {"NORMAL": "A"}},
    "CONNTRACK": {
        "filter-INPUT": {"NORMAL": "AN"},
        "filter-FORWARD": {"NORMAL": "AN", "FORWARD": "AN"},
        "filter-OUTPUT": {"NORMAL": "AN"},
    },
    "CONNTRACK_INVALID": {
        "mangle-PREROUTING": {"PRE_DNAT": "D"},
        "filter-INPUT": {"NORMAL": "D"},
        "filter-FORWARD": {"NORMAL": "D", "FORWARD": "D"},
        "filter-OUTPUT": {"NORMAL": "D"},
        "mangle-POSTROUTING": {"NORMAL": "D"},
    },
    "ENCAPSULATION": {
        "filter-INPUT": {"": "ADN", "NORMAL": "D"},
        "filter-FORWARD": {"NORMAL": "D"},
        "filter-OUTPUT": {"": "AN"},
    },
    "UNKNOWN_WORKLOAD_INTERFACE": {"filter-INPUT": {"": "D"}, "filter-FORWARD": {"": "D"}},
    "SPOOFED_SOURCE": {"raw-PREROUTING": {"": "D"}},
    "NEIGHBOUR_DISCOVERY": {"filter-INPUT": {"": "AN"}},
    "ENDPOINT_TO_HOST_ACTION": {"filter-INPUT": {"": "ADN"}},
    "SERVICE_LOOP": {"filter-FORWARD": {"": "D"}},
    "NO_ENDPOINT": {"": {"": "N"}, "filter-INPUT": {"": "N"}, "filter-FORWARD": {"": "N"}, "filter-OUTPUT": {"": "N"}},
    "FORWARD_DEFAULT_ALLOW": {"filter-FORWARD": {"FORWARD": "AN"}},
    "NOT_DECIDED": {
        "raw-OUTPUT": {"UNTRACKED": "N"},
        "filter-FORWARD": {"FORWARD": "N"},
        "mangle-POSTROUTING": {"NORMAL": "N"},
    },
}


def _ways() -> Iterator[Way]:
    for reason, hooks in _POSSIBLE.items():
        for hook, chains in hooks.items():
            for chain, decisions in chains.items():
                yield from ((_DECISIONS[letter], reason, hook, chain) for letter in decisions)


WAYS: Final = frozenset(_ways())


@dataclass(slots=True)
class Coverage:
    """How often each way was reached."""

    reached: Counter[Way] = field(default_factory=Counter)

    def add(self, account: Account) -> None:
        self.reached[account.decision, account.reason, account.hook, account.chain_type] += 1

    @property
    def missing(self) -> list[Way]:
        """Possible, and not reached."""
        return sorted(WAYS - set(self.reached))

    @property
    def unexpected(self) -> list[Way]:
        """Reached, and not thought possible."""
        return sorted(set(self.reached) - WAYS)
