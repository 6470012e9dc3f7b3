"""Laws of the walk itself, one a test: what is recorded is what decides, and what is kept or flattened decides alike."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given

from calico_engine import Cluster, Packet
from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.chains import Chain, ChainProfile, ChainTier
from calico_engine.compiler.matchers import row
from calico_engine.compiler.rules import CompiledRule
from calico_engine.dataplane.criteria import criteria
from calico_engine.dataplane.outcomes import Answer, Outcome
from calico_engine.dataplane.plans import Op, plan
from calico_engine.dataplane.recorder import TraceRecorder
from calico_engine.dataplane.traces import ChainTrace, RuleTrace, Trace
from calico_engine.dataplane.walk import ChainResult, Recorder, View, matches, scan, walk
from engine_support.laws import LAW, Question, dump, loaded, questions, told


class Comparing:
    """Asks each rule that is met twice: criterion by criterion, and with its flat test."""

    def table(self, name: str) -> None: ...

    def step(self, op: Op, outcome: Outcome | None) -> None: ...

    def chain(self, chain: Chain, view: View) -> None: ...

    def chain_end(self, result: ChainResult) -> None: ...

    def tier(self, tier: ChainTier, view: View) -> CompiledRule | None:
        for policy in tier.enforced:
            self._compare(policy.rules[view.version], view, tier.sets)
        return scan(tier, view)

    def profile(self, profile: ChainProfile, view: View, *, passed: bool) -> None:
        self._compare(profile.rules[view.version], view, profile.sets)

    def _compare(self, met: Iterable[CompiledRule], view: View, sets: AddressSets) -> None:
        for rule in met:
            one_by_one = all(criterion.matched for criterion in criteria(rule, view, sets))
            assert matches(row(rule, sets), view) is one_by_one, (rule, view)


def walked(cluster: Cluster, packet: Packet, recorder: Recorder | None = None) -> Answer:
    return walk(plan(cluster.compiled.node(packet.node), packet), packet, recorder)


def traced(cluster: Cluster, packet: Packet) -> tuple[Answer, Trace]:
    recorder = TraceRecorder(lambda owner, rule: None)
    return walked(cluster, packet, recorder), recorder.trace


@LAW
@given(questions())
def test_recording_does_not_change_the_answer(question: Question) -> None:
    cluster, packets = question
    for packet in packets:
        assert traced(cluster, packet)[0] == walked(cluster, packet)


@LAW
@given(questions())
def test_in_a_trace_only_the_last_rule_ends_a_list(question: Question) -> None:
    cluster, packets = question
    for packet in packets:
        for rules in lists_of(traced(cluster, packet)[1]):
            ending = [(rule.matched or rule.by_pass_bit) and rule.action != "Log" for rule in rules]
            assert not any(ending[:-1])


@LAW
@given(questions())
def test_a_trace_ends_with_what_decided(question: Question) -> None:
    cluster, packets = question
    for packet in packets:
        (_, decider), trace = traced(cluster, packet)
        if decider.rule is not None:
            last = [rules for rules in lists_of(trace) if rules][-1][-1]
            assert (last.index, last.action, last.matched) == (decider.rule.id.index, decider.rule.action.value, True)


def lists_of(trace: Trace) -> list[tuple[RuleTrace, ...]]:
    """The rules met, for each tier and each profile in the order of the walk."""
    chains = [step for table in trace for step in table.steps if isinstance(step, ChainTrace)]
    lists: list[tuple[RuleTrace, ...]] = []
    for chain in chains:
        lists += [tuple(rule for policy in tier.policies for rule in policy.rules) for tier in chain.tiers]
        lists += [profile.rules for profile in chain.profiles]
    return lists


@LAW
@given(questions())
def test_a_rule_matches_when_all_its_criteria_do(question: Question) -> None:
    cluster, packets = question
    for packet in packets:
        walked(cluster, packet, Comparing())


@LAW
@given(questions())
def test_a_kept_plan_answers_like_a_new_one(question: Question) -> None:
    cluster, packets = question
    together = told(cluster, packets)
    for packet, answer in list(zip(packets, together, strict=True))[::4]:
        assert told(loaded(dump(cluster)), [packet]) == [answer]
