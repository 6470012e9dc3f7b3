"""`cluster.get` and `calico-engine get`: calicoctl's names of kinds, its tables byte for byte, and objects as stored.

Sources: calicoctl/calicoctl/resourcemgr/*.go and commands/common/printer.go; what is stored is recorded from calicoctl.
"""

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
from calico_engine.label_filters import label_filter
from calico_engine.manifests.go_numbers import go_float64_text
from calico_engine.manifests.sources import Source
from calico_engine.manifests.yaml_values import parse_value
from calico_engine.reports.columns import COLUMNS
from calico_engine.reports.go_text import go_text, joined
from calico_engine.reports.listings import as_yaml
from calico_engine.reports.tables import headings, table
from calico_engine.resources import MODELS
from calico_engine.resources.kinds import BY_NAME, KINDS
from calico_selectors import InvalidSelector

FIXTURES = Path(__file__).parents[1] / "fixtures"
TUTORIAL = str(FIXTURES / "tutorial")
SAMPLE = FIXTURES / "golden" / "validation-sample.jsonl"

#: `calicoctl get heps -owide` of the tutorial; a dot marks where each line ends.
HOST_ENDPOINTS = """\
NAME                                                    NODE                                           INTERFACE   IPS                              PROFILES                      .
ip-172-16-101-147.us-west-2.compute.internal-auto-hep   ip-172-16-101-147.us-west-2.compute.internal   *           172.16.101.147,192.168.228.128   projectcalico-default-allow   .
ip-172-16-101-54.us-west-2.compute.internal-auto-hep    ip-172-16-101-54.us-west-2.compute.internal    *           172.16.101.54,192.168.107.128    projectcalico-default-allow   .
ip-172-16-101-79.us-west-2.compute.internal-auto-hep    ip-172-16-101-79.us-west-2.compute.internal    *           172.16.101.79,192.168.91.64      projectcalico-default-allow   .
ip-172-16-101-9.us-west-2.compute.internal-auto-hep     ip-172-16-101-9.us-west-2.compute.internal     *           172.16.101.9,192.168.71.192      projectcalico-default-allow   .
ip-172-16-102-63.us-west-2.compute.internal-auto-hep    ip-172-16-102-63.us-west-2.compute.internal    *           172.16.102.63,192.168.108.192    projectcalico-default-allow   .
.
"""  # noqa: E501


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["get", *arguments]) == code
    out, err = capsys.readouterr()
    assert code or err == ""
    return out


@pytest.mark.parametrize("arguments", [("heps", "-owide"), ("heps", "-o", "wide"), ("HostEndpoint", "--output=wide")])
def test_the_document_s_table(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *arguments, "-f", TUTORIAL) == HOST_ENDPOINTS.replace(".\n", "\n")


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


# Columns

