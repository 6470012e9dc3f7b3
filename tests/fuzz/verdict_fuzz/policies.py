"""Policies, tiers and profiles at random."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from verdict_fuzz import pools
from verdict_fuzz.pools import Document, chance, document
from verdict_fuzz.rules import RuleMaker
from verdict_fuzz.themes import Theme

_FLAGS: Mapping[str, Mapping[str, bool]] = {
    "normal": {},
    "forward": {"applyOnForward": True},
    "preDNAT": {"applyOnForward": True, "preDNAT": True},
    "untracked": {"applyOnForward": True, "doNotTrack": True},
}
TIERS = ("default", "t1", "t2", "kube-admin", "no-tier")


#: Of equal order, these come in an order of their own: `-` and `.` before the end of a name.
_CLOSE_NAMES = ("a", "a-b", "a.b", "a-1", "a0", "b", "b-c", "b.c")


def tiers(random: Random, theme: Theme, *, stored: bool) -> list[Document]:
    """The user's own tiers; in a store without the built-in ones, sometimes those too."""
    found = []
    for name in ("t1", "t2"):
        if chance(random, 0.8):
            spec: Document = {}
            if chance(random, 0.8):
                spec["order"] = random.choice((1, 5, 5.5, 1_000_000, -3))
            if theme is Theme.PASS:
                spec["defaultAction"] = "Pass"
            elif chance(random, 0.6):
                spec["defaultAction"] = random.choice(("Deny", "Pass"))
            found.append(document("Tier", name, spec))
    if stored and chance(random, 0.5):
        found.append(document("Tier", "default", {"order": 1_000_000, "defaultAction": "Deny"}))
    return found


def policies(random: Random, maker: RuleMaker, theme: Theme, *, stored: bool) -> list[Document]:
    """Up to a dozen policies of all kinds."""
    if theme is Theme.ORDER:
        return [_tied_policy(random, name) for name in random.sample(_CLOSE_NAMES, random.randint(2, 6))]
    names = ["a", "a-b", "a.b", "b", "b0", "c", "c-1", "d", "e", "f", "g", "h"]
    count = random.choice((0, 1, 2, 3, 4, 5, 6, 8, 12) if theme is Theme.MIXED else (1, 2, 3, 4))
    # Runs of policies with one selector share a chain, with rules of its own about when to stop.
    shared = random.choice(pools.SELECTORS) if chance(random, 0.3) else None
    if theme is not Theme.MIXED:
        shared = "all()"
    found = [_policy(random, maker, names[index], shared, stored=stored) for index in range(count)]
    if theme is Theme.PASS:
        _pass_from(found[0], "t1")
    if chance(random, 0.1):
        found.append(_staged_kubernetes_policy(random))
    return found


def _pass_from(policy: Document, tier: str) -> None:
    """Make it pass everything that its rules say nothing about."""
    spec = policy["spec"]
    spec |= {"tier": tier}
    for way in ("ingress", "egress"):
        if way in spec:
            spec[way] = [*spec[way], {"action": "Pass"}]


def _tied_policy(random: Random, name: str) -> Document:
    """One of several of the same order, all of which match everything: the first of them decides."""
    rules = [{"action": random.choice(("Allow", "Deny", "Pass"))}]
    spec: Document = {"types": ["Ingress", "Egress"], "ingress": rules, "egress": rules, "applyOnForward": True}
    if chance(random, 0.5):
        spec["order"] = 1
    if chance(random, 0.3):
        del spec["applyOnForward"]
        return document("NetworkPolicy", name, spec, namespace=random.choice(pools.NAMESPACES))
    return document("GlobalNetworkPolicy", name, spec)


