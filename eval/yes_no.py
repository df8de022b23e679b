"""One code, yes or no, by two coders or more: a grid of (False, True) in, statistics and tests out. Pure.

For two coders a, b, c, d count the units: both gave the code, the first only, the second only, neither. Where the
coders have parts, the first is the gold standard and the second is judged. For more coders the four are sums over all
pairs. Units that fewer than two coders coded are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, erfc, sqrt
from typing import NamedTuple

import numpy as np

from eval.ratings import Array, Grid, Mask
from eval.statistic import Bounds, Statistic, ratio, statistic

EXACT_BELOW = 25  # discordant units under which McNemar's test is exact
_SHARE = (0.0, 1.0)


class Four(NamedTuple):
    """The four cells of a 2 × 2 table, one number each or one per resample."""

    a: Array
    b: Array
    c: Array
    d: Array


@dataclass(frozen=True, slots=True)
class McNemar:
    """Whether two coders give a code equally often. p-values are two-sided; `p_exact` only under 25 discordant units.

    `p` is the one to print: exact where there is one, else without correction.
    """

    first_only: int
    second_only: int
    chi2: float
    chi2_corrected: float
    p_chi2: float
    p_corrected: float
    p_exact: float | None

    @property
    def p(self) -> float:
        """The p-value to print."""
        return self.p_chi2 if self.p_exact is None else self.p_exact


def positive_agreement(grid: Grid) -> Statistic:
    """2a / (2a + b + c): agreement on giving the code (Spitzer & Fleiss 1974; Cicchetti & Feinstein 1990).

    For two coders it is F1. Undefined: not_used, when nobody gave the code.
    """
    return _pairs(grid, lambda n: ratio(2 * n.a, 2 * n.a + n.b + n.c), "not_used")


def negative_agreement(grid: Grid) -> Statistic:
    """2d / (2d + b + c): agreement on not giving the code. Undefined: always_used, if all gave it everywhere."""
    return _pairs(grid, lambda n: ratio(2 * n.d, 2 * n.d + n.b + n.c), "always_used")


def holsti(grid: Grid) -> Statistic:
    """2M / (N1 + N2): decisions on which two coders agree over all decisions (Holsti 1969, p. 140).

    Both decide yes or no on the same units, so it is the share of agreement; for more coders its mean over pairs of
    ratings. Not corrected for chance.
    """
    return _pairs(grid, lambda n: ratio(n.a + n.d, n.a + n.b + n.c + n.d), "too_few")


def composite_reliability(agreement: float, coders: int) -> float:
    """n K / (1 + (n - 1) K) from the mean agreement K of n coders taken two by two (Holsti 1969, p. 137).

    The same as Spearman and Brown's step-up; it grows with n and says nothing about any one coder.
    """
    return coders * agreement / (1 + (coders - 1) * agreement)


def precision(grid: Grid) -> Statistic:
    """a / (a + c): of the units the second coder gave the code to, the share that the first did too."""
    return _two(grid, lambda n: ratio(n.a, n.a + n.c), "not_used")


def recall(grid: Grid) -> Statistic:
    """a / (a + b): of the units the first coder gave the code to, the share that the second did too."""
    return _two(grid, lambda n: ratio(n.a, n.a + n.b), "not_used")


def prevalence_index(grid: Grid) -> Statistic:
    """(a - d) / n: near -1 for rare codes, near 1 for codes given nearly everywhere (Byrt, Bishop & Carlin 1993)."""
    return _two(grid, lambda n: ratio(n.a - n.d, n.a + n.b + n.c + n.d), "too_few", (-1.0, 1.0))


def bias_index(grid: Grid) -> Statistic:
    """(b - c) / n: above 0 when the first coder gives the code more often (Byrt, Bishop & Carlin 1993)."""
    return _two(grid, lambda n: ratio(n.b - n.c, n.a + n.b + n.c + n.d), "too_few", (-1.0, 1.0))


def frequency_ratio(grid: Grid) -> Statistic:
    """(a + c) / (a + b): how many times as often the second coder gives the code. not_used if the first never does."""
    return _two(grid, lambda n: ratio(n.a + n.c, n.a + n.b), "not_used", (0.0, np.inf))


def four(grid: Grid) -> tuple[int, int, int, int]:
    """a, b, c, d of the first two coders."""
    table = _table(grid)
    a, b, c, d = table.sum(axis=0) if grid.times is None else grid.times @ table
    return int(a), int(b), int(c), int(d)


def mcnemar(first_only: int, second_only: int) -> McNemar | None:
    """McNemar's test (1947) of the discordant units b and c; None when there are none.

    chi2 = (b - c)^2 / (b + c) with one degree of freedom; corrected as by Edwards 1948, (|b - c| - 1)^2 / (b + c);
    exact: binomial with 1/2. Units are taken as independent: clustering in documents is not seen.
    """
    total, gap = first_only + second_only, abs(first_only - second_only)
    if not total:
        return None
    plain, corrected = gap**2 / total, max(gap - 1, 0) ** 2 / total
    tail = sum(comb(total, k) for k in range(min(first_only, second_only) + 1)) / 2**total if total < EXACT_BELOW else 0
    exact = min(1.0, 2 * tail) if total < EXACT_BELOW else None
    return McNemar(first_only, second_only, plain, corrected, _chi2_above(plain), _chi2_above(corrected), exact)


def _chi2_above(value: float) -> float:
    """P(chi-square with one degree of freedom > value)."""
    return erfc(sqrt(value / 2))


def _table(grid: Grid) -> Array:
    """By unit: a, b, c, d of the first two coders; zeros where one of them did not code it."""
    one, other = grid.cells[:, 0], grid.cells[:, 1]
    return np.column_stack([(one == x) & (other == y) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]).astype(np.float64)


def _two(grid: Grid, formula: Callable[[Four], Array], undefined: str, bounds: Bounds = _SHARE) -> Statistic:
    return _statistic(grid, _table(grid), grid.both(), formula, undefined, bounds)


def _pairs(grid: Grid, formula: Callable[[Four], Array], undefined: str) -> Statistic:
    """Over all pairs of coders. Which of a pair comes first makes no difference: b and c are half of b + c each."""
    no, yes = grid.counts().T
    tallies = np.column_stack([yes * (yes - 1) / 2, yes * no / 2, yes * no / 2, no * (no - 1) / 2])
    return _statistic(grid, tallies, np.asarray(yes + no >= 2), formula, undefined, _SHARE)


def _statistic(
    grid: Grid, tallies: Array, counted: Mask, formula: Callable[[Four], Array], undefined: str, bounds: Bounds
) -> Statistic:
    def over(sums: Array) -> Array:
        return formula(Four(*np.moveaxis(sums, -1, 0)))

    return statistic(
        tallies, counted, grid.documents, over, least=1, undefined=undefined, bounds=bounds, times=grid.times
    )
