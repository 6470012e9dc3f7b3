"""Endpoints: HostEndpoint (api …/v3/hostendpoint.go) and WorkloadEndpoint (libcalico-go …/internalapi/workloadendpoint.go)."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from calico_engine.resources.base import Items, JsonValue, ObjectMeta, UInt16, api_struct
from calico_engine.resources.rules import ProtocolValue


@api_struct
class EndpointPort:
    name: str = ""
    protocol: ProtocolValue = ""
    port: UInt16 = 0


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
    name: str = ""
    protocol: ProtocolValue = ""
    port: UInt16 = 0
    host_port: UInt16 = 0
    host_ip: Annotated[str, Field(alias="hostIP")] = ""


@api_struct
class IPNAT:
    internal_ip: Annotated[str, Field(alias="internalIP")] = ""
    external_ip: Annotated[str, Field(alias="externalIP")] = ""


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
    qos_controls: Annotated[JsonValue, Field(alias="qosControls")] = None


@api_struct
class WorkloadEndpoint:
    """A pod's interface on its node."""

    KIND: ClassVar[str] = "WorkloadEndpoint"
    NAMESPACED: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: WorkloadEndpointSpec = field(default_factory=WorkloadEndpointSpec)
