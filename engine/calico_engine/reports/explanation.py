"""An answer as text for one screen: the answer first, then the path to it."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.answers import Answered, HopTrace, Reason, Witness
from calico_engine.analysis.connections.replies import REPLY_FIELDS, turned
from calico_engine.dataplane.hooks import HOST_CHAINS
from calico_engine.dataplane.outcomes import Decision
from calico_engine.dataplane.traces import (
    ChainTrace,
    PolicyTrace,
    ProfileTrace,
    StepTrace,
    TierTrace,
)
from calico_engine.errors import printable
from calico_engine.reports.lines import Line
from calico_engine.reports.packet_text import packet_text
from calico_engine.reports.rule_lines import rule_lines

_CHAINS = {
    "UNTRACKED": "untracked policy",
    "PRE_DNAT": "pre-DNAT policy",
    "FORWARD": "apply-on-forward policy",
    "NORMAL": "normal policy",
}
_KINDS = {"HostEndpoint": "host endpoint", "WorkloadEndpoint": "workload"}
_TO_HOST = {Decision.ALLOW: ", and is Accept", Decision.DENY: ", and is Drop"}
_SIDES = {"in": "comes in on", "out": "goes out on"}


def explanation(answer: Answered) -> str:
    """The text of the report."""
    return "\n".join(line.text for line in explanation_lines(answer))


def explanation_lines(answer: Answered) -> Iterator[Line]:
    """The report, line by line."""
    yield from _headline(answer)
    witness = None
    for hop in answer.trace:
        if hop.witness != witness:
            witness = hop.witness
            yield from _witness_head(answer, answer.witnesses[hop.witness or 0])
        yield Line("")
        yield from _hop(hop, answer.arbitrary)
    if answer.assumptions:
        yield Line("")
        yield Line("Assumed:")
        for assumption in answer.assumptions:
            yield Line(f"  - {printable(assumption)}", "dim")


def _headline(answer: Answered) -> Iterator[Line]:
    if answer.witnesses:
        yield Line(f"UNCERTAIN  it depends on {' and '.join(answer.depends_on)}", "unsure")
        for witness in answer.witnesses:
            reply = "the reply " if witness.reply else ""
            text = f"  {witness.decision.value:<9}  {reply}{packet_text(witness.packet)}"
            yield Line(text, "good" if witness.allowed else "bad")
        return
    tone = "good" if answer.allowed else "bad"
    what = "reply" if any(hop.reply and not hop.passes for hop in answer.trace) else "packet"
    fate = "passes" if answer.allowed else "is dropped"
    reason = answer.reason
    yield Line(f"{answer.decision}  {printable(str(reason))}{_place(reason.file, reason.line)}", tone)
    yield Line(f"  the {what} {fate}: {_sentence(reason, answer.decision)}")


def _witness_head(answer: Answered, witness: Witness) -> Iterator[Line]:
    asked = turned(witness.packet) if witness.reply else witness.packet
    query = asked.to_query()
    query["backend"] = f"{query.get('destination')} port {query.get('destinationPort')}"
    values = ", ".join(f"{key} {query.get(key)}" for key in answer.depends_on)
    yield Line("")
    yield Line(f"With {values}: {witness.decision.value}", "good" if witness.allowed else "bad")


def _place(file: str | None, line: int | None) -> str:
    return f"  ({printable(file)}:{line})" if file else ""


def _sentence(reason: Reason, decision: Decision) -> str:
    """What the reason means, in words."""
    endpoint = printable(reason.endpoint or "")
    policy = printable(reason.policy.name) if reason.policy else ""
    tier = printable(reason.tier or "")
    acts = "denies" if decision is Decision.DENY else "allows"
    way = (reason.direction or "").lower()
    words = {
        "RULE": f"rule {reason.rule} of {policy} {acts} it, {way} of {endpoint}",
        "END_OF_TIER": f"no rule in tier {tier} matches, {way} of {endpoint}, and the end of a tier denies",
        "PROFILE": f"no tier decides on {way} of {endpoint}, and rule {reason.rule} of profile {policy} {acts} it",
        "NO_PROFILE_MATCHED": f"no tier decides on {way} of {endpoint}, none of its profiles matches, and that denies",
        "MISSING_PROFILE": f"{endpoint} lists the profile {policy}, which does not exist: it denies",
        "FAILSAFE": f"{reason.failsafe} is a failsafe port, open on every host endpoint whatever policy says",
        "CONNTRACK": f"the connection is known to the kernel, and {endpoint} accepts what belongs to one",
        "CONNTRACK_INVALID": f"the kernel calls the packet INVALID, and {endpoint} drops such packets first of all",
        "ENCAPSULATION": "the rules about encapsulated packets come before all policy",
        "UNKNOWN_WORKLOAD_INTERFACE": "the interface is a workload's, and no workload endpoint is known for it",
        "SPOOFED_SOURCE": "the source address is not one of the workload's",
        "NEIGHBOUR_DISCOVERY": "IPv6 neighbour discovery from a workload is let through to its host",
        "ENDPOINT_TO_HOST_ACTION": "defaultEndpointToHostAction decides on packets from a workload to its own host"
        + _TO_HOST.get(decision, ""),
        "SERVICE_LOOP": "the destination is a service address that nothing took: it would loop",
        "NO_ENDPOINT": f"no endpoint of {printable(reason.node)} governs it, and Calico leaves it to the host's own chain",
        "FORWARD_DEFAULT_ALLOW": f"{endpoint} has no apply-on-forward policy, so forwarded packets are accepted",
        "NOT_DECIDED": f"{endpoint} neither accepts nor drops it, and Calico leaves it to the host's own chain",
    }
    return words[reason.reason.value]


def _hop(hop: HopTrace, arbitrary: tuple[str, ...]) -> Iterator[Line]:
    packet = hop.packet
    ways = [
        f"{_SIDES[side]} {printable(interface)}"
        for side, interface in (("in", packet.in_interface), ("out", packet.out_interface))
        if interface is not None
    ]
    swapped = tuple(REPLY_FIELDS.get(name, name) for name in arbitrary) if hop.reply else arbitrary
    what = "the reply " if hop.reply else ""
    text = f"on {printable(hop.node)}: {what}{packet_text(packet, swapped)}, {' and '.join(ways)} → {_outcome(hop)}"
    yield Line(text)
    if not hop.tables:
        yield Line("  IPv6 support is off: Calico programs nothing for this packet", "dim")
    for table in hop.tables:
        shown = [line for step in table.steps for line in _step(step)]
        if shown:
            yield Line(f"  {table.hook}")
            yield from shown


def _outcome(hop: HopTrace) -> str:
    if hop.decision is not Decision.NO_POLICY:
        return hop.decision.value
    does = "accepts" if hop.passes else "drops"
    return f"{hop.decision.value}, the host's own {HOST_CHAINS[hop.packet.path]} chain {does} it"


def _step(step: ChainTrace | StepTrace) -> Iterator[Line]:
    if isinstance(step, ChainTrace):
        yield from _chain(step)
    elif step.outcome is not None and step.reason is not None:
        tone = "bad" if step.outcome == "drop" else "good"
        yield Line(f"    {step.step}: {step.outcome}", tone)


def _chain(chain: ChainTrace) -> Iterator[Line]:
    name = "/".join(printable(part) for part in (chain.endpoint_namespace, chain.endpoint) if part)
    kind = _KINDS.get(chain.endpoint_kind, chain.endpoint_kind)
    yield Line(f"    {kind} {name}, {chain.direction.lower()} {_CHAINS[chain.chain_type]}")
    for tier in chain.tiers:
        yield from _tier(tier)
    for profile in chain.profiles:
        yield from _profile(profile)
    yield Line(f"      {_chain_end(chain)}", _tone(chain.outcome))


def _tone(outcome: str) -> str:
    return {"drop": "bad", "return": "dim"}.get(outcome, "good")


def _chain_end(chain: ChainTrace) -> str:
    ends = {
        "RULE": "a rule decides",
        "END_OF_TIER": "end of tier",
        "PROFILE": "a profile decides",
        "NO_PROFILE_MATCHED": "no profile matches",
        "MISSING_PROFILE": f"profile {printable(chain.detail or '')} does not exist",
        "FAILSAFE": f"failsafe {chain.detail}",
        "CONNTRACK": "part of a known connection",
        "CONNTRACK_INVALID": "INVALID to connection tracking",
        "ENCAPSULATION": "an encapsulated packet from a workload",
        "FORWARD_DEFAULT_ALLOW": "no apply-on-forward policy at all",
        "NOT_DECIDED": "nothing decides",
    }
    outcome = {"drop": "drop", "return": "go on"}.get(chain.outcome, "accept")
    return f"{ends.get(chain.reason, chain.reason)}: {outcome}"


def _tier(tier: TierTrace) -> Iterator[Line]:
    note = "" if tier.exists else ", which does not exist (last, its end denies)"
    yield Line(f"      tier {printable(tier.name)}{note}")
    for policy in tier.policies:
        yield from _policy(policy)
    if tier.outcome == "next" and any(not policy.staged for policy in tier.policies):
        yield Line(f"        end of tier, default action {tier.default_action}: go on", "dim")


def _policy(policy: PolicyTrace) -> Iterator[Line]:
    name = "/".join(printable(part) for part in (policy.namespace, policy.name) if part)
    staged = "  staged: never evaluated" if policy.staged else ""
    yield Line(f"        {policy.kind} {name}{_place(policy.file, policy.line)}{staged}")
    for rule in policy.rules:
        yield from rule_lines(rule, "          ")
    if not policy.rules and not policy.staged:
        yield Line("          no rules in this direction", "dim")


def _profile(profile: ProfileTrace) -> Iterator[Line]:
    note = " does not exist" if profile.missing else ""
    yield Line(f"      profile {printable(profile.name)}{note}")
    if profile.pass_bit and not profile.missing:
        yield Line("        the pass mark is still set: Felix leaves this profile at its first Pass rule", "dim")
    for rule in profile.rules:
        yield from rule_lines(rule, "        ")
