"""Runs done by a Batch API at a local server: equal to live runs, and neither lost nor paid twice, whatever breaks."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import batching, filing
from assistant.conducting import Conductor, ready
from assistant.dispatching import dispatch
from assistant.errors import ModelError, UsageError
from assistant.model import Document, Outcome, RunRecord, Segment
from assistant.ordering import Order, Stop
from assistant.project import Project
from assistant.running import Way
from assistant.settings import Settings
from assistant.spending import Purse
from tests.fake_batches import FakeBatch, FakeBatches
from tests.fakes import Body, FakeServer, Response, failing
from tests.scripted import all_asked, coder, reply

COUNT = 20
PRICES = '[models."compatible:m"]\ninput = 1.0\noutput = 2.0\nbatch = 0.5\nas_of = "2026-11-01"\n'


class Heard:
    """A watch that remembers, and requests a stop when it hears certain words."""

    def __init__(self, stop: Stop, stop_at: str = "") -> None:
        self._stop = stop
        self._stop_at = stop_at
        self.notes: list[str] = []
        self.outcomes: list[tuple[int, str]] = []

    def note(self, message: str) -> None:
        self.notes.append(message)
        if self._stop_at and self._stop_at in message:
            self._stop.request("interrupted")

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        pass

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        self.outcomes.append((segment.number, outcome.state))

    def end(self, run: RunRecord) -> None:
        pass

    def said(self, words: str) -> bool:
        return any(words in note for note in self.notes)


class BySegment(dict[str, Response]):
    """Faults by segment: a custom_id ends with the id of its first one. Each strikes `times` times."""

    def __init__(self, faults: dict[int, Response], times: int = 99) -> None:
        self._faults = faults
        self._left = dict.fromkeys(faults, times)

    def get(self, key: str, default: Any = None) -> Any:
        segment = int(key.rpartition("-")[2])
        if self._left.get(segment, 0) == 0:
            return default
        self._left[segment] -= 1
        return self._faults[segment]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.dispatching.FIRST_LOOK", 0.01)
    monkeypatch.setattr("assistant.batch_api.FIRST_WAIT", 0.01)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServer]:
    with FakeServer(coder) as server:
        yield server


@pytest.fixture
def server(fake: FakeServer) -> FakeServer:
    fake.forget()
    fake.answer = coder
    return fake


@pytest.fixture
def batches(server: FakeServer) -> FakeBatches:
    return FakeBatches(server)


def make(folder: Path) -> Project:
    made = Project.create(folder, Settings(question="用户怎样参与？", coder="Li"))
    lines = [f"第{n}位用户提了意见，工程师回复。" if n % 4 else f"第{n}季度增长？" for n in range(1, COUNT + 1)]
    made.documents.add(Document("a.txt", "\n".join(lines), "1" * 64, "txt", "zh", case="小米", source="a.txt"))
    (folder / "prices.toml").write_text(PRICES, encoding="utf-8")
    return made


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make(tmp_path / "study") as made:
        yield made


Do = Callable[[Conductor, Heard, Stop], Any]


def do(project: Project, server: FakeServer, how: Do, stop_at: str = "", **wanted: Any) -> tuple[str, Heard]:
    stop = Stop()
    heard = Heard(stop, stop_at)
    way = wanted.pop("way", Way(labels=False, pack=wanted.pop("pack", 1)))
    order = Order("compatible:m", server.base_url, way=way, **{"only": "open", **wanted})

    async def go(conductor: Conductor) -> Any:
        try:
            return await how(conductor, heard, stop)
        finally:
            await conductor.model.aclose()

    with ready(project, order, heard) as conductor:
        return asyncio.run(go(conductor)), heard


def batch(project: Project, server: FakeServer, **wanted: Any) -> tuple[str, Heard]:
    return do(project, server, dispatch, **wanted)


def live(project: Project, server: FakeServer, **wanted: Any) -> None:
    do(project, server, lambda conductor, heard, stop: conductor.run(heard, stop), **wanted)


def out(project: Project, server: FakeServer, path: Path, **wanted: Any) -> tuple[str, Heard]:
    return do(project, server, lambda c, heard, stop: filing.write_out(c, heard, stop, path), **wanted)


def into(project: Project, server: FakeServer, *paths: Path, **wanted: Any) -> tuple[str, Heard]:
    return do(project, server, lambda c, heard, stop: filing.read_in(c, heard, stop, paths), **wanted)


def rows(project: Project) -> list[Any]:
    """All that a run gives, row by row, apart from when and at what price."""
    runs = project.runs.all()
    found: list[Any] = [
        (run.kind, run.lens, run.parent is not None, run.units, run.replies, run.usage, run.checks) for run in runs
    ]
    for run in runs:
        units = [(u.segment, u.state, u.attempts, u.error_kind, u.error) for u in project.units.all(run.id)]
        sent = [project.replies.sent(run.id, segment) for segment, *_ in units]
        found += [*zip(units, sent, strict=True)]
    found += sorted(
        (r.kind, r.document, r.segment, r.start, r.end, r.quote, r.code, str(r.polarity), r.rationale, len(r.checks))
        for r in project.codings.records()
    )
    return [*found, sorted((d.run, d.segment, d.flaw, d.code) for d in project.codings.discards())]


def asked(batches: FakeBatches) -> list[int]:
    """The numbers of the segments that were asked about, over all batches."""
    return [n for made in batches.created for line in lines(batches, made) for n, _ in all_asked(line["body"])]


def lines(batches: FakeBatches, made: FakeBatch) -> list[Body]:
    return batches.kept[made.id] if isinstance(batches, Keeping) else batches.lines(made)


class Keeping(FakeBatches):
    """Remembers the requests of batches whose files are deleted later."""

    def __init__(self, server: FakeServer, script: tuple[str, ...] = ("in_progress", "completed")) -> None:
        super().__init__(server, script)
        self.kept: dict[str, list[Body]] = {}

    def _create(self, request: Any, wanted: str) -> Response:
        response = super()._create(request, wanted)
        made = self.created[-1]
        self.kept[made.id] = self.lines(made)
        return response


@pytest.mark.parametrize(("pack", "repeats"), [(1, 2), (3, 1)])
def test_a_run_in_batches_equals_a_live_run_without_labels_row_by_row(
    project: Project, server: FakeServer, tmp_path: Path, pack: int, repeats: int
) -> None:
    with make(tmp_path / "live") as other:
        live(other, server, pack=pack, only="", verify=True, repeats=repeats)
        wanted, full = rows(other), sum(run.known_cost for run in other.runs.all())
    server.forget()
    batches = FakeBatches(server)
    why, heard = batch(project, server, pack=pack, only="", verify=True, repeats=repeats)
    assert (why, server.chats) == ("", [])
    assert rows(project) == wanted
    assert len(heard.outcomes) == sum(sum(run.units.values()) for run in project.runs.all())
    assert sum(run.known_cost for run in project.runs.all()) == pytest.approx(full / 2)
    assert batches.files == {}  # the texts do not stay at the server


def test_nothing_is_asked_twice(project: Project, server: FakeServer, batches: FakeBatches) -> None:
    batch(project, server)
    batch(project, server)
    assert len(batches.created) == 1


def test_replies_paid_for_before_are_stored_without_sending(project: Project, server: FakeServer) -> None:
    batches = Keeping(server)

    def with_labels(conductor: Conductor, heard: Heard, stop: Stop) -> Any:
        return conductor.run(heard, stop)

    do(project, server, with_labels, way=Way(labels=True))
    _, heard = batch(project, server)
    reused = project.runs.get(2).reused
    assert reused >= 16  # the first prompts of a live run show no labels yet, so they are the same
    assert len(asked(batches)) == COUNT - reused
    assert len(heard.outcomes) == COUNT


def test_errors_that_stay_fail_their_unit_and_those_that_pass_are_asked_once_more(
    project: Project, server: FakeServer
) -> None:
    batches = Keeping(server)
    filtered = failing(400, "The prompt was filtered", "content_filter")
    batches.faults = BySegment({3: filtered, 5: failing(500, "server error")}, times=1)
    why, heard = batch(project, server)
    assert why == ""
    assert sorted(asked(batches)) == sorted([*range(1, COUNT + 1), 5])
    (failed,) = project.units.all(1, ["failed"])
    assert (failed.segment, failed.error_kind) == (3, "content_filter")
    assert heard.said("1 of its requests have no answer")
    batch(project, server)  # the next command tries the failed one again, as a live run does
    assert project.units.states(1)["failed"] == 0


def test_what_never_gets_an_answer_stays_open_and_is_not_asked_for_ever(project: Project, server: FakeServer) -> None:
    batches = Keeping(server)
    batches.faults = BySegment({5: failing(500, "server error")})
    why, _ = batch(project, server)
    assert why == "1 units have no answer yet"
    assert asked(batches).count(5) == 2
    assert project.units.states(1)["pending"] == 1


def test_an_expired_batch_keeps_what_it_did_and_the_rest_is_asked_again(project: Project, server: FakeServer) -> None:
    batches = Keeping(server, ("in_progress", "expired"))
    batches.unfinished = lambda custom_id: len(batches.created) == 1 and int(custom_id.rpartition("-")[2]) > 12
    batch(project, server)
    assert sorted(asked(batches)) == sorted([*range(1, COUNT + 1), *range(13, COUNT + 1)])
    assert project.units.states(1) == {"pending": 0, "coded": 15, "none": 5, "failed": 0, "refused": 0}


def test_a_batch_cancelled_while_waiting_is_asked_again_only_by_the_next_command(
    project: Project, server: FakeServer
) -> None:
    batches = Keeping(server, ("in_progress", "cancelled"))
    batches.unfinished = lambda custom_id: True
    why, _ = batch(project, server)
    assert (len(batches.created), why) == (1, f"{COUNT} units have no answer yet")
    batches.script = ("completed",)
    assert batch(project, server)[0] == ""
    assert len(batches.created) == 2


def test_a_batch_that_fails_its_check_stops_the_run_and_leaves_its_units_open(
    project: Project, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Keeping(server)
    wrong = [{"code": "invalid_request", "line": 1, "message": "The model is not for batches."}]
    monkeypatch.setattr("tests.fake_batches._checked", lambda lines, endpoint: wrong)
    with pytest.raises(ModelError, match="line 1: The model is not for batches"):
        batch(project, server)
    assert len(batches.created) == 1
    assert project.units.states(1)["pending"] == COUNT
    monkeypatch.undo()
    monkeypatch.setattr("assistant.dispatching.FIRST_LOOK", 0.01)
    batch(project, server)
    assert project.units.states(1)["pending"] == 0


def test_a_batch_too_large_for_the_account_is_submitted_in_parts_one_after_another(
    project: Project, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Keeping(server)
    much = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
    monkeypatch.setattr("tests.fake_batches._checked", lambda lines, endpoint: much if len(lines) > 8 else [])
    why, heard = batch(project, server)
    assert why == ""
    assert [len(found) for found in batches.kept.values()] == [20, 10, 5, 5, 5, 5]
    assert heard.said("at most 5 requests")
    assert project.units.states(1)["pending"] == 0


def test_a_key_without_credit_stops_the_run_and_fails_no_unit(project: Project, server: FakeServer) -> None:
    batches = Keeping(server)
    batches.faults = BySegment({7: failing(429, "You exceeded your current quota", "insufficient_quota")})
    with pytest.raises(ModelError) as caught:
        batch(project, server)
    assert caught.value.kind == "quota"
    assert project.units.states(1) == {"pending": 1, "coded": 14, "none": 5, "failed": 0, "refused": 0}


@pytest.fixture(scope="module")
def undisturbed(fake: FakeServer, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What a live run gives."""
    fake.answer = coder
    with make(tmp_path_factory.mktemp("live") / "study") as other:
        live(other, fake)
        return rows(other)


