"""An answer as text for one screen: the answer first, then the path to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from calico_engine.analysis.answers import Answered, HopTrace, Reason, Witness
from calico_engine.dataplane.traces import (
    ChainTrace,
    CriterionTrace,
    PolicyTrace,
    ProfileTrace,
    RuleTrace,
    StepTrace,
    TierTrace,
)
from calico_engine.errors import printable
from calico_engine.packets import PROTOCOL_NAMES, ConntrackState, Packet, format_address

_CHAINS = {
    "UNTRACKED": "untracked policy",
    "PRE_DNAT": "pre-DNAT policy",
    "FORWARD": "apply-on-forward policy",
    "NORMAL": "normal policy",
}
_KINDS = {"HostEndpoint": "host endpoint", "WorkloadEndpoint": "workload"}
_SIDES = {"in": "comes in on", "out": "goes out on"}


class Line(NamedTuple):
    """A line of a report and what it is, for colour: good, bad, unsure, dim or plain."""

    text: str
    tone: str = "plain"


def explanation(answer: Answered) -> str:
    """The text of the report."""
    return "\n".join(line.text for line in explanation_lines(answer))


def explanation_lines(answer: Answered) -> Iterator[Line]:
    """The report, line by line."""
    yield from _headline(answer)
    for hop in answer.trace:
        yield Line("")
        yield from _hop(hop)
    if answer.assumptions:
        yield Line("")
        yield Line("Assumed:")
        for assumption in answer.assumptions:
            yield Line(f"  - {printable(assumption)}", "dim")


def _headline(answer: Answered) -> Iterator[Line]:
    if answer.witnesses:
        yield Line(f"UNCERTAIN  it depends on {', '.join(answer.depends_on)}", "unsure")
        for witness in answer.witnesses:
            yield Line(f"  {_witness(witness)}", "good" if witness.allowed else "bad")
        return
    tone = "good" if answer.allowed else "bad"
    passes = "the packet passes" if answer.allowed else "the packet is dropped"
    yield Line(f"{answer.decision}  {_reason(answer.reason)}{_place(answer.reason.file, answer.reason.line)}", tone)
    yield Line(f"  {passes}: {_sentence(answer.reason)}")


def _witness(witness: Witness) -> str:
    return f"{witness.decision.value:<9} {_packet(witness.packet)}"


def _reason(reason: Reason) -> str:
    return printable(str(reason))


def _place(file: str | None, line: int | None) -> str:
    return f"  ({printable(file)}:{line})" if file else ""


def _sentence(reason: Reason) -> str:
    """What the reason means, in words."""
    endpoint = printable(reason.endpoint or "")
    policy = printable(reason.policy.name) if reason.policy else ""
    words = {
        "RULE": f"rule {reason.rule} of {policy} matches, the first that does on {endpoint}",
        "END_OF_TIER": f"policies in tier {reason.tier} apply to {endpoint}, and none of their rules matches",
        "PROFILE": f"no tier decides on {endpoint}, and rule {reason.rule} of profile {policy} matches",
        "NO_PROFILE_MATCHED": f"no tier decides on {endpoint}, and none of its profiles matches",
        "MISSING_PROFILE": f"{endpoint} lists the profile {policy}, which does not exist",
        "FAILSAFE": f"{reason.failsafe} is a failsafe port, open on every host endpoint whatever policy says",
        "CONNTRACK": f"the connection is known to the kernel, and {endpoint} accepts what belongs to one",
        "CONNTRACK_INVALID": f"the kernel calls the packet INVALID, and {endpoint} drops such packets first of all",
        "ENCAPSULATION": "the rules about encapsulated packets come before all policy",
        "UNKNOWN_WORKLOAD_INTERFACE": "the interface is a workload's, and no workload endpoint is known for it",
        "SPOOFED_SOURCE": "the source address is not one of the workload's",
        "NEIGHBOUR_DISCOVERY": "IPv6 neighbour discovery from a workload is let through to its host",
        "ENDPOINT_TO_HOST_ACTION": "defaultEndpointToHostAction decides on packets from a workload to its own host",
        "SERVICE_LOOP": "the destination is a service address that nothing took: it would loop",
        "NO_ENDPOINT": "no endpoint governs it on this way: Calico leaves it to the host's own chain",
        "FORWARD_DEFAULT_ALLOW": f"{endpoint} has no apply-on-forward policy, so forwarded packets are accepted",
        "NOT_DECIDED": f"{endpoint} neither accepts nor drops it: Calico leaves it to the host's own chain",
    }
    return words[reason.reason.value]


def _packet(packet: Packet) -> str:
    def end(address: int, port: int | None) -> str:
        text = format_address(address, packet.version)
        if port is None:
            return text
        return f"[{text}]:{port}" if packet.version == 6 else f"{text}:{port}"

    protocol = PROTOCOL_NAMES.get(packet.protocol, f"protocol {packet.protocol}")
    parts = [protocol, end(packet.source, packet.source_port), "→", end(packet.destination, packet.destination_port)]
    if packet.icmp_type is not None:
        parts.append(f"type {packet.icmp_type}" + ("" if packet.icmp_code is None else f" code {packet.icmp_code}"))
    if packet.pre_dnat_destination is not None:
        parts.append(f"(before DNAT {end(packet.pre_dnat_destination, packet.pre_dnat_port)})")
    if packet.conntrack_state is not ConntrackState.NEW:
        parts.append(packet.conntrack_state.value)
    return " ".join(parts)


def _hop(hop: HopTrace) -> Iterator[Line]:
    packet = hop.packet
    ways = [
        f"{_SIDES[side]} {printable(interface)}"
        for side, interface in (("in", packet.in_interface), ("out", packet.out_interface))
        if interface is not None
    ]
    outcome = f"{hop.decision}" + ("" if hop.passes else ", dropped")
    yield Line(f"on {printable(hop.node)}: {_packet(packet)}, {' and '.join(ways)} → {outcome}")
    if not hop.tables:
        yield Line("  IPv6 support is off: Calico programs nothing for this packet", "dim")
    for table in hop.tables:
        shown = [line for step in table.steps for line in _step(step)]
        if shown:
            yield Line(f"  {table.hook}")
            yield from shown


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
        yield from _rule(rule, "          ")
    if not policy.rules and not policy.staged:
        yield Line("          no rules in this direction", "dim")


def _profile(profile: ProfileTrace) -> Iterator[Line]:
    note = " does not exist" if profile.missing else ""
    yield Line(f"      profile {printable(profile.name)}{note}")
    if profile.pass_bit and not profile.missing:
        yield Line("        the pass mark is still set: Felix leaves this profile at its first Pass rule", "dim")
    for rule in profile.rules:
        yield from _rule(rule, "        ")


def _rule(rule: RuleTrace, indent: str) -> Iterator[Line]:
    head = f"rule {rule.index} {rule.action}"
    place = f"  (line {rule.line})" if rule.line else ""
    if not rule.exists:
        yield Line(f"{indent}- {head}: does not exist for this IP version{place}", "dim")
        return
    if rule.by_pass_bit:
        yield Line(f"{indent}! {head}: ends the profile because the pass mark is still set{place}", "unsure")
    elif rule.matched:
        why = "; ".join(_criterion(c) for c in rule.criteria) or "matches everything"
        yield Line(f"{indent}✓ {head}: {why}{place}", "plain" if rule.action in ("Log", "Pass") else "good")
    else:
        why = _criterion(next(c for c in rule.criteria if not c.matched))
        yield Line(f"{indent}✗ {head}: {why}{place}", "dim")
    for criterion in rule.criteria:
        if criterion.ignored:
            text = f"{criterion.field} is not tested: Felix ignores the third and later block of a rule"
            yield Line(f"{indent}  ! {text}", "unsure")


def _criterion(criterion: CriterionTrace) -> str:
    """`source 10.0.3.9 is not in has(role) = {172.16.101.147, …}`."""
    side, _, field = criterion.field.partition(".")
    wanted = printable(criterion.wanted, 80)
    if criterion.ignored:
        return f"{criterion.field} not tested"
    if not field:
        return _plain_criterion(criterion, wanted)
    negated = field.startswith("not")
    inside = criterion.matched is not negated
    is_in = "is in" if inside else "is not in"
    what = f"{side} port" if field.lower().endswith("ports") else side
    if field in ("selector", "notSelector", "namespaceSelector", "serviceAccounts", "services"):
        return f"{what} {criterion.actual} {is_in} `{wanted}`{_members(criterion)}"
    return f"{what} {criterion.actual} {is_in} {field} {wanted}{_members(criterion)}"


def _plain_criterion(criterion: CriterionTrace, wanted: str) -> str:
    negated = criterion.field.startswith("not")
    is_it = "is" if criterion.matched is not negated else "is not"
    name = {"protocol": "protocol", "notProtocol": "protocol"}.get(criterion.field, "ICMP")
    return f"{name} {criterion.actual} {is_it} {wanted}"


def _members(criterion: CriterionTrace) -> str:
    if criterion.member_count is None:
        return ""
    more = ", …" if criterion.member_count > len(criterion.members) else ""
    return f" = {{{', '.join(criterion.members)}{more}}}"
