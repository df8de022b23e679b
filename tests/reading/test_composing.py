"""Canonical text and the offsets of what is put together."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from assistant.errors import ReadingError
from assistant.model import Block, Span
from assistant.reading.composing import Draft, canonical, listed

anything = st.text(st.characters())  # surrogates and controls included


def test_line_ends_become_line_feeds() -> None:
    assert canonical("a\r\nb\rc\n\r\nd\fe\vf").text == "a\nb\nc\n\nd\ne\nf"


def test_byte_order_mark_comes_off_the_front_only() -> None:
    assert canonical("\ufeffa\ufeffb").text == "a\ufeffb"


def test_controls_go_and_are_counted_tab_and_line_feed_stay() -> None:
    piece = canonical("a\0b\x07c\td\ne\x7f")
    assert piece.text == "abc\td\ne"
    assert piece.notes() == ("Control characters removed: 3.",)


def test_letters_and_their_marks_are_composed() -> None:
    assert canonical("cafe\u0301 a\u0323\u0302 \u304b\u3099").text == "café \u1ead が"


def test_emoji_sequences_stay_as_they_are() -> None:
    family = "👩‍👩‍👧‍👦 👍🏽 🇨🇳 ❤️"
    assert canonical(family).text == family


def test_surrogate_pairs_are_joined_and_lone_ones_marked() -> None:
    piece = canonical("\ud83d\ude00 \ud83d x")
    assert piece.text == "😀 � x"
    assert piece.notes() == ("Broken characters shown as �: 1.",)


@pytest.mark.timeout(10)
def test_stacked_marks_are_refused_before_they_cost_time() -> None:
    with pytest.raises(ReadingError, match="combining marks"):
        canonical("a" + "\u0301\u0323" * 100_000)
    assert canonical("a" + "\u0301\u0323" * 100).text


def test_long_words_without_spaces_are_no_stacked_marks() -> None:
    thai = "ภาษาไทยไม่มีช่องว่าง" * 200
    assert canonical(thai).text == unicodedata.normalize("NFC", thai)


def test_pieces_know_where_they_stand() -> None:
    draft = Draft()
    draft.add("  Ein\u0308leitung ", "heading", "1")
    draft.add(" \n ")
    draft.add("😀 正文。")
    draft.add_row(["a", "", "b", ""], 1)
    draft.add_row(["", "c"], 2)
    content = draft.finish("utf-8")
    assert content.text == "Ein̈leitung\n\n😀 正文。\n\na |  | b\n| c"
    assert [(b.kind, b.label, b.span.of(content.text)) for b in content.blocks] == [
        ("heading", "1", "Ein̈leitung"),
        ("table", "1", "a |  | b"),
        ("table", "2", "| c"),
    ]


def test_labels_and_notes_cannot_steer_a_terminal() -> None:
    draft = Draft()
    draft.add("x", "turn", "Ana\x1b[31m\r\n Lopez")
    draft.notes.append("Page title: a\x1b]0;b\x07.")
    content = draft.finish()
    assert content.blocks[0].label == "Ana[31m Lopez"
    assert content.notes == ("Page title: a]0;b.",)


def test_long_lists_in_notes_are_cut() -> None:
    assert listed(["a", "", "b"]) == "a, b"
    assert listed(map(str, range(21))) == ", ".join(map(str, range(20))) + " …"


def test_wider_blocks_come_first() -> None:
    draft = Draft()
    draft.add("Title", "heading", "1")
    draft.blocks.append(Block(Span(0, 5), "page", "1"))
    draft.add("more")
    draft.blocks.append(Block(Span(0, 11), "page", "2"))
    assert [b.label for b in draft.finish().blocks] == ["2", "1", "1"]


@given(anything)
def test_canonical_text_is_canonical(text: str) -> None:
    once = canonical(text).text
    assert canonical(once).text.removeprefix("\ufeff") == once.removeprefix("\ufeff")
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(c) == "Cs" or (c < " " and c not in "\n\t") or c == "\x7f" for c in once)
    assert once.encode("utf-8").decode("utf-8") == once


@given(st.lists(anything))
def test_offsets_are_exact_whatever_the_pieces(pieces: list[str]) -> None:
    draft = Draft()
    spans = [draft.add(piece, "heading") for piece in pieces]
    content = draft.finish()
    for piece, span in zip(pieces, spans, strict=True):
        words = canonical(piece.strip()).text.strip()
        assert (span.of(content.text) if span else "") == words
    assert unicodedata.is_normalized("NFC", content.text)
