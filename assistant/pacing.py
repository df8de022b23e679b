"""Calls to a model in, the same calls at a bearable pace out: slots, rates, retries, pauses. No I/O of its own.

One pacer stands before all calls of a command, so that what a server says to one of them is heeded by all. A call
takes a slot, then the money it may cost, then its turn in the rate, and only then is sent; between two attempts it
holds none of these.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from assistant.errors import ModelError, stopped
from assistant.metering import SOON, Gate, Meter, Use
from assistant.model import Prompt, Reply, Usage
from assistant.providers import Ask, Model

ESTIMATE_MARGIN = 1.25  # on prompt tokens that were estimated
FIRST_REPLY = 500.0  # tokens expected of a reply before a server has reported any
LEARNING = 0.2  # weight of the newest reply in what is expected of the next
BACKOFF, LONGEST_BACKOFF = 0.5, 30.0  # seconds; doubled with every attempt
SILENCE = 20  # calls given up in a row after which a run stops

_LATER = "Run the same command again later; finished units are kept"


@dataclass(frozen=True, slots=True)
class Pace:
    """All limits of a command."""

    concurrency: int = 8  # most calls under way at once
    rpm: int | None = None  # requests a minute; None: as the server lets us
    tpm: int | None = None  # tokens a minute, of prompts and replies
    attempts: int = 5  # of one call; twice as many where it is asked too often
    longest_wait: float = 600.0  # seconds; a server that asks for more stops the run

    def __post_init__(self) -> None:
        if min(self.concurrency, self.attempts, *(n for n in (self.rpm, self.tpm) if n is not None)) < 1:
            raise ValueError(f"not a pace: {self}")


class Purse(Protocol):
    """What pays for calls."""

    async def hold(self, prompt: Prompt) -> float:
        """Wait until the worst cost of a call fits beside what is held. Raises ModelError (budget) if it never will."""

    def settle(self, held: float, prompt: Prompt, reply: Reply | None, *, charged: bool = False) -> float | None:
        """Give back what was held and book what the call cost. Returns that cost, None if unknown."""

    def stop(self) -> None:
        """Turn every waiting and later hold away with ModelError (stopped)."""


class _OpenPurse:
    """Pays for everything and counts nothing."""

    async def hold(self, prompt: Prompt) -> float:
        return 0.0

    def settle(self, held: float, prompt: Prompt, reply: Reply | None, *, charged: bool = False) -> float | None:
        return None if reply is None else reply.cost

    def stop(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Miss:
    """An attempt that gave no reply."""

    error: ModelError
    sent: float  # the clock's time


class Pacer:
    """Sends calls no faster than a pace allows and the server bears. Lives in one event loop."""

    def __init__(
        self,
        pace: Pace,
        purse: Purse | None = None,
        *,
        notify: Callable[[str], None] = lambda message: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._pace = pace
        self._purse = purse or _OpenPurse()
        self._notify, self._clock, self._sleep, self._chance = notify, clock, sleep, chance
        self._slots = Gate(pace.concurrency)
        self._turn = Gate(1)  # whoever is inside is sent next
        self._requests = Meter(pace.rpm) if pace.rpm else None
        self._tokens = Meter(pace.tpm) if pace.tpm else None
        self._expected = FIRST_REPLY
        self._naps: set[asyncio.Future[None]] = set()
        self._next: asyncio.Future[None] | None = None  # the nap of the call that is sent next
        self._paused_until = float("-inf")
        self._successes = 0  # since the number of slots last changed
        self._given_up = 0  # calls in a row
        self._stopped = False
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Calls that were sent and have not come back."""
        return self._in_flight

    def stop(self) -> None:
        """Send nothing more: waiting calls raise ModelError (stopped) at once, those sent go on to their end.

        Must be called in the event loop's own thread.
        """
        self._stopped = True
        self._purse.stop()
        self._slots.close()
        for nap in self._naps:
            nap.cancel()

    async def ask(self, ask: Ask, prompt: Prompt) -> Reply:
        """`await ask(prompt)` when the pace allows it, and again while its errors pass; the reply's cost is set.

        Raises the errors of `ask` that do not pass or did not pass within the attempts allowed, those of the purse,
        and ModelError (stopped). It stops the run where the server asks for too long a wait or has left many calls in
        a row without an answer.
        """
        attempt = 1
        while True:
            outcome = await self._once(ask, prompt)
            if isinstance(outcome, Reply):
                self._succeeded()
                return outcome
            await self._nap(self._wait_after(outcome, attempt))
            attempt += 1

    async def _once(self, ask: Ask, prompt: Prompt) -> Reply | _Miss:
        await self._slots.enter()
        try:
            return await self._pay(ask, prompt, await self._purse.hold(prompt))
        finally:
            self._slots.leave()

    async def _pay(self, ask: Ask, prompt: Prompt, held: float) -> Reply | _Miss:
        reply: Reply | None = None
        charged = False
        try:
            use = await self._take_turn(prompt)
            charged = True  # a call that is cut short, by Ctrl-C say, may be billed
            outcome = await self._send(ask, prompt)
            if isinstance(outcome, _Miss):
                charged = outcome.error.charged
                return outcome
            reply = outcome
        finally:
            cost = self._purse.settle(held, prompt, reply, charged=charged and reply is None)
        self._learn(use, reply.usage)
        return replace(reply, cost=cost)

    async def _send(self, ask: Ask, prompt: Prompt) -> Reply | _Miss:
        sent = self._clock()
        self._in_flight += 1
        try:
            return await ask(prompt)
        except ModelError as error:
            return _Miss(error, sent)
        finally:
            self._in_flight -= 1

    async def _take_turn(self, prompt: Prompt) -> Use | None:
        tokens = prompt.tokens * (ESTIMATE_MARGIN if prompt.tokens_estimated else 1.0) + self._expected
        await self._turn.enter()
        try:
            while (wait := self._wait(tokens)) > SOON:
                await self._nap(wait, is_next=True)
            if self._stopped:
                raise stopped()
            now = self._clock()
            if self._requests is not None:
                self._requests.book(1.0, now)
            return None if self._tokens is None else self._tokens.book(tokens, now)
        finally:
            self._turn.leave()

    def _wait(self, tokens: float) -> float:
        now = self._clock()
        wait = self._paused_until - now
        if self._requests is not None:
            wait = max(wait, self._requests.wait(1.0, now))
        if self._tokens is not None:
            wait = max(wait, self._tokens.wait(tokens, now))
        return wait

    def _learn(self, use: Use | None, usage: Usage) -> None:
        if usage.output is None:
            return
        self._expected += LEARNING * (usage.output - self._expected)
        if usage.input is None or self._tokens is None or use is None:
            return
        self._tokens.correct(use, usage.input + usage.output, self._clock())
        if self._next is not None:
            self._next.cancel()  # there may be room sooner than it thought

    async def _nap(self, seconds: float, *, is_next: bool = False) -> None:
        """Sleep, or less: cancelling the nap itself wakes the sleeper. Raises ModelError (stopped)."""
        if self._stopped:
            raise stopped()
        nap = asyncio.ensure_future(self._sleep(seconds))
        self._naps.add(nap)
        if is_next:
            self._next = nap
        try:
            await asyncio.wait((nap,))
        finally:
            self._naps.discard(nap)
            nap.cancel()
            if is_next:
                self._next = None
        if self._stopped:
            raise stopped()

    def _succeeded(self) -> None:
        self._given_up = 0
        if self._slots.width == self._pace.concurrency:
            return
        self._successes += 1
        if self._successes >= self._slots.width:
            self._resize(self._slots.width + 1)

    def _resize(self, slots: int) -> None:
        self._successes = 0
        self._slots.resize(slots)

    def _wait_after(self, miss: _Miss, attempt: int) -> float:
        """Seconds until the next attempt (AWS Architecture Blog, "Exponential Backoff And Jitter": full jitter).

        Raises the error if there is none.
        """
        error = miss.error
        if not error.passing:
            self._given_up = 0  # it was an answer
            raise error
        asked = error.retry_after or 0.0
        if asked > self._pace.longest_wait:
            longest = self._pace.longest_wait
            message = f"{error.message} (it asks to wait {asked:.0f} s, longer than the {longest:.0f} s allowed)"
            raise ModelError(message, _LATER, kind="rate_limit", stops_run=True, passing=True, retry_after=asked)
        ceiling = min(LONGEST_BACKOFF, BACKOFF * 2.0 ** min(attempt - 1, 10))
        wait = max(asked, self._chance() * ceiling)
        if error.kind == "rate_limit":
            self._pause(wait, miss)
        if self._stopped:
            raise stopped()
        patience = 2 if error.kind == "rate_limit" else 1  # a quota by the minute outlasts a hiccup
        if attempt >= patience * self._pace.attempts:
            raise self._giving_up(error, attempt)
        return wait

    def _giving_up(self, error: ModelError, attempts: int) -> ModelError:
        self._given_up += 1
        silent = self._given_up >= SILENCE
        message = f"{error.message} ({attempts} attempt{'s' if attempts > 1 else ''})"
        if silent:
            message += f" The server has not answered the last {self._given_up} calls."
        return ModelError(
            message,
            error.hint,
            kind=error.kind,
            stops_run=error.stops_run or silent,
            passing=True,
            retry_after=error.retry_after,
            charged=error.charged,
        )

    def _pause(self, wait: float, miss: _Miss) -> None:
        """Let all calls wait. Those sent before the last pause ended say nothing new about the number of slots."""
        now = self._clock()
        resting = now < self._paused_until
        if miss.sent + SOON >= self._paused_until:
            self._resize(max(1, self._slots.width // 2))
        self._paused_until = max(self._paused_until, now + wait)
        if not resting:
            width = self._slots.width
            asks = (
                f"the server asks to wait {wait:.3g} s" if miss.error.retry_after else "the server is asked too often"
            )
            self._notify(f"{asks}: then at most {width} call{'s' if width > 1 else ''} at once")


def paced(model: Model, pacer: Pacer) -> Model:
    """`model`, asked through `pacer`."""
    return replace(model, ask=partial(pacer.ask, model.ask))
