"""Prevalence, calibration and saturation: own vectors, simulated coverage, and what must not change a figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from eval.calibrating import Judged, accept, area, calibration, risk_coverage, upper_bound
from eval.prevalence import Coded, Estimate, dsl, gold_only, naive, ppi, prevalence
from eval.saturating import band, saturation, slope_ratio

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors_spans.json").read_text(encoding="utf-8"))
PPI, CAL, SAT = VECTORS["PPI"], VECTORS["CAL"], VECTORS["SAT"]
SEEN = len(PPI["Y"]) / (len(PPI["Y"]) + len(PPI["Yhat_unl"]))
UNITS = [Coded(f"g{k}", m, g, SEEN) for k, (g, m) in enumerate(zip(PPI["Y"], PPI["Yhat"], strict=True))] + [
    Coded(f"u{k}", m) for k, m in enumerate(PPI["Yhat_unl"])
]
JUDGED = [Judged(c, bool(right)) for c, right in zip(CAL["conf"], CAL["correct"], strict=True)]

judged = st.lists(
    st.builds(Judged, st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]) | st.floats(0, 1), st.booleans()), max_size=30
)
corpora = st.lists(st.frozensets(st.sampled_from("abcdefg"), max_size=4), max_size=9)


def test_t39_four_estimates() -> None:
    found = prevalence(UNITS)
    assert found.ppi.value == pytest.approx(PPI["expect"]["ppi_lam1"])
    assert (found.dsl.value, found.dsl.se) == pytest.approx(
        (PPI["expect"]["dsl_all"], PPI["expect"]["dsl_se"]), abs=1e-6
    )
    assert found.naive.value == pytest.approx(PPI["expect"]["naive"])
    assert found.naive.status == "biased"
    assert found.gold.value == pytest.approx(PPI["expect"]["gold"])


def test_t39_ppi_error_of_single_units() -> None:
    spreads = [np.var(PPI["Yhat_unl"]), np.var(np.subtract(PPI["Y"], PPI["Yhat"]))]
    sizes = [len(PPI["Yhat_unl"]), len(PPI["Y"])]
    assert sqrt(sum(v / n for v, n in zip(spreads, sizes, strict=True))) == pytest.approx(PPI["expect"]["ppi_se_pop"])
    assert ppi(UNITS).se == pytest.approx(sqrt(sum(v / (n - 1) for v, n in zip(spreads, sizes, strict=True))))


def _corpus(draw: np.random.Generator) -> tuple[list[Coded], float]:
    """60 documents of 20 segments, 12 of them coded by people; the model misses a third and adds a few."""
    rates = draw.beta(2, 6, 60)
    truth = draw.random((60, 20)) < rates[:, None]
    model = np.where(truth, draw.random((60, 20)) < 0.67, draw.random((60, 20)) < 0.02)
    read = set(draw.choice(60, 12, replace=False).tolist())
    units = [
        Coded(d, float(model[d, k]), float(truth[d, k]) if d in read else None, 0.2 if d in read else None)
        for d in range(60)
        for k in range(20)
    ]
    return units, 0.25


def test_t39_corrected_intervals_hold_the_truth_and_the_models_own_does_not() -> None:
    draw, rounds = np.random.default_rng(11), 80
    held = dict.fromkeys(("gold", "ppi", "dsl", "naive"), 0)
    for _ in range(rounds):
        units, truth = _corpus(draw)
        for name in held:
            estimate: Estimate = getattr(prevalence(units), name)
            assert estimate.low is not None and estimate.high is not None
            held[name] += estimate.low <= truth <= estimate.high
    assert held["gold"] >= 0.85 * rounds
    assert held["ppi"] >= 0.85 * rounds
    assert held["dsl"] >= 0.85 * rounds
    assert held["naive"] <= 0.5 * rounds


def test_units_of_one_document_are_not_independent() -> None:
    copies = [unit for unit in UNITS for _ in range(4)]
    apart = [Coded(f"{unit.document}-{k}", unit.model, unit.gold, unit.chance) for k in range(4) for unit in UNITS]
    for estimate in (gold_only, ppi, dsl, naive):
        assert estimate(copies).value == pytest.approx(estimate(UNITS).value)
        assert estimate(copies).se == pytest.approx(estimate(UNITS).se)
        surer, sure = estimate(apart).se, estimate(UNITS).se
        assert surer is not None and sure is not None and surer < 0.55 * sure


@given(st.permutations(range(len(UNITS))))
def test_order_and_names_of_documents_change_no_estimate(order: list[int]) -> None:
    renamed = [Coded((7, UNITS[i].document), UNITS[i].model, UNITS[i].gold, UNITS[i].chance) for i in order]
    for before, after in zip(astuple(prevalence(UNITS)), astuple(prevalence(renamed)), strict=True):
        assert (*after[:3], after[7]) == pytest.approx((*before[:3], before[7]))
        assert after[3:7] == before[3:7]


def test_what_cannot_be_estimated_says_why() -> None:
    unknown = [Coded(unit.document, unit.model, unit.gold) for unit in UNITS]
    assert (dsl(unknown).value, dsl(unknown).status) == (None, "undefined:chances_unknown")
    assert ppi(unknown).value == ppi(UNITS).value
    uneven = [*UNITS, Coded("x", 1, 1, 0.9)]
    assert (ppi(uneven).value, ppi(uneven).status) == (None, "undefined:unequal_chances")
    assert dsl(uneven).status == "ok"
    without = [Coded(k, 1.0) for k in range(9)]
    assert (ppi(without).value, gold_only(without).status, dsl(without).status) == (
        None,
        "undefined:too_few",
        "undefined:no_gold",
    )
    assert naive([]).status == "undefined:too_few"
    few = gold_only([Coded(k % 4, 1, k % 2, 1.0) for k in range(40)])
    assert (few.value, few.se, few.low, few.status) == (0.5, None, None, "no_interval:too_few_documents")
    with pytest.raises(ValueError, match="chance"):
        Coded("x", 1, 1, 0.0)


def test_a_perfect_model_leaves_only_the_spread_of_its_own_codes() -> None:
    units = [Coded(k, k % 2, k % 2 if k < 10 else None, 0.25 if k < 10 else None) for k in range(40)]
    assert ppi(units).value == dsl(units).value == 0.5
    assert dsl(units).se == naive(units).se


def test_t40_calibration() -> None:
    found = calibration(JUDGED)
    assert found.ece == pytest.approx(CAL["expect"]["ece10_right_closed"], abs=1e-6)
    assert found.brier == pytest.approx(CAL["expect"]["brier"], abs=1e-6)
    assert found.status == "ok:few_items"


def test_t40_risk_and_coverage() -> None:
    assert [point.risk for point in risk_coverage(JUDGED)] == pytest.approx(CAL["expect"]["risk"])
    assert [point.coverage for point in risk_coverage(JUDGED)] == pytest.approx([k / 6 for k in range(1, 7)])
    assert area(JUDGED) == pytest.approx(CAL["expect"]["aurc"], abs=1e-6)


def test_bins_are_closed_on_the_right() -> None:
    tenths = [Judged(k / 10, True) for k in range(11)]
    assert [each.items for each in calibration(tenths).bins] == [2, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    empty = calibration([Judged(0.95, True)]).bins[0]
    assert (empty.items, empty.confidence, empty.accuracy) == (0, None, None)


@given(judged, st.randoms())
def test_order_of_suggestions_changes_nothing(items: list[Judged], chance: Any) -> None:
    mixed = chance.sample(items, len(items))
    assert risk_coverage(mixed) == risk_coverage(items)
    assert accept(mixed) == accept(items)
    before, after = calibration(items), calibration(mixed)
    assert after.brier == before.brier
    assert after.ece == pytest.approx(before.ece)


@given(judged.filter(bool))
def test_the_last_point_of_the_curve_is_the_error_rate(items: list[Judged]) -> None:
    last = risk_coverage(items)[-1]
    assert (last.coverage, last.risk) == pytest.approx((1, sum(not item.correct for item in items) / len(items)))


def test_sure_and_right_is_calibrated() -> None:
    perfect = [Judged(1.0, True)] * 150 + [Judged(0.0, False)] * 50
    assert (calibration(perfect).brier, calibration(perfect).ece, calibration(perfect).status) == (0, 0, "ok")


@pytest.mark.xdist_group("libraries")
def test_accept_takes_the_widest_cut_whose_bound_holds() -> None:
    from scipy.stats import beta

    items = [Judged(1.0, True)] * 200 + [Judged(0.8, True)] * 100 + [Judged(0.8, False)] * 3 + [Judged(0.6, False)] * 97
    found = accept(items)
    assert (found.share, found.least, found.accepted, found.errors) == (303 / 400, 0.8, 303, 3)
    assert found.bound == pytest.approx(beta.ppf(1 - 0.05 / 3, 4, 300))
    assert accept(items, worst=0.025).least == 1.0
    assert (accept(items, worst=0.001).share, accept(items, worst=0.001).least) == (0, None)


def test_few_right_suggestions_are_not_enough() -> None:
    assert accept([Judged(1.0, True)] * 58).least is None  # 0 of 58: up to 5.03 % wrong
    assert accept([Judged(1.0, True)] * 59).share == 1
    assert accept([]).status == "undefined:too_few"


def test_accept_is_seldom_wrong_about_the_error_rate() -> None:
    draw, failed = np.random.default_rng(2), 0
    for _ in range(300):  # five levels of run agreement; at every cut more than 5 % are wrong
        items = [Judged(level, bool(right)) for level in (0.2, 0.4, 0.6, 0.8, 1.0) for right in draw.random(60) > 0.055]
        failed += accept(items).least is not None
    assert failed <= 0.05 * 300 + 10


@pytest.mark.xdist_group("libraries")
@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.5, 0.99))
def test_upper_bound_is_where_so_few_errors_become_unlikely(total: int, hits: int, confidence: float) -> None:
    from scipy.stats import binom

    hits = min(hits, total)
    bound = upper_bound(hits, total, confidence)
    assert bound == 1 if hits == total else binom.cdf(hits, total, bound) == pytest.approx(1 - confidence)


def test_confidences_lie_between_none_and_all() -> None:
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="confidence"):
            calibration([Judged(wrong, True)])
    assert (calibration([]).brier, calibration([]).status, area([])) == (None, "undefined:too_few", None)


def test_t41_saturation() -> None:
    found = saturation(SAT["docs"], base=SAT["base"], run=SAT["run"])
    assert list(found.new) == SAT["expect"]["new"]
    assert found.base_codes == SAT["expect"]["base_codes"]
    assert [end for end, _ in found.ratios] == [6, 7, 8]
    assert [ratio for _, ratio in found.ratios] == pytest.approx(
        [SAT["expect"]["ratio_at_doc6"], SAT["expect"]["ratio_at_doc7"], 0]
    )
    assert (found.saturated_at, found.status) == (7, "ok")


def test_t41_band_over_orders() -> None:
    found = band(SAT["docs"], seed=3)
    codes = len({code for codes in SAT["docs"] for code in codes})
    assert (found.low[-1], found.mean[-1], found.high[-1], found.orders) == (codes, codes, codes, 200)
    assert all(low <= mean <= high for low, mean, high in zip(found.low, found.mean, found.high, strict=True))
    assert found.low[0] < found.high[0]
    assert found.mean[0] == pytest.approx(np.mean([len(codes) for codes in SAT["docs"]]), abs=0.3)
    assert found.saturated is not None and 0 < found.saturated < 1
    assert found == band(list(reversed(SAT["docs"])), seed=3) != band(SAT["docs"], seed=4)


def test_slope_ratio() -> None:
    assert slope_ratio([["a"], ["b"], ["c"]]) == pytest.approx(1)
    assert slope_ratio([["a"], ["a"], ["a"]]) == pytest.approx(0)
    assert slope_ratio([["a", "b"], ["b", "c"], ["c", "d"]]) == pytest.approx(0.5)
    assert (slope_ratio([["a"]]), slope_ratio([]), slope_ratio([["a"], [], []])) == (None, None, None)


@given(corpora, st.permutations("abcdefg"))
def test_names_of_codes_change_no_saturation(documents: Sequence[frozenset[str]], names: list[str]) -> None:
    renamed = [[names["abcdefg".index(code)] for code in codes] for codes in documents]
    assert saturation(renamed) == saturation(documents)
    assert slope_ratio(renamed) == slope_ratio(documents)


@given(corpora)
def test_new_codes_add_up_to_all_codes(documents: Sequence[frozenset[str]]) -> None:
    assert sum(saturation(documents).new) == len(frozenset().union(*documents))


def test_too_few_documents_or_codes_say_so() -> None:
    assert (saturation([["a"]] * 5).saturated_at, saturation([["a"]] * 5).status) == (None, "undefined:too_few")
    assert saturation([[]] * 4 + [["a"]] * 4).status == "undefined:no_codes"
    assert band([["a"]] * 5, seed=1).saturated is None
    with pytest.raises(ValueError, match="at least one"):
        saturation([["a"]] * 9, run=0)
