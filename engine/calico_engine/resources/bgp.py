"""BGP's resources: only BGPConfiguration's service CIDRs can change a verdict (api …/v3/bgp*.go)."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator

from calico_engine.resources.base import (
    KEPT,
    Bool,
    DurationValue,
    Int,
    Items,
    JsonValue,
    ObjectMeta,
    UInt16,
    api_struct,
)


def parse_as_number(value: object) -> int:
    """Read an AS number as api/pkg/lib/numorstring/asnumber.go does: `64512`, or dotted `1.2`. Raises ValueError."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return value
    if isinstance(value, str):
        parts = value.split(".")
        if all(part.isascii() and part.isdigit() and len(part) <= 20 for part in parts):
            numbers = [int(part) for part in parts]
            if len(numbers) == 1 and numbers[0] < 2**32:
                return numbers[0]
            if len(numbers) == 2 and max(numbers) < 2**16:
                return numbers[0] << 16 | numbers[1]
    raise ValueError("an AS number is from 0 to 4294967295, or two numbers of 16 bits with a dot between them")


ASNumber = Annotated[int, PlainValidator(parse_as_number)]


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
    communities: Items[str] | None = None


@api_struct
class SecretKeyRef:
    name: str = ""
    key: Annotated[str, KEPT] = ""
    optional: Bool | None = None


@api_struct
class BGPPassword:
    secret_key_ref: SecretKeyRef | None = None


@api_struct
class BGPConfigurationSpec:
    log_severity_screen: str = ""
    node_to_node_mesh_enabled: Bool | None = None
    as_number: ASNumber | None = None
    service_load_balancer_ips: Annotated[Items[ServiceCIDR], Field(alias="serviceLoadBalancerIPs")] = ()
    service_load_balancer_aggregation: str | None = None
    service_external_ips: Annotated[Items[ServiceCIDR], Field(alias="serviceExternalIPs")] = ()
    service_cluster_ips: Annotated[Items[ServiceCIDR], Field(alias="serviceClusterIPs")] = ()
    communities: Items[Community] = ()
    prefix_advertisements: Items[PrefixAdvertisement] = ()
    listen_port: UInt16 = 0
    node_mesh_password: BGPPassword | None = None
    node_mesh_max_restart_time: DurationValue | None = None
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
class BGPPeer:
    """Kept as it is: its spec is not read, for it cannot change a verdict."""

    KIND: ClassVar[str] = "BGPPeer"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: dict[str, JsonValue] = field(default_factory=dict)


@api_struct
class BGPFilter:
    """Kept as it is: its spec is not read, for it cannot change a verdict."""

    KIND: ClassVar[str] = "BGPFilter"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: dict[str, JsonValue] = field(default_factory=dict)


@api_struct
class IPReservation:
    """Kept as it is: its spec is not read, for it cannot change a verdict."""

    KIND: ClassVar[str] = "IPReservation"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: dict[str, JsonValue] = field(default_factory=dict)
