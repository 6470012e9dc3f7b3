"""`calico-engine eval` and `cluster.select`: which endpoints a selector selects, which terms decided, what was meant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from calico_engine import Cluster
from calico_engine.cli import run
from calico_selectors import InvalidSelector, Selector

TUTORIAL = str(Path(__file__).parents[1] / "fixtures" / "tutorial")
HOSTS = {"a": {"role": "web", "env": "dev"}, "b": {"role": "web", "env": "prod"}, "c": {"role": "db"}}


def manifests() -> str:
    """Three host endpoints, and a pod that has labels of its namespace besides its own."""
    documents = [
        "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\n"
        f"metadata: {{name: {name}, labels: {json.dumps(labels)}}}\nspec: {{node: n1, interfaceName: eth{index}}}\n"
        for index, (name, labels) in enumerate(HOSTS.items())
    ]
    documents.append("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: red}}\n")
    documents.append(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {role: web}}\n"
        "spec: {nodeName: n1}\nstatus: {podIP: 10.0.0.1, phase: Running}\n"
    )
    return "---\n".join(documents)


CLUSTER = Cluster.parse(manifests())
POD = "n1-k8s-p-eth0"

SELECTED = {
    "all()": ["a", "b", "c", POD],
    "": ["a", "b", "c", POD],
    "role == 'web'": ["a", "b", POD],
    "role == 'web' && has(env)": ["a", "b"],
    "env != 'dev'": ["b", "c", POD],
    "!has(env) || env in {'dev'}": ["a", "c", POD],
    "pcns.team == 'red'": [POD],
    "projectcalico.org/namespace == 'shop'": [POD],
    "projectcalico.org/orchestrator == 'k8s'": [POD],
    "has(nothing)": [],
}


@pytest.mark.parametrize("selector", SELECTED)
def test_selected(selector: str) -> None:
    selection = CLUSTER.select(selector)
    assert [endpoint.id.name for endpoint in selection.selected] == SELECTED[selector]
    assert [endpoint.id.name for endpoint in selection.endpoints] == ["a", "b", "c", POD]
    assert selection == CLUSTER.select(Selector(selector))


terms = st.sampled_from(["has(role)", "role == 'web'", "env != 'dev'", "env in {'dev', 'prod'}", "!has(env)", "all()"])
selectors = st.recursive(
    terms, lambda inner: st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(["&&", "||"]), inner)
)


@given(selectors)
def test_the_decisive_terms_are_enough(text: str) -> None:
    """The marks agree with the selector itself, and each answer rests on terms that have the truth it needs."""
    selector = Selector(text)
    for endpoint in CLUSTER.select(selector).endpoints[:3]:
        assert endpoint.matches is selector.matches(HOSTS[endpoint.id.name])
        assert endpoint.explanation.decisive


def test_no_selector() -> None:
    with pytest.raises(InvalidSelector):
        CLUSTER.select("role = web")


# Near misses

#: selector → (label, value, what was meant, how many have that)
NEAR_MISSES: Mapping[str, list[tuple[str, str | None, str | None, int]]] = {
    "has(rol)": [("rol", None, "role", 4)],
    "!has(Role)": [("Role", None, "role", 4)],
    "env == 'de'": [("env", "de", "dev", 1)],
    "env in {'dev', 'prd'}": [("env", "prd", "prod", 1)],
    "env not in {'DEV'}": [("env", "DEV", "dev", 1)],
    "role == 'webb' && has(rol)": [("role", "webb", "web", 3), ("rol", None, "role", 4)],
    "has(rol) || has(rol)": [("rol", None, "role", 4)],
    "has(unheard-of)": [("unheard-of", None, None, 0)],
    "env == 'unheard-of'": [("env", "unheard-of", None, 0)],
    "has(unheard-of) || has(role)": [],
    "!has(unheard-of)": [],
    "role contains 'we'": [],
    "all() || global()": [],
    "role == 'web'": [],
}


@pytest.mark.parametrize("selector", NEAR_MISSES)
def test_near_misses(selector: str) -> None:
    misses = CLUSTER.select(selector).near_misses
    assert [(miss.label, miss.value, miss.meant, miss.count) for miss in misses] == NEAR_MISSES[selector]


def test_a_slip_in_the_tutorial(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "has(kubernets-worker)", "-f", TUTORIAL]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "0 of 5 endpoints selected",
        "no endpoint has the label `kubernets-worker`; 4 have `kubernetes-worker`",
    ]


# The command


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "m.yaml").write_text(manifests())
    return str(tmp_path)


def test_a_line_for_each_endpoint(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "role == 'web' && env == 'dev'", "-f", file]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "✓ HostEndpoint a",
        "✗ HostEndpoint b",
        "✗ HostEndpoint c",
        f"✗ WorkloadEndpoint shop/{POD}",
        "1 of 4 endpoints selected",
    ]


def test_why(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What holds rests on all terms of an AND, what fails on the first that fails."""
    run(["eval", "role == 'web' && env == 'dev'", "--why", "-f", file])
    assert capsys.readouterr().out.splitlines() == [
        "✓ HostEndpoint a",
        '    ✓ role == "web": role is "web"',
        '    ✓ env == "dev": env is "dev"',
        "✗ HostEndpoint b",
        '    ✗ env == "dev": env is "prod"',
        "✗ HostEndpoint c",
        '    ✗ role == "web": role is "db"',
        f"✗ WorkloadEndpoint shop/{POD}",
        '    ✗ env == "dev": there is no label env',
        "1 of 4 endpoints selected",
    ]


