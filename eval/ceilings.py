"""A model beside several human coders, and how far those agree themselves: ratings in, measures out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from assistant.errors import UsageError
from eval.measures import Measure, compare, measure
from eval.ratings import Ratings
from eval.statistic import Statistic, mean
from eval.uncertainty import RESAMPLES

PairMetric = Callable[[Ratings], Statistic]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One metric for a model and two human coders or more. In every pair the human, or the first human, is the gold.

    `model_mean` and `human_mean` are means over pairs (of the defined ones), `gap` the first minus the second on the
    same resamples. `together`: the metric over all humans at once. `perfect`: the square root of the human mean, what
    a coder without error would reach against one such human if their errors are independent; None below 0. A model
    above the humans' own agreement is possible and no error.
    """

    each: Mapping[str, Measure]
    consensus: Measure
    model_mean: Measure
    human_pairs: Mapping[tuple[str, str], Measure]
    human_mean: Measure
    together: Measure
    gap: Measure
    perfect: float | None


def against_humans(
    ratings: Ratings,
    model: str,
    humans: Sequence[str],
    metric: PairMetric,
    key: str,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Ceiling:
    """The model against each human and against their consensus (`Ratings.with_consensus`), humans among themselves.

    `metric` makes a statistic of ratings, the gold coder first: `lambda r: light(r.code("Access"))`, or one of
    `eval.measures.SET_METRICS`. It must take any number of coders for `together` to mean all of them.
    Raises UsageError with fewer than two humans, or a coder who is not there.
    """
    if len(humans) < 2:
        raise UsageError("One human coder has nobody to agree with.", "Name two human coders or more.")

    def measured(statistic: Statistic) -> Measure:
        return measure(statistic, key, seed, resamples)

    each = {human: metric(ratings.of(human, model)) for human in humans}
    pairs = {(one, other): metric(ratings.of(one, other)) for one, other in combinations(humans, 2)}
    model_mean, human_mean = mean([*each.values()]), mean([*pairs.values()])
    ceiling = human_mean.value()
    agreed = ratings.with_consensus(*humans, name=" + ".join(humans))
    return Ceiling(
        each={human: measured(statistic) for human, statistic in each.items()},
        consensus=measured(metric(agreed.of(agreed.coders[-1], model))),
        model_mean=measured(model_mean),
        human_pairs={pair: measured(statistic) for pair, statistic in pairs.items()},
        human_mean=measured(human_mean),
        together=measured(metric(ratings.of(*humans))),
        gap=compare(model_mean, human_mean, key, seed, resamples),
        perfect=None if ceiling is None or ceiling < 0 else sqrt(ceiling),
    )
