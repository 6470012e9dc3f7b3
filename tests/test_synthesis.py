"""Made-up clusters: that they load, that they are what was asked for, and that they are the same every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from ipaddress import ip_address, ip_interface, ip_network
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calico_engine import Cluster, Decision, synthetic_cluster
from calico_engine.cli import run
from calico_engine.reports.listings import as_yaml

Manifest = Mapping[str, Any]

MASTER, CONTROL_PLANE = "node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"
NO_LOAD_BALANCER = "node.kubernetes.io/exclude-from-external-load-balancers"
STRANGER = "203.0.113.7"
LOCKDOWN = """\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: kubelets}
spec:
  selector: has(kubernetes.io/hostname)
  types: [Ingress]
  ingress:
  - {action: Allow, protocol: TCP, source: {selector: has(%s)}, destination: {ports: [10250]}}
"""


def made(**wanted: Any) -> list[Any]:
    return list(synthetic_cluster(**wanted))


def parsed(manifests: list[Any], *more: str) -> Cluster:
    return Cluster.parse("---\n".join([*map(as_yaml, manifests), *more]), source="synthetic.yaml")


def of_kind(manifests: list[Any], kind: str) -> list[Any]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def name_of(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)


def blocks(node: Manifest) -> list[Any]:
    return [ip_network(text) for text in node["spec"]["podCIDRs"]]


def with_masters(wanted: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.integers(0, wanted["nodes"]).map(lambda masters: {**wanted, "masters": masters})


WANTED = st.fixed_dictionaries(
    {
        "nodes": st.integers(1, 12),
        "platform": st.sampled_from(["kubeadm-1.18", "kubeadm-1.20", "kubeadm-1.24", "kubeadm-1.32"]),
        "pods_per_node": st.integers(0, 4),
        "seed": st.integers(-3, 2**40),
        "pod_cidr": st.sampled_from([None, "10.244.0.0/16", "10.0.0.0/24", "100.64.0.0/10"]),
        "ipv6": st.booleans(),
        "zones": st.sampled_from([(), ("us-west-2a", "us-west-2b", "us-west-2c")]),
        "auto_host_endpoints": st.booleans(),
    }
).flatmap(with_masters)


@settings(max_examples=30, deadline=None)
@given(WANTED)
def test_whatever_is_made_loads_without_a_remark_and_each_node_has_its_endpoint(wanted: dict[str, Any]) -> None:
    manifests = made(**wanted)
    cluster = parsed(manifests)
    assert cluster.warnings == ()
    nodes = {name_of(node) for node in of_kind(manifests, "Node")}
    expected = {f"{name}-auto-hep" for name in nodes} if wanted["auto_host_endpoints"] else set()
    assert {name_of(endpoint) for endpoint in cluster.get("HostEndpoint")} == expected
    assert len(cluster.get("WorkloadEndpoint")) == len(of_kind(manifests, "Pod"))


@settings(max_examples=30, deadline=None)
@given(WANTED)
def test_addresses_are_where_they_belong_and_nobody_shares_one(wanted: dict[str, Any]) -> None:
    manifests = made(**wanted)
    pools = [ip_network(pool["spec"]["cidr"]) for pool in of_kind(manifests, "IPPool")]
    nodes = {name_of(node): node for node in of_kind(manifests, "Node")}
    taken = [address["address"] for node in nodes.values() for address in node["status"]["addresses"][:-1]]
    for node in nodes.values():
        assert all(block.subnet_of(pool) for block, pool in zip(blocks(node), pools, strict=True))
        tunnel = node["metadata"]["annotations"]["projectcalico.org/IPv4IPIPTunnelAddr"]
        assert ip_address(tunnel) in blocks(node)[0]
        taken.append(tunnel)
    for one, other in combinations(nodes.values(), 2):
        assert not any(a.version == b.version and a.overlaps(b) for a in blocks(one) for b in blocks(other))
    for pod in of_kind(manifests, "Pod"):
        ips = [entry["ip"] for entry in pod["status"]["podIPs"]]
        home = blocks(nodes[pod["spec"]["nodeName"]])
        assert all(ip_address(ip) in block for ip, block in zip(ips, home, strict=True))
        taken += ips
    assert len(taken) == len(set(taken))


@settings(max_examples=30, deadline=None)
@given(WANTED)
def test_names_and_uids_are_unique_and_what_is_referred_to_is_there(wanted: dict[str, Any]) -> None:
    manifests = made(**wanted)
    keys = [(manifest["kind"], name_of(manifest)) for manifest in manifests]
    uids = [UUID(manifest["metadata"]["uid"]) for manifest in manifests]
    assert (len(set(keys)), len(set(uids))) == (len(keys), len(keys))
    namespaces = {name_of(namespace) for namespace in of_kind(manifests, "Namespace")}
    accounts = {name_of(account) for account in of_kind(manifests, "ServiceAccount")}
    assert {manifest["metadata"].get("namespace") for manifest in manifests} - {None} <= namespaces
    for pod in of_kind(manifests, "Pod"):
        assert f"{pod['metadata']['namespace']}/{pod['spec']['serviceAccountName']}" in accounts


@settings(max_examples=20, deadline=None)
@given(WANTED)
def test_the_same_arguments_give_the_same_cluster(wanted: dict[str, Any]) -> None:
    assert made(**wanted) == made(**wanted)


def test_a_cluster_that_grows_keeps_what_it_had() -> None:
    small, large = (made(nodes=nodes, pods_per_node=5, seed=3) for nodes in (5, 9))
    assert [manifest for manifest in small if manifest not in large] == []


def test_another_seed_gives_other_uids_and_pods_and_the_same_addresses() -> None:
    one, other = (made(nodes=5, pods_per_node=5, seed=seed) for seed in (1, 2))
    for kind in ("Node", "Pod"):
        uids, others = ({obj["metadata"]["uid"] for obj in of_kind(side, kind)} for side in (one, other))
        assert not uids & others
    assert [node["status"] for node in of_kind(one, "Node")] == [node["status"] for node in of_kind(other, "Node")]


def test_names_of_many_pods_do_not_meet() -> None:
    pods = of_kind(made(nodes=400, pods_per_node=20), "Pod")
    assert len({pod["metadata"]["name"].rpartition("-")[2] for pod in pods}) == len(pods) == 397 * 20


# Platforms


@pytest.mark.parametrize(
    ("platform", "roles", "taints"),
    [
        ("kubeadm-1.18", {MASTER}, {MASTER}),
        ("kubeadm-1.19", {MASTER}, {MASTER}),
        ("kubeadm-1.20", {MASTER, CONTROL_PLANE}, {MASTER}),
        ("kubeadm-1.21", {MASTER, CONTROL_PLANE, NO_LOAD_BALANCER}, {MASTER}),
        ("kubeadm-1.23", {MASTER, CONTROL_PLANE, NO_LOAD_BALANCER}, {MASTER}),
        ("kubeadm-1.24", {CONTROL_PLANE, NO_LOAD_BALANCER}, {MASTER, CONTROL_PLANE}),
        ("kubeadm-1.25", {CONTROL_PLANE, NO_LOAD_BALANCER}, {CONTROL_PLANE}),
        ("kubeadm-1.34", {CONTROL_PLANE, NO_LOAD_BALANCER}, {CONTROL_PLANE}),
    ],
)
def test_what_tells_masters_from_workers(platform: str, roles: set[str], taints: set[str]) -> None:
    master, worker = of_kind(made(nodes=2, masters=1, platform=platform), "Node")
    common = {f"{prefix}kubernetes.io/{key}" for prefix in ("", "beta.") for key in ("arch", "os")}
    assert set(worker["metadata"]["labels"]) == {*common, "kubernetes.io/hostname"}
    assert set(master["metadata"]["labels"]) - set(worker["metadata"]["labels"]) == roles
    assert {master["metadata"]["labels"][role] for role in roles} == {""}
    assert {taint["key"] for taint in master["spec"]["taints"]} == taints
    assert "taints" not in worker["spec"]


def test_zones_are_gone_through_within_each_role() -> None:
    nodes = of_kind(made(nodes=9, masters=3, zones=("us-west-2a", "us-west-2b", "us-west-2c")), "Node")
    labels = [node["metadata"]["labels"] for node in nodes]
    zones = Counter(
        (MASTER in found or CONTROL_PLANE in found, found["topology.kubernetes.io/zone"]) for found in labels
    )
    assert zones == {(role, f"us-west-2{end}"): 1 if role else 2 for role in (True, False) for end in "abc"}
    assert {found["topology.kubernetes.io/region"] for found in labels} == {"us-west-2"}


def test_namespaces_are_labelled_with_their_names_since_1_21() -> None:
    for platform, expected in (("kubeadm-1.20", False), ("kubeadm-1.21", True)):
        for namespace in of_kind(made(nodes=1, masters=1, platform=platform), "Namespace"):
            labels = namespace["metadata"].get("labels", {})
            assert (labels.get("kubernetes.io/metadata.name") == name_of(namespace)) == expected


# Where pods are


@pytest.mark.parametrize(("nodes", "masters"), [(1, 1), (2, 1), (3, 1), (4, 3), (50, 3)])
def test_how_many_masters_there_are_unless_it_is_said(nodes: int, masters: int) -> None:
    assert made(nodes=nodes) == made(nodes=nodes, masters=masters)


def test_pods_run_on_workers_and_on_masters_if_there_are_no_others() -> None:
    pods = of_kind(made(nodes=5, masters=2, pods_per_node=7), "Pod")
    assert Counter(pod["spec"]["nodeName"] for pod in pods) == {f"worker{place}": 7 for place in (1, 2, 3)}
    alone = made(nodes=1, masters=1, pods_per_node=7)
    assert [pod["spec"]["nodeName"] for pod in of_kind(alone, "Pod")] == ["master1"] * 7
    assert "taints" not in of_kind(alone, "Node")[0]["spec"]


@pytest.mark.parametrize(
    ("wanted", "block"),
    [
        ({"nodes": 256}, "192.168.0.0/24"),
        ({"nodes": 257}, "10.128.0.0/24"),
        ({"nodes": 5, "pod_cidr": "10.0.0.0/24"}, "10.0.0.0/27"),
        ({"nodes": 5, "pod_cidr": "10.0.0.0/24", "pods_per_node": 31}, "10.0.0.0/27"),
        ({"nodes": 5, "pods_per_node": 255}, "192.168.0.0/24"),
        ({"nodes": 5, "pods_per_node": 256}, "192.168.0.0/23"),
        ({"nodes": 4, "pod_cidr": "10.0.0.0/30"}, "10.0.0.0/32"),
    ],
)
def test_blocks_are_as_large_as_usual_if_they_can_be(wanted: dict[str, Any], block: str) -> None:
    assert of_kind(made(**wanted), "Node")[0]["spec"]["podCIDR"] == block


def test_nodes_note_their_address_with_the_length_of_its_network() -> None:
    for node in of_kind(made(nodes=3, masters=1, node_cidr="10.9.0.0/20", ipv6=True), "Node"):
        annotations = node["metadata"]["annotations"]
        noted = [ip_interface(annotations[f"projectcalico.org/IPv{version}Address"]) for version in (4, 6)]
        own = [entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP"]
        assert [str(interface.ip) for interface in noted] == own
        assert [str(interface.network) for interface in noted] == ["10.9.0.0/20", "fd00:172:16::/64"]


# What can be asked


def test_nodes_may_talk_to_each_other_until_a_policy_decides() -> None:
    manifests = made(nodes=4, masters=1, platform="kubeadm-1.18")
    open_cluster, locked = parsed(manifests), parsed(manifests, LOCKDOWN % MASTER)
    for source, destination, before, after in (
        ("master1", "worker1", Decision.ALLOW, Decision.ALLOW),
        ("worker1", "master1", Decision.ALLOW, Decision.DENY),
        ("worker1", "worker2", Decision.ALLOW, Decision.DENY),
        (STRANGER, "worker3", Decision.ALLOW, Decision.DENY),
    ):
        assert open_cluster.check(source, destination, "kubelet").decision is before
        assert locked.check(source, destination, "kubelet").decision is after
    assert locked.check(STRANGER, "worker1", "ssh").decision is Decision.ALLOW


def test_a_policy_for_masters_finds_none_on_a_newer_platform() -> None:
    locked = parsed(made(nodes=4, masters=1, platform="kubeadm-1.24"), LOCKDOWN % MASTER)
    assert locked.check("master1", "worker1", "kubelet").decision is Decision.DENY


def test_pods_can_be_asked_about_by_name() -> None:
    manifests = made(nodes=4, masters=1, pods_per_node=6)
    cluster = parsed(manifests)
    one, other = (
        next(pod for pod in of_kind(manifests, "Pod") if pod["spec"]["nodeName"] == node)
        for node in ("worker1", "worker2")
    )
    assert cluster.check(name_of(one), name_of(other), "tcp/8080").decision is Decision.ALLOW


# What is impossible


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"nodes": 0}, "at least one node, not 0"),
        ({"nodes": 2, "masters": 3}, "masters are among the nodes: 0 to 2, not 3"),
        ({"masters": -1}, "masters are among the nodes: 0 to 50, not -1"),
        ({"pods_per_node": -1}, "pods_per_node must not be negative"),
        ({"platform": "kubeadm-1.13"}, "platform must be kubeadm-1.N with N from 14"),
        ({"platform": "kubeadm-1.24\n"}, r"not 'kubeadm-1.24\\n'"),
        ({"zones": ("a b",)}, "the value of a label, which 'a b' cannot be"),
        ({"pod_cidr": "x"}, "pod_cidr must be an IPv4 network such as .*, not 'x'"),
        ({"pod_cidr": "192.168.0.1/16"}, "pod_cidr must be an IPv4 network"),
        ({"node_cidr": "fd00::/64"}, "node_cidr must be an IPv4 network"),
        ({"pod_cidr": "172.16.0.0/12"}, "node_cidr 172.16.0.0/16 and pod_cidr 172.16.0.0/12 overlap"),
        ({"node_cidr": "10.0.0.0/27"}, "node_cidr 10.0.0.0/27 is too small for 50 nodes"),
        ({"nodes": 5, "pod_cidr": "10.0.0.0/30"}, "pod_cidr 10.0.0.0/30 is too small for 5 nodes with 0 pods each"),
        ({"nodes": 5, "pod_cidr": "10.0.0.0/24", "pods_per_node": 32}, "too small for 5 nodes with 32 pods each"),
    ],
)
def test_what_is_impossible_is_said(wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        synthetic_cluster(**wanted)


# The command


def test_the_command_prints_what_the_library_gives(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "--nodes 4 --masters 1 --platform kubeadm-1.18 --pods-per-node 2 --seed 7 --zone us-west-2a --ipv6"
    assert run(["new", "cluster", *arguments.split()]) == 0
    wanted = {"nodes": 4, "masters": 1, "platform": "kubeadm-1.18", "pods_per_node": 2, "seed": 7}
    expected = "---\n".join(map(as_yaml, made(**wanted, zones=("us-west-2a",), ipv6=True)))
    assert capsys.readouterr() == (expected, "")


def test_the_command_writes_one_file_for_each_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "deep" / "cluster"
    assert run(["new", "cluster", "--nodes", "4", "--pods-per-node", "2", "-o", str(folder)]) == 0
    assert f"{folder / 'nodes.yaml'}: 4 Nodes\n" in capsys.readouterr().out
    files = {path.name for path in folder.iterdir()}
    assert files >= {"nodes.yaml", "namespaces.yaml", "service-accounts.yaml", "pods.yaml", "ip-pools.yaml"}
    cluster = Cluster.load(str(folder))
    assert cluster.warnings == ()
    assert cluster.check("master1", "worker1", "kubelet").decision is Decision.ALLOW


def test_without_endpoints_none_are_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "cluster", "--nodes", "3", "--no-auto-host-endpoints"]) == 0
    assert Cluster.parse(capsys.readouterr().out).get("HostEndpoint") == ()


def test_files_are_written_over_on_demand_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["new", "cluster", "--nodes", "3", "-o", str(tmp_path)]
    (tmp_path / "nodes.yaml").write_text("mine")
    assert run(command) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        f"error: {tmp_path} already has nodes.yaml; choose another folder (--force writes over them)\n",
    )
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    assert run([*command, "--force"]) == 0
    assert "kind: Node" in (tmp_path / "nodes.yaml").read_text()


def test_files_of_another_cluster_are_never_mixed_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["new", "cluster", "--nodes", "4", "-o", str(tmp_path), "--force"]
    assert run([*command, "--pods-per-node", "2"]) == 0
    capsys.readouterr()
    assert run(command) == 2
    assert "already has pods.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folder", "message"),
    [("", "an empty name is no folder"), ("file", "is a file, not a folder"), ("file/sub", "Not a directory")],
)
def test_a_folder_that_cannot_be_is_said(
    folder: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert run(["new", "cluster", "-o", folder]) == 2
    out, err = capsys.readouterr()
    assert (out, message in err, list(tmp_path.iterdir())) == ("", True, [tmp_path / "file"])


@pytest.mark.parametrize(
    "arguments", [["--nodes", "0"], ["--nodes", "x"], ["--platform", "eks"], ["--pod-cidr", "x"], ["extra"]]
)
def test_wrong_usage_prints_nothing_but_an_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "cluster", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("error: ")) == ("", True)


def test_new_alone_says_that_something_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new"]) == 2
    assert "Missing command" in capsys.readouterr().err
