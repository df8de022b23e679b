"""How sure a figure is when units stand in documents: a statistic in, an interval out; and sample sizes. Pure.

Units of one document resemble each other, so documents are what is drawn, never units. Same data, seed and key give
the same interval, whatever was computed before and however documents are named or ordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, sqrt
from statistics import NormalDist
from zlib import crc32

import numpy as np
from scipy import special

from eval.ratings import Array, Numbers
from eval.statistic import Statistic

LEAST_DOCUMENTS = 5  # under these no interval
BOOTSTRAP_FROM = 20  # documents from which the cluster bootstrap's coverage holds; under them the jackknife
RESAMPLES = 2000
CONFIDENCE = 0.95
HALF_WIDTH = 0.10
_DEFINED = 0.95  # share of resamples that must have a value
_CELLS = 4_000_000  # numbers drawn, or summed, at a time
_NARROW = 12  # columns
_MANY = 500  # documents


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval, or None twice and in `status` why there is none."""

    low: float | None
    high: float | None
    method: str
    status: str = "ok"


@dataclass(frozen=True, slots=True)
class Clustering:
    """What clustering costs: variance over documents by variance over units, and units so many worth."""

    design_effect: float
    effective_units: float


def interval(statistic: Statistic, key: str, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """The 95% interval of a statistic over documents, cut at the statistic's bounds.

    From 20 documents on the percentiles of a cluster bootstrap, under 20 a delete-one-document jackknife with t of
    J - 1 degrees of freedom. `key` names the figure (metric and code): its random numbers are its own. No interval:
    `undefined` statistic; `too_few_documents` under 5; `unstable` when the figure has no value without some document,
    or in more than 5% of the resamples; `no_spread` when it is the same whatever documents are drawn.
    """
    return intervals([statistic], key, seed, resamples)[0]


def intervals(
    statistics: Sequence[Statistic], key: str, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Interval, ...]:
    """What `interval` gives for each of several statistics of one key, whose random numbers are drawn only once."""
    found: dict[int, Interval] = {}
    drawing: dict[tuple[int, ...], list[tuple[int, Array]]] = {}  # by how often each row of sums occurs
    for place, statistic in enumerate(statistics):
        sums = np.empty((0, 0)) if statistic.problem else statistic.by_document()
        if statistic.problem:
            found[place] = Interval(None, None, "none", "undefined")
        elif len(sums) < LEAST_DOCUMENTS:
            found[place] = Interval(None, None, "none", "too_few_documents")
        elif len(sums) < BOOTSTRAP_FROM:
            found[place] = _jackknife(statistic, sums)
        else:
            kinds, times = _kinds(sums)
            drawing.setdefault(tuple(times.tolist()), []).append((place, kinds))
    for often, members in drawing.items():
        draws = np.random.default_rng([seed, crc32(key.encode())])
        values = _bootstrap([(statistics[place], kinds) for place, kinds in members], often, draws, resamples)
        found |= {
            place: _percentiles(statistics[place], each) for (place, _), each in zip(members, values, strict=True)
        }
    return tuple(found[place] for place in range(len(statistics)))


def jackknife_error(statistic: Statistic, sums: Array) -> float | None:
    """sqrt((J - 1)/J × sum of (figure without document i - their mean)^2) over the J rows of `sums`; None if undefined.

    Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 11.
    """
    count = len(sums)
    values = statistic.formula(sums.sum(axis=0) - sums)
    if count < 2 or np.isnan(values).any():
        return None
    return sqrt((count - 1) / count * float(((values - values.mean()) ** 2).sum()))


def clustering(statistic: Statistic) -> Clustering | None:
    """The design effect (Kish 1965): jackknife variance over documents by jackknife variance over units.

    None where either is undefined or there are fewer than 5 documents.
    """
    sums = statistic.by_document()
    units = statistic.singly()
    if statistic.problem or len(sums) < LEAST_DOCUMENTS:
        return None
    over_documents, over_units = jackknife_error(statistic, sums), jackknife_error(statistic, units)
    if not over_documents or not over_units:
        return None
    effect = (over_documents / over_units) ** 2
    return Clustering(effect, len(units) / effect)


def more_documents(low: float, high: float, documents: int, half_width: float = HALF_WIDTH) -> int:
    """How many more documents like these bring the interval to ± `half_width`; 0 if it is there.

    Takes the error to shrink with the square root of the number of documents, and t with it.
    """
    spread = (high - low) / 2 * sqrt(documents) / _t(documents)
    wanted = documents
    while _t(wanted) * spread / sqrt(wanted) > half_width + 1e-12:
        wanted = max(wanted + 1, ceil((1.96 * spread / half_width) ** 2))
    return wanted - documents


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95% score interval of a proportion (Wilson 1927, JASA 22); `total` at least 1."""
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    share, scale = hits / total, 1 + z**2 / total
    middle = (share + z**2 / (2 * total)) / scale
    half = z / scale * sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def clopper_pearson(hits: int, total: int) -> tuple[float, float]:
    """95% exact interval of a proportion (Clopper & Pearson 1934, Biometrika 26); `total` at least 1."""
    tail = (1 - CONFIDENCE) / 2
    low = float(special.betaincinv(hits, total - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, total - hits, 1 - tail)) if hits < total else 1.0
    return low, high


def units_needed(alpha: float, share: float, significance: float = 0.05) -> float:
    """Independent units to test with two coders whether a code given to a `share` of units reaches `alpha`.

    n = 2 z^2 ((1 + a)(3 - a) / (4 (1 - a) p (1 - p)) - a), z one-sided: gives the sizes that ATLAS.ti's manual
    prints (139 for alpha .8, 81 for .667, share .25). Round up, and times the design effect where units
    stand in documents.
    """
    z = NormalDist().inv_cdf(1 - significance)
    return 2 * z**2 * ((1 + alpha) * (3 - alpha) / (4 * (1 - alpha) * share * (1 - share)) - alpha)


def _jackknife(statistic: Statistic, sums: Array) -> Interval:
    method = f"delete-one-document jackknife, t({len(sums) - 1})"
    error, value = jackknife_error(statistic, sums), float(statistic.formula(sums.sum(axis=0)))
    if error is None:
        return Interval(None, None, method, "unstable")
    half = _t(len(sums)) * error
    return _cut(statistic, value - half, value + half, method)


def _bootstrap(
    members: Sequence[tuple[Statistic, Array]], times: tuple[int, ...], random: np.random.Generator, resamples: int
) -> list[Array]:
    """The values of statistics, each with its sums by kind of document, over the same draws of documents."""
    columns = np.hstack([kinds for _, kinds in members])
    cuts = list(accumulate(kinds.shape[1] for _, kinds in members))[:-1]
    step = max(1, _CELLS // max(sum(times), columns.shape[1]))
    values: list[list[Array]] = [[] for _ in members]
    for start in range(0, resamples, step):
        weights = _drawn(np.array(times, dtype=np.int64), min(step, resamples - start), random)
        parts = np.split(_product(weights, columns), cuts, axis=-1)
        for (statistic, _), part, held in zip(members, parts, values, strict=True):
            held.append(statistic.formula(part))
    return [np.concatenate(held) for held in values]


def _percentiles(statistic: Statistic, found: Array) -> Interval:
    method = f"cluster bootstrap, {len(found)} resamples, percentile"
    defined = found[~np.isnan(found)]
    if len(defined) < _DEFINED * len(found):
        return Interval(None, None, method, "unstable")
    low, high = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return _cut(statistic, float(low), float(high), method)


def _kinds(sums: Array) -> tuple[Array, Numbers]:
    """The rows that differ and how often each occurs; many documents of few kinds need not be drawn one by one."""
    firsts = np.flatnonzero(np.append(True, (np.diff(sums, axis=0) != 0).any(axis=1)))
    if len(sums) < _MANY or len(firsts) > len(sums) / 10:
        return sums, np.ones(len(sums), dtype=np.int64)
    return sums[firsts], np.diff(np.append(firsts, len(sums)))


def _drawn(times: Numbers, count: int, random: np.random.Generator) -> Array:
    """`count` draws of as many documents as there are, with replacement: how often each kind comes up in each draw."""
    documents, kinds = int(times.sum()), len(times)
    if kinds < documents:
        return random.multinomial(documents, times / documents, size=count).astype(np.float64)
    drawn = random.integers(documents, size=(count, documents)) + documents * np.arange(count)[:, None]
    return np.bincount(drawn.ravel(), minlength=count * documents).reshape(count, documents).astype(np.float64)


def _product(weights: Array, sums: Array) -> Array:
    """weights @ sums. The threads that a matrix product starts cost more than they save where there are few columns."""
    return weights @ sums if sums.shape[1] > _NARROW else np.stack([weights @ column for column in sums.T], axis=-1)


def _cut(statistic: Statistic, low: float, high: float, method: str) -> Interval:
    """The interval within the statistic's bounds. One without width would claim a certainty that no sample gives."""
    if high - low < 1e-9:
        return Interval(None, None, method, "no_spread")
    least, most = statistic.bounds
    return Interval(max(low, least), min(high, most), method)


def _t(documents: int) -> float:
    """The t quantile for a 95% interval with documents - 1 degrees of freedom."""
    return float(special.stdtrit(documents - 1, 0.5 + CONFIDENCE / 2))
