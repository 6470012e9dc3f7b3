"""Selectors with known answers: what parses, prints, hashes and matches how.

One line of the file is one selector. `kind` says what is known of it: its canonical form and unique identifier
("identity"), how it prints with a prefix ("prefix"), its label restrictions ("restrictions"), or whether it is
valid, its canonical form and labels on both sides ("language"). A long text is given in `parts`: [piece, times].
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from calico_selectors import InvalidSelector, LabelRestriction, Selector, normalise

VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors" / "selectors.jsonl"
Restrictions: TypeAlias = Mapping[str, Mapping[str, object]]


class Vector:
    """One line of the file."""

    def __init__(self, line: str, number: int) -> None:
        self._row = json.loads(line)
        self.kind: str = self._row["kind"]
        self.name = f"{self.kind}-{self._row.get('row', number)}"
        self.text = self._text("text", "parts")
        self.canonical = self._text("canonical", "canonical_parts")
        self.valid: bool = self._row.get("valid", True)
        self.unique_id: str = self._row.get("unique_id", "")
        self.prefix: str = self._row.get("prefix", "")
        self.restrictions: Restrictions = self._row.get("restrictions", {})
        self.matches: list[dict[str, str]] = self._row.get("matches", [])
        self.misses: list[dict[str, str]] = self._row.get("misses", [])

    def _text(self, whole: str, parts: str) -> str:
        return str(self._row.get(whole) or "".join(piece * times for piece, times in self._row.get(parts, [])))


ALL = [Vector(line, number) for number, line in enumerate(VECTORS.read_text(encoding="utf-8").splitlines(), 1)]


def of_kind(kind: str, *, valid: bool = True) -> list[object]:
    return [pytest.param(v, id=v.name) for v in ALL if v.kind == kind and v.valid is valid]


def test_the_file_is_whole() -> None:
    rows = [vector.name for vector in ALL if vector.kind == "language"]
    assert rows == [f"language-{row}" for row in range(1, 257)]
    assert {vector.kind for vector in ALL} == {"identity", "prefix", "restrictions", "language"}


@pytest.mark.parametrize("vector", of_kind("language"))
def test_accepted(vector: Vector) -> None:
    selector = Selector(vector.text)
    assert str(selector) == vector.canonical
    for matches in (selector.matches, selector.compiled):
        assert [labels for labels in vector.matches if not matches(labels)] == []
        assert [labels for labels in vector.misses if matches(labels)] == []


@pytest.mark.parametrize("vector", of_kind("language", valid=False))
def test_rejected(vector: Vector) -> None:
    with pytest.raises(InvalidSelector) as caught:
        Selector(vector.text)
    assert caught.value.text == vector.text
    assert 0 <= caught.value.start <= caught.value.end <= len(vector.text)


@pytest.mark.parametrize("vector", of_kind("identity"))
def test_unique_id(vector: Vector) -> None:
    selector = Selector(vector.text)
    assert (str(selector), selector.unique_id) == (vector.canonical, vector.unique_id)


@pytest.mark.parametrize("vector", of_kind("prefix"))
def test_prefixed(vector: Vector) -> None:
    assert str(Selector(vector.text).prefixed(vector.prefix)) == vector.canonical


@pytest.mark.parametrize("vector", of_kind("restrictions"))
def test_restrictions(vector: Vector) -> None:
    assert as_data(Selector(vector.text).restrictions) == vector.restrictions


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("has(a)\n", "has(a)"),
        ("\r\n\u2003 a=='b'\u00a0\u3000", 'a == "b"'),
        (" \t\n", "all()"),
        (" a =\n", "a ="),
        ("\x1chas(a)", "\x1chas(a)"),  # Python would strip this separator, Go does not
        ("\ufeffhas(a)", "\ufeffhas(a)"),
    ],
)
def test_normalise(text: str, normalised: str) -> None:
    assert normalise(text) == normalised


def as_data(restrictions: Mapping[str, LabelRestriction]) -> Restrictions:
    return {
        label: {
            "present": restriction.must_be_present,
            "absent": restriction.must_be_absent,
            "values": None if restriction.values is None else sorted(restriction.values),
        }
        for label, restriction in restrictions.items()
    }
