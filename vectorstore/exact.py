"""A vector and a matrix in, the nearest rows out: exact cosine search with numpy. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vectorstore import Hit
from vectorstore.ranking import best, members

if TYPE_CHECKING:
    from numpy.typing import NDArray


def search(
    vector: NDArray[np.float32],
    ids: Sequence[int],
    matrix: NDArray[np.float32],
    k: int,
    allowed: Collection[int] | None = None,
) -> list[Hit]:
    """The `k` rows most like `vector` with a positive cosine, ties by id; the filter applies before the top-k.

    `vector` (d,) and the rows of `matrix` (n, d) are L2-normalised or zero; a zero row is like nothing.
    """
    keys = np.asarray(ids, dtype=np.int64)
    if allowed is None:
        return best(keys, matrix @ vector, k) if len(keys) else []
    rows = np.flatnonzero(members(keys, allowed))
    return best(keys[rows], matrix[rows] @ vector, k) if len(rows) else []
