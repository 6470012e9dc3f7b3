"""A packet as text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from calico_engine.packets import PROTOCOL_NAMES, ConntrackState, Packet, format_address


def packet_text(packet: Packet, unknown: Collection[str] = ()) -> str:
    """`TCP 10.0.0.1:40000 → 10.0.0.2:22`; the fields named in `unknown` are left out."""
    shown = replace(packet, **dict.fromkeys(unknown))  # type: ignore[arg-type]
    protocol = PROTOCOL_NAMES.get(shown.protocol, f"protocol {shown.protocol}")
    ends = [_end(shown, shown.source, shown.source_port), "→", _end(shown, shown.destination, shown.destination_port)]
    return " ".join([protocol, *ends, *_notes(shown)])


def _end(packet: Packet, address: int, port: int | None) -> str:
    text = format_address(address, packet.version)
    if port is None:
        return text
    return f"[{text}]:{port}" if packet.version == 6 else f"{text}:{port}"


def _notes(packet: Packet) -> list[str]:
    notes = []
    if packet.icmp_type is not None:
        notes.append(f"type {packet.icmp_type}" + ("" if packet.icmp_code is None else f" code {packet.icmp_code}"))
    if packet.pre_dnat_destination is not None:
        notes.append(f"(before DNAT {_end(packet, packet.pre_dnat_destination, packet.pre_dnat_port)})")
    if packet.conntrack_state is not ConntrackState.NEW:
        notes.append(packet.conntrack_state.value)
    return notes
