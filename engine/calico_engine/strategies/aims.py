"""What packets are aimed at: rules that look at an endpoint's packets, with values that meet them or just miss them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from calico_engine.analysis.comparison.meanings import profile_rules, tier_rules
from calico_engine.analysis.comparison.rule_meanings import RuleMeaning, SideMeaning
from calico_engine.compiler.felix_model import ChainType, FelixEndpoint
from calico_engine.compiler.intervals import ADDRESS_LIMIT, Intervals, contains
from calico_engine.compiler.nodes import CompiledNode
from calico_engine.frozen import frozen
from calico_engine.packets import ICMP, ICMPV6, SCTP, TCP, UDP, Direction, HookPath

_T = TypeVar("_T")

#: ::ffff:0:0/96 without its last 32 bits: to every reader these are IPv4 addresses.
_MAPPED = 0xFFFF
_LAST_PORT = 65535
_LAST_TYPE = 255
#: What stands for every other protocol, by IP version.
_PROTOCOLS = {4: (TCP, UDP, SCTP, ICMP), 6: (TCP, UDP, SCTP, ICMPV6)}
_IN, _OUT = (HookPath.TO_HOST, HookPath.FORWARD), (HookPath.FROM_HOST, HookPath.FORWARD)
#: On which ways a host endpoint's chains look, those for what comes in first.
_PATHS: Mapping[ChainType, tuple[Sequence[HookPath], Sequence[HookPath]]] = {
    ChainType.UNTRACKED: (_IN, _OUT[:1]),
    ChainType.PRE_DNAT: (_IN, ()),
    ChainType.FORWARD: (_IN[1:], _OUT[1:]),
    ChainType.NORMAL: (_IN[:1], _OUT[:1]),
}


@frozen
class Asked(Generic[_T]):
    """Values of a field that meet what a rule asks for, and those just beside; both empty where it asks for nothing."""

    met: tuple[_T, ...] = ()
    missed: tuple[_T, ...] = ()

    @classmethod
    def of(cls, candidates: Iterable[_T], meets: Callable[[_T], bool]) -> Asked[_T]:
        known = tuple(dict.fromkeys(candidates))
        return cls(tuple(filter(meets, known)), tuple(each for each in known if not meets(each)))

    def among(self, possible: Sequence[_T]) -> Asked[_T]:
        """Of either only what is possible, if anything is; all that is possible, where nothing is asked for."""
        if not (self.met or self.missed):
            return Asked(tuple(possible))
        met, missed = ([each for each in values if each in possible] for values in (self.met, self.missed))
        return Asked(tuple(met) or self.met, tuple(missed) or self.missed)


@frozen
class AimedSide:
    """One side of a rule. `members` are addresses that declare a port by its name: (address, protocol, port)."""

    addresses: Asked[int] = Asked()
    ports: Asked[int] = Asked()
    members: tuple[tuple[int, int, int], ...] = ()

    def among(self, addresses: Sequence[int]) -> AimedSide:
        """For one who has these addresses."""
        members = tuple(each for each in self.members if each[0] in addresses)
        return AimedSide(self.addresses.among(addresses), self.ports, members or self.members)


@frozen
class Aim:
    """Packets near one rule. `comes_in`: its endpoint's interface is the incoming one; on no `paths` in particular, None."""

    comes_in: bool | None = None
    paths: Sequence[HookPath] = ()
    protocols: Asked[int] = Asked()
    icmp: Asked[tuple[int, int]] = Asked()  # types with codes
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
            yield Aim(comes_in, paths, _protocols(rule), _icmp(rule), source, destination)


def _protocols(rule: RuleMeaning) -> Asked[int]:
    named = [each for each in (rule.protocol, rule.not_protocol) if each is not None]
    candidates = (*named, *_PROTOCOLS[rule.version]) if named else ()
    return Asked.of(candidates, lambda each: rule.protocol in (None, each) and each != rule.not_protocol)


def _icmp(rule: RuleMeaning) -> Asked[tuple[int, int]]:
    named = [(kind, code or 0) for kind, code in filter(None, (rule.icmp, rule.not_icmp))]
    near = (pair for kind, code in named for pair in ((kind, code), (kind, code + 1), (kind + 1, code)))

    def meets(pair: tuple[int, int]) -> bool:
        possible = (pair, (pair[0], None))
        return (rule.icmp is None or rule.icmp in possible) and rule.not_icmp not in possible

    return Asked.of((pair for pair in near if max(pair) <= _LAST_TYPE), meets)


def _side(side: SideMeaning, version: int, known: Sequence[int]) -> AimedSide:
    edges = [value for value in around(*side.within, *side.outside) if is_address(value, version)]
    members = sorted(each for wanted in side.ports for each in wanted.members if _meets(side, each[0]))
    ranges = (each.ranges for each in (*side.ports, *side.not_ports))
    ports = around(*ranges, tuple((port, port) for _, _, port in members))
    fitting = [each for each in known if _meets(side, each)] if edges else []
    return AimedSide(
        Asked.of((*edges, *fitting), lambda address: _meets(side, address)),
        Asked.of((port for port in ports if 0 <= port <= _LAST_PORT), lambda port: _meets_ports(side, port)),
        tuple(members),
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