FRAME = "apiVersion: projectcalico.org/v3\nkind: %s\nmetadata: {name: %s, namespace: %s}\nspec: %s\n"
#: kind → (spec, narrow cells, wide cells); the object is called x, in the namespace y where there is one
CELLS: Mapping[str, tuple[str, list[str], list[str]]] = {
    "HostEndpoint": (
        "{node: n1, interfaceName: eth0, expectedIPs: [10.0.0.1, 'fd00::1'], profiles: [a, b]}",
        ["x", "n1"],
        ["x", "n1", "eth0", "10.0.0.1,fd00::1", "a,b"],
    ),
    "GlobalNetworkPolicy": (
        "{order: 10.5, selector: has(a)}",
        ["x", "default"],
        ["x", "default", "10.5", "has(a)"],
    ),
    "NetworkPolicy": ("{tier: t, selector: ''}", ["x", "t"], ["x", "t", "<nil>", ""]),
    "StagedGlobalNetworkPolicy": ("{order: 1000000}", ["x", "default"], ["x", "default", "1e+06", ""]),
    "StagedNetworkPolicy": ("{order: -1}", ["x", "default"], ["x", "default", "-1", ""]),
    "StagedKubernetesNetworkPolicy": (
        "{podSelector: {matchLabels: {b: '2', a: '1'}, matchExpressions: [{key: k, operator: In, values: [v, w]}]}}",
        ["x"],
        [
            "x",
            "&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{"
            "LabelSelectorRequirement{Key:k,Operator:In,Values:[v w],},},}",
        ],
    ),
    "Tier": ("{order: 1234567}", ["x", "1.234567e+06"], ["x", "1.234567e+06"]),
    "GlobalNetworkSet": ("{nets: [10.0.0.0/8, 192.0.2.1]}", ["x"], ["x", "10.0.0.0/8,192.0.2.1"]),
    "NetworkSet": (
        f"{{nets: [{', '.join(['10.0.0.0/24'] * 7)}]}}",
        ["x"],
        [
            "x",
            "10.0.0.0/24," * 6 + "10.0....",
        ],
    ),
    "Profile": ("{labelsToApply: {b: '2', a: ''}}", ["x"], ["x", "a=,b=2"]),
    "WorkloadEndpoint": (
        "{node: n1, orchestrator: k8s, pod: p, endpoint: eth0, interfaceName: cali1, ipNetworks: [10.0.0.1/32],"
        " ipNATs: [{internalIP: 10.0.0.1, externalIP: 192.0.2.1}], profiles: [kns.y]}",
        ["p", "n1", "10.0.0.1/32", "cali1"],
        ["n1-k8s-p-eth0", "p", "n1", "10.0.0.1/32", "cali1", "kns.y", "{10.0.0.1 192.0.2.1}"],
    ),
    "Node": (
        "{bgp: {ipv4Address: 192.0.2.1/24, ipv6Address: 'fd00::1/64'}}",
        ["x"],
        ["x", "(64512)", "192.0.2.1/24", "fd00::1/64"],
    ),
    "IPPool": (
        "{cidr: 10.0.0.0/16, natOutgoing: true, vxlanMode: Always}",
        ["x", "10.0.0.0/16", "all()"],
        ["x", "10.0.0.0/16", "true", "Never", "Always", "false", "false", "all()", "Automatic"],
    ),
    "FelixConfiguration": ("{}", ["x"], ["x"]),
    "KubeControllersConfiguration": ("{}", ["x"], ["x"]),
    "BGPConfiguration": ("{nodeToNodeMeshEnabled: false}", ["x", "Info", "false", "-"], ["x", "Info", "false", "-"]),
    "BGPFilter": ("{}", ["x"], ["x"]),
    "BGPPeer": (
        "{peerIP: 192.0.2.1, asNumber: '1.2'}",
        ["x", "192.0.2.1", "(global)", "65538"],
        ["x", "192.0.2.1", "(global)", "65538"],
    ),
    "ClusterInformation": (
        "{clusterGUID: g, clusterType: k8s, calicoVersion: v3}",
        ["x", "g", "k8s", "v3", "<nil>"],
        ["x", "g", "k8s", "v3", "<nil>"],
    ),
    "IPReservation": ("{reservedCIDRs: [10.0.0.0/8]}", ["x"], ["x", "10.0.0.0/8"]),
    "Host": ("{interfaces: []}", ["x"], ["x"]),
}


def cluster_of(kind: str, spec: str) -> Cluster:
    namespaced = {model.KIND: model.NAMESPACED for model in MODELS.values()}[kind]
    text = FRAME % (kind, "n1-k8s-p-eth0" if kind == "WorkloadEndpoint" else "x", "y", spec)
    if not namespaced:
        text = text.replace(", namespace: y", "")
    if kind == "Host":
        text = text.replace("projectcalico.org/v3", "calico-engine/v1")
    return Cluster.parse(text)


@pytest.mark.parametrize("wide", [False, True], ids=["narrow", "wide"])
@pytest.mark.parametrize("kind", CELLS)
def test_cells(kind: str, wide: bool) -> None:
    spec, *cells = CELLS[kind]
    objects = [obj for obj in cluster_of(kind, spec).get(kind) if obj["metadata"] not in BUILT_IN_METADATA]
    lines = list(table(kind, objects, headings(kind, wide=wide)))
    expected = [headings(kind, wide=wide), cells[wide]]
    widths = [max(5, *(len(row[column]) + 3 for row in expected)) for column in range(len(cells[wide]))]
    padded = ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in expected]
    assert lines == [*padded, ""]


BUILT_IN_METADATA = [
    {"name": name} for name in ("default", "kube-admin", "kube-baseline", "projectcalico-default-allow")
]


