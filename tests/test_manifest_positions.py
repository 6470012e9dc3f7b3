"""Where keys and values stand: by path, in the lines of the file, with the nearest ancestor of what is absent."""

from __future__ import annotations

import pytest

from calico_engine.manifests.documents import Document, split_documents
from calico_engine.manifests.positions import locate, positions
from calico_engine.manifests.sources import Source
from calico_engine.manifests.yaml_problems import Path, render_path

TEXT = """\
# a comment
kind: Tier
---
apiVersion: projectcalico.org/v3   # line 4
metadata:
  name: p
  labels: {a.b/c: x, "n": y,
           n: z}
spec:
  ingress:
  - action: Allow
    source: &src
      nets:
        - 10.0.0.0/8
        -   fd00::/8
  - {action: Deny, source: *src}
  -
  empty:
  text: |
    block
  merged:
    <<: *src
    own: 1
"""


def document(text: str = TEXT, index: int = 1) -> Document:
    return split_documents(Source("f", text))[0][index]


# (path, place of the value, place of the key)
PLACES: list[tuple[Path, tuple[int, int], tuple[int, int]]] = [
    ((), (4, 1), (4, 1)),
    (("apiVersion",), (4, 13), (4, 1)),
    (("metadata", "name"), (6, 9), (6, 3)),
    (("metadata", "labels"), (7, 11), (7, 3)),
    (("metadata", "labels", "a.b/c"), (7, 19), (7, 12)),
    (("metadata", "labels", "n"), (7, 27), (7, 22)),
    (("metadata", "labels", "false"), (8, 15), (8, 12)),
    (("spec", "ingress"), (11, 3), (10, 3)),
    (("spec", "ingress", 0), (11, 5), (11, 5)),
    (("spec", "ingress", 0, "action"), (11, 13), (11, 5)),
    (("spec", "ingress", 0, "source", "nets", 1), (15, 13), (15, 13)),
    (("spec", "ingress", 1, "action"), (16, 14), (16, 6)),
    (("spec", "ingress", 1, "source"), (16, 28), (16, 20)),
    (("spec", "ingress", 1, "source", "nets", 0), (14, 11), (14, 11)),
    (("spec", "text"), (19, 9), (19, 3)),
    (("spec", "merged", "own"), (23, 10), (23, 5)),
    (("spec", "merged", "nets"), (14, 9), (13, 7)),
    # What is absent is where its nearest ancestor is.
    (("spec", "ingress", 0, "protocol"), (11, 5), (11, 5)),
    (("spec", "ingress", 9), (11, 3), (10, 3)),
    (("spec", "ingress", -1), (11, 3), (10, 3)),
    (("spec", "ingress", "0"), (11, 3), (10, 3)),
    (("spec", 0), (10, 3), (9, 1)),
    (("metadata", "name", "deeper", 7), (6, 9), (6, 3)),
    (("nothing",), (4, 1), (4, 1)),
]


@pytest.mark.parametrize(("path", "value", "key"), PLACES)
def test_places(path: Path, value: tuple[int, int], key: tuple[int, int]) -> None:
    assert locate(document(), path) == value
    assert locate(document(), path, key=True) == key


def test_an_empty_value_stands_on_the_line_of_its_key() -> None:
    assert locate(document(), ("spec", "empty"))[0] == 18
    assert locate(document(), ("spec", "ingress", 2))[0] == 17


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a: 1\nb: [", ("a",), (1, 4)),
        ("a: 1\nb: [", ("b", 0), (2, 4)),
        ("a: \x00", ("a",), (1, 1)),
        ("\ufeffa: 1\nb: 2", ("a",), (1, 4)),
        ("\ufeffa: 1\nb: 2", ("b",), (2, 4)),
        ("a: [fd00::, x]", ("a", 1), (1, 13)),
        ("a: é😀\nb: '😀'\nc: 1", ("b",), (2, 4)),
        ("a: 1\r\nb: 2\r\n", ("b",), (2, 4)),
        ("a: x\x85b: y\u2028c: z", ("c",), (1, 14)),
        ("{a: 1, a: 2}", ("a",), (1, 5)),
        ("[a]: b", ("",), (1, 6)),
        ("&a [*a]", (0,), (1, 5)),
        ("a: *b", ("a",), (1, 4)),
        ("- &k a\n- *k : 1", (1, "a"), (2, 8)),
        ("x: {<<: 1, <<: [2, {z: 3}]}", ("x", "z"), (1, 24)),
    ],
)
def test_places_in_odd_texts(text: str, path: Path, place: tuple[int, int]) -> None:
    assert locate(document(text, 0), path) == place


def test_the_places_of_a_few_documents_are_remembered() -> None:
    positions.cache_clear()
    for _ in range(3):
        locate(document(), ("spec",))
    assert positions.cache_info().misses == 1
    assert (positions.cache_info().maxsize or 0) < 100


PATHS: list[tuple[Path, str]] = [
    ((), ""),
    (("spec", "ingress", 0, "protocol"), "spec.ingress[0].protocol"),
    (("items", 3, "spec"), "items[3].spec"),
    ((0, "spec"), "[0].spec"),
    (("metadata", "labels", "a.b/c"), 'metadata.labels["a.b/c"]'),
    (("metadata", "labels", "a-b_1"), "metadata.labels.a-b_1"),
    (("", 'q"', "b\\", "é"), '[""]["q\\""]["b\\\\"]["é"]'),
    (("a\n\x1b[2J",), '["a\\n\\x1b[2J"]'),
]


@pytest.mark.parametrize(("path", "text"), PATHS)
def test_paths_as_text(path: Path, text: str) -> None:
    assert render_path(path) == text
