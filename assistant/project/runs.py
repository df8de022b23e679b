"""Runs in project.db: who was asked what, how, and what it cost so far.

A run is known by its signature (all that decides what its prompts say), so the same `codart suggest` goes on with the
run it began. What changes how fast it is done (calls at once, rate limits) is no part of it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from assistant.errors import UsageError
from assistant.model import Coder, RunRecord, SuggestionKind
from assistant.project.codings import Codings
from assistant.project.database import Database, now
from assistant.project.replies import Replies
from assistant.project.units import Units

_HOW = ("window",)  # parameters that the first command decides for a run and later ones take over


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
    repeat: int = 1  # 2 and up: the same asked again on purpose
    parent: int | None = None  # the run whose suggestions this one checks

    @property
    def signature(self) -> str:
        """SHA-256 over the plan."""
        parts: list[Any] = [
            self.kind,
            self.lens,
            self.codebook_version,
            self.model,
            self.template,
            self.question,
            self.scheme,
            {name: value for name, value in self.parameters.items() if name not in _HOW},
            self.repeat,
            self.parent,
        ]
        canonical = json.dumps(parts, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Runs:
    """The runs of one project."""

    def __init__(self, database: Database, codings: Codings, units: Units, replies: Replies) -> None:
        self._db = database
        self._codings = codings
        self._units = units
        self._replies = replies

    def find(self, plan: RunPlan) -> int | None:
        """The id of the run with this plan, or None."""
        row = self._db.row("SELECT id FROM runs WHERE signature = ?", [plan.signature])
        return int(row["id"]) if row else None

    def open(self, plan: RunPlan) -> int:
        """The id of the run with this plan, begun now if there is none yet."""
        with self._db.transaction():
            found = self.find(plan)
            if found is not None:
                return found
            return self._db.write(
                "INSERT INTO runs (signature, kind, lens, codebook_version, coder, model, template, question, scheme,"
                ' parameters, started, "repeat", parent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
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
                    plan.repeat,
                    plan.parent,
                ],
            )

    def get(self, run: int) -> RunRecord:
        """The run with that id (UsageError if there is none)."""
        row = self._db.row("SELECT * FROM runs WHERE id = ?", [run])
        if row is None:
            raise UsageError(f"there is no run {run}", "see runs with: codart runs list")
        return self._record(row)

    def all(self) -> list[RunRecord]:
        """Every run in the order they began."""
        return [self._record(r) for r in self._db.rows("SELECT * FROM runs ORDER BY id")]

    def _record(self, row: sqlite3.Row) -> RunRecord:
        key = row["id"]
        errors = self._db.rows(
            "SELECT error_kind, sum(state = 'failed') AS n, max(error) AS reason FROM units"
            " WHERE run = ? AND state IN ('failed', 'refused') GROUP BY error_kind",
            [key],
        )
        reused = self._db.row(
            "SELECT count(*) FROM units JOIN replies ON replies.id = units.reply"
            " WHERE units.run = ? AND replies.run <> units.run",
            [key],
        )
        checks = self._db.rows("SELECT supported, count(*) AS n FROM checks WHERE run = ? GROUP BY supported", [key])
        return RunRecord(
            id=key,
            kind=row["kind"],
            lens=row["lens"],
            codebook_version=row["codebook_version"],
            model=row["model"],
            template=row["template"],
            question=row["question"],
            started=row["started"],
            units=self._units.states(key),
            errors={r["error_kind"]: r["n"] for r in errors if r["n"]},
            parameters=json.loads(row["parameters"]),
            reasons={r["error_kind"]: r["reason"] for r in errors},
            repeat=row["repeat"],
            parent=row["parent"],
            reused=int(reused[0]) if reused else 0,
            waiting=self._units.count_waiting(key),
            checks={r["supported"]: r["n"] for r in checks},
            **self._replies.spent(key),
        )
