"""A rule with too many criteria for one iptables rule, split into blocks (felix/rules/policy.go: matchBlockBuilder).

Each block says in mark bits whether the packet meets it; the last rule then asks for ALL_BLOCKS. The first positive block
writes ALL_BLOCKS itself. Every later one writes THIS_BLOCK and, where that stays clear, clears ALL_BLOCKS. Negated blocks
clear ALL_BLOCKS where they match. Both bits are given their values once, in front of the first block.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from felix_oracle import marks
from felix_oracle.iptables import Rule, SetMark, clear_bits, set_bit
from felix_oracle.matches import InNet, InPortSet, Net, Ports, ProtocolIs, Side, bits_clear

_SLOTS = 15
Ranges = tuple[tuple[int, int], ...]


def split_ports(ports: Ranges) -> list[Ranges]:
    """Groups that fit a multiport match: 15 slots, a range takes two (policy.go: SplitPortList)."""
    groups: list[list[tuple[int, int]]] = []
    free = 0
    for first, last in ports:
        slots = 1 if first == last else 2
        if slots > free:
            groups.append([])
            free = _SLOTS
        groups[-1].append((first, last))
        free -= slots
    return [tuple(group) for group in groups]


@dataclass(slots=True)
class Blocks:
    """The rules in front of a rule."""

    rules: list[Rule] = field(default_factory=list)
    used: bool = False
    _positive_done: bool = False

    def append_ports(self, side: Side, protocol: int | None, groups: list[Ranges], sets: Iterable[str]) -> None:
        self._start(0)
        own = () if protocol is None else (ProtocolIs(protocol),)
        bit = self._bit_to_set()
        self.rules += [Rule((*own, Ports(side, group)), set_bit(bit)) for group in groups]
        self.rules += [Rule((InPortSet(side, name),), set_bit(bit)) for name in sets]
        self._finish()

    def append_nets(self, side: Side, nets: tuple[Net, ...]) -> None:
        self._start(0)
        bit = self._bit_to_set()
        self.rules += [Rule((InNet(side, net),), set_bit(bit)) for net in nets]
        self._finish()

    def append_not_nets(self, side: Side, nets: tuple[Net, ...]) -> None:
        self._start(marks.ALL_BLOCKS)
        self.rules += [Rule((InNet(side, net),), clear_bits(marks.ALL_BLOCKS)) for net in nets]

    def _start(self, initially: int) -> None:
        if not self.used:
            self.rules.append(Rule((), SetMark(initially, marks.ALL_BLOCKS | marks.THIS_BLOCK)))
            self.used = True

    def _bit_to_set(self) -> int:
        return marks.THIS_BLOCK if self._positive_done else marks.ALL_BLOCKS

    def _finish(self) -> None:
        if self._positive_done:
            self.rules.append(Rule((bits_clear(marks.THIS_BLOCK),), clear_bits(marks.ALL_BLOCKS)))
        self._positive_done = True
