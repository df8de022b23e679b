"""A project made before there were conversations, memos and withdrawals opens, and keeps what it held."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from assistant.project import Project
from assistant.project.schema import MIGRATIONS
from assistant.settings import Settings, write
from tests.project.conftest import TEXT

BEFORE = 3  # the migrations that such a project had seen


def old_project(folder: Path) -> Path:
    """A project at the schema of those days, written without codart: two suggestions, three decisions."""
    folder.mkdir()
    (folder / "codart.toml").write_text(write(Settings(coder="Li")), encoding="utf-8")
    with sqlite3.connect(folder / "project.db") as raw:
        for script in MIGRATIONS[:BEFORE]:
            raw.executescript(script)
        raw.execute(f"PRAGMA user_version = {BEFORE}")
        raw.execute(
            "INSERT INTO documents VALUES (1, 'a.txt', 'a.txt', '小米', 'other', 'zh', 'txt', 'utf-8', ?, ?, '[]',"
            " '[]', 1, NULL, 0, '2026-01-01T00:00:00.000+00:00')",
            ["1" * 64, TEXT],
        )
        raw.execute("INSERT INTO segments VALUES (1, 1, 'paragraph.v1', 1, 0, 8, 'paragraph', '')")
        raw.execute("INSERT INTO coders VALUES (1, 'model', 'lexical'), (2, 'human', 'Li')")
        raw.executemany(
            "INSERT INTO codings (id, kind, coder, document, segment, start, end, quote, quote_status, flags, code,"
            " rationale, suggestion, created) VALUES (?, 'open', ?, 1, 1, 0, 7, ?, 'exact', '[]', ?, '', ?, ?)",
            [
                (1, 1, TEXT[:7], "甲", None, "2026-01-02T00:00:00.000+00:00"),
                (2, 1, TEXT[:7], "乙", None, "2026-01-02T00:00:00.000+00:00"),
                (3, 2, TEXT[:7], "甲", 1, "2026-01-03T00:00:00.000+00:00"),
            ],
        )
        raw.executemany(
            "INSERT INTO decisions VALUES (?, ?, 2, ?, '', ?, ?)",
            [
                (1, 1, "accept", 3, "2026-01-03T00:00:00.000+00:00"),
                (2, 2, "reject", None, "2026-01-04T00:00:00.000+00:00"),
            ],
        )
    return folder


def test_an_old_project_opens_and_keeps_its_decisions(tmp_path: Path) -> None:
    with Project.open(old_project(tmp_path / "old")) as project:
        found = [(r.id, r.coder.kind, r.state) for r in project.codings.records()]
        assert found == [(1, "model", "accepted"), (2, "model", "rejected"), (3, "human", "accepted")]
        assert project.codings.count() == (2, 2)
        assert project.documents.all()[0].text == TEXT
    with sqlite3.connect(tmp_path / "old" / "project.db") as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


def test_decisions_of_an_old_project_can_be_taken_back_in_the_order_they_were_made(tmp_path: Path) -> None:
    with Project.open(old_project(tmp_path / "old")) as project:
        assert [write.id for write in project.writes.standing("Li")] == [2, 1]
        project.decisions.withdraw(2, "Li")
        assert project.codings.record(2)[0].state == "suggested"


def test_an_old_project_takes_conversations_and_memos(tmp_path: Path) -> None:
    with Project.open(old_project(tmp_path / "old")) as project:
        chat = project.chats.begin(model="lexical")
        assert project.chats.add_sources(chat, [1])[0].text == TEXT[:8]
        assert project.memos.get(project.memos.add("一条备忘", "Li")).text == "一条备忘"
