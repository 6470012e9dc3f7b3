"""Errors: their order, their one line, and that nothing a user wrote can disturb a terminal."""

from __future__ import annotations

import pickle
import random
from itertools import pairwise

import pytest

from calico_engine.errors import (
    CalicoEngineError,
    InvalidConfiguration,
    InvalidManifest,
    InvalidPacket,
    ManifestError,
    UncertainVerdict,
    UnknownReference,
    printable,
)

SHOWN = [
    (ManifestError("f.yaml", message="m"), "f.yaml: m"),
    (ManifestError("f.yaml", 1, 3, message="m"), "f.yaml:3: m"),
    (ManifestError("f.yaml", 1, None, 4, message="m"), "f.yaml: m"),
    (ManifestError("f.yaml", 1, 3, 4, "Tier", message="m"), "f.yaml:3:4: Tier: m"),
    (ManifestError("f.yaml", 1, 3, 4, "Tier", "t", message="m"), "f.yaml:3:4: Tier/t: m"),
    (ManifestError("f.yaml", 1, 3, 4, None, None, "spec.a", "m"), "f.yaml:3:4: spec.a: m"),
    (ManifestError("f.yaml", 1, 3, 4, "Tier", "t", "spec.a", "m"), "f.yaml:3:4: Tier/t spec.a: m"),
    (
        ManifestError("a\nb", 1, 3, 4, "K\x1b", "n\u202e", "p\r", "m\x00\u2028"),
        "a\\nb:3:4: K\\x1b/n\\u202e p\\r: m\\x00\\u2028",
    ),
]


@pytest.mark.parametrize(("error", "text"), SHOWN)
def test_an_error_is_one_line(error: ManifestError, text: str) -> None:
    assert str(error) == text
    assert text.isprintable()


def test_errors_sort_by_file_line_and_column_with_unknown_places_first() -> None:
    ordered = [
        ManifestError("a"),
        ManifestError("a", 1, 2, 1),
        ManifestError("a", 1, 2, 10),
        ManifestError("a", 1, 10),
        ManifestError("a", 2, 10, 1, None, "x"),
        ManifestError("a", 2, 10, 1, "Tier", "x", message="b"),
        ManifestError("a", 2, 10, 1, "Tier", "x", message="c"),
        ManifestError("b", 1, 1),
    ]
    shuffled = random.Random(1).sample(ordered, len(ordered))
    assert sorted(shuffled) == ordered != shuffled
    assert all(first < second and second > first for first, second in pairwise(ordered))


def test_an_error_cannot_be_ordered_against_something_else() -> None:
    with pytest.raises(TypeError):
        assert ManifestError("a") < "a"


def test_invalid_manifest_sorts_and_lists_all_errors() -> None:
    later, earlier = ManifestError("f", 1, 9, message="later"), ManifestError("f", 1, 2, message="earlier")
    error = InvalidManifest([later, earlier])
    assert error.errors == (earlier, later)
    assert str(error) == "f:2: earlier\nf:9: later"


@pytest.mark.parametrize(
    "error",
    [
        InvalidManifest([ManifestError("f", 1, 2, 3, "K", "n", "p", "m")]),
        InvalidPacket("sourcePort", "no port"),
        InvalidConfiguration("x"),
        UncertainVerdict("x"),
        UnknownReference("x"),
    ],
)
def test_every_error_has_the_root_and_survives_pickling(error: CalicoEngineError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_a_bad_packet_is_a_value_error_that_names_its_key() -> None:
    with pytest.raises(ValueError, match=r"^proto\\ncol: bad$") as caught:
        raise InvalidPacket("proto\ncol", "bad")
    assert isinstance(caught.value, InvalidPacket)
    assert caught.value.key == "proto\ncol"


ESCAPED = [
    ("plain text, äöü, 漢字, 😀", "plain text, äöü, 漢字, 😀"),
    ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
    ("\x1b[2J\x7f\x9b", "\\x1b[2J\\x7f\\x9b"),
    ("\u202ertl\u2066\u200b\u2028", "\\u202ertl\\u2066\\u200b\\u2028"),
    ("\ud800\U000e0001", "\\ud800\\U000e0001"),
    ("non\u00a0breaking", "non\\xa0breaking"),
    ("C:\\path", "C:\\path"),
]


@pytest.mark.parametrize(("text", "shown"), ESCAPED)
def test_printable_escapes_what_is_not_visible(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_printable_bounds_the_length() -> None:
    assert printable("x" * 1000, limit=10) == "x" * 9 + "…"
    assert printable("\0" * 1000, limit=10) == "\\x00\\x00\\…"
    assert len(str(ManifestError("f" * 10**6, 1, 1, 1, "k" * 10**6, "n" * 10**6, "p" * 10**6, "m" * 10**6))) < 3_000
