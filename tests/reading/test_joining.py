"""Wrapped lines put together again."""

from __future__ import annotations

from hypothesis import given, strategies as st

from assistant.reading.joining import glue, join, vocabulary

EN_LINES = [
    "The firm opened a forum where customers could talk with its own",
    "engineers about what went wrong, and these talks changed what the",
    "firm built next.",
    "A second study looked at hospitals, where patients were asked to",
    "plan their care.",
]


def test_chinese_lines_join_without_a_space() -> None:
    assert glue("依赖对话、", "获取") == "依赖对话、获取"
    assert glue("风险评", "估") == "风险评估"
    assert glue("他说：“", "好") == "他说：“好"


def test_latin_and_mixed_lines_join_with_a_space() -> None:
    assert glue("value", "creation") == "value creation"
    assert glue("使用", "DART") == "使用 DART"
    assert glue("said “yes”", "“no”") == "said “yes” “no”"


def test_paragraphs_end_at_short_lines() -> None:
    assert join(EN_LINES).paragraphs == (" ".join(EN_LINES[:3]), " ".join(EN_LINES[3:]))
    assert join(EN_LINES).breaks == 3


def test_chinese_paragraph_ends_and_headings() -> None:
    full = "平台企业与用户共同创造价值，这一过程依赖对话、获取、风险评"
    lines = ["一、研究背景", full, "估与透明。", full, full, "估。", "（二）方法", full, "估。"]
    assert join(lines).paragraphs == (
        "一、研究背景",
        full + "估与透明。",
        full + full + "估。",
        "（二）方法",
        full + "估。",
    )


def test_chinese_lines_that_are_not_full_end_a_paragraph_without_a_mark() -> None:
    full = "平台企业与用户共同创造价值，这一过程依赖对话、获取、风险评"
    heading = "网络环境下平台企业价值共创的研究现状与不足"
    assert join([heading, full, "估。"]).paragraphs == (heading, full + "估。")


def test_blank_lines_and_indents_start_paragraphs() -> None:
    line = "The firm opened a forum where customers could talk with its own."
    assert join([line, "", line]).paragraphs == (line, line)
    assert join([line, line, "  " + line, line]).paragraphs == (f"{line} {line}", f"{line} {line}")


def test_indents_of_every_line_say_nothing() -> None:
    assert len(join(["  " + line for line in EN_LINES]).paragraphs) == 2


def test_speakers_and_items_start_paragraphs() -> None:
    line = "we talked about the forum for a very long time, and nobody ended"
    lines = [line, "Interviewer: " + line, line, "受访者：" + "我们聊了很久" * 5, "1. " + line, "• " + line]
    assert [paragraph[:6] for paragraph in join(lines).paragraphs] == [
        line[:6],
        "Interv",
        "受访者：我们",
        "1. we ",
        "• we t",
    ]


def test_hyphens_that_split_a_word_go() -> None:
    words = vocabulary(["the transparency of", "this infor-", "mation"])
    assert glue("full trans-", "parency", words) == "full transparency"
    assert glue("this infor-", "mation", words) == "this information"
    assert glue("soft\u00ad", "ware", words) == "software"


def test_hyphens_that_belong_to_a_word_stay() -> None:
    words = vocabulary(["value co-creation and the making of a decision"])
    assert glue("value co-", "creation", words) == "value co-creation"
    assert glue("decision-", "making", words) == "decision-making"
    assert glue("COVID-", "19", words) == "COVID-19"
    assert glue("Anglo-", "Saxon", words) == "Anglo-Saxon"
    assert glue("a dash -", "and more", words) == "a dash - and more"


def test_halves_of_a_split_word_are_no_words() -> None:
    assert vocabulary(["a Co-op this infor-", "mation is good"]) == {"a", "co-op", "this", "is", "good"}


@given(st.lists(st.text(st.sampled_from("ab -—。，价值创造 \t.:1"), max_size=30)))
def test_only_spaces_and_hyphens_change(lines: list[str]) -> None:
    joined = join(lines, vocabulary(lines))
    kept = "".join("".join(lines).split()).replace("-", "")
    assert "".join("".join(joined.paragraphs).split()).replace("-", "") == kept
    assert all(paragraph == paragraph.strip() and paragraph for paragraph in joined.paragraphs)
