"""`cluster.get`: the names of kinds, and objects as the datastore would hold them (recorded from calicoctl)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calico_engine import Cluster
from calico_engine.cli import run
from calico_engine.errors import UnknownReference
from calico_engine.examination import examine_sources
from calico_engine.manifests.sources import Source
from calico_engine.manifests.yaml_values import parse_value
from calico_engine.reports.columns import COLUMNS
from calico_engine.reports.listings import as_yaml
from calico_engine.resources import MODELS
from calico_engine.resources.kinds import BY_NAME, KINDS

FIXTURES = Path(__file__).parents[1] / "fixtures"
TUTORIAL = str(FIXTURES / "tutorial")
SAMPLE = FIXTURES / "golden" / "validation-sample.jsonl"


# Names of kinds

ALIASES = {
    "HostEndpoint": "hostendpoint hostendpoints hep heps",
    "GlobalNetworkPolicy": "globalnetworkpolicy globalnetworkpolicies gnp gnps cgnp",
    "NetworkPolicy": "networkpolicy networkpolicies policy policies np pol pols cnp caliconetworkpolicy",
    "StagedGlobalNetworkPolicy": "stagedglobalnetworkpolicy stagedglobalnetworkpolicies sgnp sgnps",
    "StagedNetworkPolicy": "stagednetworkpolicy stagednetworkpolicies stagedpolicy stagedpolicies snp spol spols scnp",
    "StagedKubernetesNetworkPolicy": "stagedkubernetesnetworkpolicy stagedkubernetesnetworkpolicies "
    "stagedkubernetespolicy stagedkubernetespolicies sknp skpol skpols",
    "Tier": "tier tiers",
    "GlobalNetworkSet": "globalnetworkset globalnetworksets gnetsets gns",
    "NetworkSet": "networkset networksets netsets",
    "Profile": "profile profiles pro pros",
    "WorkloadEndpoint": "workloadendpoint workloadendpoints wep weps",
    "Node": "node nodes no nos",
    "IPPool": "ippool ippools ipp ipps pool pools",
    "FelixConfiguration": "felixconfiguration felixconfigurations felixconfig felixconfigs",
    "KubeControllersConfiguration": "kubecontrollersconfiguration kubecontrollersconfigurations "
    "kubecontrollersconfig kubecontrollersconfigs kcc kccs",
    "BGPConfiguration": "bgpconfiguration bgpconfigurations bgpconfig bgpconfigs",
    "BGPFilter": "bgpfilter bgpfilters bgpf bgpfs bf bfs",
    "BGPPeer": "bgppeer bgppeers bgpp bgpps bp bps",
    "ClusterInformation": "clusterinformation clusterinformations clusterinfo clusterinfos",
    "IPReservation": "ipreservation ipreservations reservation reservations",
    "Host": "host hosts",
}


@pytest.mark.parametrize("kind", ALIASES)
def test_aliases(kind: str) -> None:
    assert {name for name, known in BY_NAME.items() if known.kind == kind} == set(ALIASES[kind].split())


def test_every_kind_has_names_and_columns() -> None:
    kinds = {model.KIND for model in MODELS.values()}
    assert kinds == set(ALIASES) == set(COLUMNS) == {known.kind for known in KINDS}
    assert len(BY_NAME) == sum(len(names.split()) for names in ALIASES.values()), "no name means two kinds"


def test_case_is_not_looked_at() -> None:
    cluster = Cluster.load(TUTORIAL)
    assert cluster.get("HePs") == cluster.get("HOSTENDPOINT") == cluster.get("HostEndpoint")


@pytest.mark.parametrize(("name", "meant"), [("hepz", "hep"), ("HostEndpiont", "hostendpoint"), ("teir", "tier")])
def test_an_unknown_kind_is_wrong_usage(name: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownReference):
        Cluster.load(TUTORIAL).get(name)
    assert run(["get", name, "-f", TUTORIAL]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: there is no kind '{name}'; did you mean \"{meant}\"?\n")


# Objects as stored


def stored() -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Single objects of the sample, and what calicoctl shows of them once they are created."""
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["stored"] is not None and examine_sources([Source("f", row["yaml"])]).valid:
            yield row["id"], row["yaml"], row["stored"]


def test_objects_are_shown_as_calicoctl_shows_them() -> None:
    asked = 0
    for name, text, expected in stored():
        metadata = expected["metadata"]
        assert isinstance(metadata, Mapping)
        found = Cluster.parse(text).get(str(expected["kind"]), metadata["name"], metadata.get("namespace"))
        assert found == (expected,), name
        asked += 1
    assert asked > 50


def test_what_is_shown_is_read_back() -> None:
    for name, text, expected in stored():
        again = Cluster.parse(as_yaml(expected)).get(str(expected["kind"]), namespace=None)
        assert again == Cluster.parse(text).get(str(expected["kind"])), name


texts = st.one_of(
    st.text(max_size=20), st.sampled_from(["y", "n", "1e3", "20:22", "0o17", "1_0", "~", "", "null", ".inf", "<<"])
)
values = st.recursive(
    st.one_of(texts, st.booleans(), st.none(), st.integers(-(2**53), 2**53)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abc", min_size=1), values, min_size=1, max_size=4))
def test_yaml_is_read_back_as_calicoctl_reads_it(value: dict[str, object]) -> None:
    text = as_yaml(value)
    assert text.isascii()
    assert parse_value(text) == value


def test_built_in_objects_and_their_order() -> None:
    """Tiers come by order, as `calicoctl get tiers` sorts them; all else by namespace and name."""
    tier = "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: %s}\nspec: %s\n"
    cluster = Cluster.parse(
        "---\n".join([tier % ("a", "{order: 2000}"), tier % ("z", "{}"), tier % ("b", "{order: 1}")])
    )
    assert [name_of(obj) for obj in cluster.get("tiers")] == ["b", "kube-admin", "a", "default", "z", "kube-baseline"]
    assert [name_of(obj) for obj in cluster.get("profiles")] == ["projectcalico-default-allow"]
    assert cluster.get("tier", "default")[0]["spec"] == {"order": 1000000, "defaultAction": "Deny"}
    allow = [{"action": "Allow"}]
    assert cluster.get("pro", "projectcalico-default-allow")[0]["spec"] == {"ingress": allow, "egress": allow}
    bare = Cluster.parse(tier % ("a", "{order: 1}"), stored=True)
    assert [name_of(obj) for obj in bare.get("tiers")] == ["a"]
    assert [name_of(obj) for obj in bare.get("profiles")] == ["projectcalico-default-allow"]


def name_of(obj: Mapping[str, object]) -> str:
    metadata = obj["metadata"]
    assert isinstance(metadata, Mapping)
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)


def test_products_of_controllers_are_shown() -> None:
    text = """\
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {role: web}, annotations: {projectcalico.org/IPv4Address: 10.0.0.1/24}}
---
apiVersion: projectcalico.org/v3
kind: KubeControllersConfiguration
metadata: {name: default}
spec: {controllers: {node: {hostEndpoint: {autoCreate: Enabled}}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: web}
"""
    cluster = Cluster.parse(text)
    (endpoint,) = cluster.get("heps")
    assert name_of(endpoint) == "n1-auto-hep"
    assert "role" in str(endpoint["metadata"])
    assert [name_of(obj) for obj in cluster.get("nodes")] == ["n1"]
    assert "kns.web" in [name_of(obj) for obj in cluster.get("profiles")]