def _staged_kubernetes_policy(random: Random) -> Document:
    requirement = random.choice(
        (
            {"key": "app", "operator": "In", "values": ["a", "b"]},
            {"key": "env", "operator": "NotIn", "values": ["dev"]},
            {"key": "role", "operator": "Exists"},
            {"key": "host", "operator": "DoesNotExist"},
        )
    )
    pods = random.choice(({}, {"matchLabels": {"app": "a"}}, {"matchExpressions": [requirement]}))
    spec: Document = {"podSelector": pods}
    if chance(random, 0.7):
        spec["policyTypes"] = random.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"]))
    return document("StagedKubernetesNetworkPolicy", "k", spec, namespace=random.choice(pools.NAMESPACES))


def _policy(random: Random, maker: RuleMaker, name: str, shared: str | None, *, stored: bool) -> Document:
    namespaced = chance(random, 0.2)
    spec: Document = {"selector": shared or random.choice((*pools.SELECTORS, "", "all()", "has(host)"))}
    if chance(random, 0.8):
        spec["tier"] = random.choice(TIERS[:2] if chance(random, 0.6) else TIERS)
    if chance(random, 0.7):
        spec["order"] = random.choice((1, 1, 2, 2.5, 100, -1))
    kind = "normal" if namespaced else random.choice(("normal", "normal", "forward", "preDNAT", "untracked"))
    spec |= _FLAGS[kind]
    _directions(random, maker, spec, only_ingress=kind == "preDNAT", stored=stored)
    _scopes(random, spec, namespaced=namespaced)
    if chance(random, 0.05):
        spec["performanceHints"] = ["AssumeNeededOnEveryNode"]
    resource = "NetworkPolicy" if namespaced else "GlobalNetworkPolicy"
    if chance(random, 0.15):
        resource = f"Staged{resource}"
        if chance(random, 0.1):
            spec = {"stagedAction": "Delete", "tier": spec.get("tier", "default")}
    metadata = {"namespace": random.choice(pools.NAMESPACES)} if namespaced else {}
    return document(resource, name, spec, **metadata)


def _directions(random: Random, maker: RuleMaker, spec: Document, *, only_ingress: bool, stored: bool) -> None:
    ways = ("Ingress",) if only_ingress else random.choice((("Ingress",), ("Egress",), ("Ingress", "Egress")))
    for way in ways:
        spec[way.lower()] = maker.rules(direction=way)
    if not chance(random, 0.2):
        spec["types"] = list(ways)
    elif stored and chance(random, 0.5):
        spec["types"] = []


def _scopes(random: Random, spec: Document, *, namespaced: bool) -> None:
    if not namespaced and chance(random, 0.08):
        spec["namespaceSelector"] = random.choice(pools.NAMESPACE_SELECTORS)
    if chance(random, 0.05):
        spec["serviceAccountSelector"] = random.choice(pools.ACCOUNT_SELECTORS)


def profiles(random: Random, maker: RuleMaker, theme: Theme) -> list[Document]:
    """All that endpoints list, but for the one that is missing."""
    last = [{"action": "Allow"}] if theme is Theme.PASS else []
    return [
        document("Profile", "p-allow", {"ingress": [{"action": "Allow"}], "egress": [{"action": "Allow"}]}),
        document("Profile", "p-rules", {"ingress": maker.rules(), "egress": maker.rules()}),
        document(
            "Profile",
            "p-pass",
            {way: [*maker.rules(1), maker.rule("Pass"), *maker.rules(2), *last] for way in ("ingress", "egress")}
            | {"labelsToApply": pools.labels(random, 0.8)},
        ),
        document("Profile", "p-empty", {"labelsToApply": pools.labels(random, 0.9)}),
        document(
            "Profile", "kns.default", {"labelsToApply": {"pcns.team": "x", "pcns.projectcalico.org/name": "default"}}
        ),
        document("Profile", "kns.prod", {"labelsToApply": {"pcns.projectcalico.org/name": "prod"}}),
        document("Profile", "ksa.default.sa1", {"labelsToApply": {"pcsa.kind": "ro"}}),
    ]
