"""Rules with their selectors, named ports and services turned into IP sets (felix/calc/rule_scanner.go)."""

from __future__ import annotations

from dataclasses import dataclass

from felix_oracle.felix import FelixRule, RuleSide
from felix_oracle.ipsets import IpSets
from felix_oracle.matches import Net

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ScannedSide:
    """One side of a rule: networks, numbers, and names of sets. `sets` and `not_sets` are looked up by address."""

    nets: tuple[Net, ...]
    ports: Ranges
    port_sets: tuple[str, ...]
    sets: tuple[str, ...]
    service_sets: tuple[str, ...]
    not_nets: tuple[Net, ...]
    not_ports: Ranges
    not_port_sets: tuple[str, ...]
    not_sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScannedRule:
    rule: FelixRule
    source: ScannedSide
    destination: ScannedSide


def scan(rule: FelixRule, sets: IpSets) -> ScannedRule:
    """The rule with its sets, for one IP version."""
    return ScannedRule(
        rule,
        _side(rule.source, rule.protocol, sets, service_ports=False),
        _side(rule.destination, rule.protocol, sets, service_ports=True),
    )


def _side(side: RuleSide, protocol: int | None, sets: IpSets, *, service_ports: bool) -> ScannedSide:
    def named(ports: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sets.named_port(port, protocol, side.selector) for port in ports)

    # Named ports are looked up among the selected endpoints, so where there are no others the selector has had its say.
    covered = side.named_ports and not side.ports
    service = (sets.service(side.service, with_ports=service_ports),) if side.service else ()
    selected = (sets.selector(side.selector),) if side.selector and not covered else ()
    return ScannedSide(
        nets=side.nets,
        ports=side.ports,
        port_sets=named(side.named_ports),
        sets=selected if service_ports else (*selected, *service),
        service_sets=service if service_ports else (),
        not_nets=side.not_nets,
        not_ports=side.not_ports,
        not_port_sets=named(side.not_named_ports),
        not_sets=(sets.selector(side.not_selector),) if side.not_selector else (),
    )
