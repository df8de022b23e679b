"""The pacer, in real asyncio; time jumps to the next timer wherever a test would have to wait."""

from __future__ import annotations

import asyncio
import itertools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings, strategies as st

from assistant.chain import connect
from assistant.errors import ModelError, ProjectError
from assistant.metering import WINDOW
from assistant.model import Message, Prompt, Reply, Usage
from assistant.pacing import FIRST_REPLY, SILENCE, Pace, Pacer, paced
from assistant.providers import Ask, Model
from tests.fakes import FakeServer, Response, failing

T = TypeVar("T")
Script = Callable[[int], "float | ModelError | Reply"]


class Selector(selectors.DefaultSelector):
    """Waits for nothing: the time it would wait passes at once. To wait for ever is a deadlock, so it raises."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        assert timeout is not None, "everybody waits and nothing will ever happen"
        self.now += timeout
        return []


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time costs none."""

    def __init__(self) -> None:
        self.travel = Selector()
        super().__init__(self.travel)

    def time(self) -> float:
        return self.travel.now


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main())


def now() -> float:
    return asyncio.get_running_loop().time()


def pacer(purse: Ledger | None = None, *, notes: list[str] | None = None, chance: float = 1.0, **pace: Any) -> Pacer:
    heard = [] if notes is None else notes
    return Pacer(Pace(**pace), purse, notify=heard.append, clock=now, chance=lambda: chance)


def prompt(tokens: int = 0, *, estimated: bool = False) -> Prompt:
    return Prompt((Message("user", "json"),), "d", "open", "en", "t", (1,), {}, tokens, estimated)


def busy(retry_after: float | None = None) -> ModelError:
    return ModelError("too many requests.", "h", kind="rate_limit", passing=True, retry_after=retry_after)


def broken(*, charged: bool = False, retry_after: float | None = None) -> ModelError:
    return ModelError("the line broke.", "h", kind="connection", passing=True, charged=charged, retry_after=retry_after)


class Server:
    """Answers the n-th request as its script says: after so many seconds, with an error, with that reply."""

    def __init__(self, script: Script = lambda n: 0.0) -> None:
        self.script = script
        self.sent: list[float] = []
        self.prompts: list[Prompt] = []
        self.at_once = self.most_at_once = 0

    async def ask(self, prompt: Prompt) -> Reply:
        said = self.script(len(self.sent))
        self.sent.append(now())
        self.prompts.append(prompt)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(said if isinstance(said, float) else 0)
        finally:
            self.at_once -= 1
        if isinstance(said, ModelError):
            raise said
        return said if isinstance(said, Reply) else Reply("fine", "m")


