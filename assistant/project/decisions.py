"""Decisions by people and their withdrawals in project.db. Both only grow: what was taken back stays and says so."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from assistant.errors import UsageError
from assistant.model import Verdict
from assistant.project.database import Database, now


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a decision or memo was taken back: by whom, why and when (ISO 8601, UTC)."""

    coder: str
    why: str
    created: str


@dataclass(frozen=True, slots=True)
class Ruling(Verdict):
    """A decision as the project keeps it: with its id and, where it was taken back, by whom."""

    id: int
    withdrawn: Withdrawal | None = None


class Decisions:
    """The decisions of one project."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def verdicts(self, suggestion: int | None = None) -> dict[int, tuple[Ruling, ...]]:
        """All decisions, or those about one suggestion, oldest first, by suggestion; the withdrawn ones too."""
        where, values = ("", []) if suggestion is None else ("WHERE d.suggestion = ?", [suggestion])
        found: dict[int, list[Ruling]] = {}
        for row in self._db.rows(f"{_DECISIONS} {where} ORDER BY d.id", values):
            found.setdefault(row["suggestion"], []).append(_ruling(row))
        return {key: tuple(rulings) for key, rulings in found.items()}

    def get(self, decision: int) -> tuple[Ruling, int]:
        """One decision and the id of the suggestion it is about (UsageError if there is none)."""
        row = self._db.row(f"{_DECISIONS} WHERE d.id = ?", [decision])
        if row is None:
            raise UsageError(f"there is no decision {decision}", "see your own with: codart undo --list")
        return _ruling(row), int(row["suggestion"])

    def withdraw(self, decision: int, coder: str, why: str = "") -> None:
        """Take a decision back; what it replaced counts again. UsageError if it is another's or was taken back."""
        with self._db.transaction():
            ruling, suggestion = self.get(decision)
            if ruling.coder != coder:
                raise UsageError(
                    f"decision {decision} is by {ruling.coder}, not by {coder}",
                    f"decide about suggestion {suggestion} yourself: your word counts beside theirs",
                )
            if ruling.withdrawn:
                raise UsageError(
                    f"decision {decision} was taken back already, {ruling.withdrawn.created[:16]}",
                    f"decide anew with: codart accept {suggestion}",
                )
            self._db.write(
                "INSERT INTO withdrawals (decision, coder, why, created)"
                " SELECT id, coder, ?, ? FROM decisions WHERE id = ?",
                [why, now(), decision],
            )


_DECISIONS = """
    SELECT d.id, d.suggestion, k.name, d.action, d.why, d.created,
           w.created AS withdrawn, w.why AS withdrawn_why, taker.name AS withdrawn_by
    FROM decisions d JOIN coders k ON k.id = d.coder
    LEFT JOIN withdrawals w ON w.decision = d.id LEFT JOIN coders taker ON taker.id = w.coder
"""


def _ruling(row: sqlite3.Row) -> Ruling:
    withdrawn = row["withdrawn"] and Withdrawal(row["withdrawn_by"], row["withdrawn_why"], row["withdrawn"])
    return Ruling(row["name"], row["action"], row["why"], row["created"], row["id"], withdrawn or None)
