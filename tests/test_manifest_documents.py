"""Where a file is split into documents, and that nothing of it is lost without a word."""

from __future__ import annotations

import pytest

from calico_engine.errors import ManifestError
from calico_engine.manifests import documents
from calico_engine.manifests.documents import read_document, split_documents
from calico_engine.manifests.sources import Source

A, B = "a: 1\n", "b: 2\n"
VALUES = {"A": {"a": 1}, "B": {"b": 2}}


def read(text: str, *, one_document: bool = False) -> tuple[list[object], list[ManifestError], list[ManifestError]]:
    found, errors, warnings = split_documents(Source("f", text, one_document))
    values: list[object] = []
    for document in found:
        value, its_errors, its_warnings = read_document(document)
        values.append(value)
        errors += its_errors
        warnings += its_warnings
    return values, errors, warnings


# (text, the documents that are read, lines with errors, lines with warnings)
SPLITS = [
    (f"---\n{A}---\n{B}", "AB", [], []),
    (f"{A}---\n---\n{B}", "AB", [], []),
    (f"{A}---", "A", [], []),
    (f"{A}---\n", "A", [], []),
    (f"{A}--- # comment\n{B}", "AB", [], []),
    (f"{A}---\t\n{B}", "AB", [], []),
    (f"{A}--- x\n{B}", "AB", [], [2]),
    (f"{A}---foo\n{B}", "AB", [], [2]),
    (f"{A}--- {{a: b}}\n{B}", "AB", [], [2]),
    (f"{A}-----\n{B}", "AB", [], [2]),
    (f"{A}--- x", "A", [2], []),
    (f"{A}--- ", "A", [2], []),
    (f"{A}---\r", "A", [2], []),
    (f"{B}---\n{A}--- x", "BA", [4], []),
    (f"{A}...\n{B}", "A", [], [3]),
    (f"{A}...\n---\n{B}", "AB", [], []),
    (f"{A}...\n# comment\n\n...\n", "A", [], []),
    (f"{A}... x\n", "A", [], [2]),
    ("", "", [], []),
    ("\n\n", "", [], [1]),
    ("# comment", "", [], [1]),
    ("---", "", [], [1]),
    ("--- # comment\n", "", [], [1]),
    ("\ufeff# comment\n", "", [], [1]),
    (f"# licence\n---\n{A}", "A", [], [1]),
    (f"# comment\n{A}", "A", [], []),
    (f"---\n# comment\n{A}", "A", [], []),
    (f"\n---\n{A}", "A", [], [1]),
    (f"---\n---\n{A}", "A", [], [1]),
    (f"{A}---\n\n", "A", [], [3]),
    (f"{A}---\n# end\n", "A", [], [3]),
    (f"{A}---\n# between\n---\n{B}", "AB", [], [3]),
    (f"{A}---\r\n{B}".replace("\n", "\r\n"), "AB", [], []),
    (f"\ufeff{A}---\n\ufeff{B}", "AB", [], []),
    ('{"a": 1}\n---\n{"b": 2}', "AB", [], []),
    ('{"a": 1}\n# comment\n', "A", [], []),
    ('{"a": 1}\n{"b": 2}', None, [2], []),
    ('{"a": 1},', None, [1], []),
    ('{"a": 1}\n...\n{"b": 2}', "A", [], [3]),
    ("a: 1\r---\rb: 2", None, [1], []),
]


@pytest.mark.parametrize(("text", "held", "error_lines", "warning_lines"), SPLITS)
def test_documents_of_a_text(text: str, held: str | None, error_lines: list[int], warning_lines: list[int]) -> None:
    values, errors, warnings = read(text)
    assert [error.line for error in errors] == error_lines
    assert [warning.line for warning in warnings] == warning_lines
    assert values == ([None] if held is None else [VALUES[name] for name in held])


def test_a_separator_is_one_even_within_a_text_block() -> None:
    values, errors, warnings = read("a: |\n  x\n---\n  z\n")
    assert values == [{"a": "x"}, "z"]
    assert not errors + warnings


def test_documents_count_from_one_and_know_their_line() -> None:
    found, _, warnings = split_documents(Source("f", f"# header\n---\n{A}\n---\n{B}"))
    assert [(document.file, document.index, document.first_line, document.text) for document in found] == [
        ("f", 2, 3, "a: 1\n"),
        ("f", 3, 6, "b: 2\n"),
    ]
    assert [(warning.document, warning.line) for warning in warnings] == [(1, 1)]


def test_problems_have_the_lines_of_the_file() -> None:
    _, errors, warnings = read("a: 1\n---\nb: !x y\n---\nc:\n  d: 1\n  d: 2\n---\ne: [\n")
    assert [(error.document, error.line, error.column, error.path) for error in errors] == [
        (3, 7, 3, "c.d"),
        (4, 10, 1, None),
    ]
    assert "first on line 6" in errors[0].message
    assert [(warning.document, warning.line, warning.column) for warning in warnings] == [(2, 3, 4)]


def test_of_a_text_in_utf_16_only_one_document_counts() -> None:
    assert read(A, one_document=True) == ([VALUES["A"]], [], [])
    values, errors, _ = read(f"{A}---\n{B}", one_document=True)
    assert values == [None]
    assert [error.line for error in errors] == [2]


def test_a_document_of_ten_megabytes_is_too_long() -> None:
    long = "# " + "x" * documents.MAX_DOCUMENT_BYTES
    found, errors, _ = split_documents(Source("f", f"{A}---\n{long}\na: 1\n---\n{B}"))
    assert [document.index for document in found] == [1, 3]
    assert [(error.document, error.line) for error in errors] == [(2, 3)]
    assert not split_documents(Source("f", "# " + "x" * (documents.MAX_DOCUMENT_BYTES - 10) + "\na: 1"))[1]


def test_length_counts_in_bytes() -> None:
    text = "a: " + "€" * (documents.MAX_DOCUMENT_BYTES // 3)
    assert [error.line for error in split_documents(Source("f", text))[1]] == [1]


def test_many_remarks_end_in_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_PROBLEMS", 3)
    _, _, warnings = split_documents(Source("f", "---\n---\n" * 10))
    assert len(warnings) == 4
    assert "7 more" in warnings[-1].message


def test_too_many_documents_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_DOCUMENTS", 2)
    found, errors, _ = split_documents(Source("f", f"{A}---\n{B}---\n{A}---\n{B}"))
    assert len(found) == 2
    assert [error.document for error in errors] == [3]


@pytest.mark.parametrize("form", ["kind: List\nx: {}", "x: {}\nkind: List\n", '{{"x": "{}",\n"kind": "List"\n}}'])
def test_a_dump_of_kubectl_may_be_longer(form: str) -> None:
    assert split_documents(Source("f", form.format("x" * documents.MAX_DOCUMENT_BYTES)))[1] == []
