"""Gold in project.db: what people coded elsewhere, and which stretches of which texts they read.

An import adds a new edition of its coder's work and changes nothing: of each stretch of a text the newest edition that
covers it counts, and older ones stay.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.model import Coder, GoldUnit, Segment, Suggestion, SuggestionKind
from assistant.project.codings import Codings, Placed
from assistant.project.database import CURRENT_SEGMENTS, Database, now
from assistant.project.documents import segment_of

Series = tuple[str, SuggestionKind, str]
"""Whose work of which kind: coder, kind, codebook id ("" for open codes)."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One import: an edition of a coder's work."""

    id: int
    coder: str
    kind: SuggestionKind
    codebook: str  # "" for open codes
    codebook_version: str
    file: str
    sha256: str
    blind: bool | None
    why: str
    created: str
    units: int
    codings: int


@dataclass(frozen=True, slots=True)
class Coded:
    """What stands of a coder's work on one segment, and in which edition: codes with their places in the segment."""

    gold: int
    marked: bool
    codings: tuple[Placed, ...]


class Golds:
    """The gold codings of one project."""

    def __init__(self, database: Database, codings: Codings) -> None:
        self._db = database
        self._codings = codings

    def add(
        self,
        series: Series,
        units: Iterable[GoldUnit],
        codings: Iterable[tuple[Segment, Suggestion]],
        *,
        codebook_version: str = "",
        file: str,
        sha256: str,
        blind: bool | None = None,
        why: str = "",
    ) -> int:
        """Store an edition of a coder's work, all of it or nothing; returns its id.

        `codings`: each with the segment in which its words begin.
        """
        name, kind, book = series
        with self._db.transaction():
            coder = self._codings.coder(Coder("gold", name))
            gold = self._db.write(
                "INSERT INTO golds (coder, kind, codebook, codebook_version, file, sha256, blind, why, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [coder, kind, book or None, codebook_version or None, file, sha256, blind, why, now()],
            )
            self._db.write_many(
                "INSERT INTO gold_units (gold, document, start, end, marked) VALUES (?, ?, ?, ?, ?)",
                [(gold, u.document, u.span.start, u.span.end, u.marked) for u in units],
            )
            for segment, coding in codings:
                self._codings.add_gold(gold, coder, book or None, codebook_version or None, segment, coding)
        return gold

    def all(self) -> list[Gold]:
        """Every edition in the order of import."""
        rows = self._db.rows(
            "SELECT golds.*, coders.name,"
            " (SELECT count(*) FROM gold_units WHERE gold = golds.id) AS units,"
            " (SELECT count(*) FROM codings WHERE gold = golds.id) AS codings"
            " FROM golds JOIN coders ON coders.id = golds.coder ORDER BY golds.id"
        )
        return [_gold(r) for r in rows]

    def coded(self, series: Series, scheme: str) -> dict[int, Coded]:
        """What stands of a coder's work, by segment id of the current documents.

        A segment is coded where the newest edition that covers it says so. Codes of a stretch as a whole count for a
        segment only if they are the same stretch. Headings count only where an edition names just them.
        """
        name, kind, book = series
        segments = self._db.rows(
            f"SELECT segments.* {CURRENT_SEGMENTS} AND documents.id IN"
            " (SELECT document FROM gold_units) ORDER BY segments.document, segments.number",
            [scheme],
        )
        about = [name, kind, book or None]
        whose = (
            "JOIN golds ON golds.id = {}.gold JOIN coders ON coders.id = golds.coder"
            " WHERE coders.kind = 'gold' AND coders.name = ? AND golds.kind = ? AND golds.codebook IS ?"
        )
        units = _grouped(
            self._db.rows(f"SELECT gold_units.* FROM gold_units {whose.format('gold_units')} ORDER BY gold DESC", about)
        )
        given = _grouped(
            self._db.rows(f"SELECT codings.* FROM codings {whose.format('codings')} ORDER BY start, codings.id", about)
        )
        found = {}
        for row in segments:
            segment = segment_of(row)
            unit = _covering(units.get(segment.document, ()), segment)
            if unit is not None:
                own = (c for c in given.get(segment.document, ()) if c["gold"] == unit["gold"])
                found[segment.id] = Coded(unit["gold"], bool(unit["marked"]), tuple(_on(own, segment)))
        return found

    def unplaced(self, series: Series, scheme: str) -> int:
        """How many stretches a coder coded as a whole, in the newest edition, that are no segment of the scheme."""
        name, kind, book = series
        row = self._db.row(
            "SELECT count(*) FROM gold_units JOIN golds ON golds.id = gold_units.gold"
            " JOIN coders ON coders.id = golds.coder WHERE coders.kind = 'gold' AND coders.name = ? AND golds.kind = ?"
            " AND golds.codebook IS ? AND NOT gold_units.marked AND NOT EXISTS (SELECT 1 FROM segments WHERE scheme = ?"
            " AND segments.document = gold_units.document AND segments.start = gold_units.start"
            " AND segments.end = gold_units.end) AND gold_units.gold = (SELECT max(id) FROM golds AS newest"
            " WHERE newest.coder = golds.coder AND newest.kind = golds.kind AND newest.codebook IS golds.codebook)",
            [name, kind, book or None, scheme],
        )
        return int(row[0]) if row else 0

    def digest(self, series: Series, scheme: str, documents: Iterable[int] | None = None) -> str:
        """SHA-256 over what stands of a coder's work, in some documents or in all."""
        wanted = None if documents is None else set(documents)
        rows = self._db.rows(f"SELECT segments.* {CURRENT_SEGMENTS} ORDER BY segments.id", [scheme])
        within = {r["id"]: r["document"] for r in rows if wanted is None or r["document"] in wanted}
        work = self.coded(series, scheme)
        said = [
            [segment, [[c.start, c.end, c.code, c.polarity] for c in work[segment].codings]]
            for segment in sorted(within)
            if segment in work
        ]
        return hashlib.sha256(json.dumps([series, said], ensure_ascii=False).encode()).hexdigest()


