"""Endpoints: HostEndpoint (api …/v3/hostendpoint.go), WorkloadEndpoint (…/internalapi/workloadendpoint.go)."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from calico_engine.resources.base import KEPT, Int, Items, ObjectMeta, UInt16, api_struct
from calico_engine.resources.rules import ProtocolValue


@api_struct
class EndpointPort:
    """A named port. A protocol that is not given is the number 0, as in Go."""

    name: Annotated[str, KEPT] = ""
    protocol: Annotated[ProtocolValue, KEPT] = 0
    port: Annotated[UInt16, KEPT] = 0


@api_struct
class HostEndpointSpec:
    node: str = ""
    interface_name: str = ""
    expected_ips: Annotated[Items[str], Field(alias="expectedIPs")] = ()
    profiles: Items[str] = ()
    ports: Items[EndpointPort] = ()


@api_struct
class HostEndpoint:
    """An interface of a node, or with interfaceName `*` all of them, that policy can govern."""

    KIND: ClassVar[str] = "HostEndpoint"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: HostEndpointSpec = field(default_factory=HostEndpointSpec)


@api_struct
class WorkloadEndpointPort:
    name: Annotated[str, KEPT] = ""
    protocol: Annotated[ProtocolValue, KEPT] = 0
    port: Annotated[UInt16, KEPT] = 0
    host_port: Annotated[UInt16, KEPT] = 0
    host_ip: Annotated[str, Field(alias="hostIP"), KEPT] = ""


@api_struct
class IPNAT:
    internal_ip: Annotated[str, Field(alias="internalIP"), KEPT] = ""
    external_ip: Annotated[str, Field(alias="externalIP"), KEPT] = ""


@api_struct
class QoSControls:
    """Limits of rates and connections; they never change a verdict."""

    ingress_bandwidth: Int = 0
    ingress_burst: Int = 0
    ingress_peakrate: Int = 0
    ingress_minburst: Int = 0
    egress_bandwidth: Int = 0
    egress_burst: Int = 0
    egress_peakrate: Int = 0
    egress_minburst: Int = 0
    ingress_packet_rate: Int = 0
    ingress_packet_burst: Int = 0
    egress_packet_rate: Int = 0
    egress_packet_burst: Int = 0
    ingress_max_connections: Int = 0
    egress_max_connections: Int = 0
    dscp: ProtocolValue | None = None


@api_struct
class WorkloadEndpointSpec:
    orchestrator: str = ""
    workload: str = ""
    node: str = ""
    container_id: Annotated[str, Field(alias="containerID")] = ""
    pod: str = ""
    endpoint: str = ""
    service_account_name: str = ""
    ip_networks: Annotated[Items[str], Field(alias="ipNetworks")] = ()
    ip_nats: Annotated[Items[IPNAT], Field(alias="ipNATs")] = ()
    ipv4_gateway: Annotated[str, Field(alias="ipv4Gateway")] = ""
    ipv6_gateway: Annotated[str, Field(alias="ipv6Gateway")] = ""
    profiles: Items[str] = ()
    interface_name: str = ""
    mac: str = ""
    ports: Items[WorkloadEndpointPort] = ()
    allow_spoofed_source_prefixes: Items[str] = ()
    qos_controls: Annotated[QoSControls | None, Field(alias="qosControls")] = None


@api_struct
class WorkloadEndpoint:
    """A pod's interface on its node."""

    KIND: ClassVar[str] = "WorkloadEndpoint"
    NAMESPACED: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: WorkloadEndpointSpec = field(default_factory=WorkloadEndpointSpec)
