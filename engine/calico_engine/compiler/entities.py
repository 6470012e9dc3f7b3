"""What selectors can select, with the labels that it is seen to have: endpoints and network sets.

Source: felix/labelindex/label_inheritance_index.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from calico_engine.compiler.felix_model import FelixEndpoint, FelixModel, FelixNetworkSet, FelixProfile, NamedPort, Net
from calico_engine.frozen import frozen
from calico_engine.reuse import Reuse


@frozen
class Entity:
    """What a selector may select, and the addresses that it then contributes. `layers`: labels of its profiles."""

    owner: FelixEndpoint | FelixNetworkSet
    layers: tuple[Mapping[str, str], ...]
    labels: Mapping[str, str]
    nets: tuple[Net, ...]
    ports: tuple[NamedPort, ...] = ()


#: By identity of the endpoint or network set, which each holds.
Entities = Mapping[int, Entity]


@frozen
class Groups:
    """Everything that selectors can select. `changes`: what each group has no more and what is new, since `earlier`."""

    groups: tuple[Entities, ...]
    earlier: tuple[Entities, ...] = ()
    changes: tuple[tuple[frozenset[int], Entities], ...] = ()


def inherited_labels(
    own: Mapping[str, str], profiles: Iterable[str], known: Mapping[str, FelixProfile]
) -> Mapping[str, str]:
    """The labels an entity is seen to have: its own win, then each listed profile in order (label_inheritance_index.go)."""
    return _joined_labels(own, _layers(profiles, known))


def _layers(profiles: Iterable[str], known: Mapping[str, FelixProfile]) -> tuple[Mapping[str, str], ...]:
    return tuple(known[name].labels for name in profiles if name in known and known[name].labels)


def _joined_labels(own: Mapping[str, str], layers: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    if not layers:
        return own
    labels: dict[str, str] = {}
    for layer in reversed(layers):
        labels.update(layer)
    labels.update(own)
    return labels


def groups(model: FelixModel, reuse: Reuse) -> Groups:
    """Host endpoints, workload endpoints and network sets."""
    owners: Sequence[Iterable[FelixEndpoint | FelixNetworkSet]] = (
        model.host_endpoints,
        model.workload_endpoints,
        model.network_sets,
    )
    each = (reuse.renewed(_entities, listed, model.profiles, slot=slot) for slot, listed in enumerate(owners))
    return reuse.renewed(_grouped, *each)


def _grouped(last: Groups | None, *groups: Entities) -> Groups:
    if last is None:
        return Groups(groups)
    pairs = zip(last.groups, groups, strict=True)
    changes = ((frozenset(_without(old, new)), _without(new, old)) for old, new in pairs)
    return Groups(groups, last.groups, tuple(changes))


def _without(group: Entities, other: Entities) -> Entities:
    if group is other:
        return {}
    return {key: entity for key, entity in group.items() if other.get(key) is not entity}


def _entities(
    last: Entities | None, owners: Iterable[FelixEndpoint | FelixNetworkSet], profiles: Mapping[str, FelixProfile]
) -> Entities:
    """One of each, or the last one where neither the owner nor the labels that it is lent have changed."""
    entities = {}
    for owner in owners:
        layers = _layers(owner.profiles, profiles)
        known = None if last is None else last.get(id(owner))
        entities[id(owner)] = _entity(owner, layers) if known is None or known.layers != layers else known
    return entities


def _entity(owner: FelixEndpoint | FelixNetworkSet, layers: tuple[Mapping[str, str], ...]) -> Entity:
    labels = _joined_labels(owner.labels, layers)
    if isinstance(owner, FelixNetworkSet):
        return Entity(owner, layers, labels, owner.nets)
    nets = tuple((version, address, address) for version, address in owner.addresses)
    return Entity(owner, layers, labels, nets, owner.ports)
