"""Answers as data: what decided, what was considered, what else the question may mean."""

from __future__ import annotations

from calico_engine.dataplane.outcomes import Decision, ReasonCode
from calico_engine.dataplane.traces import TableTrace
from calico_engine.frozen import frozen
from calico_engine.packets import Packet


@frozen
class PolicyRef:
    """A policy or profile; namespace is None for cluster-wide ones."""

    kind: str
    namespace: str | None
    name: str


@frozen
class Reason:
    """What decided, and where it is written. What does not apply is None. `rule` counts from 0, Log rules included."""

    reason: ReasonCode
    node: str
    hook: str | None = None
    chain_type: str | None = None
    endpoint: str | None = None
    direction: str | None = None
    tier: str | None = None
    policy: PolicyRef | None = None
    rule: int | None = None
    file: str | None = None
    line: int | None = None
    failsafe: str | None = None

    def __str__(self) -> str:
        if self.failsafe is not None:
            return f"failsafe {self.failsafe}"
        if self.reason is ReasonCode.MISSING_PROFILE and self.policy is not None:
            return f"missing profile {self.policy.name}"
        where = "/".join(part for part in (self.tier, self.policy.name if self.policy else None) if part)
        what = f"rule {self.rule}" if self.rule is not None else self.reason.value.replace("_", " ").lower()
        return f"{where} {what}" if where else what


@frozen
class HopTrace:
    """One packet on one node: everything that was considered.

    `reply`: the packet is the answer to the connection's first. `witness`: of which witness, from 0, of an UNCERTAIN answer.
    """

    node: str
    packet: Packet
    decision: Decision
    passes: bool
    tables: tuple[TableTrace, ...]
    reply: bool = False
    witness: int | None = None


@frozen
class Witness:
    """A packet that the question may mean, or with `reply` the answer to it, and the decision on it."""

    packet: Packet
    decision: Decision
    allowed: bool
    reply: bool = False


@frozen
class Answered:
    """One answer with everything that belongs to it. `allowed` is None when `decision` is UNCERTAIN.

    `arbitrary`: the packet's fields that the question left open and that do not matter to a certain answer.
    """

    decision: Decision
    allowed: bool | None
    reason: Reason
    depends_on: tuple[str, ...]
    witnesses: tuple[Witness, ...]
    assumptions: tuple[str, ...]
    trace: tuple[HopTrace, ...]
    arbitrary: tuple[str, ...] = ()
