"""Runs and their units in project.db: who was asked what, what came back, where each unit stands.

A run is known by its signature (all that decides what its prompts say), so the same `codart suggest` goes on with the
run it began. One transaction stores all that a unit gave: prompt as sent, reply, suggestions, discards, state.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.model import (
    Coder,
    Discard,
    Message,
    Outcome,
    Prompt,
    RunRecord,
    Segment,
    SentPrompt,
    Span,
    SuggestionKind,
    UnitState,
    Usage,
)
from assistant.project.codings import Codings
from assistant.project.database import CURRENT_SEGMENTS, Database, now

STATES: tuple[UnitState, ...] = ("pending", "coded", "none", "failed", "refused")


@dataclass(frozen=True, slots=True)
class RunPlan:
    """All that decides what a run asks. Two equal plans are one run."""

    kind: SuggestionKind
    lens: str | None
    codebook_version: str | None
    model: str
    template: str  # file name and content hash
    question: str
    scheme: str
    parameters: dict[str, Any]

    @property
    def signature(self) -> str:
        """SHA-256 over the plan."""
        parts = [
            self.kind,
            self.lens,
            self.codebook_version,
            self.model,
            self.template,
            self.question,
            self.scheme,
            self.parameters,
        ]
        canonical = json.dumps(parts, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Runs:
    """The runs of one project."""

    def __init__(self, database: Database, codings: Codings) -> None:
        self._db = database
        self._codings = codings

    def open(self, plan: RunPlan) -> int:
        """The id of the run with this plan, begun now if there is none yet."""
        with self._db.transaction():
            row = self._db.row("SELECT id FROM runs WHERE signature = ?", [plan.signature])
            if row:
                return int(row["id"])
            return self._db.write(
                "INSERT INTO runs (signature, kind, lens, codebook_version, coder, model, template, question, scheme,"
                " parameters, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    plan.signature,
                    plan.kind,
                    plan.lens,
                    plan.codebook_version,
                    self._codings.coder(Coder("model", plan.model)),
                    plan.model,
                    plan.template,
                    plan.question,
                    plan.scheme,
                    json.dumps(plan.parameters, ensure_ascii=False, sort_keys=True),
                    now(),
                ],
            )

    def plan_units(self, run: int, segments: Sequence[int]) -> None:
        """Make sure the run has a unit for each of these segments; new ones are pending."""
        with self._db.transaction():
            self._db.write_many(
                "INSERT OR IGNORE INTO units (run, segment, state, updated) VALUES (?, ?, 'pending', ?)",
                [(run, s, now()) for s in segments],
            )

    def open_units(self, run: int) -> Iterator[tuple[int, Segment]]:
        """Units still to be asked (pending or failed) with their place in the run's order, document by document."""
        for row in self._db.rows(
            "SELECT * FROM (SELECT units.segment AS unit, units.state, segments.*,"
            " row_number() OVER (ORDER BY segments.document, segments.number) - 1 AS place"
            " FROM units JOIN segments ON segments.id = units.segment WHERE units.run = ?)"
            " WHERE state IN ('pending', 'failed') ORDER BY place",
            [run],
        ):
            yield (
                row["place"],
                Segment(
                    Span(row["start"], row["end"]),
                    row["kind"],
                    row["speaker"],
                    row["number"],
                    row["id"],
                    row["document"],
                ),
            )

    def labels(self, run: int) -> list[tuple[int, str, str]]:
        """Open codes a run has given so far: (place of the unit, label, quote), in the run's order."""
        rows = self._db.rows(
            "SELECT place, code, quote FROM codings JOIN (SELECT units.segment AS unit,"
            " row_number() OVER (ORDER BY segments.document, segments.number) - 1 AS place"
            " FROM units JOIN segments ON segments.id = units.segment WHERE units.run = ?1) ON unit = codings.segment"
            " WHERE codings.run = ?1 AND codings.suggestion IS NULL ORDER BY place, codings.id",
            [run],
        )
        return [(r["place"], r["code"], r["quote"]) for r in rows]

    def store(self, run: int, segment: Segment, outcome: Outcome) -> list[int]:
        """Store all that one unit gave, in one transaction; returns the ids of its suggestions.

        A unit that another process has already answered is left as it stands (returns no ids).
        """
        with self._db.transaction():
            unit = self._db.row("SELECT * FROM units WHERE run = ? AND segment = ?", [run, segment.id])
            if unit is None or unit["state"] not in ("pending", "failed"):
                return []
            reply = self._store_reply(outcome)
            attempt = unit["attempts"] + 1
            self._db.write(
                "UPDATE units SET state = ?, attempts = ?, error_kind = ?, error = ?, reply = ?, updated = ?"
                " WHERE run = ? AND segment = ?",
                [
                    outcome.state,
                    attempt,
                    outcome.error_kind,
                    outcome.error,
                    reply,
                    now(),
                    run,
                    segment.id,
                ],
            )
            self._store_discards(run, segment.id, attempt, outcome.discards)
            return self._codings.add_suggestions(run, segment, outcome.suggestions)

    def _store_reply(self, outcome: Outcome) -> int | None:
        if outcome.prompt is None or outcome.reply is None:
            return None
        self._store_prompt(outcome.prompt)
        reply = outcome.reply
        return self._db.write(
            "INSERT INTO replies (prompt, model, text, finish, refusal, input_tokens, output_tokens, cached_tokens,"
            " created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                outcome.prompt.digest,
                reply.model,
                reply.text,
                reply.finish,
                reply.refusal,
                reply.usage.input,
                reply.usage.output,
                reply.usage.cached,
                now(),
            ],
        )

    def _store_prompt(self, prompt: Prompt) -> None:
        digests = [hashlib.sha256(f"{m.role}\n{m.content}".encode()).hexdigest() for m in prompt.messages]
        # Messages are stored once each: the system message is the same for every unit of a run.
        self._db.write_many(
            "INSERT OR IGNORE INTO messages (digest, role, content) VALUES (?, ?, ?)",
            [(d, m.role, m.content) for d, m in zip(digests, prompt.messages, strict=True)],
        )
        self._db.write(
            "INSERT OR IGNORE INTO prompts (digest, messages, template, language, tokens, tokens_estimated, trimmed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                prompt.digest,
                json.dumps(digests),
                prompt.template,
                prompt.language,
                prompt.tokens,
                int(prompt.tokens_estimated),
                json.dumps(prompt.trimmed, ensure_ascii=False),
            ],
        )

    def _store_discards(self, run: int, segment: int, attempt: int, discards: Sequence[Discard]) -> None:
        self._db.write_many(
            "INSERT INTO discards (run, segment, attempt, flaw, detail, raw, code, quote, diff, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(run, segment, attempt, d.flaw, d.detail, d.raw, d.code, d.quote, d.diff, now()) for d in discards],
        )

    def prompt_of(self, run: int, segment: int) -> SentPrompt | None:
        """The prompt as it was sent for a unit; None if nothing was answered yet."""
        row = self._db.row(
            "SELECT prompts.* FROM units JOIN replies ON replies.id = units.reply"
            " JOIN prompts ON prompts.digest = replies.prompt WHERE run = ? AND segment = ?",
            [run, segment],
        )
        if row is None:
            return None
        found = [
            self._db.row("SELECT role, content FROM messages WHERE digest = ?", [d])
            for d in json.loads(row["messages"])
        ]
        return SentPrompt(
            messages=tuple(Message(m["role"], m["content"]) for m in found if m),
            tokens=row["tokens"],
            tokens_estimated=bool(row["tokens_estimated"]),
            trimmed=tuple(json.loads(row["trimmed"])),
        )

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

    def all(self) -> list[RunRecord]:
        """Every run in the order they began."""
        return [self._record(r) for r in self._db.rows("SELECT * FROM runs ORDER BY id")]

    def _record(self, row: sqlite3.Row) -> RunRecord:
        errors = self._db.rows(
            "SELECT error_kind, sum(state = 'failed') AS n, max(error) AS reason FROM units"
            " WHERE run = ? AND state IN ('failed', 'refused') GROUP BY error_kind",
            [row["id"]],
        )
        usage = self._db.row(
            "SELECT sum(input_tokens), sum(output_tokens), sum(cached_tokens) FROM replies"
            " WHERE id IN (SELECT reply FROM units WHERE run = ?)",
            [row["id"]],
        )
        return RunRecord(
            id=row["id"],
            kind=row["kind"],
            lens=row["lens"],
            codebook_version=row["codebook_version"],
            model=row["model"],
            template=row["template"],
            question=row["question"],
            started=row["started"],
            units=self.states(row["id"]),
            errors={r["error_kind"]: r["n"] for r in errors if r["n"]},
            usage=Usage(*usage) if usage else Usage(),
            parameters=json.loads(row["parameters"]),
            reasons={r["error_kind"]: r["reason"] for r in errors},
        )
