"""Text in as it streams, lines of a terminal out: words stay whole, Chinese may break anywhere but before a full stop.

What is foreign (documents, replies) is cleaned first: it must not move the cursor or turn the reading direction.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]")
_CLOSES = frozenset("，。！？、；：”’）》」』】〕…—,.!?;:)]}%％·～")
_OPENS = frozenset("“‘（《「『【〔([{")
_JOINS = frozenset("\u200d\u2060\xa0")


def clean(text: str) -> str:
    """Foreign text without anything a terminal would obey; tabs are four blanks."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


@cache
def cells(character: str) -> int:
    """How many columns a character takes: 0, 1 or 2."""
    from rich.cells import cell_len

    return cell_len(character)


def fitting(text: str, width: int) -> str:
    """Text on one line, cut with an ellipsis where it would be wider than `width` columns."""
    line = " ".join(clean(text).split())
    used = 0
    for at, character in enumerate(line):
        used += cells(character)
        if used > width - 1 and (used > width or at + 1 < len(line)):
            return f"{line[:at]}…"
    return line


Write = Callable[[str, str], None]
"""Text and its style."""


@dataclass(slots=True)
class Flow:
    """Sets text in lines as it comes. `width` of a line in columns, None: as long as it likes.

    What cannot be parted (a word, a character with the marks behind it) is held back until it is whole.
    """

    write: Write
    width: Callable[[], int | None]
    indent: int = 0  # of every line but the first
    _column: int = 0
    _gap: str = ""  # blanks before what is held back
    _held: list[tuple[str, str]] = field(default_factory=list)
    _blanks: str = ""  # and after it
    _last: str = ""
    _out: list[tuple[str, str]] = field(default_factory=list)  # to be written at once

    def add(self, text: str, style: str = "") -> None:
        """Some more text."""
        text = clean(text)
        if self.width() is None:
            self._put(text, style)
            self._column = self._column if not text else 0 if text.endswith("\n") else 1
        else:
            for character in text:
                self._take(character, style)
        self._emit()

    def glue(self, text: str, style: str = "") -> None:
        """Text that stays on the line of what stands before it, also across blanks: a marker."""
        if self.width() is None:
            self._put(text, style)
            self._column = 1
            self._emit()
            return
        self._held += [(self._blanks, ""), (text, style)]
        self._blanks, self._last = "", text[-1]

    def end(self) -> None:
        """Write what is held back, and end the line if one was begun."""
        self._settle()
        if self._column:
            self._break(0)
        self._emit()

    def _take(self, character: str, style: str) -> None:
        if character == "\n":
            self._settle()
            self._break(0)
        elif character == " ":
            self._blanks += character
        else:
            if self._blanks or self._parts(self._last, character):
                blanks = self._blanks
                self._settle()
                self._gap = blanks
            before = self._held.pop()[0] if self._held and self._held[-1][1] == style else ""
            self._held.append((before + character, style))
        self._last = character

    @staticmethod
    def _parts(before: str, after: str) -> bool:
        """Whether a line may break between two characters."""
        if not before or after in _CLOSES or before in _OPENS or _JOINS & {before, after} or not cells(after):
            return False
        return cells(before) == 2 or cells(after) == 2

    def _settle(self) -> None:
        """Write what is held back, on a new line if it does not fit on this one."""
        held, gap = self._held, self._gap
        self._held, self._gap, self._blanks = [], "", ""
        if not held:
            return
        width = self.width() or 0
        needed = sum(cells(character) for text, _ in held for character in text)
        if self._column > self.indent and self._column + len(gap) + needed > width:
            self._break(self.indent)
            gap = ""
        self._put(gap, "")
        self._column += len(gap)
        for text, style in held:
            self._fill(text, style, width)

    def _fill(self, text: str, style: str, width: int) -> None:
        """Write text that fits on the line, or is wider than any line and broken where this one is full."""
        part = ""
        for character in text:
            if self._column + cells(character) > width and self._column > self.indent:
                self._put(part, style)
                self._break(self.indent)
                part = ""
            part += character
            self._column += cells(character)
        self._put(part, style)

    def _break(self, indent: int) -> None:
        self._put("\n" + " " * indent, "")
        self._column = indent

    def _put(self, text: str, style: str) -> None:
        before = self._out.pop()[0] if self._out and self._out[-1][1] == style else ""
        self._out.append((before + text, style))

    def _emit(self) -> None:
        for text, style in self._out:
            if text:
                self.write(text, style)
        self._out.clear()
