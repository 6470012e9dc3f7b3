"""apply, delete, patch and label: what they say, what becomes of the files, and what they refuse to write."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from calico_engine import ChangeRefused, Cluster

if TYPE_CHECKING:
    from tests.conftest import Command

NODES = """\
# Two nodes, in a list as kubectl gives it.
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata:
    name: n1   # the first
    labels: {role: master}
  # about its spec
  spec: {}
- apiVersion: v1
  kind: Node
  metadata:
    name: n2
    labels:
      zone: "1"
    # below the labels
  spec: {}
"""
POLICIES = """\
# the first policy
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p1}
spec:
  selector:   all()   # everyone
  ingress:
    - action: Allow
---
# the second
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: p2
spec: {order: 5}
"""
NEW = """\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p3}   # new
spec: {order: 7}
"""
ENABLE = '{"spec": {"controllers": {"node": {"hostEndpoint": {"autoCreate": "Enabled"}}}}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "cluster"
    made.mkdir()
    (made / "nodes.yaml").write_text(NODES)
    (made / "policies.yaml").write_text(POLICIES)
    return made


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@dataclass(frozen=True, slots=True)
class Change:
    """A command, what it says, and what it replaces in a file's text: all else stays, byte for byte."""

    words: tuple[str, ...]
    says: str
    file: str
    old: str
    new: str
    stdin: str = ""


CHANGES = (
    Change(
        ("label", "nodes", "-l", "role in (master)", "on=yes"),
        "node/n1 labeled\n",
        *("nodes.yaml", "{role: master}", '{role: master, "on": "yes"}'),
    ),
    Change(
        ("label", "nodes", "-l", "!role", "w="),
        "node/n2 labeled\n",
        *("nodes.yaml", 'zone: "1"\n', 'zone: "1"\n      w: ""\n'),
    ),
    Change(
        ("label", "no", "n2", "zone-"), "node/n2 unlabeled\n", "nodes.yaml", 'labels:\n      zone: "1"', "labels: {}"
    ),
    Change(
        ("label", "node", "n2", "zone=2", "--overwrite"),
        "node/n2 labeled\n",
        *("nodes.yaml", 'zone: "1"', 'zone: "2"'),
    ),
    Change(("label", "node", "n2", "zone=1"), "node/n2 not labeled\n", "nodes.yaml", "", ""),
    Change(("label", "node", "n2", "x-"), 'label "x" not found.\nnode/n2 not labeled\n', "nodes.yaml", "", ""),
    Change(("label", "node", "-l", "nobody", "x="), "No resources found\n", "nodes.yaml", "", ""),
    Change(
        ("label", "gnp", "p2", "a=b"),
        "globalnetworkpolicy.projectcalico.org/p2 labeled\n",
        *("policies.yaml", "  name: p2\n", "  name: p2\n  labels:\n    a: b\n"),
    ),
    Change(
        ("patch", "gnp", "p1", "-p", '{"spec": {"order": 3}}'),
        "Successfully patched 1 'GlobalNetworkPolicy' resource\n",
        *("policies.yaml", "    - action: Allow\n", "    - action: Allow\n  order: 3\n"),
    ),
    *(
        Change(
            ("patch", "gnp", "p2", "-p", '{"spec": {"order": 6}}', option, kind),
            "Successfully patched 1 'GlobalNetworkPolicy' resource\n",
            *("policies.yaml", "{order: 5}", "{order: 6}"),
        )
        for option, kind in (("--type", "strategic"), ("-t", "merge"), ("--type", "json"))
    ),
    Change(
        ("patch", "gnp", "p2", "-p", '{"spec": {"order": null}}'),
        "Successfully patched 1 'GlobalNetworkPolicy' resource\n",
        *("policies.yaml", "{order: 5}", "{}"),
    ),
    Change(
        ("patch", "node", "n1", "-p", '{"spec": {"x": 1}}'),
        "node/n1 patched\n",
        "nodes.yaml",
        " {}\n- ",
        "\n    x: 1\n- ",
    ),
    Change(
        ("delete", "gnp", "p1"),
        "Successfully deleted 1 'GlobalNetworkPolicy' resource(s)\n",
        *("policies.yaml", POLICIES[: POLICIES.index("# the second")], ""),
    ),
    Change(
        ("delete", "gnp", "p2"),
        "Successfully deleted 1 'GlobalNetworkPolicy' resource(s)\n",
        *("policies.yaml", POLICIES[POLICIES.index("---") :], ""),
    ),
    Change(
        ("delete", "nodes", "n1", "n2", "n1"),
        'node "n1" deleted\nnode "n2" deleted\n',
        *("nodes.yaml", NODES[NODES.index("\n- api") : -1], " []"),
    ),
    Change(("delete", "node", "n2"), 'node "n2" deleted\n', "nodes.yaml", NODES[NODES.rindex("- api") :], ""),
    Change(
        ("apply", "-"),
        "Successfully applied 1 'GlobalNetworkPolicy' resource(s)\n",
        *("policies.yaml", "{order: 5}", "{order: 6}"),
        stdin=NEW.replace("p3", "p2").replace("7", "6"),
    ),
    Change(
        ("apply", "-o", "{}/policies.yaml", "-"),
        "Successfully applied 1 'GlobalNetworkPolicy' resource(s)\n",
        *("policies.yaml", "{order: 5}\n", "{order: 5}\n---\n" + NEW),
        stdin=NEW,
    ),
)


