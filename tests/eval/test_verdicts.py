"""Verdicts at their thresholds, Holm's correction, trivial coders and steadiness, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eval.baselines import trivial
from eval.contrasting import holm
from eval.evidence import Coding, Given
from eval.measures import CODE_METRICS, Measure
from eval.plain import Key
from eval.ratings import Grid, Ratings, Unit
from eval.steadying import stability
from eval.verdicts import Findings, beats, verdict


def figure(value: float | None, low: float | None = None, status: str = "ok") -> Measure:
    return Measure(value, low, None if low is None else 1.0, "made up", 100, 20, status)


GOOD = Findings(
    positives=10,
    documents=5,
    quotes=0.99,
    gap=figure(0.0, -0.09),
    p_pos=figure(0.8, 0.7),
    human_p_pos=0.9,
    trivial_p_pos=0.3,
    people=3,
    replacement="passed",
    repeats=figure(0.9),
    paraphrases=figure(0.8),
)


def test_everything_at_its_threshold_is_ready() -> None:
    assert verdict(GOOD) == ("ready", [])


@pytest.mark.parametrize(
    ("change", "expected", "reason"),
    [
        ({"positives": 9}, "insufficient", "few_positives"),
        ({"documents": 4}, "insufficient", "few_documents"),
        ({"p_pos": figure(0.8, 0.3)}, "not_supported", "no_better_than_trivial"),
        ({"quotes": 0.989}, "assist", "quotes"),
        ({"quotes": None}, "assist", "quotes"),
        ({"gap": figure(0.0, -0.1)}, "assist", "not_noninferior"),
        ({"gap": figure(0.0, None, "no_interval:unstable")}, "assist", "not_noninferior"),
        ({"p_pos": figure(0.79, 0.7)}, "assist", "below_human_p_pos"),
        ({"replacement": "failed"}, "assist", "replacement_failed"),
        ({"replacement": "uninformative"}, "assist", "replacement_uninformative"),
        ({"repeats": None}, "assist", "stability_unknown"),
        ({"paraphrases": None}, "assist", "stability_unknown"),
        ({"repeats": figure(0.89)}, "assist", "unstable"),
        ({"paraphrases": figure(0.79)}, "assist", "unstable"),
        ({"people": 1, "gap": None, "human_p_pos": None, "replacement": ""}, "assist", "no_people"),
    ],
)
def test_each_condition_alone_takes_ready_away(change: dict[str, Any], expected: str, reason: str) -> None:
    assert verdict(replace(GOOD, **change)) == (expected, [reason])


def test_a_figure_without_spread_beats_by_its_value_and_one_without_interval_does_not() -> None:
    assert beats(figure(1.0, None, "no_interval:no_spread"), 0.5)
    assert not beats(figure(0.9, None, "no_interval:unstable"), 0.5)
    assert not beats(figure(None, None, "undefined:not_used"), 0.0)


def test_holm_multiplies_by_how_many_are_left_and_never_falls() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def people() -> Ratings:
    """Of 10 units the first gives A to 8 and B to 1, the second A to 6 and B to none; one unit is not coded by both."""
    rows = [
        (frozenset({"A"} if k < 8 else {"B"} if k == 8 else set()), frozenset({"A"} if k < 6 else set()))
        for k in range(10)
    ]
    return Ratings(tuple(Unit(str(k), f"d{k % 3}") for k in range(10)), ("Li", "Wu"), tuple(rows))


def test_trivial_coders_reach_what_the_metrics_say_of_them() -> None:
    ratings = people()
    found = trivial(ratings, ("A", "B"))
    for name, given in (("none", [False] * 10), ("majority", [True] * 10)):
        for metric, value in found[name]["codes"]["A"].items():
            values = [
                CODE_METRICS[metric](Grid.of([[one, other] for one, other in zip(column, given, strict=True)])).value()
                for column in ([k < 8 for k in range(10)], [k < 6 for k in range(10)])
            ]
            defined = [each for each in values if each is not None]
            assert value == (pytest.approx(sum(defined) / len(defined)) if defined else None), (name, metric)
    assert found["majority"]["codes"]["A"]["p_pos"] == pytest.approx((16 / 18 + 12 / 16) / 2)
    assert found["none"]["codes"]["B"]["ac1"] is not None
    assert found["majority"]["codes"]["B"] == found["none"]["codes"]["B"]
    assert found["none"]["overall"]["exact"] == pytest.approx((0.1 + 0.4) / 2)


def test_random_coders_give_codes_as_often_as_people_and_the_same_for_one_seed() -> None:
    units = tuple(Unit(str(k), "d") for k in range(2000))
    rows = tuple((frozenset({"A"} if k % 4 == 0 else set()),) for k in range(2000))
    ratings = Ratings(units, ("Li",), rows)
    found = trivial(ratings, ("A",), seed=3)["random"]["codes"]["A"]
    assert found["p_pos"] == pytest.approx(0.25, abs=0.03)
    assert found["kappa"] == pytest.approx(0, abs=0.03)
    assert trivial(ratings, ("A",), seed=3)["random"]["codes"]["A"] == found
    assert trivial(ratings, ("A",), seed=4)["random"]["codes"]["A"] != found


def test_stability_is_alpha_over_runs_and_unknown_without_repeats() -> None:
    keys: list[Key] = [("d", str(k)) for k in range(4)]
    first = {key: Coding((Given("A"),) if k < 2 else ()) for k, key in enumerate(keys)}
    again = {key: Coding((Given("A"),) if k < 1 else ()) for k, key in enumerate(keys[:3])}
    assert stability(keys, first, [], ["A"]) is None
    found = stability(keys, first, [again], ["A", "B"])
    assert found is not None
    assert found.runs == 2
    # three units both answered: yes yes, yes no, no no; Do = 2/6, De = 2 * 3 * 3 / (6 * 5)
    assert found.codes["A"].value == pytest.approx(1 - (2 / 6) / (18 / 30))
    assert found.codes["A"].units == 3
    assert found.codes["B"].status == "undefined:no_variation"
