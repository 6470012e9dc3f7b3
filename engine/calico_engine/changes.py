"""What-if on a datastore: apply, delete, patch and label, each giving a new one; the old one is untouched.

Refusals are calicoctl's and kubectl's (calicoctl/calicoctl/commands, kubectl's label). What is not changed is shared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from calico_engine.controllers.kube_controllers.configuration import CONFIGURATION_NAME, stored_configuration
from calico_engine.datastore import Datastore, Entry, Key, KubernetesEntry, build
from calico_engine.errors import ChangeRefused, InvalidManifest, UnknownReference, printable
from calico_engine.frozen import frozen
from calico_engine.listing import kind_named
from calico_engine.manifests.client_rules import KUBERNETES_POLICY_PREFIX, tier_problems
from calico_engine.manifests.hints import did_you_mean, elsewhere
from calico_engine.manifests.loading import Loaded, read_object
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.validator.shapes import label_key_problem, label_value_problem
from calico_engine.resources import MODELS, KubeControllersConfiguration, NetworkPolicy, Node, Policy, Profile, Tier
from calico_engine.resources.kinds import calico_kind, is_namespaced
from calico_engine.resources.kubernetes import KUBERNETES_KINDS, KUBERNETES_NAMES
from calico_engine.resources.policies import POLICY_KINDS
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE
from calico_engine.resources.tiers import BUILT_IN_TIERS, DEFAULT_TIER
from calico_selectors import InvalidSelector, Selector

_DEFAULT_NAMESPACE = "default"
_RENAMED = "an object cannot be renamed: delete it and create another"
#: Of what Calico's controllers and converters make objects.
_MADE_OF = {
    "HostEndpoint": "its Node or the KubeControllersConfiguration",
    "Profile": "its Namespace or ServiceAccount",
    "WorkloadEndpoint": "its Pod",
    "Node": "Kubernetes' own",
    "NetworkPolicy": "Kubernetes' own",
}
_Objects = Mapping[Key, Entry] | Mapping[Key, KubernetesEntry]
_VERSION_OF = {kind: version for version, kind in KUBERNETES_KINDS}


@frozen
class Target:
    """One object that a change is about: Calico's or Kubernetes' own."""

    key: Key
    entry: Entry | KubernetesEntry

    @property
    def labels(self) -> Mapping[str, str]:
        if isinstance(self.entry, Entry):
            return self.entry.resource.metadata.labels
        found = self.entry.value.value.get("metadata", {}).get("labels") or {}
        return {str(key): str(value) for key, value in found.items()}


def apply(datastore: Datastore, loaded: Loaded) -> Datastore:
    """The datastore with these objects created or, where they exist, replaced.

    InvalidManifest if they are not valid; ChangeRefused where calicoctl refuses to create one.
    """
    addition, twice = build(loaded, stored=True)
    if loaded.errors or twice:
        raise InvalidManifest([*loaded.errors, *twice], loaded.texts)
    tiers = {name for each in (datastore, addition) for _, _, name in each.entries.kind(Tier.KIND)}
    for key, entry in addition.entries.items():
        _check_not_kubernetes("create or apply", *key)
        if isinstance(entry.resource, Policy) and key not in datastore.entries:
            for problem in tier_problems(entry.resource.spec.tier, tiers):
                raise ChangeRefused(f"{key[0]} {printable(key[2])} cannot be created: {problem.message}")
        if key == (Profile.KIND, "", DEFAULT_ALLOW_PROFILE):
            raise ChangeRefused(f"the profile {DEFAULT_ALLOW_PROFILE} is built in and cannot be changed")
    return datastore.changed((*addition.entries.values(), *addition.kubernetes.values()))


def delete(datastore: Datastore, kind: str, name: str, namespace: str | None = None) -> Datastore:
    """The datastore without one object; UnknownReference if there is none, ChangeRefused if it is protected."""
    _check_not_kubernetes("delete", kind, namespace, name)
    target = find(datastore, kind, name, namespace)
    own_kind, _, _ = target.key
    if isinstance(target.entry, KubernetesEntry):
        return replace(datastore, kubernetes=datastore.kubernetes.without(target.key))
    if own_kind == Tier.KIND:
        _check_tier(datastore, name)
    return replace(datastore, entries=datastore.entries.without(target.key))


def patch(
    datastore: Datastore, kind: str, name: str, change: Mapping[str, Any], namespace: str | None = None
) -> Datastore:
    """The datastore with one object merged with `change`: mappings key by key, null removes, all else replaces."""
    _check_not_kubernetes("apply or replace", kind, namespace, name)
    target = find(_with_configuration(datastore, kind, name), kind, name, namespace)
    return datastore.changed([_patched(target, change, stored=datastore.stored)])


def label(
    datastore: Datastore, kind: str, target: str, changes: Iterable[str], *, overwrite: bool, namespace: str | None
) -> Datastore:
    """The datastore with labels set (`env=dev`) or removed (`env-`) on the object of that name.

    A target that names no object is a selector of labels, and every object of the kind that it selects is changed;
    `all()` selects all. ChangeRefused for a label that has another value, unless it may be overwritten.
    """
    wanted = [_label_change(text) for text in changes]
    change = {"metadata": {"labels": dict(wanted)}}
    changed: list[Entry | KubernetesEntry] = []
    for found in _label_targets(datastore, kind, target, namespace):
        own = dict(found.labels)
        for key, value in wanted:
            if value is not None and not overwrite and own.get(key, value) != value:
                # kubectl's words
                raise ChangeRefused(f"'{key}' already has a value ({own[key]}), and --overwrite is false")
        changed.append(_patched(found, change, stored=datastore.stored))
    return datastore.changed(changed)


def find(datastore: Datastore, kind: str, name: str, namespace: str | None = None) -> Target:
    """The object of that kind and name, Calico's or Kubernetes'; UnknownReference with the nearest name."""
    found = _called(datastore, kind, name, namespace)
    if not found:
        kinds = calico_kind(kind), KUBERNETES_NAMES.get(kind.lower().partition(".")[0])
        keys = (*datastore.entries, *datastore.kubernetes)
        hint = elsewhere(space for own, space, called in keys if own in kinds and called == name and space)
        hint = hint or did_you_mean(name, {target.key[2] for target in _of_kind(datastore, kind, namespace)})
        raise UnknownReference(f"resource does not exist: {kind}({printable(name)}){hint}")
    if len(found) > 1:
        both = f"{kind.lower()}.projectcalico.org and {kind.lower()}.networking.k8s.io"
        raise UnknownReference(f"{kind}({printable(name)}) is two things; say which is meant: {both}")
    return found[0]


def hint_if_made(complete: Datastore, kind: str, name: str, namespace: str | None = None) -> str:
    """A word about an object that is written nowhere, but stands in the datastore once the controllers have run."""
    own = calico_kind(kind)
    if own is None:
        return ""
    if (own, name) == (Profile.KIND, DEFAULT_ALLOW_PROFILE):
        return "; it is built in"
    key = (own, (namespace or _DEFAULT_NAMESPACE) if is_namespaced(own) else "", name)
    made = key in complete.entries
    return f"; it is made of other objects, and written nowhere: change {_MADE_OF.get(own, 'those')}" if made else ""


def selected(datastore: Datastore, kind: str, selector: Selector, namespace: str | None = None) -> list[Target]:
    """The objects of that kind that the selector selects by their labels."""
    return [target for target in _of_kind(datastore, kind, namespace) if selector.matches(target.labels)]


def merged(value: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch. A stack of its own: a patch may nest as deep as it likes."""
    result = dict(value)
    stack: list[tuple[dict[str, Any], Mapping[str, Any]]] = [(result, change)]
    while stack:
        into, source = stack.pop()
        for key, item in source.items():
            if item is None:
                into.pop(key, None)
            elif isinstance(item, Mapping):
                held = into.get(key)
                into[key] = dict(held) if isinstance(held, Mapping) else {}
                stack.append((into[key], item))
            else:
                into[key] = item
    return result


