"""The way of a connection: which nodes its packets cross, and on which interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from calico_engine.analysis.connections.parties import Party
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.hosts import LOOPBACK, Address


class Passage(NamedTuple):
    """One pass through one node; without an interface the packet begins or ends there."""

    node: str
    came_in_on: str | None
    goes_out_on: str | None


def way(compiled: CompiledCluster, sender: Party, receiver: Party, pair: tuple[Address, Address]) -> list[Passage]:
    """Every pass of a packet from the sender's to the receiver's address, in order."""
    return list(_passages(compiled, sender, receiver, pair))


def _passages(
    compiled: CompiledCluster, sender: Party, receiver: Party, pair: tuple[Address, Address]
) -> Iterator[Passage]:
    if sender.node is not None and sender.node == receiver.node:
        yield from _within_node(sender.node, sender, receiver)
        return
    if sender.node is not None:
        out = uplink(compiled, sender.node, pair[0], None if sender.workload else sender.interface)
        yield Passage(sender.node, sender.interface if sender.workload else None, out)
    if receiver.node is not None:
        own = None if receiver.workload else receiver.interface
        came = uplink(compiled, receiver.node, pair[1] if receiver.is_host else None, own)
        yield Passage(receiver.node, came, receiver.interface if receiver.workload else None)


def _within_node(node: str, sender: Party, receiver: Party) -> Iterator[Passage]:
    came = sender.interface if sender.workload else None
    goes = receiver.interface if receiver.workload else None
    if came is None and goes is None:
        # Whatever own address a host sends to, the packet takes the loopback: out, and in again.
        yield Passage(node, None, LOOPBACK)
        yield Passage(node, LOOPBACK, None)
    else:
        yield Passage(node, came, goes)


def uplink(compiled: CompiledCluster, node: str, address: Address | None, named: str | None) -> str:
    """The host's interface to other machines: the one named, or with the address, or the first of its own."""
    if named is not None:
        return named
    found = compiled.node(node)
    own = [name for name in found.host.interfaces if name != LOOPBACK and not found.is_workload_interface(name)]
    holding = (name for name in own if address in found.host.interfaces[name])
    return next(holding, own[0] if own else "eth0")