@pytest.mark.parametrize(
    ("step", "nth"),
    [
        ("assistant.batch_api.BatchApi.submit", 1),  # after the batch was prepared
        ("assistant.project.batches.Batches.sent", 1),  # after the server has it
        ("assistant.project.units.Units.store", 8),  # in the middle of fetching
        ("assistant.project.batches.Batches.settle", 8),  # within the transaction of one request
        ("assistant.project.batches.Batches.end", 1),  # after all was stored
        ("assistant.batch_api.BatchApi.forget", 1),
    ],
)
def test_a_crash_at_any_step_neither_loses_nor_repeats_anything(
    project: Project, server: FakeServer, undisturbed: list[Any], monkeypatch: pytest.MonkeyPatch, step: str, nth: int
) -> None:
    batches = Keeping(server)
    calls = [0]
    module, _, name = step.rpartition(".")
    holder: Any = pytest.importorskip(module.rpartition(".")[0])
    owner = getattr(holder, module.rpartition(".")[2])
    real = getattr(owner, name)

    def crash(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == nth:
            raise KeyboardInterrupt
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, crash)
        with pytest.raises(KeyboardInterrupt):
            batch(project, server)
    batch(project, server)
    assert rows(project) == undisturbed
    assert sorted(asked(batches)) == list(range(1, COUNT + 1))


