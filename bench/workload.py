"""The workload W(N) of every benchmark about rules: N rules shaped like a large cluster's, from one seed.

Two tiers of policies on the ingress of one host endpoint without failsafes or profiles, address lists of all lengths,
address sets of all sizes, and packets of which most are aimed at some rule. The idea is ClassBench's, the usual
generator of firewall workloads; the proportions are those of a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from math import exp, isqrt, log
from random import Random
from typing import TypeVar

from calico_engine import Packet
from calico_engine.packets import ICMP, TCP, UDP

_T = TypeVar("_T")

#: (first address, prefix length)
Net = tuple[int, int]
#: (first, last)
PortRange = tuple[int, int]

ENDPOINT_NODE, ENDPOINT_INTERFACE = "node-1", "eth0"
TIERS = ("first", "second")

_SEED = 7
_NODES, _PODS = 2_000, 20_000
_ADDRESS_BITS = 32


def _block(address: str, prefix: int) -> Net:
    return int(IPv4Address(address)), prefix


_NODE_BLOCK, _POD_BLOCK = _block("10.0.0.0", 16), _block("10.128.0.0", 14)
_PUBLIC = _block("0.0.0.0", 0)
_NET_BLOCKS = (_block("10.0.0.0", 8), _block("172.16.0.0", 12), _block("192.168.0.0", 16), _PUBLIC)
_PREFIXES = {8: 1, 12: 1, 16: 8, 20: 8, 22: 8, 24: 30, 26: 6, 28: 8, 32: 30}
_ACTIONS = {"Allow": 72, "Deny": 20, "Pass": 6, "Log": 2}
_PROTOCOLS = {TCP: 66, UDP: 22, ICMP: 4, None: 8}
_SOURCES = {"nets": 45, "set": 48, "any": 7}
_NETS_LISTED = {1: 60, 2: 20, 3: 12, 6: 8}
_PORTS_GIVEN = {"one": 55, "range": 17, "list": 18, "none": 10}
_LARGEST_SET = 500
_NARROWEST_RANGE, _WIDEST_RANGE = 3, 2_000
_SSH = (22, 22)
# Where a cluster's own services listen.
_CLUSTER_PORTS = (
    *(22, 53, 80, 111, 123, 179, 443, 2379, 2380, 3000, 3306, 4443, 4789, 5432, 5473, 6379),
    *(6443, 8080, 8443, 8472, 9090, 9093, 9099, 9100, 9443, 10250, 10256, 10257, 10259, 30080),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `members` is the number of the address set that its source selector stands for."""

    action: str
    protocol: int | None
    nets: tuple[Net, ...] = ()
    not_nets: tuple[Net, ...] = ()
    members: int | None = None
    destination_nets: tuple[Net, ...] = ()
    ports: tuple[PortRange, ...] = ()
    not_ports: tuple[PortRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Workload:
    """Rules in their order, `rules_per_policy` to a policy, and the addresses that they speak of."""

    rules: tuple[Rule, ...]
    rules_per_policy: int
    sets: tuple[tuple[int, ...], ...]
    nodes: tuple[int, ...]
    pods: tuple[int, ...]

    @property
    def policies(self) -> Iterator[tuple[str, tuple[Rule, ...]]]:
        """(tier, rules) of each policy: a fifth of them in the first tier, whose end passes on to the second."""
        size = self.rules_per_policy
        count = len(self.rules) // size
        for number in range(count):
            yield TIERS[number >= count // 5], self.rules[number * size : (number + 1) * size]

    def packets(self, count: int) -> list[Packet]:
        """Packets to the endpoint: 70 % aimed at some rule; of the rest, 60 % from a pod and the others from anywhere."""
        random = Random(_SEED + 1)
        return [_packet(random, self) for _ in range(count)]


def workload(rules: int, rules_per_policy: int = 10) -> Workload:
    """W(`rules`), the same at every call."""
    random = Random(_SEED)
    nodes, pods = _pool(random, _NODE_BLOCK, _NODES), _pool(random, _POD_BLOCK, _PODS)
    sets = tuple(_set(random, nodes, pods) for _ in range(min(2_000, max(5, rules // 5))))
    nets = [_net(random) for _ in range(min(20_000, max(20, rules // 2)))]
    draw = _RuleDraw(random, nets, len(sets), isqrt(rules) // 4)
    return Workload(tuple(draw.rule() for _ in range(rules)), rules_per_policy, sets, nodes, pods)


class _RuleDraw:
    """Rules, one after the other. `open_rules`: so many may have no source condition, or they would hide the rest."""

    def __init__(self, random: Random, nets: Sequence[Net], sets: int, open_rules: int) -> None:
        self.random, self.nets, self.sets, self.open_rules = random, nets, sets, open_rules

    def rule(self) -> Rule:
        random = self.random
        nets, not_nets, members = self._source()
        protocol, ports = _service(random)
        while not (nets or members is not None or ports):
            protocol, ports = _service(random)
        ported = protocol in (TCP, UDP)
        return Rule(
            action=_weighted(random, _ACTIONS),
            protocol=protocol,
            nets=nets,
            not_nets=not_nets,
            members=members,
            destination_nets=(random.choice(self.nets),) if random.random() < 0.08 else (),
            ports=ports,
            not_ports=(_SSH,) if ported and random.random() < 0.02 else (),
        )

    def _source(self) -> tuple[tuple[Net, ...], tuple[Net, ...], int | None]:
        random, kind = self.random, _weighted(self.random, _SOURCES)
        while kind == "any" and not self.open_rules:
            kind = _weighted(random, _SOURCES)
        if kind == "nets":
            listed = random.sample(self.nets, _weighted(random, _NETS_LISTED))
            return tuple(listed), (random.choice(self.nets),) if random.random() < 0.03 else (), None
        if kind == "set":
            return (), (), random.randrange(self.sets)
        self.open_rules -= 1
        return (), (), None


def _weighted(random: Random, weights: dict[_T, int]) -> _T:
    return random.choices(list(weights), list(weights.values()))[0]


def _log_uniform(random: Random, least: int, most: int) -> int:
    """The logarithm is uniform: as many between 1 and 10 as between 10 and 100."""
    return round(exp(random.uniform(log(least), log(most))))


def _pool(random: Random, block: Net, size: int) -> tuple[int, ...]:
    first, prefix = block
    return tuple(first + offset for offset in random.sample(range(1 << (_ADDRESS_BITS - prefix)), size))


def _set(random: Random, nodes: Sequence[int], pods: Sequence[int]) -> tuple[int, ...]:
    pool = nodes if random.random() < 0.4 else pods
    return tuple(sorted(random.sample(pool, _log_uniform(random, 1, _LARGEST_SET))))


def _net(random: Random) -> Net:
    prefix = _weighted(random, _PREFIXES)
    host_bits = _ADDRESS_BITS - prefix
    return _address(random, random.choice(_NET_BLOCKS)) >> host_bits << host_bits, prefix


def _address(random: Random, net: Net) -> int:
    first, prefix = net
    return first + random.getrandbits(_ADDRESS_BITS - prefix) if prefix < _ADDRESS_BITS else first


def _service(random: Random) -> tuple[int | None, tuple[PortRange, ...]]:
    protocol = _weighted(random, _PROTOCOLS)
    return protocol, _ports(random) if protocol in (TCP, UDP) else ()


def _ports(random: Random) -> tuple[PortRange, ...]:
    match _weighted(random, _PORTS_GIVEN):
        case "range":
            width = _log_uniform(random, _NARROWEST_RANGE, _WIDEST_RANGE)
            first = random.randint(1, 65_536 - width)
            return ((first, first + width - 1),)
        case "one" | "list" as kind:
            ports = (_port(random) for _ in range(1 if kind == "one" else random.randint(2, 7)))
            return tuple((port, port) for port in ports)
        case _:
            return ()


def _port(random: Random) -> int:
    return random.choice(_CLUSTER_PORTS) if random.random() < 0.6 else random.randint(1, 65_535)


def _packet(random: Random, load: Workload) -> Packet:
    if random.random() < 0.7:
        rule = random.choice(load.rules)
        source = _source_of(random, load, rule)
    else:
        rule = Rule("", None)
        source = random.choice(load.pods) if random.random() < 0.6 else _address(random, _PUBLIC)
    net = random.choice(rule.destination_nets) if rule.destination_nets else None
    destination = random.choice(load.nodes) if net is None else _address(random, net)
    protocol = rule.protocol or _weighted(random, {TCP: 3, UDP: 1})
    ported = protocol != ICMP
    return Packet(
        node=ENDPOINT_NODE,
        in_interface=ENDPOINT_INTERFACE,
        version=4,
        source=source,
        destination=destination,
        protocol=protocol,
        source_port=random.randint(32_768, 60_999) if ported else None,
        destination_port=_destination_port(random, rule) if ported else None,
        icmp_type=None if ported else 8,
        icmp_code=None if ported else 0,
    )


def _source_of(random: Random, load: Workload, rule: Rule) -> int:
    if rule.nets:
        return _address(random, random.choice(rule.nets))
    return random.choice(load.sets[rule.members]) if rule.members is not None else _address(random, _PUBLIC)


def _destination_port(random: Random, rule: Rule) -> int:
    return random.randint(*random.choice(rule.ports)) if rule.ports else _port(random)
