"""Our own coefficients against other people's libraries on random data. Each test is left out where one is missing."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import numpy as np
import pytest

from eval.agreement import cohen, cohen_error, contingency, fleiss
from eval.alpha import Distance, alpha
from eval.ratings import Codes, Grid, Ratings, Unit
from eval.sets import f1_macro, f1_micro, f1_samples, jaccard_mean, precision_micro, recall_micro
from eval.uncertainty import clopper_pearson, wilson
from eval.yes_no import mcnemar, positive_agreement, precision, recall

SEEDS = range(6)
pytestmark = pytest.mark.xdist_group("libraries")  # so that one process alone imports them


def library(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name} is not installed: nothing to compare with")


def scale(seed: int, coders: int, missing: float) -> Grid:
    """60 units on a scale of 1 to 4; coders near each other, values missing at random."""
    random = np.random.default_rng(seed)
    truth = random.integers(1, 5, size=60)
    rows: list[list[int | None]] = []
    for value in truth:
        given = np.clip(value + random.integers(-1, 2, size=coders) * (random.random(coders) < 0.4), 1, 4)
        rows.append([None if random.random() < missing else int(each) for each in given])
    return Grid.of(rows, (1, 2, 3, 4))


def labels(seed: int, units: int = 60) -> Ratings:
    """Two coders with sets of up to four codes, often empty."""
    random = np.random.default_rng(seed)

    def drawn() -> Codes:
        return frozenset(code for code in "ABCD" if random.random() < 0.25)

    rows = [(one, one if random.random() < 0.5 else drawn()) for one in (drawn() for _ in range(units))]
    return Ratings(tuple(Unit(str(k), "d") for k in range(units)), ("gold", "model"), tuple(rows))


def matrix(ratings: Ratings, coder: int) -> np.ndarray[tuple[int, ...], Any]:
    return np.array([[code in (row[coder] or ()) for code in "ABCD"] for row in ratings.given], dtype=int)


@pytest.mark.parametrize(("seed", "level"), [*product(SEEDS, ["nominal", "ordinal", "interval", "ratio"])])
def test_alpha_as_in_krippendorff(seed: int, level: Distance) -> None:
    other = library("krippendorff")
    grid = scale(seed, 4, 0.3)
    data = np.where(grid.cells.T < 0, np.nan, grid.cells.T + 1.0)
    theirs = other.alpha(reliability_data=data, level_of_measurement=level, value_domain=[1, 2, 3, 4])
    assert alpha(grid, level).value() == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("seed", "weights"), [*product(SEEDS, ["none", "linear", "quadratic"])])
def test_kappa_as_in_scikit_learn(seed: int, weights: Any) -> None:
    metrics = library("sklearn.metrics")
    grid = scale(seed, 2, 0.0)
    theirs = metrics.cohen_kappa_score(*grid.cells.T, weights=None if weights == "none" else weights)
    assert cohen(grid, weights).value() == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_f1_of_sets_as_in_scikit_learn(seed: int) -> None:
    metrics = library("sklearn.metrics")
    ratings = labels(seed)
    gold, given = matrix(ratings, 0), matrix(ratings, 1)
    for average, ours in (("micro", f1_micro), ("macro", f1_macro), ("samples", f1_samples)):
        theirs = metrics.f1_score(gold, given, average=average, zero_division=1)
        assert ours(ratings).value() == pytest.approx(theirs, abs=1e-9), average
    assert precision_micro(ratings).value() == pytest.approx(metrics.precision_score(gold, given, average="micro"))
    assert recall_micro(ratings).value() == pytest.approx(metrics.recall_score(gold, given, average="micro"))
    alike = metrics.jaccard_score(gold, given, average="samples", zero_division=1)
    assert jaccard_mean(ratings).value() == pytest.approx(alike)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_code_as_in_scikit_learn(seed: int) -> None:
    metrics = library("sklearn.metrics")
    ratings = labels(seed)
    gold, given, grid = matrix(ratings, 0)[:, 1], matrix(ratings, 1)[:, 1], ratings.code("B")
    assert precision(grid).value() == pytest.approx(metrics.precision_score(gold, given))
    assert recall(grid).value() == pytest.approx(metrics.recall_score(gold, given))
    assert positive_agreement(grid).value() == pytest.approx(metrics.f1_score(gold, given))


@pytest.mark.parametrize("seed", SEEDS)
def test_fleiss_and_the_error_of_kappa_as_in_statsmodels(seed: int) -> None:
    rater = library("statsmodels.stats.inter_rater")
    many, two = scale(seed, 5, 0.0), scale(seed, 2, 0.0)
    assert fleiss(many).value() == pytest.approx(rater.fleiss_kappa(many.counts()), abs=1e-9)
    theirs = rater.cohens_kappa(contingency(two))
    assert cohen_error(contingency(two)) == pytest.approx(theirs.std_kappa, abs=1e-9)


@pytest.mark.parametrize(("b", "c"), [(3, 9), (0, 4), (12, 12), (20, 41)])
def test_mcnemar_as_in_statsmodels(b: int, c: int) -> None:
    tables = library("statsmodels.stats.contingency_tables")
    ours = mcnemar(b, c)
    assert ours is not None
    plain = tables.mcnemar([[10, b], [c, 10]], exact=False, correction=False)
    corrected = tables.mcnemar([[10, b], [c, 10]], exact=False, correction=True)
    assert [ours.chi2, ours.p_chi2] == pytest.approx([plain.statistic, plain.pvalue])
    if b != c:  # theirs squares |b - c| - 1 also where that is below 0
        assert [ours.chi2_corrected, ours.p_corrected] == pytest.approx([corrected.statistic, corrected.pvalue])
    if ours.p_exact is not None:
        assert ours.p_exact == pytest.approx(tables.mcnemar([[10, b], [c, 10]], exact=True).pvalue)


@pytest.mark.parametrize(("hits", "total"), [(0, 7), (3, 7), (7, 7), (41, 230)])
def test_proportions_as_in_statsmodels(hits: int, total: int) -> None:
    shares = library("statsmodels.stats.proportion")
    assert wilson(hits, total) == pytest.approx(shares.proportion_confint(hits, total, method="wilson"), abs=1e-9)
    assert clopper_pearson(hits, total) == pytest.approx(
        shares.proportion_confint(hits, total, method="beta"), abs=1e-9
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_of_sets_as_in_nltk(seed: int) -> None:
    agreement, measures = library("nltk.metrics.agreement"), library("nltk.metrics.distance")
    ratings = labels(seed)

    def apart(one: Codes, other: Codes) -> float:
        return float(measures.jaccard_distance(one, other)) if one or other else 0.0

    data = [
        (coder, unit.id, row[place])
        for unit, row in zip(ratings.units, ratings.given, strict=True)
        for place, coder in enumerate(ratings.coders)
    ]
    assert alpha(ratings.sets(), "jaccard").value() == pytest.approx(
        agreement.AnnotationTask(data=data, distance=apart).alpha(), abs=1e-9
    )
    assert alpha(ratings.sets()).value() == pytest.approx(agreement.AnnotationTask(data=data).alpha(), abs=1e-9)
