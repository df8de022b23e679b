"""`codart` on a pseudo-terminal, as a person drives it: keys in, a screen out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped, unused-ignore]
import pyte  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0  # seconds, on a busy machine
ENTER, CTRL_C, CTRL_D, CTRL_U = "\r", "\x03", "\x04", "\x15"


class _Screen(pyte.HistoryScreen):  # type: ignore[misc, unused-ignore]
    """Answers what programs ask a terminal, such as where its cursor is."""

    def __init__(self, columns: int, lines: int, child: pexpect.spawn) -> None:
        super().__init__(columns, lines, history=2000)
        self._child = child

    def write_process_input(self, data: str) -> None:
        self._child.send(data)


class Terminal:
    """A running `codart` and the screen it draws on."""

    def __init__(self, child: pexpect.spawn, columns: int, lines: int) -> None:
        self.raw = b""
        self.screen = _Screen(columns, lines, child)
        self._child = child
        self._stream = pyte.ByteStream(self.screen)

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without the blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def ask(self, text: str, until: str) -> None:
        """Type a line, send it and wait for something to stand below it."""
        at = len(self.raw)
        self.type(text + ENTER)
        self.wait(until, after=at)
        self.ready()

    def wait(self, words: str, *, after: int = 0) -> None:
        """Until words have been drawn, after so many bytes of output."""
        self.until(lambda: words in self.raw[after:].decode("utf-8", "ignore"), words)

    def ready(self) -> None:
        """Until an empty prompt is the last line."""
        self.until(lambda: self.lines[self.screen.cursor.y] == ">", "an empty prompt")

    def end(self) -> int:
        """Until the program has ended; its exit code."""
        while self._pump():
            pass
        self._child.wait()
        return int(self._child.exitstatus)

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Until something holds."""
        end = time.monotonic() + PATIENCE
        while not true():
            alive = self._pump()
            assert (alive and time.monotonic() < end) or true(), f"{what!r} never came:\n{self.text}"

    def _pump(self) -> bool:
        """Draw what the program has written; whether it still runs."""
        try:
            data = self._child.read_nonblocking(65536, 0.02)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True


@contextmanager
def terminal(
    *arguments: object, columns: int = 80, lines: int = 60, variables: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """`codart` with these arguments on a terminal of that size."""
    left_out = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CODART_PROJECT", "OPENAI_API_KEY")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(variables or {})}
    words = ["-m", "assistant", *map(str, arguments)]
    child = pexpect.spawn(
        sys.executable, words, cwd=str(ROOT), env=environment, dimensions=(lines, columns), timeout=PATIENCE
    )
    child.delaybeforesend = None
    try:
        yield Terminal(child, columns, lines)
    finally:
        child.close(force=True)
