"""Suggestions, codings, discards and decisions in project.db. Append-only; AI and human work never share a row.

A suggestion is a coding by a model coder. A person's accept or edit adds a coding by that person which names the
suggestion it decides; a reject adds only the decision. A later decision by the same person replaces the earlier one
in what is shown, and both stay stored. One that was taken back (a row in `withdrawals`) counts nowhere, and what it
replaced counts again. The view `standing` holds the decisions that were not taken back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.errors import UsageError
from assistant.model import (
    Check,
    CheckRecord,
    Coder,
    Decided,
    Decision,
    DiscardRecord,
    Polarity,
    Record,
    Segment,
    Suggestion,
    SuggestionKind,
    Verdict,
)
from assistant.project.database import Database, now
from assistant.project.decisions import Decisions

_RECORDS = """
    SELECT c.*, k.kind AS coder_kind, k.name AS coder_name, d.name AS document_name, d.sha256, d."case",
           s.number AS segment_number,
           CASE WHEN k.kind = 'model' THEN
               (SELECT action FROM standing WHERE suggestion = c.id ORDER BY id DESC LIMIT 1)
           ELSE (SELECT action FROM standing WHERE coding = c.id) END AS action,
           CASE WHEN k.kind = 'model' THEN
               (SELECT why FROM standing WHERE suggestion = c.id ORDER BY id DESC LIMIT 1)
           ELSE (SELECT why FROM standing WHERE coding = c.id) END AS why
    FROM codings c JOIN coders k ON k.id = c.coder JOIN documents d ON d.id = c.document
    JOIN segments s ON s.id = c.segment
    WHERE NOT EXISTS (  -- a person's earlier decision on the same suggestion gives way to the later one
        SELECT 1 FROM standing own JOIN standing later
            ON later.suggestion = own.suggestion AND later.coder = own.coder AND later.id > own.id
        WHERE own.coding = c.id)
    AND NOT EXISTS (  -- nor does it stand once it was taken back
        SELECT 1 FROM decisions own JOIN withdrawals ON withdrawals.decision = own.id WHERE own.coding = c.id)
    AND NOT EXISTS (  -- of a gold coder's work on the same words the newest edition stands
        SELECT 1 FROM golds own JOIN golds later ON later.coder = own.coder AND later.kind = own.kind
            AND later.codebook IS own.codebook AND later.id > own.id
            JOIN gold_units unit ON unit.gold = later.id AND unit.document = c.document
        WHERE own.id = c.gold AND unit.start <= c.start AND c.start < unit.end)
"""
_STATES = {None: "suggested", "accept": "accepted", "edit": "edited", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class Placed:
    """A code given to a segment, on words of it: `start` and `end` are code points of the segment's text."""

    code: str
    quote: str
    start: int
    end: int
    polarity: str | None
    why: str
    confidence: float | None


