"""The project folder: codart.toml, project.db (the one truth) and index/ (a cache). The only room with SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType

from assistant import settings as toml
from assistant.errors import ProjectError, UsageError
from assistant.project.batches import Batch, Batches, Posted
from assistant.project.chats import Chat, ChatLine, Chats, Total
from assistant.project.codebooks import Codebooks
from assistant.project.codings import Codings, Placed
from assistant.project.database import Database
from assistant.project.decisions import Decisions, Ruling, Withdrawal
from assistant.project.documents import Added, Documents
from assistant.project.golds import Coded, Gold, Golds, Series
from assistant.project.locks import Lock, Locks, Opening
from assistant.project.memos import About, Memo, Memos
from assistant.project.replies import Replies
from assistant.project.runs import RunPlan, Runs
from assistant.project.samples import Sample, Samples, Stratum
from assistant.project.units import STATES, Choice, Label, Unit, Units
from assistant.project.vectors import Vectors
from assistant.project.writes import Write, Writes
from assistant.settings import Settings

__all__ = [
    "STATES",
    "About",
    "Added",
    "Batch",
    "Batches",
    "Chat",
    "ChatLine",
    "Chats",
    "Choice",
    "Codebooks",
    "Coded",
    "Codings",
    "Decisions",
    "Documents",
    "Gold",
    "Golds",
    "Label",
    "Lock",
    "Locks",
    "Memo",
    "Memos",
    "Opening",
    "Placed",
    "Posted",
    "Project",
    "Replies",
    "Ruling",
    "RunPlan",
    "Runs",
    "Sample",
    "Samples",
    "Series",
    "Stratum",
    "Total",
    "Unit",
    "Units",
    "Vectors",
    "Withdrawal",
    "Write",
    "Writes",
]

SETTINGS = "codart.toml"
DATABASE = "project.db"
INDEX = "index"
LOCKS = ".locks"


class Project:
    """One study in one folder. Open it with `Project.open`, begin it with `Project.create`; close it after use."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self._database = Database(folder / DATABASE)
        self.documents = Documents(self._database)
        self.decisions = Decisions(self._database)
        self.codings = Codings(self._database, self.decisions)
        self.replies = Replies(self._database)
        self.units = Units(self._database, self.codings, self.replies)
        self.runs = Runs(self._database, self.codings, self.units, self.replies)
        self.batches = Batches(self._database)
        self.golds = Golds(self._database, self.codings)
        self.samples = Samples(self._database)
        self.locks = Locks(self._database)
        self.codebooks = Codebooks(self._database)
        self.vectors = Vectors(self._database)
        self.chats = Chats(self._database, self.decisions)
        self.memos = Memos(self._database, self.codings)
        self.writes = Writes(self._database)

    @classmethod
    def create(cls, folder: Path, settings: Settings) -> Project:
        """Begin a project in a folder, which is made if needed; other files in it are left alone."""
        if (folder / SETTINGS).exists():
            raise UsageError(f"{folder} is a codart project already", f"go on with: codart status --project {folder}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / SETTINGS).open("x", encoding="utf-8", newline="\n") as file:
                file.write(toml.write(settings))
        except OSError as error:
            raise ProjectError(f"cannot make a project in {folder}: {error.strerror}", "name another folder") from error
        return cls(folder, settings)

    @classmethod
    def open(cls, folder: Path) -> Project:
        """Open the project in this folder."""
        path = folder / SETTINGS
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ProjectError(
                f"{folder} is not a codart project (it has no {SETTINGS})",
                "begin one with: codart init FOLDER, or name one with --project FOLDER",
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ProjectError(f"cannot read {path}: {error}", "see docs/settings.md") from error
        database = folder / DATABASE
        if not database.is_file() or database.stat().st_size == 0:
            raise ProjectError(
                f"{database}, with all texts and codings, is missing or empty", "restore it from a backup"
            )
        return cls(folder, toml.parse(text, where=str(path)))

    @property
    def index(self) -> Path:
        """The folder of the search index: a cache that can always be rebuilt."""
        return self.folder / INDEX

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen together or not at all."""
        return self._database.transaction()

    def rehearsal(self) -> AbstractContextManager[None]:
        """What is written inside can be read inside, and is taken back at the end."""
        return self._database.rehearsal()

    @contextmanager
    def working_on(self, run: int) -> Iterator[None]:
        """Be the only process that asks about a run's units, so that no reply is paid for twice."""
        from filelock import FileLock, Timeout

        locks = self.folder / LOCKS
        locks.mkdir(exist_ok=True)
        lock = FileLock(locks / f"run-{run}.lock", timeout=0)
        try:
            with lock:
                yield
        except Timeout:
            raise ProjectError(
                f"another process is working on run {run} of this project",
                "wait for it to end; how far it is: codart status",
            ) from None

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
