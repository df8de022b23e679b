"""Taguette projects."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from assistant.errors import ReadingError
from assistant.importing import CodeNote, Foreign, Marked, read
from tests.reading.making import save

GOLD = Path(__file__).resolve().parents[2].parent / "shared" / "gold" / "taguette-serdif"
SCHEMA = """
CREATE TABLE projects (id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT);
CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT, description TEXT, project_id INTEGER, contents TEXT);
CREATE TABLE tags (id INTEGER PRIMARY KEY, project_id INTEGER, path TEXT, description TEXT, parent_id INTEGER);
CREATE TABLE highlights (id INTEGER PRIMARY KEY, document_id INTEGER, start_offset, end_offset, snippet TEXT);
CREATE TABLE highlight_tags (highlight_id INTEGER, tag_id INTEGER);
INSERT INTO projects VALUES (1, '项目', '');
INSERT INTO tags VALUES (1, 1, '对话', 'To talk', NULL), (2, 1, 'open', '', 1);
"""
PAGE = "<p>他说“𠮷😀”&amp; more.</p><p>cafe\u0301<br>third&#13;line</p>\r\n<pre>\ncode</pre>"
WORDS = "他说“𠮷😀”& more.cafe\u0301third\rline\ncode"  # as Taguette counts them
TEXT = "他说“𠮷😀”& more.\ncafé\nthird\nline\ncode"

Highlight = tuple[int, int, object, object, str]  # id, document, start, end, snippet


def database(folder: Path, highlights: Iterable[Highlight], tags: Iterable[tuple[int, int]], more: str = "") -> Path:
    path = folder / "访谈 #1?.sqlite3"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        connection.execute("INSERT INTO documents VALUES (1, '访谈.odt', '', 1, ?)", [PAGE])
        connection.executemany("INSERT INTO highlights VALUES (?, ?, ?, ?, ?)", highlights)
        connection.executemany("INSERT INTO highlight_tags VALUES (?, ?)", tags)
        connection.executescript(more)
    return path


def on(number: int, words: str, snippet: str | None = None) -> Highlight:
    """A highlight of `words` in WORDS, counted in UTF-8 bytes."""
    start = len(WORDS[: WORDS.index(words)].encode())
    return number, 1, start, start + len(words.encode()), f"<p>{words}</p>" if snippet is None else snippet


def made(folder: Path, *highlights: Highlight, more: str = "") -> Foreign:
    return read(database(folder, highlights, [(one[0], 1) for one in highlights], more))


def test_highlights_land_on_their_words(tmp_path: Path) -> None:
    words = ["“𠮷😀”", "more.cafe\u0301", "third", "line\nco", "more."]
    found = made(tmp_path, *(on(number, each) for number, each in enumerate(words, 1)))
    assert found.sources[0].text == TEXT
    assert [mark.quote for mark in found.marks] == ["“𠮷😀”", "more.\ncafé", "third", "line\nco", "more."]
    assert all(TEXT[mark.start : mark.end] == mark.quote for mark in found.marks)
    assert (found.format, found.coders, found.notes) == ("taguette", (), ())
    assert found.codes == (CodeNote("对话", "To talk", "", ""), CodeNote("open", "", "对话", ""))


@settings(max_examples=40)
@given(st.data())
def test_any_stretch_counted_in_bytes_comes_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(WORDS)))
    end = data.draw(st.integers(start, len(WORDS)))
    low, high = len(WORDS[:start].encode()), len(WORDS[:end].encode())
    found = made(tmp_path_factory.getbasetemp(), (1, 1, low, high, ""))
    quote, wanted = found.marks[0].quote, WORDS[start:end]
    assert "".join(quote.replace("é", "e").split()) in {
        "".join(wanted.replace("\u0301", "").split()),
        "e" + "".join(wanted.replace("\u0301", "").split()),  # the accent alone takes its letter
    }


def test_one_mark_for_each_tag_and_notes_for_what_is_left(tmp_path: Path) -> None:
    highlights = [on(1, "third"), on(2, "more."), on(3, "line", "<p>other &amp; words</p>")]
    path = database(tmp_path, highlights, [(1, 1), (1, 2), (3, 2)], "INSERT INTO projects VALUES (2, 'b', '')")
    found = read(path)
    start = TEXT.index("third")
    assert found.marks == (
        Marked("访谈.odt", start, start + 5, "third", "对话", ""),
        Marked("访谈.odt", start, start + 5, "third", "open", ""),
        Marked("访谈.odt", None, None, "other & words", "open", ""),
    )
    assert found.notes == (
        "2 projects, read as one: 项目, b",
        "1 highlight without a tag",
        "1 coding known by the words only: other words stand at the place given",
    )


def test_documents_of_one_name_stay_apart(tmp_path: Path) -> None:
    found = made(tmp_path, on(1, "third"), more="INSERT INTO documents VALUES (2, '访谈.odt', '', 1, '<p>b</p>')")
    assert [source.name for source in found.sources] == ["访谈.odt", "访谈.odt (2)"]


@pytest.mark.parametrize(
    ("highlight", "more", "reason"),
    [
        ((7, 1, 0, 10_000, ""), "", "highlight 7 in document '访谈.odt': position 10000 is outside the text"),
        ((7, 1, 6, 3, ""), "", "it ends at 3, before it starts at 6"),
        ((7, 1, 1, 3, ""), "", "position 1 is inside a character"),
        ((7, 9, 0, 3, ""), "", "highlight 7: its document 9 is missing"),
        ((7, 1, "0", 3, ""), "", "table highlights, row 7: its start_offset is of the wrong type"),
        ((7, 1, 0, 3, ""), "DELETE FROM tags", "highlight 7 or its tag 1 is missing"),
        ((7, 1, 0, 3, ""), "DROP TABLE tags", "without the table tags, so no Taguette project"),
        ((7, 1, 0, 3, ""), "ALTER TABLE highlights DROP COLUMN snippet", "without the column highlights.snippet"),
        ((7, 1, 0, 3, ""), "DROP TABLE tags; CREATE VIEW tags AS SELECT 1 AS id", "without the table tags"),
    ],
)
def test_a_broken_project_is_refused(tmp_path: Path, highlight: Highlight, more: str, reason: str) -> None:
    with pytest.raises(ReadingError) as caught:
        made(tmp_path, highlight, more=more)
    assert reason in caught.value.message
    assert caught.value.hint


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    data = bytearray(database(tmp_path, [on(1, "third")], [(1, 1)]).read_bytes())
    data[200:] = b"\xff" * (len(data) - 200)
    with pytest.raises(ReadingError, match=r"database"):
        read(save(tmp_path, "damaged.sqlite3", bytes(data)))


def test_the_file_is_not_changed_and_an_open_one_refused(tmp_path: Path) -> None:
    path = database(tmp_path, [on(1, "third")], [(1, 1)])
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    path.with_name(path.name + "-wal").write_bytes(b"unsaved")
    with pytest.raises(ReadingError, match="part of it is still in"):
        read(path)


def test_all_real_highlights_fit() -> None:
    path = GOLD / "SERDIF_P2_ThematicAnalysis.sqlite3"
    if not path.exists():
        pytest.skip(f"no {path}")
    found = read(path)
    assert (len(found.sources), len(found.codes), len(found.marks)) == (17, 22, 1930)
    assert all(code.definition for code in found.codes)
    assert found.notes == ("1 highlight without a tag",)
    texts = {source.name: source.text for source in found.sources}
    lines = [json.loads(line) for line in (GOLD / "highlights.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 1794

    def bare(words: str) -> str:
        return "".join(unescape(words).split())

    wanted = Counter((line["document"], tag, bare(line["quote"])) for line in lines for tag in line["tags"])
    got = Counter((mark.source, mark.code, bare(texts[mark.source][mark.start : mark.end])) for mark in found.marks)
    assert all(mark.start is not None for mark in found.marks)
    assert got == wanted
