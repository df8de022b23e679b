"""Memos in project.db: what people note while they code, about anything in it or about nothing in particular.

Append-only: an edited memo is a new one that replaces the old, one taken back gets a row that says so. A memo stands
until it is taken back or replaced by one that stands.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from assistant.errors import UsageError
from assistant.model import Coder
from assistant.project.codings import Codings
from assistant.project.database import Database, now
from assistant.project.decisions import Withdrawal


@dataclass(frozen=True, slots=True)
class About:
    """What a memo is about, by id; all None: the study as a whole. A segment brings its document along."""

    document: int | None = None
    segment: int | None = None
    code: str | None = None  # a code id of a codebook or a label
    suggestion: int | None = None  # of a suggestion or coding
    chat: int | None = None  # the conversation it was written in or is about


@dataclass(frozen=True, slots=True)
class Memo:
    """One memo. `created`: ISO 8601, UTC."""

    id: int
    text: str
    coder: str
    about: About
    document_name: str  # "" where it is about no document
    place: int | None  # number of the segment in its document
    created: str
    replaces: int | None = None
    replaced: int | None = None  # by which memo that was not taken back
    withdrawn: Withdrawal | None = None

    @property
    def stands(self) -> bool:
        """Whether it is the newest wording and was not taken back."""
        return self.withdrawn is None and self.replaced is None


_ANYTHING = About()


class Memos:
    """The memos of one project."""

    def __init__(self, database: Database, codings: Codings) -> None:
        self._db = database
        self._codings = codings

    def add(self, text: str, coder: str, about: About = _ANYTHING) -> int:
        """Store a memo; returns its id. UsageError if it says nothing or is about something that is not there."""
        return self._add(text, coder, about, None)

    def replace(self, memo: int, text: str, coder: str) -> int:
        """Store a new wording of one's own memo, about the same; returns the new id."""
        with self._db.transaction():
            return self._add(text, coder, self._own(memo, coder).about, memo)

    def withdraw(self, memo: int, coder: str, why: str = "") -> None:
        """Take back one's own memo; what it replaced stands again."""
        with self._db.transaction():
            self._own(memo, coder)
            self._db.write(
                "INSERT INTO memo_withdrawals (memo, coder, why, created)"
                " SELECT id, coder, ?, ? FROM memos WHERE id = ?",
                [why, now(), memo],
            )

    def all(self, *, standing: bool = True) -> list[Memo]:
        """The memos in the order they were written; with `standing` False those replaced or taken back too."""
        memos = [_memo(r) for r in self._db.rows(f"{_MEMOS} ORDER BY m.id")]
        return [memo for memo in memos if memo.stands or not standing]

    def get(self, memo: int) -> Memo:
        """The memo with that id (UsageError if there is none)."""
        row = self._db.row(f"{_MEMOS} WHERE m.id = ?", [memo])
        if row is None:
            raise UsageError(f"there is no memo {memo}", "see memos with: codart memo list")
        return _memo(row)

    def _own(self, memo: int, coder: str) -> Memo:
        found = self.get(memo)
        if found.coder != coder:
            raise UsageError(
                f"memo {memo} is by {found.coder}, not by {coder}", "write one of your own: codart memo TEXT"
            )
        if found.withdrawn:
            raise UsageError(f"memo {memo} was taken back already, {found.withdrawn.created[:16]}", "codart memo list")
        if found.replaced:
            raise UsageError(f"memo {memo} was replaced by memo {found.replaced}", f"name that one: {found.replaced}")
        return found

    def _add(self, text: str, coder: str, about: About, replaces: int | None) -> int:
        if not text.strip():
            raise UsageError("a memo needs words", 'codart memo "…"')
        with self._db.transaction():
            document = about.document
            if about.segment is not None:
                document = self._known("segments", about.segment, "segment", "document")
            for table, key, word in (
                ("documents", document, "document"),
                ("codings", about.suggestion, "suggestion"),
                ("chats", about.chat, "chat"),
            ):
                if key is not None:
                    self._known(table, key, word, "id")
            return self._db.write(
                "INSERT INTO memos (text, coder, document, segment, code, suggestion, chat, replaces, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    text.strip(),
                    self._codings.coder(Coder("human", coder)),
                    document,
                    about.segment,
                    about.code or None,
                    about.suggestion,
                    about.chat,
                    replaces,
                    now(),
                ],
            )

    def _known(self, table: str, key: int, word: str, wanted: str) -> int:
        row = self._db.row(f"SELECT {wanted} FROM {table} WHERE id = ?", [key])
        if row is None:
            raise UsageError(f"there is no {word} {key}", "name what the memo is about by an id that a list shows")
        return int(row[0])


_MEMOS = """
    SELECT m.*, k.name, d.name AS document_name, s.number AS place,
           (SELECT max(id) FROM kept_memos AS later WHERE later.replaces = m.id) AS replaced,
           w.created AS withdrawn, w.why AS withdrawn_why, taker.name AS withdrawn_by
    FROM memos m JOIN coders k ON k.id = m.coder
    LEFT JOIN documents d ON d.id = m.document LEFT JOIN segments s ON s.id = m.segment
    LEFT JOIN memo_withdrawals w ON w.memo = m.id LEFT JOIN coders taker ON taker.id = w.coder
"""


def _memo(row: sqlite3.Row) -> Memo:
    withdrawn = row["withdrawn"] and Withdrawal(row["withdrawn_by"], row["withdrawn_why"], row["withdrawn"])
    return Memo(
        id=row["id"],
        text=row["text"],
        coder=row["name"],
        about=About(row["document"], row["segment"], row["code"], row["suggestion"], row["chat"]),
        document_name=row["document_name"] or "",
        place=row["place"],
        created=row["created"],
        replaces=row["replaces"],
        replaced=row["replaced"],
        withdrawn=withdrawn or None,
    )
