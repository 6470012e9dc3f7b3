"""calicoctl's tables, byte for byte: headings and cells of every kind, numbers and lists as Go prints them, padding.

Sources: calicoctl/calicoctl/resourcemgr/*.go and commands/common/printer.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calico_engine import Cluster
from calico_engine.cli import run
from calico_engine.manifests.go_numbers import go_float64_text
from calico_engine.reports.columns import COLUMNS
from calico_engine.reports.go_text import go_text, joined
from calico_engine.reports.tables import headings, table
from calico_engine.resources import MODELS

FIXTURES = Path(__file__).parents[1] / "fixtures"
TUTORIAL = str(FIXTURES / "tutorial")

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
