"""Where the controller writes host endpoints, and what keeps one from being written.

Sources: libcalico-go/lib/clientv3/hostendpoint.go and lib/validator/v3 (refusals), lib/backend (revisions),
api/config/crd (a set of addresses may not hold one twice, which only Kubernetes' API server checks).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

from calico_engine.controllers.kube_controllers.configuration import DatastoreForm
from calico_engine.errors import printable
from calico_engine.frozen import frozen
from calico_engine.manifests.schema import schema_findings
from calico_engine.manifests.validator import validate
from calico_engine.manifests.validator.shapes import repeated
from calico_engine.manifests.yaml_problems import render_path
from calico_engine.resources import HostEndpoint


class Verb(enum.StrEnum):
    """What the controller does to a host endpoint."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Cause(enum.Enum):
    """Why a write fails."""

    INVALID = "the object is not valid"
    REPEATED_ADDRESS = "an address stands in expectedIPs twice"
    EXISTS = "somebody else's host endpoint has this name already"
    CONFLICT = "somebody changed it since the controller looked"
    MISSING = "it is not there"


@frozen
class FailedWrite:
    """A host endpoint that the controller could not write. It is only logged, and tried again."""

    verb: Verb
    name: str
    node: str
    cause: Cause
    message: str


@frozen
class Stored:
    """A host endpoint and its revision, which changes with every write."""

    endpoint: HostEndpoint
    revision: int


Refusal = tuple[Cause, str]


class Refusals:
    """Which objects cannot be written, found out once for each object. `earlier` is what another run found out."""

    def __init__(self, form: DatastoreForm, earlier: Refusals | None = None) -> None:
        self._form = form
        self._known: dict[int, tuple[HostEndpoint, Refusal | None]] = {}
        self._earlier = {} if earlier is None or earlier._form is not form else earlier._known

    def of(self, endpoint: HostEndpoint) -> Refusal | None:
        known = self._known.get(id(endpoint))
        if known is None:
            known = self._earlier.get(id(endpoint)) or (endpoint, self._found(endpoint))
            self._known[id(endpoint)] = known
        return known[1]

    def _found(self, endpoint: HostEndpoint) -> Refusal | None:
        found = _invalid(endpoint)
        return _repeated_address(endpoint) if found is None and self._form is DatastoreForm.KUBERNETES else found


@dataclass(slots=True)
class HostEndpointStore:
    """The host endpoints of a datastore, by name."""

    refusals: Refusals
    failures: list[FailedWrite] = field(default_factory=list)
    #: Whether something was deleted, or written twice: then another pass over the nodes may find something to do.
    is_disturbed: bool = False
    _objects: dict[str, Stored] = field(default_factory=dict)
    _revision: int = 0
    _begun_at: int = 0

    def __iter__(self) -> Iterator[Stored]:
        """By name."""
        return iter([self._objects[name] for name in sorted(self._objects)])

    def get(self, name: str) -> Stored | None:
        return self._objects.get(name)

    def begin(self) -> None:
        """A pass over the nodes begins: earlier failures count no more."""
        self.failures.clear()
        self.is_disturbed, self._begun_at = False, self._revision

    def put(self, endpoint: HostEndpoint) -> Stored:
        """Write without any check: what is there already, or what a user wrote."""
        self._revision += 1
        stored = Stored(endpoint, self._revision)
        self._objects[endpoint.metadata.name] = stored
        return stored

    def remove(self, name: str) -> Stored | None:
        self.is_disturbed = True
        return self._objects.pop(name, None)

    def create(self, endpoint: HostEndpoint) -> Stored | None:
        """The stored object, or None if it could not be written."""
        failure = self._refused(endpoint, Verb.CREATE)
        if failure is None and endpoint.metadata.name in self._objects:
            failure = _failure(Verb.CREATE, endpoint, Cause.EXISTS, Cause.EXISTS.value)
        return self._written(endpoint, failure)

    def update(self, endpoint: HostEndpoint, revision: int) -> Stored | None:
        """Replace the object of that revision, whole; None if it could not be written."""
        failure = self._refused(endpoint, Verb.UPDATE)
        current = self._objects.get(endpoint.metadata.name)
        if failure is None and (current is None or current.revision != revision):
            cause = Cause.MISSING if current is None else Cause.CONFLICT
            failure = _failure(Verb.UPDATE, endpoint, cause, cause.value)
        return self._written(endpoint, failure)

    def _written(self, endpoint: HostEndpoint, failure: FailedWrite | None) -> Stored | None:
        if failure is None:
            current = self._objects.get(endpoint.metadata.name)
            self.is_disturbed |= current is not None and current.revision > self._begun_at
            return self.put(endpoint)
        self.failures.append(failure)
        return None

    def _refused(self, endpoint: HostEndpoint, verb: Verb) -> FailedWrite | None:
        found = self.refusals.of(endpoint)
        return None if found is None else _failure(verb, endpoint, *found)


def _invalid(endpoint: HostEndpoint) -> Refusal | None:
    problems = [*validate(endpoint), *schema_findings(endpoint)]
    message = "; ".join(f"{render_path(problem.path)}: {problem.message}" for problem in problems)
    return (Cause.INVALID, message) if problems else None


def _repeated_address(endpoint: HostEndpoint) -> Refusal | None:
    """Spellings of one address are different texts."""
    again = next(iter(repeated(endpoint.spec.expected_ips)), None)
    if again is None:
        return None
    text = printable(endpoint.spec.expected_ips[again], 60)
    return Cause.REPEATED_ADDRESS, f"spec.expectedIPs[{again}]: {text} stands in the list already"


def _failure(verb: Verb, endpoint: HostEndpoint, cause: Cause, message: str) -> FailedWrite:
    return FailedWrite(verb, endpoint.metadata.name, endpoint.spec.node, cause, message)