def _with_configuration(datastore: Datastore, kind: str, name: str) -> Datastore:
    """What is patched may be the object that kube-controllers creates where there is none (runconfig.go)."""
    key = (KubeControllersConfiguration.KIND, "", CONFIGURATION_NAME)
    if datastore.stored or (calico_kind(kind), "", name) != key or key in datastore.entries:
        return datastore
    return datastore.changed([Entry(stored_configuration(None))])


def _patched(target: Target, change: Mapping[str, Any], *, stored: bool) -> Entry | KubernetesEntry:
    entry = target.entry
    if isinstance(entry, KubernetesEntry):
        value = replace(entry.value, value=merged(entry.value.value, change))
        metadata = value.value.get("metadata")
        _, namespace, name = target.key
        if not isinstance(metadata, Mapping) or metadata.get("name") != name:
            raise ChangeRefused(_RENAMED)
        if (metadata.get("namespace") or namespace) != namespace:
            raise ChangeRefused(_RENAMED)
        return KubernetesEntry(value, entry.origin)
    model = MODELS[entry.resource.api_version or "projectcalico.org/v3", entry.resource.KIND]
    reading = read_object(model, merged(stored_form(entry.resource), change), stored)
    if reading.resource is None or reading.refusals:
        # What is wrong stands in no file yet.
        changed = replace(entry, origin=None)
        problems = [changed.remark(problem.path, problem.message) for problem in reading.refusals]
        raise InvalidManifest(problems)
    warnings = tuple(entry.remark(remark.path, remark.message, key=remark.at_key) for remark in reading.warnings)
    changed = Entry(reading.resource, entry.origin, entry.converted_kind, warnings)
    if changed.key != target.key:
        raise ChangeRefused(_RENAMED)
    return changed


