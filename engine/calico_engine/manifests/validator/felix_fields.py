"""What the validator wants of the fields of a FelixConfiguration: the tags of api …/v3/felixconfig.go.

Fields without a row are not looked at, and fields that are not set are not there (`felix_spec`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from calico_engine.configuration.go_patterns import GoPattern
from calico_engine.manifests.validator.addresses import cidr_problem
from calico_engine.manifests.validator.shapes import INTERFACE, choice_problem, interface_problem, quoted

Check = Callable[[object], str | None]


def _text(check: Callable[[str], str | None]) -> Check:
    return lambda value: check(value) if isinstance(value, str) else None


def _one_of(*words: str) -> Check:
    return _text(lambda text: choice_problem(text, words))


def _between(low: int, high: int) -> Check:
    def check(value: object) -> str | None:
        if not isinstance(value, int) or low <= value <= high:
            return None
        return f"must be from {low} to {high}, not {value}" if high < _LARGE else f"must be {low} or more, not {value}"

    return check


_LARGE = 1 << 62


def pattern_problem(text: str) -> str | None:
    try:
        GoPattern.parse(text)
    except ValueError as error:
        return f"{quoted(text)} is no regular expression of Go's: {error}"
    return None


def _matching(pattern: str, what: str) -> Check:
    compiled = re.compile(pattern, re.ASCII)
    return _text(lambda text: None if compiled.fullmatch(text) else f"{quoted(text)} is {what}")


def _key_value_list(text: str) -> str | None:
    if not text.strip() or all(not item or _KEY_VALUE.fullmatch(item) for item in text.split(",")):
        return None
    return f"{quoted(text)} is no list of name=value with commas between them"


_KEY_VALUE = re.compile(r"[\t\n\f\r ]*\w+=[^\n]*", re.ASCII)


def _each(check: Callable[[str], str | None]) -> Check:
    def check_all(value: object) -> str | None:
        texts = [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
        return next(filter(None, map(check, texts)), None)

    return check_all


def _log_filters(value: object) -> str | None:
    keys = value if isinstance(value, dict) else {}
    wrong = next((key for key in keys if not INTERFACE.fullmatch(key)), None)
    return None if wrong is None else f"{quoted(wrong)} is no interface: 1 to 15 letters, digits, _ . and -"


_LOG_LEVEL = _one_of("Trace", "Debug", "Info", "Warning", "Error", "Fatal")
_ALLOW, _DENY = _one_of("Accept", "Return"), _one_of("Drop", "Reject")
_REGEXP = _text(pattern_problem)
_INTERFACE = _text(interface_problem)
_INTERFACE_FILTER = r"[a-zA-Z0-9:._+-]{1,15}"
_NO_FILTER = "no interface, with or without a + for any ending: 1 to 15 letters, digits, : . _ + and -"
_PRIORITY = _between(1, 2147483646)


def _filter_problem(text: str) -> str | None:
    return None if re.fullmatch(_INTERFACE_FILTER, text) else f"{quoted(text)} is {_NO_FILTER}"


FIELD_CHECKS: Mapping[str, Check] = {
    "featureDetectOverride": _text(_key_value_list),
    "featureGates": _text(_key_value_list),
    "iptablesBackend": _text(lambda text: choice_problem(text, ("Legacy", "NFT", "Auto")) if text else None),
    "defaultEndpointToHostAction": _one_of("Drop", "Accept", "Return"),
    "iptablesFilterAllowAction": _ALLOW,
    "iptablesMangleAllowAction": _ALLOW,
    "iptablesFilterDenyAction": _DENY,
    "nftablesFilterAllowAction": _ALLOW,
    "nftablesMangleAllowAction": _ALLOW,
    "nftablesFilterDenyAction": _DENY,
    "logSeverityFile": _LOG_LEVEL,
    "logSeverityScreen": _LOG_LEVEL,
    "logSeveritySys": _LOG_LEVEL,
    "logDebugFilenameRegex": _REGEXP,
    "prometheusMetricsHost": _matching(r"[a-zA-Z0-9:._+-]{1,64}", "no host: 1 to 64 letters, digits, : . _ + and -"),
    "prometheusMetricsClientAuth": _one_of(
        "RequireAndVerifyClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven", "NoClientCert"
    ),
    "natOutgoingExclusions": _one_of("IPPoolsOnly", "IPPoolsAndHostIPs"),
    "debugPort": _between(0, 65535),
    "iptablesNATOutgoingInterfaceFilter": _text(_filter_problem),
    "bpfLogLevel": _one_of("Debug", "Info", "Off"),
    "bpfConntrackLogLevel": _one_of("Off", "Debug"),
    "bpfConntrackMode": _one_of("Auto", "Userspace", "BPFProgram"),
    "bpfJITHardening": _one_of("Auto", "Strict"),
    "bpfLogFilters": _log_filters,
    "bpfDataIfacePattern": _REGEXP,
    "bpfL3IfacePattern": _REGEXP,
    "bpfConnectTimeLoadBalancing": _one_of("TCP", "Enabled", "Disabled"),
    "bpfHostNetworkedNATWithoutCTLB": _one_of("Enabled", "Disabled"),
    "bpfExternalServiceMode": _one_of("Tunnel", "DSR"),
    "bpfDSROptoutCIDRs": _each(cidr_problem),
    "bpfExtToServiceConnmark": _between(0, 4294967295),
    "bpfKubeProxyHealthzPort": _between(0, 65535),
    "bpfMapSizeConntrackCleanupQueue": _between(1, _LARGE),
    "bpfForceTrackPacketsFromIfaces": _each(_filter_problem),
    "bpfDisableGROForIfaces": _REGEXP,
    "bpfExcludeCIDRsFromNAT": _each(cidr_problem),
    "bpfAttachType": _one_of("TC", "TCX"),
    "bpfMaglevMaxEndpointsPerService": _between(1, 3000),
    "bpfMaglevMaxServices": _between(1, 3000),
    "bpfExportBufferSizeMB": lambda _: "calicoctl v3.32.1 crashes on this field, whatever it holds: leave it out",
    "routeSource": _REGEXP,
    "ipv4NormalRoutePriority": _PRIORITY,
    "ipv4ElevatedRoutePriority": _PRIORITY,
    "ipv6NormalRoutePriority": _PRIORITY,
    "ipv6ElevatedRoutePriority": _PRIORITY,
    "wireguardListeningPort": _between(1, 65535),
    "wireguardListeningPortV6": _between(1, 65535),
    "wireguardRoutingRulePriority": _between(1, 32765),
    "wireguardInterfaceName": _INTERFACE,
    "wireguardInterfaceNameV6": _INTERFACE,
    "awsSrcDstCheck": _one_of("DoNothing", "Enable", "Disable"),
    "serviceLoopPrevention": _one_of("Drop", "Reject", "Disabled"),
    "workloadSourceSpoofing": _one_of("Disabled", "Any"),
    "mtuIfacePattern": _REGEXP,
    "windowsManageFirewallRules": _one_of("Enabled", "Disabled"),
    "goGCThreshold": _between(-1, _LARGE),
    "goMemoryLimitMB": _between(-1, _LARGE),
    "goMaxProcs": _between(-1, _LARGE),
}
