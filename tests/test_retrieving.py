"""What is shown beside a segment: never itself, never a held-out document, the most similar first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from assistant import codebook as books, resources
from assistant.model import Decided, Passage, Segment, Span
from assistant.prompting import Context
from assistant.retrieving import Labels, Shelf, widen
from assistant.settings import Settings
from vectorstore import Hit
from vectorstore.keyword import KeywordIndex

TEXTS = {
    1: "工程师在论坛逐条回复用户。",
    2: "用户按回复改了方案。",
    3: "公司上半年销量翻番。",
    4: "论坛里工程师每晚回复用户的问题。",
    5: "工程师在论坛回复用户，逐条回答。",
}
DART = books.parse_yaml(resources.codebook_text("dart"), where="dart.yaml")


def passage(key: int, document: int, number: int, held_out: bool = False) -> Passage:
    return Passage(
        Segment(Span(0, 5), number=number, id=key, document=document), TEXTS[key], f"d{document}", "", held_out
    )


PASSAGES = [passage(1, 1, 1), passage(2, 1, 2), passage(3, 1, 3), passage(4, 2, 1), passage(5, 3, 1, held_out=True)]
SEGMENT = PASSAGES[0].segment


def decided(segment: int, code: str = "dart.dialogue", kept: bool = True, codebook: str | None = "dart") -> Decided:
    kind = "assignment" if codebook else "open"
    return Decided(segment, kind, codebook, code, TEXTS[segment][:4], kept, "+", "")  # type: ignore[arg-type]


def shelf(decisions: Sequence[Decided], codebook: str | None = "dart", **changed: int) -> Shelf:
    index = KeywordIndex.build(list(TEXTS), list(TEXTS.values()))

    def similar(text: str, k: int) -> Sequence[Hit]:
        return index.search(text, k)

    kind = "assignment" if codebook else "open"
    settings = Settings(**changed)  # type: ignore[arg-type]
    book = DART if codebook else None
    by_id = {p.segment.id: p for p in PASSAGES}

    def around(segment: Segment, before: int, after: int) -> list[Passage]:
        near = range(segment.number - before, segment.number + after + 1)
        same = [p for p in PASSAGES if p.segment.document == segment.document and p.segment.id != segment.id]
        return [p for p in same if p.segment.number in near]

    return Shelf(around, by_id.get, decisions, similar, settings, kind=kind, codebook=book)  # type: ignore[arg-type]


def beside(shelf: Shelf, *segments: Segment) -> Context:
    return shelf.context(segments, "\n".join(TEXTS[s.id] for s in segments), None, 0)


def test_neighbours_are_those_of_the_same_document() -> None:
    context = beside(shelf([]), PASSAGES[1].segment)
    assert (context.before, context.after) == ((TEXTS[1],), (TEXTS[3],))
    assert beside(shelf([]), PASSAGES[3].segment).before == ()


def test_like_passages_leave_out_the_segment_its_neighbours_and_held_out_documents() -> None:
    shown = [words for _, words in beside(shelf([], passages=5), SEGMENT).passages]
    assert TEXTS[4] in shown
    assert not {TEXTS[1], TEXTS[2], TEXTS[5]} & set(shown)


def test_examples_are_the_decided_segments_most_like_this_one_but_never_itself() -> None:
    context = beside(shelf([decided(1), decided(4), decided(3)], examples=1), SEGMENT)
    assert [e.text for e in context.examples] == [TEXTS[4]]
    assert context.examples[0].kept[0].label == "dart.dialogue"


def test_examples_never_come_from_a_held_out_document() -> None:
    context = beside(shelf([decided(5), decided(4)]), SEGMENT)
    assert [e.text for e in context.examples] == [TEXTS[4]]


def test_before_anything_is_decided_the_codebooks_invented_passages_stand_in() -> None:
    examples = beside(shelf([]), SEGMENT).examples
    assert 0 < len(examples) <= 3
    assert all(e.invented and e.text in {probe.text for probe in DART.probes} for e in examples)
    assert beside(shelf([], codebook=None), SEGMENT).examples == ()
    assert not any(e.invented for e in beside(shelf([decided(4)]), SEGMENT).examples)


def test_rejected_codes_are_shown_as_rejected() -> None:
    (example,) = beside(shelf([decided(4), decided(4, "dart.risk", kept=False)]), SEGMENT).examples
    assert [c.label for c in example.kept] == ["dart.dialogue"]
    assert [c.label for c in example.rejected] == ["dart.risk"]


def test_examples_of_open_coding_are_open_codes_and_those_of_a_codebook_its_own() -> None:
    decisions = [decided(4), decided(3, "销量翻番", codebook=None)]
    assert [e.text for e in beside(shelf(decisions, codebook=None), SEGMENT).examples] == []
    open_shelf = shelf([decided(4, "回复", codebook=None), decided(4)], codebook=None)
    (example,) = beside(open_shelf, SEGMENT).examples
    assert [c.label for c in example.kept] == ["回复"]


def test_nothing_is_shown_where_the_settings_say_none() -> None:
    context = beside(shelf([decided(4)], neighbours=0, passages=0, examples=0), SEGMENT)
    assert (context.before, context.after, context.passages, context.examples) == ((), (), (), ())


def remembered(*given: tuple[int, str, str]) -> Labels:
    """Labels over a run's history: (place, label, quote)."""

    def latest(before: int, most: int) -> list[tuple[int, str, str]]:
        last: dict[str, tuple[int, str, str]] = {}
        for place, label, quote in given:
            if place < before:
                last.pop(label, None)
                last[label] = (place, label, quote)
        return list(last.values())[-most:]

    return Labels(lambda start, end: [one for one in given if start <= one[0] < end], latest)