def test_a_submission_whose_answer_got_lost_is_found_again(project: Project, server: FakeServer) -> None:
    batches = Keeping(server)
    from tests.fake_batches import Mishap

    down = failing(503, "Service unavailable")
    batches.mishaps["create"] = [Mishap(down, done=True)]
    batches.mishaps["list"] = [Mishap(down)] * 10
    with pytest.raises(ModelError):
        batch(project, server)
    assert project.batches.units(1) == COUNT
    batches.mishaps.clear()
    assert batch(project, server)[0] == ""
    assert len(batches.created) == 1


def test_stopping_while_waiting_leaves_the_batch_to_the_next_command(project: Project, server: FakeServer) -> None:
    batches = FakeBatches(server, ("in_progress",))
    why, heard = batch(project, server, stop_at="submitted as")
    assert why == "interrupted"
    assert heard.said("20 requests in 1 batches go on at the server; the same command fetches them")
    live(project, server)
    assert server.chats == []  # a live run leaves alone what waits
    batches.created[0].script = ["completed"]
    assert batch(project, server)[0] == ""
    assert len(batches.created) == 1
    assert project.units.states(1)["pending"] == 0


def test_the_time_limit_ends_the_waiting(project: Project, server: FakeServer) -> None:
    FakeBatches(server, ("in_progress",))
    batch(project, server, stop_at="submitted as")
    why, heard = batch(project, server, time_limit=0.2)
    assert why == "the time is up"
    assert heard.said("the same command fetches them")