def run(command: Command, folder: Path, change: Change, *more: str) -> str:
    words = [word.format(folder) if word.startswith("{}") else word for word in change.words]
    done = command(*words, "-f", str(folder), *more, stdin=change.stdin.encode())
    assert done.code == 0, done.err
    return done.out


@pytest.mark.parametrize("change", [pytest.param(change, id=" ".join(change.words)) for change in CHANGES])
def test_what_is_written_is_what_was_asked_for_alone(command: Command, folder: Path, change: Change) -> None:
    before = texts(folder)
    assert run(command, folder, change, "--write", "--quiet") == change.says
    assert not change.old or before[change.file].count(change.old) == 1
    wanted = before[change.file].replace(change.old, change.new) if change.old else before[change.file]
    assert texts(folder) == {**before, change.file: wanted}
    Cluster.load(folder)


@pytest.mark.parametrize("change", [pytest.param(change, id=" ".join(change.words)) for change in CHANGES])
def test_nothing_is_written_unasked_and_the_diff_shows_what_would_be(
    command: Command, folder: Path, change: Change
) -> None:
    before = texts(folder)
    out = run(command, folder, change)
    assert texts(folder) == before
    assert out.startswith(change.says)
    diff = out.removeprefix(change.says)
    assert diff.startswith(f"--- {folder / change.file}\n+++ ") if change.old else diff == ""


@pytest.mark.parametrize("change", [pytest.param(change, id=" ".join(change.words)) for change in CHANGES])
def test_line_ends_and_a_byte_order_mark_stay(command: Command, folder: Path, change: Change) -> None:
    path = folder / change.file
    before = path.read_text()
    path.write_bytes(codecs.BOM_UTF8 + before.replace("\n", "\r\n").encode())
    run(command, folder, change, "--write")
    data = path.read_bytes()
    assert data.startswith(codecs.BOM_UTF8) and (b"\r\n" in data)
    if "-o" not in change.words:
        wanted = before.replace(change.old, change.new) if change.old else before
        assert data.decode("utf-8-sig") == wanted.replace("\n", "\r\n")


def test_a_new_object_gets_a_file_of_its_own_with_its_comments(command: Command, folder: Path) -> None:
    before = texts(folder)
    done = command("apply", "-f", str(folder), "--write", "-", stdin=NEW.encode())
    assert "--- /dev/null\n" in done.out
    assert texts(folder) == {**before, "globalnetworkpolicy-p3.yaml": NEW}
    command("delete", "-f", str(folder), "--write", "gnp", "p3")
    assert texts(folder) == before


def test_an_empty_folder_can_be_applied_to(command: Command, tmp_path: Path) -> None:
    many = f"{NEW}---\n{NODES}"
    done = command("apply", "-f", str(tmp_path), "--write", "--quiet", "-", stdin=many.encode())
    assert done.out == "Successfully applied 1 'GlobalNetworkPolicy' resource(s)\nnode/n1 created\nnode/n2 created\n"
    assert sorted(texts(tmp_path)) == ["globalnetworkpolicy-p3.yaml", "node-n1.yaml", "node-n2.yaml"]
    again = command("apply", "-f", str(tmp_path), "-", stdin=many.encode())
    assert again.out == done.out.replace("created", "unchanged")


def test_the_configuration_that_kube_controllers_creates_can_be_patched(command: Command, folder: Path) -> None:
    done = command("patch", "-f", str(folder), "kcc", "default", "-p", ENABLE, "--write", "--quiet")
    assert done.out == "Successfully patched 1 'KubeControllersConfiguration' resource\n"
    [configuration] = Cluster.load(folder).get("kcc")
    assert "autoCreate: Enabled\n" in (folder / "kubecontrollersconfiguration-default.yaml").read_text()
    assert Cluster.load(folder / "nodes.yaml").patch("kcc", "default", {"spec": {}}).get("kcc") != (configuration,)