def test_cells_are_known_for_every_kind() -> None:
    assert set(CELLS) == set(COLUMNS)


@pytest.mark.parametrize("kind", COLUMNS)
def test_headings_are_among_the_cells(kind: str) -> None:
    columns = COLUMNS[kind]
    assert {*columns.narrow, *columns.wide} <= set(columns.cells)
    namespaced = {model.KIND: model.NAMESPACED for model in MODELS.values()}[kind]
    assert (headings(kind, namespace=True)[0] == "NAMESPACE") is namespaced


def test_nodes_show_the_cluster_s_as_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = "".join(
        f"---\napiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        for name, spec in (
            ("a", "{bgp: {ipv4Address: 10.0.0.1}}"),
            ("b", "{}"),
            ("c", "{bgp: {asNumber: 7, ipv4Address: 10.0.0.3}}"),
        )
    )
    (tmp_path / "m.yaml").write_text(
        "apiVersion: projectcalico.org/v3\nkind: BGPConfiguration\nmetadata: {name: default}\nspec: {asNumber: 64600}\n"
        + nodes
    )
    lines = shown(capsys, "no", "-o", "custom-columns=NAME,ASN", "-f", str(tmp_path)).splitlines()
    assert [line.split() for line in lines] == [["NAME", "ASN"], ["a", "(64600)"], ["b"], ["c", "7"], []]


# Tables

#: Facts of upstream's own test of the function (commands/common/printer_test.go).
JOINED: tuple[tuple[object, int, str], ...] = (
    (None, 0, ""),
    ({}, 0, ""),
    ({"a": "b", "b": "c", "go": "gopher"}, 0, "a=b,b=c,go=gopher"),
    ({"giraffe": "praying mantis", "bird": "felix", "go": "gopher", "elephant": "hippo"}, 15, "bird=felix,e..."),
    ([], 0, ""),
    (["one", "two", "three"], 0, "one,two,three"),
    (["otorhinolaryngological", "psychophysicotherapeutics"], 10, "otorhin..."),
    ([12345, 67890], 6, "123..."),
    ([123456], 6, "123456"),
)


@pytest.mark.parametrize(("items", "limit", "text"), JOINED)
def test_joined(items: object, limit: int, text: str) -> None:
    assert joined(items, limit) == text


FLOATS = {
    0.0: "0",
    -0.5: "-0.5",
    10.0: "10",
    999999.0: "999999",
    1e6: "1e+06",
    1e21: "1e+21",
    1e-5: "1e-05",
    0.1: "0.1",
}


@pytest.mark.parametrize("value", FLOATS)
def test_floats_as_go_prints_them(value: float) -> None:
    assert go_float64_text(value) == go_text(value) == FLOATS[value]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_all_their_digits(value: float) -> None:
    text = go_float64_text(value)
    assert float(text) == value
    assert ("e" in text) == (value != 0 and not 1e-4 <= abs(value) < 1e6)


names = st.text("abcdefghijklmnopqrstuvwxyz-0123456789", min_size=1, max_size=40)


@given(st.lists(st.tuples(names, names), max_size=8))
def test_columns_stand_one_below_the_other(cells: list[tuple[str, str]]) -> None:
    objects = [{"metadata": {"name": name}, "spec": {"node": node}} for name, node in cells]
    *lines, last = table("HostEndpoint", objects, ("NAME", "NODE"))
    start = lines[0].index("NODE")
    assert last == ""
    assert len({len(line) for line in lines}) == 1
    assert all(line.endswith("   ") or len(line) - start == 5 for line in lines[:1])
    assert [(line[:start].rstrip(), line[start:].rstrip()) for line in lines[1:]] == cells
    assert all(line[:start].endswith("   ") and line.endswith("   ") for line in lines[1:])


def test_a_tab_ends_a_cell_as_in_go() -> None:
    policy = {"metadata": {"name": "p"}, "spec": {"selector": "has(a)\t&& b == 'c'"}}
    plain = {"metadata": {"name": "q"}, "spec": {"selector": "all()"}}
    lines = list(table("GlobalNetworkPolicy", [policy, plain], ("NAME", "SELECTOR")))
    assert lines == ["NAME   SELECTOR   ", "p      has(a)     && b == 'c'   ", "q      all()      ", ""]


