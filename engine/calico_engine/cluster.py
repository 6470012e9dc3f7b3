"""`Cluster`: manifests in, verdicts out. The door to everything else."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from calico_engine import changes
from calico_engine.analysis.connections.reader import ConnectionReader, Hop
from calico_engine.assembly import Assembly, assemble
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import FelixEndpoint, ResourceId, RuleId
from calico_engine.configuration import FelixParameters
from calico_engine.controllers.kubernetes.rule_places import rule_path
from calico_engine.dataplane.open_fields import settle
from calico_engine.dataplane.outcomes import Decision
from calico_engine.dataplane.reader import PacketReader, fields_to_try
from calico_engine.datastore import Datastore, build
from calico_engine.errors import InvalidManifest, ManifestError, UnknownReference
from calico_engine.garbage import collector_paused
from calico_engine.manifests.loading import Loaded, load
from calico_engine.manifests.sources import Source, read_sources
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import Packet, PrettyPrinter
from calico_engine.verdicts import Verdict
from calico_selectors import Selector

if TYPE_CHECKING:
    from calico_engine.analysis.comparison.readers import Readers
    from calico_engine.analysis.coverage import CoverageCollector
    from calico_engine.analysis.mutation.mutants import Mutant
    from calico_engine.analysis.selection import Selection
    from calico_engine.controllers.kube_controllers.auto_host_endpoints.reports import HostEndpointReport


_DATASTORES = ("kubernetes", "etcdv3")
#: ((tier, ("Kind/namespace/name", …)), …)
GoverningPolicies = tuple[tuple[str, tuple[str, ...]], ...]


class Cluster:
    """An immutable synthetic cluster, read from manifests.

    >>> cluster = Cluster.parse('''
    ... apiVersion: projectcalico.org/v3
    ... kind: HostEndpoint
    ... metadata: {name: n1-eth0}
    ... spec: {node: n1, interfaceName: eth0}
    ... ''')
    >>> packet = Packet.parse({"node": "n1", "inInterface": "eth0", "source": "203.0.113.7", "destination": "192.0.2.1",
    ...                        "protocol": "TCP", "sourcePort": 40000, "destinationPort": 8080})
    >>> verdict = cluster.verdict(packet)
    >>> print(verdict.decision, verdict.decided_by)
    DENY no profile matched
    """

    #: The text that it was parsed from, if it was; it is what it prints.
    _parsed: str | None = None

    @collector_paused()
    def __init__(self, loaded: Loaded, *, stored: bool = False, datastore: str = "kubernetes") -> None:
        """Use `load` or `parse`. InvalidManifest if anything was wrong, with all of it."""
        if datastore not in _DATASTORES:
            raise ValueError(f"datastore must be one of {', '.join(_DATASTORES)}, not {datastore!r}")
        written, twice = build(loaded, stored=stored)
        assembly = assemble(written, datastore)
        found = [*loaded.errors, *twice, *assembly.errors]
        if found:
            raise InvalidManifest(found, loaded.texts)
        self._use(assembly, datastore, loaded.texts, tuple(loaded.warnings))

    def _use(self, assembly: Assembly, form: str, texts: Mapping[str, str], remarks: tuple[ManifestError, ...]) -> None:
        self.texts = texts
        self._assembly = assembly
        self._form = form
        self._remarks = remarks
        self._datastore = assembly.convergence.datastore
        self._compiled = assembly.compiled
        self.warnings: tuple[ManifestError, ...] = tuple(sorted([*remarks, *assembly.warnings]))
        self._reader = PacketReader(self._compiled)
        self._connections = ConnectionReader(self._compiled, self._reader)
        # To find a place its document is read once more, and the answers to many questions ask for the same ones.
        self._places: dict[tuple[ResourceId, RuleId | None], tuple[str, int] | None] = {}

    @classmethod
    def load(
        cls,
        *paths: str | os.PathLike[str],
        recursive: bool = False,
        stored: bool = False,
        datastore: str = "kubernetes",
    ) -> Cluster:
        """Read files, folders and `-` (standard input). Raises InvalidManifest with every error found.

        `stored`: the objects as they lie in a datastore, read as Felix reads them, without defaults and validator.
        """
        sources, unreadable = read_sources(paths, recursive=recursive)
        loaded = load(sources, stored=stored)
        loaded.errors += unreadable
        return cls(loaded, stored=stored, datastore=datastore)

    @classmethod
    def parse(
        cls, text: str, source: str = "<text>", *, stored: bool = False, datastore: str = "kubernetes"
    ) -> Cluster:
        """The same from a string; `source` is its name in messages and traces."""
        cluster = cls(load([Source(source, text)], stored=stored), stored=stored, datastore=datastore)
        cluster._parsed = text
        return cluster

    def apply(self, *manifests: str | os.PathLike[str] | Mapping[str, object]) -> Cluster:
        """A new cluster with these objects created or replaced: paths, texts (with line breaks), or objects as dicts.

        Raises InvalidManifest as `load` does, and ChangeRefused where calicoctl refuses to create an object.
        """
        loaded = load(_sources(manifests), stored=self._datastore.stored)
        return self._changed(changes.apply(self._assembly.written, loaded), loaded.texts, loaded.warnings)

    def delete(self, kind: str, name: str, namespace: str | None = None) -> Cluster:
        """A new cluster without one object; UnknownReference if there is none, ChangeRefused if it is protected."""
        with self._told_if_made(kind, name, namespace):
            return self._changed(changes.delete(self._assembly.written, kind, name, namespace))

    def patch(self, kind: str, name: str, change: Mapping[str, object], namespace: str | None = None) -> Cluster:
        """A new cluster with one object changed by a merge patch: mappings merge, null removes, all else replaces."""
        with self._told_if_made(kind, name, namespace):
            return self._changed(changes.patch(self._assembly.written, kind, name, change, namespace))

    def label(
        self, kind: str, target: str, *labels: str, overwrite: bool = False, namespace: str | None = None
    ) -> Cluster:
        """A new cluster with labels set (`env=dev`) or removed (`env-`) on one object, or on all that a selector selects.

        The controllers run again, so labelling a Node labels its automatic host endpoint.
        """
        with self._told_if_made(kind, target, namespace):
            return self._changed(
                changes.label(self._assembly.written, kind, target, labels, overwrite=overwrite, namespace=namespace)
            )

    @contextlib.contextmanager
    def _told_if_made(self, kind: str, name: str, namespace: str | None) -> Iterator[None]:
        """An object that `get` shows and that is not there to be changed is worth a word."""
        try:
            yield
        except UnknownReference as error:
            hint = changes.hint_if_made(self._datastore, kind, name, namespace)
            raise UnknownReference(f"{error}{hint}") from None

    @collector_paused()
    def _changed(
        self, written: Datastore, texts: Mapping[str, str] | None = None, remarks: Iterable[ManifestError] = ()
    ) -> Cluster:
        assembly = assemble(written, self._form, self._assembly)
        if assembly.errors:
            raise InvalidManifest(assembly.errors, self.texts)
        changed = Cluster.__new__(Cluster)
        changed._use(assembly, self._form, {**self.texts, **(texts or {})}, (*self._remarks, *remarks))
        return changed

    def verdict(self, packet: Packet) -> Verdict:
        """What Felix and the kernel do with one packet at one node.

        Raises UnknownReference for a node that nothing mentions and OutOfScope for what is not modelled. A field that
        the packet leaves open makes the answer UNCERTAIN if it depends on it.
        """
        if packet.open_fields:
            return self._open_verdict(packet)
        answer = self._reader.answer(packet)
        hop = Hop(packet, answer, self._reader.passes(packet, answer))
        return Verdict((hop,), self._reader, self._locate)

    def _open_verdict(self, packet: Packet) -> Verdict:
        def ask(values: Mapping[str, int]) -> Hop:
            filled = packet.with_fields(values)
            answer = self._reader.answer(filled)
            return Hop(filled, answer, self._reader.passes(filled, answer))

        fields = fields_to_try([self._reader.points(packet)], {})
        settled = settle(fields, ask, _decision)
        other = None if settled.other is None else (settled.other,)
        return Verdict(
            (settled.result,),
            self._reader,
            self._locate,
            other=other,
            depends_on=() if settled.depends_on is None else (settled.depends_on,),
            open_fields=packet.open_fields,
        )

    def verdicts(self, packets: Iterable[Packet]) -> list[Verdict]:
        """The same for many packets, in their order."""
        return [self.verdict(packet) for packet in packets]

    def check(self, source: str, destination: str, service: str, *, source_port: int | None = None) -> Verdict:
        """A connection, asked the way people ask: nodes, `hep/NAME`, `NAMESPACE/POD` or addresses, and a service.

        Raises UnknownReference for a name that is nothing or two things, ValueError for a service that is none.
        """
        connection = self._connections.check(source, destination, service, source_port)
        other = None if connection.other is None else connection.other.hops
        return Verdict(
            connection.crossing.hops,
            self._reader,
            self._locate,
            other=other,
            depends_on=connection.depends_on,
            open_fields=connection.open_fields,
            assumptions=connection.assumptions,
            possible_packets=connection.packets,
        )

    def port_edges(self, source: str, destination: str, protocol: str) -> set[int]:
        """The destination ports at which the answer to `check` can change; between two of them it is the same."""
        return self._connections.port_edges(source, destination, protocol)

    def is_outside(self, address: tuple[int, int]) -> bool:
        """Whether another host may have the address (version, value): nothing in the cluster has it."""
        return self._connections.is_outside(address)

    @property
    def compiled(self) -> CompiledCluster:
        """What the readers read: the datastore with the controllers' products, Felix's model, the compiled nodes."""
        return self._compiled

    @cached_property
    def readers(self) -> Readers:
        """What answers about packets and connections, for analyses that ask much."""
        from calico_engine.analysis.comparison.readers import Readers

        return Readers(self._reader, self._connections)

    @property
    def written(self) -> Datastore:
        """The objects as they were written, before the controllers did anything."""
        return self._assembly.written

    def mutants(self) -> Iterator[Mutant]:
        """Every small mistake that could have been made in the policies and in what they select by, object by object."""
        from calico_engine.analysis.mutation.mutants import mutants

        return mutants(self.written, self._compiled)

    def get(self, kind: str, name: str | None = None, namespace: str | None = None) -> tuple[dict[str, object], ...]:
        """The objects of a kind as `get -o json` shows them: defaulted, built-in ones and controllers' products included.

        `kind` may be an alias (`heps`); UnknownReference if it is none. Sorted by namespace and name, tiers by order.
        """
        from calico_engine.listing import kind_named, listed

        return listed(self._datastore, kind_named(kind).kind, name, namespace)

    def select(self, selector: str | Selector) -> Selection:
        """Every endpoint with whether the selector selects it and which terms decided; InvalidSelector if it is none."""
        from calico_engine.analysis.selection import select

        asked = selector if isinstance(selector, Selector) else Selector(selector)
        return select(self._compiled.model, asked)

    def coverage_collector(self) -> CoverageCollector:
        """Collects which policies, rules and clauses the verdicts exercise that it is given."""
        from calico_engine.analysis.coverage import CoverageCollector

        return CoverageCollector(self._compiled, self._reader)

    @property
    def controllers(self) -> HostEndpointReport:
        """What kube-controllers did about automatic host endpoints: for each node what it got and why, or why not."""
        from calico_engine.controllers.kube_controllers.auto_host_endpoints.reports import (
            ControllerState,
            HostEndpointReport,
        )

        run = self._assembly.convergence.run
        return HostEndpointReport(ControllerState.NOT_CONFIGURED) if run is None else run.report

    def explain_controllers(self) -> str:
        """The same as text."""
        from calico_engine.reports.controllers import controller_lines

        return "\n".join(line.text for line in controller_lines(self.controllers))

    def policies_for(self, endpoint: str) -> GoverningPolicies:
        """The policies that apply to `hep/NAME` or `wep/NAMESPACE/NAME`, by tier, in Felix's order, staged included."""
        return tuple(
            (tier.tier.name, tuple(str(policy.id) for policy in tier.policies))
            for tier in self._compiled.selected(self._endpoint(endpoint))
        )

    def felix_configuration(
        self, node: str, *, environment: Mapping[str, str] | None = None, config_file: str | None = None
    ) -> FelixParameters:
        """The node's effective Felix parameters; InvalidConfiguration where Felix would not start."""
        return self._compiled.parameters(node, environment, config_file)

    def __repr__(self) -> str:
        """The call that makes it, if it was parsed from a text that is not too long; otherwise its size."""
        from calico_engine.reports.calls import parse_call

        stored = self._datastore.stored
        call = None if self._parsed is None else parse_call(self._parsed, stored=stored, datastore=self._form)
        return call or f"<Cluster of {len(self._datastore.entries)} objects>"

    def _repr_pretty_(self, printer: PrettyPrinter, cycle: bool) -> None:
        """Hypothesis and IPython would indent the lines, which YAML does not survive."""
        printer.text(repr(self))

    def _endpoint(self, name: str) -> FelixEndpoint:
        prefix, _, rest = name.partition("/")
        model = self._compiled.model
        namespace, _, own = rest.partition("/")
        found = None
        if prefix == "hep":
            found = model.host_endpoints.by_name.get(("", rest))
        elif prefix == "wep":
            found = model.workload_endpoints.by_name.get((namespace, own))
        if found is None:
            raise UnknownReference(f"{name!r} is no endpoint: write hep/NAME or wep/NAMESPACE/NAME")
        return found

    def _locate(self, owner: ResourceId, rule: RuleId | None) -> tuple[str, int] | None:
        """File and line of an object, or of one of its rules."""
        if (owner, rule) not in self._places:
            self._places[owner, rule] = self._find(owner, rule)
        return self._places[owner, rule]

    def _find(self, owner: ResourceId, rule: RuleId | None) -> tuple[str, int] | None:
        entry = self._datastore.get(owner.kind, owner.name, owner.namespace)
        if entry is None or entry.origin is None:
            return None
        path: Path = ("metadata", "name")
        if rule is not None:
            path = rule_path(self._datastore, entry, rule.direction, rule.index)
        return entry.origin.file, entry.origin.place(path)[0]


def _sources(manifests: Iterable[str | os.PathLike[str] | Mapping[str, object]]) -> list[Source]:
    """Texts are told from paths by their line breaks."""
    sources, errors = [], []
    for number, given in enumerate(manifests, start=1):
        if isinstance(given, Mapping):
            sources.append(Source(f"<object {number}>", json.dumps(given)))
        elif isinstance(given, str) and "\n" in given:
            sources.append(Source(f"<text {number}>", given))
        else:
            found, unreadable = read_sources([given])
            sources += found
            errors += unreadable
    if errors:
        raise InvalidManifest(errors)
    return sources


def _decision(hop: Hop) -> Decision:
    return hop.answer.decision
