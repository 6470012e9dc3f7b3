"""`calico-engine get`: namespaces, names, label filters, formats, and what is told of what is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from calico_engine import Cluster
from calico_engine.cli import run
from calico_engine.label_filters import label_filter
from calico_engine.manifests.yaml_values import parse_value
from calico_selectors import InvalidSelector

FIXTURES = Path(__file__).parents[1] / "fixtures"
TUTORIAL = str(FIXTURES / "tutorial")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["get", *arguments]) == code
    out, err = capsys.readouterr()
    assert code or err == ""
    return out


def name_of(obj: Mapping[str, object]) -> str:
    metadata = obj["metadata"]
    assert isinstance(metadata, Mapping)
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)


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


KUBERNETES_POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in, namespace: default}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""


def test_policies_of_kubernetes_are_objects_of_calico_s_in_etcd_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Cluster.parse(KUBERNETES_POLICY).get("np") == ()
    assert [name_of(obj) for obj in Cluster.parse(KUBERNETES_POLICY, datastore="etcdv3").get("np")] == [
        "default/knp.default.in"
    ]
    (tmp_path / "m.yaml").write_text(KUBERNETES_POLICY)
    assert run(["get", "np", "in", "-f", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith(
        "not found; those of Kubernetes are no Calico objects: see calico-engine convert\n"
    )


def test_a_name_in_another_namespace_is_found_there(sets: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = next(name for name in map(name_of, Cluster.load(sets).get("netsets")) if not name.startswith("default/"))
    namespace, _, name = other.partition("/")
    assert run(["get", "netsets", name, "-n", "nowhere", "-f", sets]) == 1
    assert f'"{name}" not found; there is one in namespace ' in (err := capsys.readouterr().err)
    assert f'"{namespace}"' in err


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
    "two kinds": (["heps,np"], "there is no kind 'heps,np'; name one kind at a time"),
    "a kind of Kubernetes": (["pods"], "'pods' is a kind of Kubernetes, not of Calico"),
    "Kubernetes' policies": (["networkpolicies.networking.k8s.io"], "is a kind of Kubernetes, not of Calico"),
    "a name behind the kind": (["heps/h"], "there is no kind 'heps/h'; write the name apart from the kind: heps h"),
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
