"""Runs against a server that bills what it sends: never more than the budget, and never the same work twice."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assistant import asking, indexing, running
from assistant.conducting import PRICES, Conductor, price_of
from assistant.errors import ModelError
from assistant.model import Outcome, RunRecord, Segment
from assistant.ordering import Order, Stop
from assistant.pacing import Pace
from assistant.project import Project
from assistant.running import Way
from assistant.spending import Purse
from tests.fakes import Body, FakeServer, Response
from tests.faulty import Moody, hurried, make
from tests.scripted import asked, coder

UNITS = 300
INPUT, OUTPUT = 2.0, 8.0  # US dollars per 1 million tokens
REPLY_TOKENS = 300


@dataclass(slots=True)
class Listener:
    """A `Watch` that counts."""

    outcomes: list[Outcome] = field(default_factory=list)

    def note(self, message: str) -> None:
        pass

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        pass

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def end(self, run: RunRecord) -> None:
        pass


class Billing:
    """A server's `answer` with the usage it will bill."""

    def __init__(self, moody: Moody) -> None:
        self.moody = moody

    def __call__(self, body: Body) -> Response:
        response = self.moody(body)
        sent = sum(len(m["content"]) for m in body["messages"]) // 4
        written = min(len(response.content or "") // 2, REPLY_TOKENS)
        return replace(response, usage={"prompt_tokens": sent, "completion_tokens": written})


def billed(server: FakeServer) -> float:
    """US dollars for every HTTP 200 the server began to send."""
    paid = [r.usage for _, r in server.sent if r.status == 200 and r.raw is None and r.end != "reset" and r.usage]
    dollars: float = sum(INPUT * u["prompt_tokens"] + OUTPUT * u["completion_tokens"] for u in paid) / 1e6
    return dollars


def ordered(server: FakeServer, **more: object) -> Order:
    order = Order(
        model="compatible:dear",
        base_url=server.base_url,
        only="open",
        pace=Pace(concurrency=32),
        way=Way(concurrency=32),
    )
    return replace(order, **more)  # type: ignore[arg-type]


def conduct(project: Project, order: Order, stop: Stop | None = None) -> tuple[int, Purse, Listener]:
    """Do an order as the command does it, except that waits between attempts are shorter; the run, its purse."""
    limit = running.reply_limit(project.settings, order.way.pack)
    price = price_of(project, order)
    purse = Purse(price, limit=order.budget, max_reply_tokens=limit)
    pacer = hurried(purse, concurrency=order.pace.concurrency, attempts=order.pace.attempts)
    model = asking.connect(
        order.model,
        base_url=order.base_url,
        codebook=None,
        pacer=pacer,
        max_reply_tokens=limit,
        timeout=order.timeout,
    )
    scheme = indexing.segment_all(project)
    conductor = Conductor(project, order, model, price, purse, pacer, (None,), scheme, lambda text, k: [])
    purse.book(conductor.spent_before())
    watch = Listener()

    async def go() -> list[int]:
        try:
            return await conductor.run(watch, stop or Stop())
        finally:
            await model.aclose()

    try:
        (run,) = asyncio.run(go())
    except ModelError as error:
        error.add_note(json.dumps({"spent": purse.spent, "held": purse.held}))
        raise
    return run, purse, watch


def priced(folder: Path, units: int = UNITS) -> Project:
    project = make(folder, units, documents=("zh1", "en1"), max_reply_tokens=REPLY_TOKENS)
    prices = f'as_of = "2026-11-01"\n[models."compatible:*"]\ninput = {INPUT}\noutput = {OUTPUT}\n'
    (folder / PRICES).write_text(prices, encoding="utf-8")
    return project


def test_what_the_server_bills_stays_within_the_budget_and_more_of_it_finishes_the_run(tmp_path: Path) -> None:
    moody = Moody()
    with priced(tmp_path / "study") as project, FakeServer(Billing(moody)) as server:
        bill = 0.0
        done: set[str] = set()
        for budget in (0.1, 0.25):
            server.forget()
            with pytest.raises(ModelError) as caught:
                conduct(project, ordered(server, budget=budget))
            assert caught.value.kind == "budget"
            said = json.loads(caught.value.__notes__[0])
            assert said["held"] == 0
            assert said["spent"] <= budget
            bill += billed(server)
            assert bill <= budget
            assert not done & {asked(request.body)[1] for request in server.chats}
            (run,) = project.runs.all()
            assert run.known_cost <= bill
            done = {u.text.strip() for u in project.units.all(run.id, ("coded", "none", "refused"))}
            assert run.units["pending"] > 0
        moody.well = True
        server.forget()
        conduct(project, ordered(server, budget=10.0))
        assert not done & {asked(request.body)[1] for request in server.chats}
        (run,) = project.runs.all()
        assert run.units["pending"] == run.units["failed"] == 0
        assert bill + billed(server) <= 10.0
        assert run.known_cost <= bill + billed(server)


def test_what_broke_off_counts_in_later_sessions_of_the_same_budget(tmp_path: Path) -> None:
    moody = Moody()
    moody.well = True

    def breaking(body: Body) -> Response:
        response = Billing(moody)(body)
        return replace(response, end="cut") if len(server.sent) % 5 == 4 else response

    with priced(tmp_path / "study") as project, FakeServer(breaking) as server:
        for _ in range(6):
            try:
                conduct(project, ordered(server, budget=0.1))
            except ModelError as error:
                assert error.kind == "budget"
            assert billed(server) <= 0.1
        (run,) = project.runs.all()
        assert run.units["coded"] > 0
        assert run.possible_cost > 0
        assert run.known_cost + run.possible_cost <= 0.1
        assert run.units["pending"] > 0


def test_a_later_run_pays_only_for_what_failed_before_and_fresh_pays_for_all_again(tmp_path: Path) -> None:
    moody = Moody()
    with priced(tmp_path / "study", 100) as project, FakeServer(Billing(moody)) as server:
        first, purse, _ = conduct(project, ordered(server, budget=10.0))
        good = {u.text.strip() for u in project.units.all(first, ("coded", "none"))}
        bad = {u.text.strip() for u in project.units.all(first, ("failed", "refused"))}
        assert good
        assert bad
        assert billed(server) <= purse.spent

        moody.well = True
        server.forget()
        project.settings = replace(project.settings, examples=3)  # another run by its plan, with the same prompts
        second, purse, watch = conduct(project, ordered(server, budget=10.0))
        assert second != first
        assert sorted(asked(request.body)[1] for request in server.chats) == sorted(bad)
        run = project.runs.get(second)
        assert (run.reused, run.replies) == (len(good), len(bad))
        assert sum(bool(o.reply and o.reply.id) for o in watch.outcomes) == len(good)
        assert run.cost == pytest.approx(billed(server))
        assert purse.spent == pytest.approx(billed(server))
        assert run.units["failed"] == run.units["refused"] == run.units["pending"] == 0

        server.forget()
        third, purse, _ = conduct(project, ordered(server, budget=10.0, way=Way(concurrency=32, fresh=True)))
        assert third not in (first, second)
        assert len(server.chats) == 100
        assert project.runs.get(third).reused == 0
        assert project.runs.get(third).cost == pytest.approx(billed(server)) == pytest.approx(purse.spent)


def test_when_the_time_is_up_what_is_under_way_is_stored_and_the_rest_waits_for_the_same_command(
    tmp_path: Path,
) -> None:
    with priced(tmp_path / "study", 200) as project, FakeServer(coder, latency=0.2) as server:
        stop = Stop()
        began = time.monotonic()
        run, _, watch = conduct(project, ordered(server, pace=Pace(concurrency=4), time_limit=0.7), stop)
        assert stop.why == "the time is up"
        assert time.monotonic() - began < 10
        states = project.units.states(run)
        assert len(server.chats) == project.runs.get(run).replies == len(watch.outcomes) == 200 - states["pending"]
        assert 4 <= len(watch.outcomes) < 60
        assert states["failed"] == 0
        server.latency = 0.0
        conduct(project, ordered(server))
        assert len(server.chats) == 200
        assert project.units.states(run)["pending"] == 0


def test_a_call_that_takes_too_long_fails_by_itself_and_counts_with_what_it_may_have_cost(tmp_path: Path) -> None:
    slow = {3, 11, 20}

    def moody(body: Body) -> Response:
        return replace(coder(body), delay=60.0 if asked(body)[0] in slow else 0.0)

    with priced(tmp_path / "study", 40) as project, FakeServer(moody) as server:
        order = ordered(server, budget=10.0, timeout=2.0, pace=Pace(concurrency=6, attempts=2))
        began = time.monotonic()
        run, purse, _ = conduct(project, order)
        assert 4 <= time.monotonic() - began < 30
        assert project.runs.get(run).errors == {"timeout": 2 * len(slow)}
        assert project.units.states(run)["failed"] == 2 * len(slow)
        assert project.units.states(run)["pending"] == 0
        assert purse.spent > project.runs.get(run).known_cost + 2 * 2 * len(slow) * REPLY_TOKENS * OUTPUT / 1e6
        slow.clear()
        server.forget()
        conduct(project, ordered(server, budget=10.0))
        assert len(server.chats) == 6
        assert project.units.states(run)["failed"] == 0
