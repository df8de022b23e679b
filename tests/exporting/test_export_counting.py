"""Layers, lanes and pieces; and counts that never take a failed unit for an absent code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from assistant.exporting import counting
from assistant.exporting.layering import cut, lanes, stack
from assistant.model import Code, Codebook, Record, RunRecord, Span, Study

spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda p: Span(p[0], min(40, p[0] + p[1]))), max_size=12
).map(lambda found: sorted(found, key=lambda s: (s.start, -s.end)))


@given(spans)
def test_spans_in_one_lane_never_overlap(found: list[Span]) -> None:
    placed = list(zip(found, lanes(found), strict=True))
    for n, (span, lane) in enumerate(placed):
        assert not any(span.overlaps(other) for other, at in placed[n + 1 :] if at == lane)


@given(spans, st.lists(st.integers(0, 40)))
def test_pieces_tile_the_text_and_know_what_lies_over_them(found: list[Span], also: list[int]) -> None:
    lane = lanes(found)
    pieces = cut(40, found, lane, also)
    assert [p.span.start for p in pieces] == [0, *(p.span.end for p in pieces[:-1])]
    assert pieces[-1].span.end == 40
    for piece in pieces:
        assert set(piece.layers) == {n for n, s in enumerate(found) if s.overlaps(piece.span)}
        assert all(found[n].contains(piece.span) for n in piece.layers)
        assert [lane[n] for n in piece.layers] == sorted((lane[n] for n in piece.layers), reverse=True)
    assert set(also) <= {0, 40, *(p.span.start for p in pieces)}


def test_an_accepted_suggestion_and_its_coding_are_one_layer_person_first(study: Study) -> None:
    layer = next(x for x in stack(study) if x.key == 1)
    assert [r.coder.kind for r in layer.records] == ["human", "model"]
    assert layer.standing == "decided"


def test_an_edited_suggestion_is_a_layer_of_its_own_and_not_called_rejected(study: Study) -> None:
    standing = {x.code[2]: x.standing for x in stack(study) if x.records[0].quote.startswith("把配色工具")}
    assert standing == {"dart.access": "edited", "dart.access.tools": "decided"}


def test_every_record_lies_in_exactly_one_layer(study: Study) -> None:
    found = [r.id for layer in stack(study) for r in layer.records]
    assert sorted(found) == sorted(r.id for r in study.records)


def test_a_quote_that_does_not_stand_there_is_not_placed(study: Study) -> None:
    moved = replace(study.records[0], start=0, end=len(study.records[0].quote))
    assert [x.placed for x in stack(replace(study, records=(moved,)))] == [False]


def cell(study: Study, code: str, case: str) -> tuple[int | None, int | None]:
    row = next(r for r in counting.matrix(study) if r.key[2] == code)
    at = counting.cases(study).index(case)
    return row.decided[at], row.all[at]


def test_a_code_counts_once_per_segment_however_many_say_so(study: Study) -> None:
    said = [r for r in study.records if r.code == "dart.transparency" and r.case == "Beta Kits"]
    assert len(said) == 3
    assert cell(study, "dart.transparency", "Beta Kits") == (1, 1)


def test_undecided_suggestions_are_counted_apart(study: Study) -> None:
    assert cell(study, "dart.risk", "甲厂") == (1, 2)


def test_rejected_and_replaced_suggestions_count_nowhere(study: Study) -> None:
    quiet = replace(
        study, records=tuple(r for r in study.records if r.coder.kind == "model" and r.state != "suggested")
    )
    quiet = replace(quiet, records=tuple(r for r in quiet.records if r.state in ("edited", "rejected")))
    assert len(quiet.records) == 3
    assert {n for row in counting.matrix(quiet) for n in row.all} == {0}


def test_absence_is_zero_where_a_finished_run_looked_at_everything(study: Study) -> None:
    assert cell(study, "dart.access", "Beta Kits") == (0, 0)


@pytest.mark.parametrize("state", ["pending", "failed", "refused"])
def test_absence_is_not_known_while_a_unit_has_no_answer(study: Study, state: str) -> None:
    run = replace(study.runs[1], units={"coded": 11, state: 1})  # type: ignore[dict-item]
    assert cell(replace(study, runs=(study.runs[0], run)), "dart.access", "Beta Kits") == (None, None)


def test_absence_is_not_known_when_the_run_saw_only_some_segments(study: Study) -> None:
    run = replace(study.runs[1], units={"coded": 3})
    assert cell(replace(study, runs=(run,)), "dart.access", "Beta Kits") == (None, None)


def test_a_codebook_run_says_nothing_about_the_absence_of_open_codes(study: Study) -> None:
    assert cell(study, "trust withheld", "甲厂") == (None, None)


def test_units_keep_failed_apart_from_none(study: Study) -> None:
    assert counting.units(study) == {"pending": 1, "coded": 13, "none": 7, "failed": 2, "refused": 1}


def test_outcomes_count_suggestions_once_however_many_people_decide(study: Study) -> None:
    assert counting.outcomes(study) == {"suggested": 10, "accepted": 2, "edited": 2, "rejected": 1}


def test_tallies_keep_models_people_and_gold_apart(study: Study) -> None:
    tally = next(t for t in counting.tallies(study) if t.key[2] == "dart.transparency")
    numbers = (tally.suggested, tally.accepted, tally.edited, tally.rejected, tally.people, tally.gold)
    assert numbers == (2, 1, 0, 1, 4, 0)
    assert tally.cases == ("甲厂", "Beta Kits", "")


def test_sub_codes_count_for_their_block_and_polarities_stay_apart(study: Study) -> None:
    (table,) = counting.block_tables(study)
    assert [b.id for b in table.blocks] == ["dart.dialogue", "dart.access", "dart.risk", "dart.transparency"]
    cells = dict(table.rows)["甲厂"]
    assert cells[1].decided == (("+", 1),)
    assert (cells[2].decided, cells[2].suggested) == ((("+", 1),), (("-", 1), ("±", 1)))


def test_a_single_code_above_all_others_is_not_the_only_block() -> None:
    book = Codebook(
        "b", "", "", (Code("b", "", "", ""), Code("b.x", "", "", ""), Code("b.y.z", "", "", "", parent="b.x")), "v"
    )
    assert [c.id for c in counting.blocks(book)] == ["b.x"]
    assert counting.block_of(book) == {"b.x": "b.x", "b.y.z": "b.x"}


def test_codes_that_head_each_other_in_a_circle_end() -> None:
    book = Codebook("b", "", "", (Code("x", "", "", "", parent="y"), Code("y", "", "", "", parent="x")), "v")
    assert counting.block_of(book) == {}


def test_three_blocks_of_one_coder_on_a_segment_are_flagged(study: Study) -> None:
    model = study.records[0]
    more = tuple(replace(model, id=900 + n, code=code) for n, code in enumerate(("dart.risk", "dart.access.tools")))
    flagged = counting.crowded(replace(study, records=(model, *more)))
    assert {k: [c.id for c in v] for k, v in flagged.items()} == {(1, 2): ["dart.dialogue", "dart.access", "dart.risk"]}


def test_blocks_of_different_coders_or_rejected_ones_do_not_crowd(study: Study) -> None:
    model = study.records[0]

    def also(n: int, code: str, **more: object) -> Record:
        return replace(model, id=900 + n, code=code, **more)  # type: ignore[arg-type]

    other = (also(0, "dart.risk", coder=study.records[1].coder), also(1, "dart.access"))
    assert counting.crowded(replace(study, records=(model, *other))) == {}
    rejected = (also(0, "dart.risk", state="rejected"), also(1, "dart.access"))
    assert counting.crowded(replace(study, records=(model, *rejected))) == {}


def test_an_older_version_of_a_document_does_not_raise_what_a_run_must_cover(study: Study) -> None:
    old = replace(study.documents[0], id=9, version=0)
    run: RunRecord = study.runs[1]
    doubled = replace(study, documents=(old, *study.documents), segments={**study.segments, 9: study.segments[1]})
    assert counting.complete(doubled, run.kind, "dart")
