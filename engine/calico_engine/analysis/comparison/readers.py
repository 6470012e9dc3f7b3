"""Everything that answers questions about one cluster, made once and shared."""

from __future__ import annotations

from functools import cached_property

from calico_engine.analysis.comparison.meanings import Meanings
from calico_engine.analysis.comparison.service_ways import ServiceWays
from calico_engine.analysis.connections.reader import ConnectionReader
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.dataplane.reader import PacketReader


class Readers:
    """The readers of packets and of connections, and what the endpoints' chains mean."""

    def __init__(self, packets: PacketReader, connections: ConnectionReader) -> None:
        self.packets = packets
        self.connections = connections

    @property
    def compiled(self) -> CompiledCluster:
        return self.packets.compiled

    @cached_property
    def meanings(self) -> Meanings:
        return Meanings(self.compiled)

    @cached_property
    def service_ways(self) -> ServiceWays:
        return ServiceWays(self.compiled.datastore)