def test_nothing_of_a_stored_text_reaches_the_terminal_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.json").write_text(
        json.dumps(
            {
                "apiVersion": "projectcalico.org/v3",
                "kind": "HostEndpoint",
                "metadata": {"name": "a\x1b[31m\u202e\n"},
                "spec": {"node": "n\u0007", "interfaceName": "e\t1"},
            }
        )
    )
    for output in ("ps", "wide", "yaml", "json", "name"):
        out = shown(capsys, "heps", "--stored", "-o", output, "-f", str(tmp_path))
        assert all(line.isprintable() for line in out.splitlines()), output
        assert "a" in out


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


SETS = "---\n".join(
    f"apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {{name: {name}, namespace: {namespace},"
    f" labels: {{env: {env}}}}}\nspec: {{nets: [{net}]}}\n"
    for name, namespace, env, net in (
        ("b", "default", "dev", "10.0.0.0/8"),
        ("a", "web", "prod", "10.1.0.0/16"),
        ("a", "default", "prod", "10.2.0.0/16"),
    )
)


@pytest.fixture
def sets(tmp_path: Path) -> str:
    (tmp_path / "m.yaml").write_text(SETS)
    return str(tmp_path)


def test_get_of_the_library_takes_all_namespaces_unless_told() -> None:
    cluster = Cluster.parse(SETS)
    assert [name_of(obj) for obj in cluster.get("netsets")] == ["default/a", "default/b", "web/a"]
    assert [name_of(obj) for obj in cluster.get("netsets", namespace="web")] == ["web/a"]
    assert [name_of(obj) for obj in cluster.get("netsets", "a")] == ["default/a", "web/a"]
    assert cluster.get("netsets", "c") == ()
    assert cluster.get("heps") == ()


# The command

NAMESPACES: Mapping[tuple[str, ...], list[list[str]]] = {
    (): [["NAME"], ["a"], ["b"], []],
    ("-n", "web"): [["NAMESPACE", "NAME"], ["web", "a"], []],
    ("-A",): [["NAMESPACE", "NAME"], ["default", "a"], ["default", "b"], ["web", "a"], []],
    ("-n", "none"): [["NAMESPACE", "NAME"], []],
    ("a",): [["NAME"], ["a"], []],
    ("a", "-n", "web"): [["NAMESPACE", "NAME"], ["web", "a"], []],
    ("b", "a"): [["NAME"], ["b"], [], ["NAME"], ["a"], []],
    ("-A", "-l", "env=prod"): [["NAMESPACE", "NAME"], ["default", "a"], ["web", "a"], []],
    ("-A", "-l", "env == 'dev'"): [["NAMESPACE", "NAME"], ["default", "b"], []],
    ("-o", "custom-columns=NETS"): [["NETS"], ["10.2.0.0/16"], ["10.0.0.0/8"], []],
    ("-A", "-o", "custom-columns=NAME,NAMESPACE"): [
        ["NAME", "NAMESPACE"],
        ["a", "default"],
        ["b", "default"],
        ["a", "web"],
        [],
    ],
}


@pytest.mark.parametrize("arguments", NAMESPACES, ids=" ".join)
def test_namespaces_names_and_labels(arguments: tuple[str, ...], sets: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "netsets", *arguments, "-f", sets)
    assert [line.split() for line in out.splitlines()] == NAMESPACES[arguments]


def test_data_of_one_of_some_and_of_all(sets: str, capsys: pytest.CaptureFixture[str]) -> None:
    one = json.loads(shown(capsys, "netsets", "a", "-o", "json", "-f", sets))
    some = json.loads(shown(capsys, "netsets", "a", "b", "-o", "json", "-f", sets))
    every = json.loads(shown(capsys, "netsets", "-A", "-o", "json", "-f", sets))
    cluster = Cluster.load(sets)
    assert one == some[0] == cluster.get("netsets", "a", "default")[0]
    assert [name_of(obj) for obj in some] == ["default/a", "default/b"]
    assert every == {
        "apiVersion": "projectcalico.org/v3",
        "kind": "NetworkSetList",
        "metadata": {},
        "items": list(cluster.get("netsets")),
    }
    for output in ("yaml", "yml"):
        assert parse_value(shown(capsys, "netsets", "-A", "-o", output, "-f", sets)) == every


