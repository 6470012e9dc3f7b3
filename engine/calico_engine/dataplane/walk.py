"""One packet through its plan: the reader for single questions, with an optional recorder.

Without a recorder nothing but the decision and its decider is made; with one, every step tells it what it saw.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from calico_engine.compiler.chains import Chain, ChainProfile, ChainTier
from calico_engine.compiler.felix_model import Action, ChainType
from calico_engine.compiler.matchers import ANY_PROTOCOL, PORT_BITS, Row
from calico_engine.compiler.rules import CompiledRule
from calico_engine.dataplane.hooks import When
from calico_engine.dataplane.outcomes import Answer, Decider, Decision, Outcome, ReasonCode
from calico_engine.dataplane.plans import Kind, Op, Plan
from calico_engine.packets import UDP, ConntrackState, Packet

# To Python 3.11 a member of an enumeration is as dear as five comparisons. These are those that every packet needs.
_ALWAYS, _ACCEPTED = When.ALWAYS, When.ACCEPTED
_CHAIN, _CLEAR = Kind.CHAIN, Kind.CLEAR
_DROP, _ACCEPT, _ACCEPT_TABLE = Outcome.DROP, Outcome.ACCEPT, Outcome.ACCEPT_TABLE
_ALLOW, _DENY = Decision.ALLOW, Decision.DENY
_RULE, _UNDECIDED = ReasonCode.RULE, ReasonCode.NOT_DECIDED
_NOBODY = Decider(ReasonCode.NO_ENDPOINT, "")
_ALLOW_RULE, _DENY_RULE = Action.ALLOW, Action.DENY
_INVALID, _TRACKED_ACCEPT = ConntrackState.INVALID, frozenset({ConntrackState.ESTABLISHED, ConntrackState.RELATED})
_IPIP = 4
_NONE = -1


class View(NamedTuple):
    """A packet's values as one chain sees them; ports and ICMP values are -1 where there are none."""

    version: int
    source: int
    destination: int
    protocol: int
    source_port: int
    destination_port: int
    icmp_type: int
    icmp_code: int
    established: bool
    invalid: bool


class ChainResult(NamedTuple):
    outcome: Outcome
    reason: ReasonCode
    tier: ChainTier | None = None
    rule: CompiledRule | None = None
    detail: str | tuple[int, int] | None = None


class Recorder(Protocol):
    """What a walk tells while it goes, in the order in which things happen."""

    def table(self, name: str) -> None: ...

    def step(self, op: Op, outcome: Outcome | None) -> None: ...

    def chain(self, chain: Chain, view: View) -> None: ...

    def tier(self, tier: ChainTier, view: View) -> CompiledRule | None:
        """Scan a tier as `scan` does, noting every rule."""

    def profile(self, profile: ChainProfile, view: View, *, passed: bool) -> None: ...

    def chain_end(self, result: ChainResult) -> None: ...


def views(packet: Packet) -> tuple[View, View]:
    """(before DNAT, after DNAT); the same object for a packet without DNAT. Open fields must have been filled in."""
    state = packet.conntrack_state
    after = View(
        packet.version,
        packet.source,
        packet.destination,
        packet.protocol,
        _NONE if packet.source_port is None else packet.source_port,
        _NONE if packet.destination_port is None else packet.destination_port,
        _NONE if packet.icmp_type is None else packet.icmp_type,
        _NONE if packet.icmp_code is None else packet.icmp_code,
        state in _TRACKED_ACCEPT,
        state is _INVALID,
    )
    if packet.pre_dnat_destination is None:
        return after, after
    port = _NONE if packet.pre_dnat_port is None else packet.pre_dnat_port
    return after._replace(destination=packet.pre_dnat_destination, destination_port=port), after


def untracked(view: View) -> View:
    """The packet once it is exempt from connection tracking."""
    return view._replace(established=False, invalid=False)


def walk(plan: Plan, packet: Packet, recorder: Recorder | None = None) -> Answer:
    """What Calico decides of the packet; NO_POLICY where it leaves it to the host."""
    before, after = views(packet)
    accepted = False
    last = _NOBODY
    verdict: Answer | None = None
    for table in plan.tables:
        name, decides = table.name, table.decides
        if recorder is not None:
            recorder.table(name)
        for op in table.ops:
            kind, when = op.kind, op.when
            if when is not _ALWAYS and not _holds(when, accepted, after.established):
                continue
            if kind is _CHAIN:
                chain = op.chain
                assert chain is not None
                view = before if chain.shape.reads_pre_dnat else after
                result = run_chain(chain, view, recorder)
                outcome = result.outcome
                last = Decider(result.reason, name, chain, result.tier, result.rule, result.detail)
                if outcome is _DROP:
                    return Answer(_DENY, last)
                accepted = outcome is _ACCEPT
                if accepted and chain.chain_type is ChainType.UNTRACKED:
                    before, after = untracked(before), untracked(after)
                if outcome is _ACCEPT_TABLE:
                    # The chain's own accept (established, failsafe) leaves the bit as it found it: clear.
                    if decides:
                        verdict = Answer(Decision.ALLOW, last)
                    break
                continue
            if kind is _CLEAR:
                accepted = False
                continue
            ended = op.outcome if op.check is None else op.check(packet)
            if recorder is not None:
                recorder.step(op, ended)
            if ended is None:
                continue
            if ended is Outcome.UNTRACK:
                before, after = untracked(before), untracked(after)
                continue
            if op.reason is not _UNDECIDED:
                last = Decider(op.reason, name)
            if ended is _DROP:
                return Answer(_DENY, last)
            if decides:
                verdict = Answer(_ALLOW if ended is _ACCEPT_TABLE else Decision.NO_POLICY, last)
            break
        if decides and verdict is None:
            verdict = Answer(Decision.NO_POLICY, _undecided(last, name))
    return _final(verdict or Answer(Decision.NO_POLICY, last), last)


