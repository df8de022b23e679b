"""Runs on a real Dask cluster of several processes: the same rows as on one machine, whoever dies on the way."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import pytest

from assistant import bulk, chain, indexing, running, spreading
from assistant.answering import Answer
from assistant.cli import main
from assistant.errors import ModelError, UsageError
from assistant.model import Document, Message, Outcome, Prompt, Reply, Segment, Span, Usage
from assistant.pacing import Pace
from assistant.pricing import Price
from assistant.project import Project
from assistant.settings import Settings
from assistant.spending import Purse
from assistant.spreading import Cluster, cluster as clusters, there
from assistant.spreading.paying import paid
from tests.fakes import Body, FakeServer, Response, failing
from tests.scripted import asked, coder

ROOT = Path(__file__).resolve().parents[1]
COUNT = 28
WORKERS_KEY = "key-of-the-worker"
Rows = list[tuple[Any, ...]]
Thing = TypeVar("Thing")
pytestmark = [
    pytest.mark.xdist_group("cluster"),  # so that one cluster serves all of these tests
    pytest.mark.skipif(
        find_spec("distributed") is None, reason="distributed is not installed: pip install 'codart[dask]'"
    ),
]


@dataclass
class Site:
    """A scheduler process and the worker processes started for it."""

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, part: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *arguments, "--no-dashboard"]
        allowed = {"PYTHONPATH": str(ROOT), **environment}
        log = (self.folder / f"{part}{len(self.processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(command, cwd=self.folder, env=os.environ | allowed, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def worker(self, nthreads: int = 8) -> subprocess.Popen[bytes]:
        limits = ("--nthreads", str(nthreads), "--memory-limit", "0", "--no-nanny", "--host", "127.0.0.1")
        key = f"{WORKERS_KEY}-{len(self.processes)}"
        return self.start("worker", self.address, *limits, "--local-directory", str(self.folder), CODART_API_KEY=key)

    def killing(self, number: int, server: FakeServer) -> Callable[[Body], Response]:
        """A coder that kills the worker of this number in the middle of its fifth call."""

        def answer(body: Body) -> Response:
            if sum(r.headers["authorization"].endswith(f"-{number}") for r in server.chats) == 5:
                self.processes[number].kill()
            return coder(body)

        return answer


@contextmanager
def site(folder: Path, workers: int, **environment: str) -> Iterator[Site]:
    made = Site(folder)
    file = folder / "scheduler.json"
    try:
        here = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0", "--scheduler-file", str(file))
        made.start("scheduler", *here, **environment)
        until(file.is_file)
        made.address = json.loads(file.read_text(encoding="utf-8"))["address"]
        for _ in range(workers):
            made.worker()
        asyncio.run(gathered(made.address, workers))
        yield made
    finally:
        for process in made.processes:
            process.kill()
        for process in made.processes:
            process.wait()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


async def gathered(address: str, workers: int) -> None:
    """Wait until so many workers have come to a scheduler."""
    import distributed

    join: Any = distributed.Client
    async with join(address, asynchronous=True, set_as_default=False) as client:
        while len(await client.nthreads()) != workers:
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Site]]:
    """A scheduler with two workers, the same for all tests as long as so many of its processes live as they need."""
    with ExitStack() as stack:
        made: list[Site] = []

        def standing(processes: int) -> Site:
            if not made or sum(p.poll() is None for p in made[-1].processes) < processes:
                made.append(stack.enter_context(site(tmp_path_factory.mktemp("cluster"), workers=2)))
            return made[-1]

        yield standing


@pytest.fixture
def two(sites: Callable[[int], Site]) -> Site:
    return sites(3)


def study(folder: Path) -> Project:
    made = Project.create(folder, Settings(question="用户怎样参与？", coder="Li"))
    text = "\n".join(f"第{n}位用户提了意见。" if n % 4 else f"第{n}季度销量增长。" for n in range(1, COUNT + 1))
    made.documents.add(Document("a.txt", text, "1" * 64, "txt", "zh", case="小米", source="a.txt"))
    indexing.segment_all(made)
    return made


async def spread(
    project: Project,
    address: str,
    server: FakeServer,
    *,
    codebook: str | None = None,
    concurrency: int = 8,
    model: str = "scripted",
    seen: Callable[[Segment], None] = lambda segment: None,
    purse: Purse | None = None,
) -> int:
    """One run on a cluster; returns its id."""
    async with await joined(address, server, model=model, purse=purse) as cluster:
        job = prepared(project, cluster.model, codebook, cluster)
        await bulk.work(job, concurrency=concurrency, on_outcome=lambda segment, outcome: seen(segment))
    return job.run


async def joined(address: str, server: FakeServer, *, model: str = "scripted", **more: Any) -> Cluster:
    spec = f"compatible:{model}"
    return await spreading.connect(address, model=spec, base_url=server.base_url, max_reply_tokens=1500, **more)


def prepared(project: Project, model: chain.Model, codebook: str | None, cluster: Cluster | None = None) -> bulk.Work:
    passes = [project.codebooks.in_force(codebook) if codebook else None]
    scheme = indexing.segment_all(project)
    answers = cluster.answers if cluster else None
    (job,) = running.prepare(project, model, passes, similar=lambda text, k: [], scheme=scheme, answers=answers)
    return job


def here(project: Project, server: FakeServer, *, codebook: str | None = None) -> int:
    """The same run on one machine."""
    model = chain.connect("compatible:scripted", base_url=server.base_url, max_tokens=1500)
    job = prepared(project, model, codebook)

    async def go() -> None:
        await bulk.work(job, concurrency=8, on_outcome=lambda segment, outcome: None)
        await model.aclose()

    asyncio.run(go())
    return job.run


def rows(project: Project) -> Rows:
    """All that a run gave, apart from ids and times, in the order of the text."""
    return sorted(
        (r.kind, r.segment, r.code, r.start, r.end, r.quote, r.polarity, r.rationale, r.confidence)
        for r in project.codings.records()
    )


def bring_about(what: Callable[[], Awaitable[Thing]]) -> Thing:
    async def go() -> Thing:
        async with asyncio.timeout(60):
            return await what()

    return asyncio.run(go())


DONE = {"pending": 0, "coded": 21, "none": 7, "failed": 0, "refused": 0}


def test_a_cluster_gives_the_same_rows_as_one_machine(two: Site, tmp_path: Path) -> None:
    with FakeServer(coder) as server, study(tmp_path / "far") as far, study(tmp_path / "near") as near:
        run = bring_about(lambda: spread(far, two.address, server, codebook="dart"))
        numbers = sorted(asked(request.body)[0] for request in server.chats)
        assert here(near, server, codebook="dart") == run
        assert rows(far) == rows(near)
        assert numbers == list(range(1, COUNT + 1))
        assert far.units.states(run) == DONE
        assert far.runs.all()[0].parameters == near.runs.all()[0].parameters


def test_as_many_calls_are_under_way_as_the_run_allows(two: Site, tmp_path: Path) -> None:
    for concurrency, least in ((4, 4), (14, 9)):
        with FakeServer(coder, latency=0.1) as server, study(tmp_path / str(concurrency)) as project:
            going = partial(spread, project, two.address, server, codebook="dart", concurrency=concurrency)
            run = bring_about(going)
            assert least <= server.most_at_once <= concurrency
            assert project.units.states(run) == DONE


def test_a_killed_driver_resumes_on_one_machine_as_if_uninterrupted(two: Site, tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from assistant.project import Project\n"
        "from tests.fakes import FakeServer\n"
        "from tests.test_spreading import spread\n"
        "server = FakeServer()\n"
        "server.base_url = sys.argv[3]\n"
        "show = lambda segment: print(segment.number, flush=True)\n"
        "with Project.open(Path(sys.argv[1])) as project:\n"
        "    asyncio.run(spread(project, sys.argv[2], server, codebook='dart', seen=show))\n"
    )
    with FakeServer(coder, latency=0.2) as server, study(tmp_path / "near") as near:
        study(tmp_path / "far").close()
        arguments = (str(tmp_path / "far"), two.address, server.base_url)
        with subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=ROOT, stdout=subprocess.PIPE) as driver:
            assert driver.stdout is not None
            for _ in range(10):
                assert driver.stdout.readline()
            driver.kill()
        server.latency = 0.0
        with Project.open(tmp_path / "far") as far:
            answered = COUNT - far.units.states()["pending"]
            assert 10 <= answered < COUNT
            server.forget()
            run = here(far, server, codebook="dart")
            assert far.units.states(run) == DONE
            here(near, server, codebook="dart")
            assert rows(far) == rows(near)


def test_what_passes_is_tried_again_on_the_worker_and_what_does_not_stops_the_run(two: Site, tmp_path: Path) -> None:
    with FakeServer(coder) as server, study(tmp_path / "far") as project:
        run = bring_about(lambda: spread(project, two.address, server, model="500-once"))
        assert len(server.chats) == COUNT + 1
        assert project.units.states(run) == DONE
        server.answer = lambda body: failing(401, "Incorrect API key provided", "invalid_api_key")
        with pytest.raises(ModelError) as caught:
            bring_about(lambda: spread(project, two.address, server, model="refused"))
        assert (caught.value.kind, caught.value.stops_run) == ("auth", True)
        assert project.units.states()["pending"] == COUNT


class Tap:
    """Stands between a driver and its scheduler and keeps every byte that the driver sends."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        self.sent = bytearray()
        self._target = host, int(port)

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(*self._target)
        await asyncio.gather(self._pass(reader, forth, self.sent), self._pass(back, writer, bytearray()))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(65536):
                kept += data
                writer.write(data)
                await writer.drain()
        writer.close()


