"""What kube-controllers runs with: its defaults, the KubeControllersConfiguration called `default`, its environment.

Source: kube-controllers/pkg/config/runconfig.go (mergeConfig and what it calls, NewDefaultKubeControllersConfig).
Presence decides which controllers run; a variable of the environment wins over the object, and is shown in the status
if it had a say.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from calico_engine.configuration.go_text import Duration
from calico_engine.errors import InvalidConfiguration, printable
from calico_engine.frozen import frozen
from calico_engine.manifests.defaulting import with_defaults
from calico_engine.resources import API_VERSION, KubeControllersConfiguration
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.controllers import (
    AutoHostEndpointConfig,
    ControllersConfig,
    HostEndpointTemplate,
    KubeControllersConfigurationSpec,
    KubeControllersConfigurationStatus,
    LoadBalancerControllerConfig,
    MigrationControllerConfig,
    NodeControllerConfig,
    PeriodicControllerConfig,
)

ENABLED, DISABLED = "Enabled", "Disabled"
#: The only name that kube-controllers looks for.
CONFIGURATION_NAME = "default"

_T = TypeVar("_T")
_ASSIGN_ALL = "AllServices"
_COMPACTION = Duration.parse("10m")
_FIVE_MINUTES = Duration.parse("5m")
_DATASTORE_TYPE = "DATASTORE_TYPE"
#: logrus' levels, as the status spells them.
_LOG_LEVELS = {
    **{word: word.title() for word in ("panic", "fatal", "error", "warning", "info", "debug", "trace")},
    "warn": "Warning",
}
_TRUE, _FALSE = {"1", "t", "T", "TRUE", "true", "True"}, {"0", "f", "F", "FALSE", "false", "False"}
#: The words of ENABLED_CONTROLLERS, and the controllers that they turn on.
_CONTROLLERS = {
    "node": "node",
    "policy": "policy",
    "workloadendpoint": "workload_endpoint",
    "serviceaccount": "service_account",
    "namespace": "namespace",
    "profile": "namespace",
    "loadbalancer": "load_balancer",
}


class DatastoreForm(enum.StrEnum):
    """Where Calico keeps its objects: in Kubernetes' API server, or in an etcd of its own."""

    KUBERNETES = "kubernetes"
    ETCDV3 = "etcdv3"


@frozen
class HostEndpointSettings:
    """Which host endpoints are made for each node."""

    auto_create: bool = False
    create_default: bool = True
    templates: tuple[HostEndpointTemplate, ...] = ()


@frozen
class NodeController:
    """The controller of nodes, as far as it changes labels and host endpoints."""

    sync_labels: bool
    host_endpoints: HostEndpointSettings


@frozen
class RunningConfiguration:
    """What is in force. `node` is None where the node controller does not run at all."""

    node: NodeController | None
    status: KubeControllersConfigurationStatus


def default_configuration() -> KubeControllersConfiguration:
    """The object that kube-controllers creates where there is none."""
    periodic = PeriodicControllerConfig(reconciler_period=_FIVE_MINUTES)
    node = NodeControllerConfig(
        reconciler_period=_FIVE_MINUTES,
        sync_labels=ENABLED,
        host_endpoint=AutoHostEndpointConfig(auto_create=DISABLED, create_default_host_endpoint=ENABLED),
        leak_grace_period=Duration.parse("15m"),
    )
    controllers = ControllersConfig(
        node=node,
        policy=periodic,
        workload_endpoint=periodic,
        service_account=periodic,
        namespace=periodic,
        load_balancer=LoadBalancerControllerConfig(assign_ips=_ASSIGN_ALL),
        policy_migration=MigrationControllerConfig(enabled=ENABLED),
    )
    spec = KubeControllersConfigurationSpec(
        log_severity_screen="Info",
        health_checks=ENABLED,
        etcd_v3_compaction_period=_COMPACTION,
        controllers=controllers,
    )
    return KubeControllersConfiguration(
        api_version=API_VERSION,
        kind=KubeControllersConfiguration.KIND,
        metadata=ObjectMeta(name=CONFIGURATION_NAME),
        spec=spec,
    )


def stored_configuration(given: KubeControllersConfiguration | None) -> KubeControllersConfiguration:
    """The object in the datastore: with the client's defaults, or kube-controllers' own where none was given."""
    stored = with_defaults(default_configuration() if given is None else given)
    assert isinstance(stored, KubeControllersConfiguration)
    return stored


def running_configuration(
    spec: KubeControllersConfigurationSpec,
    *,
    form: DatastoreForm = DatastoreForm.KUBERNETES,
    environment: Mapping[str, str] | None = None,
) -> RunningConfiguration:
    """Merge a stored object and the environment. InvalidConfiguration for a variable that keeps it from starting."""
    variables = _Variables(environment or {})
    controllers = _status_of_controllers(spec.controllers, variables)
    node, controllers = _node_controller(spec.controllers.node, controllers, form, variables)
    health = variables.read("HEALTH_ENABLED", _parse_bool)
    period = variables.read("COMPACTION_PERIOD", Duration.parse)
    running = KubeControllersConfigurationSpec(
        log_severity_screen=variables.read("LOG_LEVEL", _parse_level) or _level(spec.log_severity_screen),
        health_checks=_on(spec.health_checks != DISABLED if health is None else health),
        etcd_v3_compaction_period=period or spec.etcd_v3_compaction_period or _COMPACTION,
        controllers=controllers,
    )
    status = KubeControllersConfigurationStatus(running_config=running, environment_vars=variables.used)
    return RunningConfiguration(node, status)


