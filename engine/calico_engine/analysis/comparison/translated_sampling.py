"""Packets whose destination is translated on their way: some policy sees it as it was before, some as it is then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from calico_engine.analysis.comparison.sampling import Sampler
from calico_engine.analysis.comparison.service_ways import ServiceWay
from calico_engine.packets import PORT_PROTOCOLS, Packet


class TranslatedSampler:
    """Makes packets of two: one for the rules that look before DNAT, and one for those that look after it."""

    def __init__(
        self,
        before: Sampler,
        after: Sampler,
        ways: Sequence[ServiceWay],
        node_ports_at: Sequence[int],
        random: Random,
        *,
        differ_before: bool,
    ) -> None:
        """`ways` are those of Services on this way, `node_ports_at` the addresses at which NodePorts are served.

        `differ_before`: the rules that are aimed at look before DNAT.
        """
        self._before, self._after = before, after
        self._ways = [replace(way, virtual=way.virtual or tuple(node_ports_at)) for way in ways]
        self._ways = [way for way in self._ways if way.virtual]
        self._random = random
        self._differ_before = differ_before

    def packet(self) -> Packet:
        """One packet; nothing in it is open. One without ports is not translated."""
        first, second = (self._before, self._after) if self._differ_before else (self._after, self._before)
        aimed = first.packet()
        if aimed.protocol not in PORT_PROTOCOLS:
            return aimed
        other = second.packet(aimed.protocol)
        before, after = (aimed, other) if self._differ_before else (other, aimed)
        sender = self._random.choice((aimed, aimed, other))
        packet = replace(
            after,
            source=sender.source,
            source_port=sender.source_port,
            pre_dnat_destination=before.destination,
            pre_dnat_port=before.destination_port,
        )
        return self._by_service(packet) if self._ways and self._random.random() < 0.7 else packet

    def _by_service(self, packet: Packet) -> Packet:
        """Translated as a Service's; sometimes only its beginning or its end is."""
        way = self._random.choice(self._ways)
        begins, ends = self._random.choice(((True, True), (True, True), (True, False), (False, True)))
        if way.protocol != packet.protocol:
            begins, ends = True, True
        if begins:
            virtual = self._random.choice(way.virtual)
            packet = replace(packet, protocol=way.protocol, pre_dnat_destination=virtual, pre_dnat_port=way.port)
        if ends:
            packet = replace(packet, destination=way.backend, destination_port=way.backend_port)
        return packet
