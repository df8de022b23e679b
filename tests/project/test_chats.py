"""Conversations are kept whole: lines, prompts as sent, sources, proofs, decisions, tokens and cost."""

from __future__ import annotations

import sqlite3

import pytest

from assistant.errors import UsageError
from assistant.model import Quote, Span, Usage
from assistant.project import Project
from assistant.speech import Call, Citation, Ended, Line, Tool
from tests.project.conftest import TEXT, decide

TOOL = Tool("search", "Find passages", {"type": "object", "properties": {"q": {"type": "string"}}})
CALL = Call("c1", "search", {"q": "用户", "n": [1, None]}, "")


def asked(project: Project, chat: int, question: str = "用户做了什么？") -> int:
    """A turn with a tool call and an answer; returns the id of the answer's line."""
    project.chats.add(chat, Line("user", question))
    project.chats.add(chat, Line("assistant", "", (CALL,)), model="m", ended=Ended("stop", "m", Usage(10, 2, 0), 0.5))
    project.chats.add(chat, Line("tool", "[1] …", answers="c1"))
    ended = Ended("stop", "m-2026", Usage(30, 7, 10), 0.25)
    return project.chats.add(
        chat, Line("assistant", "改了方案 [1]。"), raw="改了方案⟦1: 方案⟧。", model="m", ended=ended
    )


def test_lines_come_back_as_they_were_stored_in_their_turns(study: Project) -> None:
    chat = study.chats.begin(model="m", codebook="dart", coder="Li")
    asked(study, chat)
    asked(study, chat, "还有呢？")
    lines = study.chats.lines(chat)
    assert [line.turn for line in lines] == [1] * 4 + [2] * 4
    assert lines[1].line == Line("assistant", "", (CALL,))
    assert lines[2].line == Line("tool", "[1] …", answers="c1")
    last = lines[3]
    assert (last.raw, last.model, last.usage, last.cost, last.finish) == (
        "改了方案⟦1: 方案⟧。",
        "m-2026",
        Usage(30, 7, 10),
        0.25,
        "stop",
    )


def test_a_conversation_is_called_by_its_title_or_its_first_question_and_the_latest_comes_first(study: Project) -> None:
    first, second = study.chats.begin(), study.chats.begin(title="第二个")
    asked(study, second)
    asked(study, first)
    assert [(c.id, c.title, c.turns) for c in study.chats.all()] == [
        (first, "用户做了什么？", 1),
        (second, "第二个", 1),
    ]
    with pytest.raises(UsageError, match="no chat 9"):
        study.chats.get(9)


def test_what_was_sent_is_kept_exactly_and_each_line_once(study: Project) -> None:
    system = Line("system", "规则")
    sent = [system, Line("user", "问"), Line("assistant", "", (CALL,)), Line("tool", "结果", answers="c1")]
    digest = study.chats.keep_prompt(sent, [TOOL])
    assert study.chats.prompt(digest) == (tuple(sent), (TOOL,))
    assert study.chats.keep_prompt(sent, [TOOL]) == digest
    longer = study.chats.keep_prompt([*sent, Line("assistant", "答")], [TOOL])
    assert longer != digest
    chat = study.chats.begin()
    study.chats.add(chat, Line("user", "问"))
    study.chats.add(chat, Line("assistant", "答"), prompt=digest, model="m", ended=Ended("stop", "m"))
    assert [line.prompt for line in study.chats.lines(chat)] == ["", digest]
    with sqlite3.connect(study.folder / "project.db") as raw:
        assert raw.execute("SELECT count(*) FROM messages WHERE content LIKE '%规则%'").fetchone() == (1,)


def test_a_line_of_a_tool_and_one_of_a_person_with_the_same_words_are_not_mixed_up(study: Project) -> None:
    one, other = [Line("user", "x")], [Line("assistant", "x")]
    digests = [study.chats.keep_prompt(lines, []) for lines in (one, other)]
    assert [study.chats.prompt(digest)[0] for digest in digests] == [tuple(one), tuple(other)]


