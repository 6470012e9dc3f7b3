"""The first packet of a connection that is translated, as every node on the way sees it.

The node that translates asks its policy about the packet with both destinations; behind it the packet is an ordinary one,
whose source is that node where kube-proxy masquerades.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calico_engine.analysis.connections.parties import Party
from calico_engine.analysis.connections.service_endpoints import Address
from calico_engine.analysis.connections.services import Service
from calico_engine.analysis.connections.translations import Translation
from calico_engine.analysis.connections.ways import uplink
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.hosts import LOOPBACK
from calico_engine.packets import Packet


def translated_packets(
    compiled: CompiledCluster, sender: Party, translation: Translation, service: Service, source_port: int | None
) -> Iterator[Packet]:
    """Before, at and behind the node that translates."""
    node, receiver = translation.node, translation.receiver
    plain = Packet(
        node=node,
        version=translation.virtual[0],
        source=translation.source[1],
        destination=translation.virtual[1],
        protocol=service.protocol,
        source_port=source_port,
        destination_port=translation.fronted.number,
    )
    if sender.node not in (None, node):
        yield _sent(compiled, plain, sender, translation.source)
    after = replace(plain, destination=translation.backend.address[1], destination_port=translation.backend.port)
    yield from _translated(compiled, plain, after, sender, translation)
    if receiver.node not in (None, node):
        source = _masqueraded_source(compiled, translation) if translation.masqueraded else translation.source
        yield _received(compiled, replace(after, source=source[1]), receiver, translation.backend.address)


def _sent(compiled: CompiledCluster, packet: Packet, sender: Party, source: Address) -> Packet:
    """On the sender's node, on its way to another node, which translates."""
    node = sender.node or ""
    came = sender.interface if sender.workload else None
    out = uplink(compiled, node, source, None if sender.workload else sender.interface)
    return replace(packet, node=node, in_interface=came, out_interface=out)


def _translated(
    compiled: CompiledCluster, before: Packet, after: Packet, sender: Party, translation: Translation
) -> Iterator[Packet]:
    """On the node that translates; a host's own packet to a port of its own goes over the loopback in the end."""
    node, receiver = translation.node, translation.receiver
    came = _came_in_on(compiled, sender, translation)
    goes = _goes_out_on(compiled, sender, translation)
    packet = replace(
        after, pre_dnat_destination=before.destination, pre_dnat_port=before.destination_port, in_interface=came
    )
    if came is not None:
        yield replace(packet, out_interface=goes)
        return
    own = translation.virtual in compiled.host(node).addresses or translation.fronted.node is not None
    named = sender.interface if sender.is_host else None
    first = LOOPBACK if own else uplink(compiled, node, translation.source, named)
    yield replace(packet, out_interface=goes or LOOPBACK, pre_dnat_out_interface=first)
    if receiver.node == node and receiver.is_host:
        yield replace(after, in_interface=LOOPBACK)


def _came_in_on(compiled: CompiledCluster, sender: Party, translation: Translation) -> str | None:
    if sender.node == translation.node:
        return sender.interface if sender.workload else None
    named = translation.fronted.node.interface if translation.fronted.node else None
    return uplink(compiled, translation.node, translation.virtual, named)


def _goes_out_on(compiled: CompiledCluster, sender: Party, translation: Translation) -> str | None:
    receiver = translation.receiver
    if receiver.node == translation.node:
        return receiver.interface if receiver.workload else None
    named = sender.interface if sender.is_host and sender.node == translation.node else None
    return uplink(compiled, translation.node, None, named)


def _received(compiled: CompiledCluster, packet: Packet, receiver: Party, address: Address) -> Packet:
    """On the backend's node, which sees nothing of the translation."""
    node = receiver.node or ""
    came = uplink(compiled, node, address if receiver.is_host else None, None)
    out = receiver.interface if receiver.workload else None
    return replace(packet, node=node, in_interface=came, out_interface=out)


def _masqueraded_source(compiled: CompiledCluster, translation: Translation) -> Address:
    """The translating node's own address on its way out, as the kernel's MASQUERADE takes it."""
    node, version = translation.node, translation.virtual[0]
    interfaces = compiled.host(node).interfaces
    out = interfaces.get(uplink(compiled, node, None, None), ())
    return next((address for address in out if address[0] == version), translation.virtual)