def test_results_that_are_gone_at_the_server_are_asked_again(
    project: Project, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Keeping(server, ("completed",))
    finish = batches._finish

    def lose_the_first(made: FakeBatch) -> None:
        finish(made)
        if len(batches.created) == 1:
            batches.files.pop(made.output_file or "")

    monkeypatch.setattr(batches, "_finish", lose_the_first)
    why, heard = batch(project, server)
    assert why == ""
    assert heard.said("is lost")
    assert len(batches.created) == 2
    assert project.units.states(1)["pending"] == 0


def test_a_batch_the_server_knows_no_more_waits_until_it_is_given_up(
    project: Project, server: FakeServer, tmp_path: Path
) -> None:
    batches = FakeBatches(server, ("in_progress",))
    batch(project, server, stop_at="submitted as")
    batches.created.clear()
    with pytest.raises(ModelError, match="knows no batch batch_1"):
        batch(project, server)
    assert project.batches.units(1) == COUNT  # it may be the wrong key
    (tmp_path / "empty.jsonl").touch()
    _, heard = into(project, server, tmp_path / "empty.jsonl")
    assert heard.said("20 requests at the server are waited for no more")
    assert project.units.count_open(1, Order("m").choice) == COUNT


def test_a_network_that_is_down_for_a_while_does_not_end_the_waiting(project: Project, server: FakeServer) -> None:
    from tests.fake_batches import Mishap

    batches = FakeBatches(server, ("in_progress", "completed"))
    batches.mishaps["look"] = [Mishap(failing(503, "Service unavailable"))] * 5
    why, heard = batch(project, server)
    assert why == ""
    assert heard.said("Still waiting")


def test_many_requests_are_split_over_batches(
    project: Project, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Keeping(server)
    monkeypatch.setattr(batching, "MOST_LINES", 7)
    batch(project, server)
    assert [len(found) for found in batches.kept.values()] == [7, 7, 6]
    assert sorted(asked(batches)) == list(range(1, COUNT + 1))
    assert project.units.states(1)["pending"] == 0


def test_batches_stay_below_the_limit_of_bytes(
    project: Project, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Keeping(server)
    monkeypatch.setattr(batching, "MOST_BYTES", 20_000)
    batch(project, server)
    sizes = [sum(len(json.dumps(line, ensure_ascii=False).encode()) for line in f) for f in batches.kept.values()]
    assert len(sizes) > 1
    assert all(size <= 20_000 for size in sizes)
    monkeypatch.setattr(batching, "MOST_BYTES", 100)
    why, _ = batch(project, server, only="assignment")
    assert {u.error_kind for u in project.units.all(2)} == {"context"}
    assert why == ""


def test_a_segment_left_out_of_a_shared_reply_is_asked_by_itself(project: Project, server: FakeServer) -> None:
    def forgetful(body: Body) -> Response:
        numbers = [number for number, _ in all_asked(body)]
        return reply(numbers[0], []) if len(numbers) > 1 else coder(body)

    server.answer = forgetful
    batches = Keeping(server)
    batch(project, server, pack=4)
    first, second = batches.kept.values()
    assert (len(first), len(second)) == (5, 15)
    assert project.units.states(1)["failed"] == 0


def test_a_budget_lets_only_so_many_requests_go_as_it_covers_at_worst(project: Project, server: FakeServer) -> None:
    batches = Keeping(server)
    why, heard = batch(project, server, budget=0.01)
    assert why == "the budget is used up"
    assert heard.said("no more is submitted for now")
    sent = len(asked(batches))
    assert 0 < sent < COUNT
    assert project.runs.get(1).known_cost <= 0.01
    assert project.units.states(1)["pending"] == COUNT - sent
    assert batch(project, server, budget=1.0)[0] == ""
    assert sorted(asked(batches)) == list(range(1, COUNT + 1))


def test_what_waits_counts_against_the_budget(project: Project, server: FakeServer, tmp_path: Path) -> None:
    batches = Keeping(server)
    out(project, server, tmp_path / "requests.jsonl")
    worst = project.batches.worst([1])
    assert worst > 0
    why, _ = batch(project, server, budget=worst, only="")
    assert (why, batches.created) == ("the budget is used up", [])


def test_a_server_without_batches_is_said_plainly_and_nothing_waits(project: Project, server: FakeServer) -> None:
    server.also = lambda request: None
    with pytest.raises(ModelError, match="no Batch API"):
        batch(project, server)
    assert project.batches.waiting([1]) == []
    assert project.units.count_open(1, Order("m").choice) == COUNT


def answered(path: Path, results: Path, server: FakeServer, *, seed: int = 1) -> list[Body]:
    """What a provider makes of an input file: its result file, in another order."""
    from tests.fakes import Request, completion

    found: list[Body] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1]):
        request = json.loads(line)
        body = completion(server.complete(Request("POST", request["url"], {}, request["body"]), 0), "m")
        response = {"status_code": 200, "request_id": f"r{number}", "body": body}
        found.append({"id": f"b{number}", "custom_id": request["custom_id"], "response": response, "error": None})
    random.Random(seed).shuffle(found)
    write(results, found)
    return found


def write(path: Path, results: list[Body]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in results), encoding="utf-8")


