"""A query in, ranked ids out: keyword, vector or hybrid search over a corpus whose index looks after itself.

The texts and vectors belong to the caller; what is on disk here is a cache. An index that is missing, stale, damaged
or wedged is built anew from them, with one message; while another process holds the folder, or if it cannot be
mended, vectors are searched exactly in memory instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from vectorstore import Hit, exact
from vectorstore.errors import IndexBusy, IndexDamaged, VectorstoreError
from vectorstore.hybrid import fuse
from vectorstore.keyword import KeywordIndex, stamp
from vectorstore.storing import stamps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vectorstore.chroma import VectorIndex
    from vectorstore.embedders import Embedder

By = Literal["keyword", "vector", "hybrid"]

_NARROW = 2000  # rows: a filter that leaves no more is searched exactly, which is as fast and misses nothing
_DEPTH = 50  # hits of each ranking that a fusion sees, at least


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is searched: texts under ids, and the vectors of the Retriever's embedder, one row per id in this order."""

    ids: Sequence[int]
    texts: Sequence[str]
    vectors: Callable[[], NDArray[np.float32]]  # called only when vectors are needed

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.texts) or len(set(self.ids)) != len(self.ids):
            raise ValueError("a corpus has one text for each id, and each id once")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a corpus: no texts."""

    ids: Sequence[int]
    stamps: NDArray[np.uint64]
    vectors: Callable[[], NDArray[np.float32]]


class Retriever:
    """Searches one corpus with one embedder. `load` is called at the first search, and again after `refresh`.

    Holds the folder of the vector index, once opened, until `close`. Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        load: Callable[[], Corpus],
        *,
        notify: Callable[[str], None] = lambda message: None,
    ) -> None:
        self._folder = folder
        self._embedder = embedder
        self._load = load
        self._notify = notify
        self._turn = threading.RLock()
        self._corpus: _Known | None = None
        self._texts: Sequence[str] = ()  # only until the keyword index stands
        self._keyword: KeywordIndex | None = None
        self._matrix: NDArray[np.float32] | None = None
        self._index: VectorIndex | None = None
        self._exact = False  # the index on disk is out of reach until the next refresh

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def search(self, query: str, k: int, *, by: By | None = None, allowed: Collection[int] | None = None) -> list[Hit]:
        """The `k` best texts for a query, among `allowed` ids if given.

        Left to choose, it searches by keyword with an embedder that knows only words (better than its vectors on
        every set measured) and by both, fused, with a semantic one. Raises VectorstoreError if the embedder fails.
        """
        by = by or ("hybrid" if self._embedder.semantic else "keyword")
        with self._turn:
            if by == "keyword":
                return self._by_keyword(query, k, allowed)
            if by == "vector":
                return self._by_vector(self._embed(query), k, allowed)
            depth = max(_DEPTH, 3 * k)
            both = [self._by_keyword(query, depth, allowed), self._by_vector(self._embed(query), depth, allowed)]
            return fuse(both)[:k]

    def similar(
        self,
        like: str | NDArray[np.float32],
        k: int,
        *,
        exclude: Collection[int] = (),
        allowed: Collection[int] | None = None,
    ) -> list[Hit]:
        """The `k` texts whose vectors are nearest to a text or a unit vector, without the ids in `exclude`."""
        with self._turn:
            vector = self._embed(like) if isinstance(like, str) else like
            left_out = frozenset(exclude)
            hits = self._by_vector(vector, k + len(left_out), allowed)
            return _renumbered([hit for hit in hits if hit.id not in left_out][:k])

    def refresh(self) -> None:
        """Look at the corpus again and bring up to date what a search without `by` uses."""
        with self._turn:
            self.close()
            self._corpus = self._keyword = self._matrix = None
            self._texts = ()
            self._exact = False
            self._keywords()
            if self._embedder.semantic:
                self._vectors()

    def close(self) -> None:
        """Let go of the index folder. A later search opens it again."""
        with self._turn:
            if self._index is not None:
                self._index.close()
                self._index = None

    def _known(self) -> _Known:
        if self._corpus is None:
            corpus = self._load()
            self._corpus = _Known(corpus.ids, stamps(corpus.texts), corpus.vectors)
            self._texts = corpus.texts
        return self._corpus

    def _by_keyword(self, query: str, k: int, allowed: Collection[int] | None) -> list[Hit]:
        return self._keywords().search(query, k, allowed)

    def _keywords(self) -> KeywordIndex:
        if self._keyword is None:
            ids = self._known().ids
            found, reason = self._stored_keywords(ids)
            self._keyword = found or KeywordIndex.build(ids, self._texts)
            self._texts = ()
            if reason:
                self._store_keywords(self._keyword, reason)
        return self._keyword

    def _stored_keywords(self, ids: Sequence[int]) -> tuple[KeywordIndex | None, str]:
        try:
            stored = KeywordIndex.load(self._folder)
        except IndexDamaged:
            return None, "damaged"
        if stored is None:
            return None, "missing"
        if stored.fingerprint != stamp(ids, self._texts):
            return None, "out of date"
        return stored, ""

    def _store_keywords(self, index: KeywordIndex, reason: str) -> None:
        try:
            index.save(self._folder)
        except OSError as error:
            self._notify(f"The keyword index cannot be stored ({error.strerror}): kept in memory only.")
        else:
            self._notify(f"The keyword index was {reason}: built from {len(index)} texts.")

    def _embed(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._embedder.embed([text])[0]
        return vector

    def _by_vector(self, vector: NDArray[np.float32], k: int, allowed: Collection[int] | None) -> list[Hit]:
        corpus = self._known()
        if not len(corpus.ids) or k < 1 or not vector.any():
            return []
        if allowed is None:
            hits = self._nearest(vector, k)
            return exact.search(vector, corpus.ids, self._rows(), k) if hits is None else hits
        inside = set(corpus.ids).intersection(allowed)
        # over-fetch, so that enough is left when the filter has taken its share
        fetch = 2 * ceil(k * len(corpus.ids) / len(inside)) if inside else 0
        if fetch <= _NARROW < len(inside):
            kept = [hit for hit in self._nearest(vector, fetch) or () if hit.id in inside]
            if len(kept) >= k:
                return _renumbered(kept[:k])
        return exact.search(vector, corpus.ids, self._rows(), k, inside) if inside else []

    def _nearest(self, vector: NDArray[np.float32], k: int) -> list[Hit] | None:
        """What the index on disk finds; None if it is out of reach."""
        index = self._vectors()
        if index is None:
            return None
        try:
            return index.search(vector, k)
        except IndexDamaged as error:
            mended = self._mend(index, error)
        try:
            return mended.search(vector, k) if mended else None
        except IndexDamaged as error:
            self._give_up(index, error)
            return None

    def _vectors(self) -> VectorIndex | None:
        """The index on disk, open and up to date; None if it is out of reach."""
        if self._index is None and not self._exact and len(self._known().ids):
            from vectorstore.chroma import VectorIndex

            index = VectorIndex(self._folder / "chroma", self._embedder.name, self._embedder.dimension)
            try:
                self._open(index)
            except IndexBusy as error:
                self._give_up(index, error)
            except IndexDamaged as error:
                self._mend(index, error)
            except BaseException:
                index.close()
                raise
        return self._index

    def _open(self, index: VectorIndex) -> None:
        index.open()
        corpus, before = self._known(), len(index)
        if index.sync(corpus.ids, corpus.stamps, self._rows):
            what = "out of date: updated" if before else "missing: built"
            self._notify(f"The vector index was {what} from {len(index)} vectors.")
        elif not index.healthy():
            raise IndexDamaged("The vector index does not find its own rows.")
        self._index = index

    def _mend(self, index: VectorIndex, reason: IndexDamaged) -> VectorIndex | None:
        corpus = self._known()
        self._index = None
        try:
            index.reset()
            index.sync(corpus.ids, corpus.stamps, self._rows)
        except (IndexBusy, IndexDamaged) as error:
            self._give_up(index, error)
        except BaseException:
            index.close()
            raise
        else:
            self._notify(f"{reason.message} Built anew from {len(index)} vectors.")
            self._index = index
        return self._index

    def _give_up(self, index: VectorIndex, error: VectorstoreError) -> None:
        index.close()
        self._index = None
        self._exact = True
        self._notify(f"{error.message} Searching without it, in memory.")

    def _rows(self) -> NDArray[np.float32]:
        if self._matrix is None:
            corpus = self._known()
            matrix = np.asarray(corpus.vectors(), dtype=np.float32)
            wanted = (len(corpus.ids), self._embedder.dimension)
            if matrix.shape != wanted:
                raise VectorstoreError(
                    f"The stored vectors have the shape {matrix.shape}, {self._embedder.name} gives {wanted}.",
                    "embed the texts again with this embedder",
                )
            self._matrix = matrix
        return self._matrix


def _renumbered(hits: Sequence[Hit]) -> list[Hit]:
    return [Hit(hit.id, hit.score, rank) for rank, hit in enumerate(hits, start=1)]
