"""Texts in, a keyword index out; a query in, ranked ids out. Okapi BM25 on numpy; pure but for `save` and `load`.

Weights are those of Lucene (Kamphuis et al., ECIR 2020): idf = ln(1 + (N - df + 0.5) / (df + 0.5)) times
tf / (tf + k1 (1 - b + b len / mean len)), computed once per term and text, so that a query only adds columns.

Why not the bm25s package, whose scores these are (a test compares them): on import it pulls in jax, numba and scipy
wherever they happen to be installed and sets its logger to DEBUG; it saves in several files of which a crash may leave
half; an empty query raises; and its top-k leaves the order of equal scores to chance.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vectorstore import Hit
from vectorstore.errors import IndexDamaged
from vectorstore.ranking import best, members
from vectorstore.storing import fingerprint, replace
from vectorstore.tokens import signature, tokenize

if TYPE_CHECKING:
    from numpy.typing import NDArray

_K1, _B = 1.5, 0.75  # bm25s's defaults; 1.2/0.75 and 0.9/0.4 moved R@1 on XQuAD and CMRC by less than a point
_FILE = "keyword.npz"
_BLOCK = 1 << 20  # weights computed at a time, in double precision


class KeywordIndex:
    """A BM25 index over texts with ids. Build it with `build`, or get a saved one with `load`."""

    def __init__(
        self,
        ids: NDArray[np.int64],
        terms: dict[str, int],
        starts: NDArray[np.int64],
        rows: NDArray[np.int32],
        weights: NDArray[np.float32],
        fingerprint: str,
    ) -> None:
        self._ids = ids
        self._terms = terms  # term -> column
        self._starts = starts  # column c is rows[starts[c]:starts[c + 1]] with their weights
        self._rows = rows
        self._weights = weights
        self.fingerprint = fingerprint

    def __len__(self) -> int:
        return len(self._ids)

    @classmethod
    def build(cls, ids: Sequence[int], texts: Sequence[str]) -> KeywordIndex:
        """Index texts under their ids (ValueError if the lengths differ)."""
        if len(ids) != len(texts):
            raise ValueError(f"{len(ids)} ids for {len(texts)} texts")
        terms: dict[str, int] = {}
        columns, times = array("i"), array("i")  # of every term of every text, text by text
        lengths, distinct = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=np.int64)
        for row, text in enumerate(texts):
            tokens = tokenize(text)
            counted = Counter(tokens)
            lengths[row], distinct[row] = len(tokens), len(counted)
            columns.extend(terms.setdefault(token, len(terms)) for token in counted)
            times.extend(counted.values())
        starts, rows, weights = _weigh(columns, times, distinct, lengths, len(terms))
        return cls(np.asarray(ids, dtype=np.int64), terms, starts, rows, weights, stamp(ids, texts))

    def search(self, query: str, k: int, allowed: Collection[int] | None = None) -> list[Hit]:
        """The `k` texts that match best, ties by id; texts sharing no term with the query are never hits.

        `allowed` keeps these ids only, and applies before the top-k.
        """
        rows, weights = [self._rows[:0]], [self._weights[:0]]
        for term, times in Counter(tokenize(query)).items():
            column = self._terms.get(term)
            if column is not None:
                part = slice(self._starts[column], self._starts[column + 1])
                rows.append(self._rows[part])
                weights.append(self._weights[part] if times == 1 else times * self._weights[part])
        summed = np.bincount(np.concatenate(rows), np.concatenate(weights), minlength=len(self._ids))
        scores = summed.astype(np.float64, copy=False)
        if allowed is not None:
            scores[~members(self._ids, allowed)] = 0
        return best(self._ids, scores, k)

    def save(self, folder: Path) -> None:
        """Write the index into a folder as one file, in one step (OSError if that cannot be done)."""
        content = io.BytesIO()
        np.savez(
            content,
            ids=self._ids,
            starts=self._starts,
            rows=self._rows,
            weights=self._weights,
            terms=np.frombuffer("\n".join(self._terms).encode("utf-8"), dtype=np.uint8),
            fingerprint=np.frombuffer(self.fingerprint.encode("ascii"), dtype=np.uint8),
        )
        replace(folder / _FILE, content.getbuffer())

    @classmethod
    def load(cls, folder: Path) -> KeywordIndex | None:
        """The index saved in a folder, None if there is none; IndexDamaged if its file cannot be trusted."""
        path = folder / _FILE
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                index = cls(
                    stored["ids"],
                    {term: column for column, term in enumerate(_text(stored["terms"]).split("\n")) if term},
                    stored["starts"],
                    stored["rows"],
                    stored["weights"],
                    _text(stored["fingerprint"]),
                )
        except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            raise IndexDamaged(f"The keyword index {path} cannot be read.") from error
        if not index._coherent():
            raise IndexDamaged(f"The keyword index {path} contradicts itself.")
        return index

    def _coherent(self) -> bool:
        sizes = len(self._starts) == len(self._terms) + 1 and len(self._rows) == len(self._weights)
        if not sizes or self._starts[0] != 0 or self._starts[-1] != len(self._rows):
            return False
        inside = not len(self._rows) or (self._rows.min() >= 0 and self._rows.max() < len(self._ids))
        return bool(inside and (np.diff(self._starts) >= 0).all())


def stamp(ids: Sequence[int], texts: Sequence[str]) -> str:
    """The fingerprint an index of these texts has; another one means that it is stale."""
    return fingerprint(ids, texts, signature())


def _weigh(
    columns: array[int], times: array[int], distinct: NDArray[np.int64], lengths: NDArray[np.int64], terms: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    column, count = np.frombuffer(columns, dtype=np.intc), max(len(lengths), 1)
    frequency = np.bincount(column, minlength=terms)
    rarity = np.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
    damping = _K1 * (1 - _B + _B * lengths / max(lengths.mean() if len(lengths) else 0.0, 1e-9))
    # sorted by term, then by text: the columns of the matrix, end to end
    order = np.argsort(column, kind="stable")
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), distinct)[order]
    weights = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        often = np.frombuffer(times, dtype=np.intc)[order[block]]
        weights[block] = rarity[column[order[block]]] * often / (often + damping[rows[block]])
    starts = np.concatenate(([0], np.cumsum(frequency))).astype(np.int64)
    return starts, rows, weights


def _text(content: NDArray[np.uint8]) -> str:
    return content.tobytes().decode("utf-8")
