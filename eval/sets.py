"""Whole sets of codes of two coders, the first the gold standard: ratings in, statistics out. Pure.

Only units that both coded count. One rule holds throughout: a unit to which neither gives a code is a unit on which
they agree, so its Jaccard index and its F1 are 1. None of these is corrected for chance; for that, `eval.alpha.alpha`
on `Ratings.sets()`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eval.alpha import hamming, jaccard
from eval.ratings import Array, Codes, Mask, Numbers, Ratings
from eval.statistic import Statistic, ratio, statistic

_SHARE = (0.0, 1.0)


def exact_sets(ratings: Ratings) -> Statistic:
    """The share of units with the same set of codes."""
    return _mean_over_units(ratings, lambda gold, given: float(gold == given))


def jaccard_mean(ratings: Ratings) -> Statistic:
    """The mean over units of |A ∩ B| / |A ∪ B|."""
    return _mean_over_units(ratings, lambda gold, given: 1 - jaccard(gold, given))


def f1_samples(ratings: Ratings) -> Statistic:
    """The mean over units of 2 |A ∩ B| / (|A| + |B|)."""

    def f1(gold: Codes, given: Codes) -> float:
        return 2 * len(gold & given) / (len(gold) + len(given)) if gold or given else 1.0

    return _mean_over_units(ratings, f1)


def hamming_accuracy(ratings: Ratings, codes: Sequence[str]) -> Statistic:
    """The share of yes/no decisions on `codes` that agree. Rises with every code that nobody uses: never a headline."""
    return _mean_over_units(ratings, lambda gold, given: 1 - hamming(gold, given) / len(codes))


def precision_micro(ratings: Ratings) -> Statistic:
    """Hits over all codes the second coder gave, all codes pooled. Undefined: not_used, when none was given."""
    return _pooled(ratings, lambda hit, missed, added: ratio(hit, hit + added))


def recall_micro(ratings: Ratings) -> Statistic:
    """Hits over all codes the first coder gave, all codes pooled. Undefined: not_used, when none was given."""
    return _pooled(ratings, lambda hit, missed, added: ratio(hit, hit + missed))


def f1_micro(ratings: Ratings) -> Statistic:
    """2 hits / (2 hits + missed + added), all codes pooled.

    Also Holsti's 2M / (N1 + N2) when each code given is a decision. Undefined: not_used, when no code was given.
    """
    return _pooled(ratings, lambda hit, missed, added: ratio(2 * hit, 2 * hit + missed + added))


def f1_macro(ratings: Ratings) -> Statistic:
    """The mean of F1 over the codes that either coder used. Undefined: not_used, when no code was given.

    A resample in which a code does not occur takes the mean over the others.
    """
    rows, counted, documents = _both(ratings)
    codes = sorted({code for row in rows for codes in row for code in codes})
    tallies = np.array(
        [[[code in gold and code in given, code in gold, code in given] for code in codes] for gold, given in rows]
    ).reshape(len(rows), 3 * len(codes))

    def formula(sums: Array) -> Array:
        hits, gold, given = np.moveaxis(sums.reshape(*sums.shape[:-1], len(codes), 3), -1, 0)
        scores = ratio(2 * hits, gold + given)
        used = ~np.isnan(scores)
        return ratio(np.where(used, scores, 0.0).sum(axis=-1), used.sum(axis=-1).astype(np.float64))

    return statistic(
        tallies.astype(np.float64), counted, documents, formula, least=1, undefined="not_used", bounds=_SHARE
    )


def _mean_over_units(ratings: Ratings, alike: Callable[[Codes, Codes], float]) -> Statistic:
    rows, counted, documents = _both(ratings)
    tallies = np.array([[alike(gold, given), 1.0] for gold, given in rows]).reshape(len(rows), 2)

    def formula(sums: Array) -> Array:
        return ratio(sums[..., 0], sums[..., 1])

    return statistic(tallies, counted, documents, formula, least=1, undefined="too_few", bounds=_SHARE)


def _pooled(ratings: Ratings, share: Callable[[Array, Array, Array], Array]) -> Statistic:
    rows, counted, documents = _both(ratings)
    tallies = np.array([[len(gold & given), len(gold - given), len(given - gold)] for gold, given in rows])

    def formula(sums: Array) -> Array:
        return share(sums[..., 0], sums[..., 1], sums[..., 2])

    kept = tallies.reshape(len(rows), 3).astype(np.float64)
    return statistic(kept, counted, documents, formula, least=1, undefined="not_used", bounds=_SHARE)


def _both(ratings: Ratings) -> tuple[list[tuple[Codes, Codes]], Mask, Numbers]:
    """The sets of the first two coders by unit (empty where one is missing), which units both coded, documents."""
    rows = [(row[0] or Codes(), row[1] or Codes()) for row in ratings.given]
    counted = np.array([row[0] is not None and row[1] is not None for row in ratings.given], dtype=np.bool_)
    return rows, counted, ratings.documents
