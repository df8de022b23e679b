"""A Taguette project (SQLite) in, `Foreign` out. Opens the file read-only and believes nothing it says.

Taguette counts in UTF-8 bytes of the words of a document's HTML, tags left out. A highlight does not say who made it.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

from assistant.errors import ReadingError
from assistant.importing.foreign import CodeNote, Foreign, Marked, Source, counted, prose, tidy, unique
from assistant.importing.offsets import Moved, Ruler, move, utf8_width

_COLUMNS = {
    "projects": ("id", "name"),
    "documents": ("id", "name", "project_id", "contents"),
    "tags": ("id", "path", "description", "project_id"),
    "highlights": ("id", "document_id", "start_offset", "end_offset", "snippet"),
    "highlight_tags": ("highlight_id", "tag_id"),
}
_TEXTS = frozenset({"name", "contents", "path", "description", "snippet"})
_AGAIN = "Export the project from Taguette again (as SQLite3)."
_OWN_LINES = (
    "address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main"
    " nav ol p pre section table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_OWN_LINES.split())
_Row = tuple[Any, ...]


def read(path: Path, data: bytes) -> Foreign:
    """The codings of a Taguette project. Raises ReadingError naming the highlight that cannot be used."""
    journal = path.with_name(f"{path.name}-wal")
    if journal.exists() and journal.stat().st_size:
        raise ReadingError(f"part of it is still in {journal.name}", "Close Taguette and try again.")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            rows = _rows(connection)
    except sqlite3.Error as error:
        raise ReadingError(f"it is no sound SQLite database ({tidy(str(error))})", _AGAIN) from error
    return _Project(rows).foreign(path, data)


def _rows(connection: sqlite3.Connection) -> dict[str, list[_Row]]:
    """All rows that are needed, by table, checked for type."""
    connection.execute("PRAGMA trusted_schema = OFF")
    state = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if state != "ok":
        raise ReadingError(f"its database is damaged ({tidy(str(state))})", _AGAIN)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found: dict[str, list[_Row]] = {}
    for table, columns in _COLUMNS.items():
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} if table in tables else set()
        missing = [column for column in columns if column not in there]
        if missing:
            what = f"table {table}" if table not in tables else f"column {table}.{missing[0]}"
            raise ReadingError(f"it is an SQLite database without the {what}, so no Taguette project", _AGAIN)
        chosen = (*columns, "parent_id") if table == "tags" and "parent_id" in there else columns
        found[table] = list(connection.execute(f"SELECT {', '.join(chosen)} FROM {table} ORDER BY 1, 2"))
        for row in found[table]:
            _check(table, columns, row)
    return found


def _check(table: str, columns: tuple[str, ...], row: _Row) -> None:
    for column, value in zip(columns, row, strict=False):
        if not isinstance(value, str if column in _TEXTS else int):
            raise ReadingError(f"table {table}, row {row[0]!r}: its {column} is of the wrong type", _AGAIN)


@dataclass(frozen=True, slots=True)
class _Words:
    """A document's words with the way from Taguette's bytes to our places."""

    name: str
    ruler: Ruler
    page: _Page
    moved: Moved

    def span(self, start: int, end: int) -> tuple[int, int]:
        low, high = self.ruler.span(start, end)
        return self.moved.span(*self.page.span(low, high))


class _Project:
    """The rows of one file, put together."""

    def __init__(self, rows: dict[str, list[_Row]]) -> None:
        self._projects = rows["projects"]
        self._tags = {row[0]: row for row in rows["tags"]}
        self._documents = rows["documents"]
        self._highlights = {row[0]: row for row in rows["highlights"]}
        self._pairs = rows["highlight_tags"]
        self._names = dict(zip(self._tags, unique([tidy(row[1]) for row in self._tags.values()]), strict=True))

    def foreign(self, path: Path, data: bytes) -> Foreign:
        names = unique([tidy(row[1]) or f"document {row[0]}" for row in self._documents])
        words = {row[0]: _words(name, row[3]) for row, name in zip(self._documents, names, strict=True)}
        sources = [Source(one.name, one.moved.text) for one in words.values()]
        marks = list(self._marks(words))
        notes = list(self._notes(marks))
        return Foreign.of(path, data, "taguette", sources=sources, marks=marks, codes=self._codes(), notes=notes)

    def _codes(self) -> Iterator[CodeNote]:
        for key, (_, _, description, _, *parents) in self._tags.items():
            parent = self._names.get(parents[0], "") if parents else ""
            yield CodeNote(self._names[key], prose(description), parent, "")

    def _marks(self, words: dict[int, _Words]) -> Iterator[Marked]:
        for highlight, tag in self._pairs:
            if highlight not in self._highlights or tag not in self._tags:
                raise ReadingError(f"highlight {highlight} or its tag {tag} is missing", _AGAIN)
        places = {key: _place(row, words) for key, row in self._highlights.items()}
        for highlight, tag in self._pairs:
            name, start, end, quote = places[highlight]
            yield Marked(name, start, end, quote, self._names[tag], "")

    def _notes(self, marks: list[Marked]) -> Iterator[str]:
        if len(self._projects) > 1:
            yield f"{len(self._projects)} projects, read as one: {', '.join(tidy(row[1]) for row in self._projects)}"
        untagged = len(self._highlights.keys() - {highlight for highlight, _ in self._pairs})
        if untagged:
            yield counted(untagged, "highlight without a tag", "highlights without a tag")
        lost = sum(mark.start is None for mark in marks)
        if lost:
            yield f"{counted(lost, 'coding')} known by the words only: other words stand at the place given"


def _words(name: str, contents: str) -> _Words:
    page = _Page()
    page.feed(contents.replace("\r\n", "\n").replace("\r", "\n"))  # as browsers do before they parse
    page.close()
    try:
        return _Words(name, Ruler(page.counted, utf8_width), page, move(page.text))
    except ValueError as wrong:
        raise ReadingError(f"document {name!r}: {wrong}", _AGAIN) from None


def _place(highlight: _Row, words: dict[int, _Words]) -> tuple[str, int | None, int | None, str]:
    """Document, place and words of a highlight; no place where Taguette's own copy of the words says otherwise."""
    number, document, start, end, snippet = highlight
    if document not in words:
        raise ReadingError(f"highlight {number}: its document {document} is missing", _AGAIN)
    one = words[document]
    try:
        low, high = one.span(start, end)
    except ValueError as wrong:
        raise ReadingError(f"highlight {number} in document {one.name!r}: {wrong}", _AGAIN) from None
    quote, copy = one.moved.text[low:high], _words(one.name, snippet).moved.text
    if snippet and "".join(quote.split()) != "".join(copy.split()):
        return one.name, None, None, copy.strip()
    return one.name, low, high, quote