def _holds(when: When, accepted: bool, established: bool) -> bool:
    if when is _ACCEPTED:
        return accepted
    if when is When.NOT_ACCEPTED:
        return not accepted
    return established


def _final(verdict: Answer, last: Decider) -> Answer:
    """An endpoint that saw the packet after the filter table, and did not drop it, has looked at it after all."""
    if (
        verdict.decider.reason is ReasonCode.NO_ENDPOINT
        and last.chain is not None
        and last.hook != verdict.decider.hook
    ):
        return Answer(verdict.decision, Decider(ReasonCode.NOT_DECIDED, last.hook, last.chain))
    return verdict


def _undecided(last: Decider, hook: str) -> Decider:
    """Nobody accepted and nobody dropped: because nobody looked, or because all who looked had nothing to say."""
    if last.chain is None or last.hook != hook:
        return Decider(ReasonCode.NO_ENDPOINT, hook)
    return Decider(ReasonCode.NOT_DECIDED, hook, last.chain)


def run_chain(chain: Chain, view: View, recorder: Recorder | None = None) -> ChainResult:
    """One endpoint chain on one packet (felix/rules/endpoints.go: endpointIptablesChain)."""
    if recorder is None:
        return _decide(chain, view, None)
    recorder.chain(chain, view)
    result = _decide(chain, view, recorder)
    recorder.chain_end(result)
    return result


def _decide(chain: Chain, view: View, recorder: Recorder | None) -> ChainResult:
    shape = chain.shape
    if shape.conntrack:
        if view.established:
            return ChainResult(_ACCEPT if chain.hands_back else Outcome.ACCEPT_TABLE, ReasonCode.CONNTRACK)
        if view.invalid and chain.drops_invalid:
            return ChainResult(Outcome.DROP, ReasonCode.CONNTRACK_INVALID)
    if chain.failsafes is not None:
        peer = view.source if chain.failsafes.peer_is_source else view.destination
        opening = chain.failsafes.opening(view.version, view.protocol, peer, view.source_port, view.destination_port)
        if opening is not None:
            return ChainResult(Outcome.ACCEPT_TABLE, ReasonCode.FAILSAFE, detail=opening)
    if chain.guards is not None and _encapsulated(chain, view):
        return ChainResult(Outcome.DROP, ReasonCode.ENCAPSULATION)
    passed = False
    for tier in chain.tiers:
        passed = False
        rule = scan(tier, view) if recorder is None else recorder.tier(tier, view)
        if rule is not None:
            if rule.action is _ALLOW_RULE:
                return ChainResult(_ACCEPT, _RULE, tier, rule)
            if rule.action is _DENY_RULE:
                return ChainResult(_DROP, _RULE, tier, rule)
            passed = True
        elif shape.tier_end_denies and tier.denies_at_end:
            return ChainResult(Outcome.DROP, ReasonCode.END_OF_TIER, tier)
    if shape.profiles:
        return _profiles(chain, view, passed, recorder)
    if shape.accepts_when_empty and chain.no_policies:
        return ChainResult(Outcome.ACCEPT, ReasonCode.FORWARD_DEFAULT_ALLOW)
    return ChainResult(Outcome.RETURN, ReasonCode.NOT_DECIDED)


def _encapsulated(chain: Chain, view: View) -> bool:
    guards = chain.guards
    assert guards is not None
    if guards.ipip and view.protocol == _IPIP:
        return True
    return view.protocol == UDP and view.destination_port == guards.vxlan_port


def scan(tier: ChainTier, view: View) -> CompiledRule | None:
    """The first rule of the tier's enforced policies that matches, Log rules aside."""
    # A slice is a plain tuple, which Python takes apart faster.
    version, s, d, p, sp, dp, it, ic = view[:8]
    for first, last, test, rule in tier.candidates[version, p, dp >> PORT_BITS]:
        if first <= dp <= last and (test is None or test(s, d, p, sp, dp, it, ic)):
            return rule
    return None


def matches(row: Row, view: View) -> bool:
    """Whether one rule matches."""
    _, s, d, p, sp, dp, it, ic, _, _ = view
    protocol, first, last, test, _ = row
    if protocol not in (p, ANY_PROTOCOL) or not first <= dp <= last:
        return False
    return test is None or test(s, d, p, sp, dp, it, ic)


def _profiles(chain: Chain, view: View, passed: bool, recorder: Recorder | None) -> ChainResult:
    """Profiles in listed order, then deny.

    The pass bit is never cleared here: once a tier or a profile has ended by a Pass rule, each later profile ends at its
    first Pass rule whether that matches or not, because the rendered rule is followed by "return if the bit is set".
    """
    for profile in chain.profiles:
        if recorder is not None:
            recorder.profile(profile, view, passed=passed)
        if profile.missing:
            return ChainResult(Outcome.DROP, ReasonCode.MISSING_PROFILE, detail=profile.name)
        for row in profile.rows_v4 if view.version == 4 else profile.rows_v6:
            if row.rule.action is Action.PASS and passed:
                break
            if matches(row, view):
                if row.rule.action is Action.PASS:
                    passed = True
                    break
                allowed = row.rule.action is Action.ALLOW
                outcome = Outcome.ACCEPT if allowed else Outcome.DROP
                return ChainResult(outcome, ReasonCode.PROFILE, None, row.rule, profile.name)
    return ChainResult(Outcome.DROP, ReasonCode.NO_PROFILE_MATCHED)
