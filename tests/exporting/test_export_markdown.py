"""The Markdown summary: quotes with their places, counts, nothing that Markdown or HTML would act on."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from assistant.exporting import markdown
from assistant.model import Study


def page(study: Study, language: str = "en") -> str:
    return markdown.dump(study, language).decode("utf-8")


def unescaped(text: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def test_every_standing_quote_stands_with_case_document_segment_and_offsets(study: Study) -> None:
    text = unescaped(page(study))
    standing = [r for r in study.records if r.state not in ("rejected", "edited") or r.coder.kind != "model"]
    assert len(standing) > 15
    for r in standing:
        place = f"{r.case or '(no case)'} · {r.document_name} · segment {r.segment}, characters {r.start}–{r.end}"
        assert f"> {r.quote}\n>\n> — {place}" in text


def test_rejected_and_replaced_suggestions_are_counted_but_not_listed(study: Study) -> None:
    rejected = next(r for r in study.records if r.state == "rejected")
    assert f"characters {rejected.start}–{rejected.end} " not in page(study)
    assert "10 undecided, 2 accepted, 2 edited, 1 rejected" in page(study)


def test_failed_units_are_shown_and_not_called_no_code(study: Study) -> None:
    row = next(line for line in page(study).splitlines() if line.startswith("| 1 | codebook |"))
    assert row.split(" | ")[7:12] == ["1", "6", "2", "2", "1"]
    assert "1 pending, 2 failed, 1 refused" in page(study)
    assert "待处理 1，失败 2，拒答 1" in page(study, "zh")


def test_dart_by_case_shows_polarities_decided_and_suggested(study: Study) -> None:
    assert "| 甲厂 | **+1** | **+1** | **+1** ○ −1 ±1 | **−1** ○ +1 |" in page(study)
    assert "## DART 构件：按案例" in page(study, "zh")


def test_discards_stand_by_flaw_with_the_difference(study: Study) -> None:
    text = page(study)
    assert "### Words changed (1)" in text
    assert "```text\n成本构成我们[-并不-]公开\n```" in text


def test_the_baseline_is_called_what_it_is(study: Study) -> None:
    assert "lexical (keyless baseline, not a language model)" in page(study)
    assert "lexical（无密钥基线，不是语言模型）" in page(study, "zh")


def test_no_raw_html_gets_through(study: Study) -> None:
    prose = re.sub(r"^```.*?^```$", "", page(study), flags=re.S | re.M)
    assert re.findall(r"(?<!\\)<", prose) == []
    assert "\\<script\\>alert(1)" in prose


def test_a_study_with_nothing_in_it_says_what_comes_next(empty: Study) -> None:
    assert page(empty).startswith("# Untitled study\n\n## Nothing here yet")


@given(st.text(min_size=1))
def test_escaping_loses_nothing(text: str) -> None:
    assert unescaped(markdown.plain(text)) == text


@pytest.mark.parametrize("text", ["# a", "- a", "+ a", "1. a", "2) a", "| a | b", "*a*", "`a`", "[a](b)", "a\\", "==="])
def test_signs_markdown_acts_on_stand_behind_a_backslash(text: str) -> None:
    assert markdown.plain(text) != text
    assert unescaped(markdown.plain(text)) == text


def test_a_quote_of_several_lines_stays_one_block() -> None:
    assert markdown.quoted("a\n\n# b\u2028c\n") == "> a\n> \\# b\n> c"


def test_nothing_in_a_difference_closes_its_code_block() -> None:
    assert markdown.fenced("a\n````\nb") == "`````text\na\n````\nb\n`````"
