"""Labels forgotten: those that some selector asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, value_at, without
from calico_engine.compiler.felix_model import FelixModel, FelixPolicy, FelixProfile, FelixRule
from calico_engine.compiler.flattening import NAMESPACE_PREFIX, SERVICE_ACCOUNT_PREFIX
from calico_engine.datastore import Datastore
from calico_engine.resources import FelixConfiguration, KubeControllersConfiguration
from calico_selectors import InvalidSelector, Selector

_LABELS = ("metadata", "labels")
#: The labels of these are seen under a prefix at the endpoints that they are for.
_PREFIXES = {"Namespace": NAMESPACE_PREFIX, "ServiceAccount": SERVICE_ACCOUNT_PREFIX}


def label_mutations(value: Object, wanted: Collection[str]) -> Iterator[Mutation]:
    """Each label missing that a selector asks for."""
    prefix = _PREFIXES.get(str(value.get("kind")), "")
    for name, label in (value_at(value, _LABELS) or {}).items():
        if f"{prefix}{name}" in wanted:
            path = (*_LABELS, name)
            yield Mutation(Operator.REMOVE_LABEL, path, f"{name}={label} removed", "", without(value, path))


def labels_asked_for(model: FelixModel) -> frozenset[str]:
    """Every label that a selector of a policy or profile names."""
    owners: list[FelixPolicy | FelixProfile] = [*model.policies, *model.profiles.values()]
    names = {name for policy in model.policies for name in policy.selector.label_names}
    for owner in owners:
        names |= _names_in(owner.ingress) | _names_in(owner.egress)
    return frozenset(names)


def _names_in(rules: Iterable[FelixRule]) -> set[str]:
    selectors = (
        selector
        for rule in rules
        for side in (rule.source, rule.destination)
        for selector in (side.positive, side.negative)
    )
    return {name for selector in selectors if selector is not None for name in selector.label_names}


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
