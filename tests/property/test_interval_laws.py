"""Laws of intervals: they are sets of integers, and networks are what the standard library says they are."""

from __future__ import annotations

import ipaddress
import itertools
from ipaddress import IPv4Network, IPv6Network
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from calico_engine.compiler.address_sets import AddressSet
from calico_engine.compiler.intervals import ADDRESS_LIMIT, contains, difference, format_interval, merged, parse_net

FIXED = settings(derandomize=True)
SMALL = st.integers(0, 40)
#: Few values, so that intervals overlap, adjoin and leave gaps.
INTERVALS = st.lists(st.tuples(SMALL, SMALL).map(lambda ends: (min(ends), max(ends))), max_size=8)
WIDE = st.integers(0, ADDRESS_LIMIT[6]) | st.sampled_from([0, 1, ADDRESS_LIMIT[4], ADDRESS_LIMIT[6]])


def integers(intervals: list[tuple[int, int]]) -> set[int]:
    return {value for low, high in intervals for value in range(low, high + 1)}


@st.composite
def networks(draw: st.DrawFn) -> IPv4Network | IPv6Network:
    if draw(st.booleans()):
        return IPv4Network((draw(st.integers(0, ADDRESS_LIMIT[4])), draw(st.integers(0, 32))), strict=False)
    return IPv6Network((draw(WIDE), draw(st.integers(0, 128))), strict=False)


def is_mapped(network: IPv4Network | IPv6Network) -> bool:
    """Whether Go prints the network as IPv4."""
    return network.version == 6 and int(network.network_address) >> 32 == 0xFFFF and network.prefixlen >= 96


@FIXED
@given(INTERVALS)
def test_merging_keeps_the_set(intervals: list[tuple[int, int]]) -> None:
    assert integers(list(merged(intervals))) == integers(intervals)


@FIXED
@given(INTERVALS)
def test_merged_intervals_are_sorted_and_apart(intervals: list[tuple[int, int]]) -> None:
    result = merged(intervals)
    assert all(low <= high for low, high in result)
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(result))


@FIXED
@given(INTERVALS, INTERVALS)
def test_a_difference_is_that_of_the_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    result = difference(merged(one), merged(other))
    assert integers(list(result)) == integers(one) - integers(other)
    assert result == merged(result)


@FIXED
@given(INTERVALS)
def test_merging_twice_changes_nothing(intervals: list[tuple[int, int]]) -> None:
    assert merged(merged(intervals)) == merged(intervals)


@FIXED
@given(INTERVALS, st.randoms(use_true_random=False))
def test_order_does_not_matter_to_merging(intervals: list[tuple[int, int]], random: Random) -> None:
    shuffled = list(intervals)
    random.shuffle(shuffled)
    assert merged(shuffled) == merged(intervals)


@FIXED
@given(INTERVALS, st.integers(-1, 41))
def test_contains_is_membership(intervals: list[tuple[int, int]], value: int) -> None:
    assert contains(merged(intervals), value) is (value in integers(intervals))


@FIXED
@given(st.lists(st.tuples(WIDE, WIDE).map(lambda ends: (min(ends), max(ends))), max_size=5), WIDE)
def test_contains_holds_for_wide_intervals(intervals: list[tuple[int, int]], value: int) -> None:
    assert contains(merged(intervals), value) is any(low <= value <= high for low, high in intervals)


@FIXED
@given(INTERVALS, st.integers(0, 41))
def test_the_quick_membership_test_agrees(intervals: list[tuple[int, int]], value: int) -> None:
    """A hash set for single addresses, bisection else: the same answers."""
    members = AddressSet("all()", merged(intervals), ())
    assert members.membership(4)(value) is members.contains(4, value)
    assert not members.membership(6)(value)


@FIXED
@given(st.sets(SMALL), st.integers(0, 41))
def test_the_quick_membership_test_agrees_on_single_addresses(addresses: set[int], value: int) -> None:
    members = AddressSet("all()", (), merged((address, address) for address in addresses))
    assert members.membership(6)(value) is (value in addresses)


@FIXED
@given(networks())
@example(IPv6Network("::ffff:10.0.0.0/104"))
@example(IPv6Network("::ffff:0:0/96"))
@example(IPv6Network("::/0"))
def test_nets_are_those_of_the_standard_library(network: IPv4Network | IPv6Network) -> None:
    found = parse_net(str(network))
    if is_mapped(network):
        network = IPv4Network((int(network.network_address) & ADDRESS_LIMIT[4], network.prefixlen - 96))
    assert found == (network.version, int(network.network_address), int(network.broadcast_address))


@FIXED
@given(networks(), st.data())
def test_host_bits_are_masked(network: IPv4Network | IPv6Network, data: st.DataObject) -> None:
    value = data.draw(st.integers(int(network.network_address), int(network.broadcast_address)))
    address = ipaddress.IPv4Address(value) if network.version == 4 else ipaddress.IPv6Address(value)
    assert parse_net(f"{address}/{network.prefixlen}") == parse_net(str(network))


@FIXED
@given(networks())
def test_an_address_is_a_net_of_one(network: IPv4Network | IPv6Network) -> None:
    address = network.network_address
    assert parse_net(str(address)) == parse_net(f"{address}/{address.max_prefixlen}")


@FIXED
@given(st.text(max_size=20) | st.text("0123456789abcdef.:/% ", max_size=20))
@example("10.0.0.0/255.0.0.0")
@example("10.0.0.0/+8")
@example("10.0.0.0/8/8")
@example("fe80::1%eth0/64")
@example("010.0.0.0/8")
def test_any_text_is_a_net_or_none(text: str) -> None:
    found = parse_net(text)
    if found is not None:
        version, first, last = found
        assert 0 <= first <= last <= ADDRESS_LIMIT[version]
        size = last - first + 1
        assert size & (size - 1) == 0
        assert "%" not in text
        assert text.count("/") <= 1
        assert "." not in text.partition("/")[2]


@FIXED
@given(networks().filter(lambda network: not is_mapped(network)))
def test_a_net_is_shown_as_it_is_written(network: IPv4Network | IPv6Network) -> None:
    shown = format_interval(int(network.network_address), int(network.broadcast_address), network.version)
    assert shown == (str(network) if network.num_addresses > 1 else str(network.network_address))


@FIXED
@given(SMALL | st.integers(0, ADDRESS_LIMIT[4]), SMALL | st.integers(0, ADDRESS_LIMIT[4]))
@example(1, 2)  # as many as a net has, but none
def test_an_interval_is_read_back_from_what_is_shown(one: int, other: int) -> None:
    low, high = min(one, other), max(one, other)
    shown = format_interval(low, high, 4)
    ends = [parse_net(end) for end in shown.split("-")]
    assert None not in ends
    assert (ends[0] or (0, 0, 0))[1] == low
    assert (ends[-1] or (0, 0, 0))[2] == high
