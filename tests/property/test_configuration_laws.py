"""Laws of the configuration: of the failsafe text, of precedence, and that reading never fails in another way."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from hypothesis import example, given
from hypothesis import strategies as st

from calico_engine.configuration import (
    PARAMETERS,
    Failsafe,
    FailsafeError,
    FelixObject,
    GoPattern,
    effective_configuration,
    failsafe_text,
    parse_failsafes,
)
from calico_engine.configuration.config_file import ConfigFileError, parse_config_file
from calico_engine.configuration.failsafes import structured_text
from calico_engine.configuration.go_classes import complement
from calico_engine.configuration.go_text import INT64_MIN, Duration
from calico_engine.errors import InvalidConfiguration

_v4 = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)
)
_v6 = st.builds(
    lambda address, length: IPv6Network((address, length), strict=False),
    st.integers(0, 2**128 - 1),
    st.integers(0, 128),
)
_failsafes = st.builds(Failsafe, st.sampled_from(("tcp", "udp")), st.integers(0, 65535), st.none() | _v4 | _v6)
_lists = st.lists(_failsafes, max_size=5).map(tuple)
_almost = st.lists(
    st.sampled_from(["tcp", "udp", "sctp", ":", ",", " ", "[", "]", "22", "10.0.0.0/8", "fd00::1", "-1"]), max_size=9
).map("".join)
_texts = st.text(max_size=30) | _almost
_blanks = st.text(" ", max_size=3)
#: Without an E no text can end a quotation early.
_unquoted = st.text(st.characters(codec="ascii", exclude_characters="E"), max_size=8)
#: The parameters that every source may set.
_GENERAL = sorted(name for name, parameter in PARAMETERS.items() if not parameter.local)
_OBJECTS = [
    FelixObject("default", {}, {"logPrefix": "a"}),
    FelixObject("node.n1", {}, {"logPrefix": "b"}),
    FelixObject("c", {}, {"logPrefix": "c", "nodeSelector": "all()"}),
    FelixObject("d", {}, {"logPrefix": "d", "nodeSelector": "all()"}),
]


@given(_lists)
def test_failsafe_text_reads_back(failsafes: tuple[Failsafe, ...]) -> None:
    text = failsafe_text(failsafes)
    felix = effective_configuration("n1", None, (), environment={"FELIX_FailsafeInboundHostPorts": text})
    assert felix.failsafe_inbound == failsafes


@given(_lists)
def test_the_structured_form_means_what_the_text_means(failsafes: tuple[Failsafe, ...]) -> None:
    entries = [{"protocol": each.protocol.upper(), "port": each.port, "net": str(each.net or "")} for each in failsafes]
    assert structured_text(entries) == failsafe_text(failsafes)


@given(_lists, _lists, _blanks, _blanks)
def test_joined_texts_are_joined_lists(
    first: tuple[Failsafe, ...], second: tuple[Failsafe, ...], before: str, after: str
) -> None:
    texts = [",".join(map(str, failsafes)) for failsafes in (first, second)]
    assert parse_failsafes(f"{before},{after}".join(texts)) == first + second


@given(_almost)
@example("[]")
@example("]:[")
def test_reading_failsafes_fails_in_one_way_only(text: str) -> None:
    try:
        failsafes = parse_failsafes(text)
    except FailsafeError:
        return
    assert parse_failsafes(",".join(map(str, failsafes))) == failsafes


@given(st.sampled_from(sorted(PARAMETERS)), _texts)
def test_any_text_of_any_parameter_gives_parameters_or_the_one_error(name: str, text: str) -> None:
    try:
        felix = effective_configuration("n1", None, (), environment={f"FELIX_{name}": text})
    except InvalidConfiguration:
        assert PARAMETERS[name].fatal or PARAMETERS[name].non_zero or name.startswith(("Etcd", "Typha"))
    else:
        assert set(PARAMETERS) < set(felix.parameters)


@given(st.sampled_from(_GENERAL), _texts)
def test_a_source_alone_says_the_same_as_any_other(name: str, text: str) -> None:
    answers = []
    objects = (FelixObject("default", {f"config.projectcalico.org/{name}": text}),)
    for given_objects, environment in ((objects, None), ((), {f"FELIX_{name}": text})):
        try:
            answers.append(effective_configuration("n1", None, given_objects, environment=environment).parameters[name])
        except InvalidConfiguration:
            answers.append("stopped")
    assert answers[0] == answers[1]


@given(st.permutations(_OBJECTS))
def test_the_order_of_the_objects_does_not_matter(objects: list[FelixObject]) -> None:
    felix = effective_configuration("n1", {"x": "1"}, objects)
    without = effective_configuration("n1", {"x": "1"}, [each for each in objects if each.name != "node.n1"])
    assert (felix.parameters["LogPrefix"], without.parameters["LogPrefix"]) == ("b", "c")


@given(st.text("ab=: \n#;\"'`\\[]", max_size=30))
def test_a_configuration_file_is_read_or_refused_with_a_line(text: str) -> None:
    try:
        values = parse_config_file(text)
    except ConfigFileError as error:
        assert 1 <= error.line <= text.count("\n") + 1
    else:
        assert all(value.name for value in values)


@given(st.text("ab01^$.*+?()|[]{},\\dwQE:-&~", max_size=12), st.text("ab01-", max_size=6))
def test_a_pattern_is_compiled_or_refused(pattern: str, subject: str) -> None:
    """Python's own compiler never complains about what the translation produced (re.error is no ValueError)."""
    try:
        compiled = GoPattern.parse(pattern)
    except ValueError:
        return
    assert compiled.matches(subject) == GoPattern.parse(f"(?:){pattern}").matches(subject)


@given(_unquoted, _unquoted)
def test_a_quoted_pattern_matches_its_text_and_nothing_else(text: str, other: str) -> None:
    pattern = GoPattern.parse(f"^(?:\\Q{text}\\E)$")
    assert pattern.matches(text)
    assert pattern.matches(other) == (text == other)


@given(
    st.lists(
        st.tuples(st.integers(0, 0x10FFFF), st.integers(0, 0x10FFFF)).map(lambda ends: (min(ends), max(ends))),
        max_size=5,
    )
)
def test_the_complement_of_the_complement_is_the_same_set(ranges: list[tuple[int, int]]) -> None:
    inside, outside = complement(complement(ranges)), complement(ranges)
    assert complement(inside) == outside
    assert sum(high - low + 1 for low, high in (*inside, *outside)) == 0x110000


@given(
    st.sampled_from([1, 10**3, 10**6, 10**9]).flatmap(
        lambda unit: st.integers(-(2**63) // unit, (2**63 - 1) // unit).map(lambda n: n * unit)
    )
)
def test_durations_read_back_as_printed(nanoseconds: int) -> None:
    duration = Duration(max(nanoseconds, INT64_MIN))
    assert Duration.parse(str(duration)) == duration
