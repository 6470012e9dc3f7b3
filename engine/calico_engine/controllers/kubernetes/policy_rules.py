"""What both kinds of converted policy share: rules per protocol and peer, and the errors of rules left out.

Source: libcalico-go/lib/backend/k8s/conversion (conversion.go: k8sRuleToCalico, clusternetworkpolicy.go:
combinePortsWithCNPIngressPeers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from calico_engine.controllers.kubernetes.identity import Resource
from calico_engine.controllers.kubernetes.ports import port_json, simplify_ports
from calico_engine.controllers.kubernetes.reading import Struct, without_empty
from calico_engine.frozen import frozen
from calico_engine.packets import Direction
from calico_engine.resources.rules import Port

#: The protocol names of Calico's API, to which a name in any case is brought (numorstring/protocol.go).
_PROTOCOLS: Final = {name.lower(): name for name in ("UDP", "TCP", "ICMP", "ICMPv6", "SCTP", "UDPLite", "any")}

#: (protocol, ports) of a group of rules: no protocol is the empty text, all ports are None.
PortGroup = tuple[str, Sequence[Port] | None]


class BadRule(Exception):
    """A rule cannot be converted, for this reason, in Calico's words."""


@frozen
class RuleError:
    """A rule of the Kubernetes policy that could not be converted: its place there and Calico's reason."""

    direction: Direction
    index: int
    reason: str

    def __str__(self) -> str:
        return f"{self.direction.value.lower()} rule: {self.reason}"


@frozen
class RuleConversion:
    """How the rules of one kind of policy are converted; `instead`: what stands in the place of one that cannot be."""

    convert: Callable[[Struct, Direction], list[Resource]]
    instead: Callable[[Struct], list[Resource]]

    def rules(self, spec: Struct, direction: Direction, errors: list[RuleError]) -> list[Resource]:
        """The converted rules; adds to the errors."""
        return [rule for _, rule in self._numbered(spec, direction, errors)]

    def written(self, policy: Struct, direction: Direction) -> tuple[int, ...]:
        """Of which rule of the Kubernetes policy, by its number from 0, each converted rule comes."""
        return tuple(index for index, _ in self._numbered(policy.struct("spec"), direction, []))

    def _numbered(self, spec: Struct, direction: Direction, errors: list[RuleError]) -> Iterator[tuple[int, Resource]]:
        for index, rule in enumerate(spec.structs(direction.value.lower())):
            try:
                converted = self.convert(rule, direction)
            except BadRule as reason:
                errors.append(RuleError(direction, index, f"k8s rule couldn't be converted: {reason}"))
                converted = self.instead(rule)
            yield from ((index, each) for each in converted)


def error_text(policy: str, errors: Iterable[RuleError]) -> str | None:
    """The errors of a policy as one text; None if there are none."""
    parts = [str(error) for error in errors]
    return ": ".join([f"policy: {policy}", *parts]) if parts else None


def protocol_name(text: str) -> str:
    """A known protocol in the API's spelling; anything else as it is written. Case is folded as Go's EqualFold does.

    >>> protocol_name("Tcp"), protocol_name("weird")
    ('TCP', 'weird')
    """
    return _PROTOCOLS.get(text.casefold(), text)


def grouped_by_protocol(entries: Iterable[tuple[str | None, Port | None]]) -> list[PortGroup]:
    """The ports of each protocol, protocols in byte order. An entry without a port means all of its protocol's ports.

    An entry with neither protocol nor port means everything: nothing else counts then, and nothing after it is read.
    """
    groups: dict[str, list[Port] | None] = {}
    for protocol, port in entries:
        if protocol is None and port is None:
            return [("", None)]
        name = protocol or ""
        listed = groups.setdefault(name, [])
        if port is None:
            groups[name] = None
        elif listed is not None:
            listed.append(port)
    return [(name, groups[name]) for name in sorted(groups)]


def rules_of(
    action: str, direction: Direction, groups: Iterable[PortGroup], peers: Sequence[Resource], name: str = ""
) -> list[Resource]:
    """One rule for each protocol and peer, protocol by protocol. `name` is kept as an annotation of the rule."""
    metadata = {"annotations": {"name": name}} if name else None
    rules = []
    for protocol, ports in groups:
        listed = [port_json(port) for port in simplify_ports(ports or ())]
        for peer in peers:
            source, destination = (peer, {}) if direction is Direction.INGRESS else ({}, peer)
            rule = {"action": action, "protocol": protocol, "source": source, "metadata": metadata}
            rules.append(without_empty(rule | {"destination": without_empty({**destination, "ports": listed})}))
    return rules
