"""Embedding BLOBs in project.db (float32, little-endian), so that a lost index costs no second call to an embedder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.project.database import CURRENT_SEGMENTS, Database

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PAGE = 500  # ids bound in one query; SQLite allows a limited number


class Vectors:
    """The embeddings of one project, by segment and embedder."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def missing(self, embedder: str, scheme: str) -> list[int]:
        """Ids of current segments under a scheme that this embedder has not embedded yet, in order."""
        return [
            r["id"]
            for r in self._db.rows(
                f"SELECT segments.id {CURRENT_SEGMENTS} AND NOT EXISTS"
                " (SELECT 1 FROM embeddings WHERE segment = segments.id AND embedder = ?)"
                " ORDER BY segments.document, segments.number",
                [scheme, embedder],
            )
        ]

    def add(self, embedder: str, rows: Iterable[tuple[int, NDArray]]) -> None:  # type: ignore[type-arg]
        """Store vectors by segment id, in one transaction."""
        with self._db.transaction():
            self._db.write_many(
                "INSERT OR REPLACE INTO embeddings (segment, embedder, vector) VALUES (?, ?, ?)",
                ((key, embedder, vector.astype("<f4").tobytes()) for key, vector in rows),
            )

    def load(self, embedder: str, ids: Sequence[int]) -> NDArray:  # type: ignore[type-arg]
        """The vectors of these segments as one float32 matrix, row by row in the order asked."""
        import numpy as np

        found = dict(self._blobs(embedder, ids))
        return np.array([np.frombuffer(found[i], dtype="<f4") for i in ids], dtype=np.float32)

    def _blobs(self, embedder: str, ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            marks = ", ".join("?" * len(page))
            for row in self._db.rows(
                f"SELECT segment, vector FROM embeddings WHERE embedder = ? AND segment IN ({marks})",
                [embedder, *page],
            ):
                yield row["segment"], row["vector"]
