"""Text that streams into the lines of a terminal."""

from __future__ import annotations

import re

from hypothesis import given, strategies as st
from rich.cells import cell_len

from assistant.cli.wrapping import Flow, clean, fitting

TEXTS = st.text(alphabet=st.sampled_from([*"ab -(“”，。用户参与é😀\n1"]), max_size=120)


def laid(text: str, width: int | None, *, cut: int = 1000, indent: int = 0) -> str:
    """The text as it is laid out when it comes in pieces of that length."""
    written: list[str] = []
    flow = Flow(lambda text, style: written.append(text), lambda: width, indent)
    for at in range(0, len(text), cut):
        flow.add(text[at : at + cut])
    flow.end()
    return "".join(written)


@given(TEXTS, st.integers(10, 60), st.integers(1, 9), st.integers(0, 4))
def test_no_line_is_too_wide_and_no_word_is_lost(text: str, width: int, cut: int, indent: int) -> None:
    shown = laid(text, width, cut=cut, indent=indent)
    assert all(cell_len(line.rstrip()) <= width for line in shown.split("\n"))
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


@given(TEXTS, st.integers(10, 60), st.integers(1, 9))
def test_lines_are_the_same_however_the_stream_is_cut(text: str, width: int, cut: int) -> None:
    assert laid(text, width, cut=cut) == laid(text, width)


def test_words_stay_whole_and_chinese_breaks_between_characters_but_not_before_a_full_stop() -> None:
    assert laid("The engineers answered in the forum.", 16) == "The engineers\nanswered in the\nforum.\n"
    assert laid("工程师在论坛里。", 14) == "工程师在论坛\n里。\n"
    assert laid("工程师“在论坛”里", 8) == "工程师\n“在论坛”\n里\n"
    assert laid("a" * 25, 10) == "aaaaaaaaaa\naaaaaaaaaa\naaaaa\n"


def test_a_marker_stays_with_what_it_proves() -> None:
    written: list[str] = []
    flow = Flow(lambda text, style: written.append(text), lambda: 14)
    flow.add("they built it ")
    flow.glue("[1]")
    flow.add("。And")
    flow.end()
    assert "".join(written) == "they built\nit [1]。And\n"


def test_lines_after_the_first_are_indented() -> None:
    assert laid("[1] one two three", 11, indent=4) == "[1] one two\n    three\n"


def test_elsewhere_text_stands_as_it_is() -> None:
    text = "word " * 60 + "\n  - 用户"
    assert laid(text, None, cut=7).rstrip("\n") == text


def test_foreign_text_cannot_drive_the_terminal() -> None:
    assert clean("a\x1b[2J\x07b\x9b31m\u202ec\r\nd\te\x7f\ud800") == "a[2Jb31mc\nd    e"


@given(TEXTS, st.integers(4, 40))
def test_a_line_that_is_cut_fits(text: str, width: int) -> None:
    shown = fitting(text, width)
    whole = " ".join(text.split())
    assert cell_len(shown) <= width and (shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1])))
    assert shown == whole or cell_len(whole) > width