GIVEN = ((0, "逐条回复", "工程师逐条回复"), (1, "销量增长", "销量翻番"), (9, "论坛答疑", "论坛里工程师回复"))


def test_the_nearest_labels_come_first_and_only_from_far_enough_back() -> None:
    labels = remembered(*GIVEN)
    assert labels.nearest(TEXTS[4], before=0, limit=5) == ()
    assert labels.nearest(TEXTS[4], before=5, limit=2) == ("逐条回复", "销量增长")
    assert "论坛答疑" in labels.nearest(TEXTS[4], before=10, limit=2)


@given(
    given=st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abcdefgh"), st.sampled_from(list(TEXTS.values())))),
    start=st.integers(1, 31),
)
def test_labels_are_the_same_however_the_run_got_to_a_place(given: list[tuple[int, str, str]], start: int) -> None:
    history = sorted(given, key=lambda one: one[0])
    whole, resumed = remembered(*history), remembered(*history)
    for place in range(start):
        whole.nearest(TEXTS[1], before=place, limit=3)
    for place in range(start, 32):
        assert whole.nearest(TEXTS[1], before=place, limit=3) == resumed.nearest(TEXTS[1], before=place, limit=3)


def test_the_labels_not_given_for_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.retrieving.MOST_LABELS", 2)
    labels = remembered((0, "甲", "x"), (1, "乙", "x"), (2, "甲", "x"), (3, "丙", "x"))
    for before in (1, 2, 3):
        labels.nearest("x", before=before, limit=9)
    assert sorted(labels.nearest("x", before=4, limit=9)) == sorted(["甲", "丙"])


def test_neighbours_of_several_segments_are_those_around_them_all() -> None:
    context = beside(shelf([]), PASSAGES[1].segment, PASSAGES[2].segment)
    assert (context.before, context.after) == ((TEXTS[1],), ())


def test_a_query_that_names_a_code_is_widened_by_the_other_language() -> None:
    widened, terms = widen("透明性", [DART])
    assert "Transparency" in terms
    assert widened.startswith("透明性 ")
    assert "透明性" in widen("transparency of costs", [DART])[1]
    assert widen("销量", [DART]) == ("销量", ())
