"""Taking back: the state is what it was before, every reader knows, and the trail shows all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import undoing
from assistant.errors import UsageError
from assistant.exporting import delimited
from assistant.exporting.jsonl import as_dict
from assistant.project import About, Project
from assistant.studying import snapshot
from tests.project import conftest as making
from tests.project.conftest import decide

study = making.study
key = making.key


def state(project: Project, key: int) -> str:
    return project.codings.record(key)[0].state


def people(project: Project) -> list[tuple[str, str]]:
    return [(r.coder.name, r.code) for r in project.codings.records() if r.coder.kind == "human"]


def test_a_withdrawn_acceptance_leaves_the_suggestion_undecided_everywhere(study: Project, key: int) -> None:
    decide(study, key, "accept")
    assert study.codings.coded_segments() == frozenset({1})
    assert len(study.codings.decided()) == 1
    said = undoing.undo(study, "Li")
    assert said.startswith(f"accept of suggestion {key} taken back: 逐条回复")
    assert said.endswith("it is suggested now")
    assert state(study, key) == "suggested"
    assert people(study) == []
    assert study.codings.own(key, "Li") is None
    assert study.codings.decided() == []
    assert study.codings.coded_segments() == frozenset()
    assert study.codings.count() == (1, 0)


def test_the_decision_before_counts_again_with_its_coding(study: Project, key: int) -> None:
    decide(study, key, "edit", code="回应")
    decide(study, key, "reject", why="no")
    assert (state(study, key), people(study)) == ("rejected", [])
    assert study.codings.coded_segments() == frozenset()
    undoing.undo(study, "Li")
    assert (state(study, key), people(study)) == ("edited", [("Li", "回应")])
    assert study.codings.record(key)[0].why == ""  # that of the rejection went with it
    assert study.codings.coded_segments() == frozenset({1})
    assert [(d.code, d.kept) for d in study.codings.decided()] == [("回应", True)]
    own = study.codings.own(key, "Li")
    assert own
    assert own.code == "回应"
    undoing.undo(study, "Li")
    assert (state(study, key), people(study)) == ("suggested", [])


def test_an_earlier_decision_can_be_taken_back_and_the_later_one_still_counts(study: Project, key: int) -> None:
    first = decide(study, key, "accept")
    decide(study, key, "edit", code="回应")
    undoing.undo_decision(study, first, "Li")
    assert (state(study, key), people(study)) == ("edited", [("Li", "回应")])
    undoing.undo(study, "Li")
    assert (state(study, key), people(study)) == ("suggested", [])


def test_the_word_of_another_counts_once_ones_own_is_taken_back(study: Project, key: int) -> None:
    decide(study, key, "accept", coder="Wang")
    decide(study, key, "reject", coder="Li")
    undoing.undo(study, "Li")
    assert (state(study, key), people(study)) == ("accepted", [("Wang", "逐条回复")])
    with pytest.raises(UsageError, match="nothing of Li to undo"):
        undoing.undo(study, "Li")
    assert state(study, key) == "accepted"


def test_the_trail_shows_the_decision_and_its_withdrawal(study: Project, key: int) -> None:
    decision = decide(study, key, "reject", why="too broad")
    undoing.undo(study, "Li", why="a slip")
    decide(study, key, "accept")
    record, _ = study.codings.record(key)
    first, second = as_dict(record)["decisions"]
    assert (first["id"], first["action"], first["why"]) == (decision, "reject", "too broad")
    assert (first["withdrawn"]["coder"], first["withdrawn"]["why"]) == ("Li", "a slip")
    assert first["withdrawn"]["created"] >= first["created"]
    assert (second["action"], second["withdrawn"]) == ("accept", None)
    cells = dict(zip(delimited.COLUMNS, delimited.row(record), strict=True))
    assert cells["decisions"] == "Li: reject (withdrawn); Li: accept"


def test_a_suggestion_on_a_replaced_text_is_read_again_only_while_a_decision_about_it_stands(
    study: Project, key: int
) -> None:
    decide(study, key, "reject")
    study.documents.add(replace(making.DOCUMENT, text=making.TEXT + "后来关了。", sha256="2" * 64))
    assert [r.id for r in snapshot(study, whole=False).records] == [key]
    undoing.undo(study, "Li")
    assert snapshot(study, whole=False).records == ()
    assert [r.id for r in snapshot(study).records] == [key]


def test_decisions_and_memos_are_undone_in_the_order_they_were_made(study: Project, key: int) -> None:
    decide(study, key, "accept")
    memo = study.memos.add("想法", "Li")
    study.memos.replace(memo, "新的想法", "Li")
    decide(study, key, "reject")
    said = [undoing.undo(study, "Li") for _ in range(4)]
    assert [words.split(" taken back")[0] for words in said] == [
        f"reject of suggestion {key}",
        "memo 2",
        "memo 1",
        f"accept of suggestion {key}",
    ]
    assert said[1].endswith("memo 1 stands again")
    assert (study.memos.all(), state(study, key)) == ([], "suggested")


def test_a_conversation_undoes_only_what_was_written_in_it(study: Project, key: int) -> None:
    here, elsewhere = study.chats.begin(), study.chats.begin()
    decide(study, key, "accept")
    study.memos.add("不在对话里", "Li")
    memo = study.memos.add("对话里的", "Li", About(chat=here))
    with pytest.raises(UsageError, match="in this conversation"):
        undoing.undo(study, "Li", elsewhere)
    assert undoing.undo(study, "Li", here).startswith(f"memo {memo} taken back")
    with pytest.raises(UsageError, match="in this conversation"):
        undoing.undo(study, "Li", here)
    assert state(study, key) == "accepted"


def test_what_can_be_undone_is_listed_newest_first(study: Project, key: int) -> None:
    first = decide(study, key, "edit", code="回应")
    memo = study.memos.add("想法", "Li")
    study.memos.add("别人的", "Wang")
    found = undoing.undoable(study, "Li")
    assert [(w.kind, w.id) for w in found] == [("memo", memo), ("decision", first)]
    assert undoing.in_words(found[1]) == f"decision {first}: edit {key}, 回应 ← 工程师逐条回复"
    assert undoing.in_words(found[0]) == f"memo {memo}: 想法"


def test_nobody_takes_back_what_another_decided_nor_anything_twice(study: Project, key: int) -> None:
    decision = decide(study, key, "accept", coder="Wang")
    with pytest.raises(UsageError, match="by Wang, not by Li"):
        undoing.undo_decision(study, decision, "Li")
    undoing.undo_decision(study, decision, "Wang")
    with pytest.raises(UsageError, match="taken back already"):
        undoing.undo_decision(study, decision, "Wang")
    with pytest.raises(UsageError, match="no decision 99"):
        undoing.undo_decision(study, 99, "Wang")


def test_the_database_itself_refuses_a_withdrawal_by_another_and_any_change_of_one(study: Project, key: int) -> None:
    mine, theirs = decide(study, key, "accept"), decide(study, key, "reject", coder="Wang")
    undoing.undo_decision(study, mine, "Li")
    with sqlite3.connect(study.folder / "project.db") as raw:
        for statement in (
            f"INSERT INTO withdrawals SELECT {theirs}, id, '', '' FROM coders WHERE name = 'Li'",
            f"INSERT INTO withdrawals SELECT {theirs}, id, '', '' FROM coders WHERE kind = 'model'",
            "UPDATE withdrawals SET why = 'x'",
            "DELETE FROM withdrawals",
            "DELETE FROM writes",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                raw.execute(statement)


@pytest.fixture
def other(study: Project) -> Iterator[Project]:
    with Project.open(Path(study.folder)) as again:
        yield again


def test_another_process_sees_the_withdrawal_at_once(study: Project, other: Project, key: int) -> None:
    decide(study, key, "accept")
    assert state(other, key) == "accepted"
    undoing.undo(other, "Li")
    assert state(study, key) == "suggested"
