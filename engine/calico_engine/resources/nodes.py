"""Nodes and pools: whose encapsulated traffic is trusted (…/internalapi/node.go, api …/v3/ippool.go)."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from calico_engine.resources.base import KEPT, Bool, ConditionsStatus, Int, Items, ObjectMeta, api_struct
from calico_engine.resources.bgp import ASNumber


@api_struct
class NodeBGPSpec:
    as_number: ASNumber | None = None
    ipv4_address: Annotated[str, Field(alias="ipv4Address")] = ""
    ipv6_address: Annotated[str, Field(alias="ipv6Address")] = ""
    ipv4_ipip_tunnel_addr: Annotated[str, Field(alias="ipv4IPIPTunnelAddr")] = ""
    route_reflector_cluster_id: Annotated[str, Field(alias="routeReflectorClusterID")] = ""


@api_struct
class OrchRef:
    node_name: str = ""
    orchestrator: Annotated[str, KEPT] = ""


@api_struct
class NodeWireguardSpec:
    interface_ipv4_address: Annotated[str, Field(alias="interfaceIPv4Address")] = ""
    interface_ipv6_address: Annotated[str, Field(alias="interfaceIPv6Address")] = ""


@api_struct
class NodeAddress:
    address: Annotated[str, KEPT] = ""
    type: str = ""


@api_struct
class NodeInterface:
    name: str = ""
    addresses: Items[str] = ()


@api_struct
class NodeStatus:
    wireguard_public_key: str = ""
    wireguard_public_key_v6: Annotated[str, Field(alias="wireguardPublicKeyV6")] = ""
    pod_cidrs: Annotated[Items[str], Field(alias="podCIDRs")] = ()


@api_struct
class NodeSpec:
    bgp: NodeBGPSpec | None = None
    ipv4_vxlan_tunnel_addr: Annotated[str, Field(alias="ipv4VXLANTunnelAddr")] = ""
    vxlan_tunnel_mac_addr: Annotated[str, Field(alias="vxlanTunnelMACAddr")] = ""
    ipv6_vxlan_tunnel_addr: Annotated[str, Field(alias="ipv6VXLANTunnelAddr")] = ""
    vxlan_tunnel_mac_addr_v6: Annotated[str, Field(alias="vxlanTunnelMACAddrV6")] = ""
    orch_refs: Items[OrchRef] = ()
    wireguard: NodeWireguardSpec | None = None
    addresses: Items[NodeAddress] = ()
    interfaces: Items[NodeInterface] = ()


@api_struct
class Node:
    """Calico's own Node (projectcalico.org/v3), not the Kubernetes one."""

    KIND: ClassVar[str] = "Node"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: NodeSpec = field(default_factory=NodeSpec)
    status: Annotated[NodeStatus, KEPT] = field(default_factory=NodeStatus)


@api_struct
class IPPoolSpec:
    cidr: Annotated[str, KEPT] = ""
    vxlan_mode: Annotated[str, Field(alias="vxlanMode")] = ""
    ipip_mode: Annotated[str, Field(alias="ipipMode")] = ""
    nat_outgoing: Bool = False
    disabled: Bool = False
    disable_bgp_export: Annotated[Bool, Field(alias="disableBGPExport")] = False
    block_size: Int = 0
    node_selector: str = ""
    namespace_selector: str = ""
    allowed_uses: Items[str] = ()
    assignment_mode: str | None = None


@api_struct
class IPPool:
    KIND: ClassVar[str] = "IPPool"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: IPPoolSpec = field(default_factory=IPPoolSpec)
    status: ConditionsStatus | None = None
