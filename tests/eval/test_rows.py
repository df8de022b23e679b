"""Units gathered in rows, documents in rows, figures taken together: faster ways to the very same figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from eval.agreement import ac1_error, contingency
from eval.alpha import Distance, alpha, alpha_by_document, alpha_parts
from eval.measures import CODE_METRICS, measure, measure_all
from eval.ratings import Codes, Grid, Ratings, Unit
from eval.uncertainty import clustering
from eval.yes_no import four

CELL = st.sampled_from([True, False, None])
ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=60)
SETS = st.lists(st.lists(st.none() | st.frozensets(st.sampled_from("ABC")), min_size=2, max_size=2), min_size=1)


def grid(rows: Sequence[tuple[bool | None, ...]], documents: int) -> Grid:
    return Grid.of(rows, (False, True), [k % documents for k in range(len(rows))])


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([3, 7, 25]))
def test_like_units_in_one_row_give_every_figure_of_single_units(
    rows: list[tuple[bool | None, ...]], documents: int
) -> None:
    whole = grid(rows, documents).pair(0, 2)
    fewer = whole.gathered()
    assert fewer.times is not None
    assert fewer.times.sum() == len(rows)
    assert len(fewer.cells) <= len(rows)
    for name, of in CODE_METRICS.items():
        one, other = measure(of(whole), name, resamples=50), measure(of(fewer), name, resamples=50)
        assert (one.status, one.units, one.clusters) == (other.status, other.units, other.clusters), name
        for first, second in ((one.value, other.value), (one.low, other.low), (one.high, other.high)):
            assert first == (second if second is None else pytest.approx(second, abs=1e-9)), name
    assert four(whole) == four(fewer)
    assert (contingency(whole) == contingency(fewer)).all()
    assert alpha_parts(whole) == alpha_parts(fewer)
    effect, same = clustering(CODE_METRICS["kappa"](whole)), clustering(CODE_METRICS["kappa"](fewer))
    assert (effect is None) == (same is None)
    if effect and same:
        assert same.effective_units == pytest.approx(effect.effective_units)


def test_the_error_of_ac1_heeds_rows_of_several_units() -> None:
    whole = grid([(k % 3 == 0, k % 4 == 0, None) for k in range(40)], 5)
    assert ac1_error(whole.gathered()) == pytest.approx(ac1_error(whole))


@settings(max_examples=60, deadline=None)
@given(SETS, st.sampled_from(["nominal", "jaccard", "masi", "hamming"]), st.sampled_from([2, 6, 30]))
def test_alpha_of_whole_documents_is_alpha(rows: list[list[Codes | None]], distance: Distance, documents: int) -> None:
    units = tuple(Unit(str(k), str(k % documents)) for k in range(len(rows)))
    sets = Ratings(units, ("Li", "Wu"), tuple((row[0], row[1]) for row in rows)).sets()
    one = measure(alpha(sets, distance), "a", resamples=50)
    other = measure(alpha_by_document(sets, distance), "a", resamples=50)
    assert (one.status, one.units, one.clusters) == (other.status, other.units, other.clusters)
    for first, second in ((one.value, other.value), (one.low, other.low), (one.high, other.high)):
        assert first == (second if second is None else pytest.approx(second, abs=1e-9))


def test_documents_summed_cannot_be_taken_apart_again() -> None:
    sets = Ratings(
        (Unit("1", "d"), Unit("2", "d")), ("Li", "Wu"), ((Codes("A"), Codes("A")), (Codes(), Codes()))
    ).sets()
    with pytest.raises(ValueError, match="summed"):
        alpha_by_document(sets, "nominal").singly()


def test_figures_measured_together_are_those_measured_alone() -> None:
    draw = np.random.default_rng(1)
    rows = [tuple(bool(x) for x in draw.random(3) < 0.4) for _ in range(300)]
    whole = grid(rows, 30)
    figures = [CODE_METRICS["kappa"](whole.pair(*pair)) for pair in ((0, 1), (0, 2), (1, 2))]
    few = CODE_METRICS["kappa"](grid(rows[:50], 8).pair(0, 1))
    together = measure_all([*figures, few], "kappa", resamples=300)
    for figure, one in zip([*figures, few], together, strict=True):
        alone = measure(figure, "kappa", resamples=300)
        assert (alone.value, alone.method, alone.status) == (one.value, one.method, one.status)
        assert alone.low == pytest.approx(one.low)
        assert alone.high == pytest.approx(one.high)
