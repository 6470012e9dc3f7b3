"""The failsafe chains (felix/rules/static.go: failsafeInChain, failsafeOutChain).

In the raw table, which stands before connection tracking, what answers the other direction's ports is let through too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calico_engine.configuration import Failsafe
from felix_oracle.iptables import Accept, Chain, Rule
from felix_oracle.matches import InNet, Match, Ports, ProtocolIs, Side
from felix_oracle.names import FAILSAFE_IN, FAILSAFE_OUT
from felix_oracle.origins import Origin

_NUMBERS = {"tcp": 6, "udp": 17}


@dataclass(frozen=True, slots=True)
class FailsafeChains:
    inbound: tuple[Failsafe, ...]
    outbound: tuple[Failsafe, ...]
    version: int

    def inward(self, table: str) -> Chain:
        replies = self._rules(self.outbound, port="src", peer="src") if table == "raw" else ()
        return Chain(FAILSAFE_IN, (*self._rules(self.inbound, port="dst", peer="src"), *replies))

    def outward(self, table: str) -> Chain:
        replies = self._rules(self.inbound, port="src", peer="dst") if table == "raw" else ()
        return Chain(FAILSAFE_OUT, (*self._rules(self.outbound, port="dst", peer="dst"), *replies))

    def _rules(self, failsafes: Iterable[Failsafe], *, port: Side, peer: Side) -> tuple[Rule, ...]:
        rules = []
        for failsafe in failsafes:
            if failsafe.net is not None and failsafe.net.version != self.version:
                continue
            number = (failsafe.port, failsafe.port)
            matches: list[Match] = [ProtocolIs(_NUMBERS[failsafe.protocol]), Ports(port, (number,))]
            if failsafe.net is not None:
                matches.append(InNet(peer, failsafe.net))
            rules.append(Rule(tuple(matches), Accept(), Origin("FAILSAFE")))
        return tuple(rules)
