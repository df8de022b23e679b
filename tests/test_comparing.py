"""How runs of the same segments differ."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies as st

from assistant.comparing import Coded, CodeSupport, Difference, Pair, UnitCodes, compare
from assistant.errors import UsageError
from assistant.model import UnitState

A, B, C = ("dart.access", "+"), ("dart.dialogue", None), ("dart.access", "-")
NONE = UnitCodes("none")


def coded(*codes: tuple[str, str | None]) -> UnitCodes:
    return UnitCodes("coded", frozenset(codes))


def run(number: int, *units: UnitCodes | None) -> Coded:
    """A run over segments 1, 2, 3 …; None where it was not asked."""
    return Coded(number, {place: unit for place, unit in enumerate(units, start=1) if unit is not None})


def test_three_runs_by_hand() -> None:
    found = compare(
        [
            run(7, coded(A), coded(A, B), NONE, coded(A)),
            run(8, coded(A), coded(A), NONE, coded(C)),
            run(9, coded(A), coded(A, B), NONE, NONE),
        ]
    )
    assert found.runs == (7, 8, 9)
    assert (found.asked_by_all, found.asked_by_some, found.left_out, found.compared) == (4, 0, (), 4)
    assert found.identical == 2 / 4
    assert found.pairs == (
        Pair(7, 8, 4, 2 / 4, pytest.approx((1 + 1 / 2 + 1 + 0) / 4)),  # type: ignore[arg-type]
        Pair(7, 9, 4, 3 / 4, pytest.approx((1 + 1 + 1 + 0) / 4)),  # type: ignore[arg-type]
        Pair(8, 9, 4, 2 / 4, pytest.approx((1 + 1 / 2 + 1 + 0) / 4)),  # type: ignore[arg-type]
    )
    assert found.jaccard == pytest.approx((2.5 + 3 + 2.5) / 12)
    assert found.support == (2, 1, 2)
    assert found.codes == (
        CodeSupport("dart.access", "-", (1, 0, 0), pytest.approx(1 / 3)),  # type: ignore[arg-type]
        CodeSupport("dart.dialogue", None, (0, 1, 0), pytest.approx(2 / 3)),  # type: ignore[arg-type]
        CodeSupport("dart.access", "+", (1, 0, 2), pytest.approx((1 + 1 + 1 / 3) / 3)),  # type: ignore[arg-type]
    )
    assert found.differences == (
        Difference(2, ((A, B), (A,), (A, B))),
        Difference(4, ((A,), (C,), ())),
    )


@pytest.mark.parametrize("state", ["failed", "refused", "pending"])
def test_a_segment_not_answered_in_every_run_is_left_out_and_never_read_as_no_code(state: UnitState) -> None:
    found = compare([run(1, NONE, coded(A)), run(2, UnitCodes(state), coded(A))])
    assert (found.compared, found.identical, found.jaccard) == (1, 1.0, 1.0)
    assert (found.left_out, found.left_out_for) == ((1,), {state: 1})
    assert found.asked_by_all == 2
    assert found.differences == ()


def test_a_segment_that_fails_in_several_ways_counts_once_for_each() -> None:
    failed, refused = UnitCodes("failed"), UnitCodes("refused")
    found = compare([run(1, failed, failed), run(2, refused, failed), run(3, NONE, NONE)])
    assert found.left_out == (1, 2)
    assert found.left_out_for == {"failed": 2, "refused": 1}
    assert (found.compared, found.identical, found.jaccard) == (0, None, None)
    assert all((pair.n, pair.identical, pair.jaccard) == (0, None, None) for pair in found.pairs)
    assert found.support == (0, 0, 0)


def test_segments_that_only_some_runs_were_asked_about_are_counted_and_not_compared() -> None:
    found = compare([run(1, coded(A), coded(A), None), run(2, None, coded(A), coded(B)), run(3, NONE, coded(A), None)])
    assert (found.asked_by_all, found.asked_by_some, found.compared) == (1, 2, 1)
    assert found.support == (0, 0, 1)


def test_two_runs_that_say_nothing_agree() -> None:
    found = compare([run(1, NONE), run(2, UnitCodes("coded"))])
    assert (found.identical, found.jaccard, found.codes) == (1.0, 1.0, ())


def test_another_polarity_is_another_code() -> None:
    found = compare([run(1, coded(A)), run(2, coded(C))])
    assert (found.identical, found.jaccard, found.support) == (0.0, 0.0, (2, 0))


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        ([], "at least two"),
        ([run(1, NONE)], "at least two"),
        ([run(1, NONE), run(2, NONE), run(1, NONE)], "Run 1 is named twice"),
        ([run(1, NONE, None), run(2, None, NONE)], "Runs 1, 2 have no segment in common"),
        ([run(1), run(2)], "no segment in common"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs: list[Coded], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        compare(runs)
    assert caught.value.hint


GIVEN = st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([None, "+", "-"]))
UNITS = st.one_of(
    st.builds(coded, GIVEN),
    st.builds(coded, GIVEN, GIVEN),
    st.just(NONE),
    st.sampled_from([UnitCodes("failed"), UnitCodes("refused"), UnitCodes("pending")]),
)
RUNS = st.lists(st.dictionaries(st.integers(2, 6), UNITS), min_size=2, max_size=5).map(
    lambda all_units: [Coded(n, {1: NONE, **units}) for n, units in enumerate(all_units, start=1)]
)


@given(RUNS, st.randoms(use_true_random=False))
def test_the_order_of_runs_does_not_matter(runs: list[Coded], dice: random.Random) -> None:
    shuffled = [Coded(each.run, dict(sorted(each.units.items(), reverse=True))) for each in runs]
    dice.shuffle(shuffled)
    assert compare(shuffled) == compare(runs)


@given(RUNS)
def test_which_run_has_which_number_does_not_change_the_figures(runs: list[Coded]) -> None:
    found = compare(runs)
    renamed = compare([Coded(100 - each.run, each.units) for each in runs])
    assert (renamed.identical, renamed.support, renamed.codes) == (found.identical, found.support, found.codes)
    assert renamed.jaccard == pytest.approx(found.jaccard)


@given(RUNS)
def test_the_parts_add_up(runs: list[Coded]) -> None:
    found = compare(runs)
    assert found.compared + len(found.left_out) == found.asked_by_all
    assert found.asked_by_all + found.asked_by_some == len(set().union(*(each.units for each in runs)))
    assert found.identical == (found.compared - len(found.differences)) / found.compared
    assert found.jaccard is not None
    assert found.identical <= found.jaccard + 1e-12 <= 1 + 1e-9
    assert sum(k * n for k, n in enumerate(found.support, start=1)) == sum(
        len(each.units[s].codes)
        for each in runs
        for s in set.intersection(*(set(r.units) for r in runs)) - set(found.left_out)
    )
    assert all(1 / len(runs) <= code.stability <= 1 for code in found.codes)


@given(RUNS)
def test_a_run_beside_itself_is_identical(runs: list[Coded]) -> None:
    found = compare([runs[0], Coded(99, runs[0].units)])
    assert (found.identical, found.jaccard, found.differences) == (1.0, 1.0, ())
    assert all(code.stability == 1.0 for code in found.codes)
