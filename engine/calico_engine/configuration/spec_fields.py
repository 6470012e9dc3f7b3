"""Every field of FelixConfigurationSpec (api/pkg/apis/projectcalico/v3/felixconfig.go, v3.32.1), in that file's order.

The table says which JSON a field takes and which parameter of Felix it sets, so that the manifest reader can refuse
unknown fields and wrong types, and the configuration can turn an object into text (`spec_text`).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from calico_engine.frozen import frozen


class JsonType(enum.Enum):
    """What a field holds; the value says it in words. `null` means "not set" everywhere."""

    BOOL = "true or false"
    INT = "a whole number of 64 bits"
    UINT32 = "a whole number from 0 to 4294967295"
    STRING = "text"
    DURATION = "a duration such as 90s or 1h30m"
    DURATION_MS = "a duration such as 50ms"
    PORT = "a port from 0 to 65535, a range such as '1000:2000', or a name"
    DSCP = "a number from 0 to 255, or text"
    STRINGS = "a list of text"
    PORTS = "a list of ports, ranges and names"
    STRING_MAP = "a mapping of text to text"
    FAILSAFES = "a list of {protocol: text, port: a number from 0 to 65535, net: text}"
    HEALTH_TIMEOUTS = "a list of {name: text, timeout: a duration}"
    CONNTRACK_TIMEOUTS = "a mapping of timer names to text"
    TABLE_RANGE = "{min: a whole number, max: a whole number}"
    TABLE_RANGES = "a list of {min: a whole number, max: a whole number}"


@frozen
class SpecField:
    """One field of the spec.

    `go_name` is the struct's field, which calicoctl names in its errors; `felix_name` is the parameter that the field
    sets, None for `nodeSelector`, which sets none.
    """

    name: str
    json_type: JsonType
    go_name: str
    felix_name: str | None


def _row(name: str, json_type: JsonType, go_name: str, parameter: str = "+") -> SpecField:
    """`parameter`: its name, `-` for none, or `+` and what is appended to the Go name."""
    felix_name = go_name + parameter[1:] if parameter.startswith("+") else parameter
    return SpecField(name, json_type, go_name, None if parameter == "-" else felix_name)


#: The timers of `bpfConntrackTimeouts`, in the struct's order, and their names in Felix.
CONNTRACK_TIMERS: Mapping[str, str] = MappingProxyType(
    {
        "creationGracePeriod": "CreationGracePeriod",
        "tcpSynSent": "TCPSynSent",
        "tcpEstablished": "TCPEstablished",
        "tcpFinsSeen": "TCPFinsSeen",
        "tcpResetSeen": "TCPResetSeen",
        "udpTimeout": "UDPTimeout",
        "genericTimeout": "GenericTimeout",
        "icmpTimeout": "ICMPTimeout",
    }
)

J = JsonType

# fmt: off
_ROWS = (
    # name                                     JSON                   Go struct field (parameter, if it differs)
    _row("nodeSelector",                        J.STRING,              "NodeSelector", "-"),
    _row("useInternalDataplaneDriver",          J.BOOL,                "UseInternalDataplaneDriver"),
    _row("dataplaneDriver",                     J.STRING,              "DataplaneDriver"),
    _row("dataplaneWatchdogTimeout",            J.DURATION,            "DataplaneWatchdogTimeout"),
    _row("ipv6Support",                         J.BOOL,                "IPv6Support", "Ipv6Support"),
    _row("routeRefreshInterval",                J.DURATION,            "RouteRefreshInterval"),
    _row("interfaceRefreshInterval",            J.DURATION,            "InterfaceRefreshInterval"),
    _row("iptablesRefreshInterval",             J.DURATION,            "IptablesRefreshInterval"),
    _row("iptablesPostWriteCheckInterval",      J.DURATION,            "IptablesPostWriteCheckInterval", "+Secs"),
    _row("iptablesLockProbeInterval",           J.DURATION_MS,         "IptablesLockProbeInterval", "+Millis"),
    _row("featureDetectOverride",               J.STRING,              "FeatureDetectOverride"),
    _row("featureGates",                        J.STRING,              "FeatureGates"),
    _row("ipsetsRefreshInterval",               J.DURATION,            "IpsetsRefreshInterval"),
    _row("maxIpsetSize",                        J.INT,                 "MaxIpsetSize"),
    _row("iptablesBackend",                     J.STRING,              "IptablesBackend"),
    _row("xdpRefreshInterval",                  J.DURATION,            "XDPRefreshInterval"),
    _row("netlinkTimeout",                      J.DURATION,            "NetlinkTimeout", "+Secs"),
    _row("metadataAddr",                        J.STRING,              "MetadataAddr"),
    _row("metadataPort",                        J.INT,                 "MetadataPort"),
    _row("openstackRegion",                     J.STRING,              "OpenstackRegion"),
    _row("interfacePrefix",                     J.STRING,              "InterfacePrefix"),
    _row("interfaceExclude",                    J.STRING,              "InterfaceExclude"),
    _row("chainInsertMode",                     J.STRING,              "ChainInsertMode"),
    _row("defaultEndpointToHostAction",         J.STRING,              "DefaultEndpointToHostAction"),
    _row("iptablesFilterAllowAction",           J.STRING,              "IptablesFilterAllowAction"),
    _row("iptablesMangleAllowAction",           J.STRING,              "IptablesMangleAllowAction"),
    _row("iptablesFilterDenyAction",            J.STRING,              "IptablesFilterDenyAction"),
    _row("logPrefix",                           J.STRING,              "LogPrefix"),
    _row("logActionRateLimit",                  J.STRING,              "LogActionRateLimit"),
    _row("logActionRateLimitBurst",             J.INT,                 "LogActionRateLimitBurst"),
    _row("logFilePath",                         J.STRING,              "LogFilePath"),
    _row("logSeverityFile",                     J.STRING,              "LogSeverityFile"),
    _row("logSeverityScreen",                   J.STRING,              "LogSeverityScreen"),
    _row("logSeveritySys",                      J.STRING,              "LogSeveritySys"),
    _row("logDebugFilenameRegex",               J.STRING,              "LogDebugFilenameRegex"),
    _row("ipipEnabled",                         J.BOOL,                "IPIPEnabled", "IpInIpEnabled"),
    _row("ipipMTU",                             J.INT,                 "IPIPMTU", "IpInIpMtu"),
    _row("vxlanEnabled",                        J.BOOL,                "VXLANEnabled"),
    _row("vxlanMTU",                            J.INT,                 "VXLANMTU"),
    _row("vxlanMTUV6",                          J.INT,                 "VXLANMTUV6"),
    _row("vxlanPort",                           J.INT,                 "VXLANPort"),
    _row("vxlanVNI",                            J.INT,                 "VXLANVNI"),
    _row("allowVXLANPacketsFromWorkloads",      J.BOOL,                "AllowVXLANPacketsFromWorkloads"),
    _row("allowIPIPPacketsFromWorkloads",       J.BOOL,                "AllowIPIPPacketsFromWorkloads"),
    _row("reportingInterval",                   J.DURATION,            "ReportingInterval", "+Secs"),
    _row("reportingTTL",                        J.DURATION,            "ReportingTTL", "+Secs"),
    _row("endpointReportingEnabled",            J.BOOL,                "EndpointReportingEnabled"),
    _row("endpointReportingDelay",              J.DURATION,            "EndpointReportingDelay", "+Secs"),
    _row("endpointStatusPathPrefix",            J.STRING,              "EndpointStatusPathPrefix"),
    _row("iptablesMarkMask",                    J.UINT32,              "IptablesMarkMask"),
    _row("disableConntrackInvalidCheck",        J.BOOL,                "DisableConntrackInvalidCheck"),
    _row("healthEnabled",                       J.BOOL,                "HealthEnabled"),
    _row("healthHost",                          J.STRING,              "HealthHost"),
    _row("healthPort",                          J.INT,                 "HealthPort"),
    _row("healthTimeoutOverrides",              J.HEALTH_TIMEOUTS,     "HealthTimeoutOverrides"),
    _row("prometheusMetricsEnabled",            J.BOOL,                "PrometheusMetricsEnabled"),
    _row("prometheusMetricsHost",               J.STRING,              "PrometheusMetricsHost"),
    _row("prometheusMetricsPort",               J.INT,                 "PrometheusMetricsPort"),
    _row("prometheusGoMetricsEnabled",          J.BOOL,                "PrometheusGoMetricsEnabled"),
    _row("prometheusProcessMetricsEnabled",     J.BOOL,                "PrometheusProcessMetricsEnabled"),
    _row("prometheusWireGuardMetricsEnabled",   J.BOOL,                "PrometheusWireGuardMetricsEnabled"),
    _row("prometheusMetricsCAFile",             J.STRING,              "PrometheusMetricsCAFile"),
    _row("prometheusMetricsCertFile",           J.STRING,              "PrometheusMetricsCertFile"),
    _row("prometheusMetricsKeyFile",            J.STRING,              "PrometheusMetricsKeyFile"),
    _row("prometheusMetricsClientAuth",         J.STRING,              "PrometheusMetricsClientAuth"),
    _row("failsafeInboundHostPorts",            J.FAILSAFES,           "FailsafeInboundHostPorts"),
    _row("failsafeOutboundHostPorts",           J.FAILSAFES,           "FailsafeOutboundHostPorts"),
    _row("kubeNodePortRanges",                  J.PORTS,               "KubeNodePortRanges"),
    _row("policySyncPathPrefix",                J.STRING,              "PolicySyncPathPrefix"),
    _row("usageReportingEnabled",               J.BOOL,                "UsageReportingEnabled"),
    _row("usageReportingInitialDelay",          J.DURATION,            "UsageReportingInitialDelay", "+Secs"),
    _row("usageReportingInterval",              J.DURATION,            "UsageReportingInterval", "+Secs"),
    _row("natPortRange",                        J.PORT,                "NATPortRange"),
    _row("natOutgoingAddress",                  J.STRING,              "NATOutgoingAddress"),
    _row("natOutgoingExclusions",               J.STRING,              "NATOutgoingExclusions"),
    _row("deviceRouteSourceAddress",            J.STRING,              "DeviceRouteSourceAddress"),
    _row("deviceRouteSourceAddressIPv6",        J.STRING,              "DeviceRouteSourceAddressIPv6"),
    _row("deviceRouteProtocol",                 J.INT,                 "DeviceRouteProtocol"),
    _row("removeExternalRoutes",                J.BOOL,                "RemoveExternalRoutes"),
    _row("programClusterRoutes",                J.STRING,              "ProgramClusterRoutes"),
    _row("ipForwarding",                        J.STRING,              "IPForwarding"),
    _row("externalNodesList",                   J.STRINGS,             "ExternalNodesCIDRList"),
    _row("debugMemoryProfilePath",              J.STRING,              "DebugMemoryProfilePath"),
    _row("debugDisableLogDropping",             J.BOOL,                "DebugDisableLogDropping"),
    _row("debugSimulateCalcGraphHangAfter",     J.DURATION,            "DebugSimulateCalcGraphHangAfter"),
    _row("debugSimulateDataplaneHangAfter",     J.DURATION,            "DebugSimulateDataplaneHangAfter"),
    _row("debugSimulateDataplaneApplyDelay",    J.DURATION,            "DebugSimulateDataplaneApplyDelay"),
    _row("debugHost",                           J.STRING,              "DebugHost"),
    _row("debugPort",                           J.INT,                 "DebugPort"),
    _row("iptablesNATOutgoingInterfaceFilter",  J.STRING,              "IptablesNATOutgoingInterfaceFilter"),
    _row("sidecarAccelerationEnabled",          J.BOOL,                "SidecarAccelerationEnabled"),
    _row("xdpEnabled",                          J.BOOL,                "XDPEnabled"),
    _row("genericXDPEnabled",                   J.BOOL,                "GenericXDPEnabled"),
    _row("nftablesMode",                        J.STRING,              "NFTablesMode"),
    _row("nftablesRefreshInterval",             J.DURATION,            "NftablesRefreshInterval"),
    _row("nftablesFilterAllowAction",           J.STRING,              "NftablesFilterAllowAction"),
    _row("nftablesMangleAllowAction",           J.STRING,              "NftablesMangleAllowAction"),
    _row("nftablesFilterDenyAction",            J.STRING,              "NftablesFilterDenyAction"),
    _row("nftablesMarkMask",                    J.UINT32,              "NftablesMarkMask"),
    _row("bpfEnabled",                          J.BOOL,                "BPFEnabled"),
    _row("bpfDisableUnprivileged",              J.BOOL,                "BPFDisableUnprivileged"),
    _row("bpfJITHardening",                     J.STRING,              "BPFJITHardening"),
    _row("bpfLogLevel",                         J.STRING,              "BPFLogLevel"),
    _row("bpfConntrackLogLevel",                J.STRING,              "BPFConntrackLogLevel"),
    _row("bpfConntrackMode",                    J.STRING,              "BPFConntrackCleanupMode"),
    _row("bpfConntrackTimeouts",                J.CONNTRACK_TIMEOUTS,  "BPFConntrackTimeouts"),
    _row("bpfLogFilters",                       J.STRING_MAP,          "BPFLogFilters"),
    _row("bpfCTLBLogFilter",                    J.STRING,              "BPFCTLBLogFilter"),
    _row("bpfDataIfacePattern",                 J.STRING,              "BPFDataIfacePattern"),
    _row("bpfL3IfacePattern",                   J.STRING,              "BPFL3IfacePattern"),
    _row("bpfConnectTimeLoadBalancingEnabled",  J.BOOL,                "BPFConnectTimeLoadBalancingEnabled"),
    _row("bpfConnectTimeLoadBalancing",         J.STRING,              "BPFConnectTimeLoadBalancing"),
    _row("bpfHostNetworkedNATWithoutCTLB",      J.STRING,              "BPFHostNetworkedNATWithoutCTLB"),
    _row("bpfExternalServiceMode",              J.STRING,              "BPFExternalServiceMode"),
    _row("bpfDSROptoutCIDRs",                   J.STRINGS,             "BPFDSROptoutCIDRs"),
    _row("bpfExtToServiceConnmark",             J.INT,                 "BPFExtToServiceConnmark"),
    _row("bpfKubeProxyIptablesCleanupEnabled",  J.BOOL,                "BPFKubeProxyIptablesCleanupEnabled"),
    _row("bpfKubeProxyMinSyncPeriod",           J.DURATION,            "BPFKubeProxyMinSyncPeriod"),
    _row("bpfKubeProxyHealthzPort",             J.INT,                 "BPFKubeProxyHealthzPort"),
    _row("bpfPSNATPorts",                       J.PORT,                "BPFPSNATPorts"),
    _row("bpfMapSizeNATFrontend",               J.INT,                 "BPFMapSizeNATFrontend"),
    _row("bpfMapSizeNATBackend",                J.INT,                 "BPFMapSizeNATBackend"),
    _row("bpfMapSizeNATAffinity",               J.INT,                 "BPFMapSizeNATAffinity"),
    _row("bpfMapSizeRoute",                     J.INT,                 "BPFMapSizeRoute"),
    _row("bpfMapSizeConntrack",                 J.INT,                 "BPFMapSizeConntrack"),
    _row("bpfMapSizePerCpuConntrack",           J.INT,                 "BPFMapSizePerCPUConntrack"),
    _row("bpfMapSizeConntrackScaling",          J.STRING,              "BPFMapSizeConntrackScaling"),
    _row("bpfMapSizeConntrackCleanupQueue",     J.INT,                 "BPFMapSizeConntrackCleanupQueue"),
    _row("bpfMapSizeIPSets",                    J.INT,                 "BPFMapSizeIPSets"),
    _row("bpfMapSizeIfState",                   J.INT,                 "BPFMapSizeIfState"),
    _row("bpfHostConntrackBypass",              J.BOOL,                "BPFHostConntrackBypass"),
    _row("bpfEnforceRPF",                       J.STRING,              "BPFEnforceRPF"),
    _row("bpfPolicyDebugEnabled",               J.BOOL,                "BPFPolicyDebugEnabled"),
    _row("bpfForceTrackPacketsFromIfaces",      J.STRINGS,             "BPFForceTrackPacketsFromIfaces"),
    _row("bpfDisableGROForIfaces",              J.STRING,              "BPFDisableGROForIfaces"),
    _row("bpfExcludeCIDRsFromNAT",              J.STRINGS,             "BPFExcludeCIDRsFromNAT"),
    _row("bpfExportBufferSizeMB",               J.INT,                 "BPFExportBufferSizeMB"),
    _row("istioAmbientMode",                    J.STRING,              "IstioAmbientMode"),
    _row("istioDSCPMark",                       J.DSCP,                "IstioDSCPMark"),
    _row("cgroupV2Path",                        J.STRING,              "CgroupV2Path"),
    _row("flowLogsPolicyEvaluationMode",        J.STRING,              "FlowLogsPolicyEvaluationMode"),
    _row("bpfRedirectToPeer",                   J.STRING,              "BPFRedirectToPeer"),
    _row("bpfAttachType",                       J.STRING,              "BPFAttachType"),
    _row("flowLogsFlushInterval",               J.DURATION,            "FlowLogsFlushInterval"),
    _row("flowLogsCollectorDebugTrace",         J.BOOL,                "FlowLogsCollectorDebugTrace"),
    _row("flowLogsGoldmaneServer",              J.STRING,              "FlowLogsGoldmaneServer"),
    _row("flowLogsLocalReporter",               J.STRING,              "FlowLogsLocalReporter"),
    _row("bpfProfiling",                        J.STRING,              "BPFProfiling"),
    _row("routeSource",                         J.STRING,              "RouteSource"),
    _row("routeTableRanges",                    J.TABLE_RANGES,        "RouteTableRanges"),
    _row("routeTableRange",                     J.TABLE_RANGE,         "RouteTableRange"),
    _row("routeSyncDisabled",                   J.BOOL,                "RouteSyncDisabled"),
    _row("ipv4NormalRoutePriority",             J.INT,                 "IPv4NormalRoutePriority"),
    _row("ipv4ElevatedRoutePriority",           J.INT,                 "IPv4ElevatedRoutePriority"),
    _row("ipv6NormalRoutePriority",             J.INT,                 "IPv6NormalRoutePriority"),
    _row("ipv6ElevatedRoutePriority",           J.INT,                 "IPv6ElevatedRoutePriority"),
    _row("liveMigrationRouteConvergenceTime",   J.DURATION,            "LiveMigrationRouteConvergenceTime"),
    _row("wireguardEnabled",                    J.BOOL,                "WireguardEnabled"),
    _row("wireguardEnabledV6",                  J.BOOL,                "WireguardEnabledV6"),
    _row("wireguardThreadingEnabled",           J.BOOL,                "WireguardThreadingEnabled"),
    _row("wireguardListeningPort",              J.INT,                 "WireguardListeningPort"),
    _row("wireguardListeningPortV6",            J.INT,                 "WireguardListeningPortV6"),
    _row("wireguardRoutingRulePriority",        J.INT,                 "WireguardRoutingRulePriority"),
    _row("wireguardInterfaceName",              J.STRING,              "WireguardInterfaceName"),
    _row("wireguardInterfaceNameV6",            J.STRING,              "WireguardInterfaceNameV6"),
    _row("wireguardMTU",                        J.INT,                 "WireguardMTU"),
    _row("wireguardMTUV6",                      J.INT,                 "WireguardMTUV6"),
    _row("wireguardHostEncryptionEnabled",      J.BOOL,                "WireguardHostEncryptionEnabled"),
    _row("wireguardKeepAlive",                  J.DURATION,            "WireguardPersistentKeepAlive"),
    _row("awsSrcDstCheck",                      J.STRING,              "AWSSrcDstCheck"),
    _row("serviceLoopPrevention",               J.STRING,              "ServiceLoopPrevention"),
    _row("workloadSourceSpoofing",              J.STRING,              "WorkloadSourceSpoofing"),
    _row("mtuIfacePattern",                     J.STRING,              "MTUIfacePattern"),
    _row("floatingIPs",                         J.STRING,              "FloatingIPs"),
    _row("windowsManageFirewallRules",          J.STRING,              "WindowsManageFirewallRules"),
    _row("goGCThreshold",                       J.INT,                 "GoGCThreshold"),
    _row("goMemoryLimitMB",                     J.INT,                 "GoMemoryLimitMB"),
    _row("goMaxProcs",                          J.INT,                 "GoMaxProcs"),
    _row("requireMTUFile",                      J.BOOL,                "RequireMTUFile"),
    _row("bpfMaglevMaxEndpointsPerService",     J.INT,                 "BPFMaglevMaxEndpointsPerService"),
    _row("bpfMaglevMaxServices",                J.INT,                 "BPFMaglevMaxServices"),
)
# fmt: on

#: By JSON name.
SPEC_FIELDS: Mapping[str, SpecField] = MappingProxyType({row.name: row for row in _ROWS})
_FOLDED = {name.lower(): spec_field for name, spec_field in SPEC_FIELDS.items()}


def spec_field(name: str) -> SpecField | None:
    """The field of that name; Go matches JSON names without regard to case."""
    return SPEC_FIELDS.get(name) or _FOLDED.get(name.lower())