@pytest.mark.parametrize("pack", [1, 3])
def test_requests_go_out_to_a_file_and_results_come_in_from_one(
    project: Project, server: FakeServer, tmp_path: Path, pack: int
) -> None:
    with make(tmp_path / "live") as other:
        live(other, server, only="", pack=pack)
        wanted = rows(other)
    file, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    assert out(project, server, file, only="", pack=pack)[0] == ""
    assert project.batches.units(1) == project.batches.units(2) == COUNT
    answered(file, results, server)
    into(project, server, results, only="", pack=pack)
    assert rows(project) == wanted
    assert project.batches.waiting([1, 2]) == []
    _, heard = into(project, server, results, only="", pack=pack)
    assert rows(project) == wanted  # read in twice, stored once
    assert heard.said("0 results stored; ")


def test_a_file_is_never_overwritten_and_only_open_units_are_written(
    project: Project, server: FakeServer, tmp_path: Path
) -> None:
    file, second = tmp_path / "requests.jsonl", tmp_path / "second.jsonl"
    out(project, server, file)
    before = file.read_bytes()
    with pytest.raises(UsageError, match="there already"):
        out(project, server, file)
    assert file.read_bytes() == before
    _, heard = out(project, server, second)
    assert heard.said("nothing is open")
    assert heard.said("20 requests wait in requests.jsonl")
    assert not second.exists()


