"""Which reader takes a file, and what none takes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assistant.errors import ReadingError
from assistant.importing import read
from tests.reading.making import save, workbook, zipped

LINE = '{"document": "d", "coder": "a", "codes": ["C"]}'
TABLE: list[list[object]] = [["document", "unit", "codes"], ["d", 1, "C"]]


def test_the_content_decides_not_the_extension(tmp_path: Path) -> None:
    assert read(save(tmp_path, "a.csv", LINE)).format == "jsonl"
    assert read(save(tmp_path, "b.txt", "\ufeff\n" + LINE)).format == "jsonl"
    assert read(save(tmp_path, "c.csv", workbook({"s": TABLE}))).format == "xlsx"
    assert read(save(tmp_path, "d.txt", "document\tunit\tcodes\nd\t1\tC\n")).format == "csv"


def test_path_and_digest_are_kept(tmp_path: Path) -> None:
    path = save(tmp_path, "a.jsonl", LINE)
    found = read(path)
    assert (found.path, found.sha256) == (path, hashlib.sha256(LINE.encode()).hexdigest())


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.jsonl", " \n", "it is empty"),
        ("a.csv", b"\x00\x01\x02\x03" * 50, "binary data"),
        ("a.pdf", b"%PDF-1.7", ".pdf files of this content are not known"),
        ("a.qde", "<?xml version='1.0'?><Project/>", "an XML or HTML file"),
        ("a.zip", zipped({"x.txt": "x"}), "holds 'x.txt', but no codings"),
        ("a.qdpx", b"PK\x03\x04 cut", "its zip container is damaged"),
        ("a.sqlite3", b"SQLite format 3\0" + b"\0" * 100, "database"),
    ],
)
def test_other_files_are_refused_with_a_way_out(tmp_path: Path, name: str, data: str | bytes, reason: str) -> None:
    path = save(tmp_path, name, data)
    with pytest.raises(ReadingError) as caught:
        read(path)
    assert reason in caught.value.message
    assert caught.value.message.startswith(f"{path}: ")
    assert caught.value.hint


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="cannot be opened"):
        read(tmp_path / "none.jsonl")
    with pytest.raises(ReadingError, match="a folder or no ordinary file"):
        read(tmp_path)
