"""Reading files, folders and standard input: what is read, in which order, and every way in which it can fail."""

from __future__ import annotations

import codecs
import io
import os
import socket
import sys
from pathlib import Path

import pytest

from calico_engine.manifests import sources
from calico_engine.manifests.sources import Source, read_sources


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"name: {name}\n", encoding="utf-8")


def names(found: list[Source], folder: Path) -> list[str]:
    return [str(Path(source.name).relative_to(folder)) for source in found]


def failure(path: Path | str, *, recursive: bool = False) -> str:
    found, errors = read_sources([path], recursive=recursive)
    assert not found
    assert [error.file for error in errors] == [str(path)]
    return errors[0].message


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    write(tmp_path, "policy.txt", "no-suffix")
    found, errors = read_sources([tmp_path / "policy.txt", str(tmp_path / "no-suffix")])
    assert names(found, tmp_path) == ["policy.txt", "no-suffix"]
    assert [source.text for source in found] == ["name: policy.txt\n", "name: no-suffix\n"]
    assert not errors


def test_a_folder_gives_its_manifests_in_lexical_order(tmp_path: Path) -> None:
    write(tmp_path, "b.yaml", "a.yml", "C.JSON", "d.YAML", ".e.yaml", "f.txt", "yaml", "sub/g.yaml")
    found, errors = read_sources([tmp_path])
    assert names(found, tmp_path) == [".e.yaml", "C.JSON", "a.yml", "b.yaml", "d.YAML"]
    assert not errors


def test_sub_folders_are_read_on_demand_each_in_its_place(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "b/x.yaml", "b/c/y.yaml", "b.yaml", "c.yaml", "d/readme.md", "e.yaml/z.yaml")
    found, errors = read_sources([tmp_path], recursive=True)
    assert names(found, tmp_path) == ["a.yaml", "b/c/y.yaml", "b/x.yaml", "b.yaml", "c.yaml", "e.yaml/z.yaml"]
    assert not errors


def test_a_file_met_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "b.yaml")
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    found, errors = read_sources([tmp_path / "b.yaml", tmp_path, tmp_path / ".." / tmp_path.name / "a.yaml"])
    assert names(found, tmp_path) == ["b.yaml", "a.yaml"]
    assert not errors


def test_equal_files_are_two_files(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("same", encoding="utf-8")
    assert len(read_sources([tmp_path])[0]) == 2


def test_links_to_files_are_followed_and_links_to_folders_within_a_folder_are_not(tmp_path: Path) -> None:
    write(tmp_path, "real/a.yaml", "top/b.yaml")
    (tmp_path / "top" / "c.yaml").symlink_to("../real/a.yaml")
    (tmp_path / "top" / "folder").symlink_to("../real")
    (tmp_path / "top" / "loop").symlink_to(".")
    (tmp_path / "linked").symlink_to("top")
    found, errors = read_sources([tmp_path / "linked"], recursive=True)
    assert names(found, tmp_path) == ["linked/b.yaml", "linked/c.yaml"]
    assert not errors


def test_everything_that_fails_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path, "good.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "broken.yaml").symlink_to("nowhere")
    (tmp_path / "folder.yaml").symlink_to(".")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    found, errors = read_sources([tmp_path, tmp_path / "missing"])
    assert names(found, tmp_path) == ["good.yaml"]
    assert [(Path(error.file).name, error.message.split(",")[0]) for error in errors] == [
        ("binary.yaml", "a binary file"),
        ("broken.yaml", "a symbolic link to something that does not exist"),
        ("folder.yaml", "a link to a folder"),
        ("loop.yaml", "a loop of symbolic links"),
        ("pipe.yaml", "a named pipe"),
        ("missing", "no such file or folder"),
    ]


def test_other_things_that_are_no_files(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    assert "device" in failure("/dev/null")
    assert "no folder" in failure(tmp_path / "a.yaml" / "b")
    assert "too long" in failure(tmp_path / ("x" * 300))
    assert "empty name" in failure("")
    assert "can have this name" in failure("a\0b")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.yaml"))
        assert "socket" in failure(tmp_path / "s.yaml")


def test_a_folder_without_manifests_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.yaml", "b.txt")
    assert "sub-folders were not looked into" in failure(tmp_path)
    (tmp_path / "empty").mkdir()
    assert failure(tmp_path / "empty", recursive=True).endswith("in this folder")


def test_what_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.yaml", "sub/b.yaml")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "permission denied" in failure(tmp_path / "a.yaml")
    monkeypatch.setattr(os, "scandir", refuse)
    messages = [error.message for error in read_sources([tmp_path])[1]]
    assert messages[0] == "not readable: permission denied"


ENCODED = [
    (b"a: \xc3\xa9", "a: é", False),
    (codecs.BOM_UTF8 + b"a: 1", "a: 1", False),
    (codecs.BOM_UTF16_LE + "a: é".encode("utf-16-le"), "a: é", True),
    (codecs.BOM_UTF16_BE + "a: é".encode("utf-16-be"), "a: é", True),
    (b"a: 1\r\n", "a: 1\r\n", False),
    (b"", "", False),
]


@pytest.mark.parametrize(("data", "text", "one_document"), ENCODED)
def test_encodings(tmp_path: Path, data: bytes, text: str, one_document: bool) -> None:
    (tmp_path / "f").write_bytes(data)
    assert read_sources([tmp_path / "f"]) == ([Source(str(tmp_path / "f"), text, one_document)], [])


BROKEN = [
    (b"a: 1\nb: \xc3\xa9 \xff", 2, 6, "byte 0xff at offset 11 is not UTF-8"),
    (b"\xc3", 1, 1, "byte 0xc3 at offset 0"),
    (b"\xed\xa0\x80", 1, 1, "not UTF-8"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None, None, "binary"),
    ("a: 1".encode("utf-16-le"), None, None, "byte order mark"),
    (codecs.BOM_UTF32_LE + "a: 1".encode("utf-32-le"), None, None, "binary"),
    (codecs.BOM_UTF16_LE + b"a", None, None, "broken UTF-16"),
]


@pytest.mark.parametrize(("data", "line", "column", "message"), BROKEN)
def test_bytes_that_are_no_text(
    tmp_path: Path, data: bytes, line: int | None, column: int | None, message: str
) -> None:
    (tmp_path / "f").write_bytes(data)
    found, errors = read_sources([tmp_path / "f"])
    assert not found
    assert [(error.line, error.column) for error in errors] == [(line, column)]
    assert message in errors[0].message


def test_a_large_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(sources.MAX_FILE_BYTES + 1)
    monkeypatch.setattr(Path, "open", None)
    assert failure(large) == "more than 256 MB; split it into several files"


def standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"a: 1\n")
    assert read_sources(["-", "-"]) == ([Source("<stdin>", "a: 1\n")], [])


def test_standard_input_fails_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"\xff")
    assert [error.file for error in read_sources(["-"])[1]] == ["<stdin>"]
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 3)
    standard_input(monkeypatch, b"a: 1")
    assert "more than" in read_sources(["-"])[1][0].message
    monkeypatch.setattr(sys, "stdin", None)
    assert "no standard input" in read_sources(["-"])[1][0].message


def test_standard_input_may_be_a_text_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a: é"))
    assert read_sources(["-"])[0] == [Source("<stdin>", "a: é")]
