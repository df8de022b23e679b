"""The units of runs in project.db: which segments a run asks about, in which order, and where each one stands.

One transaction stores all that a call gave: prompts as sent, replies, suggestions or checks, discards, states.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.model import Discard, Outcome, Prompt, Reply, Segment, UnitRecord, UnitState
from assistant.project.codings import Codings
from assistant.project.database import CURRENT, CURRENT_SEGMENTS, Database, now
from assistant.project.documents import segment_of
from assistant.project.replies import Replies

STATES: tuple[UnitState, ...] = ("pending", "coded", "none", "failed", "refused")
_PAGE = 256  # units read at a time

Label = tuple[int, str, str]
"""Place of the unit it was given at, label, quote."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which segments are meant: of a case, of a document, of a test split, that gold coders coded, named ones, all."""

    case: str = ""
    document: int | None = None
    gold: tuple[str, ...] = ()  # only what one of these gold coders has coded
    split: Literal["", "dev", "test"] = ""  # only documents that are not, or that are, held out
    segments: tuple[int, ...] = ()  # only these, by id

    @property
    def where(self) -> str:
        """As SQL over segments and documents; its values are `values`."""
        return (
            "AND (? = '' OR documents.\"case\" = ?) AND (? IS NULL OR documents.id = ?)"
            " AND (? = '' OR documents.held_out = (? = 'test')) AND (? = '[]' OR EXISTS"
            " (SELECT 1 FROM gold_units JOIN golds ON golds.id = gold_units.gold JOIN coders ON coders.id = golds.coder"
            " WHERE gold_units.document = documents.id AND gold_units.start <= segments.start"
            " AND segments.end <= gold_units.end"
            " AND coders.name IN (SELECT value FROM json_each(?))))"
            " AND (? = '[]' OR segments.id IN (SELECT value FROM json_each(?)))"
        )

    @property
    def values(self) -> list[Any]:
        """The values of `where`."""
        gold, named = json.dumps(self.gold), json.dumps(self.segments)
        return [self.case, self.case, self.document, self.document, self.split, self.split, gold, gold, named, named]


@dataclass(frozen=True, slots=True)
class Unit:
    """A segment in a run, at its place in the run's order."""

    place: int
    segment: Segment