QUESTION = "«DATA a segment 1»\n用户提了意见。\n«END a»"


def prompt() -> Prompt:
    messages = (Message("system", "code openly"), Message("user", QUESTION))
    return Prompt(messages, "0" * 64, "open", "zh", "t", (1,), {"type": "object"}, texts=("用户提了意见。",))


def test_a_document_travels_once_to_each_worker_and_a_key_never(two: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODART_API_KEY", "key-of-the-driver")
    secret = "只在正文里出现的一句话。"
    text = "用户提了意见。" + "又一句。" * 50_000 + secret
    document, segment = Document("a", text, "2" * 64, "txt", "zh"), Segment(Span(0, 7), number=1)
    tap = Tap(two.address)

    async def go(server: FakeServer) -> list[list[Outcome]]:
        async with tap as address, await joined(address, server) as cluster:
            answer = cluster.answers(None)
            return await asyncio.gather(*(answer(prompt(), [segment], document) for _ in range(20)))

    with FakeServer(coder, latency=0.05) as server:
        answers = bring_about(lambda: go(server))
        assert [[o.state for o in outcomes] for outcomes in answers] == [["coded"]] * 20
        assert {r.headers["authorization"] for r in server.chats} == {f"Bearer {WORKERS_KEY}-{n}" for n in (1, 2)}
    assert tap.sent.count(QUESTION.encode()) >= 20  # the tap does see what is sent
    assert 1 <= tap.sent.count(secret.encode()) <= 2
    assert b"key-of-the-" not in tap.sent


def test_cancelling_breaks_the_call_off_on_its_worker(two: Site) -> None:
    document, segment = Document("a", "用户提了意见。", "3" * 64, "txt", "zh"), Segment(Span(0, 7), number=1)

    async def under_way(cluster: Cluster) -> int:
        found = await clusters.run(cluster._client, lambda: len(there._under_way))
        return sum(found.values())

    async def go(server: FakeServer) -> None:
        async with await joined(two.address, server) as cluster:
            calls = [asyncio.ensure_future(cluster.answers(None)(prompt(), [segment], document)) for _ in range(6)]
            while len(server.chats) < 6:
                await asyncio.sleep(0.02)
            assert await under_way(cluster) == 6
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            while await under_way(cluster):
                await asyncio.sleep(0.02)

    started = time.monotonic()
    with FakeServer(coder, latency=30) as server:
        bring_about(lambda: go(server))
    assert time.monotonic() - started < 15


def test_a_cluster_without_workers_is_said_and_a_call_that_killed_one_is_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 1.0)
    monkeypatch.setattr(clusters, "_GLANCE", 0.2)
    with (
        site(tmp_path, 0, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as small,
        FakeServer(coder, latency=0.2) as server,
        study(tmp_path / "far") as project,
    ):
        with pytest.raises(ModelError, match="has no workers") as caught:
            bring_about(lambda: joined(small.address, server))
        assert caught.value.kind == "worker"
        assert f"dask worker {small.address}" in caught.value.hint

        small.worker()
        server.answer = small.killing(1, server)
        bring_about(lambda: gathered(small.address, 1))
        with pytest.raises(ModelError, match="no worker for 1 s") as caught:
            bring_about(lambda: spread(project, small.address, server, codebook="dart"))
        assert (caught.value.kind, caught.value.stops_run) == ("worker", True)
        (run,) = (record.id for record in project.runs.all())
        states = project.units.states(run)
        assert states["failed"] > 0
        assert states["pending"] > 0
        assert {u.error_kind for u in project.units.all(run, ["failed"])} == {"worker"}
        assert all(u.segment % 4 == 0 for u in project.units.all(run, ["none"]))

        server.answer, server.latency = coder, 0.0
        assert here(project, server, codebook="dart") == run
        assert project.units.states(run) == DONE


CALL = (120 * 1.0 + 30 * 2.0) / 1e6  # US dollars for what the fake server reports, at the price below


def test_a_purse_pays_for_what_the_workers_ask(two: Site, tmp_path: Path) -> None:
    purse = Purse(Price(1.0, 2.0, cached=1.0), max_reply_tokens=1500)
    with FakeServer(coder) as server, study(tmp_path / "far") as project:
        bring_about(lambda: spread(project, two.address, server, codebook="dart", purse=purse))
        assert purse.spent == pytest.approx(COUNT * CALL)
        assert purse.held == 0.0
        assert project.runs.all()[0].cost == pytest.approx(COUNT * CALL)


def test_a_budget_stops_the_run_before_it_is_passed(two: Site, tmp_path: Path) -> None:
    purse = Purse(Price(1.0, 2.0, cached=1.0), limit=0.012, max_reply_tokens=1500)
    with FakeServer(coder) as server, study(tmp_path / "far") as project:
        with pytest.raises(ModelError) as caught:
            bring_about(lambda: spread(project, two.address, server, codebook="dart", concurrency=2, purse=purse))
        assert caught.value.kind == "budget"
        assert 0 < len(server.chats) == COUNT - project.units.states()["pending"]
        assert purse.spent == pytest.approx(len(server.chats) * CALL)
        assert purse.spent <= 0.012


def outcome(kind: str = "", **more: Any) -> Outcome:
    return Outcome("failed" if kind else "none", prompt(), error_kind=kind, **more)


def test_every_reply_is_booked_once_and_what_may_have_been_billed_is_booked_whole() -> None:
    first, second = Reply("?", "m", Usage(1000, 0)), Reply("{}", "m", Usage(2000, 0))
    shared = outcome(reply=second, earlier=((prompt(), first),))
    cases: list[tuple[list[Outcome] | ModelError, float]] = [
        ([shared, shared], 0.003),
        ([outcome("timeout")], 0.5),
        ([outcome("context")], 0.0),
        (ModelError("no key", kind="auth", stops_run=True), 0.0),
        (ModelError("lost", kind="worker", stops_run=True), 0.5),
    ]
    for given, spent in cases:
        purse = Fixed()

        async def answer(*_: object, given: list[Outcome] | ModelError = given) -> list[Outcome]:
            if isinstance(given, ModelError):
                raise given
            return given

        async def go(answer: Answer = answer, purse: Fixed = purse) -> list[Outcome]:
            return await paid(answer, purse)(prompt(), [], Document("a", "", "", "txt", "zh"))

        if isinstance(given, ModelError):
            with pytest.raises(ModelError):
                asyncio.run(go())
        elif given[0].reply:
            one, other = asyncio.run(go())
            assert one.reply is other.reply
            assert one.reply is not None
            assert (one.earlier[0][1].cost, one.reply.cost) == (0.001, 0.002)
        else:
            assert asyncio.run(go()) == given
        assert purse.spent == pytest.approx(spent)
        assert purse.held == 0.0


class Fixed(Purse):
    """A purse in which the worst cost of any call is half a dollar."""

    def __init__(self) -> None:
        super().__init__(Price(1.0, 2.0), max_reply_tokens=1500)

    def _worst(self, prompt: Prompt) -> int:
        return 5 * 10**11


@pytest.mark.parametrize("address", ["nonsense://x:1", "localhost", "tcp://127.0.0.1:x"])
def test_what_is_no_address_is_a_usage_error(address: str) -> None:
    with FakeServer(coder) as server, pytest.raises(UsageError) as caught:
        bring_about(lambda: joined(address, server))
    assert "--scheduler tcp://" in caught.value.hint


def test_an_address_where_no_scheduler_answers_is_said_soon(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assistant.spreading.connecting.CONNECTING", 1.0)
    with FakeServer(coder) as server:
        for address in ("tcp://127.0.0.1:1", server.base_url.replace("http", "tcp").removesuffix("/v1")):
            with pytest.raises(ModelError) as caught:
                bring_about(partial(joined, address, server))
            assert caught.value.kind == "worker"
    assert capfd.readouterr() == ("", "")


def test_workers_that_do_not_fit_are_named(two: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeServer(coder) as server:
        with pytest.raises(ModelError, match=r"Worker tcp://127.0.0.1:\d+: .*OPENAI_API_KEY") as keyless:
            bring_about(lambda: spreading.connect(two.address, model="openai:any", max_reply_tokens=100))
        assert keyless.value.kind == "auth"
        with pytest.raises(UsageError, match="cannot be kept"):
            bring_about(lambda: joined(two.address, server, pace=Pace(rpm=1)))
        with pytest.raises(UsageError, match="no use"):
            bring_about(lambda: spreading.connect(two.address, model="lexical", max_reply_tokens=100))
        monkeypatch.setattr(there, "__version__", "99")
        with pytest.raises(UsageError, match=r"The worker tcp://127.0.0.1:\d+ has codart .*and this machine has 99"):
            bring_about(lambda: joined(two.address, server))


def test_a_run_says_nothing_of_its_own_on_the_terminal(
    two: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with FakeServer(coder) as server, study(tmp_path / "far") as project:
        bring_about(lambda: spread(project, two.address, server))
    assert capfd.readouterr() == ("", "")


def test_worker_logs_hold_no_words_of_the_study(two: Site) -> None:
    logs = [path.read_text(encoding="utf-8", errors="replace") for path in two.folder.glob("worker*.log")]
    assert len(logs) >= 2
    assert not any("用户" in log for log in logs)


def codart(*arguments: object) -> int:
    """Run the command line; its exit code."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def test_the_command_line_sends_a_run_to_a_cluster_and_goes_on_with_it_from_here(
    two: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeServer(coder) as server, study(tmp_path / "far") as project:
        served = ("--model", "compatible:scripted", "--base-url", server.base_url, "--project", project.folder)
        spread_out = ("suggest", "--engine", "dask", "--scheduler", two.address, *served)
        assert codart(*spread_out) == 2  # nothing leaves this machine without a yes
        assert "by the workers of" in capsys.readouterr().err
        assert not server.chats
        assert codart(*spread_out, "--only", "assignment", "--yes") == 0
        assert len(server.chats) == COUNT
        assert codart("suggest", *served, "--only", "assignment") == 0
        assert len(server.chats) == COUNT
        assert [run.id for run in project.runs.all()] == [1]
        assert codart(*spread_out, "--verify", "--yes") == 2
        assert "without --engine" in capsys.readouterr().err
        assert codart("suggest", "--engine", "dask", *served) == 2


def test_a_killed_worker_loses_nothing_and_nothing_is_stored_twice(two: Site, tmp_path: Path) -> None:
    done: list[Segment] = []
    with FakeServer(coder, latency=0.2) as server, study(tmp_path / "far") as far, study(tmp_path / "near") as near:
        server.answer = two.killing(2, server)
        run = bring_about(lambda: spread(far, two.address, server, codebook="dart", seen=done.append))
        assert two.processes[2].wait(1)
        assert len(server.chats) > COUNT  # what the dead worker had asked was asked again
        server.latency = 0.0
        here(near, server, codebook="dart")
        assert rows(far) == rows(near)
        assert far.units.states(run) == DONE
        assert sorted(segment.number for segment in done) == list(range(1, COUNT + 1))


def test_a_lost_scheduler_stops_the_run_and_what_was_stored_is_kept(
    sites: Callable[[int], Site], tmp_path: Path
) -> None:
    some = sites(2)
    with FakeServer(coder, latency=0.2) as server, study(tmp_path / "far") as project:
        done: list[Segment] = []

        def kill(segment: Segment) -> None:
            done.append(segment)
            if len(done) == 8:
                some.processes[0].kill()

        with pytest.raises(ModelError) as caught:
            bring_about(lambda: spread(project, some.address, server, codebook="dart", seen=kill))
        assert (caught.value.kind, caught.value.stops_run) == ("worker", True)
        assert "again" in caught.value.hint
        states = project.units.states()
        assert states["failed"] == 0
        assert 8 <= states["coded"] + states["none"] < COUNT
        server.latency = 0.0
        assert project.units.states(here(project, server, codebook="dart")) == DONE
