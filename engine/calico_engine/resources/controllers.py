"""KubeControllersConfiguration (api …/v3/kubecontrollersconfig.go): automatic host endpoints and more."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from calico_engine.resources.base import KEPT, DurationValue, Int, Int32, Items, ObjectMeta, TextMap, api_struct


@api_struct
class HostEndpointTemplate:
    """A host endpoint that is made for each node, or for each of its interfaces that match."""

    generate_name: str = ""
    interface_cidrs: Annotated[Items[str], Field(alias="interfaceCIDRs")] = ()
    interface_pattern: str = ""
    labels: TextMap = field(default_factory=dict)
    node_selector: str = ""


@api_struct
class AutoHostEndpointConfig:
    auto_create: str = ""
    create_default_host_endpoint: str = ""
    templates: Items[HostEndpointTemplate] = ()


@api_struct
class NodeControllerConfig:
    reconciler_period: DurationValue | None = None
    sync_labels: str = ""
    host_endpoint: AutoHostEndpointConfig | None = None
    leak_grace_period: DurationValue | None = None


@api_struct
class PeriodicControllerConfig:
    """The policy, workload endpoint, service account and namespace controllers: alike in the API."""

    reconciler_period: DurationValue | None = None


@api_struct
class LoadBalancerControllerConfig:
    assign_ips: Annotated[str, Field(alias="assignIPs")] = ""


@api_struct
class MigrationControllerConfig:
    enabled: str = ""


@api_struct
class ControllersConfig:
    node: NodeControllerConfig | None = None
    policy: PeriodicControllerConfig | None = None
    workload_endpoint: PeriodicControllerConfig | None = None
    service_account: PeriodicControllerConfig | None = None
    namespace: PeriodicControllerConfig | None = None
    load_balancer: LoadBalancerControllerConfig | None = None
    policy_migration: MigrationControllerConfig | None = None


@api_struct
class KubeControllersConfigurationSpec:
    log_severity_screen: str = ""
    health_checks: str = ""
    etcd_v3_compaction_period: Annotated[DurationValue | None, Field(alias="etcdV3CompactionPeriod")] = None
    prometheus_metrics_port: Int | None = None
    controllers: Annotated[ControllersConfig, KEPT] = field(default_factory=ControllersConfig)
    debug_profile_port: Int32 | None = None


@api_struct
class KubeControllersConfigurationStatus:
    running_config: KubeControllersConfigurationSpec | None = None
    environment_vars: TextMap = field(default_factory=dict)


@api_struct
class KubeControllersConfiguration:
    KIND: ClassVar[str] = "KubeControllersConfiguration"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: KubeControllersConfigurationSpec = field(default_factory=KubeControllersConfigurationSpec)
    status: Annotated[KubeControllersConfigurationStatus, KEPT] = field(
        default_factory=KubeControllersConfigurationStatus
    )
