"""Laws of what is written down, one a test: a cluster is what its manifests say, and a change taken back is none."""

from __future__ import annotations

from hypothesis import given

from calico_engine import Cluster
from calico_engine.resources.kinds import KINDS
from calico_engine.strategies import global_network_policies, host_endpoints, label_sets
from engine_support.laws import LAW, Manifest, Question, dump, loaded, questions, told


def listed(cluster: Cluster) -> dict[str, object]:
    """Every object, as `get` shows it."""
    return {each.kind: cluster.get(each.kind) for each in KINDS}


@LAW
@given(questions())
def test_what_is_dumped_is_loaded_back(question: Question) -> None:
    cluster, packets = question
    again = loaded(dump(cluster))
    assert listed(again) == listed(cluster)
    assert dump(again) == dump(cluster)
    assert told(again, packets) == told(cluster, packets)


@LAW
@given(questions(), global_network_policies(name="new") | host_endpoints(name="new"))
def test_what_is_applied_and_deleted_again_was_never_there(question: Question, new: Manifest) -> None:
    cluster, packets = question
    again = cluster.apply(new).delete(str(new["kind"]), "new")
    assert listed(again) == listed(cluster)
    assert told(again, packets) == told(cluster, packets)


@LAW
@given(questions())
def test_to_apply_what_is_there_changes_nothing(question: Question) -> None:
    cluster, packets = question
    again = cluster.apply(*dump(cluster))
    assert listed(again) == listed(cluster)
    assert told(again, packets) == told(cluster, packets)


@LAW
@given(questions(), label_sets())
def test_a_label_set_and_removed_again_was_never_there(question: Question, labels: dict[str, str]) -> None:
    cluster, packets = question
    again = cluster
    for kind in ("HostEndpoint", "WorkloadEndpoint"):
        for endpoint in cluster.get(kind):
            metadata = endpoint["metadata"]
            assert isinstance(metadata, dict)
            name, space = metadata["name"], metadata.get("namespace")
            new = [f"new.{key}={value}" for key, value in labels.items()]
            again = again.label(kind, name, *new, namespace=space)
            again = again.label(kind, name, *(f"{label.partition('=')[0]}-" for label in new), namespace=space)
    assert listed(again) == listed(cluster)
    assert told(again, packets) == told(cluster, packets)
