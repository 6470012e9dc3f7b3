"""What readers answer: a decision, and who made it."""

from __future__ import annotations

import enum
from typing import NamedTuple

from calico_engine.compiler.chains import Chain, ChainTier
from calico_engine.compiler.rules import CompiledRule


class Decision(enum.StrEnum):
    """ALLOW: Calico accepted. DENY: Calico dropped. NO_POLICY: Calico left it to the host's own chain.

    UNCERTAIN: the question leaves something open that changes the answer.
    """

    ALLOW = "ALLOW"
    DENY = "DENY"
    NO_POLICY = "NO_POLICY"
    UNCERTAIN = "UNCERTAIN"


class ReasonCode(enum.StrEnum):
    """What decided. Names are stable."""

    RULE = "RULE"  # a rule of a policy
    END_OF_TIER = "END_OF_TIER"  # policies of a tier apply and none of their rules matched
    PROFILE = "PROFILE"  # a rule of a profile
    NO_PROFILE_MATCHED = "NO_PROFILE_MATCHED"  # no tier and no profile took the packet
    MISSING_PROFILE = "MISSING_PROFILE"  # the endpoint lists a profile that does not exist
    FAILSAFE = "FAILSAFE"
    CONNTRACK = "CONNTRACK"  # established or related
    CONNTRACK_INVALID = "CONNTRACK_INVALID"
    ENCAPSULATION = "ENCAPSULATION"  # the rules about IPIP, VXLAN and WireGuard packets
    UNKNOWN_WORKLOAD_INTERFACE = "UNKNOWN_WORKLOAD_INTERFACE"
    SPOOFED_SOURCE = "SPOOFED_SOURCE"  # reverse-path check of a workload's packet
    NEIGHBOUR_DISCOVERY = "NEIGHBOUR_DISCOVERY"  # ICMPv6 from a workload to its host
    ENDPOINT_TO_HOST_ACTION = "ENDPOINT_TO_HOST_ACTION"
    SERVICE_LOOP = "SERVICE_LOOP"  # forwarded to a service address that nothing took
    NO_ENDPOINT = "NO_ENDPOINT"  # no endpoint governs the packet
    FORWARD_DEFAULT_ALLOW = "FORWARD_DEFAULT_ALLOW"  # a host endpoint without any apply-on-forward policy
    NOT_DECIDED = "NOT_DECIDED"  # endpoints looked at the packet and neither accepted nor dropped it


class Outcome(enum.Enum):
    """How one step ends."""

    DROP = "drop"
    ACCEPT_TABLE = "accept the table"
    ACCEPT = "set the accept bit and return"
    RETURN = "return"
    UNTRACK = "exempt from connection tracking and go on"


class Decider(NamedTuple):
    """Who decided: the reason, the hook, and as far as they apply the chain, tier and rule.

    `detail` is the profile's name or the failsafe's (protocol, port).
    """

    reason: ReasonCode
    hook: str
    chain: Chain | None = None
    tier: ChainTier | None = None
    rule: CompiledRule | None = None
    detail: str | tuple[int, int] | None = None


class Answer(NamedTuple):
    """A reader's answer about one packet."""

    decision: Decision
    decider: Decider