ERRORS = (
    (("label", "node", "n2", "zone=3"), "error: 'zone' already has a value (1), and --overwrite is false"),
    (("label", "node", "n9", "a=b"), "error: resource does not exist: node(n9)"),
    (("label", "node", "a=b"), "error: give one of: names, --all, -l SELECTOR"),
    (
        ("label", "node/n1", "a=b"),
        "error: give one of: names, --all, -l SELECTOR; write the name apart from the kind: node n1",
    ),
    (("delete", "nodes", "n1", "n9"), "error: resource does not exist: nodes(n9)"),
    (
        ("delete", "nodes.projectcalico.org", "n1"),
        "error: resource does not exist: nodes.projectcalico.org(n1); it is made of",
    ),
    (
        ("delete", "pro", "projectcalico-default-allow"),
        "error: resource does not exist: pro(projectcalico-default-allow); it is",
    ),
    (("label", "node", "n1"), "error: at least one label is needed: KEY=VALUE sets one, KEY- removes it"),
    (("label", "node", "n1", "a=b", "a-"), "error: a label cannot be set and removed in one command: a"),
    (("delete", "gnp", "p4"), "error: resource does not exist: gnp(p4)"),
    (("delete", "tier", "default"), "error: Cannot delete default tier"),
    (("patch", "gnp", "p1", "-p", '{"spec": {"order": "x"}}'), "error: GlobalNetworkPolicy/p1 spec.order: "),
    (
        ("patch", "kcc", "default", "-p", ENABLE.replace('"Enabled"', "true")),
        "error: KubeControllersConfiguration/default spec.controllers.node.hostEndpoint.autoCreate: must be Enabled",
    ),
    (("patch", "gnp", "p1", "-p", "[]"), 'error: --patch is a JSON object, such as {"spec": {"order": 5}}'),
    (("patch", "gnp", "p1", "-p", '[{"op": "remove", "path": "/spec"}]', "--type", "json"), "error: --patch is a JSON"),
    (("patch", "gnp", "p1", "-p", '{"spec": {"$patch": "delete"}}'), "error: --patch has '$patch': directives"),
    (("patch", "gnp", "p1", "-p", '{"a": [{"$patch": "delete"}]}'), "error: --patch has '$patch': directives"),
    (
        ("delete", "np", "knp.default.p"),
        "error: operation delete is not supported on NetworkPolicy(default/knp.default.p)",
    ),
    (
        ("patch", "np", "knp.default.p", "-n", "x", "-p", '{"spec": {}}'),
        "error: operation apply or replace is not supported on",
    ),
    (("patch", "gnp", "p1", "-p", "{"), "error: --patch is not JSON: "),
    (("patch", "gnp", "p1", "-p", '{"metadata": {"name": "x"}}'), "error: an object cannot be renamed"),
    (("patch", "node", "n1", "-p", '{"metadata": {"name": "x"}}'), "error: an object cannot be renamed"),
    (("label", "node", "n1", "a b=c"), 'error: no label: "a b" is no key'),
    (("label", "node", "n1", "a=b c"), "error: no label: "),
    (("apply", "-"), "error: "),
    (("apply", "-o", "{}/../out.yaml", "-"), "error: "),
    (("apply", "-o", "{}/none/out.yaml", "-"), "error: "),
    (("apply", "-o", "{}/out.txt", "-"), "error: "),
)


@pytest.mark.parametrize(("words", "says"), [pytest.param(*row, id=" ".join(row[0])) for row in ERRORS])
def test_what_is_refused_is_one_line_and_writes_nothing(
    command: Command, folder: Path, words: tuple[str, ...], says: str
) -> None:
    before = texts(folder)
    given = [word.format(folder) if word.startswith("{}") else word for word in words]
    stdin = NEW if "-o" in words else NEW.replace("{order: 7}", "{tier: nobodys}")
    done = command(*given, "-f", str(folder), "--write", stdin=stdin.encode())
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(says)
    assert texts(folder) == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["cluster"]


