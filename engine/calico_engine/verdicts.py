"""`Verdict`: the answer to a question, with its reason, its trace and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from calico_engine.analysis.answers import Answered, HopTrace, PolicyRef, Reason, Witness
from calico_engine.analysis.connections.reader import Hop, deciding, telling
from calico_engine.analysis.connections.replies import begins_a_connection
from calico_engine.compiler.chains import ChainTier
from calico_engine.compiler.felix_model import ResourceId, RuleId
from calico_engine.dataplane.outcomes import Decider, Decision, ReasonCode
from calico_engine.dataplane.reader import PacketReader
from calico_engine.errors import UncertainVerdict, printable
from calico_engine.packets import PROTOCOL_NAMES, QUERY_KEYS, ConntrackState, Packet
from calico_engine.reports.answers import answer_json
from calico_engine.reports.explanation import explanation

#: Where an object, or one of its rules, is written: (file, line).
Locate = Callable[[ResourceId, RuleId | None], tuple[str, int] | None]


class Verdict:
    """The answer. Reasons and traces are worked out when they are asked for.

    `decision` is ALLOW, DENY, NO_POLICY or UNCERTAIN; `allowed` the plain bool.
    """

    def __init__(
        self,
        hops: tuple[Hop, ...],
        reader: PacketReader,
        locate: Locate,
        *,
        other: tuple[Hop, ...] | None = None,
        depends_on: tuple[str, ...] = (),
        open_fields: tuple[str, ...] = (),
        assumptions: tuple[str, ...] = (),
        possible_packets: tuple[Packet, ...] = (),
    ) -> None:
        """`possible_packets`: all that the question may mean, at every node on the way, if they are more than the hops'."""
        self._hops = hops
        self._other = other
        self._reader = reader
        self._locate = locate
        self._depends_on = depends_on
        self._open_fields = open_fields
        self._assumptions = assumptions
        self._possible_packets = possible_packets
        self.decision = deciding(hops).answer.decision if other is None else Decision.UNCERTAIN

    @property
    def allowed(self) -> bool:
        """Whether the packet gets through, the host's own chains included; UncertainVerdict if that is open."""
        if self._other is None:
            return deciding(self._hops).passes
        sides = " and ".join(f"{witness.decision}" for witness in self.witnesses)
        raise UncertainVerdict(f"the answer depends on {', '.join(self.depends_on)}: {sides} are both possible")

    def __bool__(self) -> bool:
        """Whether the packet gets through, as `allowed`: `assert cluster.check(…)`."""
        return self.allowed

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The keys of the question on which an UNCERTAIN answer depends, as a query spells them; or `backend`."""
        return tuple(QUERY_KEYS.get(name, name) for name in self._depends_on)

    @cached_property
    def decided_by(self) -> Reason:
        """What decided: the first hop that does not let the packet pass, otherwise the last one on the way there."""
        hop = deciding(self._hops)
        return _reason(hop.packet.node, hop.answer.decider, self._locate)

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """For UNCERTAIN, a packet for each side; otherwise empty."""
        if self._other is None:
            return ()
        sides = telling(self._hops, self._other)
        return tuple(Witness(hop.packet, hop.answer.decision, hop.passes, hop.reply) for hop in sides)

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """What was taken by default, what is missing around the objects that matter here, and what cannot be as asked."""
        return tuple(dict.fromkeys((*self._assumptions, *self._missing(), *self._impossible())))

    @property
    def packets(self) -> tuple[Packet, ...]:
        """Every packet that was asked about, in the order of `trace`: hop by hop, for UNCERTAIN on both sides."""
        return tuple(hop.packet for hops in (self._hops, self._other or ()) for hop in hops)

    @property
    def possible_packets(self) -> tuple[Packet, ...]:
        """Every packet that the question may mean, at every node on the way, whether it gets that far or not.

        What the question leaves open is open in them. The answer depends on nothing but what becomes of these, and of
        replies to them.
        """
        return self._possible_packets or self.packets

    @cached_property
    def trace(self) -> tuple[HopTrace, ...]:
        """Everything that was considered, hop by hop, by a second walk that records."""
        if self._other is None:
            return tuple(self._traced(hop, None) for hop in self._hops)
        sides = enumerate((self._hops, self._other))
        return tuple(self._traced(hop, witness) for witness, hops in sides for hop in hops)

    def _traced(self, hop: Hop, witness: int | None) -> HopTrace:
        tables = self._reader.trace(hop.packet, self._locate)
        return HopTrace(hop.packet.node, hop.packet, hop.answer.decision, hop.passes, tables, hop.reply, witness)

    @property
    def data(self) -> Answered:
        """All of the answer as one value, the trace included."""
        return self._data(self.trace)

    def _data(self, trace: tuple[HopTrace, ...]) -> Answered:
        return Answered(
            self.decision,
            None if self._other is not None else self.allowed,
            self.decided_by,
            self.depends_on,
            self.witnesses,
            self.assumptions,
            trace,
            self._open_fields if self._other is None else (),
        )

    @property
    def summary(self) -> Answered:
        """The same without the trace, which takes a second walk."""
        return self._data(())

    def explain(self) -> str:
        """The answer and the way to it, as text for one screen."""
        return explanation(self.data)

    def to_json(self, *, trace: bool = False) -> Mapping[str, object]:
        """The answer as the command line's JSON gives it, with the trace if wanted."""
        return answer_json(self._data(self.trace if trace else ()))

    def __repr__(self) -> str:
        if self._other is not None:
            return f"<Verdict UNCERTAIN, depends on {', '.join(self.depends_on)}>"
        return f"<Verdict {self.decision} by {printable(str(self.decided_by))}>"

    def _missing(self) -> list[str]:
        found: list[str] = []
        for hop in self._hops:
            chain = hop.answer.decider.chain
            missing = [] if chain is None else [tier.tier.name for tier in chain.tiers if not tier.tier.exists]
            found += [f"tier {name} does not exist: it comes last, and its end denies" for name in missing]
            if hop.answer.decider.reason is ReasonCode.MISSING_PROFILE:
                found.append(f"profile {hop.answer.decider.detail} does not exist: it denies")
            if hop.answer.decision is Decision.NO_POLICY:
                host = self._reader.host_policy(hop.packet)
                found.append(f"the host's own chain on {hop.packet.node} has the policy {host} and no other rules")
        return found

    def _impossible(self) -> Iterator[str]:
        """Packets that no kernel has: NAT works on connections, and only some ICMP begins one."""
        for packet in self.packets:
            if packet.dnat and self._reader.untracks(packet):
                yield (
                    f"untracked policy on {packet.node} lets the packet through without connection tracking, and so without "
                    "translation: as asked, with a destination before and one after, it cannot exist"
                )
            is_given = packet.conntrack_state is ConntrackState.NEW and "icmp_type" not in self._open_fields
            if is_given and not begins_a_connection(packet):
                name = PROTOCOL_NAMES[packet.protocol]
                yield (
                    f"{name} of type {packet.icmp_type} over IPv{packet.version} begins no connection: to the kernel it is "
                    "not NEW, as taken here, but part of a connection (ESTABLISHED or RELATED) or INVALID"
                )