def test_a_source_keeps_its_number_in_its_conversation(study: Project) -> None:
    chat, other = study.chats.begin(), study.chats.begin()
    assert [(s.number, s.segment) for s in study.chats.add_sources(chat, [2])] == [(1, 2)]
    assert [(s.number, s.segment) for s in study.chats.add_sources(chat, [1, 2, 1])] == [(2, 1), (1, 2)]
    assert [s.number for s in study.chats.add_sources(other, [1])] == [1]
    (two,) = [s for s in study.chats.sources(chat) if s.number == 2]
    assert (two.text, two.document_name, two.case, two.place) == (TEXT[:8], "a.txt", "小米", 1)


def test_proofs_and_failures_of_an_answer_come_back_as_they_were(study: Project) -> None:
    chat = study.chats.begin()
    line = asked(study, chat)
    (source,) = study.chats.add_sources(chat, [2])
    citations = [
        Citation(1, source, "改了方案", Quote(Span(10, 14), TEXT[10:14], "exact", ("clipped_number",))),
        Citation(2, source, "没有的话", None, "not_found"),
        Citation(3, None, "谁知道", None, "no_source"),
    ]
    study.chats.add_citations(line, citations)
    assert study.chats.citations(line) == citations
    (turn,) = study.chats.turns(chat)
    assert turn.cited == (1,)


def test_a_question_sent_with_sources_is_known_by_what_was_typed(study: Project) -> None:
    chat = study.chats.begin()
    study.chats.add(chat, Line("user", "[1] 一大段原文\n谁改了方案？"), raw="谁改了方案？")
    assert study.chats.get(chat).title == "谁改了方案？"
    (turn,) = study.chats.turns(chat)
    assert (turn.question, turn.lines[0].content) == ("谁改了方案？", "[1] 一大段原文\n谁改了方案？")


def test_a_marker_without_proof_must_say_why(study: Project) -> None:
    line = asked(study, study.chats.begin())
    with pytest.raises(Exception, match="CHECK"):
        study.chats.add_citations(line, [Citation(1, None, "x", None, "")])


def test_the_total_counts_every_call_and_an_unknown_price_makes_it_unknown(study: Project) -> None:
    chat = study.chats.begin()
    asked(study, chat)
    total = study.chats.total(chat)
    assert (total.replies, total.usage, total.cost) == (2, Usage(40, 9, 10), 0.75)
    study.chats.add(chat, Line("assistant", "半句"), model="m", error="the connection broke")
    total = study.chats.total(chat)
    assert (total.replies, total.cost, total.known_cost) == (3, None, 0.75)
    assert study.chats.lines(chat)[-1].error == "the connection broke"


def test_a_turn_names_what_was_decided_in_it_and_what_was_taken_back(study: Project, key: int) -> None:
    chat = study.chats.begin()
    asked(study, chat)
    study.chats.add_decision(chat, decide(study, key, "reject"))
    asked(study, chat)
    second = decide(study, key, "edit", code="回应")
    study.chats.add_decision(chat, second)
    study.decisions.withdraw(second, "Li")
    assert [turn.decided for turn in study.chats.turns(chat)] == [
        (f"reject {key} 逐条回复",),
        (f"edit {key} 回应, taken back",),
    ]


@pytest.mark.parametrize(
    "table", ["chats", "chat_prompts", "chat_lines", "chat_sources", "chat_citations", "chat_decisions"]
)
def test_a_conversation_cannot_be_changed_or_deleted(study: Project, key: int, table: str) -> None:
    chat = study.chats.begin()
    line = asked(study, chat)
    (source,) = study.chats.add_sources(chat, [2])
    study.chats.add_citations(line, [Citation(1, source, "没有", None, "not_found")])
    study.chats.keep_prompt([Line("user", "x")], [])
    study.chats.add_decision(chat, decide(study, key, "accept"))
    with sqlite3.connect(study.folder / "project.db") as raw:
        column = raw.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
        assert raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
