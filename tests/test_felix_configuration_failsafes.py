"""The failsafe grammar and its traps, in text and in the resource's structured form (spec resources 6.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from calico_engine.configuration import (
    JSON,
    FailsafeError,
    FelixObject,
    effective_configuration,
    failsafe_text,
    parse_failsafes,
)
from calico_engine.configuration.failsafes import structured_text
from calico_engine.errors import InvalidConfiguration

DEFAULT_INBOUND = "tcp:22 udp:68 tcp:179 tcp:2379 tcp:2380 tcp:5473 tcp:6443 tcp:6666 tcp:6667"
DEFAULT_OUTBOUND = "udp:53 udp:67 tcp:179 tcp:2379 tcp:2380 tcp:5473 tcp:6443 tcp:6666 tcp:6667"


def test_defaults() -> None:
    felix = effective_configuration("n1", None, ())
    assert " ".join(map(str, felix.failsafe_inbound)) == DEFAULT_INBOUND
    assert " ".join(map(str, felix.failsafe_outbound)) == DEFAULT_OUTBOUND
    assert all(failsafe.net is None for failsafe in (*felix.failsafe_inbound, *felix.failsafe_outbound))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22", "tcp:22"),
        ("+22", "tcp:22"),
        ("022", "tcp:22"),
        ("0", "tcp:0"),
        ("65535", "tcp:65535"),
        ("UDP:53", "udp:53"),
        (" tcp:22 , 80 ", "tcp:22 tcp:80"),
        ("tcp:22,tcp:22", "tcp:22 tcp:22"),
        (",,tcp:1,", "tcp:1"),
        (" ", ""),
        (",", ""),
        ("tcp::22", "tcp:22"),
        ("tcp:[]:22", "tcp:22"),
        ("tcp:10.0.0.1/8:22", "tcp:10.0.0.0/8:22"),
        ("tcp:10.0.0.1:22", "tcp:10.0.0.1/32:22"),
        ("tcp:10.0.0.0/08:22", "tcp:10.0.0.0/8:22"),
        ("tcp:[10.0.0.0/8]:22", "tcp:10.0.0.0/8:22"),
        ("udp:[FD00::1/64]:1", "udp:[fd00::/64]:1"),
        ("[fd00::1]:22", "tcp:[fd00::1/128]:22"),
        ("[fd00::1]:tcp:22", "tcp:[fd00::1/128]:22"),
        ("tcp:[::ffff:10.0.0.1]:22", "tcp:10.0.0.1/32:22"),
        ("tcp:[::ffff:10.0.0.0/104]:22", "tcp:10.0.0.0/8:22"),
        ("tcp:[::/0]:22", "tcp:[::/0]:22"),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert " ".join(map(str, parse_failsafes(text))) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (":22", "names no protocol"),
        ("::22", "names no protocol"),
        ("sctp:22", "unknown protocol"),
        ("20:22", "unknown protocol"),
        ("\ttcp:22", "unknown protocol"),
        ("tcp :22", "unknown protocol"),
        ("tcp: 22", "no number"),
        ("tcp:ssh", "no number"),
        ("tcp:20-22", "no number"),
        ("0x16", "no number"),
        ("2_2", "no number"),
        ("tcp", "no number"),
        ("tcp:22,none", "no number"),
        ("tcp:٢٢", "no number"),
        ("65536", "outside 0 to 65535"),
        ("-1", "outside 0 to 65535"),
        ("9" * 5000, "no number"),
        ("tcp:10.0.0.0/33:22", "neither a CIDR nor an address"),
        ("tcp:10.0.0.010:22", "neither a CIDR nor an address"),
        ("tcp:10.0.0.0/255.0.0.0:22", "neither a CIDR nor an address"),
        ("tcp:[fe80::1%eth0]:22", "neither a CIDR nor an address"),
        ("tcp:]:22", "neither a CIDR nor an address"),
        ("tcp:10.0.0.0/8:22:1", "too many colons"),
        ("tcp:fd00::1:22", "too many colons"),
        ("tcp:[fd00::1]:[fd00::2]:22", "too many colons"),
    ],
)
def test_text_that_stops_felix(text: str, reason: str) -> None:
    with pytest.raises(FailsafeError, match=reason) as caught:
        parse_failsafes(text)
    assert not caught.value.panics


@pytest.mark.parametrize("text", ["tcp:[fd00::1]22", "tcp:[fd00::1]", "[]", "tcp:]fd00::1[:22", "]:[22", "tcp:1,[x]"])
def test_text_that_crashes_felix(text: str) -> None:
    with pytest.raises(FailsafeError) as caught:
        parse_failsafes(text)
    assert caught.value.panics


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], "none"),
        ([{"protocol": "TCP", "port": 22}], "tcp:22"),
        ([{"port": 22}], ":22"),
        ([{}], ":0"),
        ([{"protocol": "sctp", "port": 1}, {"protocol": "Udp", "port": 2}], "sctp:1,udp:2"),
        ([{"protocol": "tcp", "port": 1, "net": "10.0.0.1/8"}], "tcp:10.0.0.1/8:1"),
        ([{"protocol": "tcp", "port": 1, "net": "FD00::1"}], "tcp:[FD00::1]:1"),
        ([{"protocol": "tcp", "port": 1, "net": "::ffff:10.0.0.1"}], "tcp:::ffff:10.0.0.1:1"),
        ([{"protocol": "tcp", "port": 1, "net": ""}], "tcp:1"),
    ],
)
def test_structured_form_becomes_text(entries: Sequence[Mapping[str, object]], expected: str) -> None:
    assert structured_text(entries) == expected


@pytest.mark.parametrize("net", ["10.0.0.0/33", "10.0.0.0/8 ", "x", "fe80::1%eth0"])
def test_structured_net_that_crashes_felix(net: str) -> None:
    with pytest.raises(FailsafeError) as caught:
        structured_text([{"protocol": "tcp", "port": 1, "net": net}])
    assert caught.value.panics


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, DEFAULT_INBOUND),
        ([], ""),
        ([{"protocol": "UDP", "port": 5, "net": "fd00::/8"}], "udp:[fd00::/8]:5"),
        ([{"protocol": "TCP", "port": 22.0}], "tcp:22"),
    ],
)
def test_the_resource_replaces_the_default(value: JSON, expected: str) -> None:
    felix = effective_configuration("n1", None, [FelixObject("default", {}, {"failsafeInboundHostPorts": value})])
    assert " ".join(map(str, felix.failsafe_inbound)) == expected
    assert " ".join(map(str, felix.failsafe_outbound)) == DEFAULT_OUTBOUND


@pytest.mark.parametrize(
    "entry", [{"port": 22}, {"protocol": "SCTP", "port": 22}, {"protocol": "TCP", "port": 1, "net": "::ffff:1.2.3.4"}]
)
def test_what_the_resource_allows_and_felix_does_not(entry: Mapping[str, JSON]) -> None:
    objects = [FelixObject("default", {}, {"failsafeOutboundHostPorts": [entry]})]
    with pytest.raises(InvalidConfiguration, match=r"spec\.failsafeOutboundHostPorts"):
        effective_configuration("n1", None, objects)


@pytest.mark.parametrize(("text", "count"), [("none", 0), ("NONE", 0), ("", 9), (" ", 0)])
def test_the_word_none_counts_only_as_the_whole_value(text: str, count: int) -> None:
    felix = effective_configuration("n1", None, (), environment={"FELIX_FAILSAFEINBOUNDHOSTPORTS": text})
    assert len(felix.failsafe_inbound) == count


def test_an_empty_list_is_written_as_none() -> None:
    assert failsafe_text(()) == "none"
    assert failsafe_text(parse_failsafes("22, udp:[fd00::1]:53")) == "tcp:22,udp:[fd00::1/128]:53"
