"""The only door to chromadb: unit vectors under ids in, the nearest ids out, kept in a folder that can be lost.

Every error of Chroma leaves here as IndexDamaged ("build it anew"), every lock held elsewhere as IndexBusy ("search
exactly"). One process at a time works on a folder, because several writers lose rows without an error. Vectors are
always given, so Chroma's own embedding model is never fetched, and `where` is never used: it scans every row.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

import numpy as np

from vectorstore import Hit, sealing
from vectorstore.errors import IndexBusy, IndexDamaged, VectorstoreError
from vectorstore.planning import Holding, Plan, empty, plan
from vectorstore.ranking import best
from vectorstore.sealing import Seal

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection
    from filelock import BaseFileLock
    from numpy.typing import NDArray

_WAIT = 2.0  # seconds to wait for another process to leave the folder
_PAGE = 5000  # rows a call; Chroma itself allows about 5,461
_SPARE = 16  # rows fetched beyond k, so that equal neighbours at the edge are settled by id, not by chance
_ITSELF = 0.999  # a stored vector asked for finds a cosine of at least this
_SOUND = 0.75  # share of the probes that must find themselves: HNSW misses a few on random data (seen: 0.5 %)

# On 4,495 hashed sentences 99 % of questions got their ten nearest; with Chroma's own 100 it was 85 %.
_HNSW: CreateHNSWConfiguration = {"space": "cosine", "ef_search": 400}


class VectorIndex:
    """One Chroma collection in a folder of its own, for the vectors of one embedder. Open it before use."""

    def __init__(self, folder: Path, embedder_name: str, dimension: int) -> None:
        self._folder = folder
        self._name = _collection_name(embedder_name, dimension)
        self._dimension = dimension
        self._lock: BaseFileLock | None = None
        self._client: Client | None = None
        self._collection: Collection | None = None
        self._data = ""
        self._hold(empty(dimension))

    def __len__(self) -> int:
        return len(self._holding.ids)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Take the folder's lock and open what is there; an absent folder becomes an empty index.

        Raises IndexBusy if another process holds the folder, IndexDamaged if what is there cannot be trusted.
        """
        self._acquire()
        try:
            with self._guarded():
                self._open()
        except BaseException:
            self.close()
            raise

    def sync(self, ids: Sequence[int], stamps: NDArray[np.uint64], vectors: Callable[[], NDArray[np.float32]]) -> int:
        """Bring the index to exactly these ids; returns how many were added, removed or have another text.

        `stamps` are digests of the texts. `vectors` is called only if a text is new, and gives one row per id.
        Raises IndexDamaged; the folder then counts as half-written.
        """
        todo = plan(self._holding, ids, stamps, vectors)
        changed = todo.changed
        if not changed:
            return 0
        if 2 * len(todo.gone) > len(self._holding.rows()):  # deleted rows weigh on an HNSW graph for ever
            self.reset()
            todo = plan(self._holding, ids, stamps, vectors)
        self._carry_out(todo)
        return changed

    def search(self, vector: NDArray[np.float32], k: int) -> list[Hit]:
        """The (almost surely) `k` nearest ids with a positive cosine, which is the score; ties by id."""
        count = min(k + _SPARE, self._count)
        if k < 1 or not count or not vector.any():
            return []
        with self._guarded():
            found = self._opened().query(
                query_embeddings=[vector.astype(np.float32).tolist()], n_results=count, include=["distances"]
            )
            keys = np.array([int(key) for key in found["ids"][0]], dtype=np.uint64)
            distances = np.array((found["distances"] or [[]])[0], dtype=np.float64)
        first, last = (np.searchsorted(self._keys, keys, side=side) for side in ("left", "right"))
        places = np.concatenate([self._order[a:b] for a, b in zip(first, last, strict=True)])
        return best(self._holding.ids[places], np.repeat(1 - distances, last - first), k)

    def healthy(self) -> bool:
        """Whether the collection has the rows it should have, and a sample kept beside it finds itself."""
        probes = self._holding.probes
        try:
            with self._guarded():
                self._check_count()
            found = [self.search(vector, 1) for vector in probes]
        except IndexDamaged:
            return False
        sound = [hits for hits in found if hits and hits[0].score >= _ITSELF]
        return len(sound) >= _SOUND * len(probes)

    def reset(self) -> None:
        """Throw away whatever is in the folder and start anew, empty (IndexBusy if another process holds it)."""
        self._acquire()
        self._leave()
        with self._guarded():
            sealing.remove(self._folder)
            for old in self._folder.glob("data-*"):
                shutil.rmtree(old, ignore_errors=True)  # what cannot go now (open on Windows) goes next time
            # never a name used before: Chroma keeps broken clients by path for as long as the process lives
            self._data = f"data-{secrets.token_hex(4)}"
            self._hold(empty(self._dimension))
            self._connect(create=True)
            self._seal()

    def close(self) -> None:
        """Let go of the files and the lock. Closing twice is fine."""
        self._leave()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _hold(self, holding: Holding) -> None:
        self._holding = holding
        self._count = len(holding.rows())
        self._order = np.argsort(holding.keys, kind="stable")
        self._keys = holding.keys[self._order]

    def _open(self) -> None:
        seal = sealing.read(self._folder)
        if seal is None:
            if any(self._folder.glob("data-*")):
                raise IndexDamaged(f"The vector index {self._folder} was left half-written.")
            self.reset()
            return
        if seal.collection != self._name:
            raise IndexDamaged(f"The vector index {self._folder} holds vectors of another embedder.")
        self._data = seal.data
        self._hold(seal.holding)
        self._connect(create=False)
        self._check_count()

    def _connect(self, *, create: bool) -> None:
        import chromadb
        from chromadb.config import Settings

        client = chromadb.PersistentClient(
            path=str(self._folder / self._data), settings=Settings(anonymized_telemetry=False)
        )
        self._client = cast("Client", client)
        if create:
            self._collection = client.create_collection(
                self._name, embedding_function=None, configuration={"hnsw": _HNSW}
            )
        else:
            self._collection = client.get_collection(self._name, embedding_function=None)

    def _opened(self) -> Collection:
        if self._collection is None:
            raise IndexDamaged(f"The vector index {self._folder} could not be opened again.")
        return self._collection

    def _carry_out(self, todo: Plan) -> None:
        with self._guarded():
            sealing.remove(self._folder)
            self._delete(todo.gone)
            self._add(todo.added)
            self._leave()  # so that every file is written out before the seal
            self._hold(todo.after)
            self._connect(create=False)
            self._check_count()
            self._seal()

    def _delete(self, keys: Sequence[int]) -> None:
        for start in range(0, len(keys), _PAGE):
            self._opened().delete(ids=[str(key) for key in keys[start : start + _PAGE]])

    def _add(self, rows: Mapping[int, NDArray[np.float32]]) -> None:
        page = min(_PAGE, self._client.get_max_batch_size()) if self._client else _PAGE
        keys = list(rows)
        for start in range(0, len(keys), page):
            part = keys[start : start + page]
            self._opened().add(ids=[str(key) for key in part], embeddings=np.array([rows[key] for key in part]))

    def _check_count(self) -> None:
        count = self._opened().count()
        if count != self._count:
            raise IndexDamaged(f"The vector index {self._folder} has {count} rows instead of {self._count}.")

    def _seal(self) -> None:
        checksums = sealing.checksums(self._folder / self._data)
        sealing.write(self._folder, Seal(self._name, self._data, self._holding, checksums))

    def _acquire(self) -> None:
        if self._lock is not None:
            return
        import filelock

        lock = filelock.FileLock(self._folder.with_name(f"{self._folder.name}.lock"), thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=_WAIT)
        except filelock.Timeout as error:
            raise IndexBusy(f"The vector index {self._folder} is in use by another process.") from error
        except OSError as error:
            raise IndexBusy(f"The vector index {self._folder} cannot be written: {error.strerror}.") from error
        self._lock = lock

    def _leave(self) -> None:
        client, self._client, self._collection = self._client, None, None
        if client is not None:
            with suppress(IndexDamaged), self._guarded():
                client.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._lock is None:
            raise RuntimeError("open the index first")
        try:
            yield
        except (VectorstoreError, KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # a panic in Chroma's Rust half is no Exception
            what = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise IndexDamaged(f"The vector index {self._folder} does not work: {what}.") from error


def _collection_name(embedder_name: str, dimension: int) -> str:
    """Chroma's rule for names: 3 to 512 of [a-zA-Z0-9._-], a letter or digit at both ends."""
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}", embedder_name):
        embedder_name = hashlib.sha256(embedder_name.encode("utf-8")).hexdigest()[:32]
    return f"{embedder_name}-{dimension}"
