"""The chains that do not depend on endpoints (felix/rules/static.go), and where the kernel's hooks jump to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calico_engine.configuration import Action, DataplaneSettings
from felix_oracle import marks, names
from felix_oracle.encapsulation import Encapsulation
from felix_oracle.iptables import Accept, Chain, Drop, Goto, Jump, NoTrack, Return, Rule, clear_bits, set_bit
from felix_oracle.matches import (
    ConntrackStateIn,
    Icmp,
    InInterface,
    InNet,
    InSet,
    IsLocal,
    Match,
    Net,
    OutInterface,
    Ports,
    ProtocolIs,
    ReversePathFails,
    bit_set,
    bits_clear,
)
from felix_oracle.origins import Origin

IPIP, UDP, ICMPV6 = 4, 17, 58
_ROUTER_TYPES = (130, 131, 132, 133, 135, 136)
_TRANSLATED = ConntrackStateIn(("DNAT",))
_NOT_TRANSLATED = ConntrackStateIn(("DNAT",), negated=True)


@dataclass(frozen=True, slots=True)
class StaticChains:
    """All static chains of one IP version."""

    settings: DataplaneSettings
    encapsulation: Encapsulation
    version: int

    @property
    def allow(self) -> Accept | Return:
        """IptablesFilterAllowAction."""
        return Return() if self.settings.filter_allow_action is Action.RETURN else Accept()

    @property
    def mangle_allow(self) -> Accept | Return:
        return Return() if self.settings.mangle_allow_action is Action.RETURN else Accept()

    def raw_prerouting(self) -> Chain:
        return Chain(names.PREROUTING, tuple(self._raw_prerouting()))

    def _raw_prerouting(self) -> Iterator[Rule]:
        yield Rule((), clear_bits(marks.EVERY))
        yield from self._untracked_vxlan()
        for prefix in self.settings.interface_prefixes:
            yield Rule((InInterface(f"{prefix}+"),), set_bit(marks.FROM_WORKLOAD))
        from_workload = bit_set(marks.FROM_WORKLOAD)
        yield Rule((from_workload,), Jump(names.RPF_SKIP))
        yield Rule((from_workload, ReversePathFails()), Drop(), Origin("SPOOFED_SOURCE"))
        yield Rule((bits_clear(marks.FROM_WORKLOAD),), Jump(names.FROM_HOST_ENDPOINT))
        yield Rule((bit_set(marks.ACCEPT),), Accept())

    def _untracked_vxlan(self) -> Iterator[Rule]:
        if self.encapsulation.vxlan(self.version):
            yield Rule((ProtocolIs(UDP), self._vxlan_port), NoTrack())

    @property
    def _vxlan_port(self) -> Ports:
        return _to_port(self.settings.vxlan_port)

    def rpf_skip(self, spoofers: tuple[tuple[str, Net], ...]) -> Chain:
        """Workloads' interfaces and the sources that they may use beyond their own addresses."""
        allowed = [(interface, net) for interface, net in spoofers if net.version == self.version]
        rules = [Rule((InInterface(interface), InNet("src", net)), Accept()) for interface, net in allowed]
        return Chain(names.RPF_SKIP, tuple(rules))

    def raw_output(self) -> Chain:
        rules = [
            Rule((), clear_bits(marks.EVERY)),
            Rule((), Jump(names.TO_HOST_ENDPOINT)),
            *self._untracked_vxlan(),
            Rule((bit_set(marks.ACCEPT),), Accept()),
        ]
        return Chain(names.OUTPUT, tuple(rules))

    def mangle_prerouting(self) -> Chain:
        rules = [
            Rule((ConntrackStateIn(("RELATED", "ESTABLISHED")),), self.mangle_allow),
            Rule((bit_set(marks.ACCEPT),), self.mangle_allow),
            Rule((), Jump(names.FROM_HOST_ENDPOINT)),
            Rule((bit_set(marks.ACCEPT),), self.mangle_allow, comment="Host endpoint policy accepted packet."),
        ]
        return Chain(names.PREROUTING, tuple(rules))

    def mangle_postrouting(self) -> Chain:
        rules = [
            Rule((bit_set(marks.ACCEPT),), Return()),
            Rule((), clear_bits(marks.EVERY)),
            Rule((_TRANSLATED,), Jump(names.TO_HOST_ENDPOINT)),
            Rule((bit_set(marks.ACCEPT),), Return(), comment="Host endpoint policy accepted packet."),
        ]
        return Chain(names.POSTROUTING, tuple(rules))

    def filter_input(self) -> Chain:
        rules = [
            *self._encapsulated_in(),
            *(Rule((InInterface(f"{p}+"),), Goto(names.WORKLOAD_TO_HOST)) for p in self.settings.interface_prefixes),
            Rule((bit_set(marks.ACCEPT),), self.allow),
            Rule((), clear_bits(marks.EVERY)),
            Rule((), Jump(names.FROM_HOST_ENDPOINT)),
            Rule((bit_set(marks.ACCEPT),), self.allow, comment="Host endpoint policy accepted packet."),
        ]
        return Chain(names.INPUT, tuple(rules))

    def _encapsulated_in(self) -> Iterator[Rule]:
        origin, local = Origin("ENCAPSULATION"), IsLocal("dst")
        hosts = self.encapsulation.ipip(self.version)
        if hosts:
            yield Rule((ProtocolIs(IPIP), InSet("src", hosts), local), self.allow, origin)
            yield Rule((ProtocolIs(IPIP),), Drop(), origin)
        sources = self.encapsulation.vxlan(self.version)
        if sources:
            vxlan: tuple[Match, ...] = (ProtocolIs(UDP), self._vxlan_port)
            yield Rule((*vxlan, InSet("src", sources), local), self.allow, origin)
            yield Rule((*vxlan, local), Drop(), origin)
        wireguard = self._wireguard_port()
        if wireguard is not None:
            yield Rule((ProtocolIs(UDP), _to_port(wireguard), local), self.allow, origin)

    def _wireguard_port(self) -> int | None:
        settings = self.settings
        if self.version == 4:
            return settings.wireguard_port if settings.wireguard_enabled else None
        return settings.wireguard_port_v6 if settings.wireguard_enabled_v6 else None

    def workload_to_host(self) -> Chain:
        discovery = [
            Rule((ProtocolIs(ICMPV6), Icmp(6, each)), self.allow, Origin("NEIGHBOUR_DISCOVERY"))
            for each in (_ROUTER_TYPES if self.version == 6 else ())
        ]
        then: Accept | Drop | Return = Return()
        if self.settings.default_endpoint_to_host_action is Action.ACCEPT:
            then = Accept()
        elif self.settings.default_endpoint_to_host_action in (Action.DROP, Action.REJECT):
            then = Drop()
        last = Rule((), then, Origin("ENDPOINT_TO_HOST_ACTION"), "Configured DefaultEndpointToHostAction")
        return Chain(names.WORKLOAD_TO_HOST, (*discovery, Rule((), Jump(names.FROM_WORKLOAD)), last))

    def filter_forward(self) -> Chain:
        rules = [
            Rule((), clear_bits(marks.EVERY & ~marks.ACCEPT)),
            Rule((bits_clear(marks.ACCEPT),), Jump(names.FROM_ENDPOINT_FORWARD)),
        ]
        for prefix in self.settings.interface_prefixes:
            rules.append(Rule((InInterface(f"{prefix}+"),), Jump(names.FROM_WORKLOAD)))
            rules.append(Rule((OutInterface(f"{prefix}+"),), Jump(names.TO_WORKLOAD)))
        rules += [Rule((), Jump(names.TO_ENDPOINT_FORWARD)), Rule((), Jump(names.CIDR_BLOCK))]
        return Chain(names.FORWARD, tuple(rules))

    def filter_forward_end(self) -> tuple[Rule, ...]:
        """What is appended to the kernel's own FORWARD chain. The mark tells mangle POSTROUTING that it was forwarded."""
        return (Rule((bit_set(marks.ACCEPT),), self.allow), Rule((), set_bit(marks.ACCEPT)))

    def cidr_block(self, nets: tuple[Net, ...]) -> Chain:
        """Service addresses that nothing has translated."""
        own = [net for net in nets if net.version == self.version]
        return Chain(names.CIDR_BLOCK, tuple(Rule((InNet("dst", net),), Drop(), Origin("SERVICE_LOOP")) for net in own))

    def filter_output(self) -> Chain:
        rules = [
            Rule((bit_set(marks.ACCEPT),), self.allow),
            *(Rule((OutInterface(f"{prefix}+"),), Return()) for prefix in self.settings.interface_prefixes),
            *self._encapsulated_out(),
            Rule((), clear_bits(marks.EVERY)),
            Rule((_NOT_TRANSLATED,), Jump(names.TO_HOST_ENDPOINT)),
            Rule((bit_set(marks.ACCEPT),), self.allow, comment="Host endpoint policy accepted packet."),
        ]
        return Chain(names.OUTPUT, tuple(rules))

    def _encapsulated_out(self) -> Iterator[Rule]:
        origin, own = Origin("ENCAPSULATION"), IsLocal("src")
        hosts = self.encapsulation.ipip(self.version)
        if hosts:
            yield Rule((ProtocolIs(IPIP), InSet("dst", hosts), own), self.allow, origin)
        sources = self.encapsulation.vxlan(self.version)
        if sources:
            yield Rule((ProtocolIs(UDP), self._vxlan_port, own, InSet("dst", sources)), self.allow, origin)
        wireguard = self._wireguard_port()
        if wireguard is not None:
            yield Rule((ProtocolIs(UDP), _to_port(wireguard), own), self.allow, origin)


def _to_port(port: int) -> Ports:
    return Ports("dst", ((port, port),))
