"""Open codes: own vectors, brute force, null baselines, and what must not change a match."""

from __future__ import annotations

import json
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from eval.matching import (
    against_shuffled,
    against_unrelated,
    anchor,
    best_similarity,
    curve,
    groups,
    match,
    same_place,
    standings,
)
from eval.spans import Mark

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors_spans.json").read_text(encoding="utf-8"))
S1, S2 = (np.array(VECTORS["MATCH"][name]) for name in ("S1", "S2"))
TAUS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def _drawn(shape: tuple[int, int], seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random(shape)


shapes = st.tuples(st.integers(0, 5), st.integers(0, 5))
seeds = st.integers(0, 2**32)


def test_t33_hungarian_beats_greedy() -> None:
    best = best_similarity(S1)
    assert best is not None
    assert best * 2 == pytest.approx(VECTORS["MATCH"]["hungarian_sum"])
    assert sum(pair.similarity for pair in match(S1, 0.1).pairs) == pytest.approx(1.65)


def test_t34_pairs_below_tau_are_masked_before_matching() -> None:
    pairs = match(S2, VECTORS["MATCH"]["tau"]).pairs
    assert [[pair.human, pair.model, pair.similarity] for pair in pairs] == VECTORS["MATCH"]["mask_first"]


def test_t35_every_coder_by_the_same_four_figures() -> None:
    found = standings(VECTORS["ACS"]["codes"])
    for coder, wanted in VECTORS["ACS"]["expect"].items():
        for name, value in wanted.items():
            assert getattr(found[coder], name) == pytest.approx(value, abs=1e-5), (coder, name)
        assert found[coder].status == "ok"


@given(
    st.dictionaries(st.sampled_from("ABCLM"), st.frozensets(st.integers(0, 6)), max_size=5), st.permutations(range(7))
)
def test_t35_names_and_order_change_no_standing(codes: dict[str, frozenset[int]], names: list[int]) -> None:
    before = standings(codes)
    after = standings({coder: {f"code {names[code]}" for code in codes[coder]} for coder in reversed(list(codes))})
    for coder, standing in before.items():
        other = after[coder]
        assert (standing.status, standing.novelty) == (other.status, other.novelty)
        assert (standing.coverage, standing.overlap) == pytest.approx((other.coverage, other.overlap))
        assert standing.divergence == pytest.approx(other.divergence, abs=1e-6)


def test_standings_without_codes_or_others_say_so() -> None:
    assert standings({"A": [], "B": []})["A"].status == "undefined:no_codes"
    alone = standings({"A": ["x"], "B": []})
    assert (alone["A"].status, alone["A"].overlap) == ("undefined:no_other_coder", None)
    assert (alone["B"].status, alone["B"].coverage, alone["B"].divergence) == ("undefined:coder_has_no_codes", 0, None)
    twins = standings({"A": ["x", "y"], "B": ["x", "y"]})["A"]
    assert (twins.coverage, twins.overlap, twins.novelty, twins.divergence) == (1, 1, None, 0)


@given(shapes, seeds, st.sampled_from(TAUS))
def test_the_matching_has_the_highest_total_above_tau(shape: tuple[int, int], seed: int, tau: float) -> None:
    drawn = _drawn(shape, seed)
    kept = np.where(drawn >= tau, drawn, 0.0)
    kept = kept if shape[0] <= shape[1] else kept.T
    best = max(
        (sum(kept[i, j] for i, j in enumerate(p)) for p in permutations(range(kept.shape[1]), kept.shape[0])),
        default=0.0,
    )
    pairs = match(drawn, tau).pairs
    assert sum(pair.similarity for pair in pairs) == pytest.approx(best, abs=1e-7)
    assert all(pair.similarity >= tau for pair in pairs)
    assert len({pair.human for pair in pairs}) == len({pair.model for pair in pairs}) == len(pairs)


@given(shapes, seeds, seeds)
def test_order_of_codes_changes_no_figure(shape: tuple[int, int], seed: int, other: int) -> None:
    drawn, among, draw = _drawn(shape, seed), _drawn((shape[1], shape[1]), seed), np.random.default_rng(other)
    rows, columns = draw.permutation(shape[0]), draw.permutation(shape[1])
    for before, after in zip(
        curve(drawn, TAUS, among), curve(drawn[rows][:, columns], TAUS, among[columns][:, columns]), strict=True
    ):
        for name in ("recall", "precision", "covered", "novelty", "splits", "merges", "redundancy", "status"):
            assert getattr(before, name) == getattr(after, name), name


@given(shapes, seeds)
def test_a_higher_tau_never_covers_more(shape: tuple[int, int], seed: int) -> None:
    found = curve(_drawn(shape, seed), list(reversed(TAUS)))
    assert [each.tau for each in found] == TAUS
    for low, high in pairwise(found):
        assert (high.covered or 0) <= (low.covered or 0)
        assert (high.novelty or 0) >= (low.novelty or 0)


@given(st.integers(1, 6), seeds)
def test_identical_codes_match_wholly(size: int, seed: int) -> None:
    alike = _drawn((size, size), seed) * 0.9
    np.fill_diagonal(alike, 1.0)
    found = match(alike, 0.95, alike)
    assert (found.recall, found.precision, found.covered, found.novelty, found.redundancy) == (1, 1, 1, 0, 0)
    assert best_similarity(alike) == 1


def test_splits_merges_and_redundancy() -> None:
    alike = np.array([[0.9, 0.8, 0.1, 0.0], [0.1, 0.1, 0.7, 0.0], [0.0, 0.0, 0.75, 0.2]])
    among = np.array([[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    found = match(alike, 0.6, among)
    assert (found.splits, found.merges) == (1, 1)
    assert (found.recall, found.precision) == (2 / 3, 2 / 4)
    assert (found.covered, found.novelty, found.redundancy) == (1, 1 / 4, 1 / 4)
    assert groups(among, 0.6) == (0, 0, 2, 3)
    assert match(alike, 0.6).redundancy is None


def test_no_codes_have_a_status() -> None:
    assert match(np.zeros((0, 0)), 0.5).status == "undefined:no_codes"
    none = match(np.zeros((3, 0)), 0.5)
    assert (none.recall, none.precision, none.novelty, none.status) == (0, None, None, "undefined:no_model_codes")
    assert match(np.zeros((0, 3)), 0.5).status == "undefined:no_human_codes"
    assert best_similarity(np.zeros((3, 0))) is None
    assert against_unrelated(np.zeros((3, 0)), np.zeros((3, 9)), seed=1).status == "undefined:too_few"


def test_codes_pulled_from_thin_air_are_worth_nothing_beyond_the_null() -> None:
    draw = np.random.default_rng(5)
    parts = [draw.random((8, 10)) for _ in range(3)]
    found = against_shuffled(parts, seed=3)
    assert found.observed is not None and found.observed > 0.6  # looks like agreement
    assert found.value is not None and abs(found.value) < 0.15  # and is none
    assert found.share_as_high is not None and found.share_as_high > 0.05


def test_codes_that_hold_together_rise_above_the_null() -> None:
    same = 0.4 + 0.6 * np.eye(8)
    found = against_shuffled([same, same, same], seed=3)
    assert found.observed == found.value == pytest.approx(1)
    assert found.null is not None and 0.5 < found.null < 0.9
    assert found.share_as_high == 1 / 201
    assert found == against_shuffled([same, same, same], seed=3)
    assert found != against_shuffled([same, same, same], seed=4)


def test_null_of_unrelated_codes() -> None:
    found = against_unrelated(np.full((4, 3), 0.8), np.full((4, 20), 0.5), seed=1)
    assert (found.observed, found.null) == pytest.approx((0.8, 0.5))
    assert found.value == pytest.approx(0.6)
    assert against_unrelated(np.full((4, 3), 0.8), np.full((4, 2), 0.5), seed=1).status == "undefined:too_few"
    assert against_unrelated(np.ones((4, 3)), np.ones((4, 9)), seed=1).status == "undefined:null_is_one"


def test_one_part_or_one_code_cannot_be_shuffled() -> None:
    for parts in ([np.eye(3)], [np.ones((3, 1))] * 2, []):
        found = against_shuffled(parts, seed=1)
        assert (found.value, found.status) == (None, "undefined:no_shuffle")


HUMAN = [{"a": [Mark(0, 100, "")]}, {"a": [Mark(200, 220, "")]}, {"b": [Mark(0, 10, "")]}, {"b": [Mark(50, 50, "")]}]
MODEL = [{"a": [Mark(40, 45, "")]}, {"a": [Mark(215, 400, "")], "b": [Mark(6, 14, "")]}, {"b": [Mark(2, 12, "")]}]


def test_quotes_in_the_same_place() -> None:
    together = same_place(HUMAN, MODEL)
    assert together.tolist() == [
        [True, False, False],  # inside, however small
        [False, False, False],  # 5 characters of 200 shared; the same offsets in another document
        [False, False, True],  # 8 of 12 shared; 4 of 14 are too few
        [False, False, False],  # no length, no place
    ]


def test_anchored_codes_are_alike_and_in_one_place() -> None:
    alike = np.array([[0.9, 0.9, 0.1], [0.1, 0.95, 0.1], [0.1, 0.1, 0.2], [0.0, 0.0, 0.0]])
    found = anchor(alike, same_place(HUMAN, MODEL), 0.5)
    assert [(pair.human, pair.model) for pair in found.pairs] == [(0, 0)]  # (1, 1) is alike and elsewhere
    assert [(pair.human, pair.model) for pair in found.other_names] == [(2, 2)]
    assert (found.recall, found.precision) == (1 / 4, 1 / 3)
    assert (found.place_recall, found.place_precision) == (2 / 4, 2 / 3)


@given(shapes, seeds)
def test_other_names_are_below_tau_and_of_codes_left_over(shape: tuple[int, int], seed: int) -> None:
    alike, together = _drawn(shape, seed), _drawn(shape, seed + 1) < 0.5
    found = anchor(alike, together, 0.5)
    assert all(together[pair.human, pair.model] for pair in (*found.pairs, *found.other_names))
    assert all(pair.similarity >= 0.5 for pair in found.pairs)
    assert all(pair.similarity < 0.5 for pair in found.other_names)
    assert {pair.human for pair in found.pairs}.isdisjoint(pair.human for pair in found.other_names)
