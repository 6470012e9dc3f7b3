"""Engine and oracle are of one mind on drawn clusters too: the same decision, by the same rule of the same policy."""

from __future__ import annotations

from hypothesis import given, settings

from engine_support.laws import CLUSTERS, LAW, RIVALS, Question, questions
from verdict_fuzz.comparing import Pair


@settings(LAW, max_examples=50)
@given(questions(CLUSTERS | RIVALS))
def test_engine_and_oracle_agree(question: Question) -> None:
    cluster, packets = question
    pair = Pair(cluster.compiled.datastore)
    for packet in packets:
        engine, oracle = pair.accounts(packet.to_query())
        assert engine == oracle
