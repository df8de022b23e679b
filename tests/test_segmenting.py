"""Segments: exact tiling at every size; worked cases of speakers, headings, tables, wrapped lines; documents."""

from __future__ import annotations

import random
import re
import textwrap
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings, strategies as st

from assistant.model import Block, Document, DocumentKind, Segment, SegmentSize, Span
from assistant.reading import read
from assistant.segmenting import SCHEME_VERSION, scheme, segment
from assistant.sentences import LIMIT, visible, weight

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "corpus" / "cases"
DOCUMENTS = sorted(path for path in CASES.glob("*.*") if path.suffix != ".yaml")
SEEDS = ROOT.parent / "shared" / "seeds"
SIZES: tuple[SegmentSize, ...] = get_args(SegmentSize)


def document(
    text: str, *, media: str = "txt", kind: DocumentKind = "other", blocks: tuple[Block, ...] = ()
) -> Document:
    return Document("d", text, "", media, "zh", kind=kind, blocks=blocks, id=7)


def told(text: str, size: SegmentSize = "paragraph", **more: Any) -> list[tuple[str, str, str]]:
    """Kind, speaker and words of every segment."""
    return [(s.kind, s.speaker, s.span.of(text).strip()) for s in segment(document(text, **more), size)]


def kinds(text: str, **more: Any) -> str:
    """The first letters of the segments' kinds, in order."""
    return "".join(kind[0] for kind, _, _ in told(text, **more))


SPEAKERS = [
    ("受访者：我们先试。\n访谈者：然后呢？", ["受访者", "访谈者"]),
    ("访谈者: 怎么开始的？\n受访者: 偶然。", ["访谈者", "受访者"]),
    ("受访者A：好。\n受访者B：不好。", ["受访者A", "受访者B"]),
    ("受访者（甲）：好。\n受访者（乙）：不好。", ["受访者(甲)", "受访者(乙)"]),
    ("1号受访者：好。\n2号受访者：不好。", ["1号受访者", "2号受访者"]),
    ("张三：你来了。\n李四：来了。\n张三：坐。\n李四：好。", ["张三", "李四", "张三", "李四"]),
    ("张三（笑）：你来了。\n李四：来了。\n张三：坐。\n李四：好。", ["张三", "李四", "张三", "李四"]),
    ("问：多少钱？\n答：不多。", ["问", "答"]),
    ("Q：多少钱？\nA：不多。", ["Q", "A"]),
    ("Q1: How much?\nA1: Not much.", ["Q1", "A1"]),
    ("Interviewer: How so?\nInterviewee: By chance.", ["Interviewer", "Interviewee"]),
    ("INT: How so?\nP12: By chance.", ["INT", "P12"]),
    ("INT: How so?\nP12: By chance.\nINT: And then?\nP12: We stayed.", ["INT", "P12", "INT", "P12"]),
    ("Speaker 1 [00:01:02]: How so?\nSpeaker 2 [00:01:09]: By chance.", ["Speaker 1", "Speaker 2"]),
    ("[00:01:02] Speaker 1: How so?\n[00:01:09] Speaker 2: By chance.", ["Speaker 1", "Speaker 2"]),
    ("Speaker 1  00:01:02\nHow so?\n\nSpeaker 2  00:01:09\nBy chance.", ["Speaker 1", "Speaker 2"]),
    ("**Anna:** How so?\n**Ben:** By chance.\n**Anna:** Oh.\n**Ben:** Yes.", ["Anna", "Ben", "Anna", "Ben"]),
    ("**Anna**: How so?\n**Ben**: By chance.\n**Anna**: Oh.\n**Ben**: Yes.", ["Anna", "Ben", "Anna", "Ben"]),
    ("【主持人】请讲。\n【嘉宾】谢谢。\n【主持人】开始吧。\n【嘉宾】好的。", ["主持人", "嘉宾", "主持人", "嘉宾"]),
    ("主持人：请。\n王经理：谢谢。\n主持人：说吧。\n王经理：好。", ["主持人", "王经理", "主持人", "王经理"]),
    ("Dr. Lee: Sit.\nMary Ann: Why?\nDr. Lee: Rest.\nMary Ann: No.", ["Dr. Lee", "Mary Ann", "Dr. Lee", "Mary Ann"]),
    (
        "主持人：请。\n小王：谢谢。\n主持人：说吧。\n小王：好。\n老李：我也说。",
        ["主持人", "小王", "主持人", "小王", "老李"],
    ),
    ("張三 ：來了。\n李四 ：來了。\n張三 ：坐。\n李四 ：好。", ["張三", "李四", "張三", "李四"]),
    ("#1 tidal, 2 March 09:14\nIt broke.\n\n#2 moss, 2 March 09:40\nMine too.", ["tidal", "moss"]),
    ("[1楼] 阿山 8月1日 10:00\n坏了。\n\n[2楼] 阿水 8月1日 10:05\n我的也是。", ["阿山", "阿水"]),
]
NO_SPEAKERS = [
    "注意：不要碰。\n注意：不要摸。",
    "例如：第一种办法。\n例如：第二种办法。",
    "Note: mind the gap.\nNote: mind the step.",
    "http://example.org/a\nhttp://example.org/b",
    "10:30 we met.\n10:45 we left.",
    "10：30 开会。\n10：45 散会。",
    "优点：价格便宜。\n优点：质量很好。",
    "第一：价格要降。\n第二：质量要好。\n第一：说过了。",
    "我想说的是：这样不行。\n我想说的是：那样也不行。",
    "访谈时间：2023年5月\n访谈地点：上海\n时间：两小时\n访谈者：张三\n受访者：李总",
    "记者：王五\n\n今天的新闻到此为止。",
    "关键词：价值共创；小米",
    "Tel: 555 0100\nEmail: a@example.org",
    "Pros: it is cheap.\nCons: it is slow.\nPros: it is light.\nCons: it is loud.",
    "Name: Tom\nAge: 30\nName: Eve\nAge: 31",
    "P1: Dialogue raises trust.\nP2: Access raises risk.\nP3: Openness pays.",
    "H1：对话提高信任。\nH2：获取提高风险。",
    "key:value\nkey:other",
    "他说：好。\n他说：不好。",
    "[1] Lee, K. 2004. On value.\n[2] Moss, B. 2008. On logic.",
    "Weight: 12 kg\nHeight: 3 m\nWeight: 14 kg\nHeight: 4 m",
    "Quality: 5\nVenue: 4\nQuality: 3\nVenue: 2",
    "【摘要】本文研究价值共创。",
]


