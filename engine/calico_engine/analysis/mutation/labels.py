"""Labels forgotten: those that some selector asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, value_at, without
from calico_engine.compiler.felix_model import FelixModel, FelixPolicy, FelixProfile
from calico_engine.compiler.flattening import NAMESPACE_PREFIX, SERVICE_ACCOUNT_PREFIX
from calico_engine.datastore import Datastore
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources import FelixConfiguration, KubeControllersConfiguration
from calico_selectors import InvalidSelector, Selector

_LABELS = ("metadata", "labels")
#: The labels of these are seen under a prefix at the endpoints that they are for.
_PREFIXES = {"Namespace": NAMESPACE_PREFIX, "ServiceAccount": SERVICE_ACCOUNT_PREFIX}


def label_mutations(value: Object, wanted: Collection[str], where: Path = _LABELS) -> Iterator[Mutation]:
    """Each label missing that a selector asks for."""
    prefix = _PREFIXES.get(str(value.get("kind")), "")
    for name, label in (value_at(value, where) or {}).items():
        if f"{prefix}{name}" in wanted:
            path = (*where, name)
            yield Mutation(Operator.REMOVE_LABEL, path, f"{name}={label} removed", "", without(value, path))


def labels_asked_for(model: FelixModel) -> frozenset[str]:
    """Every label that a selector of a policy or profile names."""
    selectors = {policy.selector for policy in model.policies} | selectors_in_rules(model)
    return frozenset(name for selector in selectors for name in selector.label_names)


def selectors_in_rules(model: FelixModel) -> frozenset[Selector]:
    """The selectors of all sources and destinations."""
    owners: list[FelixPolicy | FelixProfile] = [*model.policies, *model.profiles.values()]
    sides = (
        side for owner in owners for rule in (*owner.ingress, *owner.egress) for side in (rule.source, rule.destination)
    )
    return frozenset(each for side in sides for each in (side.positive, side.negative) if each is not None)


def node_labels_asked_for(datastore: Datastore, of_endpoints: Collection[str]) -> frozenset[str]:
    """Labels of Nodes reach host endpoints through kube-controllers, and select Felix's configurations."""
    names: set[str] = set()
    texts = [entry.spec.get("nodeSelector") for _, entry in datastore.all(FelixConfiguration)]
    for _, configuration in datastore.all(KubeControllersConfiguration):
        node = configuration.spec.controllers.node
        templates = node.host_endpoint.templates if node is not None and node.host_endpoint is not None else ()
        texts += [template.node_selector for template in templates]
        names.update(of_endpoints)
    for text in texts:
        try:
            names |= Selector(text or "").label_names
        except InvalidSelector:
            continue
    return frozenset(names)
