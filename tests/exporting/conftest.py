"""A small study made by hand: two languages, three cases, people and models, every state and flaw, hostile text."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest

from assistant.model import (
    Code,
    Codebook,
    Coder,
    DiscardRecord,
    Document,
    Flaw,
    Record,
    RunRecord,
    Segment,
    Span,
    Study,
    Usage,
)

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'single' </mark></style>"

INTERVIEW = (
    "👩‍🔧🎛️ 访谈记录：甲厂的开放实验室\n\n"
    "帖子里吵了两周，工程师改了三稿，楼主才点头。后来我们把配色工具和结构图都放到网站上，外行也能自己拼一台。\n\n"
    "工序走到哪一步、为什么延期，用户在手机上都看得到；但是成本构成我们并不公开。\n\n"
    "报名内测之前，页面会列出可能丢数据的几种情形，请大家自己权衡，试错的费用平台和用户各担一半。"
    "订单延期 15 天以内不另收费。\n\n"
    f"有人贴过一段脚本：{HOSTILE}，我们照样当文字看。\n"
)
THREAD = (
    "Thread: why is the colour kit late?\n\n"
    "The maker prints its margin on every kit and takes questions on it each night. "
    "After two of those evenings the price was changed. 😀 "
    "I do not trust the platform with our customer records, though. "
    "Not every backer was told that the sample might overheat.\n\n"
    "=SUM(A1:A9) was posted as a joke; @all laughed.\n"
)
NOTES = (
    "丙社的投票结果公布了，但没人解释第一名为何落选。\n\n留言两千条，官方一条没回，大家就散了。\n\n"
    "公司上半年回收问卷三万份。"
)
HOSTILE_NAME = "<img src=x onerror=alert(1)> 笔记.md"

PERSON, SECOND, GOLD = Coder("human", "李研究员"), Coder("human", "Ana <b>"), Coder("gold", "panel-2024")
MODEL, BASELINE = Coder("model", "gpt-4o-2024-08-06"), Coder("model", "lexical")


def split(document: int, text: str, *, sentences: bool = False) -> tuple[Segment, ...]:
    """Paragraphs (or English sentences) with what follows them up to the next one, so that they tile the text."""
    ends = [n + 2 for n in range(len(text)) if text.startswith("\n\n", n)]
    if sentences:
        ends += [n + 2 for n in range(len(text)) if text.startswith(". ", n)]
    points = sorted({0, *ends, len(text)})
    return tuple(
        Segment(
            Span(a, b),
            "heading" if n == 0 and text[a] != "丙" else "paragraph",
            "",
            n + 1,
            document * 100 + n,
            document,
        )
        for n, (a, b) in enumerate(pairwise(points))
    )


BOOK = Codebook(
    id="dart",
    zh="DART 构件",
    en="DART",
    version="9f8e7d6c5b4a39281706",
    codes=(
        Code(
            "dart.dialogue",
            "对话",
            "Dialogue",
            "Both sides answer each other.",
            "双方往来应答。",
            ("a return | 有回应",),
        ),
        Code("dart.access", "获取", "Access", "Means to take part.", "得到参与的手段。", aliases=("渠道",)),
        Code("dart.access.tools", "工具", "Tools", "Kits, APIs, test builds.", "工具包、接口、测试版。"),
        Code(
            "dart.risk", "风险评估", "Risk assessment", "Harm is weighed between the parties.", "各方权衡可能的损害。"
        ),
        Code("dart.transparency", "透明性", "Transparency", "Inner facts are shown.", "内部事实向外公开。"),
    ),
    attributes=("polarity", "modality", "voice"),
)
DOCUMENTS = (
    Document(
        "访谈-甲厂.txt", INTERVIEW, "a1" * 32, "txt", "zh", "interview", "甲厂", "/home/someone/private.txt", id=1
    ),
    Document("thread.md", THREAD, "b2" * 32, "md", "en", "forum", "Beta Kits", id=2, notes=("Two images left out.",)),
    Document(HOSTILE_NAME, NOTES, "c3" * 32, "md", "zh", "other", "", id=3),
)
SEGMENTS = {1: split(1, INTERVIEW), 2: split(2, THREAD, sentences=True), 3: split(3, NOTES)}


class Making:
    """Makes records whose spans are looked up in the texts, so that only the words are written by hand."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, document: int, quote: str, code: str, coder: Coder, **more: object) -> Record:
        text = DOCUMENTS[document - 1].text
        assert text.count(quote) == 1, quote
        start = text.index(quote)
        segment = next(s.number for s in SEGMENTS[document] if s.span.start <= start < s.span.end)
        row = BOOK.code(code)
        made = Record(
            id=len(self.records) + 1,
            kind="assignment" if row else "open",
            document=document,
            document_name=DOCUMENTS[document - 1].name,
            sha256=DOCUMENTS[document - 1].sha256,
            case=DOCUMENTS[document - 1].case,
            segment=segment,
            start=start,
            end=start + len(quote),
            quote=quote,
            quote_status="exact",
            flags=(),
            code=code,
            code_zh=row.zh if row else "",
            code_en=row.en if row else "",
            polarity=None,
            modality=None,
            voice=None,
            codebook="dart" if row else None,
            codebook_version=BOOK.version if row else None,
            coder=coder,
            run={MODEL: 1, BASELINE: 2}.get(coder),
            state="suggested",
            rationale="",
            confidence=None,
            created="2025-03-01T10:22:33Z",
        )
        made = replace(made, **more)  # type: ignore[arg-type]
        self.records.append(made)
        return made

    def decide(self, suggestion: Record, coder: Coder, state: str, **more: object) -> Record:
        made = replace(suggestion, id=len(self.records) + 1, coder=coder, state=state, suggestion=suggestion.id, **more)  # type: ignore[arg-type]
        self.records.append(made)
        place = suggestion.id - 1
        self.records[place] = replace(suggestion, state=state, why=made.why)  # type: ignore[arg-type]
        return made


