"""Packet queries, names, services and options made to break the command: each is answered, in bounded time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Command


FOLDER = Path(__file__).parents[1] / "fixtures" / "hostile"
QUESTION = ("203.0.113.7", "n1", "tcp/80")
GOOD = (FOLDER / "good.yaml").read_text()
DRAWING: dict[str, str] = json.loads((FOLDER / "drawing.json").read_text())
MEGABYTE = 1_000_000
WRONG_VALUES: list[object] = [None, True, -1, 1.5, 10**400, "", "x y", [], [[[]]], [None], {}, {"a": {"b": {}}}]
# Packet queries

QUERY: dict[str, object] = {
    "node": "n1",
    "inInterface": "eth0",
    "outInterface": "eth1",
    "source": "203.0.113.7",
    "destination": "192.0.2.1",
    "protocol": "TCP",
    "sourcePort": 40000,
    "destinationPort": 80,
    "icmpType": 8,
    "icmpCode": 0,
    "conntrackState": "NEW",
    "preDNATDestination": "192.0.2.1",
    "preDNATPort": 80,
    "preDNATOutInterface": "eth0",
}


def hostile_queries() -> Iterator[bytes]:
    """Lines each of which is wrong, or at least odd."""
    base = {key: QUERY[key] for key in ("node", "inInterface", "source", "destination", "protocol")}
    for key in QUERY:
        for value in [*WRONG_VALUES, *DRAWING.values(), "x" * 60_000, "١٢", "0x10", "1e2", "+1", " 6", "TCP "]:
            yield json.dumps({**base, key: value}).encode()
        yield b'{"node": "n1", "' + key.encode() + b'": ' + b"[" * 900 + b"]" * 900 + b"}"
        yield b'{"node": "n1", "' + key.encode() + b'": {"a": {"b": {"c": {}}}}}'
    for drawing in DRAWING.values():
        yield json.dumps({**base, drawing: 1}).encode()
        yield drawing.encode("utf-8", "surrogatepass").replace(b"\n", b" ") or b"x"
    yield from (
        b"{",
        b"}",
        b"[",
        b"null",
        b"7",
        b'"x"',
        b"true",
        b"{}",
        b"[{}]",
        b"NaN",
        b"\x00",
        b"\xff",
        b"'",
        b"{'a': 1}",
    )
    yield from (
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"node": ' + b"9" * 5_000 + b"}",
        b"x" * 200_000,
        b'{"node": 1e999}',
    )
    yield b'{"node": "n1", "node": "n1"}'
    yield b'{"n\\u006fde": "n1", "node": "n1"}'


def test_queries(command: Command) -> None:
    file = command.folder / "m.yaml"
    file.write_text(GOOD)
    lines = list(hostile_queries())
    result = command("check", "-f", str(file), "--queries", "-", stdin=b"\n".join(lines))
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, result.err) == (2, "")
    assert len(answers) == len(lines)
    wrong = [answer["error"] for answer in answers if "error" in answer]
    assert len(wrong) > len(lines) * 0.9
    assert max(map(len, wrong)) <= 2_000


# Arguments

NAMES = [*DRAWING.values(), *json.loads((FOLDER / "names.json").read_text()), "x" * MEGABYTE]
SERVICES = [
    *DRAWING.values(),
    *json.loads((FOLDER / "services.json").read_text()),
    "x" * MEGABYTE,
    "tcp/" + "9" * MEGABYTE,
]


@pytest.fixture
def good(command: Command) -> str:
    (command.folder / "m.yaml").write_text(GOOD)
    return str(command.folder / "m.yaml")


def test_names(command: Command, good: str) -> None:
    for name in NAMES:
        for question in ((name, "n1", "tcp/80"), ("n1", name, "tcp/80")):
            result = command("check", "-f", good, "--", *question)
            assert result.code in (0, 1, 2, 3)
            assert result.code != 2 or (result.out == "" and result.err.startswith("error: "))


def test_services(command: Command, good: str) -> None:
    for service in SERVICES:
        result = command("check", "-f", good, "--", "203.0.113.7", "n1", service)
        assert result.code in (0, 1, 2, 3)
        assert result.code != 2 or (result.out == "" and result.err.startswith("error: "))


ARGUMENTS = [
    ["--source-port", "-1"],
    ["--source-port", "65536"],
    ["--source-port", "9" * 5_000],
    ["--source-port", "１"],
    ["--source-port", "1.5"],
    ["--source-port", ""],
    ["--source-port", "0x1"],
    ["-o", ""],
    ["-o", "JSON"],
    ["-o", "x" * MEGABYTE],
    ["--queries", ""],
    ["--queries", "/dev/null/x"],
    ["--queries", "\x1b[2J"],
    ["--queries", "."],
    ["-f", ""],
    ["-f"],
    ["-"],
    ["--strict=yes"],
    ["--"],
    ["--\x1b[31m"],
    ["-\u202e"],
    ["--output"],
    ["-ojson", "-oxml"],
    ["--trace=1"],
    ["@file"],
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda arguments: ascii(" ".join(arguments))[:40])
def test_arguments(command: Command, good: str, arguments: list[str]) -> None:
    for words in (["check", "-f", good, *arguments], ["check", "-f", good, *QUESTION, *arguments], [*arguments]):
        result = command(*words)
        assert result.code == 2 or arguments == ["--"]
        assert result.code != 2 or (result.out == "" and len(result.err.splitlines()) == 1)
