"""Every metric by its id, as a value with its interval: ratings in, measures out. Pure.

Offline, the same for the same input. A figure without a value says why in `status` and is never NaN, 0 or 1 instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from eval import agreement, sets, yes_no
from eval.alpha import Distance, alpha, alpha_by_document
from eval.ratings import Grid, Ratings
from eval.statistic import Statistic, difference, mean
from eval.uncertainty import RESAMPLES, Interval, intervals


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure. `value` None: `status` is undefined:too_few, undefined:no_variation, undefined:not_used …

    `low` and `high` None beside a value: no interval, `status` is no_interval:too_few_documents, :unstable or
    :no_spread. `units` are those that count, `clusters` the documents they stand in.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str
    units: int
    clusters: int
    status: str


@dataclass(frozen=True, slots=True)
class Scores:
    """Measures by code and metric id, and over all codes by metric id."""

    codes: Mapping[str, Mapping[str, Measure]]
    overall: Mapping[str, Measure]


Pairs = Sequence[tuple[str, str]]
CodeMetric = Callable[[Grid], Statistic]
SetMetric = Callable[[Ratings], Statistic]


def _set_alpha(distance: Distance, ratings: Ratings) -> Statistic:
    return alpha_by_document(ratings.sets(), distance)


# On yes and no the ordinal and the interval alpha are the nominal one; they differ only on scales of three or more.
CODE_METRICS: dict[str, CodeMetric] = {
    "kappa": agreement.light,
    "pi": agreement.scott,
    "fleiss": agreement.fleiss,
    "alpha_nominal": partial(alpha, distance="nominal"),
    "alpha_ordinal": partial(alpha, distance="ordinal"),
    "alpha_interval": partial(alpha, distance="interval"),
    "ac1": agreement.ac1,
    "pabak": agreement.brennan_prediger,
    "holsti": yes_no.holsti,
    "p_pos": yes_no.positive_agreement,
    "p_neg": yes_no.negative_agreement,
    "precision": yes_no.precision,
    "recall": yes_no.recall,
    "f1": yes_no.positive_agreement,
    "prevalence_index": yes_no.prevalence_index,
    "bias_index": yes_no.bias_index,
}

SET_METRICS: dict[str, SetMetric] = {
    "alpha_jaccard": partial(_set_alpha, "jaccard"),
    "alpha_masi": partial(_set_alpha, "masi"),
    "alpha_hamming": partial(_set_alpha, "hamming"),
    "alpha_nominal": partial(_set_alpha, "nominal"),
    "holsti": sets.f1_micro,
    "precision": sets.precision_micro,
    "recall": sets.recall_micro,
    "f1_micro": sets.f1_micro,
    "f1_macro": sets.f1_macro,
    "f1_samples": sets.f1_samples,
    "exact": sets.exact_sets,
    "jaccard_mean": sets.jaccard_mean,
}


def measure(statistic: Statistic, key: str, seed: int = 0, resamples: int = RESAMPLES) -> Measure:
    """The value of a statistic with its 95% interval over documents; `key` is the metric id followed by the code."""
    return measure_all([statistic], key, seed, resamples)[0]


def measure_all(
    statistics: Sequence[Statistic], key: str, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Measure, ...]:
    """What `measure` gives for each of several statistics of one key, faster: the resamples are drawn once."""
    found = intervals(statistics, key, seed, resamples)
    return tuple(_measure(statistic, each) for statistic, each in zip(statistics, found, strict=True))


def _measure(statistic: Statistic, found: Interval) -> Measure:
    units = statistic.units
    clusters = len(np.unique(statistic.documents[statistic.counted]))
    value = statistic.value()
    if value is None:
        return Measure(None, None, None, "none", units, clusters, f"undefined:{statistic.problem}")
    status = "ok" if found.status == "ok" else f"no_interval:{found.status}"
    return Measure(value, found.low, found.high, found.method, units, clusters, status)


def score(
    ratings: Ratings,
    gold: str,
    judged: str,
    codes: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Two coders compared on the units both coded, by every metric, code by code and over all codes.

    `codes`: the codes of the report, by default those that either coder gave. A code of the list that nobody gave
    stays in the table with its statuses; codes outside the list count overall.
    """
    pair = ratings.of(gold, judged).complete()
    return rate(pair, [[(gold, judged)]], pair.codes if codes is None else codes, seed, resamples)[0]


def rate(
    ratings: Ratings, groups: Sequence[Pairs], codes: Sequence[str], seed: int = 0, resamples: int = RESAMPLES
) -> list[Scores]:
    """For each group of pairs of coders the mean over its pairs, by every metric, code by code and over all codes.

    A pair counts on the units both coded; its first coder is the gold standard. Groups are taken together because
    figures of one metric and code share their resamples.
    """
    by_code = {
        code: _rate_code(ratings.code(code).gathered(), code, ratings, groups, seed, resamples) for code in codes
    }
    parts = {pair: ratings.of(*pair).paired() for pair in _distinct(groups)}
    overall: list[dict[str, Measure]] = [{} for _ in groups]
    for name, of in SET_METRICS.items():
        figures = {pair: of(part) for pair, part in parts.items()}
        for found, each in zip(overall, _means(figures, groups, name, seed, resamples), strict=True):
            found[name] = each
    return [Scores({code: each[k] for code, each in by_code.items()}, overall[k]) for k in range(len(groups))]


def _rate_code(
    grid: Grid, code: str, ratings: Ratings, groups: Sequence[Pairs], seed: int, resamples: int
) -> list[dict[str, Measure]]:
    place = {coder: k for k, coder in enumerate(ratings.coders)}
    grids = {pair: grid.pair(place[pair[0]], place[pair[1]]).complete() for pair in _distinct(groups)}
    found: list[dict[str, Measure]] = [{} for _ in groups]
    for name, of in CODE_METRICS.items():
        figures = {pair: of(each) for pair, each in grids.items()}
        for held, each in zip(found, _means(figures, groups, name + code, seed, resamples), strict=True):
            held[name] = each
    for held, pairs in zip(found, groups, strict=True):
        counted = held["holsti"]
        held["mcnemar"] = (
            _mcnemar(grids[pairs[0]], counted)
            if len(pairs) == 1
            else Measure(None, None, None, "none", counted.units, counted.clusters, "undefined:several_pairs")
        )
    return found


def _means(
    figures: Mapping[tuple[str, str], Statistic], groups: Sequence[Pairs], key: str, seed: int, resamples: int
) -> tuple[Measure, ...]:
    joined = [mean([figures[pair] for pair in pairs]) if len(pairs) > 1 else figures[pairs[0]] for pairs in groups]
    return measure_all(joined, key, seed, resamples)


def _distinct(groups: Sequence[Pairs]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(pair for pairs in groups for pair in pairs))


def compare(first: Statistic, second: Statistic, key: str, seed: int = 0, resamples: int = RESAMPLES) -> Measure:
    """`first` minus `second` over the same units, with the interval of the difference on the same resamples."""
    return measure(difference(first, second), key, seed, resamples)


def _mcnemar(grid: Grid, counted: Measure) -> Measure:
    """The p-value of McNemar's test, which has no interval."""
    _, first_only, second_only, _ = yes_no.four(grid)
    test = yes_no.mcnemar(first_only, second_only)
    if test is None:
        return Measure(None, None, None, "none", counted.units, counted.clusters, "undefined:no_disagreement")
    name = "chi-square, no correction" if test.p_exact is None else "exact binomial"
    return Measure(
        test.p, None, None, f"p-value, {name}, units taken as independent", counted.units, counted.clusters, "ok"
    )
