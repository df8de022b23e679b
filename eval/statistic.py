"""A figure that depends on the data only through sums over units: tallies and a formula in, values out. Pure.

Every coefficient here is of this kind. So a resample of documents is a weighted sum of their tallies, thousands of
resamples are one matrix product, and the difference of two figures is again such a figure, on the same resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from eval.ratings import Array, Mask, Numbers

Formula = Callable[[Array], Array]  # sums (…, k) to values (…), NaN where undefined
Bounds = tuple[float, float]

_NOTHING = 1e-12  # a denominator this small is zero with rounding in it


@dataclass(frozen=True, slots=True, eq=False)
class Statistic:
    """Tallies by unit, the formula over their sum, and why it has no value, if it has none.

    `problem`: "" or too_few, no_variation, not_used, no_disagreement …
    """

    tallies: Array  # unit × what is summed; rows of units that do not count are zero
    counted: Mask  # the units that count
    documents: Numbers  # of each unit
    formula: Formula
    problem: str = ""
    bounds: Bounds = (-np.inf, 1.0)
    times: Array | None = None  # how many like units a row sums; None: one each
    seen: Mask | None = None  # where the rows are whole documents: the units that count

    @property
    def units(self) -> int:
        """How many units count."""
        return _many(self.counted, self.times) if self.seen is None else int(self.seen.sum())

    def singly(self) -> Array:
        """The tallies of the units that count, a row for each unit. ValueError if the rows are whole documents."""
        if self.seen is not None:
            raise ValueError("units that were summed to documents cannot be told apart")
        tallies = self.tallies[self.counted]
        if self.times is None:
            return tallies
        times = self.times[self.counted]
        return np.repeat(tallies / times[:, None], times.astype(np.int64), axis=0)

    def value(self) -> float | None:
        """The figure over all units, None where it is undefined."""
        return None if self.problem else float(self.formula(self.tallies.sum(axis=0)))

    def by_document(self) -> Array:
        """Document × what is summed, for documents with units that count.

        The rows are sorted by what they hold, so that neither the names nor the order of documents can change an
        interval.
        """
        documents, tallies = self.documents, self.tallies
        if not self.counted.all():
            documents, tallies = documents[self.counted], tallies[self.counted]
        if (np.diff(documents) < 0).any():
            order = np.argsort(documents, kind="stable")
            documents, tallies = documents[order], tallies[order]
        starts = np.flatnonzero(np.diff(documents, prepend=documents[:1] - 1))
        sums = np.add.reduceat(tallies, starts, axis=0) if len(starts) else tallies
        return np.asarray(sums[np.lexsort(np.round(sums, 9).T[::-1])])


def statistic(
    tallies: Array,
    counted: Mask,
    documents: Numbers,
    formula: Formula,
    *,
    problem: str = "",
    least: int = 2,
    undefined: str = "no_variation",
    bounds: Bounds = (-np.inf, 1.0),
    times: Array | None = None,
) -> Statistic:
    """A statistic that knows its problem: the one given, else too_few under `least` units that count, else `undefined`
    where the formula has no value. `tallies` are of one unit each, also where a row stands for several (`times`).
    """
    tallies = tallies if times is None else tallies * times[:, None]
    kept = tallies if counted.all() else np.where(counted[:, None], tallies, 0.0)
    if not problem and _many(counted, times) < least:
        problem = "too_few"
    elif not problem and np.isnan(formula(kept.sum(axis=0))):
        problem = undefined
    return Statistic(kept, counted, documents, formula, problem, bounds, times)


def ratio(top: Array, bottom: Array) -> Array:
    """top / bottom, NaN where the bottom is zero."""
    safe = np.abs(bottom) > _NOTHING
    return np.where(safe, top / np.where(safe, bottom, 1.0), np.nan)


def mean(parts: Sequence[Statistic]) -> Statistic:
    """The mean of statistics over the same units, of those that are defined."""
    defined = [part for part in parts if not part.problem] or list(parts)
    return _joined(defined, lambda values: np.mean(values, axis=0), parts[0].bounds)


def mean_value(parts: Iterable[Statistic]) -> float | None:
    """The value of `mean`, which may be taken over different units."""
    values = [value for part in parts if (value := part.value()) is not None]
    return float(np.mean(values)) if values else None


def difference(first: Statistic, second: Statistic) -> Statistic:
    """`first` minus `second`, statistics over the same units: paired, as both are taken from one resample."""
    width = first.bounds[1] - first.bounds[0]
    return _joined([first, second], lambda values: values[0] - values[1], (-width, width))


def _joined(parts: Sequence[Statistic], join: Callable[[Array], Array], bounds: Bounds) -> Statistic:
    cuts = list(accumulate(part.tallies.shape[1] for part in parts))[:-1]

    def formula(sums: Array) -> Array:
        pieces = np.split(sums, cuts, axis=-1)
        return join(np.stack([part.formula(piece) for part, piece in zip(parts, pieces, strict=True)]))

    return Statistic(
        np.hstack([part.tallies for part in parts]),
        np.asarray(np.any([part.counted for part in parts], axis=0)),
        parts[0].documents,
        formula,
        next((part.problem for part in parts if part.problem), ""),
        bounds,
        parts[0].times,
        _either([part.seen for part in parts if part.seen is not None]),
    )


def _either(masks: Sequence[Mask]) -> Mask | None:
    return np.asarray(np.any(masks, axis=0)) if masks else None


def _many(counted: Mask, times: Array | None) -> int:
    return int(counted.sum() if times is None else times[counted].sum())
