"""Several rankings in, one out: reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from vectorstore import Hit

K0 = 60  # the constant of the paper: how little the very first ranks outweigh the next


def fuse(rankings: Sequence[Sequence[Hit]], k0: int = K0) -> list[Hit]:
    """Every id found by any ranking, scored by the sum of 1 / (k0 + rank), best first, ties by id."""
    shares: dict[int, list[float]] = {}
    for ranking in rankings:
        for hit in ranking:
            shares.setdefault(hit.id, []).append(1 / (k0 + hit.rank))
    scores = {key: fsum(parts) for key, parts in shares.items()}  # exact, so the rankings' order cannot matter
    order = sorted(scores, key=lambda key: (-scores[key], key))
    return [Hit(key, scores[key], rank) for rank, key in enumerate(order, start=1)]
