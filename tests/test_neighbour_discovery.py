"""What a workload may send to its host whatever policy says: IPv6's neighbour and multicast discovery."""

from __future__ import annotations

import json

import pytest

from calico_engine import Cluster, Packet

#: Multicast listener query, report and done; router solicitation; neighbour solicitation and advertisement.
LET_IN = {130, 131, 132, 133, 135, 136}
SPEC = {"node": "n1", "orchestrator": "k8s", "interfaceName": "cali1", "ipNetworks": ["10.65.0.2", "fd65::2"]}
WORLD = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "WorkloadEndpoint",
    "metadata": {"name": "w", "namespace": "ns"},
    "spec": SPEC,
}
CLUSTER = Cluster.parse(json.dumps(WORLD), stored=True)


def reason(interface: str, source: str, destination: str, **fields: object) -> str:
    query = {"node": "n1", interface: "cali1", "source": source, "destination": destination, **fields}
    return CLUSTER.verdict(Packet.parse(query)).decided_by.reason.name


@pytest.mark.parametrize("code", [0, 1])
def test_types(code: int) -> None:
    for icmp_type in range(256):
        fields = {"icmpType": icmp_type, "icmpCode": code}
        sent = reason("inInterface", "fd65::2", "fe80::1", protocol="ICMPv6", **fields)
        assert (sent == "NEIGHBOUR_DISCOVERY") is (icmp_type in LET_IN), icmp_type
        assert reason("inInterface", "fd65::2", "fe80::1", protocol="ICMP", **fields) == "NO_PROFILE_MATCHED"
        assert reason("inInterface", "10.65.0.2", "10.0.0.1", protocol="ICMPv6", **fields) == "NO_PROFILE_MATCHED"
