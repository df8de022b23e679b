"""Agreement of coders on one value per unit, corrected for chance: a grid in, a statistic out. Pure.

All are (po - pe) / (1 - pe) and differ in pe, what chance would give. None is defined on data in which only one value
occurs: there is nothing to tell apart. Coefficients of two coders (`cohen`, `scott`) take the first two of the grid and
the units both coded; the others take any number of coders and units with missing values (Gwet 2014, Handbook of
Inter-Rater Reliability, 4th ed.): po over units with two ratings or more, shares over all that were rated.
Krippendorff's alpha stands in `eval.alpha`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import sqrt
from typing import Literal

import numpy as np

from eval.ratings import MISSING, Array, Grid, Numbers
from eval.statistic import Formula, Statistic, mean, ratio, statistic

Weights = Literal["none", "linear", "quadratic"]


def cohen(grid: Grid, weights: Weights = "none") -> Statistic:
    """Cohen's kappa (Cohen 1960, EPM 20), pe from each coder's own shares; weighted as in Cohen 1968.

    `linear` and `quadratic` take the order of `grid.values` as equal steps.
    """
    size, both = len(grid.values), grid.both()
    table = _steps(size, weights)

    def formula(sums: Array) -> Array:
        first, second = sums[..., 1 : size + 1], sums[..., size + 1 :]
        expected = ((first @ table) * second).sum(axis=-1)
        return 1 - ratio(sums[..., 0] * first.sum(axis=-1), expected)

    one, other = grid.cells[:, 0], grid.cells[:, 1]
    tallies = np.column_stack([table[one, other], _marks(one, size), _marks(other, size)])
    return statistic(tallies, both, grid.documents, formula, times=grid.times)


def light(grid: Grid) -> Statistic:
    """Mean of Cohen's kappa over all pairs of coders (Light 1971, Psychological Bulletin 76), of the defined ones."""
    return mean([cohen(grid.pair(*pair)) for pair in combinations(range(grid.cells.shape[1]), 2)])


def scott(grid: Grid) -> Statistic:
    """Scott's pi (Scott 1955, POQ 19): two coders, pe from their pooled shares."""
    both = grid.both()
    cells = np.where(both[:, None], grid.cells[:, :2], MISSING)
    return fleiss(Grid(grid.values, cells, grid.documents, grid.times))


def fleiss(grid: Grid) -> Statistic:
    """Fleiss' kappa (Fleiss 1971, Psychological Bulletin 76), pe = sum of pooled shares squared."""
    return _pooled(grid, lambda shares: (shares**2).sum(axis=-1))


def fleiss_by_value(grid: Grid) -> dict[str, Statistic]:
    """Fleiss' kappa of each value against all others (Fleiss 1971), by the value as text."""
    every = {}
    for place, value in enumerate(grid.values):
        cells = np.where(grid.cells == MISSING, MISSING, (grid.cells == place).astype(np.int64))
        every[str(value)] = fleiss(Grid((False, True), cells, grid.documents, grid.times))
    return every


def ac1(grid: Grid) -> Statistic:
    """Gwet's AC1 (Gwet 2008, BJMSP 61), pe = sum of share (1 - share) over (q - 1), q values on the scale.

    Rewards shared absence: high on codes that nobody gives, even where no positive is shared. Never alone.
    """
    size = len(grid.values)
    return _pooled(grid, lambda shares: (shares * (1 - shares)).sum(axis=-1) / max(size - 1, 1))


def brennan_prediger(grid: Grid) -> Statistic:
    """Brennan and Prediger's kappa (1981, EPM 41), pe = 1/q for q values on the scale, used or not.

    For yes and no it is PABAK (Byrt, Bishop & Carlin 1993), 2 po - 1; for many coders Randolph's free-marginal kappa
    (2005).
    """
    size = len(grid.values)
    return _pooled(grid, lambda shares: np.full(shares.shape[:-1], 1 / size))


def conger(grid: Grid) -> Statistic:
    """Conger's kappa (Conger 1980, Psychological Bulletin 88): Cohen's for many coders, pe from each one's own shares.

    pe = sum over values of (mean share)^2 - (variance of the coders' shares) / number of coders.
    """
    size, coders = len(grid.values), grid.cells.shape[1]
    marks = np.hstack([_marks(column, size) for column in grid.cells.T])

    def formula(sums: Array) -> Array:
        given = sums[..., 2:].reshape(*sums.shape[:-1], coders, size)
        shares = ratio(given, np.broadcast_to(given.sum(axis=-1, keepdims=True), given.shape))
        spread = shares.var(axis=-2) / max(coders - 1, 1)
        return _corrected(ratio(sums[..., 0], sums[..., 1]), (shares.mean(axis=-2) ** 2 - spread).sum(axis=-1))

    agreed, pairable = _agreed(grid.counts())
    rated = (grid.cells != MISSING).any(axis=1)
    tallies = np.column_stack([agreed, pairable, marks])
    return statistic(tallies, rated, grid.documents, formula, problem=_problem(grid), times=grid.times)


