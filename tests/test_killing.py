"""`codart suggest` killed at any moment, or asked to stop: nothing lost, nothing done twice, little paid twice."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.project import Project
from tests.fakes import Body, FakeServer, Response
from tests.faulty import make, places
from tests.heavy import sized
from tests.scripted import coder, several

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals"),
    pytest.mark.xdist_group("forks"),  # so that one fork server serves all of these tests
]
if sys.platform != "win32":
    from tests.forking import Codart

UNITS = 120
CONCURRENCY = 6
LATENCY = 0.02  # seconds
KILLS = sized(3, 10)  # of each way
WAYS = {
    "assigning": ["--only", "assignment"],
    "packed": ["--only", "assignment", "--pack", "4"],
    "labelled": ["--only", "open"],
}


class Study:
    """A project folder, and how `codart suggest` is called on it: under a model name of its own, to tell its calls."""

    def __init__(self, folder: Path, server: FakeServer, way: str, units: int = UNITS) -> None:
        make(folder, units, documents=("zh1", "en1"), labels=20).close()
        self.folder, self.server, self.way = folder, server, way
        self.name = folder.name

    def suggest(self, *more: object) -> Codart:
        model = ["--model", f"compatible:{self.name}", "--base-url", self.server.base_url]
        self.log = self.folder / f"said{time.monotonic_ns()}.txt"
        options = ["--project", self.folder, "--concurrency", CONCURRENCY, *WAYS[self.way]]
        return Codart(self.log, "suggest", *model, *options, *more)

    def asked(self) -> int:
        """Requests the server has received."""
        return sum(request.body["model"] == self.name for request in self.server.chats)

    def answered(self) -> int:
        """Requests the server has answered."""
        return sum(request.body["model"] == self.name for request, _ in self.server.sent)

    def stored(self) -> int:
        """Replies the project has."""
        with Project.open(self.folder) as project:
            return sum(run.replies for run in project.runs.all())

    def rows(self) -> list[tuple[str, int, str, str, int, int]]:
        with Project.open(self.folder) as project:
            (run,) = project.runs.all()
            return places(project, run.id)

    def finish(self) -> None:
        process = self.suggest()
        assert process.end() == 0, process.said()


def answer(body: Body) -> Response:
    return several(body, coder)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(answer, latency=LATENCY) as made:
        yield made


def kill_again_and_again(study: Study, dice: random.Random) -> int:
    """Kill as many times as planned, each after a few more requests; returns how many replies were lost."""
    lost = 0
    for _ in range(KILLS):
        after = dice.randrange(14 if study.way != "packed" else 5)
        enough = study.asked() + after
        process = study.suggest()
        assert process.until(lambda enough=enough: study.asked() >= enough), process.said()  # type: ignore[misc]
        time.sleep(dice.random() * (2 * LATENCY if after else 0.3))
        process.send(signal.SIGKILL)
        assert process.end() == -signal.SIGKILL
        time.sleep(2 * LATENCY)  # calls under way at the server come to their end
        assert 0 <= study.answered() - study.stored() - lost <= CONCURRENCY
        lost = study.answered() - study.stored()
    return lost


def killed_and_whole(folder: Path, server: FakeServer, way: str) -> None:
    whole, killed = Study(folder / f"{way}-whole", server, way), Study(folder / f"{way}-killed", server, way)
    whole.finish()
    lost = kill_again_and_again(killed, random.Random(way))
    killed.finish()
    assert killed.rows() == whole.rows()
    assert len({row[:2] for row in killed.rows()}) == len(killed.rows()) == UNITS
    assert killed.answered() == whole.answered() + lost
    assert lost <= KILLS * CONCURRENCY


def test_killed_at_any_moment_a_run_ends_as_if_nothing_had_happened(tmp_path: Path, server: FakeServer) -> None:
    """Nine kills; thirty with CODART_HEAVY=1."""
    with ThreadPoolExecutor() as pool:
        for end in [pool.submit(killed_and_whole, tmp_path, server, way) for way in WAYS]:
            end.result()


@pytest.mark.parametrize(
    ("way", "name"), [("assigning", signal.SIGTERM), ("packed", signal.SIGINT), ("labelled", signal.SIGINT)]
)
def test_asked_to_stop_once_it_finishes_what_is_under_way_and_nothing_is_asked_twice(
    tmp_path: Path, server: FakeServer, way: str, name: signal.Signals
) -> None:
    server.latency = 0.1
    study = Study(tmp_path / "study", server, way)
    process = study.suggest()
    assert process.until(lambda: study.asked() >= 10), process.said()
    process.send(name)
    assert process.end() == 130, process.said()
    assert "calls under way, then stopping; Ctrl-C again drops them" in process.said()
    assert "Traceback" not in process.said()
    calls = study.asked()
    assert 10 <= calls <= 10 + CONCURRENCY
    assert calls == study.answered() == study.stored()
    with Project.open(study.folder) as project:
        states = project.units.states()
    assert states["failed"] == 0
    assert states["pending"] > 0
    server.latency = 0.0
    study.finish()
    assert study.asked() == (UNITS // 4 if way == "packed" else UNITS)
    assert len(study.rows()) == UNITS


@pytest.mark.parametrize("way", ["assigning", "labelled"])
def test_asked_twice_it_drops_what_is_under_way_and_keeps_what_was_stored(
    tmp_path: Path, server: FakeServer, way: str
) -> None:
    server.latency = 0.2
    study = Study(tmp_path / "study", server, way)
    process = study.suggest()
    assert process.until(lambda: study.asked() >= 10), process.said()
    server.latency = 30.0
    before = study.asked()
    assert process.until(lambda: study.asked() > before), process.said()
    process.send(signal.SIGINT)
    assert process.until(lambda: "then stopping" in process.said())
    process.send(signal.SIGINT)
    began = time.monotonic()
    assert process.end() == 130, process.said()
    assert time.monotonic() - began < 10
    assert "Traceback" not in process.said()
    calls = study.asked()
    assert 0 < calls - study.stored() <= CONCURRENCY
    lost = calls - study.stored()
    server.latency = 0.0
    study.finish()
    assert study.asked() == (UNITS // 4 if way == "packed" else UNITS) + lost
    assert len(study.rows()) == UNITS


def test_when_the_time_is_up_the_command_stores_what_is_under_way_says_so_and_goes_on_later(
    tmp_path: Path, server: FakeServer
) -> None:
    server.latency = 0.2
    study = Study(tmp_path / "study", server, "labelled")
    process = study.suggest("--time-limit", 0.01)
    assert process.end() == 1, process.said()
    assert "the time is up; what was finished is stored, and the same command goes on" in process.said()
    assert 0 < study.asked() == study.stored() < UNITS
    server.latency = 0.0
    study.finish()
    assert study.asked() == study.stored() == UNITS


def test_two_commands_at_once_do_not_ask_the_same(tmp_path: Path, server: FakeServer) -> None:
    server.latency = 0.1
    study = Study(tmp_path / "study", server, "assigning")
    first = study.suggest()
    assert first.until(lambda: study.asked() >= 3), first.said()
    second = study.suggest()
    assert second.end() == 1
    assert "another process is working on run 1" in second.said()
    assert first.end() == 0, first.said()
    assert study.asked() == study.stored() == UNITS
