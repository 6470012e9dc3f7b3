"""Configuration resources whose content changes verdicts (api …/v3/felixconfig.go, bgpconfig.go, kubecontrollersconfig.go)."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from calico_engine.resources.base import Bool, Int, Items, JsonValue, ObjectMeta, api_struct


@api_struct
class FelixConfiguration:
    """Felix's parameters; the spec's field names and types are the table in `calico_engine.configuration`."""

    KIND: ClassVar[str] = "FelixConfiguration"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: dict[str, JsonValue] = field(default_factory=dict)


@api_struct
class ServiceCIDR:
    cidr: str = ""


@api_struct
class Community:
    name: str = ""
    value: str = ""


@api_struct
class PrefixAdvertisement:
    cidr: str = ""
    communities: Items[str] = ()


@api_struct
class BGPConfigurationSpec:
    """Only the service CIDRs matter to a verdict (service loop prevention); the rest is known by name."""

    log_severity_screen: str = ""
    node_to_node_mesh_enabled: Bool | None = None
    as_number: JsonValue = None
    service_load_balancer_ips: Annotated[Items[ServiceCIDR], Field(alias="serviceLoadBalancerIPs")] = ()
    service_load_balancer_aggregation: str | None = None
    service_external_ips: Annotated[Items[ServiceCIDR], Field(alias="serviceExternalIPs")] = ()
    service_cluster_ips: Annotated[Items[ServiceCIDR], Field(alias="serviceClusterIPs")] = ()
    communities: Items[Community] = ()
    prefix_advertisements: Items[PrefixAdvertisement] = ()
    listen_port: Int = 0
    node_mesh_password: JsonValue = None
    node_mesh_max_restart_time: JsonValue = None
    bind_mode: str | None = None
    ignored_interfaces: Items[str] = ()
    local_workload_peering_ipv4: Annotated[str, Field(alias="localWorkloadPeeringIPV4")] = ""
    local_workload_peering_ipv6: Annotated[str, Field(alias="localWorkloadPeeringIPV6")] = ""
    program_cluster_routes: str | None = None
    ipv4_normal_route_priority: Annotated[Int | None, Field(alias="ipv4NormalRoutePriority")] = None
    ipv4_elevated_route_priority: Annotated[Int | None, Field(alias="ipv4ElevatedRoutePriority")] = None
    ipv6_normal_route_priority: Annotated[Int | None, Field(alias="ipv6NormalRoutePriority")] = None
    ipv6_elevated_route_priority: Annotated[Int | None, Field(alias="ipv6ElevatedRoutePriority")] = None


@api_struct
class BGPConfiguration:
    KIND: ClassVar[str] = "BGPConfiguration"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: BGPConfigurationSpec = field(default_factory=BGPConfigurationSpec)


@api_struct
class KubeControllersConfiguration:
    """Read, not acted on: its controllers are not modelled yet."""

    KIND: ClassVar[str] = "KubeControllersConfiguration"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: dict[str, JsonValue] = field(default_factory=dict)
    status: JsonValue = None


__all__ = ["BGPConfiguration", "FelixConfiguration", "KubeControllersConfiguration", "ServiceCIDR"]
