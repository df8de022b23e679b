"""What a model is shown of a long conversation: never more than fits, always the same, nothing broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from assistant import tokens
from assistant.remembering import Count, Memory, Turn, remember, weigh
from assistant.speech import Call, Line

WORDS = st.text(alphabet="用户改了方案。, ab?!\n[1]⟦⟧", max_size=120)


def estimate(text: str) -> int:
    return tokens.count(text, "compatible:m")[0]


COUNTS: list[Count] = [len, estimate, lambda text: len(text.split())]


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    lines = [Line("user", draw(WORDS).strip() or "?")]
    for n in range(draw(st.integers(0, 2))):
        lines.append(Line("assistant", draw(WORDS), (Call(f"c{n}", "search", {"q": draw(WORDS)}),)))
        if draw(st.booleans()):
            lines.append(Line("tool", draw(WORDS) * 5, answers=f"c{n}"))
    lines += [Line("assistant", draw(WORDS))] * draw(st.integers(0, 1))
    cited = tuple(draw(st.lists(st.integers(1, 40), max_size=20)))
    return Turn(tuple(lines), cited, tuple(draw(st.lists(WORDS, max_size=3))))


def turn(n: int, *, tool: str = "", decided: tuple[str, ...] = ()) -> Turn:
    lines = [Line("user", f"问题 {n}？")]
    if tool:
        lines += [Line("assistant", "", (Call("c1", "search", {"q": "x"}),)), Line("tool", tool, answers="c1")]
    return Turn((*lines, Line("assistant", f"第 {n} 个回答 [1]。后面还有一句。")), (n,), decided)


def sent(memory: Memory, count: Count) -> int:
    return sum(weigh(line, count) for line in memory.lines)


@given(st.lists(turns(), max_size=12), st.integers(0, 2500), st.sampled_from(COUNTS), st.sampled_from(["zh", "en"]))
def test_what_is_sent_fits_the_budget_unless_the_newest_turn_alone_does_not(
    history: list[Turn], budget: int, count: Count, language: str
) -> None:
    memory = remember(history, budget=budget, count=count, language=language)  # type: ignore[arg-type]
    newest = remember(history[-1:], budget=0, count=count, language=language)  # type: ignore[arg-type]
    assert sent(memory, count) == memory.tokens <= max(budget, newest.tokens)
    assert memory.whole + memory.noted + memory.dropped == len(history)
    assert memory == remember(history, budget=budget, count=count, language=language)  # type: ignore[arg-type]


@given(st.lists(turns(), min_size=1, max_size=8), st.integers(0, 2500))
def test_every_call_that_is_sent_is_answered_and_every_answer_was_called_for(history: list[Turn], budget: int) -> None:
    memory = remember(history, budget=budget, count=len)
    waiting: set[str] = set()
    for line in memory.lines:
        if line.role == "tool":
            assert line.answers in waiting
            waiting.discard(line.answers)
        else:
            assert not waiting or line.calls
        waiting.update(call.id for call in line.calls)
        assert line.content.strip() or line.calls or line.role == "tool"
    assert not waiting


@given(st.lists(turns(), min_size=30, max_size=34), st.integers(300, 1500))
def test_over_thirty_turns_what_is_sent_stays_bounded(history: list[Turn], budget: int) -> None:
    for n in range(1, len(history) + 1):
        alone = remember(history[n - 1 : n], budget=0, count=estimate).tokens
        assert remember(history[:n], budget=budget, count=estimate).tokens <= max(budget, alone)


def test_a_short_conversation_goes_whole() -> None:
    history = [turn(1, tool="结果"), turn(2)]
    memory = remember(history, budget=1000, count=len)
    assert memory.lines == (*history[0].lines, *history[1].lines)
    assert (memory.whole, memory.noted, memory.dropped) == (2, 0, 0)


def test_an_older_turn_becomes_one_line_that_names_question_answer_sources_and_decisions() -> None:
    old = turn(1, tool="很长的结果" * 100, decided=("accept 12 dart.access",))
    memory = remember([old, turn(2)], budget=300, count=len, language="zh")
    assert (memory.whole, memory.noted, memory.dropped) == (1, 1, 0)
    note, *rest = memory.lines
    assert tuple(rest) == turn(2).lines
    assert note.role == "user"
    assert note.content.splitlines()[1:] == [
        "- 问：问题 1？ | 答：第 1 个回答。 | 来源：1 | 用户已决定：accept 12 dart.access | 略去工具结果 1 条"
    ]


def test_when_the_notes_too_are_too_long_the_oldest_go_and_a_line_says_how_many() -> None:
    history = [turn(n) for n in range(1, 60)]
    memory = remember(history, budget=500, count=len, language="en")
    note = memory.lines[0].content.splitlines()
    assert memory.dropped > 0
    assert note[1] == f"({memory.dropped} turns before these are left out.)"
    assert [line.split("？")[0] for line in note[2:]] == [
        f"- asked: 问题 {n}" for n in range(memory.dropped + 1, memory.dropped + memory.noted + 1)
    ]
    assert memory.lines[1].content == f"问题 {60 - memory.whole}？"
    assert memory.lines[-2:] == turn(59).lines


def test_the_newest_turn_goes_whole_also_where_it_alone_is_too_long() -> None:
    memory = remember([turn(1), turn(2, tool="很长" * 500)], budget=100, count=len)
    assert memory.lines == turn(2, tool="很长" * 500).lines
    assert (memory.tokens > 100, memory.dropped) == (True, 1)


def test_a_call_that_was_broken_off_is_left_out_with_what_it_said_before_kept() -> None:
    calls = (Call("a", "search", {}), Call("b", "search", {}))
    broken = Turn((Line("user", "问"), Line("assistant", "先查", calls), Line("tool", "有", answers="a")))
    memory = remember([broken, turn(2)], budget=1000, count=len)
    assert memory.lines[1] == Line("assistant", "先查", calls[:1])
    assert memory.lines[2] == Line("tool", "有", answers="a")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_pasted_page_is_cut_in_the_notes(language: str) -> None:
    pasted = Turn((Line("user", "长" * 5000), Line("assistant", "答" * 5000)))
    memory = remember([pasted, turn(2)], budget=1000, count=len, language=language)  # type: ignore[arg-type]
    assert memory.noted == 1
    assert max(map(len, memory.lines[0].content.splitlines())) < 500


def test_a_decision_after_a_turn_that_goes_whole_is_told_too() -> None:
    memory = remember([turn(1, decided=("reject 3 甲",)), turn(2)], budget=1000, count=len)
    assert memory.lines[2] == Line("user", "[the person decided: reject 3 甲]")


def test_the_notes_hold_the_question_as_typed_and_not_the_sources_sent_with_it() -> None:
    old = Turn((Line("user", "原文" * 400 + "谁？"), Line("assistant", "用户⟦1: 用户⟧。")), question="谁？")
    memory = remember([old, turn(2)], budget=500, count=len, language="zh")
    assert memory.lines[0].content.splitlines()[1:] == ["- 问：谁？ | 答：用户。"]


def test_the_weight_of_a_line_counts_its_calls() -> None:
    call = Call("c1", "search", {"q": "用户"})
    extra = len("c1search" + json.dumps({"q": "用户"}, ensure_ascii=False))
    assert weigh(Line("assistant", "好", (call,)), len) == weigh(Line("assistant", "好"), len) + extra


def test_nothing_said_is_nothing_sent() -> None:
    assert remember([], budget=10, count=len) == Memory((), 0, 0)
