"""Batches in project.db: which requests were given away, under which id each comes back, and which ones still wait.

A batch is `prepared` before anybody else hears of it, `sent` while results may come, and `ended` when none are waited
for. A request is `sent` until it is `answered` (by a reply or by an error that stays) or `open`, to be asked again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.project.database import Database, now

BatchState = Literal["prepared", "sent", "ended"]
PostedState = Literal["sent", "answered", "open"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests of one run that were given away together: to a server (`remote`) or into a file (`file`)."""

    id: int
    run: int
    digest: str  # the mark by which it is found at the server
    state: BatchState
    remote: str = ""  # its id at the server
    input: str = ""  # the id of its input file at the server, where known
    file: str = ""  # the name of the file it was written to


@dataclass(frozen=True, slots=True)
class Posted:
    """One request of a batch."""

    custom_id: str  # differs from every other of every project
    prompt: str  # digest
    key: str  # under what its reply may be used again
    segments: tuple[int, ...]  # ids of the segments it asks about
    worst: float  # US dollars it costs at most; 0 where the price is unknown
    state: PostedState = "sent"


class Batches:
    """The batches of all runs of one project."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def prepare(self, run: int, digest: str, requests: Iterable[Posted], *, file: str = "") -> int:
        """Keep a batch before it is given away; returns its id. One that goes to a file is `sent` with this."""
        with self._db.transaction():
            batch = self._db.write(
                "INSERT INTO batches (run, digest, file, state, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
                [run, digest, file, "sent" if file else "prepared", now(), now()],
            )
            self._db.write_many(
                'INSERT INTO batch_items (custom_id, batch, prompt, "key", segments, worst) VALUES (?, ?, ?, ?, ?, ?)',
                ((r.custom_id, batch, r.prompt, r.key, json.dumps(r.segments), r.worst) for r in requests),
            )
            return batch

    def sent(self, batch: int, remote: str, input_file: str = "") -> None:
        """The server has taken the batch on."""
        self._db.write(
            "UPDATE batches SET state = 'sent', remote = ?, input = ?, updated = ? WHERE id = ?",
            [remote, input_file, now(), batch],
        )

    def end(self, batch: int, said: str) -> int:
        """Nothing more is waited for: requests without an answer are open again; returns how many there are in all."""
        with self._db.transaction():
            self._db.write("UPDATE batch_items SET state = 'open' WHERE batch = ? AND state = 'sent'", [batch])
            self._db.write(
                "UPDATE batches SET state = 'ended', said = ?, updated = ? WHERE id = ?", [said, now(), batch]
            )
            row = self._db.row("SELECT count(*) FROM batch_items WHERE batch = ? AND state = 'open'", [batch])
        return int(row[0]) if row else 0

    def settle(self, custom_id: str, state: PostedState) -> None:
        """A request was answered, or is open again. The caller holds the transaction."""
        self._db.write("UPDATE batch_items SET state = ? WHERE custom_id = ?", [state, custom_id])

    def waiting(self, runs: Sequence[int]) -> list[Batch]:
        """The batches of these runs that are prepared or sent, oldest first."""
        marks = ", ".join("?" for _ in runs)
        rows = self._db.rows(f"SELECT * FROM batches WHERE state <> 'ended' AND run IN ({marks}) ORDER BY id", runs)
        return [_batch(row) for row in rows]

    def remotes(self) -> set[str]:
        """The ids that batches of this project have at servers."""
        return {row["remote"] for row in self._db.rows("SELECT remote FROM batches WHERE remote <> ''")}

    def find(self, custom_id: str) -> tuple[Batch, Posted] | None:
        """The request of that id with its batch, or None."""
        row = self._db.row("SELECT * FROM batch_items WHERE custom_id = ?", [custom_id])
        batch = self._db.row("SELECT * FROM batches WHERE id = ?", [row["batch"]]) if row else None
        return (_batch(batch), _posted(row)) if row and batch else None

    def unanswered(self, batch: int) -> Iterator[Posted]:
        """The requests of a batch that have no answer, whether they wait or are open again."""
        for row in self._db.stream("SELECT * FROM batch_items WHERE batch = ? AND state <> 'answered'", [batch]):
            yield _posted(row)

    def count(self, batch: int) -> int:
        """How many requests of a batch still wait."""
        row = self._db.row("SELECT count(*) FROM batch_items WHERE batch = ? AND state = 'sent'", [batch])
        return int(row[0]) if row else 0

    def units(self, run: int) -> int:
        """How many units of a run wait in batches."""
        row = self._db.row(
            "SELECT coalesce(sum(json_array_length(segments)), 0) FROM batch_items JOIN batches ON batches.id = batch"
            " WHERE run = ? AND batches.state <> 'ended' AND batch_items.state = 'sent'",
            [run],
        )
        return int(row[0]) if row else 0

    def worst(self, runs: Sequence[int]) -> float:
        """US dollars that the requests of these runs that still wait cost at most."""
        marks = ", ".join("?" for _ in runs)
        row = self._db.row(
            "SELECT coalesce(sum(worst), 0.0) FROM batch_items JOIN batches ON batches.id = batch"
            f" WHERE batches.state <> 'ended' AND batch_items.state = 'sent' AND run IN ({marks})",
            runs,
        )
        return float(row[0]) if row else 0.0


def _batch(row: sqlite3.Row) -> Batch:
    return Batch(row["id"], row["run"], row["digest"], row["state"], row["remote"], row["input"], row["file"])


def _posted(row: sqlite3.Row) -> Posted:
    segments = tuple(json.loads(row["segments"]))
    return Posted(row["custom_id"], row["prompt"], row["key"], segments, row["worst"], row["state"])
