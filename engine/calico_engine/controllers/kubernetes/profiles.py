"""Namespace and ServiceAccount → Profile (conversion.go: NamespaceToProfile, ServiceAccountToProfile)."""

from __future__ import annotations

from calico_engine.controllers.kubernetes.identity import (
    NAME_LABEL,
    NAMESPACE_LABEL_PREFIX,
    SERVICE_ACCOUNT_LABEL_PREFIX,
    Key,
    Resource,
    convert_uid,
    metadata_of,
    namespace_profile,
    resource,
    service_account_profile,
)
from calico_engine.controllers.kubernetes.reading import Struct

_KIND = "Profile"


def convert_namespace(namespace: Struct, *, require_uid: bool) -> tuple[Key, Resource]:
    """A profile that allows both ways, so that a pod without policies is open, and carries the namespace's labels."""
    metadata = namespace.struct("metadata")
    labels = _inherited(metadata, NAMESPACE_LABEL_PREFIX)
    allow: list[Resource] = [{"action": "Allow"}]
    spec: Resource = {"ingress": allow, "egress": allow, "labelsToApply": labels}
    return _profile(namespace_profile(metadata.text("name")), metadata, spec, require_uid)


def convert_service_account(account: Struct, *, require_uid: bool) -> tuple[Key, Resource]:
    """A profile without rules that carries the account's labels."""
    metadata = account.struct("metadata")
    labels = _inherited(metadata, SERVICE_ACCOUNT_LABEL_PREFIX)
    name = service_account_profile(metadata.text("namespace"), metadata.text("name"))
    return _profile(name, metadata, {"labelsToApply": labels}, require_uid)


def _inherited(metadata: Struct, prefix: str) -> dict[str, str]:
    """The labels with the prefix; the name's own label comes last and wins."""
    labels = {prefix + key: value for key, value in metadata.text_map("labels").items()}
    return labels | {prefix + NAME_LABEL: metadata.text("name")}


def _profile(name: str, metadata: Struct, spec: Resource, require_uid: bool) -> tuple[Key, Resource]:
    """Calico refuses an object without a UID; manifests that never were in a cluster have none."""
    uid = metadata.text("uid")
    made = metadata_of(metadata, name=name, uid=convert_uid(uid) if uid or require_uid else "")
    return (_KIND, "", name), resource(_KIND, made, spec)
