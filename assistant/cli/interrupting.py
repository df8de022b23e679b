"""Ctrl-C while calls are under way: the first finishes them and begins none, the second drops them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.ordering import Stop

INTERRUPTED = "interrupted"


@contextmanager
def graceful(stop: Stop, notify: Callable[[], None]) -> Iterator[None]:
    """Inside, in an event loop: SIGINT and SIGTERM request a stop and `notify`, a second one cancels this task."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - called in a task

    def on_signal() -> None:
        if stop():
            task.cancel()
        else:
            stop.request(INTERRUPTED)
            notify()

    before = {}
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, on_signal)
        except NotImplementedError:  # Windows
            before[name] = signal.signal(name, lambda *_: loop.call_soon_threadsafe(on_signal))
    try:
        yield
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(name)
        for name, handler in before.items():
            signal.signal(name, handler)
