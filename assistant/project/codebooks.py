"""Codebooks in project.db: every version that was ever used, as its YAML."""

from __future__ import annotations

from functools import lru_cache

from assistant import codebook as books, resources
from assistant.errors import UsageError
from assistant.model import Codebook
from assistant.project.database import Database, now


class Codebooks:
    """The codebooks of one project: those brought in by the user, and versions of shipped ones that runs have used."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, codebook: Codebook) -> None:
        """Store a codebook unless this very version is there; the version added last is the one in force."""
        with self._db.transaction():
            newest = self._db.row(
                "SELECT version FROM codebooks WHERE id = ? ORDER BY added DESC, rowid DESC LIMIT 1",
                [codebook.id],
            )
            if newest and newest["version"] == codebook.version:
                return
            self._db.write(
                "INSERT OR REPLACE INTO codebooks (id, version, yaml, added) VALUES (?, ?, ?, ?)",
                [codebook.id, codebook.version, books.dump_yaml(codebook), now()],
            )

    def newest(self, codebook_id: str) -> Codebook | None:
        """The version of a codebook that was added last, or None if the project has none of that id."""
        row = self._db.row(
            "SELECT yaml FROM codebooks WHERE id = ? ORDER BY added DESC, rowid DESC LIMIT 1", [codebook_id]
        )
        return _parsed(row["yaml"], codebook_id) if row else None

    def in_force(self, codebook_id: str) -> Codebook:
        """The codebook a run uses under this id: the project's newest, else the one codart ships."""
        own = self.newest(codebook_id)
        if own is not None:
            return own
        shipped = resources.codebook_names()
        if codebook_id not in shipped:
            known = sorted({*shipped, *(book.id for book in self.all())})
            raise UsageError(
                f"there is no codebook {codebook_id!r} here",
                f"known are: {', '.join(known)}; bring in another with: codart codebook import FILE",
            )
        return books.parse_yaml(resources.codebook_text(codebook_id), where=f"{codebook_id}.yaml")

    def version(self, codebook_id: str, version: str) -> Codebook:
        """One stored version (UsageError if there is none)."""
        row = self._db.row("SELECT yaml FROM codebooks WHERE id = ? AND version = ?", [codebook_id, version])
        if row is None:
            raise UsageError(f"codebook {codebook_id} has no version {version} here", "see: codart codebook list")
        return _parsed(row["yaml"], codebook_id)

    def all(self) -> list[Codebook]:
        """Every stored version, oldest first."""
        return [_parsed(r["yaml"], r["id"]) for r in self._db.rows("SELECT * FROM codebooks ORDER BY added, rowid")]


@lru_cache(maxsize=64)
def _parsed(yaml: str, codebook_id: str) -> Codebook:
    return books.parse_yaml(yaml, where=f"codebook {codebook_id} in project.db")
