"""Each of Felix's parameters that decides verdicts sets its own setting, and no other."""

from __future__ import annotations

from dataclasses import fields

import pytest

from calico_engine.configuration import Action, DataplaneSettings, GoPattern, effective_configuration, parse_failsafes
from calico_engine.configuration.value_lists import PortRange
from calico_engine.networks import parse_network

#: (parameter, text, setting, its value)
SETTINGS: list[tuple[str, str, str, object]] = [
    ("InterfacePrefix", "tap,cali", "interface_prefixes", ("tap", "cali")),
    ("FailsafeInboundHostPorts", "tcp:1", "failsafe_inbound", parse_failsafes("tcp:1")),
    ("FailsafeInboundHostPorts", "none", "failsafe_inbound", ()),
    ("FailsafeOutboundHostPorts", "udp:2", "failsafe_outbound", parse_failsafes("udp:2")),
    ("FailsafeOutboundHostPorts", "none", "failsafe_outbound", ()),
    ("DefaultEndpointToHostAction", "Accept", "default_endpoint_to_host_action", Action.ACCEPT),
    ("DefaultEndpointToHostAction", "Return", "default_endpoint_to_host_action", Action.RETURN),
    ("IptablesFilterAllowAction", "Return", "filter_allow_action", Action.RETURN),
    ("IptablesFilterDenyAction", "Reject", "filter_deny_action", Action.REJECT),
    ("IptablesMangleAllowAction", "Return", "mangle_allow_action", Action.RETURN),
    ("DisableConntrackInvalidCheck", "true", "disable_conntrack_invalid_check", True),
    ("AllowVXLANPacketsFromWorkloads", "true", "allow_vxlan_from_workloads", True),
    ("AllowIPIPPacketsFromWorkloads", "true", "allow_ipip_from_workloads", True),
    ("WorkloadSourceSpoofing", "Any", "workload_source_spoofing", True),
    ("ServiceLoopPrevention", "Reject", "service_loop_prevention", "Reject"),
    ("ServiceLoopPrevention", "Disabled", "service_loop_prevention", "Disabled"),
    ("ServiceLoopPrevention", "none", "service_loop_prevention", ""),
    ("ExternalNodesCIDRList", "10.0.0.1", "external_nodes", (parse_network("10.0.0.1/32"),)),
    ("KubeNodePortRanges", "1:2", "kube_node_port_ranges", (PortRange(1, 2),)),
    ("VXLANPort", "4790", "vxlan_port", 4790),
    ("VXLANEnabled", "true", "vxlan_enabled", True),
    ("VXLANEnabled", "false", "vxlan_enabled", False),
    ("IpInIpEnabled", "true", "ipip_enabled", True),
    ("IpInIpEnabled", "false", "ipip_enabled", False),
    ("WireguardEnabled", "true", "wireguard_enabled", True),
    ("WireguardEnabledV6", "true", "wireguard_enabled_v6", True),
    ("WireguardListeningPort", "1", "wireguard_port", 1),
    ("WireguardListeningPortV6", "1", "wireguard_port_v6", 1),
    ("Ipv6Support", "false", "ipv6_support", False),
    ("NFTablesMode", "Enabled", "nftables_mode", "Enabled"),
    ("BPFEnabled", "true", "bpf_enabled", True),
    ("BPFEnforceRPF", "Strict", "bpf_enforce_rpf", "Strict"),
    ("XDPEnabled", "false", "xdp_enabled", False),
    ("GenericXDPEnabled", "true", "generic_xdp_enabled", True),
]
#: Those that another parameter must wake, and texts that mean what is so already.
WITHOUT_EFFECT = [
    ("WorkloadSourceSpoofing", "none"),
    ("NftablesFilterAllowAction", "Return"),
    ("NftablesFilterDenyAction", "Reject"),
    ("NftablesMangleAllowAction", "Return"),
]


def values(settings: DataplaneSettings) -> dict[str, object]:
    return {field.name: getattr(settings, field.name) for field in fields(DataplaneSettings)}


def changed(name: str, text: str) -> dict[str, object]:
    """What setting one parameter changes."""
    found = values(effective_configuration("n1", None, (), environment={f"FELIX_{name}": text}).settings)
    default = values(effective_configuration("n1", None, ()).settings)
    return {field: value for field, value in found.items() if value != default[field]}


@pytest.mark.parametrize(("name", "text", "setting", "value"), SETTINGS)
def test_a_parameter_sets_its_own_setting(name: str, text: str, setting: str, value: object) -> None:
    assert changed(name, text) == {setting: value}


@pytest.mark.parametrize(("name", "text"), WITHOUT_EFFECT)
def test_without_effect(name: str, text: str) -> None:
    assert changed(name, text) == {}


def test_interfaces_are_excluded_by_name_or_pattern() -> None:
    exclude = (GoPattern.parse("^a$"), GoPattern.parse("^b"))
    assert changed("InterfaceExclude", "a,/^b/") == {"interface_exclude": exclude}


def test_every_setting_has_its_parameter() -> None:
    names = {field.name for field in fields(DataplaneSettings)}
    assert {setting for _, _, setting, _ in SETTINGS} | {"interface_exclude"} == names
