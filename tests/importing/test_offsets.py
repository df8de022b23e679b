"""Positions of other tools moved into canonical text."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, strategies as st

from assistant.importing.foreign import unique
from assistant.importing.offsets import Ruler, move, utf8_width, utf16_width
from assistant.reading.composing import canonical

# Letters with their accents apart, jamo, CJK and its compatibility forms, Extension B, emoji, line ends, controls
PIECES = [
    "e",
    "\u0301",
    "\u0323",
    "a",
    "\u1112",
    "\u1161",
    "\u11ab",
    "\uac00",
    "共",
    "\uf900",
    "𠮷",
    "😀",
    "\r\n",
    "\r",
    "\n",
]
PIECES += ["\x0b", "\x00", "\ufeff", " ", "\u0958", "\u09c7", "\u09be", "\u212b", "\u2028", "\x85"]
COMPOSING = "\u0301\u0323\u1161\u11ab\u09be"
pieces = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
texts = pieces | st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
@example("\ufeffe\u0301\r\n\x00\u0301")
def test_the_moved_text_is_the_canonical_text(raw: str) -> None:
    assert move(raw).text == canonical(raw).text


@given(texts, st.data())
def test_a_moved_stretch_holds_the_words_and_little_more(raw: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    moved = move(raw)
    low, high = moved.span(start, end)
    assert 0 <= low <= high <= len(moved.text)

    def letters(words: str) -> list[str]:
        return [c for c in unicodedata.normalize("NFD", canonical("x" + words).text) if not unicodedata.combining(c)]

    said = raw[start:end].removeprefix("\ufeff") if start == 0 else raw[start:end]  # a BOM begins a text, and goes
    wanted, got = letters(said), letters(moved.text[low:high])
    places = iter(got)
    assert all(letter in places for letter in wanted if letter != "\n"), "a letter of the stretch is missing"


@given(pieces, st.data())
def test_moving_keeps_order_and_tiles(raw: str, data: st.DataObject) -> None:
    """A text cut at places where nothing composes gives pieces that lie end to end and are each piece's own text."""
    moved = move(raw)
    cuts = data.draw(st.sets(st.integers(0, len(raw)), max_size=4)) | {0, len(raw)}
    safe = [cut for cut in sorted(cuts) if raw[cut : cut + 1] not in [*COMPOSING, "\n", "\x00"]]
    for start, end in pairwise(safe):
        low, high = moved.span(start, end)
        assert moved.text[low:high] == canonical(("\x00" if start else "") + raw[start:end]).text


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_rulers_count_as_the_codecs_do(raw: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    bytes_before, bytes_after = (len(raw[:place].encode()) for place in (start, end))
    assert Ruler(raw, utf8_width).span(bytes_before, bytes_after) == (start, end)
    units_before, units_after = (len(raw[:place].encode("utf-16-le")) // 2 for place in (start, end))
    assert Ruler(raw, utf16_width).span(units_before, units_after) == (start, end)


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [(0, 8, "outside the text"), (-1, 2, "outside"), (3, 1, "before it starts"), (0, 2, "inside a character")],
)
def test_a_position_that_cannot_be_is_refused(start: int, end: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Ruler("a😀bcd", utf16_width).span(start, end)


def test_half_a_cluster_takes_the_whole() -> None:
    raw = "cafe\u0301\r\nbar"
    moved = move(raw)
    assert moved.text == "café\nbar"
    assert moved.span(0, 4) == (0, 4)  # the bare e becomes é
    assert moved.span(4, 6) == (3, 5)  # the accent and half of the CRLF
    assert moved.span(7, 10) == (5, 8)


def test_halves_of_characters_are_refused() -> None:
    with pytest.raises(ValueError, match="halves of characters"):
        move("a\ud800b")


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)"]), max_size=8))
def test_unique_names_are_unique_and_keep_the_first(names: list[str]) -> None:
    made = unique(names)
    assert len(set(made)) == len(names)
    assert [made[names.index(name)] for name in names] == list(names)
