"""What the engine and the oracle say of a packet, in the same terms."""

from __future__ import annotations

from dataclasses import dataclass

from calico_engine import Packet
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import ResourceId
from calico_engine.dataplane.outcomes import Decider, ReasonCode
from calico_engine.dataplane.plans import plan
from calico_engine.dataplane.reader import PacketReader
from calico_engine.dataplane.recorder import TraceRecorder
from calico_engine.dataplane.walk import walk
from calico_engine.datastore import Datastore, build
from calico_engine.errors import InvalidConfiguration, OutOfScope, UnknownReference
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from felix_oracle import Opinion, Oracle
from felix_oracle.kernel import Cause
from verdict_fuzz.packets import Query
from verdict_fuzz.pools import NODE
from verdict_fuzz.worlds import World


@dataclass(frozen=True, slots=True)
class Account:
    """A decision and who made it: the reason, and as far as they apply hook, chain, policy (or profile) and rule."""

    decision: str
    reason: str
    hook: str = ""
    chain_type: str = ""
    endpoint: str = ""
    direction: str = ""
    tier: str = ""
    policy: tuple[str, str, str] | None = None
    rule: int | None = None

    def __str__(self) -> str:
        policy = "" if self.policy is None else "/".join(filter(None, self.policy))
        rule = "" if self.rule is None else f"rule {self.rule}"
        parts = (self.decision, self.reason, self.hook, self.chain_type, self.endpoint, self.direction, self.tier)
        return " ".join(filter(None, (*parts, policy, rule)))


class Unreadable(Exception):
    """The world's manifests are refused, or its node is out of scope."""


class Pair:
    """The engine and the oracle, about one datastore."""

    def __init__(self, datastore: Datastore) -> None:
        self._reader = PacketReader(CompiledCluster(datastore))
        self._oracle = Oracle(datastore)

    @classmethod
    def of(cls, world: World) -> Pair:
        """About a world; Unreadable if its node cannot be asked about."""
        pair = cls(_datastore(world))
        try:
            pair._reader.compiled.node(NODE)
        except (UnknownReference, InvalidConfiguration, OutOfScope) as error:
            raise Unreadable(str(error)) from error
        return pair

    def engine(self, query: Query) -> Account:
        answer = self._reader.answer(Packet.parse(query))
        return _of_decider(str(answer.decision), answer.decider)

    def walks(self, query: Query) -> tuple[Account, Account]:
        """The engine's walk as it is, and recorded."""
        packet = Packet.parse(query)
        planned = plan(self._reader.compiled.node(packet.node), packet)
        recorder = TraceRecorder(lambda owner, rule: None)
        plain, recorded = (walk(planned, packet, each) for each in (None, recorder))
        return _of_decider(str(plain.decision), plain.decider), _of_decider(str(recorded.decision), recorded.decider)

    def oracle(self, query: Query) -> Account:
        return _of_opinion(self._oracle.ask(query), "OUTPUT" if "inInterface" not in query else _filter_hook(query))

    def accounts(self, query: Query) -> tuple[Account, Account]:
        """The engine's and the oracle's."""
        return self.engine(query), self.oracle(query)


def _filter_hook(query: Query) -> str:
    return "FORWARD" if "outInterface" in query else "INPUT"


def _datastore(world: World) -> Datastore:
    loaded = load([Source("world.yaml", world.text)], stored=world.stored)
    datastore, twice = build(loaded, stored=world.stored)
    if loaded.errors or twice:
        raise Unreadable("\n".join(map(str, [*loaded.errors, *twice])))
    return datastore


def _of_decider(decision: str, decider: Decider) -> Account:
    chain, rule, reason = decider.chain, decider.rule, decider.reason
    policy: ResourceId | None = rule.id.owner if rule is not None else None
    if reason is ReasonCode.END_OF_TIER and decider.tier is not None:
        policy = decider.tier.enforced[0].id
    named = None if policy is None else (policy.kind, policy.namespace, policy.name)
    if reason is ReasonCode.MISSING_PROFILE:
        named = ("Profile", "", str(decider.detail))
    return Account(
        decision,
        str(reason),
        decider.hook,
        "" if chain is None else chain.chain_type.value,
        "" if chain is None else _endpoint(chain.endpoint),
        "" if chain is None else (chain.direction if rule is None else rule.id.direction).value,
        "" if decider.tier is None else decider.tier.tier.name,
        named,
        None if rule is None else rule.id.index,
    )


def _endpoint(endpoint: ResourceId) -> str:
    return f"{endpoint.namespace}/{endpoint.name}" if endpoint.namespace else endpoint.name


def _of_opinion(opinion: Opinion, hook: str) -> Account:
    if opinion.cause is not None:
        return _of_cause(opinion.decision, opinion.cause)
    if not opinion.walk.hooks:
        return Account(opinion.decision, "NO_ENDPOINT")
    if not opinion.walk.entered:
        return Account(opinion.decision, "NO_ENDPOINT", f"filter-{hook}")
    # Nobody accepted and nobody dropped: the last endpoint that looked is named.
    place, chain = opinion.walk.entered[-1]
    return Account(opinion.decision, "NOT_DECIDED", place, chain.chain_type, chain.endpoint, chain.direction)


def _of_cause(decision: str, cause: Cause) -> Account:
    origin, chain = cause.origin, cause.chain
    return Account(
        decision,
        origin.reason,
        cause.hook,
        "" if chain is None else chain.chain_type,
        "" if chain is None else chain.endpoint,
        "" if chain is None else chain.direction,
        origin.tier or "",
        origin.policy,
        origin.rule,
    )
