"""The datastore once Calico's converters and controllers have done their work: what Felix reads.

Kubernetes objects become Calico's, then kube-controllers makes automatic host endpoints, if it is configured at all. Both
are many modules, and most questions are about manifests that need neither, so they are imported when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from calico_engine.datastore import Datastore
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.resources import KubeControllersConfiguration

if TYPE_CHECKING:
    from calico_engine.controllers.auto_host_endpoints import ControllerRun
    from calico_engine.controllers.kubernetes_objects import Converted


@frozen
class Convergence:
    """The datastore that Felix reads, and what was worth a remark on the way."""

    datastore: Datastore
    errors: tuple[ManifestError, ...] = ()
    warnings: tuple[ManifestError, ...] = ()
    run: ControllerRun | None = None
    #: By identity of the KubernetesEntry, which the datastore keeps alive.
    conversions: Mapping[int, Converted] = field(default_factory=dict)


def converge(datastore: Datastore, *, form: str = "kubernetes", previous: Convergence | None = None) -> Convergence:
    """Convert and control. `previous`: the same for a datastore that shares most objects; it only saves work."""
    converted = _with_kubernetes_objects(datastore, form, previous) if datastore.kubernetes else Convergence(datastore)
    if not any(True for _ in datastore.all(KubeControllersConfiguration)):
        return converted
    from calico_engine.controllers.auto_host_endpoints import run_node_controllers

    run = run_node_controllers(converted.datastore, form=form, previous=None if previous is None else previous.run)
    return replace(
        converted,
        datastore=run.datastore,
        errors=(*converted.errors, *run.errors),
        warnings=(*converted.warnings, *run.warnings),
        run=run,
    )


def _with_kubernetes_objects(datastore: Datastore, form: str, previous: Convergence | None) -> Convergence:
    from calico_engine.controllers.kubernetes_objects import converted

    known = {} if previous is None else previous.conversions
    conversions = {
        id(entry): known.get(id(entry)) or converted(entry, form, stored=datastore.stored)
        for entry in datastore.kubernetes.values()
    }
    entries = {c.entry.key: c.entry for c in conversions.values() if c.entry is not None}
    warnings = [warning for c in conversions.values() for warning in c.warnings]
    warnings += [
        entry.remark((), "there is a Calico object of this name too, and that one counts")
        for entry in entries.values()
        if entry.key in datastore.entries
    ]
    joined = {**entries, **datastore.entries}
    return Convergence(
        replace(datastore, entries={key: joined[key] for key in sorted(joined)}),
        tuple(error for c in conversions.values() for error in c.errors),
        tuple(warnings),
        conversions=conversions,
    )
