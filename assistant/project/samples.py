"""What was drawn for people to code, in project.db: which segments, how likely each was to be drawn. Never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.project.database import Database, now


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the material that was drawn from: so many of so many segments."""

    name: str
    frame: int
    drawn: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded draw of segments for people to code. `chances` and `strata` are complete."""

    id: int
    scheme: str
    wanted: int
    seed: int
    by: str
    created: str
    strata: tuple[Stratum, ...]
    chances: Mapping[int, float]  # by segment id


class Samples:
    """The draws of one project."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, scheme: str, wanted: int, seed: int, by: str, strata: Mapping[str, tuple[int, Sequence[int]]]) -> int:
        """Record a draw: by stratum, the size of the frame and the segments drawn from it. Returns its id."""
        with self._db.transaction():
            sample = self._db.write(
                'INSERT INTO samples (scheme, wanted, seed, "by", created) VALUES (?, ?, ?, ?, ?)',
                [scheme, wanted, seed, by, now()],
            )
            for name, (frame, drawn) in strata.items():
                self._db.write(
                    "INSERT INTO sample_strata (sample, name, frame, drawn) VALUES (?, ?, ?, ?)",
                    [sample, name, frame, len(drawn)],
                )
                self._db.write_many(
                    "INSERT INTO sample_units (sample, segment, stratum, chance) VALUES (?, ?, ?, ?)",
                    [(sample, segment, name, len(drawn) / frame) for segment in drawn],
                )
        return sample

    def all(self) -> list[Sample]:
        """Every recorded draw, oldest first."""
        return [
            Sample(
                r["id"],
                r["scheme"],
                r["wanted"],
                r["seed"],
                r["by"],
                r["created"],
                tuple(
                    Stratum(s["name"], s["frame"], s["drawn"])
                    for s in self._db.rows("SELECT * FROM sample_strata WHERE sample = ? ORDER BY name", [r["id"]])
                ),
                {
                    u["segment"]: u["chance"]
                    for u in self._db.rows("SELECT * FROM sample_units WHERE sample = ? ORDER BY segment", [r["id"]])
                },
            )
            for r in self._db.rows("SELECT * FROM samples ORDER BY id")
        ]
