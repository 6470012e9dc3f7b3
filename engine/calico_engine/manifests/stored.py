"""An object as `calicoctl get -o json` shows it once it is stored.

Source: calicoctl/calicoctl/resourcemgr/resourcemgr.go: prepareMetadataForCreate (spec resources 11.5). What the
datastore adds (uid, resourceVersion, creationTimestamp) is not shown.
"""

from __future__ import annotations

from calico_engine.manifests.encoding import to_json
from calico_engine.resources import MODELS, FelixConfiguration, Resource

_KEPT_METADATA = ("name", "namespace", "labels", "annotations")
_VERSIONS = {kind: version for version, kind in MODELS}


def stored_form(resource: Resource) -> dict[str, object]:
    """JSON of the object: its kind, the metadata that survives, spec and status, without what holds nothing."""
    written = to_json(resource)
    metadata = written.get("metadata")
    kept = {key: metadata[key] for key in _KEPT_METADATA if key in metadata} if isinstance(metadata, dict) else {}
    rest = {key: value for key, value in written.items() if key not in ("apiVersion", "kind", "metadata")}
    if isinstance(resource, FelixConfiguration):
        # The one field of the spec that Go prints even when it is empty.
        rest["spec"] = {**resource.spec, "bpfLogLevel": resource.spec.get("bpfLogLevel", "")}
    return {"apiVersion": _VERSIONS[resource.KIND], "kind": resource.KIND, "metadata": kept, **rest}