@pytest.mark.parametrize(("text", "speakers"), SPEAKERS)
def test_speaker_lines_begin_turns(text: str, speakers: list[str]) -> None:
    assert [(kind, who) for kind, who, _ in told(text, "turn")] == [("turn", who) for who in speakers]


@pytest.mark.parametrize("text", NO_SPEAKERS)
def test_what_only_looks_like_a_speaker_line_begins_no_turn(text: str) -> None:
    assert {(kind, who) for kind, who, _ in told(text, "turn")} == {("paragraph", "")}


INTERVIEW = """访谈YL-01
时间：2023年5月

访谈者：怎么开始的？

受访者：偶然。后来就认真了。
我们找了三个人：一个做图，两个写字。

他们都没拿钱。

## 后来

访谈者：
然后呢？
受访者：散了。
"""


def test_a_turn_holds_all_its_paragraphs_up_to_the_next_speaker_or_heading() -> None:
    assert told(INTERVIEW, "turn") == [
        ("paragraph", "", "访谈YL-01"),
        ("paragraph", "", "时间：2023年5月"),
        ("turn", "访谈者", "访谈者：怎么开始的？"),
        ("turn", "受访者", INTERVIEW[INTERVIEW.index("受访者：偶") : INTERVIEW.index("## ")].strip()),
        ("heading", "", "## 后来"),
        ("turn", "访谈者", "访谈者：\n然后呢？"),
        ("turn", "受访者", "受访者：散了。"),
    ]


def test_paragraphs_of_an_interview_end_with_the_turn_and_carry_its_speaker() -> None:
    assert told(INTERVIEW)[3:6] == [
        ("paragraph", "受访者", "受访者：偶然。后来就认真了。"),
        ("paragraph", "受访者", "我们找了三个人：一个做图，两个写字。"),
        ("paragraph", "受访者", "他们都没拿钱。"),
    ]