def _records() -> tuple[Record, ...]:
    m = Making()
    plus = {"polarity": "+", "modality": "practised", "voice": "firm"}
    a = m.add(
        1,
        "帖子里吵了两周，工程师改了三稿，楼主才点头。",
        "dart.dialogue",
        MODEL,
        **plus,
        rationale="有来有往，方案因此改动。",
        confidence=0.91,
    )
    m.decide(a, PERSON, "accepted", why="典型的往来应答", created="2025-03-02T08:00:00Z")
    b = m.add(
        1,
        "把配色工具和结构图都放到网站上，外行也能自己拼一台",
        "dart.access",
        MODEL,
        **plus,
        rationale="给出工具。",
        confidence=0.84,
    )
    m.decide(b, PERSON, "edited", code="dart.access.tools", code_zh="工具", code_en="Tools", why="子代码更准")
    m.add(1, "外行也能自己拼一台", "外行可参与", MODEL, rationale="In-vivo <b>phrase</b>.", confidence=0.6)
    m.add(1, "工程师改了三稿", "dart.transparency", BASELINE, polarity="+", state="rejected", why="改稿不等于公开")
    m.add(1, "帖子里吵了两周", "dart.risk", BASELINE, polarity="-")
    m.add(1, "吵了两周，工程师改", "dart.access", BASELINE, polarity="+")
    m.add(1, "工序走到哪一步、为什么延期，用户在手机上都看得到", "dart.transparency", MODEL, **plus, confidence=0.95)
    m.add(1, "公开。", "dart.transparency", BASELINE, polarity="+", flags=("clipped_negation",))
    m.add(
        1,
        "成本构成我们并不公开",
        "dart.transparency",
        SECOND,
        polarity="-",
        modality="practised",
        voice="firm",
        state="accepted",
    )
    m.add(1, "页面会列出可能丢数据的几种情形，请大家自己权衡", "dart.risk", GOLD, **plus)
    m.add(1, "5 天以内不另收费", "dart.risk", MODEL, polarity="±", flags=("clipped_number",), quote_status="folded")
    m.add(1, HOSTILE, f"open {HOSTILE}", MODEL, rationale=HOSTILE, flags=("outside_segment",))
    c = m.add(
        2,
        "The maker prints its margin on every kit",
        "dart.transparency",
        MODEL,
        polarity="+",
        voice="third_party",
        confidence=0.97,
    )
    m.decide(c, PERSON, "accepted")
    m.decide(c, SECOND, "accepted", why="-1 would be wrong")
    d = m.add(
        2,
        "takes questions on it each night. After two of those evenings the price was changed.",
        "dart.dialogue",
        MODEL,
        polarity="+",
    )
    m.decide(d, PERSON, "edited", end=d.end - 52, quote=d.quote[:-52])
    m.add(
        2, "trust the platform with our customer records", "trust in the platform", MODEL, flags=("clipped_negation",)
    )
    m.add(2, "I do not trust the platform with our customer records", "trust withheld", PERSON, state="accepted")
    m.add(
        2, "Not every backer was told that the sample might overheat.", "dart.risk", GOLD, polarity="-", voice="author"
    )
    m.add(2, "=SUM(A1:A9)", "@formula", MODEL, rationale="+1 for the joke", why="=cmd|'/c calc'!A1")
    m.add(3, "投票结果公布了，但没人解释第一名为何落选", "dart.transparency", PERSON, polarity="±", state="accepted")
    m.add(3, "官方一条没回", "dart.dialogue", MODEL, polarity="-", modality="practised", voice="author")
    return tuple(m.records)


def _discards() -> tuple[DiscardRecord, ...]:
    return tuple(
        DiscardRecord(
            n + 1,
            1,
            1,
            DOCUMENTS[0].name,
            3,
            flaw,
            f"detail of {flaw} {HOSTILE if n == 0 else ''}",
            "dart.access",
            "成本构成我们公开",
            "成本构成我们[-并不-]公开" if n == 0 else "",
        )
        for n, flaw in enumerate(get_args(Flaw))
    )


def _run(key: int, model: str, **more: object) -> RunRecord:
    run = RunRecord(
        key,
        "assignment",
        "dart",
        BOOK.version,
        model,
        "assign.v1.zh.jinja",
        "谁给谁什么？",
        "2025-03-01T10:00:00Z",
        {"pending": 1, "coded": 6, "none": 2, "failed": 2, "refused": 1},
        {"timeout": 1, "rate_limit": 1},
        Usage(1200, 340, None),
        {"temperature": 0.0, "seed": 7},
    )
    return replace(run, **more)  # type: ignore[arg-type]


STUDY = Study(
    "共创试点 <pilot> & Co",
    '平台如何让用户参与创造价值？ How do "users" take part?',
    DOCUMENTS,
    SEGMENTS,
    _records(),
    _discards(),
    (_run(1, MODEL.name), _run(2, "lexical", units={"coded": 7, "none": 5}, errors={}, question="")),
    (BOOK,),
)
EMPTY = Study("", "", (), {}, (), (), (), ())


@pytest.fixture
def study() -> Study:
    return STUDY


@pytest.fixture
def empty() -> Study:
    return EMPTY


@pytest.fixture
def hostile() -> str:
    """Words that would run, close or break something if they were taken for markup."""
    return HOSTILE
