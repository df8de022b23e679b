"""The u-alpha family: published vectors, a character-by-character oracle, and what must not change it."""

from __future__ import annotations

import json
from collections import defaultdict
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from eval.spans import Code, Mark
from eval.unitizing import Continuum, Unitized, alpha_2004, by_code, jaccard, sets, unitized

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors_spans.json").read_text(encoding="utf-8"))
BOOK = VECTORS["UALPHA"]
FIGURE = Continuum(BOOK["L"], tuple(tuple(Mark(*each) for each in marks) for marks in BOOK["obs"].values()))
OLD = VECTORS["ALPHAU2004"]
PAGE_254 = Continuum(
    300,
    tuple(
        tuple(Mark(start - 150, start - 150 + length, code) for code in "ck" for start, length in OLD[code][coder])
        for coder in (0, 1)
    ),
)


@st.composite
def tracks(draw: st.DrawFn, length: int = 30) -> tuple[Mark, ...]:
    """One coder's units: some of the stretches between drawn cuts."""
    cuts = sorted(draw(st.sets(st.integers(0, length), min_size=2, max_size=8)))
    codes = draw(st.lists(st.sampled_from([None, "D", "A", "R"]), min_size=len(cuts) - 1, max_size=len(cuts) - 1))
    return tuple(Mark(a, b, c) for a, b, c in zip(cuts, cuts[1:], codes, strict=False) if c is not None)


texts = st.lists(
    st.lists(tracks(), min_size=2, max_size=3).map(lambda coders: Continuum(30, tuple(coders))), min_size=1, max_size=3
)
heaps = st.lists(  # spans of one coder that may overlap
    st.builds(lambda s, n, c: Mark(s, s + n, c), st.integers(0, 20), st.integers(1, 10), st.sampled_from("DAR")),
    max_size=4,
).map(tuple)


def _close(first: Unitized, second: Unitized) -> None:
    for one, other in ((first.u, second.u), (first.binary, second.binary), (first.cu, second.cu)):
        assert one.status == other.status
        assert one.value == (other.value if other.value is None else pytest.approx(other.value, abs=1e-9))


def test_t25_figure_of_the_book() -> None:
    found, wanted = unitized([FIGURE]), BOOK["expect"]
    assert [found.u.value, found.binary.value, found.cu.value] == pytest.approx(
        [wanted["u"], wanted["binary"], wanted["cu"]], abs=1e-6
    )
    assert [found.u.value, found.binary.value, found.cu.value] == pytest.approx(list(BOOK["book"].values()), abs=1e-3)


def test_t25_another_unit_of_length_gives_another_value() -> None:
    finer = [tuple(Mark(100 * m.start, 100 * m.end, m.code) for m in marks) for marks in FIGURE.coders]
    assert unitized([Continuum(6000, tuple(finer))]).u.value == pytest.approx(0.50889, abs=1e-5)


def test_t25_each_value() -> None:
    values = unitized([FIGURE]).values
    assert {code: values[code].alpha.value for code in BOOK["expect"]["k_u"]} == pytest.approx(BOOK["expect"]["k_u"])
    assert values["5"].coverage == pytest.approx(8 / 18)
    assert (values["7"].alpha.value, values["7"].alpha.status, values["7"].coverage) == (None, "undefined:never_met", 0)


def test_t26_alpha_u_of_2004() -> None:
    each, overall = alpha_2004(PAGE_254)
    assert [each["c"].observed, each["c"].expected, each["k"].expected] == pytest.approx(
        [OLD["expect"]["Do_c"], OLD["expect"]["De_c"], OLD["expect"]["De_k"]], abs=1e-6
    )
    assert [each["c"].value, each["k"].value, overall.value] == pytest.approx([0.7286, 1.0, 0.8587], abs=1e-4)


def test_t27_identical_is_one_and_no_length_is_undefined() -> None:
    same = unitized([Continuum(30, (FIGURE.coders[1][:2],) * 3)])
    assert (same.u.value, same.binary.value, same.cu.value) == (1, 1, 1)
    void = unitized([Continuum(30, ((Mark(3, 3, "D"),), (Mark(9, 9, "D"),)))])
    assert (void.u.value, void.u.status, void.u.units) == (None, "undefined:no_variation", 0)
    assert (void.cu.value, void.cu.status) == (None, "undefined:never_met")
    assert void.values["D"].alpha.status == "undefined:never_met"


