"""Who has which address: nodes one after the other, and for each node a block of pod addresses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from calico_engine.errors import quoted
from calico_engine.frozen import frozen

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Calico's own default pool holds 256 blocks; a larger cluster needs a wider one, away from the services' range.
_POD_CIDR, _WIDE_POD_CIDR = "192.168.0.0/16", "10.128.0.0/9"
_NODE_CIDR = "172.16.0.0/16"
_POD_CIDR_V6, _NODE_CIDR_V6 = "fd00:192:168::/48", "fd00:172:16::/64"
#: kube-controller-manager's --node-cidr-mask-size.
_BLOCK_LENGTHS = {4: 24, 6: 64}
#: The first addresses of a network usually belong to routers.
_FIRST_HOST = 10


@frozen
class AddressPlan:
    """The addresses of one family. `block_length` is the prefix length of each node's pod addresses."""

    nodes: Network
    pods: Network
    block_length: int
    first_host: int

    @classmethod
    def of(cls, nodes: Network, pods: Network, *, count: int, pods_per_node: int) -> AddressPlan:
        """The plan for `count` nodes. ValueError if they, or their pods, do not fit."""
        if nodes.overlaps(pods):
            raise ValueError(f"node_cidr {nodes} and pod_cidr {pods} overlap")
        room = nodes.num_addresses - count - 1  # the last one is for broadcasts
        if room < 1:
            raise ValueError(f"node_cidr {nodes} is too small for {count} nodes")
        return cls(nodes, pods, _block_length(pods, count, pods_per_node), min(_FIRST_HOST, room))

    def node_address(self, index: int) -> Address:
        return self.nodes[self.first_host + index]

    def node_interface(self, index: int) -> str:
        """The address with its network's length, as calico/node notes it."""
        return f"{self.node_address(index)}/{self.nodes.prefixlen}"

    def block(self, index: int) -> Network:
        """The pod addresses of a node."""
        size = 1 << (self.pods.max_prefixlen - self.block_length)
        return ip_network((int(self.pods.network_address) + index * size, self.block_length))

    def tunnel_address(self, index: int) -> Address:
        """The end of the node's tunnel: Calico takes the first address that it gives out there."""
        return self.block(index)[0]

    def pod_address(self, index: int, pod: int) -> Address:
        return self.block(index)[1 + pod]


def address_plans(
    count: int, pods_per_node: int, *, pod_cidr: str | None, node_cidr: str | None, ipv6: bool
) -> tuple[AddressPlan, ...]:
    """The plan for IPv4, and with `ipv6` one for IPv6 too."""
    wide = count > 1 << (24 - 16)
    cidrs = [(_ipv4("node_cidr", node_cidr or _NODE_CIDR), _ipv4("pod_cidr", pod_cidr or _pod_cidr(wide)))]
    six = [(ip_network(_NODE_CIDR_V6), ip_network(_POD_CIDR_V6))] if ipv6 else []
    return tuple(AddressPlan.of(*pair, count=count, pods_per_node=pods_per_node) for pair in (*cidrs, *six))


def _pod_cidr(wide: bool) -> str:
    return _WIDE_POD_CIDR if wide else _POD_CIDR


def _ipv4(name: str, text: str) -> Network:
    try:
        return IPv4Network(text)
    except ValueError:
        raise ValueError(f"{name} must be an IPv4 network such as {_NODE_CIDR}, not {quoted(text)}") from None


def _block_length(pods: Network, count: int, pods_per_node: int) -> int:
    """As usual, unless the pods need a larger block or the nodes need smaller ones."""
    bits = pods.max_prefixlen
    shortest = pods.prefixlen + (count - 1).bit_length()
    length = max(shortest, min(_BLOCK_LENGTHS[pods.version], bits - pods_per_node.bit_length()))
    if length > bits or 1 << (bits - length) < pods_per_node + 1:
        raise ValueError(f"pod_cidr {pods} is too small for {count} nodes with {pods_per_node} pods each")
    return length
