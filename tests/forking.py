"""`codart` in a process of its own that can be killed: forked from one that has the heavy imports behind it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_PATIENCE = 60.0  # seconds until a process counts as hung

forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload(["assistant.cli.app", "assistant.conducting", "langchain_openai", "rich.live", "yaml"])


def command(log: str, arguments: list[str], file_limit: int | None = None) -> None:
    """Run `codart` with its output going to a file, and no file growing beyond `file_limit` bytes."""
    import resource

    from assistant.cli import main

    with Path(log).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    main(arguments)


class Codart:
    """One running `codart`."""

    def __init__(self, log: Path, *arguments: object, file_limit: int | None = None) -> None:
        self._log = log
        self._process: ForkServerProcess = forking.Process(
            target=command, args=(str(log), [str(a) for a in arguments], file_limit)
        )
        self._process.start()

    def send(self, name: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        assert self._process.pid is not None
        if self._process.is_alive():
            os.kill(self._process.pid, name)

    def until(self, ready: Callable[[], bool]) -> bool:
        """Wait until `ready`; False if the process ended before."""
        end = time.monotonic() + _PATIENCE
        while not ready():
            assert time.monotonic() < end, f"nothing happens: {self.said()}"
            if not self._process.is_alive():
                return False
            time.sleep(0.002)
        return True

    def end(self) -> int:
        """Wait for the end; returns the exit code, below zero for a signal."""
        self._process.join(_PATIENCE)
        assert self._process.exitcode is not None, f"does not end: {self.said()}"
        return self._process.exitcode

    def said(self) -> str:
        """All it has printed."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""
