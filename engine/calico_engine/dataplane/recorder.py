"""Records a walk: the second, slow walk of one packet that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.chains import Chain, ChainPolicy, ChainProfile, ChainTier
from calico_engine.compiler.felix_model import Action, FelixRule, ResourceId, RuleId
from calico_engine.compiler.rules import CompiledRule
from calico_engine.dataplane.criteria import criteria
from calico_engine.dataplane.outcomes import Outcome, ReasonCode
from calico_engine.dataplane.plans import Op
from calico_engine.dataplane.traces import (
    ChainTrace,
    PolicyTrace,
    ProfileTrace,
    RuleTrace,
    StepTrace,
    TableTrace,
    TierTrace,
    Trace,
)
from calico_engine.dataplane.walk import ChainResult, View

#: Where a rule, or the object itself, is written: (file, line), or None for what Calico itself provides.
Locate = Callable[[ResourceId, RuleId | None], tuple[str, int] | None]


class TraceRecorder:
    """Builds the trace while a walk goes."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._tables: list[tuple[str, list[ChainTrace | StepTrace]]] = []
        self._chain: Chain | None = None
        self._tiers: list[TierTrace] = []
        self._profiles: list[ProfileTrace] = []

    @property
    def trace(self) -> Trace:
        return tuple(TableTrace(name, tuple(steps)) for name, steps in self._tables)

    def table(self, name: str) -> None:
        self._tables.append((name, []))

    def step(self, op: Op, outcome: Outcome | None) -> None:
        what = getattr(op.does, "value", "")
        reason = None if outcome is None or op.reason is ReasonCode.NOT_DECIDED else op.reason.value
        self._tables[-1][1].append(StepTrace(what, None if outcome is None else outcome.value, reason))

    def chain(self, chain: Chain, view: View) -> None:
        self._chain, self._tiers, self._profiles = chain, [], []

    def tier(self, tier: ChainTier, view: View) -> CompiledRule | None:
        policies = []
        decided: CompiledRule | None = None
        for policy in tier.policies:
            rules: tuple[RuleTrace, ...] = ()
            if decided is None and not policy.staged:
                rules, decided = self._policy(policy, view, tier.sets)
            place = self._locate(policy.id, None)
            policies.append(PolicyTrace(*_id(policy.id), policy.staged, rules, *(place or (None, None))))
            if decided is not None:
                break
        end = "end of tier deny" if tier.denies_at_end else "next"
        outcome = end if decided is None else decided.action.value.lower()
        default = "Pass" if tier.tier.default_pass else "Deny"
        self._tiers.append(TierTrace(tier.tier.name, tier.tier.exists, default, tuple(policies), outcome))
        return decided

    def profile(self, profile: ChainProfile, view: View, *, passed: bool) -> None:
        rules = []
        existing = {rule.id: rule for rule in profile.rules[view.version]}
        for written in profile.written:
            traced = self._rule(written, existing.get(written.id), view, profile.sets)
            by_bit = passed and traced.exists and written.action is Action.PASS
            if by_bit and not traced.matched:
                traced = replace(traced, by_pass_bit=True)
            rules.append(traced)
            if (traced.matched or by_bit) and written.action is not Action.LOG:
                break
        self._profiles.append(ProfileTrace(profile.name, profile.missing, passed, tuple(rules)))

    def chain_end(self, result: ChainResult) -> None:
        chain = self._chain
        assert chain is not None
        detail = result.detail if isinstance(result.detail, str) else None
        if isinstance(result.detail, tuple):
            detail = f"{'tcp' if result.detail[0] == 6 else 'udp'}/{result.detail[1]}"
        self._tables[-1][1].append(
            ChainTrace(
                *_id(chain.endpoint),
                chain.chain_type.value,
                chain.direction.value,
                tuple(self._tiers),
                tuple(self._profiles),
                result.outcome.value,
                result.reason.value,
                detail,
            )
        )

    def _policy(
        self, policy: ChainPolicy, view: View, sets: AddressSets
    ) -> tuple[tuple[RuleTrace, ...], CompiledRule | None]:
        rules = []
        existing = {rule.id: rule for rule in policy.rules[view.version]}
        for written in policy.written:
            compiled = existing.get(written.id)
            rules.append(self._rule(written, compiled, view, sets))
            if rules[-1].matched and written.action is not Action.LOG:
                return tuple(rules), compiled
        return tuple(rules), None

    def _rule(self, written: FelixRule, compiled: CompiledRule | None, view: View, sets: AddressSets) -> RuleTrace:
        found = () if compiled is None else criteria(compiled, view, sets)
        matched = compiled is not None and all(criterion.matched for criterion in found)
        file, line = self._locate(written.id.owner, written.id) or (None, None)
        return RuleTrace(written.id.index, written.action.value, matched, compiled is not None, found, file, line)


def _id(resource: ResourceId) -> tuple[str, str, str]:
    return resource.kind, resource.namespace, resource.name
