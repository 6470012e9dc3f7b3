"""Collects coverage: every packet that was asked about is walked once more, and what it comes to is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

from calico_engine.analysis.coverage.inventory import Inventory
from calico_engine.analysis.coverage.results import Coverage, TierCoverage, place_key
from calico_engine.analysis.coverage.watching import TierEnd, Watch
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.dataplane.reader import PacketReader
from calico_engine.packets import Packet


class Asked(Protocol):
    """An answer, such as a Verdict, and the packets that it is about."""

    @property
    def packets(self) -> tuple[Packet, ...]: ...


class CoverageCollector:
    """Collects the coverage of one cluster's policies and profiles. `Cluster.coverage_collector` makes one."""

    def __init__(self, compiled: CompiledCluster, reader: PacketReader) -> None:
        self._compiled = compiled
        self._reader = reader
        self._watch = Watch()
        self._reasons: Counter[str] = Counter()

    def add(self, asked: Asked) -> None:
        """Count the packets of an answer that this cluster gave."""
        for packet in asked.packets:
            decider = self._reader.answer(packet, self._watch).decider
            self._reasons[decider.reason.value] += 1
            if decider.rule is not None:
                self._watch.tallies.rule(decider.rule).decided += 1

    def coverage(self) -> Coverage:
        """What the packets so far have exercised. More may be added afterwards."""
        self._watch.count()
        policies = self._inventory.policies(self._watch.tallies)
        return Coverage(
            tuple(sorted(policies, key=place_key)), tuple(self._tiers()), dict(sorted(self._reasons.items()))
        )

    @cached_property
    def _inventory(self) -> Inventory:
        return Inventory(self._compiled)

    def _tiers(self) -> Iterator[TierCoverage]:
        for tier in sorted(self._inventory.tiers, key=lambda tier: tier.name):
            denied, passed = (self._watch.tier_ends[TierEnd(tier.name, way)] for way in (True, False))
            yield TierCoverage(tier.name, "Pass" if tier.default_pass else "Deny", denied, passed)
