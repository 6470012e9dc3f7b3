"""KubeControllersConfiguration. The validator does not reach its templates (spec resources 7.1).

Source: the tags of api …/v3/kubecontrollersconfig.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.shapes import choice_problem, report
from calico_engine.resources.controllers import KubeControllersConfigurationSpec

LOG_LEVELS = ("Trace", "Debug", "Info", "Warning", "Error", "Fatal")
ON_OFF = ("Enabled", "Disabled")
ASSIGN_IPS = ("AllServices", "RequestedServicesOnly")

_SPEC: Path = ("spec",)
_CONTROLLERS: Path = ("spec", "controllers")


def check_controllers(spec: KubeControllersConfigurationSpec, problems: list[Problem]) -> None:
    _check_word(spec.log_severity_screen, LOG_LEVELS, (*_SPEC, "logSeverityScreen"), problems)
    _check_word(spec.health_checks, ON_OFF, (*_SPEC, "healthChecks"), problems)
    node, balancer, migration = (
        spec.controllers.node,
        spec.controllers.load_balancer,
        spec.controllers.policy_migration,
    )
    if node is not None:
        _check_word(node.sync_labels, ON_OFF, (*_CONTROLLERS, "node", "syncLabels"), problems)
        if node.host_endpoint is not None:
            path = (*_CONTROLLERS, "node", "hostEndpoint")
            created = node.host_endpoint.create_default_host_endpoint
            _check_word(node.host_endpoint.auto_create, ON_OFF, (*path, "autoCreate"), problems)
            _check_word(created, ON_OFF, (*path, "createDefaultHostEndpoint"), problems)
    if balancer is not None:
        _check_word(balancer.assign_ips, ASSIGN_IPS, (*_CONTROLLERS, "loadBalancer", "assignIPs"), problems)
    if migration is not None:
        _check_word(migration.enabled, ON_OFF, (*_CONTROLLERS, "policyMigration", "enabled"), problems)


def _check_word(text: str, words: Sequence[str], path: Path, problems: list[Problem]) -> None:
    if text:
        report(problems, path, choice_problem(text, words))
