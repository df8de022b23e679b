"""The keyless baseline: deterministic, in the models' own format, in the words of the text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from assistant import codebook as books, lexical, resources
from assistant.model import Codebook, Prompt

DART = books.parse_yaml(resources.codebook_text("dart"), where="dart.yaml")


def answer(text: str, codebook: Codebook | None = None) -> dict[str, Any]:
    kind = "assignment" if codebook else "open"
    prompt = Prompt((), "d", kind, "zh", "t", (7,), {}, texts=(text,))  # type: ignore[arg-type]
    reply = lexical.answer(prompt, codebook)
    assert reply.model == "lexical"
    (segment,) = json.loads(reply.text)["segments"]
    assert segment["segment"] == 7
    assert segment["none"] == (not segment["codes"])
    assert isinstance(segment, dict)
    return segment


@pytest.mark.parametrize(
    ("text", "family", "polarity"),
    [
        ("开放了接口，谁都能读自己的数据。", "dart.access", "+"),
        ("老用户自发建群，教新手刷机。", "dart.dialogue", "+"),
        ("试错的费用平台和创客各担一半。", "dart.risk", "+"),
        ("投票结果公布了，但没人解释第一名为何落选。", "dart.transparency", "-"),
        ("They disclose the cost breakdown of every kit.", "dart.transparency", "+"),
    ],
)
def test_a_clause_that_shares_telling_words_gets_the_code(text: str, family: str, polarity: str) -> None:
    first = answer(text, DART)["codes"][0]
    assert first["code"].startswith(family)
    assert first["polarity"] == polarity
    assert first["quote"] in text


@pytest.mark.parametrize("text", ["坏机当天换新。", "今天天气很好。", "The weather was fine.", "", "！！！"])
def test_a_segment_that_shares_nothing_is_answered_with_none(text: str) -> None:
    assert answer(text, DART)["none"] is True


def test_one_suggestion_per_block_and_three_at_most() -> None:
    text = "。".join(probe.text for probe in DART.probes)
    codes = [item["code"] for item in answer(text, DART)["codes"]]
    families = [".".join(code.split(".")[:2]) for code in codes]
    assert 0 < len(codes) <= 3
    assert len(set(families)) == len(families)


def test_open_codes_are_words_of_the_text() -> None:
    text = "工程师连夜修改固件草稿，老用户当天反馈测试结果。"
    items = answer(text)["codes"]
    assert items
    assert all(item["code"] in text and item["quote"] in text for item in items)
    english = answer("The community manager posted weekly design sketches to the forum.")["codes"]
    assert [item["code"] for item in english] == ["community manager posted weekly"]


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_any_text_is_answered_the_same_way_twice_and_quotes_stand_in_it(text: str) -> None:
    for book in (None, DART):
        first = answer(text, book)
        assert first == answer(text, book)
        assert all(item["quote"] in text for item in first["codes"])