class Codings:
    """The suggestions, codings and decisions of one project."""

    def __init__(self, database: Database, decisions: Decisions) -> None:
        self._db = database
        self._decisions = decisions

    def coder(self, coder: Coder) -> int:
        """The id of a coder, stored if new."""
        self._db.write("INSERT INTO coders (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING", [coder.kind, coder.name])
        row = self._db.row("SELECT id FROM coders WHERE kind = ? AND name = ?", [coder.kind, coder.name])
        assert row is not None  # noqa: S101 - just inserted
        return int(row["id"])

    def add_suggestions(self, run: int, segment: Segment, suggestions: Sequence[Suggestion]) -> list[int]:
        """Store what a run suggests for a segment; returns the new ids."""
        about = self._db.row("SELECT coder, lens, codebook_version FROM runs WHERE id = ?", [run])
        if about is None:
            raise UsageError(f"there is no run {run}", "see runs with: codart status")
        return [
            self._add(
                coder=about["coder"],
                segment=segment,
                suggestion=s,
                # An open code belongs to no book, also where a prompt asked for both kinds and showed one.
                codebook=about["lens"] if s.kind == "assignment" else None,
                codebook_version=about["codebook_version"] if s.kind == "assignment" else None,
                run=run,
            )
            for s in suggestions
        ]

    def _add(
        self,
        *,
        coder: int,
        segment: Segment,
        suggestion: Suggestion,
        codebook: str | None,
        codebook_version: str | None,
        run: int | None,
        decides: int | None = None,
        gold: int | None = None,
    ) -> int:
        quote = suggestion.quote
        row: dict[str, Any] = {
            "kind": suggestion.kind,
            "coder": coder,
            "document": segment.document,
            "segment": segment.id,
            "start": quote.span.start,
            "end": quote.span.end,
            "quote": quote.text,
            "quote_status": quote.status,
            "flags": json.dumps(quote.flags),
            "code": suggestion.code,
            "codebook": codebook,
            "codebook_version": codebook_version,
            "polarity": suggestion.polarity,
            "modality": suggestion.modality,
            "voice": suggestion.voice,
            "rationale": suggestion.rationale,
            "confidence": suggestion.confidence,
            "run": run,
            "suggestion": decides,
            "gold": gold,
            "created": now(),
        }
        marks = ", ".join("?" for _ in row)
        return self._db.write(f"INSERT INTO codings ({', '.join(row)}) VALUES ({marks})", row.values())

    def add_gold(
        self, gold: int, coder: int, book: str | None, version: str | None, segment: Segment, coding: Suggestion
    ) -> int:
        """Store what a gold coder gave to a segment, in one edition of their work; returns the new id."""
        return self._add(
            coder=coder,
            segment=segment,
            suggestion=coding,
            codebook=book,
            codebook_version=version,
            run=None,
            gold=gold,
        )

    def add_checks(self, run: int, checks: Sequence[Check]) -> None:
        """Store what a checking run says about suggestions; what it said about one before stands."""
        self._db.write_many(
            "INSERT INTO checks (run, coding, supported, why, created) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (run, coding) DO NOTHING",
            [(run, c.suggestion, c.supported, c.why, now()) for c in checks],
        )

    def suggested(self, run: int, segment: int) -> list[tuple[int, str, str, Polarity | None]]:
        """What a run suggested for a segment: id, code, quote, polarity, in the order it was made."""
        rows = self._db.rows(
            "SELECT id, code, quote, polarity FROM codings WHERE run = ? AND segment = ? AND suggestion IS NULL"
            " ORDER BY id",
            [run, segment],
        )
        return [(r["id"], r["code"], r["quote"], r["polarity"]) for r in rows]

    def given(self, run: int, kind: SuggestionKind) -> dict[int, tuple[Placed, ...]]:
        """All suggestions of a kind that a run made, by segment id."""
        found: dict[int, list[Placed]] = {}
        for r in self._db.stream(
            "SELECT codings.*, segments.start AS segment_start FROM codings"
            " JOIN segments ON segments.id = codings.segment"
            " WHERE run = ? AND codings.kind = ? AND suggestion IS NULL ORDER BY codings.start, codings.id",
            [run, kind],
        ):
            start, end = r["start"] - r["segment_start"], r["end"] - r["segment_start"]
            placed = Placed(r["code"], r["quote"], start, end, r["polarity"], r["rationale"], r["confidence"])
            found.setdefault(r["segment"], []).append(placed)
        return {segment: tuple(each) for segment, each in found.items()}

    def decide(self, record: Record, segment: Segment, decision: Decision, coded: Suggestion | None, coder: str) -> int:
        """Store a decision about a suggestion and, unless rejected, the person's coding. Returns the decision's id."""
        with self._db.transaction():
            person = self.coder(Coder("human", coder))
            coding = None
            if coded is not None:
                coding = self._add(
                    coder=person,
                    segment=segment,
                    suggestion=coded,
                    codebook=record.codebook,
                    codebook_version=record.codebook_version,
                    run=record.run,
                    decides=record.id,
                )
            return self._db.write(
                "INSERT INTO decisions (suggestion, coder, action, why, coding, created) VALUES (?, ?, ?, ?, ?, ?)",
                [record.id, person, decision.action, decision.why, coding, now()],
            )

    def records(self) -> list[Record]:
        """Every suggestion and every standing coding by a person, in the order of the texts."""
        verdicts, checks = self._decisions.verdicts(), self._checks()
        rows = self._db.rows(f"{_RECORDS} ORDER BY c.document, c.start, c.id")
        return [_record(r, verdicts.get(r["id"], ()), checks.get(r["id"], ())) for r in rows]

    def own(self, suggestion: int, coder: str) -> Record | None:
        """The standing coding a person has made of a suggestion, or None."""
        row = self._db.row(f"{_RECORDS} AND c.suggestion = ? AND k.kind = 'human' AND k.name = ?", [suggestion, coder])
        return _record(row) if row else None

    def record(self, key: int) -> tuple[Record, int]:
        """One suggestion or coding and the id of its segment (UsageError if there is none)."""
        row = self._db.row(f"{_RECORDS} AND c.id = ?", [key])
        if row is None:
            raise UsageError(f"there is no suggestion or coding {key}", "see the ids with: codart suggestions list")
        return _record(row, self._decisions.verdicts(key).get(key, ()), self._checks(key).get(key, ())), int(
            row["segment"]
        )

    def _checks(self, suggestion: int | None = None) -> dict[int, tuple[CheckRecord, ...]]:
        """What checking runs said about all suggestions, or about one, oldest first, by suggestion."""
        where, values = ("", []) if suggestion is None else ("WHERE checks.coding = ?", [suggestion])
        found: dict[int, list[CheckRecord]] = {}
        for r in self._db.rows(
            f"SELECT checks.*, runs.model FROM checks JOIN runs ON runs.id = checks.run {where} ORDER BY checks.id",
            values,
        ):
            found.setdefault(r["coding"], []).append(CheckRecord(r["run"], r["model"], r["supported"], r["why"]))
        return {key: tuple(checks) for key, checks in found.items()}

    def suggestion(self, key: int) -> tuple[Record, int]:
        """One suggestion and the id of its segment (UsageError if there is none, or if a person made it)."""
        row = self._db.row(f"{_RECORDS} AND c.id = ?", [key])
        if row is None:
            raise UsageError(f"there is no suggestion {key}", "see the ids with: codart suggestions list")
        if row["coder_kind"] != "model":
            raise UsageError(
                f"{key} is a coding by {row['coder_name']}, not a suggestion",
                f"decide about the suggestion it came from: {row['suggestion']}",
            )
        return _record(row, self._decisions.verdicts(key).get(key, ()), self._checks(key).get(key, ())), int(
            row["segment"]
        )

    def decided(self) -> list[Decided]:
        """What people decided, newest word per suggestion that still stands, in the order of the texts."""
        rows = self._db.rows(
            "SELECT s.segment, s.kind, s.codebook, coalesce(c.code, s.code) AS code,"
            " coalesce(c.quote, s.quote) AS quote, coalesce(c.polarity, s.polarity) AS polarity, d.action, d.why"
            " FROM standing d JOIN codings s ON s.id = d.suggestion LEFT JOIN codings c ON c.id = d.coding"
            " WHERE d.id = (SELECT max(id) FROM standing WHERE suggestion = d.suggestion)"
            " ORDER BY s.document, s.start, d.id"
        )
        return [
            Decided(
                r["segment"],
                r["kind"],
                r["codebook"],
                r["code"],
                r["quote"],
                r["action"] != "reject",
                r["polarity"],
                r["why"],
            )
            for r in rows
        ]

    def coded_segments(self) -> frozenset[int]:
        """Ids of segments on which a person's coding stands."""
        rows = self._db.rows(
            "SELECT DISTINCT c.segment FROM codings c JOIN coders k ON k.id = c.coder WHERE k.kind != 'model'"
            " AND c.id IN (SELECT coding FROM standing d WHERE d.id ="
            " (SELECT max(id) FROM standing WHERE suggestion = d.suggestion AND coder = d.coder))"
        )
        return frozenset(r["segment"] for r in rows)

    def has_code(self, code: str) -> bool:
        """Whether anybody, a person, a model or a gold standard, ever gave this code."""
        return self._db.row("SELECT 1 FROM codings WHERE code = ?", [code]) is not None

    def count(self) -> tuple[int, int]:
        """How many suggestions are stored, and how many decisions that nobody took back."""
        row = self._db.row(
            "SELECT (SELECT count(*) FROM codings c JOIN coders k ON k.id = c.coder WHERE k.kind = 'model'),"
            " (SELECT count(*) FROM standing)"
        )
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def discards(self) -> list[DiscardRecord]:
        """What was discarded at each unit's last attempt, with the reason."""
        rows = self._db.rows(
            "SELECT x.*, s.document, s.number, d.name FROM discards x JOIN segments s ON s.id = x.segment"
            " JOIN documents d ON d.id = s.document"
            " JOIN units u ON u.run = x.run AND u.segment = x.segment AND u.attempts = x.attempt"
            " ORDER BY s.document, s.number, x.id"
        )
        return [
            DiscardRecord(
                r["id"],
                r["run"],
                r["document"],
                r["name"],
                r["number"],
                r["flaw"],
                r["detail"],
                r["code"],
                r["quote"],
                r["diff"],
            )
            for r in rows
        ]


def _record(row: sqlite3.Row, decisions: tuple[Verdict, ...] = (), checks: tuple[CheckRecord, ...] = ()) -> Record:
    return Record(
        id=row["id"],
        kind=row["kind"],
        document=row["document"],
        document_name=row["document_name"],
        sha256=row["sha256"],
        case=row["case"],
        segment=row["segment_number"],
        start=row["start"],
        end=row["end"],
        quote=row["quote"],
        quote_status=row["quote_status"],
        flags=tuple(json.loads(row["flags"])),
        code=row["code"],
        code_zh="",
        code_en="",
        polarity=row["polarity"],
        modality=row["modality"],
        voice=row["voice"],
        codebook=row["codebook"],
        codebook_version=row["codebook_version"],
        coder=Coder(row["coder_kind"], row["coder_name"]),
        run=row["run"],
        state="accepted" if row["coder_kind"] == "gold" else _STATES[row["action"]],  # type: ignore[arg-type]
        rationale=row["rationale"],
        confidence=row["confidence"],
        suggestion=row["suggestion"],
        why=row["why"] or "",
        created=row["created"],
        decisions=decisions,
        checks=checks,
    )
