"""Prompts before and replies after each call in, a run's money kept within its limit. No I/O; one event loop."""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque

from assistant import tokens
from assistant.errors import ModelError, UsageError, stopped
from assistant.model import Prompt, Reply, Usage
from assistant.pricing import Price, cost, money, worst

_UNIT = 10**12  # money is counted in whole millionths of a millionth of a dollar: sums of floats would drift
_MESSAGE_TOKENS = 8  # what frames one chat message
_SCHEMA_CHARACTERS = 3  # of JSON schema in one token, at least; it is sent beside the messages and billed as prompt


class Purse:
    """A run's money, US dollars: what is spent, and what calls under way may still cost.

    A call holds its worst cost before it is sent and settles when it has ended, so that spent and held together stay
    within the limit as long as servers keep to `max_reply_tokens` and prompts are no longer than counted.
    """

    def __init__(
        self,
        price: Price | None,
        *,
        limit: float | None = None,
        spent: float = 0.0,
        max_reply_tokens: int,
        batch: bool = False,
    ) -> None:
        """`spent` is what earlier sessions of the run cost. UsageError: a limit that is none, or without a price."""
        if limit is not None and not (math.isfinite(limit) and limit >= 0):
            raise UsageError(f"A budget of {limit} US dollars is none.", "write it as --budget 2.50")
        if limit is not None and price is None:
            raise UsageError(
                "A budget cannot be kept: the price of the model is unknown.",
                "write its price into prices.toml in the project folder (see docs/prices.md), or leave out --budget",
            )
        self._price = price
        self._limit = None if limit is None else math.floor(limit * _UNIT + 0.5)
        self._spent = _units(spent)
        self._held = 0
        self._settled = 0  # booked for calls of this session
        self._stored = 0  # of that, for replies that were stored
        self._max_reply_tokens = max_reply_tokens
        self._batch = batch
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._stopped = False

    @property
    def limit(self) -> float | None:
        """US dollars that may be spent; None: as much as it takes."""
        return None if self._limit is None else self._limit / _UNIT

    @property
    def price(self) -> Price | None:
        """What is paid for tokens; None where that is unknown."""
        return self._price

    def book(self, dollars: float) -> None:
        """Count money that was spent before, in earlier sessions of the same runs."""
        self._spent += _units(dollars)

    def stored(self, dollars: float) -> None:
        """Replies of this session that cost so much were stored."""
        self._stored += _units(dollars)

    @property
    def unaccounted(self) -> float:
        """US dollars that calls of this session may cost or have cost without a stored reply to show for it."""
        return (self._settled - self._stored + self._held) / _UNIT

    @property
    def spent(self) -> float:
        """US dollars booked so far, as far as prices are known."""
        return self._spent / _UNIT

    @property
    def held(self) -> float:
        """US dollars that calls under way may still cost."""
        return self._held / _UNIT

    async def hold(self, prompt: Prompt) -> float:
        """Wait, first come first served, until the call's worst cost fits; returns it for `settle`.

        ModelError, both stopping the run: budget, when it does not fit although no other call holds anything;
        stopped, after `stop`.
        """
        amount = self._worst(prompt)
        if self._stopped:
            raise stopped()
        if not self._waiting:
            if self._fits(amount):
                self._held += amount
                return amount / _UNIT
            if not self._held:
                raise self._used_up(amount)
        await self._turn(amount)
        return amount / _UNIT

    async def _turn(self, amount: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:  # its turn had come in the same moment
                self._held -= amount
            self._admit()  # also when it only waited: the next one may be smaller
            raise

    def settle(self, held: float, prompt: Prompt, reply: Reply | None, *, charged: bool = False) -> float | None:
        """Give back what `hold` returned and book what the call cost; returns that, None where the price is unknown.

        The reply's usage counts; what it leaves out is estimated from the prompt's tokens and the reply's text. Without
        a reply the whole hold is booked if the call may have been `charged`, and else nothing.
        """
        amount = _units(held)
        if reply is not None:
            booked = self._cost(amount, prompt, reply)
        elif charged:
            booked = None if self._price is None else amount
        else:
            booked = 0
        self._held -= amount
        self._spent += booked or 0
        self._settled += booked or 0
        self._admit()
        return None if booked is None else booked / _UNIT

    def stop(self) -> None:
        """No call is let through any more: those that wait, and those to come, raise ModelError (stopped)."""
        self._stopped = True
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(stopped())

    def _cost(self, held: int, prompt: Prompt, reply: Reply) -> int | None:
        if self._price is None:
            return None
        known = cost(self._price, reply.usage, batch=self._batch)
        if known is not None:
            return _units(known)
        usage = reply.usage
        written = tokens.count(reply.text, reply.model)[0] if usage.output is None else usage.output
        sent = prompt.tokens if usage.input is None else usage.input
        guess = cost(self._price, Usage(sent, written, usage.cached), batch=self._batch) or 0.0
        return min(_units(guess), held)  # an estimate must not book more than the call could have cost

    def _worst(self, prompt: Prompt) -> int:
        if self._price is None:
            return 0
        frame = len(prompt.messages) * _MESSAGE_TOKENS + len(json.dumps(prompt.schema)) // _SCHEMA_CHARACTERS
        dollars = worst(
            self._price,
            prompt.tokens + frame,
            prompt.tokens_estimated,
            self._max_reply_tokens,
            batch=self._batch,
        )
        return math.ceil(dollars * _UNIT)

    def _fits(self, amount: int) -> bool:
        return self._limit is None or self._spent + self._held + amount <= self._limit

    def _admit(self) -> None:
        """Let through, in order, all whose turn has come, and turn away whom waiting could not help."""
        while self._waiting:
            amount, turn = self._waiting[0]
            if turn.cancelled():
                pass
            elif self._fits(amount):
                self._held += amount
                turn.set_result(None)
            elif not self._held:
                turn.set_exception(self._used_up(amount))
            else:
                return
            self._waiting.popleft()

    def _used_up(self, amount: int) -> ModelError:
        more = money((self._spent + amount) / _UNIT)
        longer = ""
        if self._limit is not None and self._spent > self._limit:
            longer = (
                " It was passed because replies were longer than [prompt] max_reply_tokens allows, or prompts dearer."
            )
        return ModelError(
            f"The budget does not cover another call: {money(self.spent)} of {money(self.limit)} is spent or may have "
            f"been billed, and one more call may cost up to {money(amount / _UNIT)}.{longer}",
            f"run the same command again with --budget above {more.removeprefix('< ')}; finished units are kept",
            kind="budget",
            stops_run=True,
        )


def _units(dollars: float) -> int:
    return round(dollars * _UNIT)
