"""The codes of each document in order in, when they stopped being new out. Pure, seeded.

Saturation is of this codebook in this order of documents; the band shows what other orders would have said.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

THRESHOLD = 0.05  # share of new codes a run may bring and still count as saturated (Guest et al. 2020)


@dataclass(frozen=True, slots=True)
class Saturation:
    """New codes per document, and runs of documents against the base (Guest, Namey & Chen 2020, PLoS ONE 15(5)).

    `ratios`: (last document of the run, counted from 1; new codes in the run / codes of the base), runs overlapping.
    `saturated_at`: last document of the first run at or below the threshold, None if there is none.
    """

    new: tuple[int, ...]
    base_codes: int
    ratios: tuple[tuple[int, float], ...]
    saturated_at: int | None
    status: str


@dataclass(frozen=True, slots=True)
class Band:
    """Codes seen after 1, 2 … documents, over random orders of them: mean and the middle 95 % at each place."""

    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    saturated: float | None  # share of orders that saturate at all; None if no run fits
    orders: int


def saturation(
    documents: Sequence[Collection[Hashable]], *, base: int = 4, run: int = 2, threshold: float = THRESHOLD
) -> Saturation:
    """Codes of each document in the order they were read. "undefined:too_few" with fewer than base + run documents."""
    if base < 1 or run < 1:
        raise ValueError(f"base and run count documents, at least one each: {base}, {run}")
    new = _new(documents)
    base_codes = sum(new[:base])
    if len(new) < base + run:
        return Saturation(new, base_codes, (), None, "undefined:too_few")
    if not base_codes:
        return Saturation(new, 0, (), None, "undefined:no_codes")
    ratios = tuple((end, sum(new[end - run : end]) / base_codes) for end in range(base + run, len(new) + 1))
    reached = next((end for end, ratio in ratios if ratio <= threshold), None)
    return Saturation(new, base_codes, ratios, reached, "ok")


def band(
    documents: Sequence[Collection[Hashable]],
    *,
    seed: int,
    base: int = 4,
    run: int = 2,
    threshold: float = THRESHOLD,
    orders: int = 200,
) -> Band:
    """`orders` random orders of the same documents."""
    documents = sorted(documents, key=lambda codes: sorted(map(repr, codes)))  # the order given has no say
    draw = np.random.default_rng(seed)
    drawn = [[documents[i] for i in draw.permutation(len(documents))] for _ in range(orders)]
    seen = np.array([np.cumsum(_new(order)) for order in drawn], dtype=float)
    low, high = np.quantile(seen, [0.025, 0.975], axis=0)
    judged = [saturation(order, base=base, run=run, threshold=threshold) for order in drawn]
    defined = [each.saturated_at is not None for each in judged if each.status == "ok"]
    return Band(
        tuple(seen.mean(axis=0).tolist()),
        tuple(low.tolist()),
        tuple(high.tolist()),
        sum(defined) / len(defined) if defined else None,
        orders,
    )


def slope_ratio(documents: Sequence[Collection[Hashable]]) -> float | None:
    """Slope of unique codes over slope of all codes, both summed up over documents (De Paoli & Mathis 2024).

    Slopes are least-squares lines through the sums after 1, 2 … documents. 1: every code is new each time; towards 0:
    nothing is. None with fewer than two documents or if only the first has codes.
    """
    if len(documents) < 2:
        return None
    places = np.arange(1, len(documents) + 1)
    unique = float(np.polyfit(places, np.cumsum(_new(documents)), 1)[0])
    every = float(np.polyfit(places, np.cumsum([len(set(codes)) for codes in documents]), 1)[0])
    return unique / every if every > 1e-12 else None


def _new(documents: Sequence[Collection[Hashable]]) -> tuple[int, ...]:
    seen: set[Hashable] = set()
    counts = []
    for codes in documents:
        counts.append(len(set(codes) - seen))
        seen |= set(codes)
    return tuple(counts)
