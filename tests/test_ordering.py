"""The order of tiers and of the policies in them, and which chains hold which policies, in short tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from calico_engine import Cluster
from calico_engine.compiler.chains import SelectedTier
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import ChainType
from calico_engine.compiler.ordering import OrderedTier
from calico_engine.datastore import build
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.packets import Direction

Document = dict[str, object]
#: name → order, defaultAction; None: not given
Tiers = Mapping[str, tuple[float | None, str | None]]


def document(kind: str, name: str, spec: Mapping[str, object], namespace: str = "") -> Document:
    metadata = {"name": name, "labels": {"projectcalico.org/namespace": "ns1"}} | (
        {"namespace": namespace} if namespace else {}
    )
    given = {key: value for key, value in spec.items() if value is not None}
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": given}


HOST = document("HostEndpoint", "h", {"node": "n1", "interfaceName": "eth0"})


def tiers(given: Tiers) -> list[Document]:
    return [document("Tier", name, {"order": order, "defaultAction": end}) for name, (order, end) in given.items()]


def policy(
    text: str, order: float | None = None, tier: str | None = None, spec: Mapping[str, object] | None = None
) -> Document:
    """From `Kind/namespace/name`."""
    kind, namespace, name = text.split("/")
    return document(kind, name, {"order": order, "tier": tier, **(spec or {})}, namespace)


def compiled(*documents: Document, stored: bool = False) -> CompiledCluster:
    loaded = load([Source("order.json", json.dumps([HOST, *documents]))], stored=stored)
    datastore, _ = build(loaded, stored=stored)
    assert loaded.errors == []
    return CompiledCluster(datastore)


def selected(*documents: Document, stored: bool = False) -> tuple[OrderedTier, ...]:
    cluster = compiled(*documents, stored=stored)
    return cluster.selected(cluster.model.host_endpoints[0])


#: (tiers, their names in order of evaluation)
TIERS: list[tuple[Tiers, Sequence[str]]] = [
    ({"b": (1, None), "a": (2, None)}, ("b", "a")),
    ({"b": (1, None), "a": (1, None)}, ("a", "b")),
    ({"b": (-1, None), "a": (0, None), "c": (-1.5, None)}, ("c", "b", "a")),
    ({"a": (1e300, None), "b": (0.1, None)}, ("b", "a")),
]


@pytest.mark.parametrize(("given", "order"), TIERS)
def test_tiers(given: Tiers, order: Sequence[str]) -> None:
    policies = [policy(f"GlobalNetworkPolicy//p-{name}", tier=name) for name in given]
    assert tuple(tier.tier.name for tier in selected(*tiers(given), *policies)) == tuple(order)


def test_built_in_tiers_and_tiers_without_order() -> None:
    """A tier without order is written as 1,000,000 and so ties with `default`; one that does not exist comes last."""
    names = ["zzz", "absent", "kube-baseline", "default", "aaa", "kube-admin", "also-absent"]
    given = {"zzz": (None, None), "aaa": (None, None)}
    found = selected(*tiers(given), *(policy(f"GlobalNetworkPolicy//p-{name}", tier=name) for name in names))
    assert [(tier.tier.name, tier.tier.default_pass, tier.tier.exists) for tier in found] == [
        ("kube-admin", True, True),
        ("aaa", False, True),
        ("default", False, True),
        ("zzz", False, True),
        ("kube-baseline", True, True),
        ("absent", False, False),
        ("also-absent", False, False),
    ]


def test_stored_tiers_are_as_they_stand() -> None:
    """Nothing fills in an order or adds a tier: one without order is last of those that exist."""
    names = ["default", "none", "late"]
    given = {"none": (None, "Pass"), "late": (1e9, None)}
    policies = [policy(f"GlobalNetworkPolicy//p-{name}", tier=name) for name in names]
    found = selected(*tiers(given), *policies, stored=True)
    assert [tier.tier.name for tier in found] == ["late", "none", "default"]
    assert not found[-1].tier.exists


@pytest.mark.parametrize(
    ("action", "passes"), [("Pass", True), ("Deny", False), ("", False), ("pass", False), (None, False)]
)
def test_only_pass_is_pass(action: str | None, passes: bool) -> None:
    (found,) = selected(*tiers({"t": (1, action)}), policy("GlobalNetworkPolicy//p", tier="t"), stored=True)
    assert found.tier.default_pass is passes


#: Policies (text, order) in the order of their evaluation.
POLICIES: list[Sequence[tuple[str, float | None]]] = [
    [("GlobalNetworkPolicy//z", 1), ("GlobalNetworkPolicy//a", 2)],
    [("GlobalNetworkPolicy//z", -1), ("GlobalNetworkPolicy//y", 0), ("GlobalNetworkPolicy//x", 0.5)],
    [("GlobalNetworkPolicy//z", 1e308), ("GlobalNetworkPolicy//a", None)],
    [("GlobalNetworkPolicy//a", None), ("GlobalNetworkPolicy//b", None)],
    # The one text name/namespace/kind: "-" and "." sort before "/", digits and letters after it.
    [(f"GlobalNetworkPolicy//{name}", 1) for name in ("a-b", "a.b", "a", "a0", "aa")],
    [(f"GlobalNetworkPolicy//{name}", None) for name in ("a-b-c", "a-b", "a")],
    [("GlobalNetworkPolicy//a", 1), ("NetworkPolicy/ns1/a", 1)],
    [("NetworkPolicy/ns1/a", 1), ("GlobalNetworkPolicy//b", 1)],
    [("GlobalNetworkPolicy//a", 1), ("StagedGlobalNetworkPolicy//a", 1)],
    [("NetworkPolicy/ns1/a", 1), ("StagedNetworkPolicy/ns1/a", 1)],
    [("StagedGlobalNetworkPolicy//a", 1), ("NetworkPolicy/ns1/a", 1), ("StagedNetworkPolicy/ns1/a", 1)],
    [("StagedGlobalNetworkPolicy//b", 1), ("NetworkPolicy/ns1/c", 2), ("GlobalNetworkPolicy//a", 3)],
]  # fmt: skip


@pytest.mark.parametrize("expected", POLICIES)
def test_policies_of_a_tier(expected: Sequence[tuple[str, float | None]]) -> None:
    for listed in (expected, list(reversed(expected))):
        documents = [HOST, *(policy(text, order) for text, order in listed)]
        cluster = Cluster.parse(json.dumps(documents), source="order.json")
        assert cluster.policies_for("hep/h") == (("default", tuple(text for text, _ in expected)),)


#: flags → the chains that hold the policy
FLAGS: list[tuple[Mapping[str, object], set[ChainType]]] = [
    ({}, {ChainType.NORMAL}),
    ({"applyOnForward": True}, {ChainType.NORMAL, ChainType.FORWARD}),
    ({"applyOnForward": True, "preDNAT": True}, {ChainType.PRE_DNAT}),
    ({"applyOnForward": True, "doNotTrack": True}, {ChainType.UNTRACKED}),
    # What only a datastore can hold.
    ({"preDNAT": True}, {ChainType.PRE_DNAT}),
    ({"doNotTrack": True}, {ChainType.UNTRACKED}),
    ({"doNotTrack": True, "preDNAT": True}, {ChainType.UNTRACKED}),
]


@pytest.mark.parametrize(("flags", "chains"), FLAGS)
def test_flags_choose_the_chains(flags: Mapping[str, object], chains: set[ChainType]) -> None:
    cluster = compiled(policy("GlobalNetworkPolicy//p", spec=flags), stored=True)
    node, endpoint = cluster.node("n1"), cluster.model.host_endpoints[0]
    assert {kind for kind in ChainType if node.selected(endpoint, kind)} == chains


def test_kinds_are_split_in_the_same_order() -> None:
    forward = {"applyOnForward": True}
    documents = [
        policy("GlobalNetworkPolicy//d", 4),
        policy("GlobalNetworkPolicy//c", 3, spec=forward),
        policy("GlobalNetworkPolicy//b", 2, spec={**forward, "preDNAT": True}),
        policy("StagedGlobalNetworkPolicy//a", 1, spec=forward),
    ]
    cluster = compiled(*documents)
    node, endpoint = cluster.node("n1"), cluster.model.host_endpoints[0]

    def names(kind: ChainType) -> list[str]:
        return [one.id.name for tier in node.selected(endpoint, kind) for one in tier.policies]

    assert {kind: names(kind) for kind in ChainType} == {
        ChainType.UNTRACKED: [],
        ChainType.PRE_DNAT: ["b"],
        ChainType.FORWARD: ["a", "c"],
        ChainType.NORMAL: ["a", "c", "d"],
    }


_INGRESS, _EGRESS = Direction.INGRESS, Direction.EGRESS
ALLOW = [{"action": "Allow"}]
#: (spec, stored, the directions in which the policy acts)
TYPES: list[tuple[Mapping[str, object], bool, set[Direction]]] = [
    ({}, False, {_INGRESS}),
    ({"types": []}, False, {_INGRESS}),
    ({"ingress": ALLOW}, False, {_INGRESS}),
    ({"egress": ALLOW}, False, {_EGRESS}),
    ({"egress": []}, False, {_INGRESS}),
    ({"ingress": ALLOW, "egress": ALLOW}, False, {_INGRESS, _EGRESS}),
    ({"ingress": ALLOW, "egress": ALLOW, "types": ["Ingress"]}, False, {_INGRESS}),
    ({"ingress": ALLOW, "types": ["Egress"]}, False, {_EGRESS}),
    ({"types": ["Ingress", "Egress"]}, False, {_INGRESS, _EGRESS}),
    # As stored, no types are both.
    ({}, True, {_INGRESS, _EGRESS}),
    ({"types": []}, True, {_INGRESS, _EGRESS}),
    ({"egress": ALLOW}, True, {_INGRESS, _EGRESS}),
    ({"types": ["egress"]}, True, {_EGRESS}),
    ({"preDNAT": True}, True, {_INGRESS}),
    ({"preDNAT": True, "types": ["Egress"]}, True, set()),
]


@pytest.mark.parametrize(("spec", "stored", "directions"), TYPES)
def test_directions(spec: Mapping[str, object], stored: bool, directions: set[Direction]) -> None:
    (tier,) = selected(policy("GlobalNetworkPolicy//p", spec=spec), stored=stored)
    found = SelectedTier(tier.tier, tier.policies)
    assert {direction for direction in Direction if found.in_direction(direction)} == directions


@pytest.mark.parametrize("kind", ["StagedGlobalNetworkPolicy//p", "StagedNetworkPolicy/ns1/p"])
@pytest.mark.parametrize("action", [None, "", "Set", "Learn", "Ignore", "Delete"])
def test_staged_deletions_are_not_sent_to_felix(kind: str, action: str | None) -> None:
    """They announce that a policy will go; all others are listed beside the enforced ones."""
    found = selected(policy(kind, spec={"stagedAction": action}), stored=True)
    assert [str(one.id) for tier in found for one in tier.policies] == ([] if action == "Delete" else [kind])


def test_a_staged_kubernetes_policy_is_one_of_its_namespace() -> None:
    """It stands where the policy would stand that it is to become, and decides nothing."""
    spec = {"node": "n1", "orchestrator": "k8s", "interfaceName": "cali1", "ipNetworks": ["10.65.0.2"]}
    documents = [
        document("WorkloadEndpoint", "w", spec, "ns1"),
        document("StagedKubernetesNetworkPolicy", "k", {"podSelector": {}}, "ns1"),
        document("StagedKubernetesNetworkPolicy", "k", {"podSelector": {}}, "ns2"),
        document("StagedKubernetesNetworkPolicy", "other", {"podSelector": {"matchLabels": {"app": "x"}}}, "ns1"),
        document("StagedKubernetesNetworkPolicy", "gone", {"stagedAction": "Delete"}, "ns1"),
        policy("NetworkPolicy/ns1/early", 999),
        policy("NetworkPolicy/ns1/late", 1001),
    ]
    cluster = Cluster.parse(json.dumps(documents), stored=True)
    listed = ("NetworkPolicy/ns1/early", "StagedKubernetesNetworkPolicy/ns1/k", "NetworkPolicy/ns1/late")
    assert cluster.policies_for("wep/ns1/w") == (("default", listed),)
    assert cluster.warnings == ()
