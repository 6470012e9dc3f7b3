"""Policies, and the tiers and profiles around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from calico_engine.strategies.drawing import SELDOM, choose, counted
from calico_engine.strategies.labels import LABEL_SETS
from calico_engine.strategies.rules import RULES, SELECTORS, texts_of
from calico_engine.strategies.vocabulary import NAMES, NAMESPACES, PROFILES, TIERS, Manifest, manifest
from calico_selectors import Selector

Rules = st.SearchStrategy[list[Manifest]]
#: What tells the kinds of policy on a host endpoint apart.
KINDS: Mapping[str, Mapping[str, bool]] = {
    "normal": {},
    "applyOnForward": {"applyOnForward": True},
    "preDNAT": {"preDNAT": True, "applyOnForward": True},
    "doNotTrack": {"doNotTrack": True, "applyOnForward": True},
}
#: Normal and forward policy come twice as often as the other two.
USUAL_KINDS = ("normal", "normal", "applyOnForward", "applyOnForward", "preDNAT", "doNotTrack")
_ORDERS = st.sampled_from((None, 1, 2, 100.5))
_TIER_ORDERS = st.sampled_from((None, 1, 5, 1_000_000, -3.5))
_DEFAULT_ACTIONS = st.sampled_from((None, "Deny", "Pass"))
_INGRESS = st.sampled_from((("Ingress",),) * 3)
_TYPES = st.sampled_from((("Ingress",), ("Egress",), ("Ingress", "Egress")))


def global_network_policies(
    *,
    name: str | None = None,
    kinds: Sequence[str] = USUAL_KINDS,
    tiers: Sequence[str] = ("default",),
    selectors: st.SearchStrategy[Selector] = SELECTORS,
    rules: st.SearchStrategy[Manifest] = RULES,
    max_rules: int = 2,
    allow_staged: bool = True,
) -> st.SearchStrategy[Manifest]:
    """GlobalNetworkPolicies, and StagedGlobalNetworkPolicies, with up to `max_rules` rules in each direction.

    `kinds`: those of "normal", "applyOnForward", "preDNAT" and "doNotTrack" that may be drawn; `tiers`: names of tiers.
    Shrinks towards normal policy without rules, in the first of the tiers, that selects everything.

    >>> from hypothesis import find
    >>> find(global_network_policies(name="p"), lambda policy: policy["spec"].get("ingress"))["spec"]
    {'selector': 'all()', 'types': ['Ingress'], 'ingress': [{'action': 'Allow'}]}
    """
    return _global_network_policies(name, kinds, tiers, texts_of(selectors), counted([rules] * max_rules), allow_staged)


@st.composite
def _global_network_policies(
    draw: st.DrawFn,
    name: str | None,
    kinds: Sequence[str],
    tiers: Sequence[str],
    selectors: st.SearchStrategy[str],
    rules: Rules,
    allow_staged: bool,
) -> Manifest:
    kind = choose(draw, kinds)
    spec: Manifest = {**KINDS[kind], **_placed(draw, tiers, selectors)}
    if draw(SELDOM):
        spec[choose(draw, ("namespaceSelector", "serviceAccountSelector"))] = draw(selectors)
    spec |= _directed(draw, rules, _INGRESS if kind == "preDNAT" else _TYPES)
    resource = "StagedGlobalNetworkPolicy" if allow_staged and draw(SELDOM) else "GlobalNetworkPolicy"
    return manifest(resource, name or choose(draw, NAMES), spec)


def network_policies(
    *,
    name: str | None = None,
    namespaces: Sequence[str] = NAMESPACES,
    tiers: Sequence[str] = ("default",),
    selectors: st.SearchStrategy[Selector] = SELECTORS,
    rules: st.SearchStrategy[Manifest] = RULES,
    max_rules: int = 2,
    allow_staged: bool = True,
) -> st.SearchStrategy[Manifest]:
    """NetworkPolicies, and StagedNetworkPolicies, in one of the namespaces; otherwise as `global_network_policies`.

    >>> from hypothesis import find
    >>> find(network_policies(name="p"), lambda policy: True)["metadata"]
    {'name': 'p', 'namespace': 'default'}
    """
    return _network_policies(name, namespaces, tiers, texts_of(selectors), counted([rules] * max_rules), allow_staged)


@st.composite
def _network_policies(
    draw: st.DrawFn,
    name: str | None,
    namespaces: Sequence[str],
    tiers: Sequence[str],
    selectors: st.SearchStrategy[str],
    rules: Rules,
    allow_staged: bool,
) -> Manifest:
    spec = _placed(draw, tiers, selectors)
    if draw(SELDOM):
        spec["serviceAccountSelector"] = draw(selectors)
    spec |= _directed(draw, rules, _TYPES)
    resource = "StagedNetworkPolicy" if allow_staged and draw(SELDOM) else "NetworkPolicy"
    return manifest(resource, name or choose(draw, NAMES), spec, namespace=choose(draw, namespaces))


def _placed(draw: st.DrawFn, tiers: Sequence[str], selectors: st.SearchStrategy[str]) -> Manifest:
    """Where a policy comes, and for whom."""
    tier, order = choose(draw, tiers), draw(_ORDERS)
    spec: Manifest = {} if tier == "default" else {"tier": tier}
    if order is not None:
        spec["order"] = order
    return {**spec, "selector": draw(selectors)}


def _directed(draw: st.DrawFn, rules: Rules, choices: st.SearchStrategy[Sequence[str]]) -> Manifest:
    """Types and rules; a policy without types gets those of its rules."""
    types = draw(choices)
    spec: Manifest = {} if draw(SELDOM) else {"types": list(types)}
    return spec | {way.lower(): draw(rules) for way in types}


def tiers(*, name: str | None = None) -> st.SearchStrategy[Manifest]:
    """Tiers beside the built-in ones.

    >>> from hypothesis import find
    >>> find(tiers(), lambda tier: tier["spec"].get("defaultAction") == "Pass")
    {'apiVersion': 'projectcalico.org/v3', 'kind': 'Tier', 'metadata': {'name': 't1'}, 'spec': {'defaultAction': 'Pass'}}
    """
    return _tiers(name)


@st.composite
def _tiers(draw: st.DrawFn, name: str | None) -> Manifest:
    order, action = draw(_TIER_ORDERS), draw(_DEFAULT_ACTIONS)
    spec = {key: value for key, value in (("order", order), ("defaultAction", action)) if value is not None}
    return manifest("Tier", name or choose(draw, TIERS), spec)


def profiles(
    *,
    name: str | None = None,
    rules: st.SearchStrategy[Manifest] = RULES,
    max_rules: int = 2,
    labels: st.SearchStrategy[dict[str, str]] = LABEL_SETS,
) -> st.SearchStrategy[Manifest]:
    """Profiles with up to `max_rules` rules in each direction; `labels` are those that they give to endpoints.

    >>> from hypothesis import find
    >>> find(profiles(name="allow"), lambda profile: profile["spec"]["ingress"])["spec"]
    {'ingress': [{'action': 'Allow'}], 'egress': []}
    """
    return _profiles(name, counted([rules] * max_rules), labels)


@st.composite
def _profiles(
    draw: st.DrawFn,
    name: str | None,
    rules: Rules,
    labels: st.SearchStrategy[dict[str, str]],
) -> Manifest:
    spec: Manifest = {way: draw(rules) for way in ("ingress", "egress")}
    given, are_given = draw(labels), draw(SELDOM)
    if given and are_given:
        spec["labelsToApply"] = given
    return manifest("Profile", name or choose(draw, PROFILES), spec)
