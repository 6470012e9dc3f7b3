"""A packet walks through tables of rules, as in the kernel's ip_tables: one rule after the other, mark bits and all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from felix_oracle import marks
from felix_oracle.iptables import Accept, Chain, Drop, EndpointChain, Jump, Log, NoTrack, Return, Rule, SetMark, Table
from felix_oracle.origins import Origin
from felix_oracle.packets import SkBuff

ACCEPTED: Final = "accepted"
DROPPED: Final = "dropped"
#: No rule accepted or dropped: the policy of the kernel's chain applies.
BY_POLICY: Final = "policy"

Listener = Callable[[str, str, Rule], None]


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule that accepted, dropped or set the accept bit, with the hook and the endpoint's chain around it."""

    origin: Origin
    hook: str
    chain: EndpointChain | None


@dataclass(slots=True)
class Walk:
    """One packet's way through the hooks, and what is remembered of it."""

    #: Who set the accept bit that is set now.
    accepted_by: Cause | None = None
    #: The rule that ended the table on its own account, with ACCEPT, DROP or a RETURN that means "not Calico's business".
    ended_by: Cause | None = None
    #: The hooks of tables that the packet has been through, such as raw-PREROUTING.
    hooks: list[str] = field(default_factory=list)
    #: The endpoints' chains that the packet has entered, in order, with the hook.
    entered: list[tuple[str, EndpointChain]] = field(default_factory=list)
    listener: Listener | None = None

    def table(self, table: Table, hook: str, packet: SkBuff) -> str:
        """Run one hook of one table: ACCEPTED, DROPPED or BY_POLICY."""
        place = f"{table.name}-{hook}"
        self.hooks.append(place)
        self.ended_by = None
        chain, at = table.chains[hook], 0
        stack: list[tuple[Chain, int]] = []
        around: list[EndpointChain | None] = [None]
        while True:
            if at >= len(chain.rules):
                if not stack:
                    return BY_POLICY
                chain, at = stack.pop()
                around.pop()
                continue
            rule = chain.rules[at]
            at += 1
            if not _matches(rule, packet):
                continue
            if self.listener is not None:
                self.listener(place, chain.name, rule)
            action = rule.action
            if action is None or isinstance(action, Log):
                continue
            if isinstance(action, SetMark):
                self._set_mark(packet, action, Cause(rule.origin, place, around[-1]) if rule.origin else None)
            elif isinstance(action, NoTrack):
                packet.conntrack_state = "UNTRACKED"
            elif isinstance(action, Accept | Drop):
                if rule.origin is not None:
                    self.ended_by = Cause(rule.origin, place, around[-1])
                return ACCEPTED if isinstance(action, Accept) else DROPPED
            elif isinstance(action, Return):
                at = len(chain.rules)
                if rule.origin is not None and rule.origin.rule is None:
                    self.ended_by = Cause(rule.origin, place, around[-1])
            else:
                entered = table.chains[action.chain]
                if isinstance(action, Jump):
                    stack.append((chain, at))
                    around.append(around[-1])
                chain, at = entered, 0
                if entered.endpoint is not None:
                    around[-1] = entered.endpoint
                    self.entered.append((place, entered.endpoint))

    def _set_mark(self, packet: SkBuff, action: SetMark, cause: Cause | None) -> None:
        packet.mark = packet.mark & ~action.mask | action.value
        if action.mask & marks.ACCEPT:
            self.accepted_by = cause if action.value & marks.ACCEPT else None


def _matches(rule: Rule, packet: SkBuff) -> bool:
    """Whether every criterion holds; a loop, because this is where the time goes."""
    for match in rule.matches:  # noqa: SIM110
        if not match.holds(packet):
            return False
    return True
