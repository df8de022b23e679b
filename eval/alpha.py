"""Krippendorff's alpha for numbers, ranks, names and sets of codes: a grid in, a statistic out. Pure.

alpha = 1 - Do / De (Krippendorff 2004, Content Analysis, ch. 11; 2011, Computing Krippendorff's Alpha-Reliability).
A unit coded by m coders gives each of its m(m-1) ordered pairs of values the weight 1/(m-1); units with fewer than two
values are left out. Do is the mean distance within units, De the mean distance of all pairs of the n values so kept.
Any number of coders, any pattern of missing values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal

import numpy as np

from eval.ratings import MISSING, Array, Codes, Grid, Mask, Value
from eval.statistic import Statistic, ratio, statistic

Distance = Literal["nominal", "ordinal", "interval", "ratio", "jaccard", "masi", "hamming"]


@dataclass(frozen=True, slots=True)
class AlphaParts:
    """What alpha is made of. `observed` and `expected` are Do and De, `values` the pairable values n."""

    observed: float
    expected: float
    values: int


def alpha(grid: Grid, distance: Distance = "nominal") -> Statistic:
    """Krippendorff's alpha of a grid.

    `ordinal` takes the order of `grid.values`; `interval` and `ratio` need numbers (ratio: not negative); `jaccard`,
    `masi` and `hamming` need sets, where "no code" is the empty set and counts. Hamming alpha is the alpha of all codes
    pooled (sum of Do over sum of De), so codes that are given often rule it.
    Undefined: too_few under two units with two values each; no_variation when only one value occurs.
    """
    counts, pairable = _pairable(grid)
    if distance == "ordinal":
        formula = _ordinal(len(grid.values))
        return statistic(_coincidences(counts), pairable, grid.documents, formula, times=grid.times)
    table = distances(grid.values, distance)
    observed = _within(grid, table)
    tallies = np.column_stack([observed, counts])
    return statistic(tallies, pairable, grid.documents, _formula(table), times=grid.times)


def alpha_by_document(grid: Grid, distance: Distance) -> Statistic:
    """`alpha` with a row for each document, not for each unit: far less to sum where hundreds of sets occur.

    Not for ordinal data, whose distances move, nor for a grid with `times`.
    """
    table, coded = distances(grid.values, distance), grid.cells != MISSING
    pairable = coded.sum(axis=1) >= 2
    documents, size = int(grid.documents.max(initial=-1)) + 1, len(grid.values)
    counts = np.zeros(documents * size)
    for column in grid.cells.T:
        rows = np.flatnonzero(pairable & (column != MISSING))
        counts += np.bincount(grid.documents[rows] * size + column[rows], minlength=documents * size)
    observed = np.bincount(grid.documents, np.where(pairable, _within(grid, table), 0.0), minlength=documents)
    tallies = np.column_stack([observed, counts.reshape(documents, size)])
    there = np.bincount(grid.documents[pairable], minlength=documents) > 0
    formula = _nominal if distance == "nominal" else _formula(table)
    figure = statistic(tallies, there, np.arange(documents), formula, least=0)
    problem = "too_few" if int(pairable.sum()) < 2 else figure.problem
    return replace(figure, problem=problem, seen=pairable)


def alpha_parts(grid: Grid, distance: Distance = "nominal") -> AlphaParts:
    """Do and De of `alpha`, and the number of pairable values. Do is 0 without pairs, De without two values."""
    counts, _ = _pairable(grid)
    times = np.ones(len(counts)) if grid.times is None else grid.times
    margins = times @ counts
    total = float(margins.sum())
    table = _between_ranks(margins) if distance == "ordinal" else distances(grid.values, distance)
    observed, expected = float(times @ _within(grid, table)), float(margins @ table @ margins)
    return AlphaParts(observed / max(total, 1.0), expected / max(total * (total - 1), 1.0), round(total))


def distances(values: Sequence[Value], distance: Distance) -> Array:
    """Value × value: how far apart two values are; 0 for a value and itself."""
    if distance == "nominal":
        return 1.0 - np.eye(len(values))
    if distance in ("interval", "ratio"):
        numbers = np.array([_number(value) for value in values])
        gap = numbers[:, None] - numbers
        if distance == "interval":
            return np.asarray(gap**2)
        return np.nan_to_num(ratio(gap, numbers[:, None] + numbers)) ** 2
    return _between_sets([_set(value) for value in values], distance)


def jaccard(one: Codes, other: Codes) -> float:
    """1 - |A ∩ B| / |A ∪ B| (Jaccard 1912); two empty sets are alike: 0."""
    return 1 - len(one & other) / len(one | other) if one | other else 0.0


def masi(one: Codes, other: Codes) -> float:
    """1 - Jaccard index × monotonicity (Passonneau 2006, LREC).

    Monotonicity is 1 for equal sets, 2/3 if one holds the other, 1/3 if they overlap, 0 if they share nothing.
    """
    if one == other:
        return 0.0
    if not one & other:
        return 1.0
    monotonicity = 2 / 3 if one <= other or other <= one else 1 / 3
    return 1 - len(one & other) / len(one | other) * monotonicity


def hamming(one: Codes, other: Codes) -> float:
    """|A △ B|: how many codes only one of the two holds. A constant factor would not change alpha."""
    return float(len(one ^ other))


def _pairable(grid: Grid) -> tuple[Array, Mask]:
    """The counts by unit and value with the rows of units under two values emptied, and which units have two."""
    counts = grid.counts()
    pairable = counts.sum(axis=1) >= 2
    return np.where(pairable[:, None], counts, 0.0), pairable


def _within(grid: Grid, table: Array) -> Array:
    """By unit: the distances of its ordered pairs over (m - 1)."""
    sums = np.zeros(len(grid.cells))
    for one, other in permutations(grid.cells.T, 2):
        rows = np.flatnonzero((one != MISSING) & (other != MISSING))
        sums[rows] += table[one[rows], other[rows]]
    return np.asarray(sums / np.maximum((grid.cells != MISSING).sum(axis=1) - 1, 1))


def _formula(table: Array) -> Callable[[Array], Array]:
    def formula(sums: Array) -> Array:
        observed, margins = sums[..., 0], sums[..., 1:]
        expected = ((margins @ table) * margins).sum(axis=-1)
        return 1 - ratio(observed * (margins.sum(axis=-1) - 1), expected)

    return formula


def _nominal(sums: Array) -> Array:
    """`_formula` where all values are equally far apart, without a table of them."""
    observed, margins = sums[..., 0], sums[..., 1:]
    total = margins.sum(axis=-1)
    return 1 - ratio(observed * (total - 1), total**2 - (margins**2).sum(axis=-1))


def _coincidences(counts: Array) -> Array:
    """By unit: its value × value coincidences, flattened. Ranks move with the margins, so distances cannot be fixed."""
    weight = np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])
    return np.asarray((pairs / weight).reshape(len(counts), counts.shape[1] ** 2))


def _ordinal(size: int) -> Callable[[Array], Array]:
    def formula(sums: Array) -> Array:
        table = sums.reshape(*sums.shape[:-1], size, size)
        margins = table.sum(axis=-1)
        apart = _between_ranks(margins)
        observed = (table * apart).sum(axis=(-2, -1))
        expected = (margins[..., :, None] * margins[..., None, :] * apart).sum(axis=(-2, -1))
        return 1 - ratio(observed * (margins.sum(axis=-1) - 1), expected)

    return formula


def _between_ranks(margins: Array) -> Array:
    """Ordinal distances: (sum of n_g for g from c to k, less half of n_c and of n_k) squared: gaps of midranks."""
    middles = np.cumsum(margins, axis=-1) - margins / 2
    return np.asarray((middles[..., :, None] - middles[..., None, :]) ** 2)


def _between_sets(sets: Sequence[Codes], distance: Distance) -> Array:
    """`jaccard`, `masi` or `hamming` of each set and each, in few steps for hundreds of sets."""
    place = {code: number for number, code in enumerate(sorted(frozenset[str]().union(*sets)))}
    holds = np.zeros((len(sets), len(place)))
    for row, codes in enumerate(sets):
        holds[row, [place[code] for code in codes]] = 1
    sizes, both = holds.sum(axis=1), holds @ holds.T
    smaller, larger = np.minimum(sizes[:, None], sizes), np.maximum(sizes[:, None], sizes)
    either = sizes[:, None] + sizes - both
    if distance == "hamming":
        return np.asarray(either - both)
    alike = np.where(either > 0, both / np.maximum(either, 1), 1.0)
    if distance == "masi":
        alike *= np.where(both == larger, 1.0, np.where(both == 0, 0.0, np.where(both == smaller, 2 / 3, 1 / 3)))
    return np.asarray(1 - alike)


def _number(value: Value) -> float:
    if isinstance(value, str | frozenset):
        raise TypeError(f"not a number on a scale: {value!r}")
    return float(value)


def _set(value: Value) -> Codes:
    if not isinstance(value, frozenset):
        raise TypeError(f"not a set of codes: {value!r}")
    return value
