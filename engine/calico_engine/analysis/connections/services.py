"""Services as people name them: `tcp/10250`, `icmp/8`, `ssh`. The names are the package's own, not the machine's."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from calico_engine.errors import quoted
from calico_engine.frozen import frozen
from calico_engine.packets import (
    ICMP,
    ICMP_PROTOCOLS,
    ICMPV6,
    PORT_PROTOCOLS,
    PROTOCOL_NAMES,
    TCP,
    UDP,
    protocol_number,
)

#: name → (protocol, port)
SERVICE_NAMES: Mapping[str, tuple[int, int]] = {
    "bgp": (TCP, 179),
    "calico-felix-health": (TCP, 9099),
    "calico-typha": (TCP, 5473),
    "dhcp": (UDP, 67),
    "dns": (UDP, 53),
    "etcd": (TCP, 2379),
    "etcd-client": (TCP, 2379),
    "etcd-peer": (TCP, 2380),
    "http": (TCP, 80),
    "https": (TCP, 443),
    "kube-apiserver": (TCP, 6443),
    "kube-controller-manager": (TCP, 10257),
    "kube-proxy-health": (TCP, 10256),
    "kube-scheduler": (TCP, 10259),
    "kubelet": (TCP, 10250),
    "kubernetes-api": (TCP, 6443),
    "node-exporter": (TCP, 9100),
    "ntp": (UDP, 123),
    "ssh": (TCP, 22),
    "typha": (TCP, 5473),
    "vxlan": (UDP, 4789),
    "wireguard": (UDP, 51820),
}

_PROTOCOLS = ("tcp", "udp", "sctp", "icmp", "icmpv6")


@frozen
class Service:
    """What is asked for: a protocol, with its port or ICMP type and code where they are given."""

    protocol: int
    port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None

    @property
    def version(self) -> int | None:
        """The IP version that the protocol implies."""
        return {ICMP: 4, ICMPV6: 6}.get(self.protocol)

    def __str__(self) -> str:
        parts = [PROTOCOL_NAMES.get(self.protocol, str(self.protocol)).lower()]
        parts += [str(value) for value in (self.port, self.icmp_type, self.icmp_code) if value is not None]
        return "/".join(parts)


def parse_service(text: str) -> Service:
    """Read `tcp/10250`, `icmp`, `icmp/8/0`, a protocol name or number, or a service name; ValueError says what is wrong."""
    named = SERVICE_NAMES.get(text.lower())
    if named is not None:
        return Service(*named)
    name, *values = text.split("/")
    protocol = protocol_number(name)
    if protocol is None:
        raise ValueError(_unknown(text))
    numbers = [_number(value, text) for value in values]
    if protocol in PORT_PROTOCOLS:
        if len(numbers) > 1:
            raise ValueError(f"{quoted(text)} has more than one port")
        return Service(protocol, numbers[0] if numbers else None)
    if protocol in ICMP_PROTOCOLS and len(numbers) <= 2:
        if any(number > 255 for number in numbers):
            raise ValueError(f"{quoted(text)}: an ICMP type or code is from 0 to 255")
        padded = [*numbers, None, None]
        return Service(protocol, None, padded[0], padded[1])
    if numbers:
        raise ValueError(f"{quoted(text)}: this protocol has no ports")
    return Service(protocol)


def number_remarks(text: str) -> Iterator[str]:
    """A number alone is that of a protocol, which is perhaps not what was meant."""
    if text.isdigit():
        yield f"{text} is taken for the number of an IP protocol; a port is written with its protocol, such as tcp/{text}"


def _unknown(text: str) -> str:
    words = (*_PROTOCOLS, *SERVICE_NAMES)
    close = _as_port(text) or next(iter(difflib.get_close_matches(text[:40].lower(), words, n=1)), None)
    hint = f"; did you mean {close}?" if close else "."
    known = ", ".join(sorted(SERVICE_NAMES))
    return (
        f"{quoted(text)} is no service{hint} Write tcp/PORT, udp/PORT, sctp/PORT, icmp, a protocol, or one of {known}"
    )


def _as_port(text: str) -> str | None:
    """What a port may be meant by: `443`, `443/tcp`, `tcp:443`, `tpc/443`."""
    words = re.split("[/: ]", text[:40].lower())
    numbers = [word for word in words if word.isascii() and word.isdigit()]
    names = [word for word in words if word not in numbers]
    if len(numbers) != 1 or len(names) > 1:
        return None
    protocols = difflib.get_close_matches(names[0], _PROTOCOLS[:3], n=1) if names else ["tcp"]
    return f"{protocols[0]}/{numbers[0]}" if protocols else None


def _number(text: str, whole: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        meant = _as_port(whole)
        hint = f"; did you mean {meant}?" if meant not in (None, whole) else ""
        raise ValueError(f"{quoted(whole)}: {quoted(text, 40)} is not a number from 0 to 65535{hint}")
    return int(text)