class Ledger:
    """A purse with room for so many calls at once, that keeps every booking."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.held = 0
        self.booked: list[str] = []
        self.stopped = False
        self.changed = asyncio.Event()

    async def hold(self, prompt: Prompt) -> float:
        while self.held >= self.room and not self.stopped:
            self.changed.clear()
            await self.changed.wait()
        if self.stopped:
            raise ModelError("stopped", kind="stopped", stops_run=True)
        self.held += 1
        return 2.0

    def settle(self, held: float, prompt: Prompt, reply: Reply | None, *, charged: bool = False) -> float | None:
        assert held == 2.0 and not (reply and charged)
        self.held -= 1
        self.changed.set()
        self.booked.append("paid" if reply else "charged" if charged else "free")
        return 0.25 if reply else None

    def stop(self) -> None:
        self.stopped = True
        self.changed.set()


def asking(pacer: Pacer, ask: Ask, count: int, prompt_: Prompt | None = None) -> list[asyncio.Task[Reply]]:
    return [asyncio.ensure_future(pacer.ask(ask, prompt_ or prompt())) for _ in range(count)]


async def all_of(tasks: list[asyncio.Task[Reply]]) -> list[Reply | BaseException]:
    return await asyncio.gather(*tasks, return_exceptions=True)


async def refused(call: Awaitable[Reply]) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await call
    return caught.value


def in_windows(times: list[float], amounts: list[float]) -> list[tuple[int, float]]:
    """How many calls and how much each minute held that begins with a call."""
    spans = [[a for t, a in zip(times, amounts, strict=True) if start <= t <= start + 60] for start in times]
    return [(len(span), sum(span)) for span in spans]


def test_no_more_calls_are_under_way_than_allowed_and_all_are_answered_in_order() -> None:
    async def main() -> None:
        server, pace = Server(lambda n: 1.0), pacer(concurrency=3)
        seen: list[int] = []

        async def ask(prompt: Prompt) -> Reply:
            seen.append(pace.in_flight)
            return await server.ask(prompt)

        prompts = [prompt(n) for n in range(9)]
        await asyncio.gather(*(pace.ask(ask, p) for p in prompts))
        assert (server.most_at_once, max(seen), pace.in_flight) == (3, 3, 0)
        assert server.prompts == prompts and now() == pytest.approx(3.0)

    run(main)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_minute_ever_holds_more_requests_or_tokens_than_allowed(data: st.DataObject) -> None:
    rpm, tpm = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 20_000))
    calls = data.draw(
        st.lists(st.tuples(st.floats(0, 40), st.integers(0, 4000), st.floats(0, 100), st.floats(0, 1)), max_size=40)
    )
    concurrency = data.draw(st.integers(1, 16))
    estimated, reported = data.draw(st.booleans()), data.draw(st.booleans())

    async def main() -> None:
        pace = pacer(concurrency=concurrency, rpm=rpm, tpm=tpm)
        times: list[float] = []
        amounts: list[float] = []

        async def one(start: float, tokens: int, took: float, share: float) -> None:
            async def ask(prompt: Prompt) -> Reply:
                worth = tokens * (1.25 if estimated else 1)
                count = int(worth * share) if reported else worth
                times.append(now())
                amounts.append(count + FIRST_REPLY)
                await asyncio.sleep(took)
                return Reply("", "m", Usage(int(count), int(FIRST_REPLY)) if reported else Usage())

            await asyncio.sleep(start)
            await pace.ask(ask, prompt(tokens, estimated=estimated))

        await asyncio.gather(*(one(*call) for call in calls))
        assert len(times) == len(calls)
        for count, amount in in_windows(times, amounts):
            assert count <= rpm
            assert amount <= tpm or count == 1

    run(main)


def test_a_minute_that_ends_within_a_rounding_error_lets_one_call_in_and_not_two() -> None:
    async def main() -> None:
        # Numbers at which the minute's end, slept for, is met one bit too early.
        server, pace = Server(lambda n: 0.0 if n else 14.778001566187607), pacer(concurrency=1, rpm=1)
        await asyncio.sleep(1.3848629171174953)
        await all_of(asking(pace, server.ask, 4))
        assert all(later - earlier > 60 for earlier, later in itertools.pairwise(server.sent))

    run(main)


def test_what_a_reply_took_a_minute_ago_makes_no_room_now() -> None:
    async def main() -> None:
        server = Server(lambda n: 70.0 if n == 0 else 0.0)
        pace = pacer(tpm=6000)

        async def ask(prompt: Prompt) -> Reply:
            await server.ask(prompt)
            return Reply("", "m", Usage(0, 0) if prompt.tokens == 5000 else Usage())

        long = asyncio.ensure_future(pace.ask(ask, prompt(5000)))
        await asyncio.sleep(65)
        await pace.ask(ask, prompt(5400))
        await long
        await pace.ask(ask, prompt(5400))
        assert server.sent == pytest.approx([0, 65, 65 + WINDOW])

    run(main)


def test_a_quick_server_is_kept_busy_and_evenly_so() -> None:
    async def main() -> None:
        server, pace = Server(), pacer(concurrency=4, rpm=60)
        await all_of(asking(pace, server.ask, 600))
        assert server.sent[-1] < 10 * WINDOW
        assert max(sum(start <= t <= start + 10 for t in server.sent) for start in server.sent) <= 21

    run(main)


def test_a_prompt_larger_than_a_minutes_tokens_goes_alone_rather_than_never() -> None:
    async def main() -> None:
        server, pace = Server(), pacer(tpm=2000)
        prompts = [prompt(100), prompt(9000), prompt(100)]
        await asyncio.gather(*(pace.ask(server.ask, p) for p in prompts))
        assert server.prompts == prompts
        assert all(60 < later - earlier < 75 for earlier, later in itertools.pairwise(server.sent))

    run(main)


@pytest.mark.parametrize(("used", "least", "most"), [(4000, 180, 300), (100, 0, 40)])
def test_what_the_server_counted_moves_the_next_calls(used: int, least: float, most: float) -> None:
    async def main() -> None:
        server, pace = Server(lambda n: Reply("", "m", Usage(used, 500))), pacer(concurrency=1, tpm=6000)
        for _ in range(5):
            await pace.ask(server.ask, prompt(2000))
        assert least <= server.sent[-1] <= most

    run(main)


def test_room_that_a_reply_gives_back_is_used_at_once() -> None:
    async def main() -> None:
        server, pace = Server(lambda n: 30.0), pacer(tpm=6000)

        async def ask(prompt: Prompt) -> Reply:
            await server.ask(prompt)
            return Reply("", "m", Usage(0, 0))

        await asyncio.gather(pace.ask(ask, prompt(5000)), pace.ask(ask, prompt(5000)))
        assert server.sent == [0.0, 30.0]  # without the reply's own count it would be a minute

    run(main)


def test_one_429_makes_all_calls_wait_and_is_said_once() -> None:
    notes: list[str] = []

    async def main() -> None:
        server = Server(lambda n: 1.0 if n >= 4 else busy(20))
        pace = pacer(concurrency=4, notes=notes)
        await all_of(asking(pace, server.ask, 12))
        assert server.sent[:4] == [0.0] * 4 and min(server.sent[4:]) == pytest.approx(20.0)

    run(main)
    assert notes == ["the server asks to wait 20 s: then at most 2 calls at once"]


def test_429s_halve_the_slots_once_a_pause_and_down_to_one() -> None:
    notes: list[str] = []

    async def main() -> None:
        server = Server(lambda n: 1.0 if n >= 8 + 4 + 2 + 1 + 1 else busy(10))
        pace = pacer(concurrency=8, notes=notes, attempts=9)
        tasks = asking(pace, server.ask, 8)
        for second, most in ((5, 8), (15, 4), (25, 2), (35, 1), (45, 1)):
            server.most_at_once = 0
            await asyncio.sleep(second - now())
            assert server.most_at_once == most
            server.most_at_once = 0
        await all_of(tasks)

    run(main)
    assert len(notes) == 5 and notes[-1].endswith("at most 1 call at once")


def test_slots_grow_back_by_one_for_as_many_successes_as_there_are_slots() -> None:
    async def main() -> None:
        server = Server(lambda n: busy(10) if n == 0 else 1.0)
        pace = pacer(concurrency=6)
        await pace.ask(server.ask, prompt())  # three slots, one success
        widths = []
        for _ in range(6):
            server.most_at_once = 0
            await all_of(asking(pace, server.ask, pace._slots.width))
            widths.append(server.most_at_once)
        assert widths == [3, 4, 5, 6, 6, 6]

    run(main)


def test_a_late_429_to_a_call_sent_before_the_pause_halves_nothing() -> None:
    async def main() -> None:
        server = Server(lambda n: 1.0)
        pace = pacer(concurrency=8)

        async def late(prompt: Prompt) -> Reply:
            if not late_sent:
                late_sent.append(now())
                await asyncio.sleep(12)
                raise busy(1)
            return await server.ask(prompt)

        late_sent: list[float] = []
        slow = asyncio.ensure_future(pace.ask(late, prompt()))
        await asyncio.sleep(0)
        server.script = lambda n: busy(10) if n == 0 else 1.0
        await pace.ask(server.ask, prompt())
        await slow
        assert pace._slots.width == 4

    run(main)


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_back_off_doubles_up_to_its_cap_and_is_jittered_over_its_whole_length(chance: float) -> None:
    async def main() -> None:
        server = Server(lambda n: broken() if n < 9 else 0.0)
        await pacer(attempts=10, chance=chance).ask(server.ask, prompt())
        waits = [later - earlier for earlier, later in itertools.pairwise(server.sent)]
        assert waits == pytest.approx([chance * s for s in (0.5, 1, 2, 4, 8, 16, 30, 30, 30)])

    run(main)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 60), st.integers(1, 6))
def test_a_retry_never_comes_before_the_server_allows_it(chance: float, asked: float, failures: int) -> None:
    async def main() -> None:
        server = Server(lambda n: broken(retry_after=asked) if n < failures else 0.0)
        await pacer(attempts=7, chance=chance).ask(server.ask, prompt())
        for earlier, later in itertools.pairwise(server.sent):
            assert asked - 1e-6 <= later - earlier <= max(asked, 30) + 1e-6

    run(main)


@pytest.mark.parametrize(("attempts", "words"), [(1, "(1 attempt)"), (3, "(3 attempts)")])
def test_after_the_last_attempt_the_last_error_is_raised(attempts: int, words: str) -> None:
    async def main() -> None:
        server = Server(lambda n: broken(charged=True))
        error = await refused(pacer(attempts=attempts).ask(server.ask, prompt()))
        assert len(server.sent) == attempts
        assert error.message == f"the line broke. {words}" and error.hint == "h"
        assert (error.kind, error.stops_run, error.passing, error.charged) == ("connection", False, True, True)

    run(main)


def test_an_error_that_does_not_pass_is_raised_at_once_and_as_it_is() -> None:
    async def main() -> None:
        wrong = ModelError("no", kind="bad_request")
        server = Server(lambda n: wrong)
        assert await refused(pacer().ask(server.ask, prompt())) is wrong
        assert (len(server.sent), now()) == (1, 0.0)

    run(main)


def test_an_unreachable_server_that_may_come_back_is_tried_again_before_the_run_stops() -> None:
    async def main() -> None:
        error = ModelError("no way", kind="connection", stops_run=True, passing=True)
        server = Server(lambda n: error)
        assert (await refused(pacer(attempts=3).ask(server.ask, prompt()))).stops_run
        assert len(server.sent) == 3

    run(main)


@pytest.mark.parametrize("error", [busy(601), broken(retry_after=601)])
def test_a_server_that_asks_to_wait_too_long_stops_the_run(error: ModelError) -> None:
    async def main() -> None:
        server = Server(lambda n: error)
        raised = await refused(pacer(longest_wait=600).ask(server.ask, prompt()))
        assert (raised.kind, raised.stops_run, len(server.sent)) == ("rate_limit", True, 1)
        assert "601 s" in raised.message and "600 s" in raised.message

    run(main)


def test_many_calls_in_a_row_without_an_answer_stop_the_run() -> None:
    async def main() -> None:
        server, pace = Server(lambda n: broken()), pacer(attempts=2)
        for _ in range(SILENCE - 1):
            assert not (await refused(pace.ask(server.ask, prompt()))).stops_run
        error = await refused(pace.ask(server.ask, prompt()))
        assert error.stops_run and "has not answered the last 20 calls" in error.message

    run(main)


@pytest.mark.parametrize("answer", [0.0, ModelError("no", kind="content_filter")])
def test_an_answer_between_them_lets_the_run_go_on(answer: float | ModelError) -> None:
    async def main() -> None:
        server, pace = Server(), pacer(attempts=1)
        for n in range(3 * SILENCE):
            server.script = lambda _, n=n: answer if n % (SILENCE - 1) == 0 else broken()  # type: ignore[misc]
            (said,) = await all_of(asking(pace, server.ask, 1))
            assert not (isinstance(said, ModelError) and said.stops_run)

    run(main)


def test_stopping_turns_every_waiting_call_away_at_once_and_lets_those_sent_end() -> None:
    async def main() -> None:
        server, ledger = Server(lambda n: broken() if n == 0 else 50.0), Ledger(room=4)
        pace = pacer(ledger, concurrency=6, rpm=18)  # three may go at once
        waiting_to_retry, *sent = asking(pace, server.ask, 3)
        await asyncio.sleep(0.1)
        in_rate, also_in_rate, for_money, for_money_too, for_a_slot = asking(pace, server.ask, 5)
        await asyncio.sleep(0.1)
        assert (pace.in_flight, ledger.held) == (2, 4)
        pace.stop()
        stopped = [waiting_to_retry, in_rate, also_in_rate, for_money, for_money_too, for_a_slot]
        began = now()
        errors = [await refused(task) for task in stopped]
        assert {(error.kind, error.stops_run) for error in errors} == {("stopped", True)} and now() == began
        assert [reply.text for reply in await asyncio.gather(*sent)] == ["fine", "fine"]
        assert (await refused(pace.ask(server.ask, prompt()))).kind == "stopped"
        assert len(server.sent) == 3 and ledger.held == 0

    run(main)


def test_stopping_does_not_wait_for_the_calls_under_way() -> None:
    async def main() -> None:
        server, ledger = Server(lambda n: 50.0), Ledger(room=1)
        pace = pacer(ledger, concurrency=2)
        sent, for_money, for_a_slot = asking(pace, server.ask, 3)
        await asyncio.sleep(1)
        pace.stop()
        assert [(await refused(task)).kind for task in (for_money, for_a_slot)] == ["stopped"] * 2 and now() == 1
        assert (await sent).text == "fine"

        narrow = pacer(concurrency=1)
        sent, for_a_slot = asking(narrow, server.ask, 2)
        await asyncio.sleep(1)
        narrow.stop()
        began = now()
        assert (await refused(for_a_slot)).kind == "stopped" and now() == began
        assert (await sent).text == "fine"

    run(main)


def test_nothing_is_sent_once_stopped_though_the_purse_pays_late() -> None:
    class Slow(Ledger):
        async def hold(self, prompt: Prompt) -> float:
            held = await super().hold(prompt)
            await asyncio.sleep(1)
            return held

    async def main() -> None:
        server, ledger = Server(), Slow()
        pace = pacer(ledger)
        task = asyncio.ensure_future(pace.ask(server.ask, prompt()))
        await asyncio.sleep(0.5)
        pace.stop()
        assert (await refused(task)).kind == "stopped"
        assert not server.sent and ledger.booked == ["free"]

    run(main)


def test_stopping_ends_a_pause_and_the_retries_of_what_was_sent() -> None:
    async def main() -> None:
        server = Server(lambda n: busy(300))
        pace = pacer(concurrency=2)
        paused = asking(pace, server.ask, 5)
        await asyncio.sleep(1)
        pace.stop()
        assert [(await refused(task)).kind for task in paused] == ["stopped"] * 5 and now() == 1

        async def breaks(prompt: Prompt) -> Reply:
            await asyncio.sleep(1)
            raise broken()

        other = pacer(attempts=1)
        sent = asyncio.ensure_future(other.ask(breaks, prompt()))
        await asyncio.sleep(0.5)
        other.stop()
        assert (await refused(sent)).kind == "stopped"

    run(main)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_cancelling_at_any_point_leaks_neither_slot_nor_money(data: st.DataObject) -> None:
    fates = data.draw(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 20)), min_size=1, max_size=12))
    concurrency, rpm = data.draw(st.integers(1, 4)), data.draw(st.sampled_from([None, 6, 600]))
    answers: list[float | ModelError | Reply] = [0.0, 3.0, busy(4), busy(), broken(charged=True)]
    said = data.draw(st.lists(st.sampled_from(answers), max_size=10))
    room = data.draw(st.integers(1, 4))

    async def main() -> None:
        ledger = Ledger(room)
        server = Server(lambda n: said[n] if n < len(said) else 1.0)
        pace = pacer(ledger, concurrency=concurrency, rpm=rpm)

        async def one(start: float, until: float) -> None:
            await asyncio.sleep(start)
            task = asyncio.ensure_future(pace.ask(server.ask, prompt()))
            await asyncio.wait((task,), timeout=until)
            task.cancel()
            await asyncio.wait((task,))

        await asyncio.gather(*(one(*fate) for fate in fates))
        assert (ledger.held, pace.in_flight, pace._slots._inside, pace._turn._inside) == (0, 0, 0, 0)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        server.script = lambda n: 1.0
        assert await pace.ask(server.ask, prompt()) == Reply("fine", "m", cost=0.25)

    run(main)


def test_a_call_let_in_and_cancelled_in_the_same_step_gives_its_slot_on() -> None:
    class Canceller(Ledger):
        def settle(self, held: float, prompt: Prompt, reply: Reply | None, *, charged: bool = False) -> float | None:
            # Runs after the slot was given on to the second call and before that call wakes.
            asyncio.get_running_loop().call_soon(waiting[1].cancel)
            return super().settle(held, prompt, reply, charged=charged)

    async def main() -> None:
        server, pace = Server(lambda n: 1.0), pacer(Canceller(), concurrency=1)
        waiting.extend(asking(pace, server.ask, 3))
        assert (await waiting[2]).text == "fine"
        assert waiting[1].cancelled() and len(server.sent) == 2

    waiting: list[asyncio.Task[Reply]] = []
    run(main)


def test_the_cost_and_what_may_have_been_charged_are_booked_for_every_attempt() -> None:
    async def main() -> None:
        ledger = Ledger()
        said: list[float | ModelError | Reply] = [broken(), broken(charged=True), 0.0]
        server = Server(said.__getitem__)
        reply = await pacer(ledger).ask(server.ask, prompt())
        assert reply.cost == 0.25 and ledger.booked == ["free", "charged", "paid"]

    run(main)


def test_a_call_cut_short_is_charged_only_if_it_was_sent() -> None:
    async def main() -> None:
        ledger, server = Ledger(), Server(lambda n: 9.0)
        pace = pacer(ledger, rpm=1)
        tasks = asking(pace, server.ask, 2)
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await all_of(tasks)
        assert ledger.booked == ["charged", "free"]

    run(main)


def test_any_other_error_passes_through_and_leaves_nothing_held() -> None:
    async def fails(prompt: Prompt) -> Reply:
        raise ProjectError("disk full")

    async def main() -> None:
        ledger = Ledger()
        pace = pacer(ledger, concurrency=1)
        for _ in range(3):
            with pytest.raises(ProjectError):
                await pace.ask(fails, prompt())
        assert (ledger.held, ledger.booked) == (0, ["charged"] * 3)

    run(main)


def test_a_purse_that_will_not_pay_ends_the_call_and_frees_its_slot() -> None:
    class Empty(Ledger):
        async def hold(self, prompt: Prompt) -> float:
            raise ModelError("the budget is used up", kind="budget", stops_run=True)

    async def main() -> None:
        server, pace = Server(), pacer(Empty(), concurrency=1)
        assert [(await refused(pace.ask(server.ask, prompt()))).kind for _ in range(3)] == ["budget"] * 3
        assert not server.sent

    run(main)


def test_a_call_that_waits_to_be_asked_again_holds_neither_slot_nor_money() -> None:
    async def main() -> None:
        ledger = Ledger(room=1)
        server = Server(lambda n: broken(retry_after=10) if n == 0 else 1.0)
        await all_of(asking(pacer(ledger, concurrency=1), server.ask, 3))
        assert server.sent == pytest.approx([0, 0, 1, 10])

    run(main)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [({"retry_after": "20"}, 20, 20), ({"retry_after_ms": "1500"}, 1.5, 1.5), ({"retry_after": "date"}, 95, 101)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_real_servers_wish_is_waited_for(status: int, said: dict[str, str], least: float, most: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    headers = {name: date if value == "date" else value for name, value in said.items()}
    answers = iter([failing(status, "busy", **headers), Response("fine")])
    passed = [0.0]

    async def sleep(seconds: float) -> None:
        passed[0] += seconds

    async def main(url: str) -> Reply:
        pace = Pacer(Pace(), clock=lambda: passed[0], sleep=sleep, chance=lambda: 0.0)
        model = paced(connect("compatible:m", base_url=url), pace)
        try:
            return await model.ask(prompt())
        finally:
            await model.aclose()

    with FakeServer(lambda body: next(answers)) as server:
        assert asyncio.run(main(server.base_url)).text == "fine"
    assert least <= passed[0] <= most + 0.001


def test_a_paced_model_is_the_same_model() -> None:
    async def main() -> None:
        model = Model("compatible:m", Server().ask, "http://h/v1", notes=("n",))
        slow = paced(model, pacer())
        assert (slow.name, slow.base_url, slow.notes, slow.aclose) == (model.name, "http://h/v1", ("n",), model.aclose)
        assert (await slow.ask(prompt())).text == "fine"

    run(main)


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"attempts": 0}, {"rpm": 0}, {"tpm": -1}])
def test_a_pace_at_which_nothing_could_be_sent_is_none(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not a pace"):
        Pace(**wrong)
