"""From an interface to the endpoint's chain (felix/rules/dispatch.go).

Felix divides long lists of interfaces by their first letters; that changes no verdict and is left out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from felix_oracle import names
from felix_oracle.felix import EGRESS, INGRESS
from felix_oracle.iptables import Chain, Drop, Goto, Return, Rule
from felix_oracle.matches import InInterface, Match, OutInterface
from felix_oracle.origins import Origin

#: Name of an endpoint's chain by interface and direction.
ChainName = Callable[[str, str], str]


def workload_dispatch(interfaces: Iterable[str]) -> tuple[Chain, Chain]:
    """An interface that looks like a workload's and has no endpoint gets nothing through."""
    known = sorted(interfaces)
    unknown = Rule((), Drop(), Origin("UNKNOWN_WORKLOAD_INTERFACE"), "Unknown interface")
    inward = [*_gotos(known, InInterface, names.workload_chain, EGRESS), unknown]
    outward = [*_gotos(known, OutInterface, names.workload_chain, INGRESS), unknown]
    return Chain(names.FROM_WORKLOAD, tuple(inward)), Chain(names.TO_WORKLOAD, tuple(outward))


def from_host_dispatch(name: str, interfaces: Iterable[str], chain: ChainName, *, wildcard: bool) -> Chain:
    """By the interface a packet came in on; the wildcard endpoint takes what no other has."""
    rules = [*_gotos(sorted(interfaces), InInterface, chain, INGRESS)]
    if wildcard:
        rules.append(Rule((), Goto(chain(names.ANY_INTERFACE, INGRESS))))
    return Chain(name, tuple(rules))


def to_host_dispatch(
    name: str, interfaces: Iterable[str], chain: ChainName, *, wildcard: bool, except_prefixes: Iterable[str] = ()
) -> Chain:
    """By the interface a packet goes out on; the wildcard endpoint may have no say about some."""
    rules = [*_gotos(sorted(interfaces), OutInterface, chain, EGRESS)]
    if wildcard:
        rules += [Rule((OutInterface(f"{prefix}+"),), Return()) for prefix in except_prefixes]
        rules.append(Rule((), Goto(chain(names.ANY_INTERFACE, EGRESS))))
    return Chain(name, tuple(rules))


def _gotos(
    interfaces: Iterable[str], match: Callable[[str], Match], chain: ChainName, direction: str
) -> Iterator[Rule]:
    return (Rule((match(interface),), Goto(chain(interface, direction))) for interface in interfaces)


def interfaces_of(governed: Mapping[str, object]) -> list[str]:
    """Without the wildcard's entry, which is no interface."""
    return [interface for interface in governed if interface != names.ANY_INTERFACE]
