"""Texts made to break a reader: each is answered within its time, with a value or an error that a terminal can show."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from calico_engine.errors import ManifestError
from calico_engine.manifests.documents import read_document, split_documents
from calico_engine.manifests.positions import locate
from calico_engine.manifests.sources import Source

# Measuring coverage makes everything several times slower.
SMALL_SECONDS = 2.0 if sys.gettrace() is None else 20.0
MANY = 30_000
LONG = 10**6


def bomb(levels: int, entries: str) -> str:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{level}: &a{level} {entries.replace('*', f'*a{level - 1}')}" for level in range(1, levels)]
    return "\n".join(lines)


def staircase(depth: int) -> str:
    return "\n".join(" " * level + "a:" for level in range(depth))


# (text, what one of the errors says, or None where it is legal)
HOSTILE: dict[str, tuple[str, str | None]] = {
    "flow lists": ("[" * 10_000 + "]" * 10_000, "1000 levels"),
    "flow mappings": ("{a: " * 10_000 + "}" * 10_000, "1000 levels"),
    "json": ('{"a":' * 10_000 + "1" + "}" * 10_000, "1000 levels"),
    "json mixed": ('[{"a":' * 5_000, "1000 levels"),
    "block lists": ("- " * 10_000 + "a", "1000 levels"),
    "block mappings": (staircase(1_200), "1000 levels"),
    "explicit keys": ("? " * 10_000, "1000 levels"),
    "deep enough": ("[" * 999 + "]" * 999, None),
    "unclosed": ("{" * MANY, "1000 levels"),
    "bomb": (bomb(12, "[*,*,*,*,*,*,*,*,*,*]"), "aliases repeat"),
    "bomb of mappings": (bomb(12, "{a: *, b: *, c: *, d: *, e: *, f: *, g: *, h: *}"), "aliases repeat"),
    "bomb of merges": (bomb(30, "{<<: [*, *]}").replace("[x,x,x,x,x,x,x,x,x,x]", "{k: v}"), "aliases repeat"),
    "alias to itself": ("&a [*a]", "inside the value"),
    "alias to an outer one": ("a: &a {b: {c: [*a]}}", "inside the value"),
    "many aliases": ("- &a x\n" + "- *a\n" * MANY, None),
    "chained aliases": ("- &a0 x\n" + "".join(f"- &a{n + 1} [*a{n}]\n" for n in range(5_000)), "aliases repeat"),
    "many anchors": ("".join(f"- &a{n} x\n" for n in range(MANY)), None),
    "digits": ("a: " + "1" * LONG, None),
    "digits of a key": ("1" * 1_000 + ": a", None),
    "hexadecimal digits": ("a: 0x" + "f" * LONG, None),
    "underscores": ("a: 1" + "_" * LONG + "x", None),
    "long text": ("a: '" + "x" * LONG + "'", None),
    "unclosed quote": ('a: "' + "x" * LONG, "not closed"),
    "backslashes": ('a: "' + "\\" * LONG + '/"', None),
    "stars": ("*" * LONG, "after `*`"),
    "colons": ("[" + "a:," * MANY + "]", None),
    "question marks": ("[" + "a?," * MANY + "]", "`?`"),
    "tags": ("[" + "!a," * MANY + "]", "blank must follow"),
    "tags again": ("- !a b\n" * MANY, None),
    "merges of nothing": ("<<: a\n" * MANY, "`<<`"),
    "the same key": ("a:\n" * MANY, "given twice"),
    "many keys": ("".join(f"k{n}: v\n" for n in range(MANY)), None),
    "float keys": ("".join(f"{n}.5: v\n" for n in range(10_000)), None),
    "comments": ("#\n" * LONG, None),
    "separators": ("---\n" * MANY, None),
    "end markers": ("a\n" + "...\n" * LONG, None),
    "blank lines": ("\n" * LONG + "a: 1", None),
    "directives": ("%TAG !a! b\n" * MANY, "%TAG"),
    "line separators": ("a: b\u2028" * 20_000, "given twice"),
    "control characters": ("".join(map(chr, range(256))), "U+0000"),
    "escape sequence": ("a: \x1b[2J\x1b]0;title\x07", "U+001B"),
    "escape in a key": ('"\\e[2J": 1\n"\\e[2J": 2', "\\x1b[2J"),
    "right to left": ("\u202ea: 1\n\u202ea: 2", "\\u202ea"),
    "odd tag": ("!\u202e: x", ""),
    "lone surrogate": ("a: \ud800", "U+D800"),
}


def remarks(text: str) -> Iterator[tuple[ManifestError, bool]]:
    documents, errors, warnings = split_documents(Source("f", text))
    for document in documents:
        _, its_errors, its_warnings = read_document(document)
        errors += its_errors
        warnings += its_warnings
        locate(document, ("a", "b", 0))
    yield from ((error, True) for error in errors)
    yield from ((warning, False) for warning in warnings)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_answered(name: str) -> None:
    text, expected = HOSTILE[name]
    started = time.process_time()
    told = list(remarks(text))
    taken = time.process_time() - started
    errors = [remark.message for remark, is_error in told if is_error]
    assert bool(errors) == (expected is not None)
    assert expected is None or any(expected in message for message in errors)
    assert all(str(remark).isprintable() for remark, _ in told)
    assert len(told) <= 1_002
    assert taken < SMALL_SECONDS


def policies(size: int) -> str:
    lines = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: p{}\nspec:\n  order: {}\n"
    rule = "  - action: Allow\n    source:\n      nets: [10.{}.0.0/16]\n    destination:\n      ports: [{}]\n"
    parts: list[str] = []
    while sum(map(len, parts[-1:])) * len(parts) < size:
        number = len(parts)
        parts.append(lines.format(number, number) + "  ingress:\n" + rule.format(number % 256, number % 65_536) * 3)
    return "---\n".join(parts)


def test_a_large_file_takes_time_and_memory_in_proportion() -> None:
    """3 MB here; what is to be read within 20 s and 1 GiB is 50 MB."""
    text = policies(3 * LONG)
    tracemalloc.start()
    documents, errors, warnings = split_documents(Source("f", text))
    for document in documents[:500]:
        assert read_document(document)[1] == []
    per_document = tracemalloc.get_traced_memory()[1] / len(documents)
    tracemalloc.stop()
    started = time.process_time()
    values = [read_document(document)[0] for document in documents]
    taken = time.process_time() - started
    assert len(values) > 4_000
    assert not errors + warnings
    assert per_document < 2_000
    assert taken < SMALL_SECONDS * 2
