"""Packets to be tried on two clusters: on every way past what differs between them, aimed at the rules that do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from random import Random
from typing import NamedTuple

from calico_engine.analysis.comparison.equivalence import differing_endpoints
from calico_engine.analysis.comparison.meanings import profile_rules, tier_rules
from calico_engine.analysis.comparison.readers import Readers
from calico_engine.analysis.comparison.rule_meanings import RuleMeaning, opened_rules
from calico_engine.analysis.comparison.sampling import Passage, Sampler, passages
from calico_engine.analysis.comparison.touched import Touched
from calico_engine.analysis.comparison.translated_sampling import TranslatedSampler
from calico_engine.compiler.chains import Chain
from calico_engine.compiler.hosts import LOOPBACK
from calico_engine.errors import CalicoEngineError
from calico_engine.packets import Packet

#: In so many of the ways in which endpoints differ a packet is sought.
_MOST_ENDPOINTS = 24
_ROUNDS_OF_IPV4 = 4


class _Aims(NamedTuple):
    """Rules to be met on purpose: those that differ, or where none does, as their order does, all; and all rules."""

    met: Sequence[RuleMeaning]
    rules: Sequence[RuleMeaning]
    differ: bool


class Trials:
    """The packets to be tried on a cluster and on what a change has made of it."""

    def __init__(self, before: Readers, after: Readers, change: Touched, random: Random) -> None:
        self._sides = before, after
        self._services = before.service_ways
        self._change = change
        self._random = random

    def packets(self) -> Iterator[Packet]:
        """Packets without end, from one way through a node after the other; none if no endpoint differs.

        The first are of IPv4, as people think of that first.
        """
        ways = list(self._passages())
        first, second = ([self._sampler(passage, version) for passage in ways] for version in (4, 6))
        samplers = first * _ROUNDS_OF_IPV4
        while ways:
            for sampler in samplers:
                yield sampler.packet()
            samplers = [*first, *second]

    def _passages(self) -> Iterator[Passage]:
        for endpoint in islice(differing_endpoints(*self._sides, self._change), _MOST_ENDPOINTS):
            # Of a node that one of the two does not have nothing can be asked.
            with contextlib.suppress(CalicoEngineError):
                both = [list(passages(side.compiled, endpoint)) for side in self._sides]
                for passage in dict.fromkeys(passage for found in both for passage in found):
                    yield passage
                    # What has come in again over the loopback has been translated on its way out.
                    if self._translate and passage.came_in_on != LOOPBACK:
                        yield replace(passage, translated=True)

    @cached_property
    def _translate(self) -> bool:
        """Whether it matters that destinations are translated."""
        policies = (policy for side in self._sides for policy in side.compiled.model.policies)
        return bool(self._services) or any(policy.pre_dnat for policy in policies)

    def _sampler(self, passage: Passage, version: int) -> Sampler | TranslatedSampler:
        way = Packet(passage.node, version, 0, 0, 0, passage.came_in_on, passage.goes_out_on)
        if passage.translated:
            return self._translated(passage, replace(way, pre_dnat_destination=0))
        aims = self._aims(way)
        return Sampler(passage, version, aims.met, aims.rules, self._random)

    def _translated(self, passage: Passage, way: Packet) -> TranslatedSampler:
        version = way.version
        before, after = (self._aims(way, reads_pre_dnat) for reads_pre_dnat in (True, False))
        ways = [each for each in self._services.to(passage.own_destination) if each.version == version]
        host = self._sides[0].compiled.host(passage.node).addresses
        served = [(version, address) for each in ways for address in each.virtual]
        virtual = replace(passage, own_destination=(*host, *served))
        return TranslatedSampler(
            Sampler(virtual, version, before.met, before.rules, self._random),
            Sampler(passage, version, after.met, after.rules, self._random),
            ways,
            [address for family, address in host if family == version],
            self._random,
            differ_before=before.differ,
        )

    def _aims(self, way: Packet, reads_pre_dnat: bool | None = None) -> _Aims:
        """What looks at packets on this packet's way, or what of it looks before DNAT, or after it."""
        chains = [
            [chain for chain in side.packets.chains(way) if reads_pre_dnat in (None, chain.shape.reads_pre_dnat)]
            for side in self._sides
        ]
        before, after = (set(_rules(listed, way.version)) for listed in chains)
        opened, opens = (_opened(listed, way.version) for listed in chains)
        # Of failsafes only those matter that are not the same.
        before, after = before | (opened - opens), after | (opens - opened)
        differing = before ^ after
        return _Aims(sorted(differing or before, key=repr), [*before, *after], bool(differing))


def _rules(chains: Iterable[Chain], version: int) -> Iterator[RuleMeaning]:
    for chain in chains:
        for tier in chain.tiers:
            yield from tier_rules(tier, version)
        for profile in chain.profiles:
            yield from profile_rules(profile, version)


def _opened(chains: Iterable[Chain], version: int) -> frozenset[RuleMeaning]:
    return frozenset(rule for chain in chains for rule in opened_rules(chain.failsafes, version))
