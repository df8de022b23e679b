"""Whole sets of codes of two coders, the first the gold standard: ratings in, statistics out. Pure.

Only units that both coded count. One rule holds throughout: a unit to which neither gives a code is a unit on which
they agree, so its Jaccard index and its F1 are 1. None of these is corrected for chance; for that, `eval.alpha.alpha`
on `Ratings.sets()`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eval.ratings import Array, Mask, Ratings
from eval.statistic import Statistic, ratio, statistic

_SHARE = (0.0, 1.0)


def exact_sets(ratings: Ratings) -> Statistic:
    """The share of units with the same set of codes."""
    return _mean_over_units(ratings, lambda hit, gold, given: (hit == gold) & (hit == given))


def jaccard_mean(ratings: Ratings) -> Statistic:
    """The mean over units of |A ∩ B| / |A ∪ B|."""
    return _mean_over_units(ratings, lambda hit, gold, given: _or_alike(hit, gold + given - hit))


def f1_samples(ratings: Ratings) -> Statistic:
    """The mean over units of 2 |A ∩ B| / (|A| + |B|)."""
    return _mean_over_units(ratings, lambda hit, gold, given: _or_alike(2 * hit, gold + given))


def hamming_accuracy(ratings: Ratings, codes: Sequence[str]) -> Statistic:
    """The share of yes/no decisions on `codes` that agree. Rises with every code that nobody uses: never a headline."""
    return _mean_over_units(ratings, lambda hit, gold, given: 1 - (gold + given - 2 * hit) / len(codes))


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
    gold, given, counted = _both(ratings)
    size = len(gold)
    tallies = np.stack([gold & given, gold, given]).transpose(2, 1, 0).reshape(len(counted), 3 * size)

    def formula(sums: Array) -> Array:
        hits, gold, given = np.moveaxis(sums.reshape(*sums.shape[:-1], size, 3), -1, 0)
        scores = ratio(2 * hits, gold + given)
        used = ~np.isnan(scores)
        return ratio(np.where(used, scores, 0.0).sum(axis=-1), used.sum(axis=-1).astype(np.float64))

    return statistic(
        tallies.astype(np.float64), counted, ratings.documents, formula, least=1, undefined="not_used", bounds=_SHARE
    )


def _mean_over_units(ratings: Ratings, alike: Callable[[Array, Array, Array], Array | Mask]) -> Statistic:
    """`alike` takes, by unit, how many codes both gave, the gold coder, and the second."""
    hits, gold, given, counted = _sizes(ratings)
    tallies = np.column_stack([alike(hits, gold, given), np.ones(len(counted))]).astype(np.float64)

    def formula(sums: Array) -> Array:
        return ratio(sums[..., 0], sums[..., 1])

    return statistic(tallies, counted, ratings.documents, formula, least=1, undefined="too_few", bounds=_SHARE)


def _pooled(ratings: Ratings, share: Callable[[Array, Array, Array], Array]) -> Statistic:
    hits, gold, given, counted = _sizes(ratings)

    def formula(sums: Array) -> Array:
        return share(sums[..., 0], sums[..., 1], sums[..., 2])

    tallies = np.column_stack([hits, gold - hits, given - hits])
    return statistic(tallies, counted, ratings.documents, formula, least=1, undefined="not_used", bounds=_SHARE)


def _or_alike(top: Array, bottom: Array) -> Array:
    """top / bottom; 1 where neither coder gave anything."""
    return np.where(bottom > 0, top / np.maximum(bottom, 1), 1.0)


def _sizes(ratings: Ratings) -> tuple[Array, Array, Array, Mask]:
    """By unit: how many codes both gave, the first, and the second; and which units both coded."""
    gold, given, counted = _both(ratings)
    hits, first, second = (each.sum(axis=0).astype(np.float64) for each in (gold & given, gold, given))
    return hits, first, second, counted


def _both(ratings: Ratings) -> tuple[Mask, Mask, Mask]:
    """Code × unit: what each of the first two coders gave; and which units both coded."""
    gold, given = ratings.answers[:, :, 0] == 1, ratings.answers[:, :, 1] == 1
    counted = [row[0] is not None and row[1] is not None for row in ratings.given]
    return gold, given, np.array(counted, dtype=np.bool_)
