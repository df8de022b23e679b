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
    scores = np.round(scores.astype(np.float64), _DECIMALS)
    kept = np.flatnonzero(scores > 0)
    if k < 1 or not len(kept):
        return []
    if len(kept) > k:
        least = np.partition(scores[kept], -k)[-k]
        kept = kept[scores[kept] >= least]
    order = kept[np.lexsort((ids[kept], -scores[kept]))][:k]
    return [Hit(int(ids[i]), float(scores[i]), rank) for rank, i in enumerate(order, start=1)]


def members(ids: NDArray[np.int64], allowed: Collection[int]) -> NDArray[np.bool_]:
    """Which of `ids` are among `allowed`, as a mask."""
    return np.isin(ids, np.fromiter(allowed, dtype=np.int64, count=len(allowed)))