class _Page(HTMLParser):
    """A document's words as Taguette counts them, and with a line end between blocks that have none."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._length = 0
        self._breaks: list[int] = []  # places in `counted` where a line end is put in
        self._between = False  # a block begins or ends here
        self._opened_pre = False

    @property
    def counted(self) -> str:
        """The words as they stand in the HTML."""
        return "".join(self._parts)

    @property
    def text(self) -> str:
        """The words with the line ends put in."""
        words, places = self.counted, [0, *self._breaks, self._length]
        return "\n".join(words[start:end] for start, end in pairwise(places)) if self._breaks else words

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of `counted` as one of `text`."""
        return start + bisect_right(self._breaks, start), end + bisect_left(self._breaks, end)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Note that a block begins."""
        self._between |= tag in _BLOCKS
        self._opened_pre = tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        """Note that a block ends."""
        self._between |= tag in _BLOCKS
        self._opened_pre = False

    def handle_data(self, data: str) -> None:
        """Keep words; the line end right after <pre> is none (HTML Standard, 13.2.6.4.7)."""
        if self._opened_pre:
            data = data.removeprefix("\n")
        self._opened_pre = False
        if not data:
            return
        if self._between and self._parts and not self._parts[-1].endswith("\n") and not data.startswith("\n"):
            self._breaks.append(self._length)
        self._between = False
        self._parts.append(data)
        self._length += len(data)
