"""Selectors → address sets: which addresses the endpoints and network sets that match a selector contribute.

Sets are shared between rules and made when first asked for. Rules name them by what they hold.
Source: felix/calc/rule_scanner.go (which sets), felix/labelindex/named_port_index.go (members).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import is_

from calico_engine.compiler.entities import Entities, Entity, Groups, groups
from calico_engine.compiler.felix_model import FelixModel, NamedPort, Net
from calico_engine.compiler.intervals import Intervals, contains, merged
from calico_engine.controllers.kubernetes.services import ServiceMembers
from calico_engine.frozen import frozen
from calico_engine.reuse import Reuse
from calico_selectors import Selector

ALL = Selector("all()")


@frozen
class NamedPortSet:
    """Names the (address, protocol, port) of endpoints that the selector selects and that declare the port."""

    selector: Selector
    protocol: int | None
    name: str


@frozen
class ServiceSet:
    """Names the endpoints of a service: their addresses, or these with their ports. Without EndpointSlices it has none."""

    namespace: str
    name: str
    with_ports: bool

    def __str__(self) -> str:
        return f"service {self.namespace}/{self.name}"


SetName = Selector | NamedPortSet | ServiceSet


@dataclass(frozen=True)
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
        """The quickest test for one family."""
        return self._membership_v4 if version == 4 else self._membership_v6

    @cached_property
    def _membership_v4(self) -> Callable[[int], bool]:
        return _membership(self.v4)

    @cached_property
    def _membership_v6(self) -> Callable[[int], bool]:
        return _membership(self.v6)


def _membership(intervals: Intervals) -> Callable[[int], bool]:
    """A hash set when all members are single addresses, else bisection."""
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
class _Selected:
    """A set, and which entities of which groups it is made of."""

    groups: tuple[Entities, ...]
    members: tuple[Entities, ...]
    result: AddressSet | PortSet


class AddressSets:
    """All address and port sets of one datastore."""

    def __init__(self, model: FelixModel, reuse: Reuse | None = None) -> None:
        self.reuse = reuse or Reuse()
        self._model = model
        self._made: dict[SetName, AddressSet | PortSet] = {}

    def addresses(self, of: Selector | ServiceSet) -> AddressSet:
        """The addresses of all that a selector selects, or of a service."""
        found = self.named(of)
        assert isinstance(found, AddressSet)
        return found

    def ports(self, of: NamedPortSet | ServiceSet) -> PortSet:
        """The members of a named port, or of a service."""
        found = self.named(of)
        assert isinstance(found, PortSet)
        return found

    def named(self, name: SetName) -> AddressSet | PortSet:
        """The set of that name; the very same as in an earlier datastore if it has the same members."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._make(name)
        return found

    def _make(self, name: SetName) -> AddressSet | PortSet:
        if isinstance(name, ServiceSet):
            members = self._model.services.of(name.namespace, name.name)
            return self.reuse.of(_service_set, str(name), name.with_ports, members, slot=name)
        return self.reuse.renewed(_selected, name, self._groups, slot=name).result

    @cached_property
    def _groups(self) -> Groups:
        return groups(self._model, self.reuse)


def _selected(last: _Selected | None, of: Selector | NamedPortSet, now: Groups) -> _Selected:
    """Anew, or the last one with what has come and gone; its result is the very same where that is nothing."""
    if last is not None and last.groups is now.groups:
        return last
    selects = _declaring(of) if isinstance(of, NamedPortSet) else lambda entity: of.matches(entity.labels)
    members: tuple[Entities, ...]
    if last is None or last.groups is not now.earlier:
        members = tuple({key: each for key, each in group.items() if selects(each)} for group in now.groups)
    else:
        pairs = zip(last.members, now.changes, strict=True)
        members = tuple(_carried_over(known, gone, new, selects) for known, (gone, new) in pairs)
        if all(map(is_, members, last.members)):
            return _Selected(now.groups, members, last.result)
    entities = [entity for group in members for entity in group.values()]
    if isinstance(of, NamedPortSet):
        return _Selected(now.groups, members, _port_set(of, entities))
    return _Selected(now.groups, members, _address_set(str(of), (net for each in entities for net in each.nets)))


def _carried_over(known: Entities, gone: frozenset[int], new: Entities, selects: Callable[[Entity], bool]) -> Entities:
    """Members of a group after a change of it; the same object if they are the same."""
    come = {key: entity for key, entity in new.items() if selects(entity)}
    if not come and gone.isdisjoint(known):
        return known
    return {key: entity for key, entity in known.items() if key not in gone} | come


def _declaring(of: NamedPortSet) -> Callable[[Entity], bool]:
    return lambda entity: bool(_declared(of, entity)) and of.selector.matches(entity.labels)


def _declared(of: NamedPortSet, entity: Entity) -> list[NamedPort]:
    return [port for port in entity.ports if port.name == of.name and of.protocol in (None, port.protocol)]


def _port_set(of: NamedPortSet, entities: Iterable[Entity]) -> PortSet:
    members: dict[int, set[tuple[int, int, int]]] = {4: set(), 6: set()}
    for entity in entities:
        ports = _declared(of, entity)
        for version, address, _ in entity.nets:
            members[version].update((address, port.protocol, port.port) for port in ports)
    return PortSet(f'named port "{of.name}" of `{of.selector}`', frozenset(members[4]), frozenset(members[6]))


def _address_set(selector: str, nets: Iterable[Net]) -> AddressSet:
    listed = list(nets)
    v4, v6 = (merged((low, high) for version, low, high in listed if version == wanted) for wanted in (4, 6))
    return AddressSet(selector, v4, v6)


def _service_set(description: str, with_ports: bool, members: ServiceMembers) -> AddressSet | PortSet:
    if with_ports:
        return PortSet(description, *_by_version(members.ports))
    return _address_set(description, ((version, address, address) for version, address in members.addresses))


def _by_version(
    ports: Iterable[tuple[tuple[int, int], int, int]],
) -> tuple[frozenset[tuple[int, int, int]], frozenset[tuple[int, int, int]]]:
    listed = list(ports)
    v4, v6 = (
        frozenset((address, protocol, port) for (version, address), protocol, port in listed if version == wanted)
        for wanted in (4, 6)
    )
    return v4, v6
