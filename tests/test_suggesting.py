"""One unit through the line: what a model may answer, and what codart makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from assistant import codebook as books, resources, tokens
from assistant.answering import Answering, Ask
from assistant.errors import ModelError
from assistant.model import Codebook, Document, Outcome, Prompt, Reply, Segment, Span, Usage
from assistant.prompting import Asked, Context, Request, render
from assistant.suggesting import Line, suggest

DART = books.parse_yaml(resources.codebook_text("dart"), where="dart.yaml")
BEFORE = "前一段说别的。"
TEXT = "工程师逐条回复，用户改了方案。但是，我并不信任平台来保管我们的客户记录。"
DOCUMENT = Document("a.txt", BEFORE + TEXT, "1" * 64, "txt", "zh", id=1)
FIRST = Segment(Span(0, len(BEFORE)), number=1, id=8, document=1)
SEGMENT = Segment(Span(len(BEFORE), len(BEFORE) + len(TEXT)), number=2, id=9, document=1)


def run(*replies: Reply | ModelError, codebook: Codebook | None = None) -> tuple[Outcome, list[Prompt]]:
    """The outcome of a unit whose model gives these replies in turn, and the prompts it was sent."""
    sent: list[Prompt] = []

    async def ask(prompt: Prompt) -> Reply:
        sent.append(prompt)
        answer = replies[len(sent) - 1]
        if isinstance(answer, ModelError):
            raise answer
        return answer

    (outcome,) = asyncio.run(suggest(line(ask, codebook), DOCUMENT, [SEGMENT], 0))
    return outcome, sent


def line(ask: Ask, codebook: Codebook | None = None, **more: Any) -> Line:
    answering = Answering.with_model(ask, codebook)
    kind: Any = "assignment" if codebook else "open"

    def prompt(document: Document, segments: Sequence[Segment], before: int) -> Prompt:
        asked = tuple(Asked(s.number, s.span.of(document.text)) for s in segments)
        request = Request(kind, "zh", "?", asked, "a.txt", "", Context(), codebook)
        counted = partial(tokens.count, model="lexical")
        return render(request, resources.prompt_template, max_tokens=50_000, count=counted)

    return Line(prompt, answering, answering.judge, **more)


def reply(*codes: dict[str, Any], segment: int = 2) -> Reply:
    body = {"segments": [{"segment": segment, "none": not codes, "why": "", "codes": list(codes)}]}
    return Reply(json.dumps(body, ensure_ascii=False), "m", Usage(10, 5, 0))


def item(quote: str, code: str = "回应", **more: Any) -> dict[str, Any]:
    return {"code": code, "quote": quote, "rationale": "", "confidence": 0.5} | more


def test_a_proven_quote_becomes_a_suggestion_at_its_place_in_the_document() -> None:
    outcome, _ = run(reply(item("工程师逐条回复")))
    (suggestion,) = outcome.suggestions
    assert outcome.state == "coded"
    assert suggestion.quote.span == Span(len(BEFORE), len(BEFORE) + 7)
    assert suggestion.quote.status == "exact"


def test_none_is_an_answer() -> None:
    outcome, _ = run(reply())
    assert outcome.state == "none"
    assert not outcome.suggestions
    assert not outcome.discards


def test_a_dropped_negation_is_discarded_and_the_unit_is_failed_not_none() -> None:
    outcome, _ = run(reply(item("我信任平台来保管我们的客户记录")))
    assert (outcome.state, outcome.error_kind) == ("failed", "unproven")
    assert [d.flaw for d in outcome.discards] == ["edited"]


def test_a_quote_from_outside_the_segment_is_discarded_and_the_proven_one_stays() -> None:
    outcome, _ = run(reply(item("前一段说别的"), item("用户改了方案")))
    assert outcome.state == "coded"
    assert [d.flaw for d in outcome.discards] == ["not_found"]


def test_a_label_stands_for_its_code_and_an_unknown_code_is_discarded() -> None:
    outcome, _ = run(reply(item("工程师逐条回复", "对话"), item("用户改了方案", "dart.love")), codebook=DART)
    assert [s.code for s in outcome.suggestions] == ["dart.dialogue"]
    assert [d.flaw for d in outcome.discards] == ["unknown_code"]


def test_the_same_code_on_the_same_words_counts_once() -> None:
    twice = reply(item("工程师逐条回复", "dart.dialogue"), item("工程师逐条回复", "对话"))
    outcome, _ = run(twice, codebook=DART)
    assert len(outcome.suggestions) == 1
    assert [d.flaw for d in outcome.discards] == ["duplicate"]


def test_an_unreadable_reply_gets_one_more_turn_and_both_replies_are_kept() -> None:
    unreadable = Reply("I would say dialogue.", "m", Usage(10, 5, 0))
    outcome, sent = run(unreadable, reply(item("用户改了方案")))
    assert outcome.state == "coded"
    assert outcome.reply == reply(item("用户改了方案"))
    assert outcome.earlier == ((sent[0], unreadable),)
    assert [m.role for m in sent[1].messages] == ["system", "user", "assistant", "user"]
    assert sent[0].digest != sent[1].digest


def test_a_reply_that_stays_unreadable_is_failed() -> None:
    outcome, sent = run(Reply("no", "m"), Reply("still no", "m"))
    assert (outcome.state, outcome.error_kind, len(sent)) == ("failed", "unreadable", 2)


@pytest.mark.parametrize(
    ("answer", "state", "kind"),
    [
        (Reply("", "m", finish="refusal", refusal="I cannot."), "refused", "refusal"),
        (Reply("", "m"), "failed", "empty"),
        (
            Reply('{"segments": [{"segment": 2, "none": false, "codes": [{"co', "m", finish="length"),
            "failed",
            "truncated",
        ),
        (ModelError("slow", kind="timeout"), "failed", "timeout"),
    ],
    ids=["refusal", "empty", "truncated", "timeout"],
)
def test_no_trouble_ends_as_none(answer: Reply | ModelError, state: str, kind: str) -> None:
    outcome, _ = run(answer)
    assert (outcome.state, outcome.error_kind) == (state, kind)
    assert not outcome.suggestions


def test_an_unreadable_reply_is_kept_though_the_second_turn_fails() -> None:
    outcome, _ = run(Reply("I would say dialogue.", "m", Usage(10, 5, 0)), ModelError("slow", kind="timeout"))
    assert (outcome.state, outcome.error_kind) == ("failed", "timeout")
    assert outcome.reply == Reply("I would say dialogue.", "m", Usage(10, 5, 0))


def test_an_answer_about_another_segment_is_asked_again_and_then_failed() -> None:
    stray = reply(item("用户改了方案"), segment=77)
    outcome, sent = run(stray, stray)
    assert (outcome.state, outcome.error_kind, len(sent)) == ("failed", "unreadable", 2)
    assert [d.flaw for d in outcome.discards] == ["wrong_segment"]


def test_a_model_that_cannot_be_asked_at_all_stops_the_run() -> None:
    with pytest.raises(ModelError, match="wrong key"):
        run(ModelError("wrong key", kind="auth", stops_run=True))


def test_an_elided_quote_is_two_suggestions_each_proven() -> None:
    outcome, _ = run(reply(item("工程师逐条回复……客户记录")))
    assert [s.quote.text for s in outcome.suggestions] == ["工程师逐条回复", "客户记录"]


def test_a_clipped_negation_is_verified_but_flagged() -> None:
    outcome, _ = run(reply(item("信任平台来保管我们的客户记录")))
    assert [s.quote.flags for s in outcome.suggestions] == [("clipped_negation",)]


def packed(*replies: Reply | ModelError, **more: Any) -> tuple[list[Outcome], list[Prompt]]:
    """The outcomes of both segments asked about in one call, and the prompts that were sent."""
    sent: list[Prompt] = []

    async def ask(prompt: Prompt) -> Reply:
        sent.append(prompt)
        answer = replies[len(sent) - 1]
        if isinstance(answer, ModelError):
            raise answer
        return answer

    return asyncio.run(suggest(line(ask, **more), DOCUMENT, [FIRST, SEGMENT], 0)), sent


def answers(*segments: tuple[int, list[dict[str, Any]]]) -> Reply:
    entries = [{"segment": n, "none": not codes, "why": "", "codes": codes} for n, codes in segments]
    return Reply(json.dumps({"segments": entries}, ensure_ascii=False), "m", Usage(10, 5, 0))


def test_several_segments_in_one_call_are_matched_by_their_numbers() -> None:
    both, sent = packed(answers((2, [item("用户改了方案")]), (1, [item("前一段说别的")])))
    assert [o.suggestions[0].quote.text for o in both] == ["前一段说别的", "用户改了方案"]
    assert len(sent) == 1
    assert sent[0].segments == (1, 2)
    assert both[0].reply is both[1].reply


def test_a_segment_that_a_shared_reply_left_out_is_asked_again_by_itself() -> None:
    first = answers((1, []))
    both, sent = packed(first, answers((2, [item("用户改了方案")])))
    assert [o.state for o in both] == ["none", "coded"]
    assert [p.segments for p in sent] == [(1, 2), (2,)]
    assert both[1].earlier == ((sent[0], first),)


def test_a_segment_that_a_shared_reply_answers_twice_is_asked_again_by_itself() -> None:
    twice = answers((1, []), (2, [item("用户改了方案")]), (2, []))
    both, sent = packed(twice, answers((2, [])))
    assert [o.state for o in both] == ["none", "none"]
    assert sent[1].segments == (2,)


def test_what_stays_left_out_is_failed_and_what_was_answered_stands() -> None:
    both, sent = packed(answers((1, [])), Reply("", "m"))
    assert [(o.state, o.error_kind) for o in both] == [("none", ""), ("failed", "empty")]
    assert len(sent) == 2


def test_a_shared_reply_that_stays_unreadable_costs_no_segment_its_answer() -> None:
    both, sent = packed(Reply("no", "m"), Reply("no", "m"), answers((1, [])), answers((2, [])))
    assert [o.state for o in both] == ["none", "none"]
    assert [p.segments for p in sent] == [(1, 2), (1, 2), (1,), (2,)]
    assert len(both[0].earlier) == 2


def test_a_reply_that_was_paid_for_is_used_again_and_only_if_all_of_it_was_good() -> None:
    shelf: dict[str, Reply] = {}
    more: dict[str, Any] = {"scope": ("m",), "recall": shelf.get}
    (first, second), _ = packed(answers((1, []), (2, [])), **more)
    assert first.key == second.key != ""
    shelf[first.key] = replace(answers((1, []), (2, [])), id=7)
    again, nothing = packed(**more)
    assert nothing == []
    assert [o.reply.id for o in again if o.reply] == [7, 7]
    failed, _ = packed(answers((1, [])), Reply("", "m"), **(more | {"scope": ("another",)}))
    assert [o.key for o in failed] == ["", ""]
