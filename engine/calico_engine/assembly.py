"""From what was written to what can be asked: controllers run, Felix's model is made, and what is wrong is collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.findings import errors, warnings
from calico_engine.controllers.convergence import Convergence, converge
from calico_engine.datastore import Datastore, Key, KubernetesEntry
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.manifests.cross_advice import cross_advice
from calico_engine.manifests.findings import Severity
from calico_engine.resources import Profile


@frozen
class Assembly:
    """A datastore ready to be asked. `errors` keep it from being used; `warnings` are worth knowing."""

    written: Datastore
    convergence: Convergence
    compiled: CompiledCluster
    errors: tuple[ManifestError, ...]
    warnings: tuple[ManifestError, ...]


def assemble(written: Datastore, form: str = "kubernetes", previous: Assembly | None = None) -> Assembly:
    """`previous`: the assembly of a datastore that shares most objects with this one; it only saves work."""
    convergence = converge(written, form=form, previous=None if previous is None else previous.convergence)
    compiled = CompiledCluster(convergence.datastore, None if previous is None else previous.compiled)
    known = {} if previous is None else previous.written.kubernetes
    refused = [*convergence.errors, *errors(compiled), *_unreadable_services(written, known)]
    noted = [warning for entry in written.entries.values() for warning in entry.warnings]
    noted += [*convergence.warnings, *warnings(compiled)]
    for severity, remark in _cross_remarks(written, convergence.datastore):
        (refused if severity is Severity.ERROR else noted).append(remark)
    return Assembly(written, convergence, compiled, tuple(refused), tuple(noted))


def _unreadable_services(written: Datastore, known: Mapping[Key, KubernetesEntry]) -> Iterator[ManifestError]:
    """Services and EndpointSlices are used as they are; `known` were looked at before."""
    if not written.kubernetes:
        return
    from calico_engine.analysis.kubernetes_services import unreadable

    for key, entry in written.kubernetes.items():
        problem = None if known.get(key) is entry else unreadable(key[0], entry.value.value)
        if problem is not None:
            yield entry.remark((), f"Kubernetes would refuse it: {problem}")


def _cross_remarks(written: Datastore, complete: Datastore) -> list[tuple[Severity, ManifestError]]:
    """What written objects miss among all that there are, the controllers' products included."""
    if written.stored:
        return []
    entries = list(written.entries.values())
    made = {entry.resource.metadata.name for entry, _ in complete.all(Profile)} if written.kubernetes else frozenset()
    return [
        (remark.severity, entries[index].remark(remark.path, remark.message))
        for index, remark in cross_advice([entry.resource for entry in entries], made)
    ]
