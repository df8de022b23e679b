"""A purse: never more than the limit, first come first served, and nothing lost on the way."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, strategies as st

from assistant.errors import ModelError, UsageError
from assistant.model import Message, Prompt, Reply, Usage
from assistant.pricing import Price
from assistant.spending import Purse

PRICE = Price(input=1.0, output=10.0, cached=0.1, batch=0.5)
ROOM = 100  # tokens of a reply
BARE = 1_000_000  # tokens whose price is the list price


def prompt(tokens: int = 1000, *, estimated: bool = False, messages: int = 0, schema: str = "") -> Prompt:
    return Prompt(
        messages=(Message("user", "x"),) * messages,
        digest="",
        kind="open",
        language="en",
        template="",
        segments=(1,),
        schema={"description": schema} if schema else {},
        tokens=tokens,
        tokens_estimated=estimated,
    )


def purse(limit: float | None = None, **more: Any) -> Purse:
    return Purse(PRICE, limit=limit, max_reply_tokens=ROOM, **more)


def reply(sent: int | None, written: int | None, text: str = "", cached: int | None = None) -> Reply:
    return Reply(text, "gpt-5-mini", Usage(sent, written, cached))


WORST = (1000 + ROOM * 10) / BARE  # of prompt()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


async def settled(steps: int = 5) -> None:
    """Let every task that can go on do so."""
    for _ in range(steps):
        await asyncio.sleep(0)


def test_a_hold_is_the_worst_cost_and_settling_books_the_usage() -> None:
    async def test() -> None:
        money = purse(1.0)
        held = await money.hold(prompt())
        assert held == money.held == WORST
        assert money.settle(held, prompt(), reply(900, 10, cached=400)) == pytest.approx((500 + 40 + 100) / BARE)
        assert money.held == 0
        assert money.spent == pytest.approx(640 / BARE)
        assert money.limit == 1.0

    run(test)


def test_the_worst_cost_counts_what_frames_the_prompt_and_what_an_estimate_may_miss() -> None:
    async def test() -> None:
        schema = {"description": "y" * 300}
        framed = prompt(estimated=True, messages=2, schema=schema["description"])
        tokens = 1000 + 2 * 8 + len(json.dumps(schema)) // 3
        assert await purse(1.0).hold(framed) == pytest.approx((1.25 * tokens + 10 * ROOM) / BARE)
        assert await purse(1.0, batch=True).hold(prompt()) == pytest.approx(WORST / 2)

    run(test)


def test_a_batch_books_half_price() -> None:
    async def test() -> None:
        money = purse(batch=True)
        held = await money.hold(prompt())
        assert money.settle(held, prompt(), reply(1000, 10)) == pytest.approx(1100 / BARE / 2)

    run(test)


@pytest.mark.parametrize(
    ("given_reply", "tokens"),
    [
        (reply(None, None, "customers take part"), 1000 + 3 * 10),
        (reply(None, 7, "customers take part"), 1000 + 7 * 10),
        (reply(800, None, "customers take part"), 800 + 3 * 10),
        (reply(None, None, "word " * 5000), 1000 + ROOM * 10),
    ],
)
def test_a_cost_without_usage_is_estimated_and_still_booked(given_reply: Reply, tokens: int) -> None:
    async def test() -> None:
        money = purse(1.0)
        held = await money.hold(prompt())
        assert money.settle(held, prompt(), given_reply) == pytest.approx(tokens / BARE)
        assert money.spent == pytest.approx(tokens / BARE)

    run(test)


def test_a_call_without_an_answer_costs_its_hold_if_it_may_have_been_charged_and_else_nothing() -> None:
    async def test() -> None:
        money = purse(1.0)
        assert money.settle(await money.hold(prompt()), prompt(), None) == 0
        assert money.spent == 0
        assert money.settle(await money.hold(prompt()), prompt(), None, charged=True) == WORST
        assert (money.spent, money.held) == (WORST, 0)

    run(test)


def test_usage_beyond_what_was_held_is_booked_in_full() -> None:
    async def test() -> None:
        money = purse(1.0)
        held = await money.hold(prompt())
        assert money.settle(held, prompt(), reply(5000, 500)) == pytest.approx(10_000 / BARE)

    run(test)


def test_without_a_limit_nothing_waits() -> None:
    async def test() -> None:
        money = purse()
        holds = await asyncio.wait_for(asyncio.gather(*(money.hold(prompt()) for _ in range(500))), 5)
        assert money.held == pytest.approx(500 * WORST)
        for held in holds:
            money.settle(held, prompt(), None)
        assert (money.held, money.limit) == (0, None)

    run(test)


def test_with_an_unknown_price_costs_are_unknown_and_a_limit_is_refused() -> None:
    async def test() -> None:
        money = Purse(None, max_reply_tokens=ROOM)
        held = await money.hold(prompt())
        assert held == 0
        assert money.settle(held, prompt(), reply(10, 10)) is None
        assert money.settle(held, prompt(), None, charged=True) is None
        assert money.settle(held, prompt(), None) == 0
        assert money.spent == 0

    run(test)
    with pytest.raises(UsageError) as caught:
        Purse(None, limit=1.0, max_reply_tokens=ROOM)
    assert "prices.toml" in caught.value.hint


@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(UsageError, match="budget"):
        purse(limit)


def test_a_call_that_cannot_fit_stops_the_run_and_says_spent_limit_and_what_it_may_cost() -> None:
    async def test() -> None:
        with pytest.raises(ModelError) as caught:
            await purse(0.5, spent=0.4995).hold(prompt())
        error = caught.value
        assert (error.kind, error.stops_run, error.passing) == ("budget", True, False)
        assert all(said in error.message for said in ("$0.4995", "$0.5000", "$0.0020"))
        assert "--budget above $0.5015" in error.hint

    run(test)


def test_a_hold_that_just_fits_is_let_through() -> None:
    async def test() -> None:
        assert await purse(3 * WORST, spent=2 * WORST).hold(prompt()) == WORST
        with pytest.raises(ModelError):
            await purse(3 * WORST - 1e-9, spent=2 * WORST).hold(prompt())

    run(test)


def test_a_call_waits_while_others_may_give_money_back_and_goes_when_they_have() -> None:
    async def test() -> None:
        money = purse(1.5 * WORST)
        first = await money.hold(prompt())
        second = asyncio.create_task(money.hold(prompt()))
        await settled()
        assert not second.done()
        money.settle(first, prompt(), reply(100, 10))
        assert await asyncio.wait_for(second, 1) == WORST

    run(test)


def test_a_waiting_call_is_turned_away_once_nothing_can_come_back_and_one_that_fits_goes() -> None:
    async def test() -> None:
        money = purse(1.5 * WORST)
        first = await money.hold(prompt())
        waiting = [asyncio.create_task(money.hold(prompt())) for _ in range(2)]
        small = asyncio.create_task(money.hold(prompt(0)))
        await settled()
        money.settle(first, prompt(), None, charged=True)
        ends = await asyncio.gather(*waiting, small, return_exceptions=True)
        assert [getattr(end, "kind", end) for end in ends] == ["budget", "budget", WORST / 2]
        assert money.spent + money.held == money.limit

    run(test)


def test_calls_are_let_through_in_the_order_they_came_and_a_small_one_does_not_overtake() -> None:
    async def test() -> None:
        money = purse(2 * WORST)
        holds = [await money.hold(prompt()), await money.hold(prompt(0))]
        order: list[int] = []

        async def wait(number: int, tokens: int) -> float:
            held = await money.hold(prompt(tokens))
            order.append(number)
            return held

        waiting = [asyncio.create_task(wait(n, tokens)) for n, tokens in enumerate((1000, 0, 1000, 0))]
        await settled()
        assert order == []
        for held in holds:
            money.settle(held, prompt(), None)
        for number, task in enumerate(waiting):
            held = await asyncio.wait_for(task, 1)
            assert order[: number + 1] == list(range(number + 1))
            money.settle(held, prompt(), None)
            await settled()

    run(test)


def test_when_the_first_in_line_gives_up_a_smaller_one_behind_it_goes() -> None:
    async def test() -> None:
        money = purse(1.8 * WORST)
        await money.hold(prompt())
        big = asyncio.create_task(money.hold(prompt()))
        small = asyncio.create_task(money.hold(prompt(0)))
        await settled()
        assert not small.done()
        big.cancel()
        assert await asyncio.wait_for(small, 1) == pytest.approx(ROOM * 10 / BARE)

    run(test)


def test_a_call_cancelled_in_the_moment_its_turn_comes_gives_its_hold_back() -> None:
    async def test() -> None:
        money = purse(WORST)
        first = await money.hold(prompt())
        second = asyncio.create_task(money.hold(prompt()))
        third = asyncio.create_task(money.hold(prompt()))
        await settled()
        money.settle(first, prompt(), None)  # the second's turn has come, but it has not woken yet
        second.cancel()
        assert await asyncio.wait_for(third, 1) == WORST
        assert second.cancelled()
        assert money.held == WORST

    run(test)


def test_stop_turns_away_those_who_wait_and_those_to_come_and_leaves_calls_under_way_alone() -> None:
    async def test() -> None:
        money = purse(1.5 * WORST)
        first = await money.hold(prompt())
        waiting = [asyncio.create_task(money.hold(prompt())) for _ in range(3)]
        await settled()
        waiting[1].cancel()
        money.stop()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [getattr(end, "kind", "cancelled") for end in ends] == ["stopped", "cancelled", "stopped"]
        with pytest.raises(ModelError) as caught:
            await money.hold(prompt(0))
        assert (caught.value.kind, caught.value.stops_run) == ("stopped", True)
        assert money.settle(first, prompt(), reply(100, 10)) == pytest.approx(200 / BARE)
        assert money.held == 0

    run(test)


Check = Callable[[], None]


async def one_call(money: Purse, check: Check, dice: random.Random, pause: Callable[[], Awaitable[None]]) -> float:
    """One call to a server that keeps to its bounds, with an end of any kind; returns what it may have cost."""
    asked = prompt(dice.randrange(3000), estimated=dice.random() < 0.5, messages=dice.randrange(3))
    held = await money.hold(asked)
    check()
    answer, charged = None, True
    try:
        await pause()
        end = dice.random()
        if end < 0.6:
            sent = dice.randrange(int(asked.tokens * (1.25 if asked.tokens_estimated else 1)) + 1)
            answer = reply(sent, dice.randrange(ROOM + 1), cached=dice.randrange(sent + 1))
        elif end < 0.8:
            answer = reply(None, None, "word " * dice.randrange(300))
        charged = end < 0.9
    finally:
        booked = money.settle(held, asked, answer, charged=charged)
        check()
    assert booked is not None
    return booked


@given(
    seed=st.integers(0, 2**32),
    limit=st.floats(0, 0.03),
    calls=st.integers(1, 25),
    cancels=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 12)), max_size=12),
    stop_after=st.none() | st.integers(0, 12),
)
def test_however_calls_interleave_the_limit_holds_and_nothing_leaks(
    seed: int, limit: float, calls: int, cancels: list[tuple[int, int]], stop_after: int | None
) -> None:
    dice = random.Random(seed)
    money = purse(limit)

    def check() -> None:
        assert money.spent + money.held <= limit + 1e-9
        assert money.held >= 0
        assert money.spent >= 0

    async def pause() -> None:
        await settled(dice.randrange(6))

    async def test() -> None:
        tasks = [asyncio.create_task(one_call(money, check, dice, pause)) for _ in range(calls)]
        for step in range(13):
            for number, when in cancels:
                if when == step:
                    tasks[number % calls].cancel()
            if stop_after == step:
                money.stop()
            await asyncio.sleep(0)
            check()
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        unexpected = [e for e in ends if isinstance(e, Exception) and not isinstance(e, ModelError)]
        assert not unexpected
        assert all(e.kind in ("budget", "stopped") for e in ends if isinstance(e, ModelError))
        assert money.held == 0
        if not any(isinstance(e, asyncio.CancelledError) for e in ends):
            assert money.spent == pytest.approx(sum(e for e in ends if isinstance(e, float | int)))

    asyncio.run(test())
