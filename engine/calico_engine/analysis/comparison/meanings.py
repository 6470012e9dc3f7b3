"""What chains mean: comparable across clusters.

Two chains with the same meaning decide alike on every packet; chains that mean different things may still do so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import groupby

from calico_engine.analysis.comparison.rule_meanings import RuleMeaning, rule_meaning
from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.chains import Chain, ChainProfile, ChainTier, SelectedTier
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.failsafes import FailsafeChain
from calico_engine.compiler.felix_model import Action, ChainType, FelixEndpoint
from calico_engine.compiler.host_endpoint_resolution import WILDCARD
from calico_engine.compiler.hosts import LOOPBACK
from calico_engine.compiler.intervals import Intervals, merged
from calico_engine.compiler.nodes import CompiledNode
from calico_engine.compiler.rules import CompiledRule
from calico_engine.packets import Direction


class Meanings:
    """What the endpoints of one cluster do with packets.

    Equal policies, profiles and failsafes on interfaces of the same names mean the same.
    """

    def __init__(self, compiled: CompiledCluster) -> None:
        self._compiled = compiled
        self._known: dict[Hashable, Hashable] = {}
        self._chains: dict[Hashable, Hashable] = {}

    def of(self, endpoint: FelixEndpoint) -> Hashable:
        """Everything that the endpoint does, the same object for all that do the same for the same reasons.

        Raises what `CompiledCluster.node` raises.
        """
        node = self._compiled.node(endpoint.node)
        kinds = tuple(ChainType) if endpoint.is_host else (ChainType.NORMAL,)
        selected = {kind: node.selected(endpoint, kind) for kind in kinds}
        failsafes = node.parameters.failsafe_inbound, node.parameters.failsafe_outbound
        around = (governed(node, endpoint), failsafes) if endpoint.is_host else _to_host(node)
        policies = tuple(tuple(map(_key, tiers)) for tiers in selected.values())
        key = (policies, endpoint.profiles, endpoint.is_host, failsafes, id(node.sets))
        if (around, key) not in self._known:
            if key not in self._chains:
                self._chains[key] = tuple(
                    (bool(tiers), *(_chain(node.chain(endpoint, kind, way)) for way in Direction))
                    for kind, tiers in selected.items()
                )
            self._known[around, key] = around, self._chains[key]
        return self._known[around, key]


def _to_host(node: CompiledNode) -> Hashable:
    """What becomes of what workloads send to their node."""
    return node.settings.default_endpoint_to_host_action


def governed(node: CompiledNode, endpoint: FelixEndpoint) -> tuple[str, ...]:
    """The interfaces that the host endpoint is in force on; the loopback comes last."""
    hosts = [name for name in node.host.interfaces if not node.is_workload_interface(name)]
    named = [endpoint.interface_name] if endpoint.interface_name not in ("", WILDCARD, *hosts) else []
    wildcard = node.wildcard is not None and node.wildcard.id == endpoint.id
    for name in hosts:
        found = node.named(name)
        if (found is None and wildcard) or (found is not None and found.id == endpoint.id):
            named.append(name)
    return tuple(sorted(named, key=lambda name: name == LOOPBACK))


def _key(tier: SelectedTier) -> Hashable:
    return tier.tier.name, tuple(policy.id for policy in tier.policies)


def _chain(chain: Chain) -> Hashable:
    opened = {version: _opened(chain.failsafes, version) for version in (4, 6)}
    tiers = tuple(_tier(tier, chain.shape.tier_end_denies and tier.denies_at_end, opened) for tier in chain.tiers)
    profiles = tuple(
        (each.missing, *(tuple(profile_rules(each, version)) for version in (4, 6))) for each in chain.profiles
    )
    return tiers, profiles


def _opened(failsafes: FailsafeChain | None, version: int) -> dict[int, Intervals]:
    """The destination ports that failsafes open to everybody, by protocol: no rule of the chain is asked about them."""
    opened: dict[int, list[tuple[int, int]]] = {}
    for (protocol, port), peers in failsafes.by_destination_port[version].items() if failsafes is not None else ():
        if peers is None:
            opened.setdefault(protocol, []).append((port, port))
    return {protocol: merged(ports) for protocol, ports in opened.items()}


def _tier(tier: ChainTier, denies: bool, opened: Mapping[int, Mapping[int, Intervals]]) -> Hashable:
    return denies, *(
        _runs((rule.behind(opened[version]) for rule in tier_rules(tier, version)), denies) for version in (4, 6)
    )


def tier_rules(tier: ChainTier, version: int) -> Iterator[RuleMeaning]:
    """The rules of a tier that can decide on a packet, in order."""
    for policy in tier.enforced:
        yield from _deciding(policy.rules[version], tier.sets)


def profile_rules(profile: ChainProfile, version: int) -> Iterator[RuleMeaning]:
    """The rules of a profile that can decide on a packet, in order."""
    return _deciding(profile.rules[version], profile.sets)


def _deciding(rules: Iterable[CompiledRule], sets: AddressSets) -> Iterator[RuleMeaning]:
    meanings = (rule_meaning(rule, sets) for rule in rules if rule.action is not Action.LOG)
    return (meaning for meaning in meanings if not meaning.impossible)


def _runs(rules: Iterable[RuleMeaning], denies: bool) -> Hashable:
    """Neighbours with the same action may stand in any order; denying at the end of a tier that denies says nothing."""
    possible = (rule for rule in rules if not rule.impossible)
    runs = [(action, frozenset(run)) for action, run in groupby(possible, key=lambda rule: rule.action)]
    return tuple(runs[:-1] if denies and runs and runs[-1][0] is Action.DENY else runs)
