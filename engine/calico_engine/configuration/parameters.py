"""Every parameter of Felix v3.32.1, in the order of felix/config/config_params.go.

Names are those of the configuration file, the environment (after `FELIX_`, in any case) and the annotations (after
`config.projectcalico.org/`). The fields of the FelixConfiguration resource are another table, in `spec_fields`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from calico_engine.configuration import value_lists as lists
from calico_engine.configuration import values as v
from calico_engine.configuration.values import BOOL, ENABLED, FILE, INT, SECONDS, STRING, Kind, integer, one_of
from calico_engine.frozen import frozen


@frozen
class Parameter:
    """One parameter: its kind, its default in text, and what Felix does with bad values.

    `fatal`: a value that does not parse stops Felix; otherwise it is replaced by the default.
    `non_zero`: the word `none` stops Felix. `local`: ignored when it comes from the datastore.
    """

    name: str
    kind: Kind
    default_text: str
    fatal: bool
    non_zero: bool
    local: bool

    @property
    def default(self) -> object:
        """The value when no source sets the parameter: the parsed default text, or the zero value if there is none."""
        return self.kind.parse(self.default_text) if self.default_text else self.kind.zero


def _row(name: str, default: object, kind: Kind, flags: str = "") -> Parameter:
    words = flags.split()
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return Parameter(name, kind, text, "fatal" in words, "non-zero" in words, "local" in words)


FATAL, REQUIRED, NON_ZERO = "fatal", "fatal non-zero", "non-zero"
LOCAL, LOCAL_NON_ZERO, LOCAL_REQUIRED = "local", "local non-zero", "local fatal non-zero"

_INBOUND = "tcp:22,udp:68,tcp:179,tcp:2379,tcp:2380,tcp:5473,tcp:6443,tcp:6666,tcp:6667"
_OUTBOUND = "udp:53,udp:67,tcp:179,tcp:2379,tcp:2380,tcp:5473,tcp:6443,tcp:6666,tcp:6667"
_CONNTRACK_TIMEOUTS = (
    "CreationGracePeriod=10s,TCPSynSent=20s,TCPEstablished=1h,TCPFinsSeen=Auto,TCPResetSeen=40s,"
    "UDPTimeout=60s,GenericTimeout=10m,ICMPTimeout=5s"
)
_BPF_INTERFACES = "^((en|wl|ww|sl|ib)[Popsx].*|(eth|wlan|wwan|bond).*)"
_MTU_INTERFACES = "^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*)"
_LOG_FILE = "/var/log/calico/felix.log"

# fmt: off
_ROWS = (
    # name                                   default                      kind                       flags
    _row("UseInternalDataplaneDriver",          True,                        BOOL),
    _row("DataplaneDriver",                     "calico-iptables-plugin",    FILE,                      REQUIRED),
    _row("DataplaneWatchdogTimeout",            90,                          SECONDS),
    _row("WireguardEnabled",                    False,                       BOOL),
    _row("WireguardEnabledV6",                  False,                       BOOL),
    _row("WireguardListeningPort",              51820,                       INT),
    _row("WireguardListeningPortV6",            51821,                       INT),
    _row("WireguardRoutingRulePriority",        99,                          INT),
    _row("WireguardInterfaceName",              "wireguard.cali",            v.INTERFACE_PARAMETER,     NON_ZERO),
    _row("WireguardInterfaceNameV6",            "wg-v6.cali",                v.INTERFACE_PARAMETER,     NON_ZERO),
    _row("WireguardMTU",                        0,                           INT),
    _row("WireguardMTUV6",                      0,                           INT),
    _row("WireguardHostEncryptionEnabled",      False,                       BOOL),
    _row("WireguardPersistentKeepAlive",        0,                           SECONDS),
    _row("WireguardThreadingEnabled",           False,                       BOOL),
    _row("NFTablesMode",                        "Auto",                      one_of("Enabled", "Disabled", "Auto")),
    _row("BPFEnabled",                          False,                       BOOL),
    _row("BPFDisableUnprivileged",              True,                        BOOL),
    _row("BPFJITHardening",                     "Auto",                      one_of("Auto", "Strict"),  NON_ZERO),
    _row("BPFLogLevel",                         "off",                       v.BPF_LOG_LEVEL,           NON_ZERO),
    _row("BPFConntrackLogLevel",                "off",                       one_of("off", "debug"),    NON_ZERO),
    _row("BPFConntrackCleanupMode",             "Auto",                      one_of("Auto", "Userspace", "BPFProgram")),
    _row("BPFConntrackTimeouts",                _CONNTRACK_TIMEOUTS,         lists.KEY_VALUES),
    _row("BPFLogFilters",                       "",                          lists.KEY_VALUES),
    _row("BPFCTLBLogFilter",                    "",                          one_of("all")),
    _row("BPFDataIfacePattern",                 _BPF_INTERFACES,             v.PATTERN),
    _row("BPFL3IfacePattern",                   "",                          v.PATTERN),
    _row("BPFConnectTimeLoadBalancingEnabled",  "",                          BOOL),
    _row("BPFConnectTimeLoadBalancing",         "TCP",                       v.BALANCING,               NON_ZERO),
    _row("BPFHostNetworkedNATWithoutCTLB",      "Enabled",                   ENABLED,                   NON_ZERO),
    _row("BPFExternalServiceMode",              "tunnel",                    one_of("tunnel", "dsr"),   NON_ZERO),
    _row("BPFDSROptoutCIDRs",                   "",                          lists.CIDRS),
    _row("BPFKubeProxyIptablesCleanupEnabled",  True,                        BOOL),
    _row("BPFKubeProxyMinSyncPeriod",           1,                           SECONDS),
    _row("BPFKubeProxyHealthzPort",             10256,                       INT),
    _row("BPFExtToServiceConnmark",             0,                           INT),
    _row("BPFPSNATPorts",                       "20000:29999",               lists.PORT_RANGE),
    _row("BPFMapSizeNATFrontend",               65536,                       INT,                       NON_ZERO),
    _row("BPFMapSizeNATBackend",                262144,                      INT,                       NON_ZERO),
    _row("BPFMapSizeNATAffinity",               65536,                       INT,                       NON_ZERO),
    _row("BPFMapSizeRoute",                     262144,                      INT,                       NON_ZERO),
    _row("BPFMapSizeConntrack",                 512000,                      INT,                       NON_ZERO),
    _row("BPFMapSizePerCPUConntrack",           0,                           INT),
    _row("BPFMapSizeConntrackScaling",          "DoubleIfFull",              v.MAP_SCALING,             NON_ZERO),
    _row("BPFMapSizeConntrackCleanupQueue",     100000,                      INT,                       NON_ZERO),
    _row("BPFMapSizeIPSets",                    1048576,                     INT,                       NON_ZERO),
    _row("BPFMapSizeIfState",                   1000,                        INT,                       NON_ZERO),
    _row("BPFHostConntrackBypass",              False,                       BOOL),
    _row("BPFEnforceRPF",                       "Loose",                     v.RPF_MODE,                NON_ZERO),
    _row("BPFPolicyDebugEnabled",               True,                        BOOL),
    _row("BPFForceTrackPacketsFromIfaces",      "docker+",                   lists.INTERFACE_FILTERS),
    _row("BPFDisableGROForIfaces",              "",                          v.PATTERN),
    _row("BPFExcludeCIDRsFromNAT",              "",                          lists.CIDRS),
    _row("BPFRedirectToPeer",                   "Enabled",                   v.REDIRECT,                NON_ZERO),
    _row("BPFAttachType",                       "TCX",                       one_of("TCX", "TC"),       NON_ZERO),
    _row("BPFExportBufferSizeMB",               1,                           INT,                       NON_ZERO),
    _row("BPFProfiling",                        "Disabled",                  ENABLED,                   NON_ZERO),
    _row("IstioAmbientMode",                    "Disabled",                  ENABLED),
    _row("IstioDSCPMark",                       23,                          v.DSCP),
    _row("CgroupV2Path",                        "",                          STRING),
    _row("DebugBPFCgroupV2",                    "",                          STRING,                    LOCAL),
    _row("DatastoreType",                       "etcdv3",                    v.DATASTORE,               LOCAL_REQUIRED),
    _row("FelixHostname",                       "",                          v.HOSTNAME,                LOCAL_NON_ZERO),
    _row("EtcdAddr",                            "127.0.0.1:2379",            v.AUTHORITY,               LOCAL),
    _row("EtcdScheme",                          "http",                      one_of("http", "https"),   LOCAL),
    _row("EtcdKeyFile",                         "",                          FILE,                      LOCAL),
    _row("EtcdCertFile",                        "",                          FILE,                      LOCAL),
    _row("EtcdCaFile",                          "",                          FILE,                      LOCAL),
    _row("EtcdEndpoints",                       "",                          lists.ENDPOINTS,           LOCAL),
    _row("TyphaAddr",                           "",                          v.AUTHORITY,               LOCAL),
    _row("TyphaK8sServiceName",                 "",                          STRING,                    LOCAL),
    _row("TyphaK8sNamespace",                   "kube-system",               STRING,                    LOCAL_NON_ZERO),
    _row("TyphaReadTimeout",                    30,                          SECONDS,                   LOCAL),
    _row("TyphaWriteTimeout",                   10,                          SECONDS,                   LOCAL),
    _row("TyphaKeyFile",                        "",                          FILE,                      LOCAL),
    _row("TyphaCertFile",                       "",                          FILE,                      LOCAL),
    _row("TyphaCAFile",                         "",                          FILE,                      LOCAL),
    _row("TyphaCN",                             "",                          STRING,                    LOCAL),
    _row("TyphaURISAN",                         "",                          STRING,                    LOCAL),
    _row("Ipv6Support",                         True,                        BOOL),
    _row("IptablesBackend",                     "auto",                      one_of("legacy", "nft", "auto")),
    _row("RouteRefreshInterval",                90,                          SECONDS),
    _row("InterfaceRefreshInterval",            90,                          SECONDS),
    _row("DeviceRouteSourceAddress",            "",                          v.IPV4),
    _row("DeviceRouteSourceAddressIPv6",        "",                          v.IPV6),
    _row("DeviceRouteProtocol",                 3,                           INT),
    _row("RemoveExternalRoutes",                True,                        BOOL),
    _row("ProgramClusterRoutes",                "Disabled",                  ENABLED),
    _row("IPForwarding",                        "Enabled",                   ENABLED),
    _row("IptablesRefreshInterval",             180,                         SECONDS),
    _row("IptablesPostWriteCheckIntervalSecs",  5,                           SECONDS),
    _row("IptablesLockProbeIntervalMillis",     50,                          v.MILLIS),
    _row("FeatureDetectOverride",               "",                          lists.KEY_VALUES),
    _row("FeatureGates",                        "",                          lists.KEY_VALUES),
    _row("IpsetsRefreshInterval",               90,                          SECONDS),
    _row("MaxIpsetSize",                        1048576,                     INT,                       NON_ZERO),
    _row("XDPRefreshInterval",                  90,                          SECONDS),
    _row("PolicySyncPathPrefix",                "",                          FILE),
    _row("NetlinkTimeoutSecs",                  10,                          SECONDS),
    _row("MetadataAddr",                        "127.0.0.1",                 v.HOSTNAME,                FATAL),
    _row("MetadataPort",                        8775,                        v.TCP_PORT,                FATAL),
    _row("OpenstackRegion",                     "",                          v.REGION,                  FATAL),
    _row("InterfacePrefix",                     "cali",                      v.INTERFACE_PREFIXES,      REQUIRED),
    _row("InterfaceExclude",                    "kube-ipvs0",                lists.INTERFACE_PATTERNS),
    _row("ChainInsertMode",                     "insert",                    one_of("insert", "append"), REQUIRED),
    _row("DefaultEndpointToHostAction",         "DROP",                      v.HOST_ACTION,             REQUIRED),
    _row("IptablesFilterAllowAction",           "ACCEPT",                    v.TABLE_ACTION,            REQUIRED),
    _row("IptablesMangleAllowAction",           "ACCEPT",                    v.TABLE_ACTION,            REQUIRED),
    _row("IptablesFilterDenyAction",            "DROP",                      v.DENY_ACTION,             REQUIRED),
    _row("LogPrefix",                           "calico-packet",             STRING),
    _row("LogActionRateLimit",                  "",                          v.LOG_RATE),
    _row("LogActionRateLimitBurst",             5,                           integer(0)),  # the tag says int(0,9999)
    _row("LogFilePath",                         _LOG_FILE,                   FILE,                      FATAL),
    _row("LogSeverityFile",                     "INFO",                      v.LOG_LEVEL),
    _row("LogSeverityScreen",                   "INFO",                      v.LOG_LEVEL),
    _row("LogSeveritySys",                      "INFO",                      v.LOG_LEVEL),
    _row("LogDebugFilenameRegex",               "",                          v.PATTERN),
    _row("VXLANEnabled",                        "",                          v.OPTIONAL_BOOL),
    _row("VXLANPort",                           4789,                        INT),
    _row("VXLANVNI",                            4096,                        INT),
    _row("VXLANMTU",                            0,                           INT),
    _row("VXLANMTUV6",                          0,                           INT),
    _row("IPv4VXLANTunnelAddr",                 "",                          v.IPV4),
    _row("IPv6VXLANTunnelAddr",                 "",                          v.IPV6),
    _row("VXLANTunnelMACAddr",                  "",                          STRING),
    _row("VXLANTunnelMACAddrV6",                "",                          STRING),
    _row("IpInIpEnabled",                       "",                          v.OPTIONAL_BOOL),
    _row("IpInIpMtu",                           0,                           INT),
    _row("IpInIpTunnelAddr",                    "",                          v.IPV4),
    _row("FloatingIPs",                         "Disabled",                  ENABLED),
    _row("WindowsManageFirewallRules",          "Disabled",                  ENABLED),
    _row("AllowVXLANPacketsFromWorkloads",      False,                       BOOL),
    _row("AllowIPIPPacketsFromWorkloads",       False,                       BOOL),
    _row("AWSSrcDstCheck",                      "DoNothing",                 v.SOURCE_CHECK,            NON_ZERO),
    _row("ServiceLoopPrevention",               "Drop",                      one_of("Drop", "Reject", "Disabled")),
    _row("WorkloadSourceSpoofing",              "Disabled",                  one_of("Disabled", "Any")),
    _row("ReportingIntervalSecs",               30,                          SECONDS),
    _row("ReportingTTLSecs",                    90,                          SECONDS),
    _row("EndpointReportingEnabled",            False,                       BOOL),
    _row("EndpointReportingDelaySecs",          1,                           SECONDS),
    _row("EndpointStatusPathPrefix",            "/var/run/calico",           FILE),
    _row("IptablesMarkMask",                    "0xffff0000",                v.MARK_MASK,               REQUIRED),
    _row("DisableConntrackInvalidCheck",        False,                       BOOL),
    _row("HealthEnabled",                       False,                       BOOL),
    _row("HealthPort",                          9099,                        v.TCP_PORT),
    _row("HealthHost",                          "localhost",                 v.HOST_ADDRESS),
    _row("HealthTimeoutOverrides",              "",                          lists.KEY_DURATIONS),
    _row("PrometheusMetricsEnabled",            False,                       BOOL),
    _row("PrometheusMetricsHost",               "",                          v.HOST_ADDRESS),
    _row("PrometheusMetricsPort",               9091,                        v.TCP_PORT),
    _row("PrometheusGoMetricsEnabled",          True,                        BOOL),
    _row("PrometheusProcessMetricsEnabled",     True,                        BOOL),
    _row("PrometheusWireGuardMetricsEnabled",   True,                        BOOL),
    _row("PrometheusMetricsCAFile",             "",                          STRING),
    _row("PrometheusMetricsCertFile",           "",                          STRING),
    _row("PrometheusMetricsKeyFile",            "",                          STRING),
    _row("PrometheusMetricsClientAuth",         "NoClientCert",              v.CLIENT_AUTH),  # UNVERIFIED
    _row("FailsafeInboundHostPorts",            _INBOUND,                    lists.FAILSAFES,           FATAL),
    _row("FailsafeOutboundHostPorts",           _OUTBOUND,                   lists.FAILSAFES,           FATAL),
    _row("FlowLogsFlushInterval",               300,                         SECONDS),
    _row("FlowLogsCollectorDebugTrace",         False,                       BOOL),
    _row("FlowLogsGoldmaneServer",              "",                          STRING),
    _row("FlowLogsLocalReporter",               "Disabled",                  ENABLED),
    _row("FlowLogsPolicyEvaluationMode",        "Continuous",                one_of("None", "Continuous")),
    _row("KubeNodePortRanges",                  "30000:32767",               lists.PORT_RANGES),
    _row("NATPortRange",                        "",                          lists.PORT_RANGE),
    _row("NATOutgoingAddress",                  "",                          v.IPV4),
    _row("NATOutgoingExclusions",               "IPPoolsOnly",               v.NAT_EXCLUSIONS),
    _row("UsageReportingEnabled",               True,                        BOOL),
    _row("UsageReportingInitialDelaySecs",      300,                         SECONDS),
    _row("UsageReportingIntervalSecs",          86400,                       SECONDS),
    _row("ClusterGUID",                         "baddecaf",                  STRING),
    _row("ClusterType",                         "",                          STRING),
    _row("CalicoVersion",                       "",                          STRING),
    _row("ExternalNodesCIDRList",               "",                          lists.CIDRS,               FATAL),
    _row("DebugMemoryProfilePath",              "",                          FILE),
    _row("DebugCPUProfilePath",                 "/tmp/felix-cpu-<timestamp>.pprof", FILE),
    _row("DebugDisableLogDropping",             False,                       BOOL),
    _row("DebugSimulateCalcGraphHangAfter",     0,                           SECONDS),
    _row("DebugSimulateDataplaneHangAfter",     0,                           SECONDS),
    _row("DebugSimulateDataplaneApplyDelay",    0,                           SECONDS),
    _row("DebugPanicAfter",                     0,                           SECONDS),
    _row("DebugSimulateDataRace",               False,                       BOOL),
    _row("DebugHost",                           "localhost",                 v.HOST_ADDRESS),
    _row("DebugPort",                           "",                          v.TCP_PORT),
    _row("RouteSource",                         "CalicoIPAM",                one_of("WorkloadIPs", "CalicoIPAM")),
    _row("RouteTableRange",                     "",                          lists.TABLE_RANGE,         FATAL),
    _row("RouteTableRanges",                    "",                          lists.TABLE_RANGES,        FATAL),
    _row("RouteSyncDisabled",                   False,                       BOOL),
    _row("IPv4NormalRoutePriority",             1024,                        v.PRIORITY),
    _row("IPv4ElevatedRoutePriority",           512,                         v.PRIORITY),
    _row("IPv6NormalRoutePriority",             1024,                        v.PRIORITY),
    _row("IPv6ElevatedRoutePriority",           512,                         v.PRIORITY),
    _row("LiveMigrationRouteConvergenceTime",   30,                          SECONDS),
    _row("IptablesNATOutgoingInterfaceFilter",  "",                          v.INTERFACE_PARAMETER),
    _row("SidecarAccelerationEnabled",          False,                       BOOL),
    _row("XDPEnabled",                          True,                        BOOL),
    _row("GenericXDPEnabled",                   False,                       BOOL),
    _row("Variant",                             "Calico",                    STRING),
    _row("GoGCThreshold",                       40,                          integer(-1)),
    _row("GoMemoryLimitMB",                     -1,                          integer(-1)),
    _row("GoMaxProcs",                          -1,                          integer(-1)),
    _row("MTUIfacePattern",                     _MTU_INTERFACES,             v.PATTERN),
    _row("NftablesRefreshInterval",             180,                         SECONDS),
    _row("NftablesFilterAllowAction",           "ACCEPT",                    v.TABLE_ACTION,            REQUIRED),
    _row("NftablesMangleAllowAction",           "ACCEPT",                    v.TABLE_ACTION,            REQUIRED),
    _row("NftablesFilterDenyAction",            "DROP",                      v.DENY_ACTION,             REQUIRED),
    _row("NftablesMarkMask",                    "0xffff0000",                v.MARK_MASK,               REQUIRED),
    _row("RequireMTUFile",                      False,                       BOOL),
    _row("BPFMaglevMaxEndpointsPerService",     100,                         integer(1, 3000)),
    _row("BPFMaglevMaxServices",                100,                         integer(1, 3000)),
)
# fmt: on

#: By Felix's own spelling of the name.
PARAMETERS: Mapping[str, Parameter] = MappingProxyType({row.name: row for row in _ROWS})
_FOLDED = {name.lower(): parameter for name, parameter in PARAMETERS.items()}


def parameter_named(name: str) -> Parameter | None:
    """The parameter of that name; case does not matter, in any source."""
    return _FOLDED.get(name.lower())


@cache
def default_values() -> Mapping[str, object]:
    """The value of every parameter when nothing is configured."""
    return MappingProxyType({name: parameter.default for name, parameter in PARAMETERS.items()})
