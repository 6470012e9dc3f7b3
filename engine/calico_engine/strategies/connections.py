"""Connections, as people ask about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from hypothesis import strategies as st

from calico_engine.analysis.connections.parties import Directory, Party, is_loopback
from calico_engine.analysis.connections.services import SERVICE_NAMES
from calico_engine.cluster import Cluster
from calico_engine.errors import UnknownReference
from calico_engine.packets import format_address
from calico_engine.resources import WorkloadEndpoint
from calico_engine.strategies.aims import Aim
from calico_engine.strategies.drawing import choose, choose_from
from calico_engine.strategies.edges import USUAL_PORTS, ClusterEdges, edges_of
from calico_engine.strategies.vocabulary import IP_VERSIONS

#: What `cluster.check` takes: source, destination, service.
Connection = tuple[str, str, str]

_PORT_PROTOCOLS = ("tcp", "tcp", "udp", "sctp")
_ICMP = {4: ("icmp", "icmp/8", "icmp/8/0", "icmp/3/1"), 6: ("icmpv6", "icmpv6/128", "icmpv6/135/0")}
_WITHOUT_PORT = st.sampled_from((False, False, False, True))
_OTHERS = (*SERVICE_NAMES, "udplite", "47", "tcp")


def connections(*, cluster: Cluster) -> st.SearchStrategy[Connection]:
    """Source, destination and service of connections about which `cluster.check` can be asked.

    Nodes, host endpoints, pods and addresses, of the cluster and outside, with services near to what rules name; a
    service without its port may have an UNCERTAIN answer. ValueError for a cluster of which no address is known
    (`clusters(with_hosts=True)` draws clusters of which some are).

    >>> from hypothesis import find
    >>> cluster = Cluster.parse('''
    ... apiVersion: projectcalico.org/v3
    ... kind: HostEndpoint
    ... metadata: {name: h}
    ... spec: {node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1]}
    ... ''')
    >>> find(connections(cluster=cluster), lambda asked: asked[1] == "hep/h")
    ('n1', 'hep/h', 'tcp/80')
    """
    edges = edges_of(cluster)
    parties = dict(_parties(cluster, edges))
    partners = {
        name: [other for other in parties if _versions(party, parties[other])] for name, party in parties.items()
    }
    partners = {name: others for name, others in partners.items() if others}
    if not partners:
        raise ValueError("no address is known of any node or pod: expectedIPs, a Node or a Host document would tell")

    return _connections(edges, parties, partners)


@st.composite
def _connections(
    draw: st.DrawFn, edges: ClusterEdges, parties: Mapping[str, Party], partners: Mapping[str, Sequence[str]]
) -> Connection:
    source = choose(draw, list(partners))
    destination = choose(draw, partners[source])
    # A port is drawn in any case: or else services without one would be simpler.
    service = f"{choose(draw, _PORT_PROTOCOLS)}/{_draw_port(draw, edges)}"
    if draw(_WITHOUT_PORT):
        versions = _versions(parties[source], parties[destination])
        service = choose(draw, [*_OTHERS, *(name for version in versions for name in _ICMP[version])])
    return source, destination, service


def _draw_port(draw: st.DrawFn, edges: ClusterEdges) -> int:
    """A port that some endpoint's rules are about, or another."""
    aim, node = Aim(), edges.nodes[0]
    if edges.endpoints:
        number = choose(draw, range(len(edges.endpoints)))
        aim, node = choose(draw, edges.aims(number, choose(draw, IP_VERSIONS))), edges.endpoints[number].node
    pools = (USUAL_PORTS, *[aim.destination.ports.met] * 3, edges.surroundings(node).ports, edges.ports)
    return choose_from(draw, pools)


def _versions(sender: Party, receiver: Party) -> set[int]:
    """The IP versions that both have, if one of them at least is in the cluster and they are not the same pod."""
    if (sender.node is None and receiver.node is None) or (sender.workload and sender.workload == receiver.workload):
        return set()
    return {version for version, _ in sender.addresses} & {version for version, _ in receiver.addresses}


def _parties(cluster: Cluster, edges: ClusterEdges) -> Iterator[tuple[str, Party]]:
    """By what they can be called; a name or address of two things is left out, as it would be refused."""
    directory, workloads = Directory(cluster.compiled), cluster.compiled.datastore.all(WorkloadEndpoint)
    names = [
        *edges.nodes,
        *(f"hep/{endpoint.id.name}" for endpoint in edges.endpoints if endpoint.is_host),
        *(f"{each.metadata.namespace}/{each.spec.pod}" for _, each in workloads),
    ]
    addresses = [(version, value) for version, values in edges.addresses.items() for value in values]
    names += [format_address(value, version) for version, value in addresses if not is_loopback((version, value))]
    for name in names:
        with suppress(UnknownReference):
            yield name, directory.find(name)