def test_a_list_that_was_shown_is_a_manifest(sets: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Cluster.load(sets).get("netsets")
    again = tmp_path / "again.yaml"
    again.write_text(shown(capsys, "netsets", "-A", "-o", "yaml", "-f", sets))
    assert Cluster.load(again).get("netsets") == before


def test_names_as_kubectl_has_them(sets: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "netsets", "-o", "name", "-f", sets)
    assert out == "networkset.projectcalico.org/a\nnetworkset.projectcalico.org/b\n"


def test_missing_names_are_told_after_what_is_there(sets: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "netsets", "a", "aa", "b", "-f", sets]) == 1
    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines()] == [["NAME"], ["a"], [], ["NAME"], ["b"], []]
    assert err == (
        "resource does not exist: NetworkSet(default/aa) with error: "
        'networksets.crd.projectcalico.org "aa" not found; did you mean "a"?\n'
    )


def test_nothing_is_shown_of_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("ps", "yaml", "json", "name"):
        assert run(["get", "heps", "nobody", "-o", output, "-f", TUTORIAL]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("resource does not exist: HostEndpoint(nobody) with error: ")


WRONG_USAGE = {
    "a cluster kind in a namespace": (["heps", "-n", "x"], "HostEndpoint is not namespaced"),
    "a cluster kind everywhere": (["heps", "-A"], "HostEndpoint is not namespaced"),
    "one namespace and all": (["np", "-A", "-n", "x"], "cannot use both --namespace and --all-namespaces"),
    "a name everywhere": (["np", "p", "-A"], "cannot use --all-namespaces flag for getting a single resource"),
    "an empty name": (["heps", ""], "resource name may not be empty"),
    "names and labels": (["heps", "a", "-l", "b"], "give either names or a selector"),
    "no selector": (["heps", "-l", "a ==="], "no selector"),
    "an unknown format": (["heps", "-o", "yamll"], "unrecognized output format 'yamll'; did you mean \"yaml\"?"),
    "a format with a value": (["heps", "-o", "wide=1"], "unrecognized output format 'wide=1'"),
    "no columns": (["heps", "-o", "custom-columns="], "need to specify at least one column"),
    "an unknown column": (
        ["heps", "-o", "custom-columns=NAME,IP"],
        "unknown heading 'IP', valid values are: NAME, NODE",
    ),
    "a column in another case": (["heps", "-o", "custom-columns=node"], 'did you mean "NODE"?'),
    "no file": (["heps"], "-f"),
}


@pytest.mark.parametrize("what", WRONG_USAGE)
def test_wrong_usage(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, hint = WRONG_USAGE[what]
    files = [] if what == "no file" else ["-f", TUTORIAL]
    assert run(["get", *arguments, *files]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert hint in err


def test_bad_manifests_are_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.yaml").write_text("kind: [")
    assert run(["get", "heps", "-f", str(tmp_path)]) == 2
    assert capsys.readouterr().out == ""


# Label filters

FILTERS = {
    "env=dev": 'env == "dev"',
    "env==dev": 'env == "dev"',
    "env!=dev": 'env != "dev"',
    "env": "has(env)",
    "!env": "!has(env)",
    "env in (dev, prod)": 'env in {"dev", "prod"}',
    "env notin (dev)": 'env not in {"dev"}',
    "env=": 'env == ""',
    "env=dev,!old": '(env == "dev" && !has(old))',
    "a in (b,c),d": '(a in {"b", "c"} && has(d))',
    " x.io/y-z , b ": "(has(x.io/y-z) && has(b))",
    "env == 'dev' || has(x)": '(env == "dev" || has(x))',
    "": "all()",
}


@pytest.mark.parametrize("text", FILTERS)
def test_label_filter(text: str) -> None:
    assert str(label_filter(text)) == FILTERS[text]


@pytest.mark.parametrize("text", ["a=b=c", "a,,b", "a in b", "a=b'", "(a)", "a > 1", "a in ('b')", ","])
def test_no_label_filter(text: str) -> None:
    with pytest.raises(InvalidSelector):
        label_filter(text)