def test_sentences_of_an_interview_carry_the_speaker_and_the_first_holds_the_label() -> None:
    assert told(INTERVIEW, "sentence")[3:5] == [
        ("paragraph", "受访者", "受访者：偶然。"),
        ("paragraph", "受访者", "后来就认真了。"),
    ]


def test_who_took_part_in_the_head_of_a_transcript_is_no_turn() -> None:
    head = "访谈整理稿\n受访者：某品牌合伙人，负责社群。\n\n"
    talk = "访谈者：怎么开始的？\n\n受访者：偶然。\n\n访谈者：然后呢？\n\n受访者：散了。\n"
    assert [who for _, who, _ in told(head + talk)] == ["", "", "访谈者", "受访者", "访谈者", "受访者"]
    table = "时间：五月\n\n访谈者：张三\n\n受访者：李总\n\n"
    assert [who for _, who, _ in told(table + talk)][:4] == ["", "", "", "访谈者"]


def test_in_a_declared_interview_short_recurring_labels_are_speakers() -> None:
    text = "禾芽方：来了。\n编辑部：坐。\n禾芽方：好。\n编辑部：请讲。"
    assert {who for _, who, _ in told(text)} == {""}
    assert {who for _, who, _ in told(text, kind="interview")} == {"禾芽方", "编辑部"}


def test_documents_without_speakers_fall_back_to_paragraphs() -> None:
    text = "# 题目\n\n第一段。\n第二段。\n"
    assert segment(document(text), "turn") == segment(document(text), "paragraph")


HEADINGS = [
    "# 一层膜\n\n正文在此。",
    "### Results\nWe found three.",
    "一、引言\n\n正文在此。",
    "（一）公司概况\n正文在此。",
    "(二)价值共创\n\n正文在此。",
    "1.开发阶段的价值共创\n\n正文在此。",
    "2.1 研究方法\n正文在此。",
    "3 Results\n\nWe found three.",
    "第三章 案例\n正文在此。",
    "第一节　数据来源\n正文在此。",
    "第二部分\n正文在此。",
    "Chapter 3\nWe found three.",
    "Part II: The riders\n\nWe found three.",
    "Built in the open\n=================\nWe found three.",
    "What the drawings did\n---\nWe found three.",
    "WHAT RIDERS SAID\nWe found three.",
    "Conclusion\n\nWe found three.",
    "参考文献\n正文在此。",
]
NO_HEADINGS = [
    "1. 价格便宜\n2. 质量好\n3. 服务好\n正文在此。",
    "一、提高效率\n二、降低成本\n正文在此。",
    "1. 挺新鲜，比较爽口\n正文在此。",
    "1. How did you start?\n\nBy chance.",
    "一、引言部分写得很长，因为它其实是一句话。\n\n正文在此。",
    "第一章我们已经说过，这里不再重复。\n正文在此。",
    "3.14 is a number\n\nWe used it.",
    "2.4版收走了三个接口\n\n正文在此。",
    "2019年营业额\n\n正文在此。",
    "#1 is our favourite number\n\nWe used it.",
    "MIUI系统\n\n正文在此。",
    "OK\n\nWe used it.",
    "A sentence above a rule.\n---\nWe used it.",
]


@pytest.mark.parametrize("text", HEADINGS)
def test_headings_of_plain_text(text: str) -> None:
    assert kinds(text) == "hp"


@pytest.mark.parametrize("text", NO_HEADINGS)
def test_what_only_looks_like_a_heading_is_a_paragraph(text: str) -> None:
    assert set(kinds(text)) == {"p"}


def test_inside_an_interview_only_a_line_before_a_speaker_is_a_plain_heading() -> None:
    text = "访谈者：怎么开始？\n受访者：有两点。\n1.钱\n都没有钱。\n二、后来\n访谈者：然后呢？"
    assert [kind for kind, _, _ in told(text)] == ["paragraph"] * 4 + ["heading", "paragraph"]


def test_numbered_lines_of_markdown_are_items() -> None:
    assert kinds("1. 价格\n\n正文在此。", media="md") == "pp"


