"""The few values that strategies draw from unless told otherwise: so few that what is drawn meets what else is drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

#: An object as in YAML.
Manifest = dict[str, object]
#: Names of labels, each with the values that it may have.
LabelPool = Mapping[str, Sequence[str]]

LABELS: LabelPool = {"app": ("a", "b"), "env": ("dev", "prod"), "role": ("x", "")}
NAMESPACES = ("default", "prod")
NODES = ("n1", "n2")
TIERS = ("t1", "t2")
PROFILES = ("p", "q")
#: Of equal order, these come in an order of their own: `-` and `.` before the end of a name.
NAMES = ("a", "b", "a-b", "a.b", "c", "b0", "c-1", "d")
PORT_NAMES = ("http", "dns")
PORTS = (80, 22, 53, 443, 8080, 179, 1, 65535)
PORT_RANGES = ("80:443", "8080:8081", "1:65535", "30000:32767")
IP_VERSIONS = (4, 6)

_NETS: Mapping[int, Sequence[str]] = {
    4: (
        "203.0.113.7/32",
        "203.0.113.0/24",
        "192.0.2.0/30",
        "192.0.2.2/32",
        "10.65.0.0/16",
        "10.65.0.2/31",
        "0.0.0.0/1",
        "0.0.0.0/0",
    ),
    6: (
        "2001:db8:ffff::7/128",
        "2001:db8:ffff::/48",
        "2001:db8::/126",
        "2001:db8::2/128",
        "fd65::/64",
        "fd65::2/127",
        "::/1",
        "::/0",
    ),
}
#: Interface → IP version → the address that the node of a number has there.
_INTERFACES: Mapping[str, Mapping[int, str]] = {
    "eth0": {4: "192.0.2.{}", 6: "2001:db8::{}"},
    "eth1": {4: "198.51.100.{}", 6: "2001:db8:1::{}"},
    "lo": {4: "127.0.0.1", 6: "::1"},
}
INTERFACES = tuple(_INTERFACES)
_MOST_NODES = 254  # as many as the networks have room for
#: Addresses that nobody in the cluster has.
STRANGERS = ("203.0.113.7", "2001:db8:ffff::7")


def names(count: int) -> tuple[str, ...]:
    """So many names."""
    return (*NAMES, *(f"e{number}" for number in range(count - len(NAMES))))[:count]


def nets(ip_version: int, *, excludable: bool = False) -> tuple[str, ...]:
    """The networks of a family; all packets of it cannot be excluded."""
    return tuple(net for net in _NETS[ip_version] if not (excludable and net.endswith("/0")))


def interface_addresses(interface: str, number: int, ip_versions: Collection[int]) -> dict[int, str]:
    """IP version → what the node of a number (from 1) has on an interface; nothing if it is not among the usual ones."""
    known = _INTERFACES.get(interface, {}) if number <= _MOST_NODES else {}
    return {version: known[version].format(number) for version in ip_versions if version in known}


def workload_address(ip_version: int, number: int) -> str:
    """The address of the workload of a number (from 1)."""
    host = number + 1
    return f"10.65.{host >> 8}.{host & 0xFF}" if ip_version == 4 else f"fd65::{host:x}"


def manifest(kind: str, name: str, spec: Mapping[str, object], **metadata: object) -> Manifest:
    """An object; metadata that holds nothing is left out."""
    version = "calico-engine/v1" if kind == "Host" else "projectcalico.org/v3"
    kept = {key: value for key, value in metadata.items() if value}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **kept}, "spec": dict(spec)}
