"""Laws of staged policies, one a test: what is staged is not evaluated, and yet is there (verdict.md 4.5)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from calico_engine import Decision
from calico_engine.dataplane.outcomes import ReasonCode
from calico_engine.strategies import global_network_policies, rules
from calico_selectors import Selector
from engine_support.laws import (
    LAW,
    Manifest,
    Question,
    answers,
    crowded,
    decisions,
    dump,
    loaded,
    policies,
    questions,
)

FORWARDED = questions(paths=["FORWARD"])
#: No wildcard, whose place in pre-DNAT policy a named endpoint's own staged policy would take.
NO_WILDCARD = crowded(interfaces=["eth0", "eth1", "lo"])


def staged(*kinds: str) -> st.SearchStrategy[Manifest]:
    """A policy that would decide on much if it were enforced."""
    blunt = global_network_policies(
        name="staged",
        tiers=["default", "t1"],
        kinds=kinds,
        selectors=st.just(Selector("all()")),
        rules=rules(max_criteria=0),
        allow_staged=False,
    )
    return blunt.map(lambda policy: {**policy, "kind": f"Staged{policy['kind']}"})


@LAW
@given(questions(), staged("normal", "doNotTrack"))
def test_staged_normal_and_untracked_policy_changes_nothing(question: Question, policy: Manifest) -> None:
    cluster, packets = question
    assert decisions(loaded([*dump(cluster), policy]), packets) == decisions(cluster, packets)


@LAW
@given(FORWARDED, staged("applyOnForward"))
def test_staged_forward_policy_only_takes_the_default_allow(question: Question, policy: Manifest) -> None:
    cluster, packets = question
    before, after = answers(cluster, packets), answers(loaded([*dump(cluster), policy]), packets)
    for old, new in zip(before, after, strict=True):
        if old.decision is not new.decision:
            assert (old.decision, new.decision) == (Decision.ALLOW, Decision.NO_POLICY)
            assert old.decider.reason is ReasonCode.FORWARD_DEFAULT_ALLOW


@LAW
@given(questions(paths=["TO_HOST", "FROM_HOST"]), staged("applyOnForward"))
def test_staged_forward_policy_says_nothing_of_local_processes(question: Question, policy: Manifest) -> None:
    cluster, packets = question
    assert decisions(loaded([*dump(cluster), policy]), packets) == decisions(cluster, packets)


@settings(LAW, max_examples=50)
@given(questions(NO_WILDCARD, paths=["TO_HOST", "FORWARD"]), staged("preDNAT"))
def test_staged_pre_dnat_policy_only_drops_invalid_packets(question: Question, policy: Manifest) -> None:
    cluster, packets = question
    before, after = answers(cluster, packets), answers(loaded([*dump(cluster), policy]), packets)
    for packet, old, new in zip(packets, before, after, strict=True):
        if old.decision is not new.decision:
            assert packet.conntrack_state.value == "INVALID"
            assert (new.decision, new.decider.reason) == (Decision.DENY, ReasonCode.CONNTRACK_INVALID)
            assert new.decider.hook == "mangle-PREROUTING"


@LAW
@given(questions())
def test_rules_of_staged_policies_do_not_matter(question: Question) -> None:
    cluster, packets = question
    manifests = dump(cluster)
    for policy in list(policies(manifests))[::2]:
        policy["kind"] = f"Staged{policy['kind'].removeprefix('Staged')}"
    before = decisions(loaded(manifests), packets)
    for policy in policies(manifests):
        if policy["kind"].startswith("Staged"):
            policy["spec"] |= {way: [] for way in ("ingress", "egress") if way in policy["spec"]}
    assert decisions(loaded(manifests), packets) == before


@LAW
@given(questions(crowded(kinds=["normal"])))
def test_a_tier_of_staged_policies_alone_is_not_there(question: Question) -> None:
    cluster, packets = question
    manifests = dump(cluster)
    for policy in policies(manifests):
        policy["kind"] = f"Staged{policy['kind'].removeprefix('Staged')}"
    none = [each for each in manifests if each not in list(policies(manifests))]
    assert decisions(loaded(manifests), packets) == decisions(loaded(none), packets)
