"""What becomes of citations in an answer that streams: only words that stand in their source are believed."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from assistant.citing import LONGEST, Answer, Citing, Piece, Unsupported, gather, plain
from assistant.speech import Citation, Source, Words

FIRST = Source(
    1, 11, 1, "a.txt", "小米", 3, "工程师逐条回复用户，用户改了方案。但是，我并不信任平台来保管我们的客户记录。"
)
SECOND = Source(
    2,
    22,
    2,
    "b.txt",
    "LEGO",
    1,
    "They never say why. He drew, I broke it. [laughter] It’s public the minute you upload it.",
)
THIRD = Source(3, 33, 2, "b.txt", "LEGO", 2, "Rules first. They never say why. We wait. They never say why.")
FOURTH = Source(4, 44, 3, "c.txt", "", 1, "The sign read ⟦closed⟧ and nobody came, not one of us.")
BEGINS = {1: 100, 2: 0, 3: 7, 4: 0, 5: 0}  # where in its document each source begins
SOURCES = {source.number: source for source in (FIRST, SECOND, THIRD, FOURTH)}


def begins(source: Source) -> int:
    return BEGINS[source.number]


def read(text: str, *cuts: int) -> list[Piece]:
    """The pieces of an answer that arrives in these chunks."""
    citing = Citing(SOURCES, begins)
    edges = [0, *sorted(cuts), len(text)]
    pieces = [piece for start, end in pairwise(edges) for piece in citing.feed(text[start:end])]
    return [*pieces, *citing.finish()]


def citations(text: str) -> list[Citation]:
    return [piece for piece in read(text) if isinstance(piece, Citation)]


def only(text: str) -> Citation:
    (citation,) = citations(text)
    return citation


def words(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Words))


def test_words_that_stand_in_the_source_are_proven_with_their_place() -> None:
    citation = only("They answer ⟦1: 工程师逐条回复用户⟧.")
    assert citation.quote is not None and citation.why == ""
    assert citation.source is FIRST and citation.number == 1
    document = "x" * BEGINS[1] + FIRST.text
    assert citation.quote.span.of(document) == citation.quote.text == "工程师逐条回复用户"


def test_the_text_around_a_mark_stays_and_the_mark_goes() -> None:
    assert words(read("They answer ⟦1: 工程师逐条回复用户⟧. Good.")) == "They answer . Good."


def test_text_is_passed_on_as_soon_as_it_can_be_no_mark() -> None:
    citing = Citing(SOURCES, begins)
    assert citing.feed("plain words") == [Words("plain words")]
    assert citing.feed(" then ⟦") == [Words(" then ")]
    assert words(citing.feed("x")) == "⟦x"
    assert citing.feed("[1") == []
    assert words(citing.feed("a")) == "[1a"
    assert citing.feed("⟦2: They never") == []


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ("⟦2: They always explain themselves at length to everybody.⟧", "not_found"),
        ("⟦1: 我信任平台来保管我们的客户记录⟧", "edited"),
        ("⟦3: They never say why.⟧", "ambiguous"),
        ("⟦9: They never say why.⟧", "no_source"),
        ("⟦1: He drew, I broke it.⟧", "other_source 2"),
        ("⟦1: ⟧", "no_words"),
        ("⟦1⟧", "no_words"),
        ("[1]", "no_words"),
        ("【1】", "no_words"),
        ("[77]", "no_source"),
        ("⟦2: They never say why", "unclosed"),
        ("⟦2", "unclosed"),
        ("⟦2: " + "x" * (LONGEST + 1) + "⟧", "overlong"),
    ],
)
def test_what_is_not_proven_is_kept_with_its_reason(mark: str, why: str) -> None:
    citation = only(f"A claim {mark}")
    assert (citation.quote, citation.why) == (None, why)


def test_a_dropped_negation_names_the_source_it_was_said_of() -> None:
    citation = only("⟦1: 我信任平台来保管我们的客户记录⟧")
    assert citation.source is FIRST and citation.words == "我信任平台来保管我们的客户记录"


def test_a_true_substring_behind_a_negator_carries_its_flag() -> None:
    quote = only("⟦1: 信任平台来保管我们的客户记录⟧").quote
    assert quote is not None and quote.flags == ("clipped_negation",)


def test_quotation_marks_and_full_width_colons_do_not_matter() -> None:
    for mark in ("⟦2：“They never say why.”⟧", '⟦ 2 : "They never say why." ⟧', "⟦source 2: They never say why.⟧"):
        quote = only(mark).quote
        assert quote is not None and quote.text == "They never say why."


def test_the_source_slice_is_kept_not_the_models_wording() -> None:
    quote = only("⟦2: It's public the minute you upload it.⟧").quote
    assert quote is not None and (quote.status, quote.text) == ("folded", "It’s public the minute you upload it.")


def test_brackets_within_a_quote_are_part_of_it() -> None:
    for mark, text in (("⟦2: [laughter]⟧", "[laughter]"), ("⟦4: The sign read ⟦closed⟧⟧", "The sign read ⟦closed⟧")):
        quote = only(mark).quote
        assert quote is not None and quote.text == text


def test_a_whole_passage_can_be_quoted() -> None:
    quote = only(f"⟦1: {FIRST.text}⟧").quote
    assert quote is not None and quote.text == FIRST.text


def test_several_quotes_for_one_claim_each_get_a_marker() -> None:
    assert [c.number for c in citations("⟦1: 工程师逐条回复用户⟧⟦2: He drew, I broke it.⟧ and ⟦9: x⟧")] == [1, 2, 3]


def test_the_same_quote_has_the_same_marker_however_it_is_written() -> None:
    found = citations("⟦2: They never say why.⟧ a ⟦1: 用户改了方案⟧ b ⟦2: “They never say why.”⟧ ⟦9: x⟧ ⟦9: x⟧")
    assert [c.number for c in found] == [1, 2, 1, 3, 3]


def test_an_elided_quote_is_a_marker_for_each_part() -> None:
    found = citations("⟦2: They never say why ... I broke it⟧")
    assert [c.quote and c.quote.text for c in found] == ["They never say why", "I broke it"]


def test_a_mark_that_begins_inside_another_ends_it_unproven() -> None:
    found = citations("⟦2: They never say why and so on ⟦1: 用户改了方案⟧ more")
    assert [(c.source, c.why) for c in found] == [(SECOND, "unclosed"), (FIRST, "")]


def test_an_unpaired_bracket_does_not_swallow_the_answer() -> None:
    pieces = read("⟦2: They ⟦ never⟧ and the rest stays.")
    assert words(pieces) == " and the rest stays."
    assert [p.why for p in pieces if isinstance(p, Citation)] == ["edited"]


def test_an_overlong_mark_gives_the_rest_back_as_text() -> None:
    pieces = read("⟦2: " + "x" * LONGEST + " the rest stays.")
    assert words(pieces).endswith("the rest stays.")
    assert [len(p.words) for p in pieces if isinstance(p, Citation)] == [LONGEST - 1]


def test_what_no_source_supports_is_marked() -> None:
    assert read("They were happy ⟦?⟧.") == [Words("They were happy "), Unsupported(), Words(".")]


def test_a_stray_bracket_and_an_odd_mark_are_text() -> None:
    assert words(read("a ⟧ b ⟦note: c⟧ [laughter] [2019]")) == "a ⟧ b ⟦note: c⟧ [laughter] [2019]"


def test_sources_that_come_meanwhile_can_be_cited() -> None:
    sources = {1: FIRST}
    citing = Citing(sources, begins)
    citing.feed("⟦2: They never say")
    sources[2] = SECOND
    (citation,) = citing.feed(" why.⟧")
    assert isinstance(citation, Citation) and citation.quote is not None


PARTS = st.sampled_from(
    [
        "⟦",
        "⟧",
        "⟦2: They never say why.⟧",
        "⟦1：用户改了方案⟧",
        "⟦9: a⟧",
        "⟦?⟧",
        "[1]",
        "[",
        "1",
        "]",
        "⟦2: a ⟦",
        "⟦1:",
        "words ",
        "，然后",
        "\n\n",
        ": ",
        "⟦来源 2：I broke it⟧",
        "?",
        "x" * LONGEST,
    ]
)


@given(parts=st.lists(PARTS, max_size=8), data=st.data())
def test_how_the_stream_is_chopped_changes_nothing(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    assert gather(read(text, *cuts)) == gather(read(text))


@given(parts=st.lists(PARTS, max_size=6))
def test_what_comes_character_by_character_is_the_same_and_nothing_is_left(parts: list[str]) -> None:
    text = "".join(part for part in parts if len(part) < LONGEST)
    assert gather(read(text, *range(len(text)))) == gather(read(text))


@given(text=st.text(alphabet="⟦⟧[]0123456789:： ?ab信任用户改了方案", max_size=60))
def test_every_proven_quote_stands_in_its_source(text: str) -> None:
    for piece in read(text):
        if isinstance(piece, Citation) and piece.quote is not None:
            assert piece.source is not None
            document = "x" * BEGINS[piece.source.number] + piece.source.text
            assert piece.quote.span.of(document) == piece.quote.text


def test_a_remembered_answer_has_no_marks() -> None:
    answer = "They answer ⟦1: 工程师逐条回复用户⟧⟦2: x⟧. Happy ⟦?⟧! Left [1] ⟦2: open"
    assert plain(answer) == "They answer. Happy! Left"


def test_an_answer_as_a_value_has_paragraphs_and_each_citation_once() -> None:
    answer = gather(read("One ⟦1: 用户改了方案⟧.\n\nTwo ⟦?⟧ and ⟦1: 用户改了方案⟧ ⟦9: x⟧.\n\n"))
    assert isinstance(answer, Answer)
    assert answer.text == "One.\n\nTwo and."
    value = json.loads(json.dumps(answer.as_dict(), ensure_ascii=False))
    assert value["paragraphs"][0] == [{"text": "One "}, {"citation": 1}, {"text": "."}]
    assert {"unsupported": True} in value["paragraphs"][1]
    assert [(c["number"], c["proven"], c["why"]) for c in value["citations"]] == [
        (1, True, ""),
        (2, False, "no_source"),
    ]
    assert value["citations"][0]["source"]["document_name"] == "a.txt"
    assert value["citations"][0]["quote"]["text"] == "用户改了方案"


def test_a_source_of_the_same_words_elsewhere_does_not_help_an_ambiguous_one() -> None:
    doubled = replace(FIRST, number=5, text="We wait. We wait.")
    citing = Citing({5: doubled}, begins)
    (citation,) = citing.feed("⟦5: We wait.⟧")
    assert isinstance(citation, Citation) and citation.why == "ambiguous"
