"""A project that cannot be written for a while: full, or locked by another process. What was paid for is not lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.errors import ProjectError
from assistant.model import Outcome, Segment
from assistant.project import Project, database
from tests.fakes import FakeServer
from tests.faulty import make, places, work
from tests.scripted import coder

pytestmark = pytest.mark.xdist_group("forks")  # so that one fork server and one undisturbed run serve all
Rows = list[tuple[str, int, str, str, int, int]]
UNITS = 120
CONCURRENCY = 8


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows of a run that nothing disturbed."""
    with make(tmp_path_factory.mktemp("undisturbed") / "whole", UNITS) as project, FakeServer(coder) as server:
        return places(project, work(project, server.base_url, concurrency=CONCURRENCY))


def stored(project: Project) -> int:
    return sum(run.replies for run in project.runs.all())


@pytest.mark.parametrize("room", [2, 6, 24])
def test_a_full_disk_is_said_and_with_room_again_the_same_command_goes_on(
    tmp_path: Path, whole: Rows, room: int
) -> None:
    with make(tmp_path / "study", UNITS) as project, FakeServer(coder) as server:
        pages = project._database.rows("PRAGMA page_count")[0][0]
        project._database.write(f"PRAGMA max_page_count = {pages + room}")
        seen: list[str] = []
        with pytest.raises(ProjectError) as caught:
            work(project, server.base_url, concurrency=CONCURRENCY, seen=lambda s, outcome: seen.append(outcome.state))
        assert f"the disk that holds {project.folder / 'project.db'} is full" in caught.value.message
        assert "make room, then run the same command again" in caught.value.hint
        states = project.units.states() if project.runs.all() else {}
        assert sum(states.get(s, 0) for s in ("coded", "none")) == len(seen) == stored(project)
        assert 0 <= len(server.sent) - stored(project) <= CONCURRENCY
        lost = len(server.sent) - stored(project)
        if lost:
            assert f"{lost} answered units could not be stored and will be asked again" in caught.value.message
        project._database.write("PRAGMA max_page_count = 1000000")
        run = work(project, server.base_url, concurrency=CONCURRENCY)
        assert places(project, run) == whole
        assert len(server.sent) == UNITS + lost


HOLD = """
import sqlite3, sys
holding = sqlite3.connect(sys.argv[1], isolation_level=None)
holding.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
holding.execute("ROLLBACK")
"""


def release(other: subprocess.Popen[str]) -> None:
    other.communicate("go\n")


def locking(project: Project) -> subprocess.Popen[str]:
    """Another process that holds the database until it reads a line."""
    command = [sys.executable, "-c", HOLD, str(project.folder / "project.db")]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


@pytest.mark.parametrize("released", [True, False])
def test_a_locked_database_is_said_and_what_was_answered_is_stored_or_asked_again(
    tmp_path: Path, whole: Rows, monkeypatch: pytest.MonkeyPatch, released: bool
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", 1.0)
    others: list[subprocess.Popen[str]] = []
    seen: list[int] = []

    def lock_at_the_twentieth(segment: Segment, outcome: Outcome) -> None:
        seen.append(segment.number)
        if len(seen) == 20:
            others.append(locking(project))
            if released:
                threading.Timer(1.5, release, others).start()  # after the first try to store and before the second ends

    with make(tmp_path / "study", UNITS) as project, FakeServer(coder) as server:
        with pytest.raises(ProjectError) as caught:
            work(project, server.base_url, concurrency=CONCURRENCY, seen=lock_at_the_twentieth)
        assert "is being written by another process for more than 1 second" in caught.value.message
        assert "run the same command again" in caught.value.hint
        assert stored(project) == len(seen)
        lost = len(server.sent) - stored(project)
        said = f"{lost} answered units could not be stored and will be asked again"
        assert (said in caught.value.message) == (not released)
        assert (lost == 0) == released
        assert lost <= CONCURRENCY
        if not released:
            release(others[0])
        assert places(project, work(project, server.base_url, concurrency=CONCURRENCY)) == whole
        assert len(server.sent) == UNITS + lost


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
@pytest.mark.parametrize("kilobytes", [20, 250])
def test_the_command_on_a_disk_that_takes_no_more_says_so_and_goes_on_later(
    tmp_path: Path, whole: Rows, kilobytes: int
) -> None:
    from tests.forking import Codart

    make(tmp_path / "study", UNITS).close()
    with FakeServer(coder) as server:
        model = ["--model", "compatible:scripted", "--base-url", server.base_url, "--only", "open"]
        words = ["suggest", *model, "--project", tmp_path / "study"]
        limited = Codart(tmp_path / "limited.txt", *words, file_limit=kilobytes * 1024)
        assert limited.end() == 1
        assert "its disk is full, over a quota, or faulty" in limited.said()
        assert "help: make room or check the disk, then run the same command again" in limited.said()
        with Project.open(tmp_path / "study") as project:
            lost = len(server.sent) - stored(project)
            assert 0 <= lost <= CONCURRENCY
        again = Codart(tmp_path / "again.txt", *words)
        assert again.end() == 0, again.said()
        assert len(server.sent) == UNITS + lost
    with Project.open(tmp_path / "study") as project:
        assert places(project, 1) == whole
