"""What is worth knowing of an object that calicoctl takes: where Calico goes wrong with it, or does not what it seems to.

An error says that Calico would come to harm or do something else than the text says; a warning, that the author may not
have meant it. calicoctl's own verdict is the validator's (spec resources 14.1 has the decisions, section 10 what Felix
drops).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calico_engine.errors import printable
from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.defaulting import default_types
from calico_engine.manifests.felix_advice import felix_advice
from calico_engine.manifests.findings import Advice, error, warning
from calico_engine.manifests.validator.addresses import cidr_problem
from calico_engine.manifests.validator.felix_fields import pattern_problem
from calico_engine.manifests.validator.metadata import check_labels
from calico_engine.manifests.validator.shapes import name_problem, selector_problem
from calico_engine.resources import (
    BGPFilter,
    BGPPeer,
    FelixConfiguration,
    GlobalNetworkPolicy,
    GlobalNetworkSet,
    HostEndpoint,
    IPReservation,
    KubeControllersConfiguration,
    NetworkPolicy,
    NetworkSet,
    Policy,
    Profile,
    Resource,
    StagedGlobalNetworkPolicy,
    StagedNetworkPolicy,
    WorkloadEndpoint,
)
from calico_engine.resources.controllers import HostEndpointTemplate
from calico_engine.resources.endpoints import EndpointPort, WorkloadEndpointPort
from calico_engine.resources.rules import EntityRule, Rule

_SPEC: Path = ("spec",)
_TEMPLATES: Path = ("spec", "controllers", "node", "hostEndpoint", "templates")


def advice(resource: Resource) -> list[Advice]:
    """Remarks on one object, as it was written: before its defaults are filled in."""
    return list(_advice(resource))


def _advice(resource: Resource) -> Iterator[Advice]:
    match resource:
        case GlobalNetworkPolicy() | NetworkPolicy() | StagedGlobalNetworkPolicy() | StagedNetworkPolicy():
            yield from _policy(resource)
        case Profile():
            yield warning((), "profiles can be written to etcd only; in Kubernetes they are images of namespaces")
            yield from _rules(resource.spec.ingress, "ingress", is_global=True)
            yield from _rules(resource.spec.egress, "egress", is_global=True)
        case HostEndpoint():
            yield from _ports(resource.spec.ports)
        case WorkloadEndpoint():
            yield from _ports(resource.spec.ports)
        case GlobalNetworkSet() | NetworkSet():
            for index, net in enumerate(resource.spec.nets):
                if not net:
                    yield warning((*_SPEC, "nets", index), "an empty entry stands for no address at all")
        case FelixConfiguration():
            yield from felix_advice(resource)
        case KubeControllersConfiguration():
            yield from _templates(resource)
        case BGPPeer() | BGPFilter() | IPReservation():
            yield warning(
                (), f"a {resource.KIND} cannot change a verdict: it is kept, and most of its spec not checked"
            )


def _policy(policy: Policy) -> Iterator[Advice]:
    spec = policy.spec
    is_global = isinstance(policy, GlobalNetworkPolicy | StagedGlobalNetworkPolicy)
    yield from _rules(spec.ingress or (), "ingress", is_global)
    yield from _rules(spec.egress or (), "egress", is_global)
    if spec.types or getattr(spec, "staged_action", "") == "Delete":
        return
    by_presence = [
        name for name, rules in (("Ingress", spec.ingress), ("Egress", spec.egress)) if rules is not None
    ] or ["Ingress"]
    by_count = list(default_types(spec))
    if by_presence != by_count:
        empty = "ingress" if spec.ingress == () else "egress"
        message = (
            f"an empty list and no types: calicoctl makes types [{', '.join(by_count)}] of it, "
            f"kubectl [{', '.join(by_presence)}]; write types"
        )
        yield warning((*_SPEC, empty), message, at_key=True)


def _rules(rules: Sequence[Rule], direction: str, is_global: bool) -> Iterator[Advice]:
    for index, rule in enumerate(rules):
        path = (*_SPEC, direction, index)
        yield from _entity(rule.source, (*path, "source"), is_global)
        yield from _entity(rule.destination, (*path, "destination"), is_global)


def _entity(entity: EntityRule, path: Path, is_global: bool) -> Iterator[Advice]:
    for index, name in enumerate(entity.service_accounts.names if entity.service_accounts is not None else ()):
        where = (*path, "serviceAccounts", "names", index)
        if "'" in name or '"' in name:
            yield error(where, "a quote in the name makes Felix drop serviceAccounts altogether: the rule matches more")
        elif name_problem(name):
            yield warning(where, f'no service account can be called "{printable(name, 60)}"')
    if not is_global and entity.services is not None and not entity.services.namespace:
        message = "without a namespace the service is never found, whatever the documentation says: nothing matches"
        yield warning((*path, "services"), message)


def _ports(ports: Sequence[EndpointPort | WorkloadEndpointPort]) -> Iterator[Advice]:
    for index, port in enumerate(ports):
        if isinstance(port.protocol, int) and port.protocol:
            names = {6: "TCP", 17: "UDP", 132: "SCTP"}
            message = f"Felix ignores an endpoint with a number here; write protocol: {names.get(port.protocol, 'TCP')}"
            yield error((*_SPEC, "ports", index, "protocol"), message)


def _templates(configuration: KubeControllersConfiguration) -> Iterator[Advice]:
    """calicoctl does not look into templates; kube-controllers stumbles over what is wrong in them."""
    node = configuration.spec.controllers.node
    for index, template in enumerate(node.host_endpoint.templates if node and node.host_endpoint else ()):
        yield from _template(template, (*_TEMPLATES, index))


def _template(template: HostEndpointTemplate, path: Path) -> Iterator[Advice]:
    for index, cidr in enumerate(template.interface_cidrs):
        message = cidr_problem(cidr)
        if message is not None:
            yield warning((*path, "interfaceCIDRs", index), message)
    for field, message in (
        ("interfacePattern", pattern_problem(template.interface_pattern)),
        ("nodeSelector", selector_problem(template.node_selector)),
        ("generateName", name_problem(template.generate_name) if template.generate_name else None),
    ):
        if message is not None:
            yield warning((*path, field), message)
    problems: list[Problem] = []
    check_labels(template.labels, (*path, "labels"), problems)
    for problem in problems:
        yield warning(problem.path, problem.message, at_key=problem.at_key)
