"""Laws of connection tracking, one a test: how a packet's state and its verdict hang together (verdict.md 7)."""

from __future__ import annotations

from hypothesis import given

from calico_engine import Decision, Packet
from engine_support.laws import LAW, PLAIN, RANK, Question, decisions, questions, told


def with_state(packets: list[Packet], state: str) -> list[Packet]:
    return [Packet.parse({**packet.to_query(), "conntrackState": state}) for packet in packets]


@LAW
@given(questions(PLAIN))
def test_established_is_never_stricter_than_new(question: Question) -> None:
    cluster, packets = question
    new, later = (decisions(cluster, with_state(packets, state)) for state in ("NEW", "ESTABLISHED"))
    assert all(RANK[after] >= RANK[before] for before, after in zip(new, later, strict=True))


@LAW
@given(questions())
def test_established_is_not_dropped_where_new_is_not(question: Question) -> None:
    """Where IptablesFilterAllowAction is Return, a failsafe port accepts new packets, and nothing established ones."""
    cluster, packets = question
    new, later = (decisions(cluster, with_state(packets, state)) for state in ("NEW", "ESTABLISHED"))
    assert all(
        after is not Decision.DENY for before, after in zip(new, later, strict=True) if before is not Decision.DENY
    )


@LAW
@given(questions())
def test_related_is_as_good_as_established(question: Question) -> None:
    cluster, packets = question
    assert told(cluster, with_state(packets, "RELATED")) == told(cluster, with_state(packets, "ESTABLISHED"))


@LAW
@given(questions())
def test_invalid_is_never_looser_than_new(question: Question) -> None:
    cluster, packets = question
    new, invalid = (decisions(cluster, with_state(packets, state)) for state in ("NEW", "INVALID"))
    assert all(RANK[broken] <= RANK[sound] for sound, broken in zip(new, invalid, strict=True))


@LAW
@given(questions(PLAIN))
def test_untracked_packets_are_judged_like_new_ones(question: Question) -> None:
    cluster, packets = question
    assert told(cluster, with_state(packets, "UNTRACKED")) == told(cluster, with_state(packets, "NEW"))


@LAW
@given(questions())
def test_without_the_check_invalid_packets_are_judged_like_new_ones(question: Question) -> None:
    cluster, packets = question
    felix = {"apiVersion": "projectcalico.org/v3", "kind": "FelixConfiguration"}
    switch = [
        {**felix, "metadata": {"name": f"node.{name}"}, "spec": {"disableConntrackInvalidCheck": True}}
        for name in sorted(cluster.compiled.nodes)
    ]
    unchecked = cluster.apply(*switch)
    assert told(unchecked, with_state(packets, "INVALID")) == told(unchecked, with_state(packets, "NEW"))
