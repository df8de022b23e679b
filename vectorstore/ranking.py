"""Ids and scores in, the best hits out, in an order that never depends on chance. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from vectorstore import Hit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECIMALS = 6  # below this, scores differ by the order of float additions, not by what was found


def best(ids: NDArray[np.int64], scores: NDArray[np.floating], k: int) -> list[Hit]:
    """The `k` highest scores above zero, best first, equal scores by ascending id.

    Scores are rounded to six decimals, so that equal texts stay equal on every platform.
    """
    if k < 1:
        return []
    kept = np.flatnonzero(scores > 0)
    if len(kept) > k:  # before rounding, which is the dearer step: none that rounds to the k-th best lies below this
        least = np.partition(scores[kept], -k)[-k] - 2 * 10.0**-_DECIMALS
        kept = kept[scores[kept] >= least]
    rounded = np.round(scores[kept].astype(np.float64), _DECIMALS)
    order = np.lexsort((ids[kept], -rounded))[:k]
    hits = zip(ids[kept][order].tolist(), rounded[order].tolist(), strict=True)
    return [Hit(key, score, rank) for rank, (key, score) in enumerate(hits, start=1) if score > 0]


def members(ids: NDArray[np.int64], allowed: Collection[int]) -> NDArray[np.bool_]:
    """Which of `ids` are among `allowed`, as a mask."""
    return np.isin(ids, np.fromiter(allowed, dtype=np.int64, count=len(allowed)))
