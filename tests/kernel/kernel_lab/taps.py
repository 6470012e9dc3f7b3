"""What is seen of packets: on an interface, and by a rule that logs to netlink.

Of the latter: include/uapi/linux/netfilter/nfnetlink_log.h.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Protocol

_MOST = 65_536
_ALL_PROTOCOLS = 3
_ETHERNET_HEADER = 14
_NETLINK_NETFILTER = 12
_CONFIGURE = 4 << 8 | 1  # subsystem "ulog", message "config"
_REQUEST_AND_ACK = 1 | 4
_HEADERS = 16 + 4  # of netlink, and of netfilter within
_PAYLOAD = 9
_BIND = struct.pack("=HHB3x", 5, 1, 1)
_WHOLE_PACKETS = struct.pack("=HH", 10, 2) + struct.pack("!IB", 0xFFFF, 2) + bytes(3)
_AT_ONCE = struct.pack("=HH", 8, 5) + struct.pack("!I", 1)


class Tap(Protocol):
    """A place where packets can be seen. `packets` are the IP packets that are waiting, and it does not wait for more."""

    socket: socket.socket

    def packets(self) -> Iterator[bytes]: ...


class InterfaceTap:
    """All packets of one interface of this thread's network namespace; frames can be sent as well."""

    def __init__(self, interface: str) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        self.socket.bind((interface, _ALL_PROTOCOLS))
        self.socket.setblocking(False)

    def packets(self) -> Iterator[bytes]:
        return (frame[_ETHERNET_HEADER:] for frame in _waiting(self.socket))


class LogTap:
    """The packets that rules log to one group (`-j NFLOG --nflog-group N`) in this thread's network namespace."""

    def __init__(self, group: int) -> None:
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        self.socket.bind((0, 0))
        for attribute in (_BIND, _WHOLE_PACKETS, _AT_ONCE):
            self._configure(group, attribute)
        self.socket.setblocking(False)

    def packets(self) -> Iterator[bytes]:
        return (data for message in _waiting(self.socket) for kind, data in _attributes(message) if kind == _PAYLOAD)

    def _configure(self, group: int, attribute: bytes) -> None:
        body = struct.pack("=BBH", 0, 0, socket.htons(group)) + attribute
        self.socket.send(struct.pack("=IHHII", 16 + len(body), _CONFIGURE, _REQUEST_AND_ACK, 1, 0) + body)
        (error,) = struct.unpack_from("=i", self.socket.recv(_MOST), 16)
        if error:
            raise OSError(-error, os.strerror(-error))


def arrives(tap: Tap, start: int, end: bytes, label: bytes, seconds: float) -> bool:
    """Whether a packet comes that has `end` at this offset, and the label; not an error that only quotes it."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select.select([tap.socket], [], [], left)[0]:
            for packet in tap.packets():
                if packet[start : start + len(end)] == end and label in packet:
                    return True
    return False


def _waiting(tap: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield tap.recv(_MOST)
        except BlockingIOError:
            return


def _attributes(message: bytes) -> Iterator[tuple[int, bytes]]:
    at = _HEADERS
    while at + 4 <= len(message):
        size, kind = struct.unpack_from("=HH", message, at)
        if size < 4:
            return
        yield kind, message[at + 4 : at + size]
        at += -(-size // 4) * 4
