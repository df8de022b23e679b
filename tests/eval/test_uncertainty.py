"""Intervals over documents, their sizes and their coverage. T numbers name rows of the table of examples."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.agreement import ac1, cohen, cohen_error, contingency
from eval.alpha import alpha
from eval.measures import compare, measure, score
from eval.ratings import Grid, Ratings, Unit
from eval.statistic import difference, mean
from eval.uncertainty import (
    clopper_pearson,
    clustering,
    interval,
    jackknife_error,
    more_documents,
    units_needed,
    wilson,
)
from eval.yes_no import holsti, positive_agreement

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))


def near(value: float | list[float], within: float = 1e-6) -> Any:
    return pytest.approx(value, abs=within)


def of_documents(documents: Sequence[Sequence[int]]) -> Grid:
    """A yes/no grid of two coders from the cells a, b, c, d of each document."""
    cells = [(True, True), (True, False), (False, True), (False, False)]
    rows = [
        (name, pair)
        for name, four in enumerate(documents)
        for pair, n in zip(cells, four, strict=True)
        for _ in range(n)
    ]
    return Grid.of([pair for _, pair in rows], (False, True), [name for name, _ in rows])


def clustered(seed: int, documents: int, units: int = 25, right: float = 0.85) -> Grid:
    """Yes and no whose prevalence and error differ by document."""
    random = np.random.default_rng(seed)
    rows, names = [], []
    for name in range(documents):
        share, error = random.beta(2, 4), random.beta(12 * (1 - right), 12 * right)
        truth = random.random(units) < share
        rows += [list(pair) for pair in zip(truth, truth ^ (random.random(units) < error), strict=True)]
        names += [name] * units
    return Grid.of([[bool(value) for value in row] for row in rows], (False, True), names)


JACK = of_documents(VECTORS["JACK"]["docs_abcd"])


def test_t36_jackknife_over_six_documents() -> None:
    expected = VECTORS["JACK"]["expect"]
    kappa = cohen(JACK)
    sums = kappa.by_document()
    left_out = kappa.formula(sums.sum(axis=0) - sums)
    assert kappa.value() == near(expected["kappa"])
    assert sorted(left_out) == near(sorted(expected["loo"]))
    assert jackknife_error(kappa, sums) == near(expected["se"])
    found = interval(kappa, "kappa")
    assert (found.low, found.high) == (near(expected["t_ci"][0]), near(expected["t_ci"][1]))
    assert found.method == "delete-one-document jackknife, t(5)"


def test_t32_intervals_of_a_proportion() -> None:
    assert wilson(8, 10) == (near(VECTORS["PROP"]["wilson"][0]), near(VECTORS["PROP"]["wilson"][1]))
    assert clopper_pearson(8, 10) == (
        near(VECTORS["PROP"]["clopper_pearson"][0]),
        near(VECTORS["PROP"]["clopper_pearson"][1]),
    )


def test_proportions_at_the_edge_stay_within_it() -> None:
    assert clopper_pearson(0, 10) == (0.0, near(1 - 0.025**0.1))
    assert clopper_pearson(10, 10) == (near(0.025**0.1), 1.0)
    assert (wilson(0, 10)[0], wilson(10, 10)[1]) == (near(0.0), near(1.0))


def test_t42_units_needed() -> None:
    for row in VECTORS["NSIZE"]["expect"]:
        found = units_needed(row["a"], row["p"], row["alpha"])
        assert found == near(row["n"], 1e-3)
        assert int(np.ceil(found)) == row["ceil"]


def test_t44_the_same_units_twice_fool_an_error_over_units_but_not_one_over_documents() -> None:
    grid = of_documents(VECTORS["JACK"]["docs_abcd"])
    twice = of_documents([[2 * n for n in four] for four in VECTORS["JACK"]["docs_abcd"]])
    once_over_units, twice_over_units = cohen_error(contingency(grid)), cohen_error(contingency(twice))
    assert once_over_units is not None and twice_over_units is not None
    assert twice_over_units == near(once_over_units / 2**0.5)
    assert interval(cohen(twice), "k").low == near(interval(cohen(grid), "k").low or 0)
    effects = clustering(cohen(grid)), clustering(cohen(twice))
    assert effects[0] is not None and effects[1] is not None
    assert effects[1].effective_units == pytest.approx(effects[0].effective_units, rel=0.05)


@pytest.mark.parametrize(("documents", "method"), [(19, "jackknife, t(18)"), (20, "cluster bootstrap, 2000")])
def test_the_method_follows_the_number_of_documents(documents: int, method: str) -> None:
    found = measure(cohen(clustered(3, documents)), "kappa")
    assert method in found.method
    assert (found.status, found.clusters, found.units) == ("ok", documents, 25 * documents)
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.low < found.value < found.high


def test_under_five_documents_there_is_a_value_and_no_interval() -> None:
    found = measure(cohen(clustered(3, 4)), "kappa")
    assert found.value is not None
    assert (found.low, found.high, found.status) == (None, None, "no_interval:too_few_documents")


def test_documents_without_counting_units_are_no_clusters() -> None:
    rows: list[list[bool | None]] = [[True, False], [True, True], [False, False], [True, None], [None, True]]
    assert measure(cohen(Grid.of(rows, (False, True))), "kappa").clusters == 3


def test_a_figure_that_hangs_on_one_document_has_no_interval() -> None:
    few = [[2, 1, 0, 10], *[[0, 0, 0, 10]] * 9]
    many = [[2, 1, 0, 10], *[[0, 0, 0, 10]] * 29]
    assert measure(cohen(of_documents(few)), "kappa").status == "no_interval:unstable"
    assert measure(positive_agreement(of_documents(many)), "p_pos").status == "no_interval:unstable"


@pytest.mark.parametrize("documents", [10, 30])
def test_full_agreement_everywhere_has_no_interval_of_no_width(documents: int) -> None:
    found = measure(cohen(of_documents([[3, 0, 0, 7]] * documents)), "kappa")
    assert (found.value, found.low, found.high, found.status) == (1.0, None, None, "no_interval:no_spread")


def test_an_interval_ends_where_the_figure_does() -> None:
    found = interval(holsti(of_documents([[5, 0, 0, 5]] * 5 + [[2, 4, 0, 4]])), "holsti")
    assert found.high == 1.0
    assert found.low is not None and found.low < 0.94


@pytest.mark.parametrize("documents", [12, 25])
def test_t44_the_names_and_order_of_documents_change_no_interval(documents: int) -> None:
    grid = clustered(5, documents)
    order = np.random.default_rng(1).permutation(len(grid.cells))
    names = np.random.default_rng(2).permutation(documents)
    turned = Grid(grid.values, grid.cells[order], names[grid.documents][order])
    assert interval(ac1(turned), "ac1A") == interval(ac1(grid), "ac1A")


def test_the_same_seed_gives_the_same_interval_and_each_figure_has_its_own() -> None:
    grid = clustered(5, 30)
    assert interval(cohen(grid), "kappaA", 7) == interval(cohen(grid), "kappaA", 7)
    assert interval(cohen(grid), "kappaA", 7) != interval(cohen(grid), "kappaB", 7)
    assert interval(cohen(grid), "kappaA", 7) != interval(cohen(grid), "kappaA", 8)


def test_a_difference_is_taken_on_the_same_resamples() -> None:
    grid = clustered(6, 30)
    kappa, agreement = cohen(grid), holsti(grid)
    against_itself = compare(kappa, kappa, "kappa")
    assert (against_itself.value, against_itself.status) == (0.0, "no_interval:no_spread")
    paired = compare(agreement, kappa, "gap")
    assert paired.value == near((agreement.value() or 0) - (kappa.value() or 0))
    own = [interval(figure, "gap") for figure in (agreement, kappa)]
    assert paired.low is not None and paired.high is not None
    assert paired.high - paired.low < sum((each.high or 0) - (each.low or 0) for each in own)


def test_a_difference_with_an_undefined_figure_is_undefined() -> None:
    grid = of_documents([[0, 0, 0, 5]] * 6)
    found = compare(holsti(grid), cohen(grid), "gap")
    assert (found.value, found.status) == (None, "undefined:no_variation")


def test_a_mean_is_over_the_figures_that_are_defined() -> None:
    rows = [[True, True, None], [False, True, None], [False, False, None]] * 2
    grid = Grid.of(rows, (False, True))
    pairs = [cohen(grid.pair(*pair)) for pair in ((0, 1), (0, 2))]
    assert mean(pairs).value() == pairs[0].value()
    assert mean(pairs[1:]).problem == "too_few"
    assert difference(mean(pairs), pairs[0]).value() == 0.0


def test_the_bootstrap_covers_the_truth_where_an_error_over_units_does_not() -> None:
    truth = cohen(clustered(0, 4000)).value()
    assert truth is not None
    over_documents = over_units = 0
    for seed in range(1, 151):
        grid = clustered(seed, 25)
        found, error, value = (
            interval(cohen(grid), "kappa", 0, 400),
            cohen_error(contingency(grid)),
            cohen(grid).value(),
        )
        assert found.low is not None and found.high is not None and error is not None and value is not None
        over_documents += found.low <= truth <= found.high
        over_units += abs(value - truth) <= 1.96 * error
    assert over_documents / 150 > 0.87
    assert over_units < over_documents


def test_a_design_effect_counts_what_clustering_costs() -> None:
    found = clustering(holsti(clustered(2, 60)))
    assert found is not None
    assert found.design_effect > 1.5
    assert found.effective_units == near(60 * 25 / found.design_effect)
    alone = clustering(holsti(Grid.of([[k % 3 > 0, k % 2 > 0] for k in range(40)], (False, True))))
    assert alone is not None and alone.design_effect == near(1.0)
    assert clustering(holsti(clustered(2, 4))) is None


def test_more_documents_for_a_half_width_of_a_tenth() -> None:
    assert more_documents(0.5, 0.7, 12) == 0
    t_11, t_39, t_40 = 2.20099, 2.02269, 2.02108
    assert 0.2 * t_39 / t_11 * (12 / 40) ** 0.5 > 0.1 > 0.2 * t_40 / t_11 * (12 / 41) ** 0.5
    assert more_documents(0.4, 0.8, 12) == 41 - 12


def test_two_thousand_resamples_of_ten_thousand_units_take_under_a_second() -> None:
    random = np.random.default_rng(4)
    names = [frozenset(code for code, bit in zip("ABCD", f"{k:04b}", strict=True) if bit == "1") for k in range(16)]
    cells = random.integers(-1, 16, size=(10_000, 3))
    grid = Grid(tuple(names), cells.astype(np.int64), np.arange(10_000) % 100)
    started = time.process_time()
    found = measure(alpha(grid, "jaccard"), "alpha_jaccard")
    assert time.process_time() - started < 1.0
    assert (found.status, found.clusters) == ("ok", 100)


def test_a_score_holds_an_interval_for_every_metric_but_the_test() -> None:
    random = np.random.default_rng(9)
    rows = []
    for _ in range(240):
        gold = frozenset(code for code in "AB" if random.random() < 0.4)
        rows.append(
            (gold, gold if random.random() < 0.7 else frozenset(code for code in "AB" if random.random() < 0.4))
        )
    units = tuple(Unit(str(k), f"d{k % 24}") for k in range(240))
    found = score(Ratings(units, ("gold", "model"), tuple(rows)), "gold", "model")
    measures = {**found.codes["A"], **{f"all {name}": each for name, each in found.overall.items()}}
    test = measures.pop("mcnemar")
    assert test.low is None and test.value is not None and 0 <= test.value <= 1
    for name, each in measures.items():
        assert each.low is not None and each.value is not None and each.high is not None, name
        assert each.low <= each.value <= each.high, name
        assert (each.clusters, each.units) == (24, 240), name
