"""A case's question on a cluster: everything that it asks, one after the other.

Networks and ranges of ports are asked by stretches in which no answer changes: one address and one port of each.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator

from calico_engine.analysis.case_results import Addresses, Connections, Ports
from calico_engine.analysis.edges import AddressEdges, address_edges, stretches
from calico_engine.cluster import Cluster
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.errors import CalicoEngineError, OutOfScope
from calico_engine.frozen import frozen
from calico_engine.packets import Packet
from calico_engine.policytests.suites import Question
from calico_engine.policytests.terms import Named, Net, Parties, Selected, Service
from calico_engine.reports.question_text import question_text
from calico_engine.resources import HostEndpoint, Node
from calico_engine.verdicts import Verdict

#: So much is asked for one case before it is sent back.
MOST_QUESTIONS = 100_000


class NothingSelected(CalicoEngineError):
    """A case is about nothing: its selector selects nothing here. It would pass whatever the policies are."""


@frozen
class Asked:
    """One question to the engine, a connection or a packet, and all that it stands for."""

    about: Connections | Packet
    source: str = ""
    destination: str = ""
    service: str = ""
    source_port: int | None = None

    @property
    def text(self) -> str:
        """All that the question stands for, in words."""
        return question_text(self.about)

    @property
    def example(self) -> str:
        """What is really asked, in words."""
        if isinstance(self.about, Packet):
            return self.text
        return question_text(Connections(self.source, self.destination, self.service))

    def ask(self, cluster: Cluster) -> Verdict:
        if isinstance(self.about, Packet):
            return cluster.verdict(self.about)
        return cluster.check(self.source, self.destination, self.service, source_port=self.source_port)


@frozen
class _End:
    """A party that is asked, and what it stands for."""

    name: str
    all: str | Addresses


class Asker:
    """The questions of cases on one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._compiled: CompiledCluster = cluster.compiled
        self._edges: AddressEdges | None = None

    def questions(self, question: Question) -> Iterator[Asked]:
        """All that a question asks. NothingSelected for a selector in vain, OutOfScope for too many questions."""
        found = self._packets(question) if question.packet is not None else self._connections(question)
        for number, asked in enumerate(found):
            if number >= MOST_QUESTIONS:
                raise OutOfScope(
                    f"more than {MOST_QUESTIONS:,} questions in one case; narrow its networks or selectors"
                )
            yield asked

    def _packets(self, question: Question) -> Iterator[Asked]:
        given = question.packet or {}
        nodes = [end.name for end in self._ends(question.on)] if question.on else [given["node"]]
        for node in nodes:
            yield Asked(Packet.parse({**given, "node": node}))

    def _connections(self, question: Question) -> Iterator[Asked]:
        sources = self._ends(question.from_ or question.on)
        destinations = self._ends(question.to or question.on)
        for source, destination, service in itertools.product(sources, destinations, question.service):
            for wanted in self._services(source, destination, service, question):
                asked = wanted if isinstance(wanted, str) else f"{wanted.protocol}/{wanted.first}"
                about = Connections(source.all, destination.all, wanted)
                yield Asked(about, source.name, destination.name, asked, question.source_port)

    def _ends(self, parties: Parties) -> list[_End]:
        return list(dict.fromkeys(end for party in parties for end in self._party(party)))

    def _party(self, party: Named | Selected | Net) -> Iterator[_End]:
        if isinstance(party, Named):
            yield _End(party.name, party.name)
        elif isinstance(party, Net):
            yield from self._addresses(party)
        else:
            names = list(self._selected(party))
            if not names:
                raise NothingSelected(f"the selector {party.selector} selects none of the {_KINDS[party.kind]}")
            yield from (_End(name, name) for name in names)

    def _selected(self, party: Selected) -> Iterator[str]:
        if party.kind == "nodes":
            for name in sorted(self._compiled.nodes):
                entry = self._compiled.datastore.get(Node.KIND, name)
                if party.selector.matches({} if entry is None else entry.resource.metadata.labels):
                    yield name
            return
        for endpoint in self._cluster.select(party.selector).selected:
            if (endpoint.id.kind == HostEndpoint.KIND) is (party.kind == "hostEndpoints"):
                namespace = "hep" if party.kind == "hostEndpoints" else endpoint.id.namespace
                yield f"{namespace}/{endpoint.id.name}"

    def _addresses(self, net: Net) -> Iterator[_End]:
        if self._edges is None:
            self._edges = address_edges(self._compiled.datastore)
        version = net.network.version
        make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
        found = False
        for first, last in stretches(self._edges, net.network):
            # What the cluster owns are single addresses, each a stretch of its own.
            if not net.outside or self._cluster.is_outside((version, first)):
                found = True
                yield _End(str(make(first)), Addresses(version, first, last))
        if not found:
            raise NothingSelected(f"no address of {net.network} is outside of the cluster")

    def _services(self, source: _End, destination: _End, service: Service, question: Question) -> Iterator[str | Ports]:
        """Each service to ask for; of ports the first one is asked."""
        if service.ports is None:
            yield service.text
            return
        if service.ports[0] == service.ports[1] and not question.except_:
            yield service.text if "/" not in service.text else Ports(service.protocol_name, *service.ports)
            return
        for first, last in _without(service, question):
            edges = self._cluster.port_edges(source.name, destination.name, service.protocol_name)
            starts = [first, *sorted(edge for edge in edges if first < edge <= last)]
            for low, high in zip(starts, [*(start - 1 for start in starts[1:]), last], strict=True):
                yield Ports(service.protocol_name, low, high)


_KINDS = {"nodes": "nodes", "pods": "pods", "hostEndpoints": "host endpoints"}


def _without(service: Service, question: Question) -> Iterator[tuple[int, int]]:
    """The ports of a service without the excepted ones, in ranges."""
    assert service.ports is not None
    start, last = service.ports
    holes = sorted(each.ports for each in question.except_ if each.ports and each.protocol == service.protocol)
    for low, high in holes:
        if start < low:
            yield start, min(low - 1, last)
        start = max(start, high + 1)
        if start > last:
            return
    yield start, last