@dataclass(slots=True)
class _Variables:
    """kube-controllers' environment, and which of its variables were set when they were asked for."""

    environment: Mapping[str, str]
    used: dict[str, str] = field(default_factory=dict)

    def read(self, name: str, parse: Callable[[str], _T]) -> _T | None:
        text = self.environment.get(name)
        if text is None:
            return None
        self.used[name] = text
        try:
            return parse(text)
        except ValueError as error:
            raise InvalidConfiguration(f'{name}="{printable(text, 80)}": {error}') from None


def _parse_bool(text: str) -> bool:
    """strconv.ParseBool."""
    if text not in _TRUE | _FALSE:
        raise ValueError("must be true or false")
    return text in _TRUE


def _parse_switch(text: str) -> bool:
    if text.lower() not in ("enabled", "disabled"):
        raise ValueError("must be enabled or disabled")
    return text.lower() == "enabled"


def _parse_level(text: str) -> str:
    if text.lower() not in _LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(_LOG_LEVELS)}")
    return _LOG_LEVELS[text.lower()]


def _level(text: str) -> str:
    return _LOG_LEVELS.get(text.lower(), "Info")


def _parse_controllers(text: str) -> frozenset[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in _CONTROLLERS]
    if unknown:
        wanted = ", ".join(_CONTROLLERS)
        raise ValueError(f'"{printable(unknown[0], 40)}" is no controller that runs beside others: {wanted}')
    return frozenset(_CONTROLLERS[name] for name in names)


def _on(value: bool) -> str:
    return ENABLED if value else DISABLED


def _status_of_controllers(given: ControllersConfig, variables: _Variables) -> ControllersConfig:
    """The controllers that run. Of the node's the settings come later."""
    chosen = variables.read("ENABLED_CONTROLLERS", _parse_controllers)
    period = variables.read("RECONCILER_PERIOD", Duration.parse)

    def runs(name: str) -> bool:
        return getattr(given, name) is not None if chosen is None else name in chosen

    def periodic(name: str, config: PeriodicControllerConfig | None) -> PeriodicControllerConfig | None:
        own = None if config is None else config.reconciler_period
        return PeriodicControllerConfig(reconciler_period=period or own) if runs(name) else None

    balancer, migration = given.load_balancer, given.policy_migration
    assign = _ASSIGN_ALL if balancer is None else balancer.assign_ips
    return ControllersConfig(
        node=NodeControllerConfig() if runs("node") else None,
        policy=periodic("policy", given.policy),
        workload_endpoint=periodic("workload_endpoint", given.workload_endpoint),
        service_account=periodic("service_account", given.service_account),
        namespace=periodic("namespace", given.namespace),
        load_balancer=LoadBalancerControllerConfig(assign_ips=assign) if runs("load_balancer") else None,
        policy_migration=MigrationControllerConfig(enabled=ENABLED if migration is None else migration.enabled),
    )


def _node_controller(
    given: NodeControllerConfig | None, controllers: ControllersConfig, form: DatastoreForm, variables: _Variables
) -> tuple[NodeController | None, ControllersConfig]:
    """The node controller's settings, which are looked at only if it runs."""
    if controllers.node is None:
        return None, controllers
    sync_labels = _sync_labels(given, form, variables)
    shown = _host_endpoints(given, variables)
    node = NodeControllerConfig(
        sync_labels=_on(sync_labels),
        host_endpoint=shown,
        leak_grace_period=None if given is None else given.leak_grace_period,
    )
    settings = HostEndpointSettings()
    if shown is not None:
        create_default = shown.create_default_host_endpoint == ENABLED
        settings = HostEndpointSettings(shown.auto_create == ENABLED, create_default, shown.templates)
    return NodeController(sync_labels, settings), replace(controllers, node=node)


def _sync_labels(given: NodeControllerConfig | None, form: DatastoreForm, variables: _Variables) -> bool:
    """In Kubernetes a Calico node is the Kubernetes node: there is nothing to copy."""
    if form is DatastoreForm.KUBERNETES:
        variables.used[_DATASTORE_TYPE] = form.value
        return False
    chosen = variables.read("SYNC_NODE_LABELS", _parse_bool)
    return (given is None or given.sync_labels != DISABLED) if chosen is None else chosen


def _host_endpoints(given: NodeControllerConfig | None, variables: _Variables) -> AutoHostEndpointConfig | None:
    """The variable does not only switch: with it the object's section, templates and all, counts for nothing."""
    chosen = variables.read("AUTO_HOST_ENDPOINTS", _parse_switch)
    if chosen is not None:
        return AutoHostEndpointConfig(auto_create=ENABLED, create_default_host_endpoint=ENABLED) if chosen else None
    if given is None or given.host_endpoint is None:
        return None
    section = given.host_endpoint
    return AutoHostEndpointConfig(
        auto_create=_on(section.auto_create == ENABLED),
        create_default_host_endpoint=section.create_default_host_endpoint or ENABLED,
        templates=section.templates,
    )
