"""Rules, and the two sides of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

from hypothesis import strategies as st

from calico_engine.strategies.drawing import SELDOM, choose
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
_HAS_CRITERION = st.sampled_from((False, False, False, True))
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

    return _entity_rules(ip_version, ports, max_criteria, max_items, selectors)


@st.composite
def _entity_rules(
    draw: st.DrawFn,
    ip_version: int,
    ports: RulePorts,
    max_criteria: int,
    max_items: int,
    selectors: st.SearchStrategy[Selector],
) -> Manifest:
    entity: Manifest = {}
    for _ in range(max_criteria):
        entity |= draw(_criteria(ip_version, ports, max_items, selectors)) if draw(_HAS_CRITERION) else {}
    return entity


@cache
def _criteria(
    ip_version: int, ports: RulePorts, max_items: int, selectors: st.SearchStrategy[Selector]
) -> st.SearchStrategy[Manifest]:
    """One criterion of a side."""

    def some(values: Sequence[object]) -> st.SearchStrategy[object]:
        return st.lists(st.sampled_from(values), min_size=1, max_size=max_items, unique=True)

    texts = texts_of(selectors)
    criteria: dict[str, st.SearchStrategy[object]] = {
        "nets": some(nets(ip_version)),
        "selector": texts,
        "notNets": some(nets(ip_version, excludable=True)),
        "notSelector": texts,
        "namespaceSelector": st.sampled_from(_NAMESPACE_SELECTORS),
        "serviceAccounts": _service_accounts(),
    }
    if ports != "none":
        known = (*PORTS, *PORT_RANGES, *PORT_NAMES) if ports == "all" else PORT_NAMES
        criteria = {"ports": some(known), **criteria, "notPorts": some(known)}
    return st.one_of([st.fixed_dictionaries({name: criteria[name]}) for name in criteria])


@st.composite
def texts_of(draw: st.DrawFn, selectors: st.SearchStrategy[Selector]) -> str:
    """What a manifest holds of a selector. (A text that is mapped from one would not print as the text.)"""
    return draw(selectors).text


@st.composite
def _service_accounts(draw: st.DrawFn) -> Manifest:
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
    return _rules(tuple(actions), tuple(ip_versions), max_criteria, max_items, selectors)


@st.composite
def _rules(
    draw: st.DrawFn,
    actions: Sequence[str],
    ip_versions: Sequence[int],
    max_criteria: int,
    max_items: int,
    selectors: st.SearchStrategy[Selector],
) -> Manifest:
    rule: Manifest = {"action": choose(draw, actions)}
    # Everything that a rule has costs a value drawn: what is simple is drawn with few.
    version, says_version = choose(draw, ip_versions), draw(SELDOM)
    ports = _draw_protocol(draw, rule, version)
    if says_version and "notProtocol" not in rule:
        rule["ipVersion"] = version
    entity = _one_side(version, ports, max_criteria, max_items, selectors)
    entities = ((side, draw(entity)) for side in ("source", "destination"))
    return rule | {side: entity for side, entity in entities if entity}


@cache
def _one_side(
    ip_version: int,
    ports: RulePorts,
    max_criteria: int,
    max_items: int,
    selectors: st.SearchStrategy[Selector],
) -> st.SearchStrategy[Manifest]:
    return _entity_rules(ip_version, ports, max_criteria, max_items, selectors)


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
