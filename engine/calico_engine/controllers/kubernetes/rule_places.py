"""Where a rule is written: in a policy that Calico converts, one written rule may become several, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from calico_engine.controllers.kubernetes import cluster_network_policies, network_policies
from calico_engine.controllers.kubernetes.reading import Struct
from calico_engine.datastore import Datastore, Entry
from calico_engine.manifests.encoding import to_json
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import Direction
from calico_engine.resources import StagedKubernetesNetworkPolicy

_Written = Callable[[Struct, Direction], tuple[int, ...]]
#: Kind of what is converted → how its rules are counted.
_CONVERTED: Final[Mapping[str, _Written]] = {
    "NetworkPolicy": network_policies.RULES.written,
    "ClusterNetworkPolicy": cluster_network_policies.RULES.written,
}


def rule_path(datastore: Datastore, entry: Entry, direction: Direction, index: int) -> Path:
    """The path of a rule in the document of its policy or profile; `index` counts the rules that Felix has."""
    found = _written(datastore, entry)
    if found is not None:
        value, written = found
        index = written(Struct.of(value), direction)[index]
    return ("spec", direction.value.lower(), index)


def _written(datastore: Datastore, entry: Entry) -> tuple[Mapping[str, object], _Written] | None:
    """The object that was converted, and how its rules are counted; None for what stands as it is."""
    if isinstance(entry.resource, StagedKubernetesNetworkPolicy):
        return to_json(entry.resource), network_policies.RULES.written
    _, namespace, name = entry.key
    for kind, written in _CONVERTED.items():
        own = datastore.kubernetes.get((kind, namespace, name.removeprefix("knp.default.")))
        if own is not None and own.origin is entry.origin:
            return own.value.value, written
    return None
