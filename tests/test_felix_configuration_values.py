"""The tables of parameters and fields, and what each kind of parameter accepts (spec resources 6.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from calico_engine.configuration import (
    JSON,
    PARAMETERS,
    SPEC_FIELDS,
    FelixObject,
    GoPattern,
    JsonType,
    effective_configuration,
    spec_field,
)
from calico_engine.configuration.findings import Level
from calico_engine.configuration.go_text import Duration, format_float, parse_float, parse_int
from calico_engine.configuration.objects import applied_objects
from calico_engine.errors import InvalidConfiguration
from calico_engine.networks import parse_network, written_version

DEFAULTS = Path(__file__).parents[1] / "fixtures" / "vectors" / "felix-defaults.json"
NOT_IN_THE_RESOURCE = {
    # Connections of Felix itself, and the node's identity: only from its own machine.
    *(name for name, parameter in PARAMETERS.items() if parameter.local),
    # Set by Calico itself, from ClusterInformation and the node.
    *("ClusterGUID", "ClusterType", "CalicoVersion", "Variant", "IpInIpTunnelAddr"),
    *("IPv4VXLANTunnelAddr", "IPv6VXLANTunnelAddr", "VXLANTunnelMACAddr", "VXLANTunnelMACAddrV6"),
    # For tests of Felix.
    *("DebugCPUProfilePath", "DebugPanicAfter", "DebugSimulateDataRace"),
}


def value_of(name: str, text: str) -> object:
    felix = effective_configuration("n1", None, (), environment={f"FELIX_{name}": text})
    return felix.parameters[name]


def test_the_two_tables_agree() -> None:
    assert (len(PARAMETERS), len(SPEC_FIELDS)) == (211, 181)
    named = {field.felix_name for field in SPEC_FIELDS.values()} - {None}
    assert named == set(PARAMETERS) - NOT_IN_THE_RESOURCE
    assert [field.name for field in SPEC_FIELDS.values() if field.felix_name is None] == ["nodeSelector"]


def test_every_default_is_taken_and_every_fatal_default_is_set() -> None:
    parameters = effective_configuration("n1", None, ()).parameters
    assert set(PARAMETERS) < set(parameters)
    assert all(parameter.default_text for parameter in PARAMETERS.values() if parameter.fatal and parameter.non_zero)


@pytest.mark.parametrize("name", sorted(name for name, parameter in PARAMETERS.items() if parameter.non_zero))
def test_non_zero_parameters_refuse_none(name: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"{name} cannot be none"):
        value_of(name, "None")


#: Without these two the datastore cannot be found: a contradiction, not a bad value.
MAY_BE_ZERO = sorted({name for name in PARAMETERS if not PARAMETERS[name].non_zero} - {"EtcdAddr", "EtcdScheme"})


@pytest.mark.parametrize("name", MAY_BE_ZERO)
def test_all_others_take_none_as_zero(name: str) -> None:
    assert value_of(name, "none") in (False, 0, "", None, [], {}, "0", "0s")


def test_defaults() -> None:
    """All of them (felix/config/config_params.go: Config)."""
    assert effective_configuration("n1", None, ()).parameters == json.loads(DEFAULTS.read_text(encoding="utf-8"))


ACCEPTED: Sequence[tuple[str, str, object]] = [
    *(("Ipv6Support", word, False) for word in ("false", "FALSE", "0", "no", "N", "f")),
    *(("BPFEnabled", word, True) for word in ("true", "True", "1", "yes", "Y", "t")),
    ("VXLANEnabled", "no", False),
    ("VXLANPort", "0x10", 16),
    ("VXLANPort", "0b11", 3),
    ("VXLANPort", "010", 8),
    ("VXLANPort", "0o17", 15),
    ("VXLANPort", "1_000", 1000),
    ("VXLANPort", "+5", 5),
    ("VXLANPort", "-5", -5),
    ("WireguardListeningPort", "65536", 65536),
    ("ServiceLoopPrevention", "REJECT", "Reject"),
    ("InterfacePrefix", "a_b-c,x", "a_b-c,x"),
    ("InterfaceExclude", "a,/b.*/", ["^a$", "b.*"]),
    ("InterfaceExclude", "///", ["/"]),
    ("LogPrefix", "é %t", "é %t"),
    ("KubeNodePortRanges", "0:5,00080", ["0:5", "80"]),
    ("NATPortRange", "7:7", "7"),
    ("ExternalNodesCIDRList", " 10.0.0.1 ,,fd00::1/8", ["10.0.0.1/32", "fd00::/8"]),
    ("DeviceRouteSourceAddress", "::ffff:1.2.3.4", "1.2.3.4"),
    ("IptablesMarkMask", "3", 3),
    ("RouteTableRange", "1-250", "1-250"),
    ("RouteTableRanges", "1-2 x 5-9,", ["1-2", "5-9"]),
    ("FeatureGates", " A=b c,,B=", {"A": "b c", "B": ""}),
    ("HealthTimeoutOverrides", "a= 1m ,b=500ms", {"a": "1m0s", "b": "500ms"}),
    ("RouteRefreshInterval", "1.5", "1.5s"),
    ("RouteRefreshInterval", "0x1p4", "16s"),
    ("IptablesLockProbeIntervalMillis", "0.5", "500µs"),
    ("IstioDSCPMark", "af11", "AF11"),
    ("IstioDSCPMark", "63", 63),
    ("EtcdEndpoints", "HTTP://a:1, https://b:2/", ["http://a:1/", "https://b:2/"]),
    ("OpenstackRegion", "eu-1", "eu-1"),
    ("BPFForceTrackPacketsFromIfaces", "docker+, br0", ["docker+", "br0"]),
    ("LogActionRateLimit", "10/second", "10/second"),
    ("MTUIfacePattern", "^eth", "^eth"),
]

REPLACED = [
    ("Ipv6Support", "on"),
    ("Ipv6Support", " true"),
    ("VXLANPort", " 5000"),
    ("VXLANPort", "5000.0"),
    ("VXLANPort", "5e3"),
    ("VXLANPort", "1__0"),
    ("VXLANPort", "08"),
    ("VXLANPort", "9" * 5000),
    ("VXLANPort", "9223372036854775808"),
    ("HealthPort", "65536"),
    ("GoGCThreshold", "-2"),
    ("InterfaceExclude", "a, b"),
    ("InterfaceExclude", "kube-ipvs0,"),
    ("InterfaceExclude", "//"),
    ("InterfaceExclude", "/(?=a)/"),
    ("InterfaceExclude", "/a b/"),
    ("InterfaceExclude", "/kube,/"),
    ("LogPrefix", "a\nb"),
    ("KubeNodePortRanges", "1, 2"),
    ("KubeNodePortRanges", "1:2,"),
    ("KubeNodePortRanges", "http"),
    ("KubeNodePortRanges", "2:1"),
    ("NATPortRange", "1-2"),
    ("DeviceRouteSourceAddress", "fd00::1"),
    ("DeviceRouteSourceAddressIPv6", "1.2.3.4"),
    ("FeatureGates", "x"),
    ("HealthTimeoutOverrides", "a=1"),
    ("RouteRefreshInterval", "90s"),
    ("IstioDSCPMark", "64"),
    ("EtcdEndpoints", "http://a:1/x"),
    ("BPFMaglevMaxServices", "0"),
    ("LogActionRateLimit", "0/second"),
]

FATAL = [
    ("DefaultEndpointToHostAction", "true"),
    ("InterfacePrefix", "cali, tap"),
    ("InterfacePrefix", "a.b"),
    ("InterfacePrefix", "c" * 16),
    ("InterfacePrefix", ","),
    ("ChainInsertMode", "prepend"),
    ("ExternalNodesCIDRList", "10.0.0.0/33"),
    ("IptablesMarkMask", "0x1"),
    ("IptablesMarkMask", "+3"),
    ("NftablesMarkMask", "0x100000000"),
    ("MetadataPort", "70000"),
    ("RouteTableRange", "1-251"),
    ("RouteTableRanges", "5-1"),
    ("RouteTableRanges", "1-70000"),
    ("OpenstackRegion", "-x"),
    ("OpenstackRegion", "x" * 47),
]


@pytest.mark.parametrize(("name", "text", "expected"), ACCEPTED)
def test_accepted_text(name: str, text: str, expected: object) -> None:
    assert value_of(name, text) == expected


@pytest.mark.parametrize(("name", "text"), REPLACED)
def test_bad_text_that_is_replaced_by_the_default(name: str, text: str) -> None:
    felix = effective_configuration("n1", None, (), environment={f"FELIX_{name}": text})
    assert felix.parameters[name] == effective_configuration("n1", None, ()).parameters[name]
    (warning,) = felix.warnings
    assert f"{name} = " in str(warning)


@pytest.mark.parametrize(("name", "text"), FATAL)
def test_bad_text_that_stops_felix(name: str, text: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"FELIX_{name}"):
        value_of(name, text)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ipv6Support", False, "false"),
        ("vxlanPort", 1.0, "1"),
        ("logPrefix", "x", "x"),
        ("logPrefix", True, "true"),
        ("routeRefreshInterval", "1m30s", "90"),
        ("usageReportingInterval", "1000000s", "1e+06"),
        ("iptablesLockProbeInterval", "1.5ms", "1.5"),
        ("natPortRange", "080", "80"),
        ("natPortRange", "1:1", "1"),
        ("natPortRange", "http", "http"),
        ("istioDSCPMark", 10, "10"),
        ("externalNodesList", ["10.0.0.1", "10.0.0.2/8"], "10.0.0.1,10.0.0.2/8"),
        ("kubeNodePortRanges", ["30000:30100", 31000], "[30000:30100 31000]"),
        ("kubeNodePortRanges", [], "[]"),
        ("bpfLogFilters", {"b": "tcp", "a": "udp"}, "a=udp,b=tcp,"),
        ("healthTimeoutOverrides", [{"name": "x", "timeout": "90s"}], "x=1m30s"),
        (
            "bpfConntrackTimeouts",
            {"tcpSynSent": "1s", "creationGracePeriod": "Auto"},
            "CreationGracePeriod=Auto,TCPSynSent=1s",
        ),
        ("routeTableRange", {"min": 1, "max": 250}, "1-250"),
        ("routeTableRanges", [{"min": 1, "max": 2}, {"min": 5}], "1-2,5-0"),
        ("IPV6SUPPORT", True, "true"),
    ],
)
def test_the_text_of_a_field(name: str, value: JSON, expected: str) -> None:
    field = spec_field(name)
    assert field is not None
    applied = applied_objects("n1", None, [FelixObject("default", {}, {name: value})])
    (setting,) = applied.settings[Level.GLOBAL]
    assert (setting.name, setting.text) == (field.felix_name, expected)


@pytest.mark.parametrize("json_type", list(JsonType))
def test_a_value_of_the_wrong_type_is_refused(json_type: JsonType) -> None:
    field = next(field for field in SPEC_FIELDS.values() if field.json_type is json_type and field.felix_name)
    wrong: JSON = {"a": 1.5} if json_type in (JsonType.STRING, JsonType.DSCP, JsonType.PORT) else 1.5
    with pytest.raises(InvalidConfiguration, match=re.escape(f"spec.{field.name}: must be {json_type.value}")):
        effective_configuration("n1", None, [FelixObject("default", {}, {field.name: wrong})])


def test_an_unknown_field_is_only_a_warning() -> None:
    (warning,) = effective_configuration("n1", None, [FelixObject("default", {}, {"bogus": 1})]).warnings
    assert "spec.bogus" in str(warning)


#: Pattern, texts that it matches, texts that it does not match: answers of Go 1.26.
PATTERNS = [
    ("^a$", ["a"], ["a\n", "b"]),
    ("(?m)^a$", ["b\na"], ["ab"]),
    ("a.b", ["axb"], ["a\nb"]),
    ("(?s)a.b", ["a\nb"], ["ab"]),
    ("(?i)CALI", ["xcali1"], ["x"]),
    ("a(?i)b|c", ["aB", "C"], ["Ab"]),
    (r"^\d+$", ["12"], ["١", ""]),
    (r"\w\b", ["a"], ["é"]),
    (r"\B", [""], ["a"]),
    (r"\Qa.b\E+", ["a.bb"], ["axb"]),
    ("[[:alpha:]-]+$", ["a-"], ["1"]),
    ("^[^[:digit:]a]$", ["b", "\n"], ["1", "a"]),
    (r"^[\x41-\x{43}]$", ["B"], ["D"]),
    (r"\101", ["A"], ["a"]),
    (r"^\p{Lu}$", ["É"], ["é"]),
    ("a{,2}", ["a{,2}"], ["aa"]),
    ("^(?P<x>a|b){2}$", ["ab"], ["a"]),
    ("(?U)a+?$", ["aa"], ["b"]),
    ("a?(?i)*b", ["b"], ["c"]),
    ("", ["", "x"], []),
]
REFUSED = [
    *("(", ")", "[", "*", "a**", "a*+", "a{1001}", "a{2,1}", "(a{100}){11}", "(?=a)", "(?<!a)", "(?P=x)", "(?"),
    *(r"\1", r"\Z", r"\8", r"\C", r"\x4", "[b-a]", "[[:foo:]]", "(?P<x>a)(?P<x>b)", r"\p{Foo}", r"\pZz(", "\\"),
    "(" * 200 + ")" * 200,
]


@pytest.mark.parametrize(("pattern", "matching", "other"), PATTERNS)
def test_go_patterns(pattern: str, matching: Sequence[str], other: Sequence[str]) -> None:
    compiled = GoPattern.parse(pattern)
    assert [text for text in (*matching, *other) if compiled.matches(text)] == list(matching)
    assert str(compiled) == pattern


@pytest.mark.parametrize("pattern", REFUSED)
def test_patterns_that_go_refuses(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        GoPattern.parse(pattern)


@pytest.mark.parametrize(
    ("text", "version", "network"),
    [
        ("10.0.0.1", 4, "10.0.0.1/32"),
        ("10.0.0.1/08", 4, "10.0.0.0/8"),
        ("::ffff:10.0.0.1/80", 4, "::/80"),
        ("::ffff:10.0.0.1/97", 4, "0.0.0.0/1"),
        ("fd00::1/0", 6, "::/0"),
    ],
)
def test_networks(text: str, version: int, network: str) -> None:
    assert (written_version(text), str(parse_network(text))) == (version, network)


@pytest.mark.parametrize("text", ["1h5m", "90s", "1.5h", "-1s", "0", ".5s", "1µs", "2562047h47m16.854775807s"])
def test_durations_print_what_they_were(text: str) -> None:
    assert Duration.parse(str(Duration.parse(text))) == Duration.parse(text)


@pytest.mark.parametrize(
    "text", ["", "1", "s", ".s", "1h 5m", "1e3s", "1d", "1_0s", "9223372036854775808ns", "2562048h"]
)
def test_durations_that_go_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (90.0, "90"),
        (0.0, "0"),
        (123456.0, "123456"),
        (1e6, "1e+06"),
        (123456789.5, "1.234567895e+08"),
        (0.0001, "0.0001"),
        (1e-5, "1e-05"),
    ],
)
def test_floats_are_printed_as_go_prints_them(value: float, text: str) -> None:
    assert format_float(value) == text


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1__0", "1e", "0x1", "+nan", "1e999", "-1e999", "infin", "١"])
def test_floats_that_go_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_float(text)


@pytest.mark.parametrize(
    ("text", "value"), [("0_1", 1), ("0x_1F", 31), ("-0", 0), ("00", 0), (str(-(1 << 63)), -(1 << 63))]
)
def test_integers(text: str, value: int) -> None:
    assert parse_int(text) == value