def test_each_table_row_is_a_segment_and_the_rule_belongs_to_the_header() -> None:
    text = "前文。\n\n| 项 | 值 |\n|---|---|\n| 甲 | 一。二。 |\n| 乙 | 三 |\n\n后文。"
    rows = ["| 项 | 值 |\n|---|---|", "| 甲 | 一。二。 |", "| 乙 | 三 |"]
    for size in SIZES:
        assert [words for kind, _, words in told(text, size) if kind == "table"] == rows


def test_lines_with_tabs_are_rows_and_a_line_between_bars_alone_is_not() -> None:
    assert kinds("姓名\t年龄\n张三\t30\n李四\t31") == "ttt"
    assert kinds("| A whole abstract between bars. |") == "p"
    assert kinds("Home | About | Contact\n\nText.") == "pp"


def test_list_items_are_segments_of_their_own_with_their_indented_lines() -> None:
    text = "We did:\n- one thing\n  that went on\n- another\n* a third\n1) a fourth\n"
    assert [words for _, _, words in told(text)] == [
        "We did:",
        "- one thing\n  that went on",
        "- another",
        "* a third",
        "1) a fourth",
    ]


def test_blocks_of_the_reader_decide_kind_speaker_and_edges() -> None:
    text = "## 标题\n\n甲：好。是。\n\n还好。\n\n格一 | 格二\n继续"
    blocks = (
        Block(Span(3, 5), "heading", "2"),
        Block(Span(7, 18), "turn", "某甲"),
        Block(Span(20, len(text)), "table", "1"),
    )
    assert told(text, media="docx", blocks=blocks) == [
        ("heading", "", "## 标题"),
        ("paragraph", "某甲", "甲：好。是。"),
        ("paragraph", "某甲", "还好。"),
        ("table", "", "格一 | 格二\n继续"),
    ]
    assert [kind for kind, _, _ in told(text, "turn", media="docx", blocks=blocks)] == ["heading", "turn", "table"]


def test_a_page_block_cuts_nothing() -> None:
    text = "一句话在此。另一句。"
    assert len(told(text, media="pdf", blocks=(Block(Span(0, 6), "page", "1"), Block(Span(6, 10), "page", "2")))) == 1


def prose(chance: random.Random, width: int) -> str:
    """A paragraph of invented sentences, wrapped; its last line is clearly short."""
    words = ["we", "made", "hubs", "from", "their", "drawings", "and", "posted", "photographs", "of", "everything"]
    lines: list[str] = []
    while len(lines) < 4 or len(lines[-1]) > width / 2:
        said = [" ".join(chance.choices(words, k=chance.randint(8, 20))).capitalize() + "." for _ in range(6)]
        lines = textwrap.wrap(" ".join(said), width)
    return "\n".join(lines)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([68, 72, 76, 80]), st.sampled_from(["\n", "\n\n"]))
def test_lines_wrapped_by_hand_are_one_paragraph(seed: int, width: int, between: str) -> None:
    chance = random.Random(seed)
    paragraphs = [prose(chance, width) for _ in range(chance.randint(1, 5))]
    assert [words for _, _, words in told(between.join(paragraphs))] == paragraphs


def test_wrapped_chinese_lines_are_one_paragraph() -> None:
    sentence = "我们把每一版图样都贴在论坛上，谁有空谁就来挑毛病，挑出来的毛病当天晚上改好。"
    lines = textwrap.wrap(sentence * 5, 36)
    assert len(lines) > 4
    assert [words for _, _, words in told("\n".join(lines) + "\n\n下一段。")] == ["\n".join(lines), "下一段。"]


def test_an_indent_begins_a_paragraph_among_wrapped_lines_that_are_all_full() -> None:
    lines = "上传自己拼的设计，凑满一万名支持者，官方开会评审。" * 6
    paragraph = "\n".join(["　　" + lines[:36], lines[36:74], lines[74:111] + "。"])
    assert len(told(paragraph + "\n" + paragraph)) == 2


def test_a_line_beyond_the_wrapping_column_is_a_paragraph_of_its_own() -> None:
    wrapped = prose(random.Random(1), 72)
    long = ["Word " * 19 + "end", "Word " * 3 + "end"]
    assert [words for _, _, words in told("\n".join([wrapped, "", *long]))] == [wrapped, *long]


def test_unfinished_lines_of_uneven_length_are_not_wrapped() -> None:
    lines = ["Word " * count + "end" for count in (12, 11, 5, 12, 4, 6, 3)]
    assert len(told("\n".join(lines))) == len(lines)