def test_results_that_answer_nothing_of_this_project_are_counted_and_change_nothing(
    project: Project, server: FakeServer, tmp_path: Path
) -> None:
    file, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    with make(tmp_path / "other") as other:  # the same documents and settings
        out(other, server, file)
        found = answered(file, results, server)
    out(project, server, tmp_path / "own.jsonl")
    write(results, [*found[:3], {"custom_id": "nonsense"}, {"no": "result"}])
    _, heard = into(project, server, results)
    assert heard.said("0 results stored; 4 answer nothing this project asked")
    assert heard.said("5 lines passed over")
    assert project.units.states(1)["pending"] == COUNT


def test_unanswered_requests_of_a_file_wait_until_they_are_given_up(
    project: Project, server: FakeServer, tmp_path: Path
) -> None:
    file, results, empty = tmp_path / "requests.jsonl", tmp_path / "results.jsonl", tmp_path / "empty.jsonl"
    out(project, server, file)
    found = answered(file, results, server)
    expired = {"custom_id": found[0]["custom_id"], "response": None, "error": {"code": "batch_expired", "message": ""}}
    write(results, [expired, *found[1:5]])
    _, heard = into(project, server, results)
    assert heard.said("4 results stored; 1 without an answer, open again")
    assert heard.said("15 requests wait in requests.jsonl")
    assert project.units.count_open(1, Order("m").choice) == 1
    empty.write_bytes(b"\n")
    _, heard = into(project, server, empty)
    assert heard.said("15 requests written to files are waited for no more")
    assert project.units.count_open(1, Order("m").choice) == 16
    write(results, found)
    into(project, server, results)  # what comes after all is kept: it was paid for
    assert project.units.states(1)["pending"] == 0
    assert project.runs.get(1).replies == COUNT


def test_a_file_takes_no_more_than_a_batch_may_hold(
    project: Project, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "MOST_LINES", 12)
    why, _ = out(project, server, tmp_path / "one.jsonl")
    assert "second one" in why
    assert out(project, server, tmp_path / "two.jsonl")[0] == ""
    sizes = [len((tmp_path / name).read_bytes().splitlines()) for name in ("one.jsonl", "two.jsonl")]
    assert sizes == [12, 8]
