"""What became of each node and each automatic host endpoint, and why: data, for others to put into words."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from calico_engine.controllers.kube_controllers.auto_host_endpoints.addresses import KnownAddress
from calico_engine.controllers.kube_controllers.auto_host_endpoints.controller import Plans
from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import (
    NodePlan,
    PassedOver,
    WantedEndpoint,
    is_automatic,
)
from calico_engine.controllers.kube_controllers.auto_host_endpoints.store import FailedWrite
from calico_engine.controllers.kube_controllers.configuration import RunningConfiguration
from calico_engine.frozen import frozen
from calico_engine.resources import HostEndpoint


class ControllerState(enum.Enum):
    """Whether automatic host endpoints are made."""

    NOT_CONFIGURED = "there is no KubeControllersConfiguration: host endpoints stay as they are"
    NOT_RUNNING = "the node controller does not run: host endpoints stay as they are"
    DISABLED = "automatic host endpoints are turned off: those that are there are deleted"
    ENABLED = "automatic host endpoints are made"
    CRASHED = "kube-controllers crashes: host endpoints stay as they are"


class Fate(enum.Enum):
    """What happened to a host endpoint that a node should have."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "could not be written"


class Deletion(enum.Enum):
    """Why an automatic host endpoint is deleted."""

    TURNED_OFF = "automatic host endpoints are turned off"
    NO_NODE = "its node does not exist"
    NOT_WANTED = "its node should not have it"


@frozen
class EndpointReport:
    """One host endpoint that a node should have.

    `template` is the template's generateName, None for the default endpoint. `addresses` are those that it should
    expect, each with the field of the node that it comes from. `failure` says why it could not be written.
    """

    name: str
    fate: Fate
    template: str | None
    interface: str
    addresses: tuple[KnownAddress, ...]
    failure: FailedWrite | None = None


@frozen
class TemplateReport:
    """A template that gives a node nothing: its generateName, why, and the text at fault if there is one."""

    template: str
    passed_over: PassedOver


@frozen
class NodeReport:
    """What one node got, and what it did not get."""

    node: str
    endpoints: tuple[EndpointReport, ...]
    passed_over: tuple[TemplateReport, ...]


@frozen
class DeletedEndpoint:
    """An automatic host endpoint that was there before."""

    name: str
    node: str
    why: Deletion


@frozen
class HostEndpointReport:
    """Everything that the controller did, by node."""

    state: ControllerState
    nodes: tuple[NodeReport, ...] = ()
    deleted: tuple[DeletedEndpoint, ...] = ()


def state_of(running: RunningConfiguration) -> ControllerState:
    if running.node is None:
        return ControllerState.NOT_RUNNING
    return ControllerState.ENABLED if running.node.host_endpoints.auto_create else ControllerState.DISABLED


@frozen
class Outcome:
    """The nodes that there are, host endpoints before and after by name, and the writes that failed to the end."""

    nodes: frozenset[str]
    before: Mapping[str, HostEndpoint]
    after: Mapping[str, HostEndpoint]
    failures: tuple[FailedWrite, ...] = ()


def report_on(running: RunningConfiguration, plans: Plans, outcome: Outcome) -> HostEndpointReport:
    """The report of a controller that came to rest."""
    state = state_of(running)
    if running.node is None:
        return HostEndpointReport(state)
    templates = [template.generate_name for template in running.node.host_endpoints.templates]
    failures = {(failure.node, failure.name): failure for failure in outcome.failures}
    reports = (_node_report(plan, templates, failures, outcome) for _, plan in plans.values())
    return HostEndpointReport(state, tuple(reports), _deleted(state, outcome))


def _node_report(
    plan: NodePlan, templates: list[str], failures: Mapping[tuple[str, str], FailedWrite], outcome: Outcome
) -> NodeReport:
    endpoints = (
        EndpointReport(
            wanted.name,
            Fate.REFUSED if (plan.node, wanted.name) in failures else _fate(wanted, outcome),
            None if wanted.template is None else templates[wanted.template],
            wanted.interface,
            wanted.addresses,
            failures.get((plan.node, wanted.name)),
        )
        for wanted in plan.wanted
    )
    passed = (TemplateReport(templates[passed.template], passed) for passed in plan.passed_over)
    return NodeReport(plan.node, tuple(endpoints), tuple(passed))


def _fate(wanted: WantedEndpoint, outcome: Outcome) -> Fate:
    before = outcome.before.get(wanted.name)
    if before is None:
        return Fate.CREATED
    return Fate.UNCHANGED if before == outcome.after.get(wanted.name) else Fate.UPDATED


def _deleted(state: ControllerState, outcome: Outcome) -> tuple[DeletedEndpoint, ...]:
    gone = (outcome.before[name] for name in sorted(outcome.before) if name not in outcome.after)
    return tuple(
        DeletedEndpoint(endpoint.metadata.name, endpoint.spec.node, _why(state, endpoint.spec.node in outcome.nodes))
        for endpoint in gone
        if is_automatic(endpoint)
    )


def _why(state: ControllerState, node_exists: bool) -> Deletion:
    if state is ControllerState.DISABLED:
        return Deletion.TURNED_OFF
    return Deletion.NOT_WANTED if node_exists else Deletion.NO_NODE
