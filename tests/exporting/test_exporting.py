"""Choosing the format by the suffix, and putting the file in its place in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import exporting
from assistant.errors import UsageError
from assistant.exporting.saving import encode, save
from assistant.model import Study

BEGINNINGS = {
    ".jsonl": b'{"id": 1,',
    ".csv": b"\xef\xbb\xbfid,",
    ".xlsx": b"PK\x03\x04",
    ".md": b"# ",
    ".html": b"<!doctype",
}


def test_every_known_suffix_has_a_beginning_here() -> None:
    assert set(BEGINNINGS) == set(exporting.SUFFIXES)


@pytest.mark.parametrize("suffix", exporting.SUFFIXES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_suffix_chooses_the_format(study: Study, tmp_path: Path, suffix: str, language: str) -> None:
    path = tmp_path / f"导出{suffix}"
    exporting.write(study, path, language=language)
    assert path.read_bytes().lstrip().startswith(BEGINNINGS[suffix])


@pytest.mark.parametrize("suffix", exporting.SUFFIXES)
def test_a_study_with_nothing_in_it_can_be_written(empty: Study, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"empty{suffix.upper()}"
    exporting.write(empty, path, language="en")
    assert path.exists()


@pytest.mark.parametrize("name", ["codes.pdf", "codes"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(study: Study, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as refused:
        exporting.write(study, tmp_path / name, language="en")
    assert all(suffix in refused.value.hint for suffix in exporting.SUFFIXES)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_language_is_refused_before_anything_is_written(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'fr'"):
        exporting.write(study, tmp_path / "codes.jsonl", language="fr")
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_is_replaced_and_nothing_else_is_left(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "codes.jsonl"
    path.write_text("old", encoding="utf-8")
    exporting.write(study, path, language="en")
    assert path.read_bytes().count(b"\n") == len(study.records)
    assert [p.name for p in tmp_path.iterdir()] == ["codes.jsonl"]


def test_a_failure_leaves_the_old_file_and_no_remains(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "codes.md"
    folder.mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        exporting.write(study, folder, language="en")
    assert [p.name for p in tmp_path.iterdir()] == ["codes.md"]


def test_a_missing_folder_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        save(tmp_path / "nowhere" / "codes.csv", b"x")


def test_half_a_surrogate_pair_does_not_stop_an_export() -> None:
    assert encode("a\ud83db") == b"a\\ud83db"
