"""Exact search and fusion: numbers worked out by hand, and an order that never depends on chance."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from vectorstore import Hit, exact
from vectorstore.hybrid import fuse

PLANE = np.array([[1, 0], [0.6, 0.8], [0, 1], [-1, 0], [0, 0], [0.6, 0.8]], dtype=np.float32)
IDS = [50, 40, 30, 20, 10, 35]


def test_cosines_best_first_ties_by_id_and_nothing_at_or_below_zero() -> None:
    hits = exact.search(PLANE[0], IDS, PLANE, 10)
    assert hits == [Hit(50, 1.0, 1), Hit(35, 0.6, 2), Hit(40, 0.6, 3)]


def test_the_filter_applies_before_the_best_are_taken() -> None:
    assert [hit.id for hit in exact.search(PLANE[1], IDS, PLANE, 1, allowed={30, 10, 999})] == [30]
    assert exact.search(PLANE[1], IDS, PLANE, 1, allowed=[]) == []


def test_no_rows_no_hits() -> None:
    assert exact.search(PLANE[0], [], np.empty((0, 2), dtype=np.float32), 5) == []
    assert exact.search(PLANE[0], IDS, PLANE, 0) == []


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = fuse([[Hit(1, 9.0, 1), Hit(2, 8.0, 2)], [Hit(2, 0.9, 1), Hit(3, 0.8, 2)]])
    assert [hit.id for hit in fused] == [2, 1, 3]
    assert [hit.score for hit in fused] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])
    assert [hit.rank for hit in fused] == [1, 2, 3]


def test_fusion_settles_ties_by_id() -> None:
    assert [hit.id for hit in fuse([[Hit(8, 1.0, 1)], [Hit(4, 1.0, 1)], [Hit(6, 1.0, 1)]])] == [4, 6, 8]


rankings = st.lists(
    st.lists(st.integers(0, 20), unique=True, max_size=8).map(
        lambda ids: [Hit(key, 1.0, rank) for rank, key in enumerate(ids, start=1)]
    ),
    max_size=4,
)


@settings(deadline=None)
@given(rankings, st.randoms())
def test_the_order_of_the_rankings_never_matters(several: list[list[Hit]], chance: random.Random) -> None:
    shuffled = list(several)
    chance.shuffle(shuffled)
    assert fuse(shuffled) == fuse(several)
    assert {hit.id for hit in fuse(several)} == {hit.id for ranking in several for hit in ranking}
