"""Between two edges nothing changes: the answer about the first address and port of a stretch is that about all of it."""

from __future__ import annotations

import itertools
from functools import cache
from ipaddress import ip_address
from random import Random

import pytest

from calico_engine import Cluster
from calico_engine.analysis.edges import address_edges, stretches
from calico_engine.errors import CalicoEngineError
from calico_engine.networks import Network, parse_network
from verdict_fuzz import pools
from verdict_fuzz.worlds import world

WORLDS = 60
QUESTIONS = 60
NETWORKS = {
    4: ("203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0", "192.0.2.0/24", "10.65.0.0/29", "127.0.0.0/7"),
    6: ("fd65::/62", "2001:db8::/32", "::/0", "2001:db8:a::/126"),
}
PARTIES = {4: ("n1", "n2", *pools.ADDRESSES_4), 6: ("n1", *pools.ADDRESSES_6)}
SERVICES = f"""
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: default}}
spec: {{type: NodePort, clusterIP: 10.96.0.9, ports: [{{port: 80, nodePort: 30080, targetPort: 8055}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, namespace: default, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{port: 8055, protocol: TCP}}]
endpoints: [{{addresses: [10.65.0.2], nodeName: {pools.NODE}}}, {{addresses: [203.0.113.7]}}]
"""


@cache
def cluster(seed: int) -> Cluster | None:
    made = world(Random(seed))
    try:
        return Cluster.parse(made.text + SERVICES, stored=made.stored)
    except CalicoEngineError:
        return None


def answer(cluster: Cluster, source: str, destination: str, service: str) -> str:
    """Everything that a case can expect of an answer; of a refusal, its kind."""
    try:
        verdict = cluster.check(source, destination, service, source_port=40000)
    except CalicoEngineError as error:
        return type(error).__name__
    return f"{verdict.decision} {verdict.decided_by} {[w.decision for w in verdict.witnesses]}"


def some_address(random: Random, network: Network) -> int:
    """One that is near a place where something may change, or anywhere."""
    pool = [int(ip_address(text)) for text in PARTIES[network.version][2:]]
    near = random.choice(pool) + random.choice((-1, 0, 1))
    return near if near in range(*_span(network)) else random.randrange(*_span(network))


def _span(network: Network) -> tuple[int, int]:
    first = int(network.network_address)
    return first, first + network.num_addresses


def start_of(value: int, starts: list[int]) -> int:
    return max(start for start in starts if start <= value)


def as_text(value: int, version: int) -> str:
    return str(ip_address(value.to_bytes(4 if version == 4 else 16, "big")))


@pytest.mark.parametrize("seed", range(WORLDS))
def test_within_a_stretch_of_addresses_all_are_answered_alike(seed: int) -> None:
    made, random = cluster(seed), Random(seed)
    if made is None:
        return
    edges = address_edges(made.compiled.datastore)
    for _ in range(QUESTIONS):
        version = random.choice((4, 4, 6))
        network = parse_network(random.choice(NETWORKS[version]))
        address = some_address(random, network)
        first = start_of(address, [start for start, _ in stretches(edges, network)])
        one, other = as_text(first, version), as_text(address, version)
        party, service = random.choice(PARTIES[version]), f"tcp/{random.choice((*pools.PORTS, 30080))}"
        if random.random() < 0.5:
            assert answer(made, one, party, service) == answer(made, other, party, service), (
                one,
                other,
                party,
                service,
            )
        else:
            assert answer(made, party, one, service) == answer(made, party, other, service), (
                party,
                one,
                other,
                service,
            )


@pytest.mark.parametrize("seed", range(WORLDS))
def test_within_a_stretch_of_ports_all_are_answered_alike(seed: int) -> None:
    made, random = cluster(seed), Random(seed)
    if made is None:
        return
    for _ in range(QUESTIONS):
        version = random.choice((4, 4, 6))
        source, destination = random.choice(PARTIES[version]), random.choice((*PARTIES[version], "10.96.0.9"))
        protocol = random.choice(("tcp", "tcp", "udp", "sctp"))
        port = min(65535, random.choice((*pools.PORTS, 30080, 8054, 20000)) + random.choice((0, 1)))
        first = start_of(port, [0, *made.port_edges(source, destination, protocol)])
        asked = source, destination
        assert answer(made, *asked, f"{protocol}/{first}") == answer(made, *asked, f"{protocol}/{port}"), (asked, port)


def test_enough_worlds_can_be_asked() -> None:
    assert sum(cluster(seed) is not None for seed in range(WORLDS)) > WORLDS * 0.8


@pytest.mark.parametrize("text", ["10.0.0.0/8", "203.0.113.7/32", "::/0", "0.0.0.0/0"])
def test_stretches_cover_the_network_without_gap_or_overlap(text: str) -> None:
    network = parse_network(text)
    found = stretches({4: [167772165, 3405803783], 6: [1, 2]}, network)
    first, end = _span(network)
    assert (found[0][0], found[-1][1]) == (first, end - 1)
    assert all(one[1] + 1 == other[0] for one, other in itertools.pairwise(found))
    assert all(low <= high for low, high in found)
