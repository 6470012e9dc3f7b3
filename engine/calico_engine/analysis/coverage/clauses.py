"""The clauses of a rule, as it is written: each protocol, net, port and selector is one."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.frozen import frozen
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources.rules import EntityRule, ICMPFields, Rule, ServiceAccountMatch


@frozen
class Clause:
    """One clause. `path` leads to it from the rule: `("source", "nets", 0)`."""

    path: Path
    text: str

    @property
    def field(self) -> str:
        """The field as manifests name it: `source.nets`."""
        return ".".join(step for step in self.path if isinstance(step, str))


def clauses_of(rule: Rule) -> tuple[Clause, ...]:
    """Every clause that Felix could test; a rule without any matches everything."""
    return tuple(Clause(path, text) for path, text in _clauses(rule))


def unmodelled_clauses(rule: Rule) -> tuple[Clause, ...]:
    """The others, which no packet can exercise."""
    return (Clause(("http",), rule.http_text),) if rule.http_text else ()


def _clauses(rule: Rule) -> Iterator[tuple[Path, str]]:
    if rule.ip_version is not None:
        yield ("ipVersion",), str(rule.ip_version)
    for name, protocol in (("protocol", rule.protocol), ("notProtocol", rule.not_protocol)):
        if protocol is not None:
            yield (name,), str(protocol)
    for name, icmp in (("icmp", rule.icmp), ("notICMP", rule.not_icmp)):
        if icmp is not None:
            yield (name,), _icmp_text(icmp)
    for side, entity in (("source", rule.source), ("destination", rule.destination)):
        for path, text in _of_side(entity):
            yield (side, *path), text


def _of_side(entity: EntityRule) -> Iterator[tuple[Path, str]]:
    for name, nets in (("nets", entity.nets), ("notNets", entity.not_nets)):
        for index, net in enumerate(nets):
            yield (name, index), net
    selectors = (
        ("selector", entity.selector),
        ("namespaceSelector", entity.namespace_selector),
        ("notSelector", entity.not_selector),
    )
    for name, selector in selectors:
        if selector:
            yield (name,), selector
    if entity.service_accounts is not None:
        yield ("serviceAccounts",), _accounts_text(entity.service_accounts)
    if entity.services is not None:
        yield ("services",), f"{entity.services.namespace}/{entity.services.name}"
    for name, ports in (("ports", entity.ports), ("notPorts", entity.not_ports)):
        for index, port in enumerate(ports):
            yield (name, index), str(port)


def _icmp_text(icmp: ICMPFields) -> str:
    given = (("type", icmp.type), ("code", icmp.code))
    return " ".join(f"{name} {value}" for name, value in given if value is not None)


def _accounts_text(accounts: ServiceAccountMatch) -> str:
    return " ".join(filter(None, (", ".join(accounts.names), accounts.selector)))
