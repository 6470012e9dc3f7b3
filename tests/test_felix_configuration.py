"""Which source decides a parameter, which objects apply to a node, and what stops Felix (spec resources 6.1)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from calico_engine.configuration import JSON, Action, FelixObject, FelixParameters, effective_configuration
from calico_engine.configuration.config_file import ConfigFileError, parse_config_file
from calico_engine.errors import InvalidConfiguration

PREFIX = "config.projectcalico.org/"


def felix(
    *objects: FelixObject,
    labels: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    config_file: str | None = None,
) -> FelixParameters:
    return effective_configuration("n1", labels, objects, environment=environment, config_file=config_file)


def prefix_of(*objects: FelixObject, labels: Mapping[str, str] | None = None) -> object:
    return felix(*objects, labels=labels).parameters["InterfacePrefix"]


def refusal(*objects: FelixObject, environment: Mapping[str, str] | None = None, config_file: str | None = None) -> str:
    with pytest.raises(InvalidConfiguration) as caught:
        felix(*objects, environment=environment, config_file=config_file)
    return str(caught.value)


def spec(name: str, created: str | None = None, **fields: str) -> FelixObject:
    return FelixObject(name, {}, fields, created)


def annotated(name: str, **parameters: str) -> FelixObject:
    return FelixObject(name, {PREFIX + key: text for key, text in parameters.items()})


SOURCES = {
    "default": spec("default", interfacePrefix="global"),
    "selector": spec("racks", interfacePrefix="scoped", nodeSelector="has(rack)"),
    "node": spec("node.n1", interfacePrefix="node"),
}


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ((), "cali"),
        (("default",), "global"),
        (("selector", "default"), "scoped"),
        (("node", "selector", "default"), "node"),
        (("node", "selector", "default", "file"), "file"),
        (("node", "selector", "default", "file", "environment"), "environ"),
        (("default", "environment"), "environ"),
    ],
)
def test_the_strongest_source_wins(present: tuple[str, ...], expected: str) -> None:
    result = felix(
        *(SOURCES[name] for name in present if name in SOURCES),
        labels={"rack": "1"},
        config_file="InterfacePrefix=file" if "file" in present else None,
        environment={"FELIX_INTERFACEPREFIX": "environ"} if "environment" in present else None,
    )
    assert result.parameters["InterfacePrefix"] == expected


def test_each_parameter_is_decided_on_its_own() -> None:
    result = felix(
        spec("default", interfacePrefix="a", chainInsertMode="Append", logPrefix="x"),
        spec("node.n1", interfacePrefix="b"),
        environment={"FELIX_LogPrefix": "y"},
    ).parameters
    assert (result["InterfacePrefix"], result["ChainInsertMode"], result["LogPrefix"]) == ("b", "append", "y")


@pytest.mark.parametrize(
    ("name", "labels", "applies"),
    [
        ("default", None, True),
        ("node.n1", None, True),
        ("node.n2", {"rack": "1"}, False),
        ("node.n11", {"rack": "1"}, False),
        ("node.an1", {"rack": "1"}, False),
        ("node.node.n1", {"rack": "1"}, False),
        ("node", {"rack": "1"}, True),
        ("nodes.n1", {"rack": "1"}, True),
        ("default2", {"rack": "1"}, True),
        ("racks", {"rack": "2"}, False),
        ("racks", {}, False),
        ("racks", None, False),
    ],
)
def test_scope_of_an_object(name: str, labels: Mapping[str, str] | None, applies: bool) -> None:
    scoped = spec(name, interfacePrefix="tap", nodeSelector="rack == '1'")
    assert prefix_of(scoped, labels=labels) == ("tap" if applies else "cali")


@pytest.mark.parametrize("labels", [None, {}])
def test_a_node_without_labels_matches_not_even_all(labels: Mapping[str, str] | None) -> None:
    assert prefix_of(spec("a", interfacePrefix="tap", nodeSelector="all()"), labels=labels) == "cali"


@pytest.mark.parametrize("selector", ["", "rack =="])
def test_without_a_readable_selector_an_object_is_ignored_with_a_warning(selector: str) -> None:
    result = felix(spec("a", interfacePrefix="tap", nodeSelector=selector), labels={"rack": "1"})
    assert result.parameters["InterfacePrefix"] == "cali"
    assert "FelixConfiguration a" in str(result.warnings[0])


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "first"),
        ("2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", "second"),
        ("2024-01-01T12:00:00+02:00", "2024-01-01T11:00:00Z", "first"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "first"),
        ("2024-01-01T00:00:00Z", None, "second"),
        (None, None, "first"),
    ],
)
def test_the_oldest_scoped_object_alone_is_used(first: str | None, second: str | None, winner: str) -> None:
    objects = (
        spec("b", second, interfacePrefix="second", nodeSelector="all()", logPrefix="second"),
        spec("a", first, interfacePrefix="first", nodeSelector="all()"),
    )
    result = felix(*objects, labels={"x": "1"})
    assert result.parameters["InterfacePrefix"] == winner
    assert result.parameters["LogPrefix"] == ("second" if winner == "second" else "calico-packet")
    assert any("not used" in str(warning) for warning in result.warnings)


def test_an_annotation_overrides_the_field_and_is_raw_text() -> None:
    both = FelixObject("default", {PREFIX + "FailsafeInboundHostPorts": "80"}, {"failsafeInboundHostPorts": []})
    assert [str(failsafe) for failsafe in felix(both).failsafe_inbound] == ["tcp:80"]
    assert felix(annotated("default", VXLANPORT="0x10")).parameters["VXLANPort"] == 16
    other = FelixObject("default", {"projectcalico.org/VXLANPort": "1"})
    assert felix(other).parameters["VXLANPort"] == 4789


@pytest.mark.parametrize("key", ["FELIX_INTERFACEPREFIX", "felix_interfaceprefix", "Felix_InterfacePrefix"])
def test_environment_names_in_any_case(key: str) -> None:
    assert felix(environment={key: "tap"}).parameters["InterfacePrefix"] == "tap"


@pytest.mark.parametrize("key", ["INTERFACEPREFIX", "CALICO_INTERFACEPREFIX", "XFELIX_INTERFACEPREFIX"])
def test_other_variables_are_none_of_felix(key: str) -> None:
    result = felix(environment={key: "tap"})
    assert result.parameters["InterfacePrefix"] == "cali"
    assert result.warnings == ()


def test_an_unknown_parameter_is_only_a_warning_with_a_hint() -> None:
    (warning,) = felix(environment={"FELIX_INTERFACE_PREFIX": "tap"}).warnings
    assert "FELIX_INTERFACE_PREFIX" in str(warning)
    assert "did you mean InterfacePrefix?" in str(warning)


def test_an_empty_text_is_not_set_and_none_is_the_zero_value() -> None:
    assert felix(environment={"FELIX_VXLANPORT": ""}).parameters["VXLANPort"] == 4789
    assert felix(environment={"FELIX_VXLANPORT": "NoNe"}).parameters["VXLANPort"] == 0
    assert felix(environment={"FELIX_FLOATINGIPS": "none"}).parameters["FloatingIPs"] == ""
    assert felix(annotated("node.n1", LogPrefix=""), spec("default", logPrefix="x")).parameters["LogPrefix"] == "x"


def test_a_bad_value_becomes_the_default_and_keeps_its_precedence() -> None:
    result = felix(spec("default", serviceLoopPrevention="Reject"), environment={"FELIX_SERVICELOOPPREVENTION": "bad"})
    assert result.parameters["ServiceLoopPrevention"] == "Drop"
    assert "must be one of Drop, Reject, Disabled" in str(result.warnings[0])


def test_a_fatal_value_stops_felix_although_it_is_overridden() -> None:
    message = refusal(
        spec("default", defaultEndpointToHostAction="bogus"),
        environment={"FELIX_DEFAULTENDPOINTTOHOSTACTION": "Accept"},
    )
    assert "FelixConfiguration default, spec.defaultEndpointToHostAction" in message


def test_every_reason_is_named_with_its_source() -> None:
    message = refusal(
        spec("default", interfacePrefix="a, b"),
        annotated("node.n1", FailsafeInboundHostPorts="sctp:22"),
        config_file="[global]\nChainInsertMode = middle\n",
        environment={"FELIX_IPTABLESFILTERDENYACTION": "none", "FELIX_FAILSAFEOUTBOUNDHOSTPORTS": "tcp:[fd00::1]22"},
    )
    assert "FelixConfiguration default, spec.interfacePrefix" in message
    assert f"FelixConfiguration node.n1, annotation {PREFIX}FailsafeInboundHostPorts" in message
    assert "configuration file, line 2" in message
    assert "environment variable FELIX_IPTABLESFILTERDENYACTION: IptablesFilterDenyAction cannot be none" in message
    assert "this crashes Felix" in message


def test_parameters_of_the_own_machine_are_ignored_from_the_datastore() -> None:
    result = felix(annotated("default", EtcdScheme="https"))
    assert result.parameters["EtcdScheme"] == "http"
    assert "own machine" in str(result.warnings[0])
    assert felix(config_file="EtcdScheme = https").parameters["EtcdScheme"] == "https"


@pytest.mark.parametrize(
    "environment",
    [
        {"FELIX_ETCDADDR": "none"},
        {"FELIX_ETCDSCHEME": "none"},
        {"FELIX_TYPHACN": "typha"},
        {"FELIX_TYPHAKEYFILE": "/key"},
    ],
)
def test_settings_that_contradict_each_other_stop_felix(environment: Mapping[str, str]) -> None:
    refusal(environment=environment)


def test_the_crash_on_a_bad_net_reaches_every_node() -> None:
    bad: dict[str, JSON] = {"failsafeInboundHostPorts": [{"protocol": "TCP", "port": 22, "net": "10.0.0.0/33"}]}
    assert "spec.failsafeInboundHostPorts" in refusal(FelixObject("node.n2", {}, bad))
    assert "crashes Felix" in refusal(FelixObject("racks", {}, {**bad, "nodeSelector": "rack == '9'"}))
    unread = FelixObject("racks", {}, {**bad, "nodeSelector": "rack =="})
    overridden = FelixObject("default", {PREFIX + "FailsafeInboundHostPorts": "tcp:1"}, bad)
    assert [str(failsafe) for failsafe in felix(unread, overridden).failsafe_inbound] == ["tcp:1"]


def test_node_port_ranges_of_the_resource_have_no_effect() -> None:
    result = felix(FelixObject("default", {}, {"kubeNodePortRanges": ["20000:20010", 31000]}))
    assert result.parameters["KubeNodePortRanges"] == ["30000:32767"]
    assert "this field has no effect" in str(result.warnings[0])
    assert felix(annotated("default", KubeNodePortRanges="1:2,5")).parameters["KubeNodePortRanges"] == ["1:2", "5"]


@pytest.mark.parametrize(
    ("mode", "chosen"),
    [("Enabled", "nftables"), ("enabled", "nftables"), ("Auto", "iptables"), ("Disabled", "iptables")],
)
def test_only_the_mode_enabled_reads_the_nftables_actions(mode: str, chosen: str) -> None:
    settings = felix(
        environment={
            "FELIX_NFTABLESMODE": mode,
            "FELIX_NFTABLESFILTERDENYACTION": "reject",
            "FELIX_IPTABLESFILTERALLOWACTION": "return",
        }
    ).settings
    expected = (Action.ACCEPT, Action.REJECT) if chosen == "nftables" else (Action.RETURN, Action.DROP)
    assert (settings.filter_allow_action, settings.filter_deny_action) == expected


def test_nothing_configured_is_one_shared_answer_that_cannot_be_spoilt() -> None:
    assert felix() is felix()
    listed = felix().parameters["FailsafeInboundHostPorts"]
    assert isinstance(listed, list)
    listed.clear()
    assert len(felix().failsafe_inbound) == 9
    assert felix().parameters["FailsafeInboundHostPorts"] != []


def test_settings_of_interfaces_and_encapsulation() -> None:
    settings = felix(
        spec("default", interfacePrefix="cali,tap", interfaceExclude="kube-ipvs0,/^veth/"),
        FelixObject("node.n1", {}, {"vxlanEnabled": False, "externalNodesList": ["10.0.0.1"]}),
    ).settings
    assert settings.is_workload_interface("tap0")
    assert not settings.is_workload_interface("eth0")
    assert [settings.excludes(name) for name in ("kube-ipvs0", "kube-ipvs01", "vethA", "myveth")] == [
        True,
        False,
        True,
        False,
    ]
    assert (settings.vxlan_enabled, settings.ipip_enabled) == (False, None)
    assert [str(network) for network in settings.external_nodes] == ["10.0.0.1/32"]
    assert hash(settings) == hash(settings)


def test_another_host_name_is_noticed() -> None:
    assert "act for that node" in str(felix(environment={"FELIX_FELIXHOSTNAME": "n2"}).warnings[-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("K=v", {"K": "v"}),
        ("[any name]\nK: v\n", {"K": "v"}),
        ("[s] # c\n  K =  v  \n", {"K": "v"}),
        ("# a\n; b\nK = v # c\n", {"K": "v"}),
        ("K = v#c\n", {"K": "v"}),
        ('K = "v w"\n', {"K": "v w"}),
        ("K = 'v'\n", {"K": "v"}),
        ('K = "v # w"\n', {"K": '"v'}),
        ('K = "a" b"\n', {"K": '"a" b"'}),
        ("K = v\nK = w\n", {"K": "w"}),
        ("[a]\nK=1\n[b]\nK=2\n[a]\nK=3\n", {"K": "2"}),
        ("K = a\\\n  b\\\n c\n", {"K": "abc"}),
        ("K = `a\n# b`\n", {"K": "a\n# b"}),
        ('K = """a ; b"""\n', {"K": "a ; b"}),
        ("K =\n", {"K": ""}),
        ("\ufeffK = v\r\n", {"K": "v"}),
        ('"a=b" = v\n', {"a=b": "v"}),
        ("", {}),
    ],
)
def test_configuration_file(text: str, expected: Mapping[str, str]) -> None:
    assert {value.name: value.text for value in parse_config_file(text)} == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("K v\n", 1),
        ("\n[global\n", 2),
        ("[]\n", 1),
        ("= v\n", 1),
        ('K = """a\nb\n', 1),
        ('"K = v\n', 1),
        ("K=1\n\nnonsense", 3),
    ],
)
def test_configuration_file_that_felix_cannot_read(text: str, line: int) -> None:
    with pytest.raises(ConfigFileError) as caught:
        parse_config_file(text)
    assert caught.value.line == line
    assert f"configuration file, line {line}" in refusal(config_file=text)
