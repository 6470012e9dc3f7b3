"""What packets are aimed at: rules that look at an endpoint's packets, with values that meet them or just miss them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from calico_engine.analysis.comparison.meanings import profile_rules, tier_rules
from calico_engine.analysis.comparison.rule_meanings import RuleMeaning, SideMeaning
from calico_engine.compiler.felix_model import ChainType, FelixEndpoint
from calico_engine.compiler.intervals import ADDRESS_LIMIT, Intervals, contains
from calico_engine.compiler.nodes import CompiledNode
from calico_engine.frozen import frozen
from calico_engine.packets import Direction, HookPath

#: ::ffff:0:0/96 without its last 32 bits: to every reader these are IPv4 addresses.
_MAPPED = 0xFFFF
_LAST_PORT = 65535
_IN, _OUT = (HookPath.TO_HOST, HookPath.FORWARD), (HookPath.FROM_HOST, HookPath.FORWARD)
#: On which ways a host endpoint's chains look, those for what comes in first.
_PATHS: Mapping[ChainType, tuple[Sequence[HookPath], Sequence[HookPath]]] = {
    ChainType.UNTRACKED: (_IN, _OUT[:1]),
    ChainType.PRE_DNAT: (_IN, ()),
    ChainType.FORWARD: (_IN[1:], _OUT[1:]),
    ChainType.NORMAL: (_IN[:1], _OUT[:1]),
}


@frozen
class AimedSide:
    """Addresses and ports that meet what is asked of one side, and those just `beside`; empty where nothing is asked.

    `members` are addresses that declare a port by its name: (address, protocol, port).
    """

    addresses: tuple[int, ...] = ()
    addresses_beside: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()
    ports_beside: tuple[int, ...] = ()
    members: tuple[tuple[int, int, int], ...] = ()


@frozen
class Aim:
    """Packets near one rule. `comes_in`: its endpoint's interface is the incoming one; on no `paths` in particular, None."""

    comes_in: bool | None = None
    paths: Sequence[HookPath] = ()
    protocols: tuple[int, ...] = ()
    icmp: tuple[tuple[int, int], ...] = ()  # types with codes
    source: AimedSide = AimedSide()
    destination: AimedSide = AimedSide()


def aims(node: CompiledNode, endpoint: FelixEndpoint, version: int, known: Sequence[int]) -> Iterator[Aim]:
    """One for each rule of the endpoint's policies and profiles that can decide; `known` are addresses that may meet it."""
    kinds = ChainType if endpoint.is_host else (ChainType.NORMAL,)
    for kind, direction in ((kind, direction) for kind in kinds for direction in Direction):
        comes_in = endpoint.is_host is (direction is Direction.INGRESS)
        paths = _PATHS[kind][0 if comes_in else 1] if endpoint.is_host else _IN if comes_in else _OUT[1:]
        chain = node.chain(endpoint, kind, direction)
        rules = [rule for tier in chain.tiers for rule in tier_rules(tier, version)]
        rules += [rule for profile in chain.profiles for rule in profile_rules(profile, version)]
        for rule in rules:
            source, destination = (_side(side, version, known) for side in (rule.source, rule.destination))
            protocols = tuple(each for each in (rule.protocol, rule.not_protocol) if each is not None)
            yield Aim(comes_in, paths, protocols, tuple(_icmp(rule)), source, destination)


def _icmp(rule: RuleMeaning) -> Iterator[tuple[int, int]]:
    for kind, code in (match for match in (rule.icmp, rule.not_icmp) if match is not None):
        yield from ((kind, code or 0), (kind, (code or 0) + 1), (kind + 1, code or 0))


def _side(side: SideMeaning, version: int, known: Sequence[int]) -> AimedSide:
    edges = [value for value in around(*side.within, *side.outside) if is_address(value, version)]
    fitting = [value for value in (*edges, *known) if _meets(side, value)] if edges else []
    ports = around(*(each.ranges for each in (*side.ports, *side.not_ports)))
    numbers = [port for port in ports if 0 <= port <= _LAST_PORT]
    return AimedSide(
        tuple(dict.fromkeys(fitting)),
        tuple(value for value in edges if not _meets(side, value)),
        tuple(port for port in numbers if _meets_ports(side, port)),
        tuple(port for port in numbers if not _meets_ports(side, port)),
        tuple(sorted(each for wanted in side.ports for each in wanted.members if _meets(side, each[0]))),
    )


def _meets(side: SideMeaning, address: int) -> bool:
    return all(contains(each, address) for each in side.within) and not any(contains(e, address) for e in side.outside)


def _meets_ports(side: SideMeaning, port: int) -> bool:
    return all(contains(each.ranges, port) for each in side.ports) and not any(
        contains(each.ranges, port) for each in side.not_ports
    )


def around(*intervals: Intervals) -> list[int]:
    """The ends of intervals, then what lies outside."""
    pairs = [pair for each in intervals for pair in each]
    ends = [value for pair in pairs for value in pair]
    return list(dict.fromkeys((*ends, *(value for low, high in pairs for value in (low - 1, high + 1)))))


def is_address(value: int, version: int) -> bool:
    return 0 <= value <= ADDRESS_LIMIT[version] and (version == 4 or value >> 32 != _MAPPED)
