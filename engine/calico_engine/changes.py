"""What-if on a datastore: apply, delete, patch and label, each giving a new one; the old one is untouched.

Refusals are calicoctl's and kubectl's (calicoctl/calicoctl/commands, kubectl's label). What is not changed is shared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from calico_engine.controllers.kube_controllers_configuration import CONFIGURATION_NAME, stored_configuration
from calico_engine.datastore import Datastore, Entry, Key, KubernetesEntry, build
from calico_engine.errors import ChangeRefused, InvalidManifest, UnknownReference, printable
from calico_engine.frozen import frozen
from calico_engine.listing import kind_named
from calico_engine.manifests.client_rules import KUBERNETES_POLICY_PREFIX, tier_problems
from calico_engine.manifests.hints import did_you_mean, elsewhere
from calico_engine.manifests.loading import Loaded, read_object
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.validator.shapes import label_key_problem, label_value_problem
from calico_engine.resources import MODELS, NetworkPolicy, Node, Policy, Profile, Tier
from calico_engine.resources.kinds import calico_kind, is_namespaced
from calico_engine.resources.kubernetes import KUBERNETES_KINDS, KUBERNETES_NAMES
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
    tiers = {name for kind, _, name in (*datastore.entries, *addition.entries) if kind == Tier.KIND}
    for key, entry in addition.entries.items():
        _check_not_kubernetes("create or apply", *key)
        if isinstance(entry.resource, Policy) and key not in datastore.entries:
            for problem in tier_problems(entry.resource.spec.tier, tiers):
                raise ChangeRefused(f"{key[0]} {printable(key[2])} cannot be created: {problem.message}")
        if key == (Profile.KIND, "", DEFAULT_ALLOW_PROFILE):
            raise ChangeRefused(f"the profile {DEFAULT_ALLOW_PROFILE} is built in and cannot be changed")
    return _with(datastore, addition.entries, addition.kubernetes)


def delete(datastore: Datastore, kind: str, name: str, namespace: str | None = None) -> Datastore:
    """The datastore without one object; UnknownReference if there is none, ChangeRefused if it is protected."""
    _check_not_kubernetes("delete", kind, namespace, name)
    target = find(datastore, kind, name, namespace)
    own_kind, _, _ = target.key
    if isinstance(target.entry, KubernetesEntry):
        return replace(datastore, kubernetes=_without(datastore.kubernetes, target.key))
    if own_kind == Tier.KIND:
        _check_tier(datastore, name)
    return replace(datastore, entries=_without(datastore.entries, target.key))


def patch(
    datastore: Datastore, kind: str, name: str, change: Mapping[str, Any], namespace: str | None = None
) -> Datastore:
    """The datastore with one object merged with `change`: mappings key by key, null removes, all else replaces."""
    _check_not_kubernetes("apply or replace", kind, namespace, name)
    target = find(_with_configuration(datastore, kind, name), kind, name, namespace)
    return _changed(datastore, target, lambda value: merged(value, change))


def label(
    datastore: Datastore, kind: str, target: str, changes: Iterable[str], *, overwrite: bool, namespace: str | None
) -> Datastore:
    """The datastore with labels set (`env=dev`) or removed (`env-`) on the object of that name.

    A target that names no object is a selector of labels, and every object of the kind that it selects is changed;
    `all()` selects all. ChangeRefused for a label that has another value, unless it may be overwritten.
    """
    wanted = [_label_change(text) for text in changes]
    change = {"metadata": {"labels": dict(wanted)}}
    for found in _label_targets(datastore, kind, target, namespace):
        own = dict(found.labels)
        for key, value in wanted:
            if value is not None and not overwrite and own.get(key, value) != value:
                # kubectl's words
                raise ChangeRefused(f"'{key}' already has a value ({own[key]}), and --overwrite is false")
        datastore = _changed(datastore, found, lambda value: merged(value, change))
    return datastore


def find(datastore: Datastore, kind: str, name: str, namespace: str | None = None) -> Target:
    """The object of that kind and name, Calico's or Kubernetes'; UnknownReference with the nearest name."""
    candidates = _of_kind(datastore, kind, namespace)
    found = [target for target in candidates if target.key[2] == name]
    if not found:
        kinds = calico_kind(kind), KUBERNETES_NAMES.get(kind.lower().partition(".")[0])
        keys = (*datastore.entries, *datastore.kubernetes)
        hint = elsewhere(space for own, space, called in keys if own in kinds and called == name and space)
        hint = hint or did_you_mean(name, {target.key[2] for target in candidates})
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
    configuration = stored_configuration(None)
    key = (configuration.KIND, "", CONFIGURATION_NAME)
    if datastore.stored or (calico_kind(kind), "", name) != key or key in datastore.entries:
        return datastore
    return _with(datastore, {key: Entry(configuration)}, {})


def _changed(datastore: Datastore, target: Target, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Datastore:
    entry = target.entry
    if isinstance(entry, KubernetesEntry):
        value = replace(entry.value, value=change(entry.value.value))
        metadata = value.value.get("metadata")
        _, namespace, name = target.key
        if not isinstance(metadata, Mapping) or metadata.get("name") != name:
            raise ChangeRefused(_RENAMED)
        if (metadata.get("namespace") or namespace) != namespace:
            raise ChangeRefused(_RENAMED)
        return _with(datastore, {}, {target.key: KubernetesEntry(value, entry.origin)})
    model = MODELS[entry.resource.api_version or "projectcalico.org/v3", entry.resource.KIND]
    reading = read_object(model, change(stored_form(entry.resource)), datastore.stored)
    if reading.resource is None or reading.refusals:
        # What is wrong stands in no file yet.
        changed = replace(entry, origin=None)
        problems = [changed.remark(problem.path, problem.message) for problem in reading.refusals]
        raise InvalidManifest(problems)
    warnings = tuple(entry.remark(remark.path, remark.message, key=remark.at_key) for remark in reading.warnings)
    changed = Entry(reading.resource, entry.origin, entry.converted_kind, warnings)
    if changed.key != target.key:
        raise ChangeRefused(_RENAMED)
    return _with(datastore, {target.key: changed}, {})


def _with(datastore: Datastore, entries: Mapping[Key, Entry], kubernetes: Mapping[Key, KubernetesEntry]) -> Datastore:
    joined = {**datastore.entries, **entries}
    if joined.keys() != datastore.entries.keys():
        joined = {key: joined[key] for key in sorted(joined)}
    return replace(datastore, entries=joined, kubernetes={**datastore.kubernetes, **kubernetes})


def _without(entries: Mapping[Key, Any], gone: Key) -> dict[Key, Any]:
    return {key: entry for key, entry in entries.items() if key != gone}


def _check_not_kubernetes(operation: str, kind: str, namespace: str | None, name: str) -> None:
    """calicoctl goes by the name, in either datastore (calicoctl/calicoctl/resourcemgr/networkpolicy.go)."""
    if calico_kind(kind) == NetworkPolicy.KIND and name.startswith(KUBERNETES_POLICY_PREFIX):
        full = f"{NetworkPolicy.KIND}({namespace or _DEFAULT_NAMESPACE}/{printable(name)})"
        reason = "kubernetes network policies must be managed through the kubernetes API"
        raise ChangeRefused(f"operation {operation} is not supported on {full}: {reason}")


def _check_tier(datastore: Datastore, name: str) -> None:
    if name in BUILT_IN_TIERS:
        raise ChangeRefused(f"Cannot delete {name} tier")
    for key, entry in datastore.entries.items():
        policy = entry.resource
        if isinstance(policy, Policy) and (policy.spec.tier or DEFAULT_TIER) == name:
            raise ChangeRefused(f"Cannot delete a non-empty tier: {key[0]} {printable(key[2])} is in {name}")


def _of_kind(datastore: Datastore, kind: str, namespace: str | None) -> list[Target]:
    """Every object that the kind's name may mean. `networkpolicy.networking.k8s.io` means Kubernetes' own.

    `networkpolicy.projectcalico.org` means Calico's. Of a node that both have, Kubernetes' is the original; policies of
    one name are two.
    """
    name, _, group = kind.lower().partition(".")
    found: list[Target] = []
    own = calico_kind(kind)
    if own is not None:
        wanted = (namespace or _DEFAULT_NAMESPACE) if is_namespaced(own) else ""
        found += [Target(key, e) for key, e in datastore.entries.items() if key[0] == own and key[1] == wanted]
    foreign = KUBERNETES_NAMES.get(name)
    if namespace is not None and own is not None and foreign is None and not is_namespaced(own):
        raise ChangeRefused(f"{own} is not namespaced")
    if foreign is not None and (not group or _VERSION_OF[foreign].startswith(group)):
        version = _VERSION_OF[foreign]
        wanted = (namespace or _DEFAULT_NAMESPACE) if KUBERNETES_KINDS[version, foreign] else ""
        theirs = [Target(key, e) for key, e in datastore.kubernetes.items() if key[0] == foreign and key[1] == wanted]
        originals = {target.key for target in theirs if foreign == Node.KIND}
        found = [target for target in found if target.key not in originals] + theirs
    if foreign is None and own is None:
        kind_named(kind)
    return found


def _label_targets(datastore: Datastore, kind: str, target: str, namespace: str | None) -> list[Target]:
    if not any(found.key[2] == target for found in _of_kind(datastore, kind, namespace)):
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
