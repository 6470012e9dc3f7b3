"""Laws of endpoints, one a test: who governs what, and what about an endpoint does not matter."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from calico_engine import Cluster
from calico_engine.strategies import host_endpoints
from engine_support.laws import LAW, Manifest, Question, blunt, crowded, decisions, dump, loaded, questions, told

DEFAULT_ALLOW = "projectcalico-default-allow"
INTERFACES = ("eth0", "eth1", "lo")
#: One node with nothing but a host endpoint for all interfaces, known to have three, and no policy that it ignores.
WILDCARDS = crowded(
    max_host_endpoints=1,
    max_workload_endpoints=0,
    nodes=["n1"],
    interfaces=["*"],
    kinds=["normal", "applyOnForward", "preDNAT"],
    allow_configuration=False,
    with_hosts=True,
)

#: Profiles that pass much, and no policy before them.
PROFILED = blunt(actions=["Pass", "Allow", "Deny"], min_policies=0, max_policies=0, max_profiles=2)


@LAW
@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(question: Question, random: Random) -> None:
    cluster, packets = question
    manifests = dump(cluster)
    assert told(loaded(random.sample(manifests, len(manifests))), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_the_order_of_labels_does_not_matter(question: Question) -> None:
    cluster, packets = question

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(item) for key, item in reversed(value.items())}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert told(loaded(map(turned, dump(cluster))), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_only_the_order_of_host_endpoints_names_matters(question: Question) -> None:
    cluster, packets = question
    renamed = dump(cluster)
    for each in renamed:
        if each["kind"] == "HostEndpoint":
            each["metadata"]["name"] = f"z.{each['metadata']['name']}"
    assert decisions(loaded(renamed), packets) == decisions(cluster, packets)


@LAW
@given(questions(), host_endpoints(name="elsewhere", nodes=["n9"]))
def test_an_endpoint_without_addresses_on_another_node_changes_nothing(question: Question, other: Manifest) -> None:
    cluster, packets = question
    other["spec"] = {**other["spec"], "interfaceName": "eth0"}
    other["spec"].pop("expectedIPs", None)
    assert told(loaded([*dump(cluster), other]), packets) == told(cluster, packets)


@LAW
@given(questions(), host_endpoints(name="zz-rival"))
def test_an_endpoint_that_another_keeps_from_its_interface_changes_nothing(question: Question, rival: Manifest) -> None:
    cluster, packets = question
    manifests = dump(cluster)
    kept = {key: value for key, value in rival["spec"].items() if key in ("profiles", "ports")}
    places = [
        {key: each["spec"][key] for key in ("node", "interfaceName")}
        for each in manifests
        if each["kind"] == "HostEndpoint" and "interfaceName" in each["spec"]
    ]
    for number, place in enumerate(places):
        metadata = {**rival["metadata"], "name": f"zz-{number}"}
        manifests.append({**rival, "metadata": metadata, "spec": {**kept, **place}})
    assert told(loaded(manifests), packets) == told(cluster, packets)


@LAW
@given(questions(WILDCARDS))
def test_an_endpoint_for_all_interfaces_is_one_for_each(question: Question) -> None:
    """Of a node without workloads, whose traffic only the wildcard would see."""
    cluster, packets = question
    known = [p for p in packets if {p.in_interface, p.out_interface, p.pre_dnat_out_interface} <= {None, *INTERFACES}]
    manifests = []
    for each in dump(cluster):
        if each["kind"] != "HostEndpoint":
            manifests.append(each)
            continue
        for name in INTERFACES:
            spec = {**each["spec"], "interfaceName": name}
            manifests.append({**each, "metadata": {**each["metadata"], "name": f"for-{name}"}, "spec": spec})
    assert decisions(loaded(manifests), known) == decisions(cluster, known)


def with_profiles(cluster: Cluster, change: Callable[[str], list[str]]) -> Cluster:
    manifests = dump(cluster)
    for each in manifests:
        if "profiles" in each["spec"]:
            each["spec"]["profiles"] = [new for name in each["spec"]["profiles"] for new in change(name)]
    return loaded(manifests)


@LAW
@given(questions(PROFILED))
def test_a_profile_listed_twice_is_listed_once(question: Question) -> None:
    cluster, packets = question
    assert decisions(with_profiles(cluster, lambda name: [name, name]), packets) == decisions(cluster, packets)


@LAW
@given(questions(PROFILED))
def test_the_default_profile_is_one_that_allows(question: Question) -> None:
    cluster, packets = question
    renamed = with_profiles(cluster, lambda name: ["allowing"] if name == DEFAULT_ALLOW else [name])
    allow = [{"action": "Allow"}]
    profile = {"apiVersion": "projectcalico.org/v3", "kind": "Profile", "metadata": {"name": "allowing"}}
    spelled = loaded([*dump(renamed), {**profile, "spec": {"ingress": allow, "egress": allow}}])
    assert decisions(spelled, packets) == decisions(cluster, packets)