def kappa_max(table: Array) -> float | None:
    """The largest kappa that the two coders' shares allow (Cohen 1960); None where kappa is undefined."""
    shares = table / table.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    best, chance = float(np.minimum(rows, columns).sum()), float(rows @ columns)
    return None if chance == 1 else (best - chance) / (1 - chance)


def cohen_error(table: Array) -> float | None:
    """Large-sample standard error of Cohen's kappa (Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72).

    Units are taken as independent. `table` counts the units by first coder's value × second coder's. None where kappa
    is undefined.
    """
    total = float(table.sum())
    shares = table / total
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    same, chance = float(np.trace(shares)), float(rows @ columns)
    if chance == 1:
        return None
    kappa = (same - chance) / (1 - chance)
    on = float((np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    weight = (columns[:, None] + rows) ** 2
    off = float((shares * weight).sum() - (np.diag(shares) * np.diag(weight)).sum()) * (1 - kappa) ** 2
    return sqrt((on + off - (kappa - chance * (1 - kappa)) ** 2) / total) / (1 - chance)


def ac1_error(grid: Grid) -> float | None:
    """Standard error of AC1 over units taken as independent (Gwet 2008, 2014: linearised); None where undefined."""
    found = ac1(grid).value()
    counts = grid.counts()
    if grid.times is not None:
        counts = np.repeat(counts, grid.times.astype(np.int64), axis=0)
    counts = counts[counts.sum(axis=1) > 0]
    if found is None:
        return None
    agreed, pairable = _agreed(counts)
    units, size = len(counts), counts.shape[1]
    shares = counts / counts.sum(axis=1, keepdims=True)
    pooled = shares.mean(axis=0)
    chance = float((pooled * (1 - pooled)).sum()) / (size - 1)
    own = units / pairable.sum() * (agreed - chance * pairable) / (1 - chance)
    expected = shares @ (1 - pooled) / (size - 1)
    lines = own - 2 * (1 - found) * (expected - chance) / (1 - chance)
    return sqrt(float(((lines - found) ** 2).sum()) / (units * (units - 1)))


def contingency(grid: Grid) -> Array:
    """First coder's value × second coder's: how many units; those that both coded."""
    table = np.zeros((len(grid.values), len(grid.values)))
    cells = grid.cells[grid.both()]
    np.add.at(table, (cells[:, 0], cells[:, 1]), 1 if grid.times is None else grid.times[grid.both()])
    return table


def _steps(size: int, weights: Weights) -> Array:
    """Value × value: the weight of a disagreement."""
    places = np.arange(size)
    gap = np.abs(places[:, None] - places).astype(np.float64)
    if weights == "none":
        return np.asarray((gap > 0).astype(np.float64))
    return gap if weights == "linear" else np.asarray(gap**2)


def _marks(column: Numbers, size: int) -> Array:
    """Unit × value: 1 where the coder gave the unit that value."""
    return np.asarray((column[:, None] == np.arange(size)).astype(np.float64))


def _agreed(counts: Array) -> tuple[Array, Array]:
    """By unit: the share of its pairs of coders who agree (0 without pairs), and 1 where there are pairs."""
    coders = counts.sum(axis=1)
    pairs = coders * (coders - 1)
    return (counts * (counts - 1)).sum(axis=1) / np.maximum(pairs, 1), (pairs > 0).astype(np.float64)


def _corrected(agreed: Array, chance: Array) -> Array:
    return ratio(agreed - chance, 1 - chance)


def _pooled(grid: Grid, chance: Callable[[Array], Array]) -> Statistic:
    """A coefficient whose pe depends on the pooled shares of the values."""
    counts = grid.counts()
    coders = counts.sum(axis=1)
    agreed, pairable = _agreed(counts)
    shares = counts / np.maximum(coders, 1)[:, None]
    rated = np.asarray(coders > 0)
    tallies = np.column_stack([agreed, pairable, rated, shares])
    formula = _pooled_formula(chance)
    return statistic(tallies, rated, grid.documents, formula, problem=_problem(grid), times=grid.times)


def _pooled_formula(chance: Callable[[Array], Array]) -> Formula:
    def formula(sums: Array) -> Array:
        shares = ratio(sums[..., 3:], np.broadcast_to(sums[..., 2:3], sums[..., 3:].shape))
        return _corrected(ratio(sums[..., 0], sums[..., 1]), chance(shares))

    return formula


def _problem(grid: Grid) -> str:
    """What a formula cannot see: too few units with two ratings, or only one value in use."""
    counts = grid.counts()
    pairable = counts.sum(axis=1) >= 2
    if (pairable.sum() if grid.times is None else grid.times[pairable].sum()) < 2:
        return "too_few"
    return "no_variation" if np.count_nonzero(counts.sum(axis=0)) < 2 else ""