def _check_not_kubernetes(operation: str, kind: str, namespace: str | None, name: str) -> None:
    """calicoctl goes by the name, in either datastore (calicoctl/calicoctl/resourcemgr/networkpolicy.go)."""
    if calico_kind(kind) == NetworkPolicy.KIND and name.startswith(KUBERNETES_POLICY_PREFIX):
        full = f"{NetworkPolicy.KIND}({namespace or _DEFAULT_NAMESPACE}/{printable(name)})"
        reason = "kubernetes network policies must be managed through the kubernetes API"
        raise ChangeRefused(f"operation {operation} is not supported on {full}: {reason}")


def _check_tier(datastore: Datastore, name: str) -> None:
    if name in BUILT_IN_TIERS:
        raise ChangeRefused(f"Cannot delete {name} tier")
    for model in POLICY_KINDS:
        for entry, policy in datastore.all(model):
            if (policy.spec.tier or DEFAULT_TIER) == name:
                full = f"{entry.key[0]} {printable(entry.key[2])}"
                raise ChangeRefused(f"Cannot delete a non-empty tier: {full} is in {name}")


def _of_kind(datastore: Datastore, kind: str, namespace: str | None) -> list[Target]:
    """Every object that the kind's name may mean, in one namespace."""
    places = _places(datastore, kind, namespace)
    return _originals(
        Target(key, entry) for table, _, wanted in places for key, entry in table.items() if key[1] == wanted
    )


def _called(datastore: Datastore, kind: str, name: str, namespace: str | None) -> list[Target]:
    """Those of that name."""
    places = _places(datastore, kind, namespace)
    found = (table.get((own, wanted, name)) for table, own, wanted in places)
    return _originals(Target(entry.key, entry) for entry in found if entry is not None)


def _places(datastore: Datastore, kind: str, namespace: str | None) -> list[tuple[_Objects, str, str]]:
    """What the kind's name may mean: each as a table of objects, their kind, and the namespace.

    `networkpolicy.networking.k8s.io` means Kubernetes' own, `networkpolicy.projectcalico.org` Calico's.
    """
    name, _, group = kind.lower().partition(".")
    found: list[tuple[_Objects, str, str]] = []
    own = calico_kind(kind)
    if own is not None:
        wanted = (namespace or _DEFAULT_NAMESPACE) if is_namespaced(own) else ""
        found.append((datastore.entries.kind(own), own, wanted))
    foreign = KUBERNETES_NAMES.get(name)
    if namespace is not None and own is not None and foreign is None and not is_namespaced(own):
        raise ChangeRefused(f"{own} is not namespaced")
    if foreign is not None and (not group or _VERSION_OF[foreign].startswith(group)):
        wanted = (namespace or _DEFAULT_NAMESPACE) if KUBERNETES_KINDS[_VERSION_OF[foreign], foreign] else ""
        found.append((datastore.kubernetes.kind(foreign), foreign, wanted))
    if foreign is None and own is None:
        kind_named(kind)
    return found


def _originals(found: Iterable[Target]) -> list[Target]:
    """Of a node that both have, Kubernetes' is the original; policies of one name are two."""
    targets = list(found)
    originals = {each.key for each in targets if isinstance(each.entry, KubernetesEntry) and each.key[0] == Node.KIND}
    return [each for each in targets if isinstance(each.entry, KubernetesEntry) or each.key not in originals]


def _label_targets(datastore: Datastore, kind: str, target: str, namespace: str | None) -> list[Target]:
    if not _called(datastore, kind, target, namespace):
        with contextlib.suppress(InvalidSelector):
            return selected(datastore, kind, Selector(target), namespace)
    return [find(datastore, kind, target, namespace)]


def _label_change(text: str) -> tuple[str, str | None]:
    """(key, value), or (key, None) for a label to remove. Of what is set, kubectl looks at key and value first."""
    key, equals, value = text.partition("=")
    if equals:
        problem = label_key_problem(key) or label_value_problem(value)
        if problem is not None:
            raise ChangeRefused(f"no label: {problem}")
        return key, value
    if text.endswith("-") and len(text) > 1:
        return text[:-1], None
    raise ChangeRefused(f"{text!r} is neither KEY=VALUE nor KEY-")