class Units:
    """The units of all runs of one project."""

    def __init__(self, database: Database, codings: Codings, replies: Replies) -> None:
        self._db = database
        self._codings = codings
        self._replies = replies

    def count_chosen(self, scheme: str, choice: Choice) -> int:
        """How many segments of the current documents are chosen."""
        row = self._db.row(f"SELECT count(*) {CURRENT_SEGMENTS} {choice.where}", [scheme, *choice.values])
        return int(row[0]) if row else 0

    def plan(self, run: int, scheme: str, choice: Choice) -> None:
        """Make sure the run has a unit for each chosen segment; new ones are pending and come behind those it has."""
        self._plan(
            run,
            f"SELECT segments.id, segments.document, segments.number {CURRENT_SEGMENTS} {choice.where}",
            [scheme, *choice.values],
        )

    def plan_checks(self, run: int, parent: int) -> None:
        """Make sure a checking run has a unit for each segment on which the run `parent` suggested something."""
        self._plan(
            run,
            "SELECT segments.id, segments.document, segments.number FROM segments WHERE id IN"
            " (SELECT segment FROM codings WHERE run = ? AND suggestion IS NULL)",
            [parent],
        )

    def _plan(self, run: int, segments: str, values: list[Any]) -> None:
        with self._db.transaction():
            self._db.write(
                "INSERT INTO units (run, segment, state, updated, place)"
                " SELECT ?, id, 'pending', ?, (SELECT coalesce(max(place) + 1, 0) FROM units WHERE run = ?)"
                f" + row_number() OVER (ORDER BY document, number) - 1 FROM ({segments}) AS wanted"
                " WHERE NOT EXISTS (SELECT 1 FROM units WHERE run = ? AND segment = wanted.id)",
                [run, now(), run, *values, run],
            )

    def open(
        self, run: int, choice: Choice, states: Sequence[UnitState] = ("pending", "failed"), *, sent: bool = False
    ) -> Iterator[Unit]:
        """Units still to be asked, in the run's order, read a page at a time: what happens meanwhile is seen.

        Only those of current documents; those that wait in a batch at a server are left out unless `sent`.
        """
        waiting = "" if sent else f"AND segments.id NOT IN ({_WAITING})"
        marks = ", ".join("?" for _ in states)
        last = -1
        while True:
            rows = self._db.rows(
                f"SELECT units.place, segments.* FROM units JOIN segments ON segments.id = units.segment"
                f" JOIN documents ON documents.id = segments.document"
                f" WHERE units.run = ? AND units.place > ? AND units.state IN ({marks}) AND {CURRENT}"
                f" {choice.where} {waiting} ORDER BY units.place LIMIT {_PAGE}",
                [run, last, *states, *choice.values, *([] if sent else [run])],
            )
            for row in rows:
                last = row["place"]
                yield Unit(row["place"], segment_of(row))
            if len(rows) < _PAGE:
                return

    def count_open(self, run: int, choice: Choice, states: Sequence[UnitState] = ("pending", "failed")) -> int:
        """How many units `open` will give."""
        marks = ", ".join("?" for _ in states)
        row = self._db.row(
            "SELECT count(*) FROM units JOIN segments ON segments.id = units.segment"
            " JOIN documents ON documents.id = segments.document"
            f" WHERE units.run = ? AND units.state IN ({marks}) AND {CURRENT} {choice.where}"
            f" AND segments.id NOT IN ({_WAITING})",
            [run, *states, *choice.values, run],
        )
        return int(row[0]) if row else 0

    def labels(self, run: int, start: int, end: int) -> list[Label]:
        """The open codes given to the units at places `start` to `end` (exclusive), in the run's order."""
        rows = self._db.rows(
            "SELECT units.place, codings.code, codings.quote FROM units"
            " JOIN codings ON codings.run = units.run AND codings.segment = units.segment"
            " WHERE units.run = ? AND units.place >= ? AND units.place < ? AND codings.kind = 'open'"
            " AND codings.suggestion IS NULL ORDER BY units.place, codings.id",
            [run, start, end],
        )
        return [(r["place"], r["code"], r["quote"]) for r in rows]

    def latest_labels(self, run: int, before: int, most: int) -> list[Label]:
        """The `most` different labels last given before a place, each where it was last given, oldest first."""
        found: dict[str, Label] = {}
        for row in self._db.stream(
            "SELECT units.place, codings.code, codings.quote FROM units"
            " JOIN codings ON codings.run = units.run AND codings.segment = units.segment"
            " WHERE units.run = ? AND units.place < ? AND codings.kind = 'open'"
            " AND codings.suggestion IS NULL ORDER BY units.place DESC, codings.id DESC",
            [run, before],
        ):
            if len(found) == most:
                break
            found.setdefault(row["code"], (row["place"], row["code"], row["quote"]))
        return list(reversed(found.values()))

    def store(
        self, run: int, results: Sequence[tuple[Segment, Outcome]], *, batch: int | None = None
    ) -> list[tuple[Segment, Outcome]]:
        """Store all that one call gave, in one transaction; returns the results that were taken.

        A unit that another process has already answered is left as it stands; replies are kept in any case, for they
        were paid for.
        """
        taken = []
        with self._db.transaction():
            stored: dict[int, int] = {}  # units of one call share their reply
            for segment, outcome in results:
                for prompt, reply in outcome.earlier:
                    self._reply(stored, run, prompt, reply, "", batch)
                reply_id = None
                if outcome.prompt is not None and outcome.reply is not None:
                    reply_id = self._reply(stored, run, outcome.prompt, outcome.reply, outcome.key, batch)
                if self._settle(run, segment, outcome, reply_id):
                    taken.append((segment, outcome))
        return taken

    def _reply(
        self, stored: dict[int, int], run: int, prompt: Prompt, reply: Reply, key: str, batch: int | None
    ) -> int:
        if id(reply) not in stored:
            stored[id(reply)] = self._replies.add(prompt, reply, run=run, key=key, batch=batch)
        return stored[id(reply)]

    def _settle(self, run: int, segment: Segment, outcome: Outcome, reply: int | None) -> bool:
        unit = self._db.row("SELECT state, attempts FROM units WHERE run = ? AND segment = ?", [run, segment.id])
        if unit is None or unit["state"] not in ("pending", "failed", "refused"):
            return False
        attempt = unit["attempts"] + 1
        self._db.write(
            "UPDATE units SET state = ?, attempts = ?, error_kind = ?, error = ?, reply = ?, updated = ?"
            " WHERE run = ? AND segment = ?",
            [outcome.state, attempt, outcome.error_kind, outcome.error, reply, now(), run, segment.id],
        )
        self._discard(run, segment.id, attempt, outcome.discards)
        self._codings.add_suggestions(run, segment, outcome.suggestions)
        self._codings.add_checks(run, outcome.checks)
        return True

    def _discard(self, run: int, segment: int, attempt: int, discards: Sequence[Discard]) -> None:
        self._db.write_many(
            "INSERT INTO discards (run, segment, attempt, flaw, detail, raw, code, quote, diff, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(run, segment, attempt, d.flaw, d.detail, d.raw, d.code, d.quote, d.diff, now()) for d in discards],
        )

    def without_reply(self, run: int, segments: Sequence[int]) -> bool:
        """Whether one of these units failed and no reply is stored for it."""
        marks = ", ".join("?" for _ in segments)
        return (
            self._db.row(
                f"SELECT 1 FROM units WHERE run = ? AND state = 'failed' AND reply IS NULL AND segment IN ({marks})",
                [run, *segments],
            )
            is not None
        )

    def count_waiting(self, run: int) -> int:
        """How many units of a run wait in batches, at a server or in files."""
        row = self._db.row(f"SELECT count(*) FROM units WHERE run = ? AND segment IN ({_WAITING})", [run, run])
        return int(row[0]) if row else 0

    def states(self, run: int | None = None) -> dict[UnitState, int]:
        """How many units stand in each state, in one run or in all."""
        counts = dict.fromkeys(STATES, 0)
        where, values = ("WHERE run = ?", [run]) if run is not None else ("", [])
        for row in self._db.rows(f"SELECT state, count(*) AS n FROM units {where} GROUP BY state", values):
            counts[row["state"]] = row["n"]
        return counts

    def unasked(self, scheme: str) -> int:
        """How many segments of the current documents are in no run yet."""
        row = self._db.row(
            f"SELECT count(*) {CURRENT_SEGMENTS} AND NOT EXISTS (SELECT 1 FROM units WHERE segment = segments.id)",
            [scheme],
        )
        return int(row[0]) if row else 0

    def all(self, run: int, states: Sequence[UnitState] = STATES) -> Iterator[UnitRecord]:
        """The units of a run that stand in one of these states, in the run's order, with their words."""
        marks = ", ".join("?" for _ in states)
        rows = self._db.stream(
            "SELECT units.*, segments.document, segments.number, documents.name,"
            " substr(documents.text, segments.start + 1, segments.end - segments.start) AS words"
            " FROM units JOIN segments ON segments.id = units.segment"
            " JOIN documents ON documents.id = segments.document"
            f" WHERE units.run = ? AND units.state IN ({marks}) ORDER BY units.place",
            [run, *states],
        )
        for r in rows:
            yield UnitRecord(
                run=run,
                document=r["document"],
                document_name=r["name"],
                segment=r["number"],
                state=r["state"],
                attempts=r["attempts"],
                error_kind=r["error_kind"],
                error=r["error"],
                text=r["words"],
            )

    def codes(self, run: int) -> dict[int, tuple[UnitState, frozenset[tuple[str, str | None]]]]:
        """Where each unit of a run stands and which codes, with their polarity, it was given; by segment id.

        A checking run gives the codes that it found supported at least in part.
        """
        found: dict[int, tuple[UnitState, set[tuple[str, str | None]]]] = {
            r["segment"]: (r["state"], set())
            for r in self._db.rows("SELECT segment, state FROM units WHERE run = ? ORDER BY place", [run])
        }
        for r in self._db.stream(
            "SELECT segment, code, polarity FROM codings WHERE run = ?1 AND suggestion IS NULL UNION ALL"
            " SELECT segment, code, polarity FROM checks JOIN codings ON codings.id = checks.coding"
            " WHERE checks.run = ?1 AND checks.supported <> 'no'",
            [run],
        ):
            found[r["segment"]][1].add((r["code"], r["polarity"]))
        return {segment: (state, frozenset(codes)) for segment, (state, codes) in found.items()}


_WAITING = (
    "SELECT CAST(value AS INTEGER) FROM batch_items, json_each(batch_items.segments) WHERE batch_items.state = 'sent'"
    " AND batch IN (SELECT id FROM batches WHERE run = ? AND state IN ('prepared', 'sent'))"
)
