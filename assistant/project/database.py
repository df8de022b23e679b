"""One SQLite connection: WAL, migrations, transactions, and SQLite's troubles said in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.errors import ProjectError
from assistant.project.schema import MIGRATIONS

LOCK_TIMEOUT = 30.0  # seconds to wait for another process's transaction

# The newest version of each source is current; older ones stay for the codings that stand on them.
CURRENT = "NOT EXISTS (SELECT 1 FROM documents AS newer WHERE newer.supersedes = documents.id)"
CURRENT_SEGMENTS = f"FROM segments JOIN documents ON documents.id = segments.document WHERE scheme = ? AND {CURRENT}"


def now() -> str:
    """The present moment, ISO 8601 in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Database:
    """A connection to one project.db. Not shared between threads; several processes may each open their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._troubles():
            self._connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; SQLite folds the write-ahead log back when it is the last one."""
        self._connection.close()

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._troubles():
            return self._connection.execute(sql, tuple(values)).fetchall()

    def stream(self, sql: str, values: Iterable[Any] = (), *, page: int = 500) -> Iterator[sqlite3.Row]:
        """The rows of a query, fetched `page` at a time."""
        with self._troubles():
            cursor = self._connection.execute(sql, tuple(values))
            while batch := cursor.fetchmany(page):
                yield from batch

    def row(self, sql: str, values: Iterable[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._troubles():
            found: sqlite3.Row | None = self._connection.execute(sql, tuple(values)).fetchone()
            return found

    def write(self, sql: str, values: Iterable[Any] = ()) -> int:
        """Run one statement; returns the id of the row it inserted."""
        with self._troubles():
            return self._connection.execute(sql, tuple(values)).lastrowid or 0

    def write_many(self, sql: str, rows: Iterable[Iterable[Any]]) -> None:
        """Run one statement for each row of values."""
        with self._troubles():
            self._connection.executemany(sql, [tuple(r) for r in rows])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all. Inside another transaction it joins that one."""
        if self._connection.in_transaction:
            yield
            return
        with self._troubles():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._troubles():
                self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """What is written inside can be read inside, and is taken back at the end."""
        with self._troubles():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # a full disk may have rolled back already
            self._connection.execute("ROLLBACK")

    def _migrate(self) -> None:
        version = self._version()
        if version > len(MIGRATIONS):
            raise ProjectError(
                f"{self.path} was written by a newer codart (schema {version}, this one knows {len(MIGRATIONS)})",
                "update codart: pip install --upgrade codart",
            )
        if version == len(MIGRATIONS):
            return
        with self.transaction():
            for number in range(self._version(), len(MIGRATIONS)):
                for statement in _statements(MIGRATIONS[number]):
                    self.write(statement)
                self.write(f"PRAGMA user_version = {number + 1}")

    def _version(self) -> int:
        found = self.row("PRAGMA user_version")
        return int(found[0]) if found else 0

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explained(error, self.path) from error


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; `executescript` would commit in between."""
    buffer = ""
    for line in script.splitlines(keepends=True):
        buffer += line
        if sqlite3.complete_statement(buffer):
            yield buffer
            buffer = ""


def _explained(error: sqlite3.Error, path: Path) -> ProjectError:
    """SQLite's word as a message a person can act on."""
    words = str(error)
    if "locked" in words or "busy" in words:
        return ProjectError(
            f"{path} is being written by another process for more than {LOCK_TIMEOUT:.0f} seconds",
            "wait for it to end, then run the same command again; nothing was lost",
        )
    if "full" in words:
        return ProjectError(
            f"the disk that holds {path} is full",
            "make room, then run the same command again; what was stored before is safe",
        )
    if "disk I/O error" in words:  # also what SQLite says when a full disk has no room for its auxiliary files
        return ProjectError(
            f"{path} could not be read or written ({words}): its disk is full, over a quota, or faulty",
            "make room or check the disk, then run the same command again; what was stored before is safe",
        )
    if "malformed" in words or "not a database" in words:
        return ProjectError(
            f"{path} is damaged ({words})", f'restore it from a backup, or try: sqlite3 "{path}" ".recover"'
        )
    if "readonly" in words or "unable to open" in words:
        return ProjectError(f"{path} cannot be opened for writing ({words})", "check the folder's permissions")
    return ProjectError(f"{path}: {words}")
