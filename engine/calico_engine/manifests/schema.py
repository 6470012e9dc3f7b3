"""What the schemas of Calico's CRDs refuse beyond the validator, as far as they are checked within the client.

Sources: api/config/crd, libcalico-go/lib/validator/v3/crd_validation.go. Lists that must be sets, and names and labels,
are checked by an API server only (spec resources 1). The object must have its defaults.
"""

from __future__ import annotations

from collections.abc import Sequence

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.schema_felix import felix_findings
from calico_engine.manifests.validator.shapes import choice_problem
from calico_engine.resources import (
    BGPConfiguration,
    FelixConfiguration,
    GlobalNetworkPolicy,
    HostEndpoint,
    IPPool,
    KubeControllersConfiguration,
    NetworkPolicy,
    Resource,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
    Tier,
)
from calico_engine.resources.bgp import BGPConfigurationSpec
from calico_engine.resources.controllers import KubeControllersConfigurationSpec
from calico_engine.resources.rules import HTTPMatch, Rule
from calico_engine.resources.tiers import BUILT_IN_TIERS

_SPEC: Path = ("spec",)
_LOG_LEVELS = ("None", "Debug", "Info", "Warning", "Error", "Fatal", "Panic")
_ON_OFF = ("Enabled", "Disabled")
_MAX_HTTP_ENTRIES = 20
_MAX_HTTP_PATH = 1024
_MAX_NODE_NAME = 253
_MAX_PORT = 65535


def schema_findings(resource: Resource) -> list[Problem]:
    """What `create` refuses because of a schema: enumerations, limits and CEL rules."""
    match resource:
        case GlobalNetworkPolicy() | NetworkPolicy() | StagedGlobalNetworkPolicy() | StagedNetworkPolicy():
            spec = resource.spec
            return [*_rules(spec.ingress or (), "ingress"), *_rules(spec.egress or (), "egress")]
        case Tier():
            return _tier(resource)
        case HostEndpoint() if len(resource.spec.node) > _MAX_NODE_NAME:
            return [Problem((*_SPEC, "node"), f"a node's name may have {_MAX_NODE_NAME} characters at most")]
        case FelixConfiguration():
            return felix_findings(resource)
        case KubeControllersConfiguration():
            return _controllers(resource.spec)
        case BGPConfiguration():
            return _bgp(resource.spec)
        case IPPool() if not 0 <= resource.spec.block_size <= 128:
            return [Problem((*_SPEC, "blockSize"), "a block's size is from 0 to 128")]
        case _:
            return []


def _rules(rules: Sequence[Rule], direction: str) -> list[Problem]:
    found = []
    for index, rule in enumerate(rules):
        if rule.http is not None:
            found += _http(rule.http, (*_SPEC, direction, index, "http"))
    return found


def _http(http: HTTPMatch, path: Path) -> list[Problem]:
    found = [
        Problem((*path, field), f"at most {_MAX_HTTP_ENTRIES} {field} are possible, and here are {len(entries)}")
        for field, entries in (("methods", http.methods), ("paths", http.paths))
        if len(entries) > _MAX_HTTP_ENTRIES
    ]
    for index, entry in enumerate(http.paths):
        if len(entry.exact) > _MAX_HTTP_PATH or len(entry.prefix) > _MAX_HTTP_PATH:
            message = f"a path may have {_MAX_HTTP_PATH} characters at most"
            found.append(Problem((*path, "paths", index), message))
    return found


def _tier(tier: Tier) -> list[Problem]:
    """The validator knows the built-in tiers' orders, and only the schema their actions."""
    name, action = tier.metadata.name, tier.spec.default_action
    if name not in BUILT_IN_TIERS or action in (None, BUILT_IN_TIERS[name][1]):
        return []
    message = f"the defaultAction of the built-in tier {name} is fixed: {BUILT_IN_TIERS[name][1]}"
    return [Problem((*_SPEC, "defaultAction"), message)]


def _controllers(spec: KubeControllersConfigurationSpec) -> list[Problem]:
    found = []
    for field, port in (
        ("prometheusMetricsPort", spec.prometheus_metrics_port),
        ("debugProfilePort", spec.debug_profile_port),
    ):
        if port is not None and not 0 <= port <= _MAX_PORT:
            found.append(Problem((*_SPEC, field), f"must be from 0 to {_MAX_PORT}, not {port}"))
    message = choice_problem(spec.log_severity_screen, _LOG_LEVELS) if spec.log_severity_screen else None
    if message is not None:
        found.append(Problem((*_SPEC, "logSeverityScreen"), message))
    return found


def _bgp(spec: BGPConfigurationSpec) -> list[Problem]:
    found = []
    for field, text, words in (
        ("bindMode", spec.bind_mode, ("None", "NodeIP")),
        ("serviceLoadBalancerAggregation", spec.service_load_balancer_aggregation, _ON_OFF),
        ("programClusterRoutes", spec.program_cluster_routes, _ON_OFF),
    ):
        message = None if text is None else choice_problem(text, words)
        if message is not None:
            found.append(Problem((*_SPEC, field), message))
    return found