@given(tracks(), st.integers(2, 4))
def test_t27_any_unitization_agrees_with_itself(track: tuple[Mark, ...], coders: int) -> None:
    found = unitized([Continuum(31, (track,) * coders)])  # the last character is a gap
    if track:
        assert found.u.value == found.binary.value == 1
    assert all(each.alpha.value in (1, None) for each in found.values.values())


def _slowly(texts: list[Continuum], binary: bool = False) -> float | None:
    """u-alpha from one cell per character and pair of coders."""
    joint: defaultdict[tuple[object, object], float] = defaultdict(float)
    squares: defaultdict[object, float] = defaultdict(float)
    for text in texts:
        lines: list[list[object]] = []
        for marks in text.coders:
            line: list[object] = [None] * text.length
            for mark in marks:
                line[mark.start : mark.end] = ["x" if binary else mark.code] * (mark.end - mark.start)
                squares["x" if binary else mark.code] += (mark.end - mark.start) ** 2
            squares[None] += line.count(None)
            lines.append(line)
        for i, first in enumerate(lines):
            for j, second in enumerate(lines):
                for pair in zip(first, second, strict=True):
                    joint[pair] += (i != j) / (len(lines) - 1)
    totals: defaultdict[object, float] = defaultdict(float)
    for (value, _), cells in joint.items():
        totals[value] += cells
    length = sum(totals.values())
    observed = sum(cells for (a, b), cells in joint.items() if a != b)
    expected = sum(totals[a] * totals[b] for a in totals for b in totals if a != b)
    expected /= length - sum(squares.values()) / length
    if not expected:
        return None
    return 1 - observed / expected


@settings(max_examples=30)
@given(texts)
def test_as_counted_character_by_character(drawn: list[Continuum]) -> None:
    found = unitized(drawn)
    for ours, slow in ((found.u, _slowly(drawn)), (found.binary, _slowly(drawn, binary=True))):
        assert ours.value == (None if slow is None else pytest.approx(slow, abs=1e-9))
        assert ours.status == ("undefined:no_variation" if slow is None else "no_interval:too_few_documents")


@settings(max_examples=30)
@given(texts, st.permutations("DAR"), st.randoms())
def test_coders_texts_and_names_change_nothing(drawn: list[Continuum], letters: list[str], chance: Any) -> None:
    renamed = dict(zip("DAR", letters, strict=True))
    other = [
        Continuum(
            text.length,
            tuple(
                tuple(Mark(m.start, m.end, renamed[str(m.code)]) for m in reversed(marks))
                for marks in chance.sample(text.coders, len(text.coders))
            ),
        )
        for text in chance.sample(drawn, len(drawn))
    ]
    first, second = unitized(drawn), unitized(other)
    _close(first, second)
    for code, each in first.values.items():
        twin = second.values[renamed[str(code)]]
        assert twin.alpha.status == each.alpha.status
        assert twin.coverage == pytest.approx(each.coverage)


@settings(max_examples=30)
@given(texts, st.integers(1, 50), st.integers(0, 50))
def test_a_gap_may_move_from_the_end_to_the_front(drawn: list[Continuum], front: int, end: int) -> None:
    longer = [Continuum(text.length + front + end, text.coders) for text in drawn]
    moved = [
        Continuum(
            text.length,
            tuple(tuple(Mark(m.start + front, m.end + front, m.code) for m in marks) for marks in text.coders),
        )
        for text in longer
    ]
    _close(unitized(longer), unitized(moved))


@settings(max_examples=30)
@given(texts)
def test_texts_with_as_many_coders_count_as_one_long_text(drawn: list[Continuum]) -> None:
    pairs = [Continuum(text.length, text.coders[:2]) for text in drawn]
    ends = [30 * k for k in range(len(pairs))]
    laid = [
        tuple(
            Mark(m.start + at, m.end + at, m.code) for at, text in zip(ends, pairs, strict=True) for m in text.coders[c]
        )
        for c in (0, 1)
    ]
    _close(unitized(pairs), unitized([Continuum(30 * len(pairs), tuple(laid))]))


