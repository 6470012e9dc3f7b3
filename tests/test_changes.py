"""What-if on a cluster: which objects a kind's name, a name and a selector mean, in the library and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from calico_engine import Cluster
from calico_engine.changes import find, label, selected
from calico_engine.datastore import Datastore, KubernetesEntry, build
from calico_engine.errors import CalicoEngineError, UnknownReference
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_selectors import Selector

if TYPE_CHECKING:
    from tests.conftest import Command

NODES = """\
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {a: kubernetes}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n1, labels: {a: calico}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n2, labels: {a: calico}}
---
apiVersion: v1
kind: Node
metadata: {name: n3, labels: {a: kubernetes}}
"""
POLICIES = """\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: default}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: q, namespace: default}
spec: {podSelector: {}}
"""
#: Selector → the nodes that get a label, and whether that is Kubernetes' own.
SELECTORS = {
    "all()": {"n1": True, "n2": False, "n3": True},
    "a == 'kubernetes'": {"n1": True, "n3": True},
    "a == 'calico'": {"n2": False},
    "a == 'nobody'": {},
}


def datastore(text: str) -> Datastore:
    loaded = load([Source("m.yaml", text)])
    found, errors = build(loaded)
    assert not loaded.errors and not errors
    return found


def labelled(store: Datastore, kind: str, target: str) -> dict[str, bool]:
    """The names of what gets a label, and whether that is Kubernetes' own."""
    after = label(store, kind, target, ["new=1"], overwrite=False, namespace=None)
    theirs = [entry for key, entry in after.kubernetes.items() if entry is not store.kubernetes[key]]
    own = [entry for key, entry in after.entries.items() if entry is not store.entries[key]]
    assert len(selected(after, kind, Selector("has(new)"))) == len(theirs) + len(own)
    return {entry.key[2]: True for entry in theirs} | {entry.key[2]: False for entry in own}


@pytest.mark.parametrize("selector", SELECTORS)
def test_of_a_node_that_both_have_kubernetes_own_is_labelled(selector: str) -> None:
    """By a selector, and by the names of what it selects."""
    store, wanted = datastore(NODES), SELECTORS[selector]
    assert labelled(store, "nodes", selector) == wanted
    for name, is_kubernetes_own in wanted.items():
        assert labelled(store, "node", name) == {name: is_kubernetes_own}


@pytest.mark.parametrize("selector", SELECTORS)
def test_the_command_labels_what_the_library_labels(selector: str, command: Command) -> None:
    folder = command.folder / "cluster"
    command.file(NODES, "cluster/m.yaml")
    done = command("label", "nodes", "-l", selector, "new=1", "-f", str(folder), "--write", "--quiet")
    told = [f"node/{name} labeled" for name in SELECTORS[selector]] or ["No resources found"]
    assert sorted(done.out.splitlines()) == told
    assert Cluster.load(folder).get("nodes") == Cluster.parse(NODES).label("nodes", selector, "new=1").get("nodes")


@pytest.mark.parametrize(
    ("kind", "name", "is_kubernetes_own"),
    [
        ("np", "p", False),
        ("networkpolicy.projectcalico.org", "p", False),
        ("networkpolicies.crd.projectcalico.org", "p", False),
        ("networkpolicy.networking.k8s.io", "p", True),
        ("netpol", "p", True),
        ("networkpolicy", "q", True),
    ],
)
def test_policies_of_one_name_are_two(kind: str, name: str, is_kubernetes_own: bool) -> None:
    store = datastore(POLICIES)
    assert isinstance(find(store, kind, name).entry, KubernetesEntry) is is_kubernetes_own
    assert labelled(store, kind, name) == {name: is_kubernetes_own}


@pytest.mark.parametrize(("kind", "name"), [("np", "p"), ("netpol", "q")])
def test_an_object_of_another_namespace_is_found_there(kind: str, name: str) -> None:
    with pytest.raises(UnknownReference, match=f"{name}.; there is one in namespace .default."):
        find(datastore(POLICIES), kind, name, "x")


@pytest.mark.parametrize(("kind", "refused"), [("tier", True), ("gnp", True), ("node", False), ("ns", False)])
def test_what_stands_in_no_namespace_is_asked_for_in_none(kind: str, refused: bool) -> None:
    """calicoctl says so, and kubectl, for kinds of its own, passes over the namespace."""
    message = "is not namespaced" if refused else "resource does not exist"
    with pytest.raises(CalicoEngineError, match=message):
        find(datastore(NODES), kind, "nobody", "x")


def test_which_of_two_policies_is_meant_must_be_said() -> None:
    wanted = "networkpolicy.projectcalico.org and networkpolicy.networking.k8s.io"
    with pytest.raises(UnknownReference, match=f"is two things; say which is meant: {wanted}"):
        find(datastore(POLICIES), "networkpolicy", "p")
