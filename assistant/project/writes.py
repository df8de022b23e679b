"""What a person wrote into project.db, newest first, from its log: decisions and memos that were not taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.model import Action
from assistant.project.database import Database


@dataclass(frozen=True, slots=True)
class Write:
    """A decision or memo that can be taken back. `id` is the decision's or the memo's. `created`: ISO 8601, UTC."""

    kind: Literal["decision", "memo"]
    id: int
    created: str
    words: str  # of the quote, or of the memo
    action: Action | None = None  # of a decision
    suggestion: int | None = None  # the one it is about
    code: str = ""  # as the person's coding has it; where there is none, as it was suggested


class Writes:
    """The log of what people wrote in one project."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def standing(self, coder: str) -> list[Write]:
        """What a person could take back, the newest first.

        Of a memo's wordings the newest; of decisions about one suggestion every one.
        """
        rows = self._db.rows(
            "SELECT 'decision' AS kind, d.id, d.created, coalesce(c.quote, s.quote) AS words, d.action, d.suggestion,"
            " coalesce(c.code, s.code) AS code, writes.id AS place"
            " FROM writes JOIN standing d ON d.id = writes.decision JOIN codings s ON s.id = d.suggestion"
            " LEFT JOIN codings c ON c.id = d.coding JOIN coders k ON k.id = d.coder"
            " WHERE k.name = ?1"
            " UNION ALL SELECT 'memo', m.id, m.created, m.text, NULL, m.suggestion, coalesce(m.code, ''), writes.id"
            " FROM writes JOIN standing_memos m ON m.id = writes.memo JOIN coders k ON k.id = m.coder"
            " WHERE k.name = ?1 ORDER BY place DESC",
            [coder],
        )
        return [
            Write(r["kind"], r["id"], r["created"], r["words"], r["action"], r["suggestion"], r["code"]) for r in rows
        ]
