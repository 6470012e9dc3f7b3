"""Which host endpoints a node should have, and why a template gives it none: a pure function of node and settings.

Source: kube-controllers/pkg/controllers/node/hostendpoints.go: syncHostEndpointsForNode, generateAutoHostEndpoint.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from functools import lru_cache

from calico_engine.configuration import GoPattern
from calico_engine.controllers.kube_controllers.auto_host_endpoints.addresses import (
    KnownAddress,
    addresses_within,
    known_addresses,
    with_interface,
)
from calico_engine.controllers.kube_controllers.auto_host_endpoints.names import host_endpoint_name
from calico_engine.controllers.kube_controllers.configuration import HostEndpointSettings
from calico_engine.frozen import frozen
from calico_engine.resources import API_VERSION, HostEndpoint, Node
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.controllers import HostEndpointTemplate
from calico_engine.resources.endpoints import HostEndpointSpec
from calico_engine.resources.nodes import NodeInterface
from calico_engine.resources.profiles import DEFAULT_ALLOW_PROFILE
from calico_selectors import InvalidSelector, Selector

CREATED_BY_LABEL = "projectcalico.org/created-by"
CREATED_BY = "calico-kube-controllers"
ALL_INTERFACES = "*"
_REMEMBERED = 100


def is_automatic(endpoint: HostEndpoint) -> bool:
    """Whether kube-controllers takes the endpoint for its own: the label alone decides, not the name."""
    return endpoint.metadata.labels.get(CREATED_BY_LABEL) == CREATED_BY


class Why(enum.Enum):
    """Why a template gives a node no host endpoint."""

    SELECTOR_DIFFERS = "its nodeSelector does not select the node"
    NO_ADDRESS = "no address of the node lies in its interfaceCIDRs"
    NO_INTERFACE = "no interface of the node matches its interfacePattern"
    BAD_CIDR = "a text among its interfaceCIDRs is no network, which leaves none of the node's addresses"
    BAD_SELECTOR = "its nodeSelector cannot be read: nothing more is done for the node"
    NO_NAME = "it has an interfacePattern and no generateName: nothing more is done for the node"
    BAD_PATTERN = "its interfacePattern is no regular expression of Go: kube-controllers crashes"


#: What ends the work on a node: later templates are not looked at, and nothing is cleaned up.
_ENDINGS = frozenset({Why.BAD_SELECTOR, Why.NO_NAME, Why.BAD_PATTERN})


@frozen
class WantedEndpoint:
    """A host endpoint that the node should have.

    `template` is the template's place in the configuration, None for the default endpoint. `addresses` says where its
    addresses come from. `always_written`: Go compares its empty list of addresses with the missing one of the stored
    object and finds a difference each time.
    """

    endpoint: HostEndpoint
    addresses: tuple[KnownAddress, ...]
    template: int | None = None
    interface: str = ""
    always_written: bool = False

    @property
    def name(self) -> str:
        return self.endpoint.metadata.name


@frozen
class PassedOver:
    """A template that gives the node nothing; `detail` is the text at fault, if one is."""

    template: int
    why: Why
    detail: str = ""


@frozen
class NodePlan:
    """Everything that the settings want for one node, in the order in which it is written."""

    node: str
    wanted: tuple[WantedEndpoint, ...]
    passed_over: tuple[PassedOver, ...]

    @property
    def ending(self) -> PassedOver | None:
        """The template that ended the work on the node; then automatic host endpoints not wanted any more are left."""
        last = self.passed_over[-1:]
        return last[0] if last and last[0].why in _ENDINGS else None


def plan_for(node: Node, settings: HostEndpointSettings) -> NodePlan:
    """What the settings want for the node; automatic host endpoints must be turned on."""
    known = known_addresses(node)
    wanted = [_default(node, known)] if settings.create_default else []
    passed: list[PassedOver] = []
    for index, template in enumerate(settings.templates):
        why = _why_not(node, template)
        if why is None:
            found = list(_of_template(node, known, index, template))
            wanted += (item for item in found if isinstance(item, WantedEndpoint))
            passed += (item for item in found if isinstance(item, PassedOver))
        else:
            passed.append(PassedOver(index, why, template.node_selector))
        if passed and passed[-1].why in _ENDINGS:
            break
    return NodePlan(node.metadata.name, tuple(wanted), tuple(passed))


def _why_not(node: Node, template: HostEndpointTemplate) -> Why | None:
    """The empty text selects every node."""
    try:
        selects = Selector(template.node_selector).matches(node.metadata.labels)
    except InvalidSelector:
        return Why.BAD_SELECTOR
    return None if selects else Why.SELECTOR_DIFFERS


def _default(node: Node, known: tuple[KnownAddress, ...]) -> WantedEndpoint:
    texts = tuple(address.text for address in known)
    endpoint = _endpoint(node, {}, host_endpoint_name(node.metadata.name), texts, ALL_INTERFACES)
    return WantedEndpoint(endpoint, known)


def _of_template(
    node: Node, known: tuple[KnownAddress, ...], index: int, template: HostEndpointTemplate
) -> Iterator[WantedEndpoint | PassedOver]:
    within = addresses_within(known, template.interface_cidrs)
    if template.interface_pattern:
        yield from _of_interfaces(node, within, index, template)
    elif within:
        name = host_endpoint_name(node.metadata.name, template.generate_name)
        endpoint = _endpoint(node, template.labels, name, (address.text for address in within), "")
        yield WantedEndpoint(endpoint, within, index)
    else:
        yield PassedOver(index, Why.BAD_CIDR if within is None else Why.NO_ADDRESS)


def _of_interfaces(
    node: Node, within: tuple[KnownAddress, ...] | None, index: int, template: HostEndpointTemplate
) -> Iterator[WantedEndpoint | PassedOver]:
    """The pattern is compiled anew for each interface, so a bad one crashes only where there is an interface."""
    matching: list[tuple[int, NodeInterface]] = []
    if node.spec.interfaces:
        pattern = _pattern(template.interface_pattern)
        if isinstance(pattern, str):
            yield PassedOver(index, Why.BAD_PATTERN, pattern)
            return
        interfaces = enumerate(node.spec.interfaces)
        matching = [(at, interface) for at, interface in interfaces if pattern.matches(interface.name)]
    if matching and not template.generate_name and matching[0][1].name:
        yield PassedOver(index, Why.NO_NAME)
        return
    if not matching:
        yield PassedOver(index, Why.NO_INTERFACE, template.interface_pattern)
    for at, interface in matching:
        yield _of_interface(node, within, index, template, at, interface)


@lru_cache(_REMEMBERED)
def _pattern(text: str) -> GoPattern | str:
    """The pattern, or what is wrong with it."""
    try:
        return GoPattern.parse(text)
    except ValueError as error:
        return str(error)


def _of_interface(
    node: Node,
    within: tuple[KnownAddress, ...] | None,
    index: int,
    template: HostEndpointTemplate,
    at: int,
    interface: NodeInterface,
) -> WantedEndpoint:
    name = host_endpoint_name(node.metadata.name, template.generate_name, interface.name)
    addresses = within or ()
    texts = with_interface([address.text for address in addresses], interface)
    own = (KnownAddress(text, f"spec.interfaces[{at}].addresses") for text in texts[len(addresses) :])
    endpoint = _endpoint(node, template.labels, name, texts, interface.name)
    always_written = within is not None and not texts
    return WantedEndpoint(endpoint, (*addresses, *own), index, interface.name, always_written)


def _endpoint(node: Node, labels: dict[str, str], name: str, addresses: Iterable[str], interface: str) -> HostEndpoint:
    """The template's labels win over the node's, and the controller's own over both."""
    return HostEndpoint(
        api_version=API_VERSION,
        kind=HostEndpoint.KIND,
        metadata=ObjectMeta(name=name, labels={**node.metadata.labels, **labels, CREATED_BY_LABEL: CREATED_BY}),
        spec=HostEndpointSpec(
            node=node.metadata.name,
            interface_name=interface,
            expected_ips=tuple(addresses),
            profiles=(DEFAULT_ALLOW_PROFILE,),
        ),
    )