@settings(max_examples=30)
@given(texts)
def test_sets_change_nothing_where_no_spans_overlap(drawn: list[Continuum]) -> None:
    tiled = [sets(text) for text in drawn]
    _close(unitized(drawn), unitized(tiled))
    _close(unitized(drawn), unitized(tiled, jaccard))  # sets of one are equal or disjoint


@given(heaps)
def test_tiles_hold_the_codes_of_each_place(marks: tuple[Mark, ...]) -> None:
    tiles = sets(Continuum(30, (marks,))).coders[0]
    for place in range(30):
        codes = {mark.code for mark in marks if mark.start <= place < mark.end}
        held = [tile.code for tile in tiles if tile.start <= place < tile.end]
        assert held == ([frozenset(codes)] if codes else [])
    ends = {end for mark in marks for end in (mark.start, mark.end)}
    assert {end for tile in tiles for end in (tile.start, tile.end)} <= ends
    assert all(not tile.start < end < tile.end for tile in tiles for end in ends)
    assert all(tile.end > tile.start for tile in tiles)


def test_half_a_set_in_common_is_half_a_disagreement() -> None:
    both = Continuum(40, ((Mark(0, 10, "D"), Mark(0, 10, "A")), (Mark(0, 10, "D"),)))
    nominal, shared = unitized([sets(both)]).u, unitized([sets(both)], jaccard).u
    free = 80 - (10**2 + 10**2 + 60) / 80  # l = 80, of which 10 are {D, A}, 10 are {D}, 60 are gaps
    assert nominal.value == pytest.approx(1 - 20 * free / (2 * (10 * 10 + 10 * 60 + 10 * 60)))
    assert shared.value == pytest.approx(1 - 10 * free / (2 * (10 * 10 / 2 + 10 * 60 + 10 * 60)))


def test_intervals_are_over_texts() -> None:
    coders = [((0, 10), (0, 10 + k % 4)) for k in range(12)]
    texts = [Continuum(30, tuple((Mark(a, b, "D"),) for a, b in each)) for each in coders]
    found = unitized(texts).u
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.low < found.value < found.high <= 1
    assert (found.units, found.clusters, found.status) == (24, 12, "ok")
    pseudo = [unitized([t for j, t in enumerate(texts) if j != k]).u.value or 0 for k in range(12)]
    error = sqrt(11 / 12 * sum((each - sum(pseudo) / 12) ** 2 for each in pseudo))
    assert found.high - found.low == pytest.approx(2 * 2.200985 * error, rel=1e-5)  # t of 11 degrees of freedom


def test_overlaps_of_one_coder_are_refused_or_taken_per_code() -> None:
    heap = Continuum(30, ((Mark(0, 10, "D"), Mark(5, 12, "A"), Mark(8, 15, "D")), (Mark(0, 15, "D"),)))
    with pytest.raises(ValueError, match="overlap at 5"):
        unitized([heap])
    (alone,) = by_code([heap], "D")
    assert alone.coders == ((Mark(0, 15, "D"),), (Mark(0, 15, "D"),))
    assert unitized([alone]).u.value == 1


def test_time_goes_with_the_marks_not_the_characters() -> None:
    far = Continuum(10**12, tuple((Mark(0, 10**11, "D"), Mark(5 * 10**11 + at, 6 * 10**11, "A")) for at in (0, 10**9)))
    found = unitized([far])
    assert found.u.value is not None and 0.9 < found.u.value < 1


def test_one_coder_alone_cannot_agree() -> None:
    code: Code = "D"
    alone = unitized([Continuum(10, ((Mark(0, 4, code),),))])
    assert (alone.u.value, alone.u.status, alone.u.clusters) == (None, "undefined:too_few", 0)
    with pytest.raises(ValueError, match="10 characters"):
        Continuum(10, ((Mark(8, 12, code),),))
