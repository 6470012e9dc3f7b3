"""Few values, so that everything meets everything: labels, addresses, ports, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, TypeVar

Document = dict[str, Any]
T = TypeVar("T")

NODE = "n1"
LABELS: Mapping[str, Sequence[str]] = {
    "app": ("a", "b", ""),
    "env": ("dev", "prod"),
    "role": ("x", "y-z"),
    "host": ("",),
}
NAMESPACES = ("default", "prod")
ACCOUNTS = ("sa1", "sa2")
PROFILES = (
    *("p-allow", "p-rules", "p-pass", "p-empty", "p-missing", "kns.default", "ksa.default.sa1"),
    "projectcalico-default-allow",
)
WORKLOAD_INTERFACES = ("cali1", "cali2", "cali3", "tap0")
#: tunl0 and eth7 are in no Host document.
HOST_INTERFACES = ("lo", "eth0", "eth1", "vxlan.calico", "eth7")
NETS_4 = (
    "10.0.0.9/32",
    "10.0.0.8/30",
    "10.0.0.0/24",
    "10.65.0.0/16",
    "10.65.0.2/31",
    "203.0.113.0/25",
    "203.0.113.128/26",
    "0.0.0.0/0",
    "128.0.0.0/1",
    "127.0.0.0/8",
    "192.0.2.1/32",
)
NETS_6 = ("fd65::/64", "fd65::2/128", "2001:db8::/32", "2001:db8::1/128", "::/0", "8000::/1", "2001:db8:a::4/127")
ADDRESSES_4 = (
    "192.0.2.1",
    "192.0.2.10",
    "198.51.100.1",
    "10.0.0.9",
    "10.0.0.10",
    "203.0.113.7",
    "127.0.0.1",
    "10.65.0.2",
)
ADDRESSES_6 = ("2001:db8::1", "2001:db8:1::1", "2001:db8:a::5", "fd65::2", "::1")
PORT_NAMES = ("http", "dns", "shared")
#: What endpoints declare under these names.
NAMED_PORTS = (53, 80, 8055)
PORTS = (1, 22, 53, 67, 68, 80, 179, 443, 4789, 6443, 8055, 51820, 30000, 65535)
#: Of the default failsafe lists, inwards or outwards.
FAILSAFE_PORTS = (22, 53, 67, 68, 179, 6443)
RANGES = ("80:80", "80:443", "1:65535", "30000:32767", "8055:8060", "53:54")
PROTOCOL_NAMES = ("TCP", "UDP", "SCTP", "ICMP", "ICMPv6", "UDPLite")
PROTOCOL_NUMBERS = (1, 4, 6, 17, 47, 58, 132, 136, 253, 255)
SELECTORS = (
    "all()",
    "has(app)",
    "!has(app)",
    "app == 'a'",
    "app != 'a'",
    "app == ''",
    "env in {'dev', 'prod'}",
    "env not in {'dev'}",
    "role contains '-' || host == ''",
    "has(host) && !(env == 'prod')",
    "role starts with 'x'",
    "!all()",
    "has(team)",
    "pcns.team == 'x'",
    "projectcalico.org/namespace == 'default'",
    "has(projectcalico.org/namespace)",
)
NAMESPACE_SELECTORS = (
    "all()",
    "team == 'x'",
    "team != 'x'",
    "!has(team)",
    "has(team)",
    "projectcalico.org/name == 'prod'",
)
ACCOUNT_SELECTORS = ("all()", "kind == 'ro'", "kind != 'ro'", "has(kind)")


def chance(random: Random, probability: float) -> bool:
    return random.random() < probability


def some(random: Random, values: Sequence[T], most: int) -> list[T]:
    """One or more of the values, each once."""
    return random.sample(values, random.randint(1, min(most, len(values))))


def labels(random: Random, often: float = 0.45) -> dict[str, str]:
    return {key: random.choice(values) for key, values in LABELS.items() if chance(random, often)}


def document(kind: str, name: str, spec: Mapping[str, object], **metadata: object) -> Document:
    version = "calico-engine/v1" if kind == "Host" else "projectcalico.org/v3"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": dict(spec)}