def _gold(row: sqlite3.Row) -> Gold:
    return Gold(
        id=row["id"],
        coder=row["name"],
        kind=row["kind"],
        codebook=row["codebook"] or "",
        codebook_version=row["codebook_version"] or "",
        file=row["file"],
        sha256=row["sha256"],
        blind=None if row["blind"] is None else bool(row["blind"]),
        why=row["why"],
        created=row["created"],
        units=row["units"],
        codings=row["codings"],
    )


def _grouped(rows: Iterable[sqlite3.Row]) -> dict[int, list[sqlite3.Row]]:
    found: dict[int, list[sqlite3.Row]] = {}
    for row in rows:
        found.setdefault(row["document"], []).append(row)
    return found


def _covering(units: Sequence[sqlite3.Row], segment: Segment) -> sqlite3.Row | None:
    """The first of the units, newest edition first, that speaks about the whole segment."""

    def speaks(unit: sqlite3.Row) -> bool:
        same: bool = unit["start"] == segment.span.start and unit["end"] == segment.span.end
        holds: bool = unit["start"] <= segment.span.start and segment.span.end <= unit["end"]
        return same or (holds and bool(unit["marked"]) and segment.kind != "heading")

    return next((unit for unit in units if speaks(unit)), None)


def _on(codings: Iterable[sqlite3.Row], segment: Segment) -> Iterator[Placed]:
    """The codings that share at least one letter or digit with the segment, cut to it and placed in it."""
    for row in codings:
        start, end = max(row["start"], segment.span.start), min(row["end"], segment.span.end)
        words = row["quote"][start - row["start"] : end - row["start"]]
        if start < end and any(map(str.isalnum, words)):
            yield Placed(
                row["code"],
                words,
                start - segment.span.start,
                end - segment.span.start,
                row["polarity"],
                row["rationale"],
                row["confidence"],
            )
