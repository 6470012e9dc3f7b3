"""Every Kubernetes object of some manifests as the Calico object that it becomes, with what is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.controllers.kubernetes.api_server import with_api_server_defaults
from calico_engine.controllers.kubernetes.conversion import Conversion, convert, convert_for_etcd
from calico_engine.controllers.kubernetes.identity import Resource
from calico_engine.controllers.kubernetes.objects import READ_AS_IT_IS
from calico_engine.controllers.kubernetes.workloads import is_workload_endpoint
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.manifests.loading import Loaded, LoadedKubernetesObject


@frozen
class Product:
    """What one object became: nothing, a resource, or a resource and warnings; or an error in its place."""

    resource: Resource | None = None
    errors: tuple[ManifestError, ...] = ()
    warnings: tuple[ManifestError, ...] = ()


def products(loaded: Loaded, datastore: str, *, stored: bool = False) -> Iterator[Product]:
    """In the order of the manifests, objects that become nothing left out."""
    for found in loaded.kubernetes:
        if found.value.kind not in READ_AS_IT_IS:
            yield _product(found, datastore, stored)


def _product(found: LoadedKubernetesObject, datastore: str, stored: bool) -> Product:
    value = found.value.value if stored else with_api_server_defaults(found.value.value)
    if found.value.kind == "Pod" and not is_workload_endpoint(value):
        return Product()
    conversion = (convert if datastore == "kubernetes" else convert_for_etcd)(value, require_uid=False)
    resource = next(iter(conversion.resources), None)
    remarks = tuple(_remarks(found, conversion, partly=resource is not None))
    return Product(resource, (), remarks) if resource is not None else Product(None, remarks)


def _remarks(found: LoadedKubernetesObject, conversion: Conversion, *, partly: bool) -> Iterator[ManifestError]:
    """Where one rule of a policy is wrong, the place is the rule's."""
    kind, name = found.value.kind, found.value.name
    for error in conversion.rule_errors:
        what = "Calico leaves this rule out" if partly else "this rule keeps Calico from converting the policy"
        path = ("spec", error.direction.value.lower(), error.index)
        yield found.origin.remark(kind, name, path, f"{what}: {error.reason}")
    if conversion.error and not conversion.rule_errors:
        yield found.origin.remark(kind, name, (), f"Calico cannot convert it: {conversion.error}")
