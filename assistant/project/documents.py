"""Documents and their segments in project.db: stored once, versioned, never changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Literal

from assistant.errors import UsageError
from assistant.model import Block, Document, Passage, Segment, Span
from assistant.project.database import CURRENT, CURRENT_SEGMENTS, Database, now


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one file: its stored document, and whether it is new, a new version, or was there already."""

    document: Document
    how: Literal["added", "new version", "already there", "case set"]


class Documents:
    """The documents of one project."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._text: Callable[[int], str] = lru_cache(maxsize=16)(self._read_text)  # a stored text never changes

    def _read_text(self, key: int) -> str:
        row = self._db.row("SELECT text FROM documents WHERE id = ?", [key])
        return str(row["text"]) if row else ""

    def add(self, document: Document, *, kind_given: bool = False) -> Added:
        """Store a document. The same bytes add nothing; the same source with other bytes is a new version."""
        with self._db.transaction():
            same = self._db.row(f"SELECT * FROM documents WHERE sha256 = ? AND {CURRENT}", [document.sha256])
            if same:
                return self._met_again(_document(same), document)
            before = self._db.row(
                f'SELECT id, version, "case", kind FROM documents WHERE source = ? AND {CURRENT}', [document.source]
            )
            version = before["version"] + 1 if before else 1
            stored = replace(document, version=version)
            if before:  # what was said of the old version holds for the new one, unless it is said anew
                stored = replace(stored, case=document.case or before["case"])
                stored = stored if kind_given else replace(stored, kind=before["kind"])
            key = self._db.write(
                'INSERT INTO documents (name, source, "case", kind, language, media_type, encoding, sha256, text,'
                " blocks, notes, version, supersedes, held_out, added)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                " coalesce((SELECT held_out FROM documents WHERE id = ?), 0), ?)",
                [
                    stored.name,
                    stored.source,
                    stored.case,
                    stored.kind,
                    stored.language,
                    stored.media_type,
                    stored.encoding,
                    stored.sha256,
                    stored.text,
                    json.dumps([asdict(b) for b in stored.blocks], ensure_ascii=False),
                    json.dumps(stored.notes, ensure_ascii=False),
                    version,
                    before["id"] if before else None,
                    before["id"] if before else None,
                    now(),
                ],
            )
            return Added(replace(stored, id=key), "new version" if before else "added")

    def _met_again(self, stored: Document, given: Document) -> Added:
        """The same bytes once more; a case given now is taken over, unless a copy elsewhere would change it."""
        if given.case in ("", stored.case) or (stored.case and given.source != stored.source):
            return Added(stored, "already there")
        self._db.write('UPDATE documents SET "case" = ? WHERE id = ?', [given.case, stored.id])
        return Added(replace(stored, case=given.case), "case set")

    def all(self, *, current: bool = True) -> list[Document]:
        """Documents in the order they came; only the newest version of each unless `current` is False."""
        where = CURRENT if current else "1"
        return [_document(r) for r in self._db.rows(f"SELECT * FROM documents WHERE {where} ORDER BY id")]

    def get(self, key: int) -> Document:
        """The document with that id (UsageError if there is none)."""
        row = self._db.row("SELECT * FROM documents WHERE id = ?", [key])
        if row is None:
            raise UsageError(f"there is no document {key}", "see the ids with: codart documents")
        return _document(row)

    def find(self, name: str) -> Document:
        """The document with that id or file name; the name of several current documents is an error."""
        if name.isdecimal() and name.isascii():
            return self.get(int(name))
        rows = self._db.rows(f"SELECT * FROM documents WHERE name = ? AND {CURRENT} ORDER BY id", [name])
        if len(rows) == 1:
            return _document(rows[0])
        if rows:
            ids = ", ".join(str(r["id"]) for r in rows)
            raise UsageError(f"{len(rows)} documents are called {name}: {ids}", "name one by its id")
        raise UsageError(f"there is no document called {name}", "see names and ids with: codart documents")

    def hold_out(self, key: int, held_out: bool) -> None:
        """Keep a document out of examples and retrieval (a test split), or take it back in."""
        self._db.write("UPDATE documents SET held_out = ? WHERE id = ?", [int(held_out), key])

    def held_out(self) -> frozenset[int]:
        """Ids of the documents that are held out."""
        return frozenset(r["id"] for r in self._db.rows("SELECT id FROM documents WHERE held_out"))

    def add_segments(self, document: int, scheme: str, segments: Sequence[Segment]) -> None:
        """Store the segments of a document under a scheme, unless they are there."""
        with self._db.transaction():
            if self._db.row("SELECT 1 FROM segments WHERE document = ? AND scheme = ?", [document, scheme]):
                return
            self._db.write_many(
                "INSERT INTO segments (document, scheme, number, start, end, kind, speaker)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(document, scheme, s.number, s.span.start, s.span.end, s.kind, s.speaker) for s in segments],
            )

    def unsegmented(self, scheme: str) -> list[Document]:
        """Current documents that have no segments under that scheme yet."""
        return [
            _document(r)
            for r in self._db.rows(
                f"SELECT * FROM documents WHERE {CURRENT} AND NOT EXISTS"
                " (SELECT 1 FROM segments WHERE document = documents.id AND scheme = ?) ORDER BY id",
                [scheme],
            )
        ]

    def segments(self, document: int, scheme: str) -> list[Segment]:
        """The segments of one document in order."""
        return [
            segment_of(r)
            for r in self._db.rows(
                "SELECT * FROM segments WHERE document = ? AND scheme = ? ORDER BY number", [document, scheme]
            )
        ]

    def segment(self, key: int) -> Segment:
        """The segment with that id."""
        row = self._db.row("SELECT * FROM segments WHERE id = ?", [key])
        if row is None:
            raise UsageError(f"there is no segment {key}", "see segments with: codart documents show ID")
        return segment_of(row)

    def segment_at(self, like: Segment, offset: int) -> Segment:
        """The segment of the same document, under the same scheme as `like`, in which a code point stands."""
        row = self._db.row(
            "SELECT * FROM segments WHERE document = ? AND scheme = (SELECT scheme FROM segments WHERE id = ?)"
            " AND start <= ? AND end > ?",
            [like.document, like.id, offset, offset],
        )
        return segment_of(row) if row else like

    def passage(self, segment: int) -> Passage | None:
        """One segment with its words; None if there is no such segment or its document has a newer version."""
        row = self._db.row(
            f'SELECT segments.*, documents.name, documents."case", documents.held_out FROM segments'
            f" JOIN documents ON documents.id = segments.document WHERE segments.id = ? AND {CURRENT}",
            [segment],
        )
        return self._passage(row) if row else None

    def around(self, segment: Segment, before: int, after: int) -> list[Passage]:
        """Up to so many segments before and after one in its document, in their order, without it."""
        rows = self._db.rows(
            'SELECT segments.*, documents.name, documents."case", documents.held_out FROM segments'
            " JOIN documents ON documents.id = segments.document WHERE segments.document = ?1"
            " AND segments.scheme = (SELECT scheme FROM segments WHERE id = ?2)"
            " AND segments.number BETWEEN ?3 AND ?4 AND segments.id <> ?2 ORDER BY segments.number",
            [segment.document, segment.id, segment.number - before, segment.number + after],
        )
        return [self._passage(row) for row in rows]

    def _passage(self, row: sqlite3.Row) -> Passage:
        words = self._text(row["document"])[row["start"] : row["end"]]
        return Passage(segment_of(row), words, row["name"], row["case"], bool(row["held_out"]))

    def passages(self, scheme: str) -> Iterator[Passage]:
        """Every segment of the current documents with its words, in the order of the texts."""
        rows = self._db.stream(
            f'SELECT segments.*, documents.name, documents."case", documents.held_out {CURRENT_SEGMENTS}'
            " ORDER BY segments.document, segments.number",
            [scheme],
        )
        return map(self._passage, rows)

    def count_segments(self, scheme: str) -> int:
        """How many segments the current documents have under a scheme."""
        row = self._db.row(
            f"SELECT count(*) {CURRENT_SEGMENTS}",
            [scheme],
        )
        return int(row[0]) if row else 0


def _document(row: sqlite3.Row) -> Document:
    return Document(
        name=row["name"],
        text=row["text"],
        sha256=row["sha256"],
        media_type=row["media_type"],
        language=row["language"],
        kind=row["kind"],
        case=row["case"],
        source=row["source"],
        encoding=row["encoding"],
        blocks=tuple(
            Block(Span(b["span"]["start"], b["span"]["end"]), b["kind"], b["label"]) for b in json.loads(row["blocks"])
        ),
        notes=tuple(json.loads(row["notes"])),
        id=row["id"],
        version=row["version"],
    )


def segment_of(row: sqlite3.Row) -> Segment:
    """A row of the table segments as a value."""
    return Segment(
        Span(row["start"], row["end"]), row["kind"], row["speaker"], row["number"], row["id"], row["document"]
    )