def test_chinese_web_text_with_one_line_per_paragraph_is_split_at_every_line() -> None:
    lines = [
        "老研发楼里，难题从前有一条固定的走法：写成报告，锁进柜子。",
        "不是每道题都有这样的运气。",
        "一层膜",
        "他打电话去问，对方不便外传，他也没有再问。",
    ]
    assert [words for _, _, words in told("\n".join(lines))] == lines


def test_english_text_with_one_line_per_paragraph_is_split_at_every_line() -> None:
    lines = [
        "We made it from their drawing, and it broke.",
        "Then we posted the photographs of everything that broke in March.",
        "Nobody answered.",
    ]
    assert [words for _, _, words in told("\n".join(lines))] == lines


def test_only_formats_without_paragraphs_have_wrapped_lines() -> None:
    text = textwrap.fill("we made it and it broke and we said so and nobody answered us " * 5, 70)
    assert len(told(text, media="txt")) == 1
    assert len(told(text, media="docx")) == len(text.split("\n"))


@pytest.mark.parametrize(
    ("sentence", "times", "pieces"),
    [
        ("我们一起做了三件事情，改了四版。", 100, 2),
        ("我们一起做了三件事情，改了四版。", 70, 1),
        ("We made it and it broke again. ", 100, 2),
    ],
)
def test_long_paragraphs_are_cut_at_sentence_ends_into_even_pieces(sentence: str, times: int, pieces: int) -> None:
    found = segment(document(sentence * times), "paragraph")
    assert len(found) == pieces
    assert all(s.span.of(sentence * times).endswith(sentence) for s in found)
    assert len(segment(document("受访者：" + sentence * times), "turn")) == 1


def test_a_row_too_long_to_be_coded_is_cut_like_a_paragraph() -> None:
    row = "甲 | " + "我们一起做了三件事情，改了四版。" * 100
    found = segment(document(row, media="csv", blocks=(Block(Span(0, len(row)), "table", "1"),)), "sentence")
    assert [s.kind for s in found] == ["table", "table"]


def test_blank_text_has_no_segment_and_ruled_lines_alone_are_one() -> None:
    assert segment(document(""), "paragraph") == segment(document(" \n\u200b\n"), "turn") == ()
    assert told("---\n***") == [("paragraph", "", "---\n***")]


def test_white_space_and_rules_at_the_start_belong_to_the_first_segment() -> None:
    assert [s.span for s in segment(document("\n \n---\n\n一。\n二。"), "paragraph")] == [Span(0, 11), Span(11, 13)]


def test_rules_and_time_codes_belong_to_the_segment_before() -> None:
    assert [words for _, _, words in told("一。\n\n* * *\n\n00:01:02\n二。")] == ["一。\n\n* * *\n\n00:01:02", "二。"]


def test_segments_know_their_document_and_schemes_name_size_and_version() -> None:
    assert segment(document("好。"), "sentence") == (Segment(Span(0, 2), "paragraph", "", 1, 0, 7),)
    assert [scheme(size) for size in SIZES] == [f"{size}.v{SCHEME_VERSION}" for size in SIZES]


