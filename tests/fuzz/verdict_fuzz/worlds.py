"""Clusters at random: one node in full, another far away, and everything that can have a say about packets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from verdict_fuzz import pools
from verdict_fuzz.policies import policies, profiles, tiers
from verdict_fuzz.pools import NODE, Document, chance, document, some
from verdict_fuzz.rules import RuleMaker
from verdict_fuzz.themes import Theme, theme


@dataclass(frozen=True, slots=True)
class World:
    """Manifests as data; `stored` are read as they lie in a datastore."""

    documents: tuple[Document, ...]
    stored: bool = False

    @property
    def text(self) -> str:
        """As a file: JSON is YAML."""
        return "\n---\n".join(json.dumps(each) for each in self.documents)


def world(random: Random) -> World:
    """One cluster."""
    stored = chance(random, 0.15)
    of = theme(random)
    maker = RuleMaker(random, stored, blocks=of is Theme.BLOCKS, passing=of is Theme.PASS)
    documents = [
        *_host(random),
        *_configuration(random),
        *tiers(random, of, stored=stored),
        *profiles(random, maker, of),
        *_host_endpoints(random, stored=stored),
        *_workloads(random, stored=stored),
        *_sets(random),
        *_nodes(random),
        *policies(random, maker, of, stored=stored),
    ]
    return World(tuple(documents), stored)


def _host(random: Random) -> list[Document]:
    if chance(random, 0.1):
        return []
    interfaces = [
        {"name": "lo", "addresses": ["127.0.0.1/8", "::1/128"]},
        {"name": "eth0", "addresses": ["192.0.2.1/24", "192.0.2.10/24", "2001:db8::1/64"]},
        {"name": "eth1", "addresses": ["198.51.100.1/24", "2001:db8:1::1/64"]},
        {"name": "vxlan.calico", "addresses": ["10.65.9.1/32"]},
        {"name": "cali1", "addresses": []},
    ]
    random.shuffle(interfaces)
    policies = {hook: random.choice(("ACCEPT", "DROP")) for hook in ("INPUT", "FORWARD", "OUTPUT")}
    spec: Document = {"chainPolicies": policies}
    if not chance(random, 0.05):
        spec["interfaces"] = interfaces
    return [document("Host", NODE, spec)]


def _configuration(random: Random) -> list[Document]:
    spec: Document = {}
    choices: Sequence[tuple[str, float, Sequence[object]]] = (
        ("defaultEndpointToHostAction", 0.7, ("Accept", "Drop", "Return")),
        ("iptablesFilterAllowAction", 0.25, ("Return", "Return", "Accept")),
        ("iptablesMangleAllowAction", 0.1, ("Return",)),
        ("disableConntrackInvalidCheck", 0.15, (True,)),
        ("allowVXLANPacketsFromWorkloads", 0.2, (True, False)),
        ("allowIPIPPacketsFromWorkloads", 0.2, (True, False)),
        ("vxlanEnabled", 0.25, (True, True, False)),
        ("ipipEnabled", 0.25, (True, True, False)),
        ("wireguardEnabled", 0.2, (True,)),
        ("wireguardEnabledV6", 0.2, (True,)),
        ("wireguardListeningPort", 0.1, (51821, 53)),
        ("vxlanPort", 0.1, (4790, 22)),
        ("interfacePrefix", 0.2, ("cali,tap", "tap,cali", "tap", "ca,cali")),
        ("interfaceExclude", 0.1, ("eth0", "/^eth[1-9]$/,lo")),
        ("workloadSourceSpoofing", 0.2, ("Any",)),
        ("serviceLoopPrevention", 0.1, ("Reject", "Disabled")),
        ("ipv6Support", 0.05, (False,)),
        ("externalNodesList", 0.1, (["10.0.0.8/30"],)),
        ("failsafeInboundHostPorts", 0.2, _failsafes(random)),
        ("failsafeOutboundHostPorts", 0.2, _failsafes(random)),
    )
    for name, probability, values in choices:
        if chance(random, probability):
            spec[name] = random.choice(values)
    # The resource takes IPv4 alone, the parameter behind it both.
    external = {"config.projectcalico.org/ExternalNodesCIDRList": "10.0.0.8/30,2001:db8::/64"}
    metadata = {"annotations": external} if chance(random, 0.05) else {}
    found = []
    if spec or metadata:
        name = random.choice(("default", "default", f"node.{NODE}"))
        found.append(document("FelixConfiguration", name, spec, **metadata))
    if chance(random, 0.15):
        cidrs = [
            {"cidr": net} for net in some(random, ("10.96.0.0/16", "203.0.113.0/25", "fd96::/112", "10.0.0.0/24"), 2)
        ]
        found.append(document("BGPConfiguration", "default", {"serviceClusterIPs": cidrs}))
    if chance(random, 0.15):
        mode = random.choice(({"vxlanMode": "Always"}, {"ipipMode": "CrossSubnet"}, {}))
        found.append(document("IPPool", "pool", {"cidr": "10.65.0.0/16", **mode}))
    if chance(random, 0.1):
        found.append(document("IPPool", "pool6", {"cidr": "fd65::/64", "vxlanMode": "Always", "ipipMode": "Never"}))
    return found


def _failsafes(random: Random) -> list[list[Document]]:
    ports = [{"protocol": random.choice(("tcp", "udp")), "port": random.choice(pools.PORTS)} for _ in range(3)]
    net = {"net": random.choice(("10.0.0.0/24", "2001:db8::/32", "203.0.113.7/32"))}
    return [[], ports, [*ports[:1], {**ports[1], **net}]]


def _ports(random: Random, *, stored: bool) -> list[Document]:
    ports = [
        {
            "name": name,
            "protocol": random.choice(("TCP", "TCP", "UDP", "SCTP")),
            "port": random.choice(pools.NAMED_PORTS),
        }
        for name in pools.PORT_NAMES
        if chance(random, 0.4)
    ]
    if stored and ports and chance(random, 0.05):
        ports[0]["protocol"] = 6  # Felix drops the whole endpoint
    return ports


def _host_endpoints(random: Random, *, stored: bool) -> list[Document]:
    shapes: Sequence[Document] = (
        {"interfaceName": "eth0"},
        {"interfaceName": "eth0", "expectedIPs": ["192.0.2.1", "2001:db8::1"]},
        {"interfaceName": "*"},
        {"interfaceName": "*", "expectedIPs": ["10.0.0.10"]},
        {"interfaceName": "eth1"},
        {"interfaceName": "lo"},
        {"expectedIPs": ["198.51.100.1"]},
        {"expectedIPs": ["192.0.2.10", "198.51.100.1"]},
        {"expectedIPs": ["2001:db8::1"]},
        {"expectedIPs": ["127.0.0.0"]},
        {"interfaceName": "nosuch0", "expectedIPs": ["192.0.2.1"]},
        {"interfaceName": "vxlan.calico"},
        {"interfaceName": "cali1"},
        {"interfaceName": "eth7"},
    )
    found = []
    for name in ("h1", "h-2", "A" if stored else "h0", "zz")[: random.choice((0, 1, 1, 2, 2, 3, 4))]:
        shape = random.choice(shapes[:4] if chance(random, 0.6) else shapes)
        found.append(_host_endpoint(random, name, {"node": NODE, **shape}, stored=stored))
    if chance(random, 0.4):
        remote = {"node": "n2", "interfaceName": "eth0", "expectedIPs": some(random, ["10.0.0.9", "203.0.113.7"], 2)}
        found.append(_host_endpoint(random, "far", remote, stored=stored))
    return found


def _host_endpoint(random: Random, name: str, spec: Document, *, stored: bool) -> Document:
    if chance(random, 0.6):
        spec["profiles"] = some(random, pools.PROFILES, 3)
    if chance(random, 0.5):
        spec["ports"] = _ports(random, stored=stored)
    return document("HostEndpoint", name, spec, labels=pools.labels(random))


def _workloads(random: Random, *, stored: bool) -> list[Document]:
    pods = [("w1", "cali1", "2"), ("w2", "cali2", "3"), ("w3", "tap0", "4"), ("w0", "cali1", "5")]
    chosen = [pod for pod in pods if chance(random, 0.7 if pod[0] != "w0" else 0.08)]
    found = [_workload(random, NODE, *pod, stored=stored) for pod in chosen]
    if chance(random, 0.4):
        found.append(_workload(random, "n2", "far", "cali9", "9", stored=stored))
    return found


def _workload(random: Random, node: str, pod: str, interface: str, last: str, *, stored: bool) -> Document:
    namespace = random.choice(pools.NAMESPACES)
    spec: Document = {
        "node": node,
        "orchestrator": "k8s",
        "pod": pod,
        "endpoint": "eth0",
        "interfaceName": interface,
        "ipNetworks": [f"10.65.0.{last}/32", f"fd65::{last}/128"],
        "profiles": some(random, pools.PROFILES, 3),
        "ports": _ports(random, stored=stored),
    }
    if chance(random, 0.3):
        spec["serviceAccountName"] = random.choice(pools.ACCOUNTS)
    if chance(random, 0.05):
        spec["ipNetworks"] = spec["ipNetworks"][:1]
    if chance(random, 0.1):
        spec["allowSpoofedSourcePrefixes"] = ["10.0.0.8/30"]
    labels = pools.labels(random)
    if stored:
        labels |= {"projectcalico.org/namespace": namespace, "projectcalico.org/orchestrator": "k8s"}
    name = f"{node}-k8s-{pod}-eth0"
    return document("WorkloadEndpoint", name, spec, namespace=namespace, labels=labels)


def _sets(random: Random) -> list[Document]:
    found = []
    for name in ("s1", "s2"):
        if chance(random, 0.5):
            nets = some(random, (*pools.NETS_4, *pools.NETS_6, "10.0.0.0/31", "::ffff:10.0.0.8/125"), 3)
            found.append(document("GlobalNetworkSet", name, {"nets": nets}, labels=pools.labels(random)))
    if chance(random, 0.3):
        nets = some(random, (*pools.NETS_4, *pools.NETS_6), 2)
        namespace = random.choice(pools.NAMESPACES)
        found.append(document("NetworkSet", "ns", {"nets": nets}, namespace=namespace, labels=pools.labels(random)))
    return found


def _nodes(random: Random) -> list[Document]:
    found = []
    for name, last in ((NODE, 1), ("n2", 9)):
        if not chance(random, 0.35):
            continue
        address = "192.0.2.1" if name == NODE else "10.0.0.9"
        spec: Document = {"bgp": {"ipv4Address": f"{address}/24"}} if chance(random, 0.8) else {}
        if chance(random, 0.5):
            spec.setdefault("bgp", {})["ipv6Address"] = f"2001:db8::{last}/64"
        if chance(random, 0.6):
            spec["ipv4VXLANTunnelAddr"] = f"10.65.9.{last}"
        if chance(random, 0.3):
            spec["ipv6VXLANTunnelAddr"] = f"fd65:9::{last}"
        if chance(random, 0.4):
            spec["addresses"] = [{"address": "10.0.0.10", "type": random.choice(("InternalIP", "ExternalIP"))}]
        found.append(document("Node", name, spec))
    return found