def _reason(node: str, decider: Decider, locate: Locate) -> Reason:
    chain, rule = decider.chain, decider.rule
    policy, place = _policy_and_place(decider, locate)
    failsafe = None
    if decider.reason is ReasonCode.FAILSAFE and isinstance(decider.detail, tuple):
        failsafe = f"{'tcp' if decider.detail[0] == 6 else 'udp'}/{decider.detail[1]}"
    return Reason(
        reason=decider.reason,
        node=node,
        hook=decider.hook or None,
        chain_type=chain.chain_type.value if chain else None,
        endpoint=_endpoint_name(chain.endpoint) if chain else None,
        direction=chain.direction.value if chain else None,
        tier=decider.tier.tier.name if decider.tier else None,
        policy=policy,
        rule=rule.id.index if rule else None,
        file=place[0] if place else None,
        line=place[1] if place else None,
        failsafe=failsafe,
    )


def _policy_and_place(decider: Decider, locate: Locate) -> tuple[PolicyRef | None, tuple[str, int] | None]:
    if decider.rule is not None:
        owner = decider.rule.id.owner
        return _ref(owner), locate(owner, decider.rule.id)
    if decider.reason is ReasonCode.END_OF_TIER and decider.tier is not None:
        owner = _first_policy(decider.tier)
        return _ref(owner), locate(owner, None)
    if decider.reason is ReasonCode.MISSING_PROFILE:
        return PolicyRef("Profile", None, str(decider.detail)), None
    return None, None


def _first_policy(tier: ChainTier) -> ResourceId:
    """The end of a tier is put down to the first policy in it that did not match (app-policy/checker/check.go)."""
    return tier.enforced[0].id


def _ref(owner: ResourceId) -> PolicyRef:
    return PolicyRef(owner.kind, owner.namespace or None, owner.name)


def _endpoint_name(endpoint: ResourceId) -> str:
    return f"{endpoint.namespace}/{endpoint.name}" if endpoint.namespace else endpoint.name
