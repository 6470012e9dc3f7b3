"""An endpoint's chains: one skeleton for workloads and for all kinds of host endpoint chains.

Source: felix/rules/endpoints.go: endpointIptablesChain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from felix_oracle import marks
from felix_oracle.groups import groups
from felix_oracle.iptables import Accept, Chain, Drop, EndpointChain, Jump, NoTrack, Return, Rule, clear_bits, set_bit
from felix_oracle.matches import ConntrackStateIn, Ports, ProtocolIs, bit_set, bits_clear
from felix_oracle.names import profile_chain
from felix_oracle.ordering import TierInfo
from felix_oracle.origins import Origin

UDP, IPIP = 17, 4
_ESTABLISHED = ConntrackStateIn(("RELATED", "ESTABLISHED"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one chain of an endpoint is made of; `failsafe` is the failsafe chain's name, if it has one.

    `allow` is the action for established packets; `vxlan_port` is for a workload's egress: packets to that UDP port are
    dropped. `no_ipip` drops IP-in-IP packets.
    """

    chain: EndpointChain
    tiers: tuple[TierInfo, ...]
    profiles: tuple[str, ...]
    allow: Accept | Return
    drop_invalid: bool
    failsafe: str | None = None
    vxlan_port: int | None = None
    no_ipip: bool = False


def endpoint_chain(name: str, endpoint: Endpoint) -> Chain:
    """The chain with this name."""
    return Chain(name, tuple(_rules(endpoint)), endpoint.chain)


def _rules(endpoint: Endpoint) -> Iterator[Rule]:
    kind, direction = endpoint.chain.chain_type, endpoint.chain.direction
    if kind != "UNTRACKED":
        yield from _conntrack(endpoint)
    if endpoint.failsafe is not None:
        yield Rule((), Jump(endpoint.failsafe))
    yield Rule((), clear_bits(marks.ACCEPT | marks.PASS))
    if endpoint.vxlan_port is not None:
        port = Ports("dst", ((endpoint.vxlan_port, endpoint.vxlan_port),))
        yield Rule((ProtocolIs(UDP), port), Drop(), Origin("ENCAPSULATION"))
    if endpoint.no_ipip:
        yield Rule((ProtocolIs(IPIP),), Drop(), Origin("ENCAPSULATION"))
    for tier in endpoint.tiers:
        yield from _tier(tier, kind, direction)
    if kind == "FORWARD" and not endpoint.tiers:
        yield Rule((), set_bit(marks.ACCEPT), Origin("FORWARD_DEFAULT_ALLOW"), "Allow forwarded traffic by default")
        yield Rule((), Return())
    if kind == "NORMAL":
        yield from _profiles(endpoint.profiles, direction)


def _conntrack(endpoint: Endpoint) -> Iterator[Rule]:
    """endpoints.go: appendConntrackRules. Where packets are returned rather than accepted, the mark says so."""
    if isinstance(endpoint.allow, Return):
        yield Rule((_ESTABLISHED,), set_bit(marks.ACCEPT), Origin("CONNTRACK"))
    yield Rule((_ESTABLISHED,), endpoint.allow, Origin("CONNTRACK"))
    if endpoint.drop_invalid:
        yield Rule((ConntrackStateIn(("INVALID",)),), Drop(), Origin("CONNTRACK_INVALID"))


def _tier(info: TierInfo, kind: str, direction: str) -> Iterator[Rule]:
    policies = info.policies(direction)
    if not policies:
        return
    yield Rule((), clear_bits(marks.PASS), comment=f"Start of tier {info.tier.name}")
    for group in groups(policies, direction):
        for chain in group.chains_to_jump_to():
            yield Rule((bits_clear(marks.PASS),), Jump(chain))
            if not group.enforced:
                continue
            if kind == "UNTRACKED":
                yield Rule((bit_set(marks.ACCEPT),), NoTrack())
            yield Rule((bit_set(marks.ACCEPT),), Return(), comment="Return if policy accepted")
    enforced = [policy for policy in policies if not policy.staged]
    if kind in ("NORMAL", "FORWARD") and enforced and info.tier.default_action != "Pass":
        # Felix's records name the first policy of the tier that did not match.
        origin = Origin("END_OF_TIER", info.tier.name, enforced[0].id)
        yield Rule((bits_clear(marks.PASS),), Drop(), origin, f"End of tier {info.tier.name}")


def _profiles(profiles: tuple[str, ...], direction: str) -> Iterator[Rule]:
    for profile in profiles:
        yield Rule((), Jump(profile_chain(profile, direction)))
        yield Rule((bit_set(marks.ACCEPT),), Return(), comment="Return if profile accepted")
    yield Rule((), Drop(), Origin("NO_PROFILE_MATCHED"), "Drop if no profiles matched")