MADE = {
    "hep": "n1-auto-hep); it is made of other objects, and written nowhere: change its Node or the KubeControllersConf",
    "profile": "kns.n); it is made of other objects, and written nowhere: change its Namespace or ServiceAccount",
}


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("words", [("label", "a=b"), ("patch", "-p", '{"spec": {}}'), ("delete",)], ids=lambda w: w[0])
def test_what_the_controllers_make_is_not_changed(
    command: Command, folder: Path, kind: str, words: tuple[str, ...]
) -> None:
    configuration = {"apiVersion": "projectcalico.org/v3", "kind": "KubeControllersConfiguration"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
    (folder / "c.yaml").write_text(
        "\n---\n".join(
            json.dumps(each)
            for each in ({**configuration, "metadata": {"name": "default"}, **json.loads(ENABLE)}, namespace)
        )
    )
    name = MADE[kind].partition(")")[0]
    done = command(words[0], kind, name, *words[1:], "-f", str(folder))
    assert done.err.startswith(f"error: resource does not exist: {kind}({MADE[kind]}")
    assert Cluster.load(folder).get(kind, name)


def test_items_that_stand_alone_and_items_that_do_not_can_go_together(command: Command, folder: Path) -> None:
    """The last can be told in the whole document only: what it names is shared with the second."""
    items = ["metadata: {name: %s}", "metadata: {name: %s, labels: &l {a: b}}", "metadata: {name: %s}"]
    items.append("metadata: {name: %s, labels: *l}")
    text = "".join(
        f"- apiVersion: v1\n  kind: Node\n  {item % name}\n" for item, name in zip(items, "abcd", strict=True)
    )
    (folder / "nodes.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n{text}")
    assert command("delete", "nodes", "a", "c", "d", "-f", str(folder), "--write").code == 0
    assert [line for line in texts(folder)["nodes.yaml"].splitlines() if "name" in line] == [
        "  metadata: {name: b, labels: {a: b}}"
    ]


def test_lists_of_kubernetes_objects_are_said_to_be_replaced(command: Command, folder: Path) -> None:
    note = "lists were replaced, as kubectl patch --type merge does"
    taints = '{"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}}'
    assert note in command("patch", "node", "n1", "-f", str(folder), "-p", taints).err
    assert note not in command("patch", "node", "n1", "-f", str(folder), "-p", '{"spec": {"x": 1}}').err
    rules = '{"spec": {"ingress": [{"action": "Deny"}]}}'
    assert note not in command("patch", "gnp", "p1", "-f", str(folder), "-p", rules).err


@pytest.mark.parametrize("change", ["create", "delete", "patch"])
def test_a_name_that_stands_for_a_policy_of_kubernetes_is_left_to_it(change: str) -> None:
    """calicoctl goes by the name, whatever is stored under it."""
    policy = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "NetworkPolicy",
        "metadata": {"name": "knp.default.p", "namespace": "default"},
        "spec": {},
    }
    cluster = Cluster.parse(json.dumps(policy))
    with pytest.raises(ChangeRefused, match="kubernetes network policies must be managed through the kubernetes API"):
        match change:
            case "create":
                cluster.apply(policy)
            case "delete":
                cluster.delete("np", "knp.default.p")
            case _:
                cluster.patch("NetworkPolicy", "knp.default.p", {"spec": {"order": 1}})


def test_a_link_is_read_and_not_written(command: Command, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(NEW)
    (folder / "link.yaml").symlink_to(outside)
    done = command("label", "-f", str(folder), "--write", "gnp", "p3", "a=b")
    assert (
        done.err
        == f"error: {folder / 'link.yaml'} is a symbolic link, and not written; change the file that it names\n"
    )
    assert (done.code, outside.read_text()) == (2, NEW)


def test_what_an_alias_repeats_is_not_changed_behind_its_back(command: Command, folder: Path) -> None:
    text = POLICIES.replace("metadata: {name: p1}", "metadata: {name: p1, labels: &l {a: b}, annotations: *l}")
    (folder / "policies.yaml").write_text(text)
    done = command("label", "-f", str(folder), "--write", "gnp", "p1", "c=d")
    assert done.code == 2
    assert done.err == f"error: {folder / 'policies.yaml'}:2: this text cannot be edited in place; edit it by hand\n"
    assert (folder / "policies.yaml").read_text() == text


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(self))

    before = texts(folder)
    monkeypatch.setattr(Path, "replace", full)
    done = command("label", "-f", str(folder), "--write", "nodes", "--all", "a=b")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("cannot be written: No space left on device\n")
    assert texts(folder) == before


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"apiVersion":"v1","kind":"Node","metadata":{"name":"j"}}', '"j","labels":{"a":"b"}}}'),
        ('{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "j"}}\n', '"j", "labels": {"a": "b"}}}\n'),
        (
            '{\n\t"apiVersion": "v1",\n\t"kind": "Node",\n\t"metadata": {\n\t\t"name": "j"\n\t}\n}\n',
            '"j",\n\t\t"labels": {\n\t\t\t"a": "b"\n\t\t}\n\t}\n}\n',
        ),
    ],
    ids=["compact", "one line", "tabs"],
)
def test_json_stays_json_of_its_kind(command: Command, folder: Path, text: str, wanted: str) -> None:
    (folder / "j.json").write_text(text)
    assert command("label", "-f", str(folder), "--write", "node", "j", "a=b").code == 0
    assert (folder / "j.json").read_text() == text[: text.index('"j"')] + wanted


def test_permissions_stay(command: Command, folder: Path) -> None:
    (folder / "nodes.yaml").chmod(0o640)
    command("label", "-f", str(folder), "--write", "nodes", "--all", "a=b")
    assert (folder / "nodes.yaml").stat().st_mode & 0o777 == 0o640
