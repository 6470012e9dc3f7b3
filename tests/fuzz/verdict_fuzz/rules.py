"""Rules at random: mostly with few criteria, so that they match; on demand with long lists, for the blocks of Felix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from verdict_fuzz import pools
from verdict_fuzz.pools import Document, chance, some

#: How often a rule has a protocol of the group.
_PROTOCOLS: Mapping[str, int] = {"none": 30, "ports": 45, "icmp": 10, "number": 10, "name": 5}


@dataclass(frozen=True, slots=True)
class RuleMaker:
    """Makes rules. `stored` ones may be written in ways that the validator refuses and Felix takes.

    `blocks`: mostly rules whose lists do not fit one kernel rule. `passing`: rules pass more often than not.
    """

    random: Random
    stored: bool = False
    blocks: bool = False
    passing: bool = False

    def rules(self, most: int = 3, *, direction: str | None = None) -> list[Document]:
        """Up to so many; the direction is that of a policy, None for a profile."""
        return [self.rule(direction=direction) for _ in range(self.random.randint(0, most))]

    def rule(self, action: str | None = None, *, direction: str | None = None) -> Document:
        random = self.random
        in_policy, ingress = direction is not None, direction == "Ingress"
        actions = ("Allow", "Allow", "Deny", "Deny", "Pass", "Log", *(("Pass",) * 6 if self.passing else ()))
        rule: Document = {"action": action or random.choice(actions)}
        if self.blocks and chance(random, 0.85):
            return self._with_blocks(rule)
        version = random.choice((4, 4, 6))
        with_ports = self._protocol(rule, version)
        for side in ("source", "destination"):
            entity = self._entity(with_ports, version)
            if in_policy and chance(random, 0.015) and side == ("source" if ingress else "destination"):
                entity = {"services": {"name": "web", "namespace": "default"}}
            if entity:
                rule[side] = entity
        of_one_version = {rule.get("protocol"), rule.get("notProtocol")} & {"ICMP", "ICMPv6"}
        if chance(random, 0.05) and (self.stored or not of_one_version):
            rule["ipVersion"] = version
        if ingress and chance(random, 0.06) and rule["action"] == "Allow" and rule.get("protocol") in (None, "TCP"):
            rule["http"] = {"methods": ["GET"]}
        return rule

    def _protocol(self, rule: Document, version: int) -> str:
        """Sets the protocol and what hangs on it; returns which ports the rule may have: all, named or none."""
        random = self.random
        kind = random.choices(tuple(_PROTOCOLS), tuple(_PROTOCOLS.values()))[0]
        if kind == "ports":
            rule["protocol"] = random.choice(("TCP", "TCP", "UDP", "SCTP", 6, 17, 132))
            if self.stored and chance(random, 0.2):
                rule["protocol"] = random.choice(("tcp", "Udp", "sctp"))
            return "all"
        if kind == "icmp":
            rule["protocol"] = "ICMP" if version == 4 else "ICMPv6"
            if chance(random, 0.7):
                rule[random.choice(("icmp", "notICMP"))] = self._icmp()
        if kind == "number":
            rule["protocol"] = random.choice(pools.PROTOCOL_NUMBERS)
            return "all" if rule["protocol"] in (6, 17, 132) else "none"
        if kind == "name":
            rule["protocol"] = random.choice(pools.PROTOCOL_NAMES)
            return "all" if rule["protocol"] in ("TCP", "UDP", "SCTP") else "none"
        if kind == "none":
            if chance(random, 0.15):
                rule["notProtocol"] = random.choice((*pools.PROTOCOL_NAMES, *pools.PROTOCOL_NUMBERS))
            return "named"
        return "none"

    def _with_blocks(self, rule: Document) -> Document:
        """Several long lists, about as long as just still fits or no longer does."""
        random = self.random
        rule["protocol"] = random.choice(("TCP", "UDP"))
        for side in ("source", "destination"):
            entity: Document = {}
            if chance(random, 0.75):
                entity["nets"] = random.sample(pools.NETS_4, random.choice((1, 2, 2, 3)))
            if chance(random, 0.2):
                entity["notNets"] = self._nets(4, negated=True)
            if chance(random, 0.6):
                entity["ports"] = self._full_ports()
            rule[side] = entity
        return rule

    def _full_ports(self) -> list[Any]:
        """15 slots are a group; a range takes two, a name is a group of its own."""
        random = self.random
        singles = random.sample(range(8040, 8070), 16)
        ranges = [f"{port}:{port + 2}" for port in random.sample(range(9000, 9100, 4), 8)]
        shapes: list[list[Any]] = [
            singles[:14],
            singles[:15],
            singles,
            [*ranges[:7], singles[0]],
            [*ranges[:7], *singles[:2]],
            [singles[0], *ranges],
            [80, "http"],
            ["http"],
            ["http", "dns"],
            [80],
        ]
        return random.choice(shapes)

    def _icmp(self) -> Document:
        fields: Document = {"type": self.random.choice((0, 3, 8, 128, 133, 135, 254))}
        if chance(self.random, 0.5):
            fields["code"] = self.random.choice((0, 1, 255))
        return fields

    def _entity(self, with_ports: str, version: int) -> Document:
        random = self.random
        entity: Document = {}
        for key, probability in (("nets", 0.22), ("notNets", 0.12)):
            if chance(random, probability):
                entity[key] = self._nets(version, negated=key == "notNets")
        self._selectors(entity)
        for key, probability in (("ports", 0.3), ("notPorts", 0.12)):
            if with_ports != "none" and chance(random, probability):
                entity[key] = self._ports(with_ports)
        return entity

    def _nets(self, version: int, *, negated: bool) -> list[str]:
        random = self.random
        pool: Sequence[str] = pools.NETS_4 if version == 4 else pools.NETS_6
        if negated and not self.stored:
            pool = [net for net in pool if not net.endswith("/0")]
        if self.stored and chance(random, 0.3):
            pool = (*pools.NETS_4, *pools.NETS_6, "10.0.0.9", "10.0.0.77/24", "::ffff:10.0.0.8/126", "bogus")
        return some(random, pool, 4 if chance(random, 0.3) else 2)

    def _selectors(self, entity: Document) -> None:
        random = self.random
        for key, probability in (("selector", 0.2), ("notSelector", 0.1)):
            if chance(random, probability):
                entity[key] = random.choice(pools.SELECTORS)
        if chance(random, 0.08):
            entity["namespaceSelector"] = random.choice((*pools.NAMESPACE_SELECTORS, "global()"))
        if chance(random, 0.06):
            accounts: Document = {"selector": random.choice(pools.ACCOUNT_SELECTORS)}
            if chance(random, 0.5):
                accounts = {"names": some(random, pools.ACCOUNTS, 2)}
            entity["serviceAccounts"] = accounts

    def _ports(self, which: str) -> list[Any]:
        random = self.random
        if which == "named":
            return some(random, pools.PORT_NAMES, 2)
        if chance(random, 0.1):
            # More than 15 slots: two groups for the kernel.
            return random.sample(range(8040, 8070), 14) + random.sample((*pools.PORTS, *pools.RANGES), 4)
        return some(random, (*pools.PORTS, *pools.RANGES, *pools.PORT_NAMES), 3)
