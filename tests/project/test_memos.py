"""Memos: written, worded anew, taken back, never lost."""

from __future__ import annotations

import sqlite3

import pytest

from assistant.errors import UsageError
from assistant.project import About, Project


def test_a_memo_says_what_it_is_about(study: Project, key: int) -> None:
    chat = study.chats.begin()
    memo = study.memos.get(
        study.memos.add("  两处不同 ", "Li", About(segment=2, code="dart.access", suggestion=key, chat=chat))
    )
    assert (memo.text, memo.coder, memo.document_name, memo.place) == ("两处不同", "Li", "a.txt", 2)
    assert memo.about == About(1, 2, "dart.access", key, chat)


def test_a_new_wording_replaces_the_old_one_and_both_stay(study: Project) -> None:
    first = study.memos.add("一", "Li", About(code="甲"))
    second = study.memos.replace(first, "二", "Li")
    assert [(m.id, m.text, m.about.code) for m in study.memos.all()] == [(second, "二", "甲")]
    assert [(m.id, m.replaced, m.stands) for m in study.memos.all(standing=False)] == [
        (first, second, False),
        (second, None, True),
    ]
    with pytest.raises(UsageError, match=f"replaced by memo {second}"):
        study.memos.replace(first, "三", "Li")


def test_what_a_withdrawn_wording_had_replaced_stands_again(study: Project) -> None:
    first = study.memos.add("一", "Li")
    second = study.memos.replace(first, "二", "Li")
    study.memos.withdraw(second, "Li", "too soon")
    assert [m.id for m in study.memos.all()] == [first]
    withdrawn = study.memos.get(second).withdrawn
    assert withdrawn
    assert (withdrawn.coder, withdrawn.why) == ("Li", "too soon")
    with pytest.raises(UsageError, match="taken back already"):
        study.memos.withdraw(second, "Li")
    third = study.memos.replace(first, "三", "Li")
    assert [m.id for m in study.memos.all()] == [third]


def test_nobody_touches_the_memo_of_another(study: Project) -> None:
    memo = study.memos.add("我的", "Wang")
    for act in (lambda: study.memos.withdraw(memo, "Li"), lambda: study.memos.replace(memo, "x", "Li")):
        with pytest.raises(UsageError, match="by Wang, not by Li"):
            act()
    assert [m.text for m in study.memos.all()] == ["我的"]


@pytest.mark.parametrize(
    ("about", "missing"),
    [
        (About(document=9), "document 9"),
        (About(segment=9), "segment 9"),
        (About(suggestion=99), "suggestion 99"),
        (About(chat=9), "chat 9"),
    ],
)
def test_a_memo_about_nothing_that_is_there_is_an_error(study: Project, about: About, missing: str) -> None:
    with pytest.raises(UsageError, match=missing):
        study.memos.add("x", "Li", about)
    assert study.memos.all() == []


def test_an_empty_memo_is_an_error(study: Project) -> None:
    with pytest.raises(UsageError, match="needs words"):
        study.memos.add(" \n", "Li")


def test_the_database_itself_lets_no_model_write_a_memo(study: Project) -> None:
    with (
        sqlite3.connect(study.folder / "project.db") as raw,
        pytest.raises(sqlite3.IntegrityError, match="people write memos"),
    ):
        raw.execute(
            "INSERT INTO memos (text, coder, created) VALUES ('x', (SELECT id FROM coders WHERE kind = 'model'), '')"
        )


@pytest.mark.parametrize("table", ["memos", "memo_withdrawals"])
def test_memos_and_their_withdrawals_cannot_be_changed_or_deleted(study: Project, table: str) -> None:
    study.memos.withdraw(study.memos.add("x", "Li"), "Li")
    with sqlite3.connect(study.folder / "project.db") as raw:
        for statement in (f"UPDATE {table} SET created = ''", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