SIGNS = "我们的。！？…；，“”「」（）()【】aB.!?\"'*#-=|:：1\t\u3000\u0301\u200d\u200b\ufeff\u2028\x00"
PARTS = (
    "The e.g. 3.14 😀 👨‍👩‍👧 受访者： 访谈者： Anna: Q: A: **Ben:** 一、引言 1. 第一章 [00:01:02] 时间： # | --- CAPS"
)
PIECES = st.sampled_from(
    [*SIGNS, *PARTS.split(), " ", "\n", "\n", "\n", "\n\n", "我们一起做了三件事情。" * 30, "long " * 100]
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = "".join(draw(st.lists(PIECES, max_size=50))) if draw(st.booleans()) else draw(st.text(max_size=80))
    place = st.integers(0, len(text))
    blocks = st.tuples(place, place, st.sampled_from(["heading", "table", "page", "turn"]), st.sampled_from(["", "甲"]))
    drawn = draw(st.lists(blocks, max_size=4))
    return document(
        text,
        media=draw(st.sampled_from(["txt", "md", "docx"])),
        kind=draw(st.sampled_from(["other", "interview"])),
        blocks=tuple(Block(Span(min(a, b), max(a, b)), kind, label) for a, b, kind, label in drawn),  # type: ignore[arg-type]
    )


@settings(max_examples=60, deadline=None)
@given(documents())
def test_segments_of_every_size_tile_any_document(doc: Document) -> None:
    for size in SIZES:
        found = segment(doc, size)
        assert "".join(s.span.of(doc.text) for s in found) == (doc.text if visible(doc.text) else "")
        assert all(visible(s.span.of(doc.text)) for s in found)
        assert all(a.span.end == b.span.start for a, b in pairwise(found))
        assert [s.number for s in found] == list(range(1, len(found) + 1))
        assert found == segment(doc, size)


@settings(max_examples=60, deadline=None)
@given(documents())
def test_sentences_lie_within_paragraphs_and_paragraphs_within_turns(doc: Document) -> None:
    edges = [{s.span.start for s in segment(doc, size)} for size in ("turn", "paragraph", "sentence")]
    assert edges[0] <= edges[1] <= edges[2]


@settings(max_examples=50, deadline=None)
@given(documents())
def test_no_paragraph_or_sentence_is_heavier_than_the_limit(doc: Document) -> None:
    for size in ("paragraph", "sentence"):
        assert all(weight(s.span.of(doc.text)) <= LIMIT for s in segment(doc, size))


LINES = ["a:\n", "受访者：\n", "A: b\n", "a|b\n", "- x\n", "a\n-\n", "1.a\n", "a ", "中文\n"]


@pytest.mark.parametrize("unit", LINES)
def test_many_lines_of_one_sort_take_linear_work(unit: str) -> None:
    """Quadratic work on any of these would take more than ten seconds."""
    text = unit * (20_000 // len(unit)) + "x"
    started = time.process_time()
    assert sum(s.span.end - s.span.start for s in segment(document(text), "sentence")) == len(text)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_sample_cases_tile_and_have_units_of_codable_size(path: Path) -> None:
    doc = read(path)
    for size in SIZES:
        found = segment(doc, size)
        assert "".join(s.span.of(doc.text) for s in found) == doc.text
    marked = [b for b in doc.blocks if b.kind in ("heading", "table")]
    paragraphs = segment(doc, "paragraph")
    assert len([s for s in paragraphs if s.kind in ("heading", "table")]) >= len(marked)
    assert all(weight(s.span.of(doc.text)) <= LIMIT for s in paragraphs)


@pytest.mark.parametrize("path", sorted(CASES.glob("*interview*")), ids=lambda path: path.name)
def test_sample_interviews_have_a_turn_for_every_speaker_line(path: Path) -> None:
    doc = read(path)
    lines = re.findall(r"^(访谈者|受访者|Interviewer|Interviewee)[：:]", doc.text[doc.text.index("\n\n") :], re.M)
    assert [s.speaker for s in segment(doc, "turn") if s.kind == "turn"] == lines
    assert len(lines) > 10


@pytest.mark.parametrize("path", sorted(CASES.glob("*forum*")), ids=lambda path: path.name)
def test_sample_forums_have_a_turn_for_every_post(path: Path) -> None:
    doc = read(path)
    posts = re.findall(r"^(?:#\d+|\[\d+楼?\]) ", doc.text, re.M)
    assert len([s for s in segment(doc, "turn") if s.kind == "turn" and s.speaker]) == len(posts) > 10


@pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared (texts that are not part of the project) is absent")
def test_seed_documents_have_sensible_counts() -> None:
    counts = {}
    for path in sorted(SEEDS.glob("*.txt")):
        doc = read(path)
        paragraphs = segment(doc, "paragraph")
        assert all(weight(s.span.of(doc.text)) <= LIMIT for s in paragraphs)
        counts[path.name[:3]] = (len(paragraphs), len(segment(doc, "sentence")))
    assert 20 <= counts["002"][0] <= 30
    assert 30 <= counts["004"][0] <= 45
    assert counts["000"][0] <= 2
    assert counts["001"][0] <= 2
    assert 12 <= counts["000"][1] <= 18
    assert 14 <= counts["001"][1] <= 18
