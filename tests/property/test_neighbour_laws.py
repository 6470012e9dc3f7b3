"""Joining of neighbouring questions: whatever the pieces, they stand for the same as before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from calico_engine.analysis.answers import Answered, Reason
from calico_engine.analysis.case_results import Addresses, Connections, Difference, Ports
from calico_engine.analysis.neighbours import joined
from calico_engine.dataplane.outcomes import Decision, ReasonCode
from calico_engine.packets import Packet

ANSWER = Answered(Decision.DENY, False, Reason(ReasonCode.NO_ENDPOINT, "n"), (), (), (), (), ())
PACKET = Packet.parse(
    {"node": "n", "inInterface": "e", "source": "10.0.0.1", "destination": "10.0.0.2", "protocol": 89}
)

stretches = st.tuples(st.integers(0, 6), st.integers(0, 3)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))
addresses = st.builds(lambda version, ends: Addresses(version, *ends), st.sampled_from([4, 6]), stretches)
ports = st.builds(lambda protocol, ends: Ports(protocol, *ends), st.sampled_from(["tcp", "udp"]), stretches)
ends = addresses | st.sampled_from(["a", "b"])
questions = st.builds(Connections, ends, ends, ports | st.sampled_from(["ssh", "icmp"])) | st.just(PACKET)
differences = st.builds(
    lambda about, message, number: Difference(about, message, "asked", ANSWER, number),
    questions,
    st.sampled_from(["one", "other"]),
    st.integers(1, 3),
)
Point = tuple[str, object]


def points(found: Sequence[Difference]) -> Iterator[Point]:
    """Every single connection, with what is said of it."""
    for difference in found:
        about = difference.about
        if isinstance(about, Packet):
            yield difference.message, about
        else:
            axes = (list(single(each)) for each in (about.source, about.destination, about.service))
            yield from ((difference.message, point) for point in product(*axes))


def single(value: str | Addresses | Ports) -> Iterator[object]:
    if isinstance(value, str):
        yield value
    else:
        of = value.version if isinstance(value, Addresses) else value.protocol
        yield from ((of, number) for number in range(value.first, value.last + 1))


@given(st.lists(differences, max_size=12))
def test_nothing_is_lost_and_nothing_is_added(found: list[Difference]) -> None:
    assert Counter(points(joined(found))) == Counter(points(found))


@given(st.lists(differences, max_size=12))
def test_questions_are_all_counted(found: list[Difference]) -> None:
    assert sum(each.questions for each in joined(found)) == sum(each.questions for each in found)


@given(ends, ends, ports, st.sets(st.integers(0, 40), max_size=5))
def test_what_was_cut_becomes_whole(
    source: str | Addresses, destination: str | Addresses, whole: Ports, cuts: set[int]
) -> None:
    """Ports that are asked by stretches are told as one where all answers are alike."""
    inside = sorted(cut for cut in cuts if whole.first < cut <= whole.last)
    starts = [whole.first, *inside]
    parts = zip(starts, [*(start - 1 for start in inside), whole.last], strict=True)
    found = [
        Difference(Connections(source, destination, Ports(whole.protocol, *part)), "one", "asked", ANSWER)
        for part in parts
    ]
    (one,) = joined(found)
    assert one.about == Connections(source, destination, whole)


def test_a_box_is_one_along_every_axis() -> None:
    found = [
        Difference(Connections(Addresses(4, a, a), Addresses(6, b, b), Ports("tcp", c, c)), "one", "asked", ANSWER)
        for a, b, c in product(range(3), range(2), range(4))
    ]
    assert [each.about for each in joined(found)] == [
        Connections(Addresses(4, 0, 2), Addresses(6, 0, 1), Ports("tcp", 0, 3))
    ]
