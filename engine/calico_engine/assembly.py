"""From what was written to what can be asked: controllers run, Felix's model is made, and what is wrong is collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.findings import errors, warnings
from calico_engine.controllers.convergence import Convergence, converge
from calico_engine.datastore import Datastore, Entry, Key, KubernetesEntry
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.manifests.cross_advice import missing_profiles, missing_tier, overlaps, twins
from calico_engine.manifests.findings import Advice
from calico_engine.resources import HostEndpoint, IPPool, Policy, Profile, Resource, Tier, WorkloadEndpoint
from calico_engine.resources.policies import POLICY_KINDS
from calico_engine.reuse import Reuse

_Table = Mapping[Key, Entry]
_Found = tuple[ManifestError, ...]


@frozen
class Assembly:
    """A datastore ready to be asked. `errors` keep it from being used; `warnings` are worth knowing."""

    written: Datastore
    convergence: Convergence
    compiled: CompiledCluster
    reuse: Reuse
    errors: tuple[ManifestError, ...]
    warnings: tuple[ManifestError, ...]


def assemble(written: Datastore, form: str = "kubernetes", previous: Assembly | None = None) -> Assembly:
    """`previous`: the assembly of a datastore that shares most objects with this one; it only saves work."""
    reuse = Reuse(None if previous is None else previous.reuse)
    convergence = converge(written, form=form, reuse=reuse)
    compiled = CompiledCluster(convergence.datastore, reuse)
    refused = [*convergence.errors, *errors(compiled), *_unreadable_services(written, reuse)]
    noted = [*convergence.warnings, *warnings(compiled), *_of_reading(written, reuse)]
    if not written.stored:
        noted += _cross_remarks(written, convergence.datastore, reuse)
    return Assembly(written, convergence, compiled, reuse, tuple(refused), tuple(noted))


def _unreadable_services(written: Datastore, reuse: Reuse) -> Iterator[ManifestError]:
    """Services and EndpointSlices are used as they are."""
    for kind in ("Service", "EndpointSlice"):
        yield from _all(reuse.each(_unreadable, written.kubernetes.kind(kind), slot=kind))


def _unreadable(entry: KubernetesEntry) -> _Found:
    from calico_engine.analysis.connections.kubernetes_services import unreadable

    problem = unreadable(entry.value.kind, entry.value.value)
    return () if problem is None else (entry.remark((), f"Kubernetes would refuse it: {problem}"),)


def _of_reading(written: Datastore, reuse: Reuse) -> Iterator[ManifestError]:
    for kind, table in written.entries.by_kind.items():
        yield from reuse.of(_own_warnings, table, slot=kind)


def _own_warnings(table: _Table) -> _Found:
    return tuple(warning for entry in table.values() for warning in entry.warnings)


def _cross_remarks(written: Datastore, complete: Datastore, reuse: Reuse) -> Iterator[ManifestError]:
    """What written objects miss among all that there are, the controllers' products included."""
    table = written.entries.kind
    tiers = reuse.of(_names, table(Tier.KIND), slot=Tier.KIND)
    profiles = reuse.of(_names, complete.entries.kind(Profile.KIND), slot=Profile.KIND)
    policies = [model.KIND for model in POLICY_KINDS]
    for kind in policies:
        yield from _all(reuse.each(_without_tier, table(kind), tiers, slot=kind))
    for kind in (HostEndpoint.KIND, WorkloadEndpoint.KIND):
        yield from _all(reuse.each(_without_profiles, table(kind), profiles, slot=kind))
    yield from reuse.of(_twins, *map(table, policies))
    yield from reuse.of(_overlaps, table(IPPool.KIND))


def _names(table: _Table) -> frozenset[str]:
    return frozenset(name for _, _, name in table)


def _all(found: Mapping[Key, _Found]) -> Iterable[ManifestError]:
    return chain.from_iterable(found.values())


def _without_tier(entry: Entry, tiers: frozenset[str]) -> _Found:
    assert isinstance(entry.resource, Policy)
    return tuple(entry.remark(advice.path, advice.message) for advice in missing_tier(entry.resource, tiers))


def _without_profiles(entry: Entry, profiles: frozenset[str]) -> _Found:
    assert isinstance(entry.resource, HostEndpoint | WorkloadEndpoint)
    return tuple(entry.remark(advice.path, advice.message) for advice in missing_profiles(entry.resource, profiles))


def _twins(*tables: _Table) -> _Found:
    return _beside_each_other(twins, *tables)


def _overlaps(*tables: _Table) -> _Found:
    return _beside_each_other(overlaps, *tables)


def _beside_each_other(find: Callable[[Sequence[Resource]], Iterable[tuple[int, Advice]]], *tables: _Table) -> _Found:
    entries = [entry for table in tables for entry in table.values()]
    found = find([entry.resource for entry in entries])
    return tuple(entries[index].remark(advice.path, advice.message) for index, advice in found)
