"""Several runs beside the same people in, how far each pair of runs differs out: paired, over documents. Pure.

Both runs of a pair are taken on the units that both answered, and the interval is that of the difference: two separate
intervals that overlap say nothing about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from scipy.special import stdtr

from eval.joining import Codings, Joined, rated
from eval.measures import CODE_METRICS, SET_METRICS, Measure, measure
from eval.ratings import Ratings
from eval.statistic import Statistic, difference, mean
from eval.uncertainty import LEAST_DOCUMENTS, RESAMPLES, jackknife_error

CODE_FIGURES = ("kappa", "p_pos")
SET_FIGURES = ("alpha_jaccard", "f1_micro")


@dataclass(frozen=True, slots=True)
class Contrast:
    """`first` minus `second` in a metric, mean over people. `code` "": over all codes.

    `p`: two-sided t-test of the difference over its jackknife error, documents - 1 degrees of freedom; None under 5
    documents or without spread. `holm`: the same after Holm 1979 over the codes of one metric and pair of runs.
    """

    first: str
    second: str
    metric: str
    code: str
    difference: Measure
    p: float | None
    holm: float | None


def contrasts(
    joined: Joined,
    runs: Sequence[tuple[str, Codings]],
    codes: Sequence[str],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[Contrast]:
    """Each pair of runs, by code and over all codes; empty with fewer than two runs or without people."""
    if not joined.people:
        return []
    found = []
    for (first, one), (second, other) in combinations(runs, 2):
        keys = [key for key in joined.keys if key in one and key in other]
        ratings = rated(keys, [*(p.codings for p in joined.people), one, other], [*joined.coders, "one", "other"])
        found += _contrasts((first, second), ratings, joined.coders, codes, seed, resamples)
    return found


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """p-values corrected step-down for how many there are (Holm 1979); None stays and does not count."""
    given = sorted((p, place) for place, p in enumerate(ps) if p is not None)
    found: list[float | None] = [None] * len(ps)
    least = 0.0
    for rank, (p, place) in enumerate(given):
        least = max(least, min(1.0, p * (len(given) - rank)))
        found[place] = least
    return found


def _contrasts(
    names: tuple[str, str], ratings: Ratings, people: Sequence[str], codes: Sequence[str], seed: int, resamples: int
) -> list[Contrast]:
    found = []
    place = {coder: k for k, coder in enumerate(ratings.coders)}
    grids = {code: ratings.code(code).gathered() for code in codes}
    for metric in CODE_FIGURES:
        figures = []
        for code in codes:
            sides = [
                mean([CODE_METRICS[metric](grids[code].pair(place[who], place[run]).complete()) for who in people])
                for run in ("one", "other")
            ]
            figures.append(difference(*sides))
        ps = [_p_value(figure) for figure in figures]
        for code, figure, p, corrected in zip(codes, figures, ps, holm(ps), strict=True):
            measured = measure(figure, metric + code, seed, resamples)
            found.append(Contrast(*names, metric, code, measured, p, corrected))
    pairs = {run: [ratings.of(who, run).paired() for who in people] for run in ("one", "other")}
    for metric in SET_FIGURES:
        sides = [mean([SET_METRICS[metric](pair) for pair in pairs[run]]) for run in ("one", "other")]
        figure = difference(*sides)
        p = _p_value(figure)
        found.append(Contrast(*names, metric, "", measure(figure, metric, seed, resamples), p, p))
    return found


def _p_value(figure: Statistic) -> float | None:
    if figure.problem:
        return None
    sums = figure.by_document()
    error = jackknife_error(figure, sums) if len(sums) >= LEAST_DOCUMENTS else None
    if not error or error < 1e-12:
        return None
    value = abs(float(figure.formula(sums.sum(axis=0))))
    return 2 * float(stdtr(len(sums) - 1, -value / error))
