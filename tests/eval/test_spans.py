"""Character and span figures: published and own vectors, brute force, and what must not change them."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from eval.spans import (
    Code,
    Counting,
    Counts,
    Mark,
    best_pairs,
    characters,
    disorder,
    ious,
    schemes,
    scores,
    spans,
    tabulate,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors_spans.json").read_text(encoding="utf-8"))
SPAN = VECTORS["SPAN"]
GOLD = tuple(Mark(*each) for each in SPAN["gold"])
FOUND = tuple(Mark(*each) for each in SPAN["pred"])
COUNTINGS: list[Counting] = [characters, spans(1), spans(0.5)]

marks = st.builds(
    lambda start, length, code: Mark(start, start + length, code),
    st.integers(0, 40),
    st.integers(0, 12),
    st.sampled_from("DART"),
)
sides = st.lists(marks, max_size=5)


def test_t28_disorder_of_the_best_alignment() -> None:
    by_coder = [
        [Mark(s, e, c) for name, s, e, c in VECTORS["GAMMA"]["units"] if name == coder] for coder in ("A1", "A2")
    ]
    assert disorder(*by_coder) == VECTORS["GAMMA"]["expect"]["best_alignment_disorder"]


def test_disorder_leaves_a_span_alone_when_that_is_cheaper() -> None:
    assert disorder([Mark(0, 4, "a")], [Mark(0, 4, "b")]) == 1  # aligned at the price of another code
    assert disorder([Mark(0, 4, "a")], [Mark(90, 94, "a")]) == 2  # both alone
    assert disorder([], []) is None
    assert disorder([Mark(3, 9, "a")], []) == 2


def test_t29_iou_of_two_spans() -> None:
    assert ious([Mark(20, 30, "A")], [Mark(22, 35, "A")])[0, 0] == pytest.approx(SPAN["expect"]["iou_A"], abs=1e-4)


def test_t30_characters() -> None:
    total = tabulate({"one": (GOLD, FOUND)}, characters).total
    wanted = [SPAN["expect"][name] for name in ("char_p", "char_r", "char_f1", "char_iou")]
    assert [total.precision, total.recall, total.f1, total.iou] == pytest.approx(wanted, abs=1e-4)


def test_t31_whole_spans_exact_and_from_half() -> None:
    assert tabulate({"one": (GOLD, FOUND)}, spans(1)).total.f1 == pytest.approx(SPAN["expect"]["exact_f1"])
    assert tabulate({"one": (GOLD, FOUND)}, spans(0.5)).total.f1 == pytest.approx(SPAN["expect"]["iou50_f1"])


def test_t31_semeval_schemes() -> None:
    found = schemes(GOLD, FOUND)
    for name in ("strict", "partial", "type"):
        assert found[name].f1 == pytest.approx(SPAN["expect"][f"semeval_{name}_f1"])


apart = st.lists(  # spans of each side and how much the other side's is moved, in places that never meet
    st.tuples(st.sampled_from("DART"), st.sampled_from("DART"), st.integers(0, 5), st.booleans(), st.booleans()),
    min_size=1,
    max_size=6,
)


@pytest.mark.xdist_group("libraries")
@given(apart)
def test_t31_schemes_as_nervaluate_counts_them(drawn: list[tuple[str, str, int, bool, bool]]) -> None:
    from nervaluate import Evaluator

    gold = [Mark(100 * k, 100 * k + 9, code) for k, (code, _, _, here, _) in enumerate(drawn) if here]
    found = [Mark(100 * k + by, 100 * k + 9 + by, code) for k, (_, code, by, _, here) in enumerate(drawn) if here]
    as_dicts = [[{"label": m.code, "start": m.start, "end": m.end} for m in side] for side in (gold, found)]
    if not gold or not found:
        return
    theirs = Evaluator([as_dicts[0]], [as_dicts[1]], tags=list("DART"), loader="dict").evaluate()["overall"]
    ours = schemes(gold, found)
    wanted = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}
    for name, other in wanted.items():
        assert ours[name].f1 == pytest.approx(theirs[other].f1), name


@given(sides, sides)
def test_characters_as_counted_one_by_one(gold: list[Mark], found: list[Mark]) -> None:
    def covered(side: list[Mark], code: Code) -> set[int]:
        return {place for mark in side if mark.code == code for place in range(mark.start, mark.end)}

    for code, counts in characters(gold, found).items():
        first, second = covered(gold, code), covered(found, code)
        assert (counts.gold, counts.found, counts.both) == (len(first), len(second), len(first & second))


@given(sides, sides, st.sampled_from([0.2, 0.5, 1.0]))
def test_spans_are_paired_one_to_one_as_often_as_possible(gold: list[Mark], found: list[Mark], least: float) -> None:
    for code, counts in spans(least)(gold, found).items():
        first = [mark for mark in gold if mark.code == code and mark.end > mark.start]
        second = [mark for mark in found if mark.code == code and mark.end > mark.start]
        near = ious(first, second) >= least
        if len(first) > len(second):
            near = near.T
        most = max(
            sum(bool(near[i, j]) for i, j in enumerate(p)) for p in permutations(range(near.shape[1]), len(near))
        )
        assert counts.both == most


def test_more_pairs_go_before_one_better_pair() -> None:
    gold, found = [Mark(0, 10, "D"), Mark(0, 3, "D")], [Mark(0, 10, "D"), Mark(7, 10, "D")]
    assert spans(0.2)(gold, found)["D"].both == 2  # IoU .3 twice, not 1 once


@given(st.lists(st.tuples(sides, sides), max_size=4), st.permutations("DART"), st.sampled_from(COUNTINGS))
def test_names_and_order_change_nothing(
    documents: list[tuple[list[Mark], list[Mark]]], letters: list[str], count: Counting
) -> None:
    renamed = dict(zip("DART", letters, strict=True))

    def rename(side: list[Mark]) -> list[Mark]:
        return [Mark(mark.start, mark.end, renamed[str(mark.code)]) for mark in reversed(side)]

    before = tabulate({str(k): each for k, each in enumerate(documents)}, count)
    after = tabulate(
        {str(k): (rename(gold), rename(found)) for k, (gold, found) in reversed(list(enumerate(documents)))}, count
    )
    assert after.total == before.total
    assert after.codes == {renamed[str(code)]: counts for code, counts in before.codes.items()}


@given(sides, sides, st.integers(1, 500), st.sampled_from(COUNTINGS))
def test_moving_everything_changes_nothing(gold: list[Mark], found: list[Mark], by: int, count: Counting) -> None:
    moved = [[Mark(mark.start + by, mark.end + by, mark.code) for mark in side] for side in (gold, found)]
    assert count(moved[0], moved[1]) == count(gold, found)


@given(sides, sides)
def test_cutting_spans_in_pieces_leaves_characters_as_they_are(gold: list[Mark], found: list[Mark]) -> None:
    cut = [Mark(place, place + 1, mark.code) for mark in gold for place in range(mark.start, mark.end)]
    voids = sum(mark.start == mark.end for mark in gold)
    before, after = (sum(characters(side, found).values(), Counts()) for side in (gold, cut))
    assert (after.gold, after.found, after.both, after.void) == (
        before.gold,
        before.found,
        before.both,
        before.void - voids,
    )


@given(sides.filter(lambda side: any(mark.end > mark.start for mark in side)), st.sampled_from(COUNTINGS))
def test_the_same_spans_score_one(side: list[Mark], count: Counting) -> None:
    total = tabulate({"one": (side, side)}, count).total
    assert (total.precision, total.recall, total.f1, total.iou) == (1, 1, 1, 1)


@given(sides, sides, st.sampled_from(COUNTINGS))
def test_changing_sides_swaps_precision_and_recall(gold: list[Mark], found: list[Mark], count: Counting) -> None:
    there, back = tabulate({"one": (gold, found)}, count).total, tabulate({"one": (found, gold)}, count).total
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


def test_documents_are_added_not_averaged() -> None:
    table = tabulate({"long": ([Mark(0, 90, "D")], [Mark(0, 90, "D")]), "short": ([Mark(0, 10, "D")], [])}, characters)
    assert table.codes["D"] == Counts(100, 90, 90)
    assert table.documents["short"]["D"].recall == 0


def test_scores_have_intervals_over_documents() -> None:
    documents = {f"d{k}": ([Mark(0, 10, "D")], [Mark(k % 5, 10, "D")] if k % 3 else []) for k in range(12)}
    table = tabulate(documents, characters)
    found = scores(table)
    f1 = found.codes["D"]["f1"]
    assert f1.value == table.codes["D"].f1 == found.overall["f1"].value
    assert f1.low is not None and f1.high is not None and f1.value is not None
    assert 0 <= f1.low < f1.value < f1.high <= 1
    assert (f1.clusters, f1.units, f1.status) == (12, table.total.gold + table.total.found, "ok")
    assert scores(tabulate(dict(list(documents.items())[:4]), characters)).overall["iou"].status == (
        "no_interval:too_few_documents"
    )


def test_scores_without_a_value_say_why() -> None:
    missed = scores(tabulate({"one": ([Mark(0, 4, "D")], [])}, characters)).codes["D"]
    assert (missed["precision"].value, missed["precision"].status) == (None, "undefined:none_found")
    assert (missed["recall"].value, missed["f1"].value) == (0, 0)
    void = scores(tabulate({"one": ([Mark(4, 4, "D")], [])}, characters)).overall
    assert {each.status for each in void.values()} == {"undefined:zero_length"}
    assert {each.status for each in scores(tabulate({}, characters)).overall.values()} == {"undefined:not_used"}


@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=6), st.sampled_from(COUNTINGS))
def test_scores_are_the_figures_of_the_counts(documents: list[tuple[list[Mark], list[Mark]]], count: Counting) -> None:
    table = tabulate({str(k): each for k, each in enumerate(documents)}, count)
    for name, found in scores(table).overall.items():
        value = getattr(table.total, name)
        assert found.value == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize("count", COUNTINGS)
def test_nothing_marked_has_a_status_and_no_number(count: Counting) -> None:
    empty = tabulate({"one": ([], [])}, count).total
    assert (empty.precision, empty.recall, empty.f1, empty.iou, empty.status) == (
        None,
        None,
        None,
        None,
        "undefined:not_used",
    )
    void = tabulate({"one": ([Mark(4, 4, "D")], [])}, count).total
    assert (void.f1, void.void, void.status) == (None, 1, "undefined:zero_length")
    missed = tabulate({"one": ([Mark(0, 4, "D")], [])}, count).total
    assert (missed.precision, missed.recall, missed.f1, missed.status) == (None, 0, 0, "ok:none_found")
    added = tabulate({"one": ([], [Mark(0, 4, "D")])}, count).total
    assert (added.precision, added.recall, added.f1, added.status) == (0, None, 0, "ok:no_gold")


def test_a_span_ends_where_it_starts_or_later() -> None:
    with pytest.raises(ValueError, match=r"not a span: 5\.\.4"):
        Mark(5, 4, "D")
    with pytest.raises(ValueError, match="least IoU"):
        spans(0)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2**32))
def test_best_pairs_reach_the_highest_total_of_allowed_cells(rows: int, columns: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    weights, allowed = draw.random((rows, columns)), draw.random((rows, columns)) < 0.6
    reached = sum(weights[i, j] for i, j in best_pairs(weights, allowed))
    masked = np.where(allowed, weights, 0.0)
    masked = masked if rows <= columns else masked.T
    tried = (sum(masked[i, j] for i, j in enumerate(p)) for p in permutations(range(masked.shape[1]), masked.shape[0]))
    assert reached == pytest.approx(max(tried, default=0.0), abs=1e-7)
