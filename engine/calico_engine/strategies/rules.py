"""Rules, and the two sides of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hypothesis import strategies as st

from calico_engine.strategies.drawing import SELDOM, choose, drawing, some_of
from calico_engine.strategies.labels import selectors
from calico_engine.strategies.vocabulary import (
    IP_VERSIONS,
    PORT_NAMES,
    PORT_RANGES,
    PORTS,
    Manifest,
    nets,
)
from calico_selectors import Selector

ACTIONS = ("Allow", "Deny", "Pass", "Log")
#: Which ports a side of a rule may have: numbers and names with TCP, UDP and SCTP, names without a protocol.
RulePorts = Literal["all", "names", "none"]
#: Of these the selectors of policies and rules are: with many terms they would select nothing.
SELECTORS = st.just(Selector("all()")) | selectors(max_terms=2)

#: What a rule says of the protocol; nothing comes first and most often.
_PROTOCOLS: tuple[tuple[str, str | int], ...] = (
    *[("", "")] * 5,
    *(("protocol", protocol) for protocol in ("TCP", "TCP", "UDP", "SCTP", 6, "ICMP", "ICMP", "UDPLite", 47)),
    *(("notProtocol", protocol) for protocol in ("TCP", "ICMP", 58)),
)
_WITH_PORTS = ("TCP", "UDP", "SCTP", 6)
_ICMP_NAMES = {4: "ICMP", 6: "ICMPv6"}
_ICMP_MATCHES = ((), (8,), (8, 0), (128, 1), (135,))
_NAMESPACE_SELECTORS = ("all()", "global()", "team == 'x'", "!has(team)", "projectcalico.org/name == 'prod'")
_ACCOUNT_SELECTORS = st.sampled_from(("", "all()", "role == 'x'"))


def entity_rules(
    *,
    ip_version: int = 4,
    ports: RulePorts = "all",
    max_criteria: int = 2,
    max_items: int = 2,
    selectors: st.SearchStrategy[Selector] = SELECTORS,
) -> st.SearchStrategy[Manifest]:
    """One side of a rule (`source` or `destination`): up to `max_criteria` criteria, lists of up to `max_items` values.

    `ip_version` is that of its networks; `ports` says what the rule's protocol lets it have: "all" (TCP, UDP, SCTP),
    "names" (no protocol) or "none". Shrinks towards no criteria.

    >>> from hypothesis import find
    >>> find(entity_rules(), lambda entity: True)
    {}
    >>> find(entity_rules(), lambda entity: "ports" in entity)
    {'ports': [80]}
    """

    def some(values: Sequence[object]) -> st.SearchStrategy[object]:
        return st.lists(st.sampled_from(values), min_size=1, max_size=max_items, unique=True)

    criteria: dict[str, st.SearchStrategy[object]] = {
        "nets": some(nets(ip_version)),
        "selector": texts_of(selectors),
        "notNets": some(nets(ip_version, excludable=True)),
        "notSelector": texts_of(selectors),
        "namespaceSelector": st.sampled_from(_NAMESPACE_SELECTORS),
        "serviceAccounts": drawing(_draw_service_accounts),
    }
    if ports != "none":
        known = (*PORTS, *PORT_RANGES, *PORT_NAMES) if ports == "all" else PORT_NAMES
        criteria |= {"ports": some(known), "notPorts": some(known)}
    return some_of(criteria, max_size=max_criteria)


def texts_of(selectors: st.SearchStrategy[Selector]) -> st.SearchStrategy[str]:
    """What a manifest holds of a selector. (A text that is mapped from one would not print as the text.)"""
    return drawing(lambda draw: draw(selectors).text)


def _draw_service_accounts(draw: st.DrawFn) -> Manifest:
    selector = draw(_ACCOUNT_SELECTORS)
    return {"selector": selector} if selector else {"names": ["sa1"]}


def rules(
    *,
    actions: Sequence[str] = ACTIONS,
    ip_versions: Sequence[int] = IP_VERSIONS,
    max_criteria: int = 2,
    max_items: int = 2,
    selectors: st.SearchStrategy[Selector] = SELECTORS,
) -> st.SearchStrategy[Manifest]:
    """Rules of policies and profiles, for either direction; the limits are those of `entity_rules` for each side.

    `ip_versions`: families of the networks and of ICMP. Shrinks towards a rule that matches every packet, with the
    first of the actions.

    >>> from hypothesis import find
    >>> find(rules(), lambda rule: True)
    {'action': 'Allow'}
    >>> find(rules(actions=("Deny",)), lambda rule: "ports" in rule.get("destination", {}))
    {'action': 'Deny', 'destination': {'ports': ['http']}}
    """
    nothing: Manifest = {}
    kinds: tuple[RulePorts, ...] = ("all", "names", "none")
    sides = {
        (version, ports): st.just(nothing)
        | entity_rules(
            ip_version=version, ports=ports, max_criteria=max_criteria, max_items=max_items, selectors=selectors
        )
        for version in ip_versions
        for ports in kinds
    }

    def drawn(draw: st.DrawFn) -> Manifest:
        rule: Manifest = {"action": choose(draw, actions)}
        # Everything that a rule has costs a value drawn: what is simple is drawn with few.
        version, says_version = choose(draw, ip_versions), draw(SELDOM)
        ports = _draw_protocol(draw, rule, version)
        if says_version and "notProtocol" not in rule:
            rule["ipVersion"] = version
        entities = ((side, draw(sides[version, ports])) for side in ("source", "destination"))
        return rule | {side: entity for side, entity in entities if entity}

    return drawing(drawn)


def _draw_protocol(draw: st.DrawFn, rule: Manifest, version: int) -> RulePorts:
    """Gives the rule a protocol, or none, and what hangs on it; returns which ports it may then have."""
    key, protocol = choose(draw, _PROTOCOLS)
    if key != "protocol":
        rule |= {key: protocol} if key else {}
        return "names"
    rule["protocol"] = _ICMP_NAMES[version] if protocol == "ICMP" else protocol
    if protocol == "ICMP":
        match = dict(zip(("type", "code"), choose(draw, _ICMP_MATCHES), strict=False))
        rule |= {choose(draw, ("icmp", "notICMP")): match} if match else {}
    return "all" if protocol in _WITH_PORTS else "none"


RULES = rules()
