"""Consecutive policies of a tier with the same selector, in one chain (felix/dataplane/linux/endpoint_mgr.go:
groupPolicies; felix/rules/endpoints.go: PolicyGroupToIptablesChains)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from calico_selectors import normalise
from felix_oracle import marks
from felix_oracle.felix import FelixPolicy
from felix_oracle.iptables import Chain, Jump, Return, Rule
from felix_oracle.matches import any_bit_set, bits_clear
from felix_oracle.names import group_chain, policy_chain

_STRIDE = 5


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    """Staged policies are members, and have no chains."""

    policies: tuple[FelixPolicy, ...]
    direction: str

    @property
    def enforced(self) -> tuple[FelixPolicy, ...]:
        return tuple(policy for policy in self.policies if not policy.staged)

    @property
    def is_inlined(self) -> bool:
        return len(self.policies) <= 1

    @property
    def chain_name(self) -> str:
        content = "\n".join((self.policies[0].selector, self.direction, *(f"{p.tier} {p.id}" for p in self.policies)))
        return group_chain(hashlib.sha256(content.encode()).hexdigest(), self.direction)

    def chains_to_jump_to(self) -> tuple[str, ...]:
        """A group of one policy needs no chain of its own."""
        if self.is_inlined:
            return tuple(policy_chain(policy.id, self.direction) for policy in self.enforced)
        return (self.chain_name,)

    def chain(self) -> Chain:
        """Jump to each policy as long as none has decided; a return for all of them after every fifth."""
        decided = marks.ACCEPT | marks.PASS
        rules = []
        for count, policy in enumerate(self.enforced):
            first = count % _STRIDE == 0
            if first and count:
                rules.append(Rule((any_bit_set(decided),), Return(), comment="Return on verdict"))
            matches = () if first else (bits_clear(decided),)
            rules.append(Rule(matches, Jump(policy_chain(policy.id, self.direction))))
        return Chain(self.chain_name, tuple(rules))


def groups(policies: Iterable[FelixPolicy], direction: str) -> list[PolicyGroup]:
    """The policies of one tier and direction, grouped; their order stays."""
    grouped = groupby(policies, key=lambda policy: normalise(policy.selector))
    return [PolicyGroup(tuple(members), direction) for _, members in grouped]
