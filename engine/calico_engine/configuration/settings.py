"""The parameters that decide a verdict, typed: what the compiler of chains reads."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeVar

from calico_engine.configuration.failsafes import Failsafe
from calico_engine.configuration.go_patterns import GoPattern
from calico_engine.configuration.value_lists import PortRange
from calico_engine.frozen import frozen
from calico_engine.networks import Network

_T = TypeVar("_T")


class Action(enum.StrEnum):
    """An action of the packet filter that a parameter chooses."""

    ACCEPT = "ACCEPT"
    DROP = "DROP"
    REJECT = "REJECT"
    RETURN = "RETURN"


@frozen
class DataplaneSettings:
    """What Felix's parameters mean for packets (verdict.md 1.2); equal settings make equal chains.

    `service_loop_prevention` is Drop, Reject, Disabled, or empty after `none`, which acts like Disabled;
    `nftables_mode` is Enabled, Disabled, Auto or empty. `vxlan_enabled` and `ipip_enabled` are None where the
    parameter is not set: then an IPv4 pool with that encapsulation decides. IPv6 VXLAN has no parameter: the pools
    alone decide (felix/calc/encapsulation_resolver.go).
    """

    interface_prefixes: tuple[str, ...]
    interface_exclude: tuple[GoPattern, ...]
    failsafe_inbound: tuple[Failsafe, ...]
    failsafe_outbound: tuple[Failsafe, ...]
    default_endpoint_to_host_action: Action
    filter_allow_action: Action
    filter_deny_action: Action
    mangle_allow_action: Action
    disable_conntrack_invalid_check: bool
    allow_vxlan_from_workloads: bool
    allow_ipip_from_workloads: bool
    workload_source_spoofing: bool
    service_loop_prevention: str
    external_nodes: tuple[Network, ...]
    kube_node_port_ranges: tuple[PortRange, ...]
    vxlan_port: int
    vxlan_enabled: bool | None
    ipip_enabled: bool | None
    wireguard_enabled: bool
    wireguard_enabled_v6: bool
    wireguard_port: int
    wireguard_port_v6: int
    ipv6_support: bool
    nftables_mode: str
    bpf_enabled: bool
    bpf_enforce_rpf: str
    xdp_enabled: bool
    generic_xdp_enabled: bool

    def excludes(self, interface: str) -> bool:
        """Whether no host endpoint can be on that interface (InterfaceExclude)."""
        return any(pattern.matches(interface) for pattern in self.interface_exclude)

    def is_workload_interface(self, interface: str) -> bool:
        """Whether the name begins with one of the workload prefixes (InterfacePrefix)."""
        return interface.startswith(self.interface_prefixes)


def dataplane_settings(values: Mapping[str, object]) -> DataplaneSettings:
    """The settings of parsed parameter values, by Felix's names."""
    tables = table_actions(values)
    return DataplaneSettings(
        interface_prefixes=interface_prefixes(values),
        interface_exclude=_tuple(values, "InterfaceExclude", GoPattern),
        failsafe_inbound=_tuple(values, "FailsafeInboundHostPorts", Failsafe),
        failsafe_outbound=_tuple(values, "FailsafeOutboundHostPorts", Failsafe),
        default_endpoint_to_host_action=Action(_one(values, "DefaultEndpointToHostAction", str)),
        filter_allow_action=tables["FilterAllowAction()"],
        filter_deny_action=tables["FilterDenyAction()"],
        mangle_allow_action=tables["MangleAllowAction()"],
        disable_conntrack_invalid_check=_one(values, "DisableConntrackInvalidCheck", bool),
        allow_vxlan_from_workloads=_one(values, "AllowVXLANPacketsFromWorkloads", bool),
        allow_ipip_from_workloads=_one(values, "AllowIPIPPacketsFromWorkloads", bool),
        workload_source_spoofing=_one(values, "WorkloadSourceSpoofing", str) == "Any",
        service_loop_prevention=_one(values, "ServiceLoopPrevention", str),
        external_nodes=_networks(values, "ExternalNodesCIDRList"),
        kube_node_port_ranges=_tuple(values, "KubeNodePortRanges", PortRange),
        vxlan_port=_one(values, "VXLANPort", int),
        vxlan_enabled=_optional_bool(values, "VXLANEnabled"),
        ipip_enabled=_optional_bool(values, "IpInIpEnabled"),
        wireguard_enabled=_one(values, "WireguardEnabled", bool),
        wireguard_enabled_v6=_one(values, "WireguardEnabledV6", bool),
        wireguard_port=_one(values, "WireguardListeningPort", int),
        wireguard_port_v6=_one(values, "WireguardListeningPortV6", int),
        ipv6_support=_one(values, "Ipv6Support", bool),
        nftables_mode=_one(values, "NFTablesMode", str),
        bpf_enabled=_one(values, "BPFEnabled", bool),
        bpf_enforce_rpf=_one(values, "BPFEnforceRPF", str),
        xdp_enabled=_one(values, "XDPEnabled", bool),
        generic_xdp_enabled=_one(values, "GenericXDPEnabled", bool),
    )


def interface_prefixes(values: Mapping[str, object]) -> tuple[str, ...]:
    """config_params.go: InterfacePrefixes."""
    return tuple(_one(values, "InterfacePrefix", str).split(","))


def table_actions(values: Mapping[str, object]) -> dict[str, Action]:
    """config_params.go: FilterAllowAction, FilterDenyAction, MangleAllowAction.

    Only the literal mode Enabled chooses the nftables parameters; in Auto the iptables ones count, even if nftables
    ends up being used.
    """
    prefix = "Nftables" if values["NFTablesMode"] == "Enabled" else "Iptables"
    return {
        f"{name}()": Action(_one(values, prefix + name, str))
        for name in ("FilterAllowAction", "FilterDenyAction", "MangleAllowAction")
    }


def _one(values: Mapping[str, object], name: str, kind: type[_T]) -> _T:
    value = values[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}, no {kind.__name__}")
    return value


def _tuple(values: Mapping[str, object], name: str, kind: type[_T]) -> tuple[_T, ...]:
    return tuple(value for value in _one(values, name, tuple) if isinstance(value, kind))


def _networks(values: Mapping[str, object], name: str) -> tuple[Network, ...]:
    return tuple(_one(values, name, tuple))


def _optional_bool(values: Mapping[str, object], name: str) -> bool | None:
    return None if values[name] is None else _one(values, name, bool)
