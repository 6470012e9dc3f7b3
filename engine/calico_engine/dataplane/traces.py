"""The trace: everything that was considered for one packet, as data."""

from __future__ import annotations

from calico_engine.frozen import frozen

#: The trace of a packet: the tables that it passed, in order.
Trace = tuple["TableTrace", ...]


@frozen
class CriterionTrace:
    """One criterion of a rule: what the rule wants, what the packet has.

    `members` are some of the addresses or ports that a selector stands for, `member_count` says how many there are.
    `ignored`: Felix does not test it (the defect of a rule with three positive blocks, and `http`).
    """

    field: str
    wanted: str
    actual: str
    matched: bool
    members: tuple[str, ...] = ()
    member_count: int | None = None
    ignored: bool = False


@frozen
class RuleTrace:
    """One rule. `exists` is False if Felix makes no rule of it for this IP version; it is then not tried."""

    index: int
    action: str
    matched: bool
    exists: bool
    criteria: tuple[CriterionTrace, ...]
    file: str | None
    line: int | None
    by_pass_bit: bool = False  # a Pass rule of a profile that took effect because the pass bit was already set


@frozen
class PolicyTrace:
    """One policy's rules in the chain's direction, as far as they were tried."""

    kind: str
    namespace: str
    name: str
    staged: bool
    rules: tuple[RuleTrace, ...]
    file: str | None
    line: int | None


@frozen
class TierTrace:
    """One tier's policies in the chain's direction. `outcome`: allow, deny, pass, end of tier deny, or next."""

    name: str
    exists: bool
    default_action: str
    policies: tuple[PolicyTrace, ...]
    outcome: str


@frozen
class ProfileTrace:
    """One profile. `pass_bit`: it was set when the profile began, so its first Pass rule ends it whatever the packet."""

    name: str
    missing: bool
    pass_bit: bool
    rules: tuple[RuleTrace, ...]


@frozen
class ChainTrace:
    """One endpoint chain."""

    endpoint_kind: str
    endpoint_namespace: str
    endpoint: str
    chain_type: str
    direction: str
    tiers: tuple[TierTrace, ...]
    profiles: tuple[ProfileTrace, ...]
    outcome: str
    reason: str
    detail: str | None = None


@frozen
class StepTrace:
    """One step that is no endpoint chain; `outcome` is None if it said nothing of the packet."""

    step: str
    outcome: str | None
    reason: str | None


@frozen
class TableTrace:
    """One table at one hook, step by step."""

    hook: str
    steps: tuple[ChainTrace | StepTrace, ...]
