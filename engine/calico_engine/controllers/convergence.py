"""The datastore once Calico's converters and controllers have done their work: what Felix reads.

Kubernetes objects become Calico's, then kube-controllers makes automatic host endpoints, if it is configured at all. Both
are many modules, and most questions are about manifests that need neither, so they are imported when they are needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from calico_engine.datastore import Datastore, Entry, Key, in_key_order
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.resources import KubeControllersConfiguration
from calico_engine.reuse import Reuse

if TYPE_CHECKING:
    from calico_engine.controllers.kube_controllers.running import ControllerRun
    from calico_engine.controllers.kubernetes.objects import Converted

_Table = Mapping[Key, Entry]


@frozen
class Convergence:
    """The datastore that Felix reads, and what was worth a remark on the way."""

    datastore: Datastore
    errors: tuple[ManifestError, ...] = ()
    warnings: tuple[ManifestError, ...] = ()
    run: ControllerRun | None = None


@frozen
class _Products:
    """What the Kubernetes objects of one kind became: Calico's objects by kind."""

    tables: Mapping[str, _Table]
    errors: tuple[ManifestError, ...]
    warnings: tuple[ManifestError, ...]


def converge(datastore: Datastore, *, form: str = "kubernetes", reuse: Reuse | None = None) -> Convergence:
    """Convert and control."""
    reuse = reuse or Reuse()
    converted = _with_kubernetes_objects(datastore, form, reuse) if datastore.kubernetes else Convergence(datastore)
    if not datastore.tables(KubeControllersConfiguration):
        return converted
    from calico_engine.controllers.kube_controllers.running import run_node_controllers

    run = run_node_controllers(converted.datastore, form=form, reuse=reuse)
    return replace(
        converted,
        datastore=run.datastore,
        errors=(*converted.errors, *run.errors),
        warnings=(*converted.warnings, *run.warnings),
        run=run,
    )


def _with_kubernetes_objects(datastore: Datastore, form: str, reuse: Reuse) -> Convergence:
    from calico_engine.controllers.kubernetes.objects import converted

    all_products = []
    for kind, table in datastore.kubernetes.by_kind.items():
        made = reuse.each(converted, table, form, datastore.stored, slot=kind)
        all_products.append(reuse.of(_products, made, slot=kind))
    errors = tuple(error for products in all_products for error in products.errors)
    warnings = [warning for products in all_products for warning in products.warnings]
    tables: dict[str, _Table] = {}
    for kind in dict.fromkeys(kind for products in all_products for kind in products.tables):
        made_of_it = [products.tables[kind] for products in all_products if kind in products.tables]
        written = datastore.entries.kind(kind)
        tables[kind] = reuse.of(_joined, written, *made_of_it, slot=kind)
        warnings += reuse.of(_hidden, written, *made_of_it, slot=kind)
    return Convergence(replace(datastore, entries=datastore.entries.replaced(tables)), errors, tuple(warnings))


def _products(made: Mapping[Key, Converted]) -> _Products:
    tables: dict[str, dict[Key, Entry]] = {}
    for converted in made.values():
        if converted.entry is not None:
            key = converted.entry.key
            tables.setdefault(key[0], {})[key] = converted.entry
    return _Products(
        {kind: in_key_order(table) for kind, table in tables.items()},
        tuple(error for converted in made.values() for error in converted.errors),
        tuple(warning for converted in made.values() for warning in converted.warnings),
    )


def _joined(written: _Table, *made: _Table) -> _Table:
    """One table of all; what was written counts before what was made."""
    if len(made) == 1 and not written:
        return made[0]
    return in_key_order({key: entry for table in (*made, written) for key, entry in table.items()})


def _hidden(written: _Table, *made: _Table) -> tuple[ManifestError, ...]:
    return tuple(_hidden_objects(written, *made))


def _hidden_objects(written: _Table, *made: _Table) -> Iterator[ManifestError]:
    for table in made:
        for key in table.keys() & written.keys():
            yield table[key].remark((), "there is a Calico object of this name too, and that one counts")