def schema() -> Draft202012Validator:
    text = (resources.files("calico_engine") / "schemas" / "selection.schema.json").read_text()
    return Draft202012Validator(json.loads(text))


@pytest.mark.parametrize("why", [False, True])
@pytest.mark.parametrize("selector", [*SELECTED, *NEAR_MISSES])
def test_json(selector: str, why: bool, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["eval", selector, "-o", "json", *(["--why"] if why else []), "-f", file])
    answer = json.loads(capsys.readouterr().out)
    schema().validate(answer)
    selected = [endpoint["name"] for endpoint in answer["endpoints"] if endpoint["selected"]]
    assert selected == [endpoint.id.name for endpoint in CLUSTER.select(selector).selected]
    assert code == (0 if selected else 1)
    assert answer["selector"] == str(Selector(selector))
    assert all(("terms" in endpoint) is why for endpoint in answer["endpoints"])


def test_no_endpoints_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.yaml").write_text(
        "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: 1}\n"
    )
    assert run(["eval", "all()", "-f", str(tmp_path)]) == 1
    assert capsys.readouterr().out == "0 of 0 endpoints selected\n"


def test_a_text_that_is_no_selector_is_shown_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "has(role) and x == 'a'", "-f", TUTORIAL]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "error: no selector: expected `&&`, `||` or the end after `)`, found `and`: write `&&`",
        "  has(role) and x == 'a'",
        "            ^^^",
    ]


@pytest.mark.parametrize("selector", ["a == \x1b[31m", "has(\u202e)", "\n", "a == 'x' \x07"])
def test_nothing_of_a_wrong_selector_reaches_the_terminal_as_it_is(
    selector: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", selector, "-f", TUTORIAL]) == 2
    assert all(line.isprintable() for line in capsys.readouterr().err.splitlines())


def test_nothing_of_a_stored_label_reaches_the_terminal_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "HostEndpoint",
        "metadata": {"name": "h\x1b[2J", "labels": {"a": "\x1b[31m\u202e\n"}},
        "spec": {"node": "n", "interfaceName": "eth0"},
    }
    (tmp_path / "m.json").write_text(json.dumps(endpoint))
    assert run(["eval", "has(a)", "--why", "--stored", "-f", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == r"✓ HostEndpoint h\x1b[2J"
    assert lines[1] == r'    ✓ has(a): a is "\x1b[31m\u202e\n"'
