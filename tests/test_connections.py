"""Which of a connection's hops decides, which of two crossings tell the difference, and which addresses are ordinary."""

from __future__ import annotations

import pytest

from calico_engine import Packet
from calico_engine.analysis.connections.parties import is_ordinary
from calico_engine.analysis.connections.reader import Hop, deciding, telling
from calico_engine.dataplane.outcomes import Answer, Decider, Decision, ReasonCode
from calico_engine.packets import parse_address

PACKET = Packet.parse(
    {"node": "n1", "inInterface": "eth0", "source": "10.0.0.9", "destination": "10.0.0.1", "protocol": 47}
)
NOBODY = Decider(ReasonCode.NO_ENDPOINT, "filter-INPUT")


def hops(letters: str) -> tuple[Hop, ...]:
    """A: allowed; N: left to the host, which lets it pass; n: which does not; D: denied. Small r before it: a reply."""
    found, reply = [], False
    for letter in letters:
        if letter != "r":
            decision = {"A": Decision.ALLOW, "D": Decision.DENY}.get(letter, Decision.NO_POLICY)
            found.append(Hop(PACKET, Answer(decision, NOBODY), letter in "AN", reply))
        reply = letter == "r"
    return tuple(found)


@pytest.mark.parametrize(
    ("letters", "place"),
    [("A", 0), ("D", 0), ("AA", 1), ("AD", 1), ("nA", 0), ("ANA", 2), ("AArA", 1), ("AArD", 2), ("rD", 0)],
)
def test_the_hop_that_decides(letters: str, place: int) -> None:
    """The first that does not pass, or else the last one on the way there."""
    found = hops(letters)
    assert deciding(found) is found[place]


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ("A", "D", (0, 0)),
        ("AA", "AD", (1, 1)),
        ("AAA", "ADA", (1, 1)),  # where one is stopped
        ("AAD", "ADA", (1, 1)),
        ("ANA", "AAA", (1, 1)),  # nobody is stopped: where the decisions differ
        ("NNA", "AAA", (1, 1)),  # the last such hop
        ("D", "n", (0, 0)),
        ("A", "AD", (0, 1)),  # only one of them has the hop
        ("AArA", "AArD", (2, 2)),
        ("AArD", "AAA", (2, 2)),
    ],
)
def test_the_hops_that_tell_the_difference(one: str, other: str, places: tuple[int, int]) -> None:
    left, right = hops(one), hops(other)
    found = telling(left, right)
    assert found[0] is left[places[0]]
    assert found[1] is right[places[1]]
    assert telling(right, left) == (found[1], found[0])


@pytest.mark.parametrize(
    ("text", "ordinary"),
    [
        ("203.0.113.7", True),
        ("0.0.0.0", False),
        ("127.255.255.255", False),
        ("224.0.0.1", False),
        ("240.0.0.1", True),
        ("255.255.255.254", True),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::2", True),
        ("ff02::1", False),
        ("::255.255.255.255", True),
    ],
)
def test_ordinary_addresses(text: str, ordinary: bool) -> None:
    assert is_ordinary(parse_address(text)) is ordinary
