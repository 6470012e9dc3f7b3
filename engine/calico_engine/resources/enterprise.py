"""Kinds and fields that other products of Calico's makers have and Calico itself has not: worth a clear word.

Facts from the public reference of Calico Enterprise (docs.tigera.io); the lists need not be complete, they only choose
the message of a refusal.
"""

from __future__ import annotations

ENTERPRISE_KINDS = frozenset(
    {
        "AlertException",
        "AuthenticationReview",
        "AuthorizationReview",
        "BFDConfiguration",
        "DeepPacketInspection",
        "EgressGatewayPolicy",
        "ExternalNetwork",
        "GlobalAlert",
        "GlobalAlertTemplate",
        "GlobalReport",
        "GlobalReportType",
        "GlobalThreatFeed",
        "LicenseKey",
        "ManagedCluster",
        "PacketCapture",
        "PolicyRecommendationScope",
        "PolicyRecommendationStatus",
        "RemoteClusterConfiguration",
        "SecurityEventWebhook",
        "UISettings",
        "UISettingsGroup",
        "WAFPolicy",
    }
)

_ENTERPRISE_FIELDS = frozenset(
    {
        "aggregationPeriod",
        "allowedEgressDomains",
        "allowedSourcePrefixes",
        "awsEgressGateway",
        "awsElasticIPs",
        "captureDir",
        "captureMaxFiles",
        "captureMaxSizeBytes",
        "captureRotationSeconds",
        "deletedMetricsRetentionSecs",
        "domains",
        "dropActionOverride",
        "egressGateway",
        "egressIPSupport",
        "egressIPVXLANPort",
        "egressIPVXLANVNI",
        "egressIPRoutingRulePriority",
        "externalNetworkSupport",
        "externalNetwork",
        "extensions",
        "httpLogsAggregation",
        "prometheusReporterEnabled",
        "prometheusReporterPort",
        "statsDumpFilePath",
        "syslogReporterAddress",
        "syslogReporterEnabled",
        "syslogReporterNetwork",
        "tproxyMode",
        "tproxyPort",
        "tproxyUpstreamConnMark",
        "wafEventLogsFileEnabled",
    }
)
_ENTERPRISE_PREFIXES = (
    "dnsCache",
    "dnsExtra",
    "dnsLogs",
    "dnsPolicy",
    "flowLogsFile",
    "flowLogsEnable",
    "l7Logs",
    "dnsTrusted",
    "wafEventLogs",
    "egressIP",
    "egressGateway",
    "prometheusReporter",
    "windowsDNS",
    "windowsFlowLogs",
    "windowsStats",
    "nfNetlink",
)


def is_enterprise_field(name: str) -> bool:
    """Whether Calico Enterprise has a field of this name that Calico has not."""
    return name in _ENTERPRISE_FIELDS or name.startswith(_ENTERPRISE_PREFIXES)
