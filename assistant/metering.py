"""Calls that want to go in, the moment each may go out: a gate of so many places, a meter of so much a minute."""

from __future__ import annotations

import asyncio
from collections import deque

from assistant.errors import stopped

WINDOW = 60.25  # seconds: a minute, and what two requests may gain on each other on their way
BURST = 1 / 6  # of a minute's allowance may go at once; the rest follows evenly
SOON = 1e-6  # seconds: a shorter wait is a rounding error


class Gate:
    """At most `width` inside at once, first come, first served."""

    __slots__ = ("_closed", "_inside", "_waiting", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self._inside = 0
        self._closed = False
        self._waiting: deque[asyncio.Future[bool]] = deque()  # empty whenever there is room

    async def enter(self) -> None:
        """Wait for a place. Raises ModelError (stopped) once the gate is closed."""
        if self._closed:
            raise stopped()
        if self._inside < self.width:
            self._inside += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            admitted = await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.result():
                self.leave()  # let in and cancelled in the same step of the loop
            raise
        if not admitted:
            raise stopped()

    def leave(self) -> None:
        """Give the place back."""
        self._inside -= 1
        self._admit()

    def resize(self, width: int) -> None:
        """Have so many places from now on; who is inside stays."""
        self.width = width
        self._admit()

    def close(self) -> None:
        """Turn away all that wait or come."""
        self._closed = True
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(False)

    def _admit(self) -> None:
        while self._waiting and self._inside < self.width:
            place = self._waiting.popleft()
            if not place.done():  # else it was cancelled
                self._inside += 1
                place.set_result(True)


class Use:
    """What one call took of a minute's allowance."""

    __slots__ = ("amount", "at")

    def __init__(self, amount: float, at: float) -> None:
        self.amount = amount
        self.at = at


class Meter:
    """A minute's allowance: never passed in any window, and a token bucket within it so that calls go evenly."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._burst = max(1.0, limit * BURST)
        self._rate = limit / 60  # a second
        self._level = self._burst  # of the bucket; below zero after a call larger than the bucket
        self._at = float("-inf")  # when the level was last right
        self._uses: deque[Use] = deque()  # of the last window, oldest first
        self._used = 0.0  # their sum

    def wait(self, amount: float, now: float) -> float:
        """Seconds until it is worth asking again for `amount`; 0 when it may go. One larger than all goes alone."""
        self._advance(now)
        if self._uses and self._used + amount > self._limit:
            return self._uses[0].at + WINDOW - now
        return max(0.0, (min(amount, self._burst) - self._level) / self._rate)

    def book(self, amount: float, now: float) -> Use:
        """`amount` goes now."""
        self._advance(now)
        use = Use(amount, now)
        self._uses.append(use)
        self._used += amount
        self._pour(amount)
        return use

    def correct(self, use: Use, amount: float, now: float) -> None:
        """`use` took `amount` in truth."""
        self._advance(now)
        more = amount - use.amount
        use.amount = amount
        self._pour(more)
        if self._counts(use, now):
            self._used += more

    def _pour(self, amount: float) -> None:
        # A call larger than all does not block longer than the minute it has for itself.
        self._level = max(self._level - amount, self._burst - self._limit)

    def _counts(self, use: Use, now: float) -> bool:
        return use.at + WINDOW > now + SOON

    def _advance(self, now: float) -> None:
        if now > self._at:
            self._level = min(self._burst, self._level + (now - self._at) * self._rate)
            self._at = now
        while self._uses and not self._counts(self._uses[0], now):
            self._used -= self._uses.popleft().amount
        if not self._uses:
            self._used = 0.0  # floats leave crumbs
