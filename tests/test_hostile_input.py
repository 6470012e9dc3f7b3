"""Bytes that are no text, structures that are none, files that are none: each is answered, and nothing is lost silently."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Command


DRAWING: dict[str, str] = json.loads((Path(__file__).parents[1] / "fixtures" / "hostile" / "drawing.json").read_text())
QUESTION = ("203.0.113.7", "n1", "tcp/80")
TIER = b"apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: 1}\n"
_POLICY = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p}\nspec: {selector: %s}\n"
MEGABYTE = 1_000_000


def policy_with(selector: str) -> str:
    return _POLICY % selector


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [" + ",".join("x" * 10) + "]"]
    lines += [f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(lines)


STRUCTURES: dict[str, str] = {
    "nothing": "",
    "blanks": " \t\n \n",
    "comments": "# nothing\n# here\n",
    "separators": "---\n---\n---\n",
    "separators with text": "--- a\n--- b\n---c\n",
    "end markers": "...\n...\n",
    "number": "7",
    "text": "hello",
    "boolean": "yes",
    "null": "null",
    "list": "[1, 2]",
    "list of nothing": "[null, {}, []]",
    "empty mapping": "{}",
    "mapping of nothing": "apiVersion:\nkind:\nmetadata:\nspec:\n",
    "no kind": "apiVersion: projectcalico.org/v3\nmetadata: {name: x}\n",
    "no version": "kind: Tier\nmetadata: {name: x}\n",
    "no name": "apiVersion: projectcalico.org/v3\nkind: Tier\nspec: {order: 1}\n",
    "list without items": "apiVersion: v1\nkind: List\n",
    "list of texts": "apiVersion: v1\nkind: List\nitems: x\n",
    "list of lists": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [{}]}]\n",
    "list in itself": "apiVersion: v1\nkind: List\nitems: &a [*a]\n",
    "bomb": bomb(12),
    "bomb in a good document": TIER.decode() + "x: {" + bomb(9).replace("\n", ", ") + "}",
    "bomb of merges": "a: &a {x: 1}\nb: &b {<<: [*a, *a]}\nc: {<<: [*b, *b, *b]}\n",
    "nested lists": "[" * 10_000,
    "nested and closed": "[" * 10_000 + "]" * 10_000,
    "nested mappings": "{a: " * 10_000 + "}" * 10_000,
    "nested json": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "nested keys": "? " * 10_000,
    "nested items": "- " * 10_000,
    "nested in a field": TIER.decode() + "status: " + "[" * 5_000 + "]" * 5_000,
    "stairs": "\n".join(" " * depth + "a:" for depth in range(2_000)),
    "tabs": "apiVersion: projectcalico.org/v3\n\tkind: Tier\n",
    "unclosed quote": 'kind: "Tier\n' + TIER.decode(),
    "unclosed bracket": "spec: {order: 1\n" + TIER.decode(),
    "duplicate keys": TIER.decode() + "kind: Tier\n",
    "many duplicate keys": "a: 1\n" * 3_000,
    "unknown anchor": "a: *nowhere\n",
    "twice one anchor": "a: &x 1\nb: &x 2\nc: *x\n",
    "python tag": "!!python/object/apply:os.system ['true']\n",
    "unknown tag": "kind: !secret Tier\n",
    "binary tag": "kind: !!binary AAAA\n",
    "set": "kind: !!set {a, b}\n",
    "future version": "%YAML 9.9\n---\n" + TIER.decode(),
    "unknown directive": "%FOO bar\n---\n" + TIER.decode(),
    "directive alone": "%YAML 1.1\n",
    "complex key": "? [a, b]\n: c\n",
    "key of a mapping": "{a: b}: c\n",
    "null key": "null: 1\n~: 2\n",
    "number keys": "1: a\n0x1: b\n",
    "two roots": "{}{}",
    "json twice": '{"kind": "Tier"}{"kind": "Tier"}',
    "json trailing comma": '{"kind": "Tier",}',
    "json comment": '{"kind": "Tier" // no\n}',
    "json single quotes": "{'kind': 'Tier'}",
    "json cut off": '{"apiVersion": "projectcalico.org/v3", "kind": "Ti',
    "json of constants": "[NaN, Infinity, -Infinity]",
    "half a document": TIER.decode()[:-8],
    "text behind a document": TIER.decode() + "...\nlost: true\n",
    "last separator without line end": TIER.decode() + "---",
    "last separator with text": TIER.decode() + "--- lost: true",
    "many documents": "---\n".join(["a: 1\n"] * 500),
    "many empty documents": "---\n" * 3_000,
    "many errors": "---\n".join(TIER.decode().replace("order", f"order{number}") for number in range(200)),
    "one long line": "a: " + "x" * MEGABYTE,
    "one long key": "x" * MEGABYTE + ": a",
    "one long kind": f"apiVersion: projectcalico.org/v3\nkind: {'K' * MEGABYTE}\n",
    "one long name": TIER.decode().replace("name: t", f"name: {'t' * MEGABYTE}"),
    "many labels": TIER.decode().replace(
        "name: t", "name: t, labels: {" + ",".join(f"l{n}: v" for n in range(20_000)) + "}"
    ),
    "many rules": policy_with("all(), ingress: [" + ",".join(["{action: Allow, protocol: 300}"] * 500) + "]"),
    "huge order": TIER.decode().replace("order: 1", "order: 1e400"),
    "huge integer": TIER.decode().replace("order: 1", "order: " + "9" * 5_000),
    "hexadecimal": TIER.decode().replace("order: 1", "order: 0x" + "f" * 5_000),
    "infinite": TIER.decode().replace("order: 1", "order: .inf"),
    "not a number": TIER.decode().replace("order: 1", "order: .nan"),
    "sexagesimal": TIER.decode().replace("order: 1", "order: 20:22"),
    "date": TIER.decode().replace("name: t", "name: 2024-01-01"),
    "cyrillic kind": TIER.decode().replace("Tier", "Тier"),
    "cyrillic version": TIER.decode().replace("calico", "cаlico"),
    "full width colon": TIER.decode().replace("kind:", "kind："),
    "no-break indentation": TIER.decode().replace("spec: {order: 1}", "spec:\n\u00a0\u00a0order: 1"),
    "full width digits": TIER.decode().replace("order: 1", "order: １"),
    "lower case kind": TIER.decode().replace("Tier", "tier"),
    "case of keys": TIER.decode().replace("kind:", "KIND:"),
    "foreign kind": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n",
    "unknown calico kind": TIER.decode().replace("Tier", "Teir"),
    "enterprise kind": TIER.decode().replace("Tier", "UISettings"),
    "old group": "apiVersion: crd.projectcalico.org/v1\nkind: Tier\nmetadata: {name: t}\nspec: {order: x}\n",
    "template": "apiVersion: {{ .Values.version }}\nkind: Tier\n",
    "merge conflict": "<<<<<<< HEAD\nkind: Tier\n=======\nkind: Node\n>>>>>>> x\n",
    "diff": "--- a/x.yaml\n+++ b/x.yaml\n@@ -1 +1 @@\n-a\n+b\n",
    "html": "<!DOCTYPE html><html><body>404</body></html>",
    "shell": "#!/bin/sh\nset -e\necho $(date)\n",
    "ini": "[section]\nkey = value\n",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "error of kubectl": "Error from server (NotFound): tiers.projectcalico.org not found\n",
    "curly quotes": policy_with("a == ‘b’"),
    "look-alike in a selector": policy_with("hаs(x)"),
    "no-break space in a selector": policy_with("\"a ==\u00a0'b'\""),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures(command: Command, name: str) -> None:
    command.examine(STRUCTURES[name].encode())


@pytest.mark.parametrize("name", STRUCTURES)
def test_bad_neighbours_do_not_hide_good_documents(command: Command, name: str) -> None:
    """What stands before and behind a bad document of the same file is read, or said not to be."""
    command.examine(TIER + b"---\n" + STRUCTURES[name].encode() + b"\n---\n" + TIER.replace(b"name: t", b"name: u"))


SELECTORS: dict[str, str] = {
    "one name": "a" * MEGABYTE,
    "parentheses": "(" * 20_000 + "all()" + ")" * 20_000,
    "open parentheses": "(" * 200_000,
    "negations": "!" * 100_000 + "all()",
    "conjunctions": " && ".join(["a == 'b'"] * 10_000),
    "disjunctions": " || ".join(["has(a)"] * 10_000),
    "set": "a in {" + ",".join(["'x'"] * 30_000) + "}",
    "open quote": 'a == "' + "x" * MEGABYTE,
    "quotes": "'" * MEGABYTE,
    "blanks": " " * MEGABYTE,
    "operators": "&&" * (MEGABYTE // 2),
    "characters of everywhere": "".join(chr(code) for code in range(0x20, 0x3000)),
}


@pytest.mark.parametrize("name", SELECTORS)
def test_selectors(command: Command, name: str) -> None:
    text = SELECTORS[name]
    metadata, spec = {"name": "p"}, {"selector": text}
    document = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": metadata,
        "spec": spec,
    }
    file = command.folder / "s.yaml"
    file.write_text(json.dumps(document))  # JSON is YAML, and can write every text down
    for arguments in (["validate"], ["validate", "-o", "json"], ["check", *QUESTION]):
        assert command(arguments[0], "-f", str(file), *arguments[1:]).code in (0, 1, 2)


BYTES: dict[str, bytes] = {
    "UTF-8 mark": b"\xef\xbb\xbf" + TIER,
    "two UTF-8 marks": b"\xef\xbb\xbf" * 2 + TIER,
    "mark in the middle": TIER + b"---\n\xef\xbb\xbf" + TIER.replace(b"name: t", b"name: u"),
    "UTF-16 LE": TIER.decode().encode("utf-16-le"),
    "UTF-16 LE with mark": b"\xff\xfe" + TIER.decode().encode("utf-16-le"),
    "UTF-16 BE with mark": b"\xfe\xff" + TIER.decode().encode("utf-16-be"),
    "UTF-16 cut": b"\xff\xfe" + TIER.decode().encode("utf-16-le")[:-1],
    "UTF-16 of two documents": ("\ufeff" + TIER.decode() + "---\n" + TIER.decode()).encode("utf-16-le"),
    "UTF-32 with mark": TIER.decode().encode("utf-32"),
    "UTF-7": b"+/v8-" + TIER,
    "Latin-1": TIER.replace(b"name: t", b"name: \xe9"),
    "overlong": TIER + b"# \xc0\xaf\n",
    "surrogates in UTF-8": TIER.replace(b"name: t", b'name: "\xed\xa0\x80"'),
    "beyond Unicode": TIER + b"# \xf5\x80\x80\x80\n",
    "cut in a character": TIER + b"# \xe2\x82",
    "NUL": TIER.replace(b"order", b"or\x00der"),
    "NUL late": TIER + b"#" + b" " * 9_000 + b"\x00\n",
    "only NUL": b"\x00" * 100,
    "control characters": TIER.replace(b"name: t", b'name: "\x01\x02\x1b"'),
    "every byte": bytes(range(256)),
    "gzip": b"\x1f\x8b\x08\x00" + bytes(range(200)),
    "ELF": b"\x7fELF\x02\x01\x01" + b"\x00" * 100,
    "zip": b"PK\x03\x04" + b"\x14\x00" * 50,
    "PNG": b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
    "carriage returns": TIER.replace(b"\n", b"\r"),
    "line ends of Windows": TIER.replace(b"\n", b"\r\n"),
    "line ends of Windows with documents": (TIER + b"---\n" + TIER.replace(b"name: t", b"name: u")).replace(
        b"\n", b"\r\n"
    ),
    "no line end": TIER.rstrip(),
    "form feeds": TIER + b"\x0c\n",
    "next line characters": TIER.replace(b"\n", "\x85".encode()),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes(command: Command, name: str) -> None:
    command.examine(BYTES[name])


# Files that are none


def _loop(folder: Path) -> str:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    return "a"


def _folder_loop(folder: Path) -> str:
    (folder / "f").mkdir()
    (folder / "f" / "up").symlink_to("..", target_is_directory=True)
    return "f"


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "pipe.yaml")
    return "pipe.yaml"


def _dangling(folder: Path) -> str:
    (folder / "d.yaml").symlink_to("nowhere")
    return "d.yaml"


def _empty_folder(folder: Path) -> str:
    (folder / "e").mkdir()
    return "e"


def _deep_folder(folder: Path) -> str:
    path = folder / "deep"
    for _ in range(200):
        path = path / "d"
    path.mkdir(parents=True)
    (path / "bad.yaml").write_text("[")
    return "deep"


def _special_names(folder: Path) -> str:
    (folder / "n").mkdir()
    for drawing in DRAWING.values():
        name = os.fsencode(
            drawing.replace("\x00", "").encode("utf-8", "surrogateescape") if "\ud800" not in drawing else b"\xff\xfe"
        )
        Path(os.fsdecode(os.fsencode(folder / "n") + b"/" + name + b".yaml")).write_text("[")
    return "n"


FILES: dict[str, Callable[[Path], str]] = {
    "loop of links": _loop,
    "folder that holds itself": _folder_loop,
    "named pipe": _fifo,
    "named pipe in a folder": lambda folder: _fifo(folder) and ".",
    "dangling link": _dangling,
    "empty folder": _empty_folder,
    "deep folder": _deep_folder,
    "names that draw": _special_names,
    "device": lambda folder: "/dev/null",
    "endless device": lambda folder: "/dev/zero",
    "terminal": lambda folder: "/dev/tty",
    "nothing there": lambda folder: "nothing",
    "no folder": lambda folder: "/dev/null/x",
    "no name": lambda folder: "",
    "impossible name": lambda folder: "a\0b",
    "surrogate name": lambda folder: "\udcff",
    "long name": lambda folder: "x" * 300,
    "long path": lambda folder: "x/" * 5_000,
    "name that draws": lambda folder: "\x1b[2J",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files(command: Command, name: str) -> None:
    made = FILES[name](command.folder)
    path = made if made.startswith("/") or not made else f"{command.folder}/{made}"
    for arguments in (
        ["validate", "-f", path],
        ["validate", "-R", "-o", "json", "-f", path],
        ["check", "-R", "-f", path, *QUESTION],
    ):
        result = command(*arguments)
        assert result.code in (1, 2)
        assert result.code == 1 or result.out == ""
        assert result.out or result.err.startswith("error: ")
