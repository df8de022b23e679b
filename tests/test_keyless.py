"""Chat without a language model: passages with proven quotes, how they are coded, and that no model is there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from assistant import shelving
from assistant.citing import Answer, gather
from assistant.keyless import answer, suggestions
from assistant.model import Document, Segment, Span
from assistant.project import Project
from assistant.shelving import Desk
from tests.desks import DART, HELD_OUT, study

TEXT = "前言。工程师在论坛逐条回帖，和用户你来我往地讨论，改了三稿。公司没有公开成本和定价的理由。"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with study(tmp_path_factory.mktemp("keyless") / "study") as made:
        yield made


@pytest.fixture
def desk(project: Project) -> Iterator[Desk]:
    with shelving.opened(project, lambda message: None) as made:
        yield made


def said(question: str, desk: Desk) -> Answer:
    return gather(asyncio.run(answer(question, desk)))


def test_every_passage_comes_with_a_quote_that_stands_in_its_document(project: Project, desk: Desk) -> None:
    found = said("录音键为什么太靠边？", desk)
    assert found.citations and all(c.quote is not None for c in found.citations)
    for citation in found.citations:
        assert citation.quote is not None and citation.source is not None
        assert citation.quote.span.of(project.documents.get(citation.source.document).text) == citation.quote.text
    best = found.citations[0].quote
    assert best is not None and "录音键" in best.text


def test_it_says_that_no_language_model_is_connected_and_how_to_connect_one(desk: Desk) -> None:
    assert "没有接入语言模型" in said("录音键", desk).text and "/model" in said("录音键", desk).text
    assert "No language model is connected" in said("firmware", desk).text


def test_it_says_so_also_where_nothing_is_found(desk: Desk) -> None:
    found = said("xylophone", desk)
    assert not found.citations
    assert "No passage was found" in found.text and "No language model is connected" in found.text


def test_a_chinese_question_finds_english_passages_by_the_codebooks_words(desk: Desk) -> None:
    found = said("透明性", desk)
    assert {c.source.document_name for c in found.citations if c.source and ".en." in c.source.document_name}


def test_codings_are_told_apart_by_who_stands_behind_them(desk: Desk) -> None:
    text = said("他改了一版 让我们七八个人试", desk).text
    assert "[dart.dialogue.two_way] +（研究者已决定）" in text
    assert "only suggested by a model" in said("The motor firmware is closed", desk).text


def test_rules_suggest_codes_for_passages_that_carry_none(desk: Desk) -> None:
    assert "按规则比对" in said("接口 权限 离线包 待修清单 公开", desk).text


def test_held_out_documents_are_left_out(desk: Desk) -> None:
    found = said("已知问题那张表 补机型", desk)
    assert HELD_OUT not in {c.source.document_name for c in found.citations if c.source}


def test_suggestions_for_a_segment_are_proven_in_its_document() -> None:
    document = Document("a.txt", TEXT, "1" * 64, "txt", "zh", id=1)
    segment = Segment(Span(3, len(TEXT)), number=2, id=9, document=1)
    found = asyncio.run(suggestions(document, segment, DART))
    assert "dart.dialogue" in {".".join(s.code.split(".")[:2]) for s in found}
    for suggestion in (*found, *asyncio.run(suggestions(document, segment, None))):
        assert suggestion.quote.span.of(TEXT) == suggestion.quote.text
        assert segment.span.contains(suggestion.quote.span)
    assert {s.kind for s in asyncio.run(suggestions(document, segment, None))} == {"open"}
