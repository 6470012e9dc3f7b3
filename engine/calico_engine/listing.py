"""The objects of a datastore as `calicoctl get -o json` shows them."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.datastore import Datastore
from calico_engine.errors import UnknownReference, quoted
from calico_engine.manifests.hints import did_you_mean
from calico_engine.manifests.stored import stored_form
from calico_engine.resources import API_VERSION, Profile, Resource, Tier
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.kinds import BY_NAME, KindNames, calico_kind, written_apart
from calico_engine.resources.kubernetes import KUBERNETES_NAMES
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE, ProfileSpec
from calico_engine.resources.rules import Rule

_ALLOW = (Rule(action="Allow"),)


def kind_named(name: str) -> KindNames:
    """The kind that is called so: `heps`, `HostEndpoint`, `gnp` … Raises UnknownReference with the nearest name."""
    kind = calico_kind(name)
    if kind is not None:
        return BY_NAME[kind.lower()]
    if name.lower().partition(".")[0] in KUBERNETES_NAMES:
        told = "is a kind of Kubernetes, not of Calico: calico-engine convert shows what becomes of those"
        raise UnknownReference(f"{quoted(name)} {told}")
    hint = "; name one kind at a time" if "," in name else written_apart(name) or did_you_mean(name, BY_NAME)
    raise UnknownReference(f"there is no kind {quoted(name)}{hint}")


def listed(
    datastore: Datastore, kind: str, name: str | None = None, namespace: str | None = None
) -> tuple[dict[str, object], ...]:
    """The objects of one kind, in the order in which calicoctl lists them: namespace, name; tiers by their order."""
    found = [
        stored_form(resource)
        for resource in sorted(_resources(datastore, kind), key=_order)
        if name in (None, resource.metadata.name) and namespace in (None, resource.metadata.namespace)
    ]
    return tuple(found)


def _resources(datastore: Datastore, kind: str) -> Iterator[Resource]:
    for entry in datastore.entries.kind(kind).values():
        yield entry.resource
    if kind == Profile.KIND and datastore.get(kind, DEFAULT_ALLOW_PROFILE) is None:
        yield _default_allow_profile()


def _default_allow_profile() -> Profile:
    """It is always there, and written nowhere (libcalico-go/lib/resources/static.go)."""
    spec = ProfileSpec(ingress=_ALLOW, egress=_ALLOW)
    metadata = ObjectMeta(name=DEFAULT_ALLOW_PROFILE)
    return Profile(api_version=API_VERSION, kind=Profile.KIND, metadata=metadata, spec=spec)


def _order(resource: Resource) -> tuple[bool, float, str, str]:
    """calicoctl/calicoctl/resourcemgr/tier.go: tiers come by order, those without one last."""
    order = resource.spec.order if isinstance(resource, Tier) else 0.0
    metadata = resource.metadata
    return order is None, order or 0.0, metadata.namespace, metadata.name
