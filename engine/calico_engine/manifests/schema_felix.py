"""The schema of FelixConfiguration (api/config/crd/projectcalico.org_felixconfigurations.yaml), as a table.

Where the validator compares a word exactly, the schema often takes it in any case; both must hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from calico_engine.configuration.spec_fields import SPEC_FIELDS, JsonType
from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.shapes import choice_problem, quoted
from calico_engine.resources import FelixConfiguration

_SPEC: Path = ("spec",)
_Check = Callable[[object], str | None]
_MAX_SELECTOR = 1024


def _words(*words: str) -> _Check:
    return lambda value: choice_problem(str(value), words)


def _any_case(*words: str) -> _Check:
    """Words in any case, or nothing."""
    lower = {word.lower() for word in words}
    return lambda value: None if not value or str(value).lower() in lower else choice_problem(str(value), words)


def _pattern(pattern: str, what: str) -> _Check:
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(str(value)) else f"{quoted(str(value))} is {what}"


def _at_least(low: int, high: int | None = None) -> _Check:
    def check(value: object) -> str | None:
        if isinstance(value, int) and (value < low or (high is not None and value > high)):
            return (
                f"must be {low} or more, not {value}" if high is None else f"must be from {low} to {high}, not {value}"
            )
        return None

    return check


#: The pattern means a dot and has a backslash too many: no fraction can pass, and neither can a sign.
_DURATION = _pattern("([0-9]+(ms|s|m|h))*", "no duration that the schema takes: whole hours, minutes, seconds or ms")
_TIMEOUT = _pattern(r"(([0-9]*(\.[0-9]*)?(ms|s|h|m|us)+)+|Auto)", "neither a duration such as 90s nor Auto")
_ON_OFF = _words("Enabled", "Disabled")
_LEVEL = _any_case("Trace", "Debug", "Info", "Warning", "Error", "Fatal")
_ALLOW, _DENY = _any_case("Accept", "Return"), _any_case("Drop", "Reject")
_WITHOUT_PATTERN = frozenset({"dataplaneWatchdogTimeout", "nftablesRefreshInterval"})

_CHECKS: Mapping[str, _Check] = {
    "awsSrcDstCheck": _words("DoNothing", "Enable", "Disable"),
    "bpfAttachType": _words("TC", "TCX"),
    "bpfConnectTimeLoadBalancing": _words("TCP", "Enabled", "Disabled"),
    "bpfConntrackLogLevel": _words("Off", "Debug"),
    "bpfConntrackMode": _words("Auto", "Userspace", "BPFProgram"),
    "bpfEnforceRPF": _any_case("Disabled", "Strict", "Loose"),
    "bpfExternalServiceMode": _any_case("Tunnel", "DSR"),
    "bpfHostNetworkedNATWithoutCTLB": _ON_OFF,
    "bpfJITHardening": _words("Auto", "Strict"),
    "bpfLogLevel": _any_case("Off", "Info", "Debug"),
    "bpfMapSizeConntrackCleanupQueue": _at_least(1),
    "bpfMapSizeConntrackScaling": _any_case("Disabled", "DoubleIfFull"),
    "bpfProfiling": _ON_OFF,
    "bpfRedirectToPeer": _ON_OFF,
    "chainInsertMode": _any_case("Insert", "Append"),
    "defaultEndpointToHostAction": _any_case("Drop", "Accept", "Return"),
    "featureDetectOverride": _pattern(
        "([a-zA-Z0-9-_]+=(true|false|),)*([a-zA-Z0-9-_]+=(true|false|))?", "no list of name=true and name=false"
    ),
    "featureGates": _pattern("([a-zA-Z0-9-_]+=([^=]+),)*([a-zA-Z0-9-_]+=([^=]+))?", "no list of name=value"),
    "floatingIPs": _ON_OFF,
    "flowLogsLocalReporter": _ON_OFF,
    "flowLogsPolicyEvaluationMode": _words("None", "Continuous"),
    "ipForwarding": _ON_OFF,
    "iptablesBackend": _words("Legacy", "NFT", "Auto"),
    "iptablesFilterAllowAction": _ALLOW,
    "iptablesFilterDenyAction": _DENY,
    "iptablesMangleAllowAction": _ALLOW,
    "istioAmbientMode": _ON_OFF,
    "logActionRateLimit": _pattern(r"[1-9]\d{0,3}/(?:second|minute|hour|day)", "no rate such as 100/minute"),
    "logActionRateLimitBurst": _at_least(0, 9999),
    "logPrefix": _pattern("([a-zA-Z0-9%: /_-])*", "no prefix: letters, digits, blanks and % : / _ - only"),
    "logSeverityFile": _LEVEL,
    "logSeverityScreen": _LEVEL,
    "logSeveritySys": _LEVEL,
    "natOutgoingExclusions": _words("IPPoolsOnly", "IPPoolsAndHostIPs"),
    "nftablesFilterAllowAction": _ALLOW,
    "nftablesFilterDenyAction": _DENY,
    "nftablesMangleAllowAction": _ALLOW,
    "nftablesMode": _words("Disabled", "Enabled", "Auto"),
    "programClusterRoutes": _ON_OFF,
    "routeSource": _any_case("WorkloadIPs", "CalicoIPAM"),
    "serviceLoopPrevention": _any_case("Drop", "Reject", "Disabled"),
    "windowsManageFirewallRules": _ON_OFF,
    "workloadSourceSpoofing": _any_case("Disabled", "Any"),
    **{
        row.name: _DURATION
        for row in SPEC_FIELDS.values()
        if row.json_type in (JsonType.DURATION, JsonType.DURATION_MS) and row.name not in _WITHOUT_PATTERN
    },
}


def felix_findings(configuration: FelixConfiguration) -> list[Problem]:
    spec = configuration.spec
    found = [
        Problem((*_SPEC, field), message)
        for field, value in spec.items()
        if field in _CHECKS
        if (message := _CHECKS[field](value)) is not None
    ]
    timeouts = spec.get("bpfConntrackTimeouts")
    for timer, text in timeouts.items() if isinstance(timeouts, dict) else ():
        message = _TIMEOUT(text)
        if message is not None:
            found.append(Problem((*_SPEC, "bpfConntrackTimeouts", timer), message))
    return found + _node_selector(configuration)


def _node_selector(configuration: FelixConfiguration) -> list[Problem]:
    selector = configuration.spec.get("nodeSelector")
    if not isinstance(selector, str) or not selector:
        return []
    name = configuration.metadata.name
    if name == "default" or name.startswith("node."):
        message = f"{name} applies to its nodes by its name: nodeSelector cannot be set in it"
        return [Problem((*_SPEC, "nodeSelector"), message, at_key=True)]
    if len(selector) > _MAX_SELECTOR:
        return [Problem((*_SPEC, "nodeSelector"), f"a selector may have {_MAX_SELECTOR} characters at most")]
    return []
