"""Which documents are kept for the test, in project.db, and each time their gold was opened. The log only grows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import UsageError
from assistant.project.database import Database, now


@dataclass(frozen=True, slots=True)
class Opening:
    """One look at the test gold: by which command, at which runs."""

    command: str
    sha256: str  # of the test gold as it was then
    runs: tuple[str, ...]  # what decided their prompts, as fingerprints
    created: str


@dataclass(frozen=True, slots=True)
class Lock:
    """The documents kept for the test, with the hash of their gold when they were locked."""

    id: int
    documents: tuple[int, ...]
    sha256: str
    seed: int
    by: str
    created: str
    openings: tuple[Opening, ...]


class Locks:
    """The test split of one project."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, documents: Sequence[int], sha256: str, seed: int, by: str) -> None:
        """Keep these documents, and no others, for the test; UsageError once a test gold was opened."""
        with self._db.transaction():
            before = self.current()
            if before is not None and before.openings:
                raise UsageError(
                    f"the test gold has been opened {len(before.openings)} times since it was locked",
                    "a new split would hide that; begin a new project, or go on with this one",
                )
            self._db.write(
                'INSERT INTO locks (documents, sha256, seed, "by", created) VALUES (?, ?, ?, ?, ?)',
                [json.dumps(sorted(documents)), sha256, seed, by, now()],
            )
            marks = ", ".join("?" for _ in documents)
            self._db.write(f"UPDATE documents SET held_out = id IN ({marks})", list(documents))

    def current(self) -> Lock | None:
        """The lock in force, with every opening since; None if nothing is kept for a test."""
        row = self._db.row("SELECT * FROM locks ORDER BY id DESC LIMIT 1")
        if row is None:
            return None
        openings = self._db.rows('SELECT * FROM openings WHERE "lock" = ? ORDER BY id', [row["id"]])
        return Lock(
            row["id"],
            tuple(json.loads(row["documents"])),
            row["sha256"],
            row["seed"],
            row["by"],
            row["created"],
            tuple(Opening(o["command"], o["sha256"], tuple(json.loads(o["runs"])), o["created"]) for o in openings),
        )

    def opened(self, lock: Lock, command: str, sha256: str, runs: Sequence[str]) -> None:
        """Log a look at the test gold."""
        self._db.write(
            'INSERT INTO openings ("lock", command, sha256, runs, created) VALUES (?, ?, ?, ?, ?)',
            [lock.id, command, sha256, json.dumps(list(runs)), now()],
        )
