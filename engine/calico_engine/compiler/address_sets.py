"""Selectors → address sets: which addresses the endpoints and network sets that match a selector contribute.

Sets are shared between rules, named by Felix's own ids, and made when first asked for.
Source: felix/calc/rule_scanner.go (ids), felix/labelindex/named_port_index.go (members).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from calico_engine.compiler.felix_model import FelixEndpoint, FelixModel, FelixNetworkSet, FelixProfile, NamedPort, Net
from calico_engine.compiler.intervals import Intervals, contains, merged
from calico_engine.frozen import frozen
from calico_selectors import Selector

ALL = Selector("all()")


@frozen
class AddressSet:
    """The addresses of all that one selector selects, as intervals per family."""

    selector: str
    v4: Intervals
    v6: Intervals

    def intervals(self, version: int) -> Intervals:
        return self.v4 if version == 4 else self.v6

    def contains(self, version: int, address: int) -> bool:
        return contains(self.intervals(version), address)

    def membership(self, version: int) -> Callable[[int], bool]:
        """The quickest test for one family: a hash set when all members are single addresses, else bisection."""
        intervals = self.intervals(version)
        if all(low == high for low, high in intervals):
            return frozenset(low for low, _ in intervals).__contains__
        starts = [low for low, _ in intervals]
        ends = [high for _, high in intervals]

        def member(address: int) -> bool:
            at = bisect_right(starts, address) - 1
            return at >= 0 and address <= ends[at]

        return member


@frozen
class PortSet:
    """(address, protocol, port) members of a named port or of a service; per family."""

    description: str
    v4: frozenset[tuple[int, int, int]]
    v6: frozenset[tuple[int, int, int]]

    def members(self, version: int) -> frozenset[tuple[int, int, int]]:
        return self.v4 if version == 4 else self.v6


@frozen
class _Entity:
    """What a selector may select, and the addresses that it then contributes."""

    owner: FelixEndpoint | FelixNetworkSet
    profiles: tuple[FelixProfile | None, ...]
    labels: Mapping[str, str]
    nets: tuple[Net, ...]
    ports: tuple[NamedPort, ...] = ()


def inherited_labels(
    own: Mapping[str, str], profiles: Iterable[str], known: Mapping[str, FelixProfile]
) -> Mapping[str, str]:
    """The labels an entity is seen to have: its own win, then each listed profile in order (label_inheritance_index.go)."""
    layers = [known[name].labels for name in profiles if name in known and known[name].labels]
    if not layers:
        return own
    labels: dict[str, str] = {}
    for layer in reversed(layers):
        labels.update(layer)
    labels.update(own)
    return labels


class AddressSets:
    """All address and port sets of one datastore, by Felix's set id."""

    def __init__(self, model: FelixModel, previous: AddressSets | None = None) -> None:
        """`previous`: the sets of a model that shares most endpoints with this one; it only saves work."""
        self._model = model
        self._known = {} if previous is None else previous.entities
        self._services = model.services
        self._addresses: dict[str, AddressSet] = {}
        self._ports: dict[str, PortSet] = {}
        self._selectors: dict[str, Selector] = {}
        self._named: dict[str, tuple[Selector, int | None, str]] = {}

    @cached_property
    def entities(self) -> Mapping[int, _Entity]:
        """All that selectors can select, by identity of the endpoint or network set."""
        model = self._model
        owners: list[FelixEndpoint | FelixNetworkSet] = [
            *model.host_endpoints,
            *model.workload_endpoints,
            *model.network_sets,
        ]
        entities = {}
        for owner in owners:
            known = self._known.get(id(owner))
            if known is None or [*map(id, known.profiles)] != [id(model.profiles.get(name)) for name in owner.profiles]:
                known = _entity(owner, tuple(model.profiles.get(name) for name in owner.profiles), model)
            entities[id(owner)] = known
        self._known = {}
        return entities

    def register(self, selector: Selector) -> str:
        """The id of the set of addresses that the selector selects."""
        set_id = selector.unique_id
        self._selectors[set_id] = selector
        return set_id

    def register_named_port(self, selector: Selector | None, protocol: int | None, name: str) -> str:
        """The id of the set (address, protocol, port) of endpoints that match and declare the port."""
        key = selector or ALL
        set_id = f"n:{key.unique_id},{protocol},{name}"
        self._named[set_id] = (key, protocol, name)
        return set_id

    def register_service(self, service: tuple[str, str], *, with_ports: bool) -> str:
        """The id of the set of a service's endpoints. Without EndpointSlices in the datastore it is empty."""
        name = "/".join(service)
        set_id = f"{'svc' if with_ports else 'svcnoport'}:{name}"
        members = self._services.of(*service)
        if with_ports:
            self._ports.setdefault(set_id, PortSet(f"service {name}", *_by_version(members.ports)))
        else:
            nets = [(version, address, address) for version, address in members.addresses]
            self._addresses.setdefault(set_id, _address_set(f"service {name}", nets))
        return set_id

    def addresses(self, set_id: str) -> AddressSet:
        found = self._addresses.get(set_id)
        if found is None:
            found = self._addresses[set_id] = self._select(self._selectors[set_id])
        return found

    def ports(self, set_id: str) -> PortSet:
        found = self._ports.get(set_id)
        if found is None:
            found = self._ports[set_id] = self._declare(*self._named[set_id])
        return found

    def _select(self, selector: Selector) -> AddressSet:
        nets = [net for entity in self.entities.values() if selector.matches(entity.labels) for net in entity.nets]
        return _address_set(str(selector), nets)

    def _declare(self, selector: Selector, protocol: int | None, name: str) -> PortSet:
        members: dict[int, set[tuple[int, int, int]]] = {4: set(), 6: set()}
        for entity in self.entities.values():
            ports = [p for p in entity.ports if p.name == name and protocol in (None, p.protocol)]
            if ports and selector.matches(entity.labels):
                for version, address, _ in entity.nets:
                    members[version].update((address, port.protocol, port.port) for port in ports)
        return PortSet(f'named port "{name}" of `{selector}`', frozenset(members[4]), frozenset(members[6]))


def _address_set(selector: str, nets: Iterable[Net]) -> AddressSet:
    listed = list(nets)
    v4, v6 = (merged((low, high) for version, low, high in listed if version == wanted) for wanted in (4, 6))
    return AddressSet(selector, v4, v6)


def _by_version(
    ports: Iterable[tuple[tuple[int, int], int, int]],
) -> tuple[frozenset[tuple[int, int, int]], frozenset[tuple[int, int, int]]]:
    listed = list(ports)
    v4, v6 = (
        frozenset((address, protocol, port) for (version, address), protocol, port in listed if version == wanted)
        for wanted in (4, 6)
    )
    return v4, v6


def _entity(
    owner: FelixEndpoint | FelixNetworkSet, profiles: tuple[FelixProfile | None, ...], model: FelixModel
) -> _Entity:
    labels = inherited_labels(owner.labels, owner.profiles, model.profiles)
    if isinstance(owner, FelixNetworkSet):
        return _Entity(owner, profiles, labels, owner.nets)
    nets = tuple((version, address, address) for version, address in owner.addresses)
    return _Entity(owner, profiles, labels, nets, owner.ports)
