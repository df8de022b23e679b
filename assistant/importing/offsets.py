"""Texts and positions as other tools count them in, canonical text and code points out. Pure.

Two steps that stay apart: a `Ruler` finds the code point at a position counted in other units (UTF-16, UTF-8 bytes),
and `move` carries code points of the raw text over to the text as a `Document` holds it.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from assistant.reading.composing import canonical

_SHORTENED = re.compile(r"\A\ufeff|\r\n|[\x00-\x08\x0e-\x1f\x7f]")
_LINE_ENDS = re.compile(r"[\r\x0b\x0c]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_ASTRAL = "\uffff"  # the last character of one UTF-16 unit
_UTF8_STEPS = ("\x7f", "\u07ff", "\uffff")  # the last characters of one, two and three bytes
_DECOMPOSING = 0x30000  # no character from here on has a canonical decomposition

_Edit = tuple[int, int, str]  # raw start, raw end, what stands there afterwards


def utf16_width(character: str) -> int:
    """Code units of UTF-16 that a character takes."""
    return 2 if character > _ASTRAL else 1


def utf8_width(character: str) -> int:
    """Bytes of UTF-8 that a character takes."""
    return 1 + sum(character > step for step in _UTF8_STEPS)


class Ruler:
    """Where in `raw` a position stands that was counted with `width` units for each character."""

    def __init__(self, raw: str, width: Callable[[str], int]) -> None:
        self._boundaries = array("q", accumulate(map(width, raw), initial=0))

    @property
    def length(self) -> int:
        """The whole text in units."""
        return self._boundaries[-1]

    def at(self, position: int) -> int:
        """The code point at `position` units. ValueError outside the text and inside a character."""
        if not 0 <= position <= self.length:
            raise ValueError(f"position {position} is outside the text, which ends at {self.length}")
        place = bisect_left(self._boundaries, position)
        if self._boundaries[place] != position:
            raise ValueError(f"position {position} is inside a character")
        return place

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The code points of a half-open stretch. ValueError also where it ends before it starts."""
        if end < start:
            raise ValueError(f"it ends at {end}, before it starts at {start}")
        return self.at(start), self.at(end)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Replacements in a text: where each stood and where it stands. Between them nothing changes."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    new_starts: tuple[int, ...]
    new_ends: tuple[int, ...]

    def move(self, place: int, *, up: bool) -> int:
        """`place` after the replacements; one inside a replaced stretch goes to its end (`up`) or its start."""
        last = bisect_right(self.starts, place) - 1
        if last < 0:
            return place
        if place >= self.ends[last]:
            return self.new_ends[last] + place - self.ends[last]
        return self.new_ends[last] if up and place > self.starts[last] else self.new_starts[last]


@dataclass(frozen=True, slots=True)
class Moved:
    """A text in canonical form, and the way there for places in the raw text."""

    text: str
    _stages: tuple[_Stage, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A half-open stretch of code points of the raw text as one of `text`.

        What begins or ends inside characters that became one (a CRLF, a letter and its accent) takes all of them.
        """
        for stage in self._stages:
            start, end = stage.move(start, up=False), stage.move(end, up=True)
        return start, max(start, end)


def move(raw: str) -> Moved:
    """`raw` as `Document.text` would have it, with the way there. ValueError for halves of characters.

    Raises ReadingError, as reading does, for stacks of combining marks no writing has.
    """
    if _SURROGATES.search(raw):
        raise ValueError("the text holds halves of characters (lone surrogates)")
    canonical(raw)  # refuses what takes quadratic time below
    text, first = _edited(raw, ((m.start(), m.end(), "\n" if m[0] == "\r\n" else "") for m in _SHORTENED.finditer(raw)))
    text = _LINE_ENDS.sub("\n", text)
    if unicodedata.is_normalized("NFC", text):
        return Moved(text, (first,))
    text, second = _edited(text, _compositions(text))
    return Moved(text, (first, second))


def _edited(raw: str, edits: Iterable[_Edit]) -> tuple[str, _Stage]:
    parts: list[str] = []
    places: list[tuple[int, int, int, int]] = []
    at = new = 0
    for start, end, words in edits:
        parts += (raw[at:start], words)
        new += start - at
        places.append((start, end, new, new + len(words)))
        new += len(words)
        at = end
    parts.append(raw[at:])
    columns = tuple(zip(*places, strict=True)) or ((), (), (), ())
    return "".join(parts), _Stage(*columns)


def _compositions(text: str) -> Iterator[_Edit]:
    """The clusters that NFC changes. A line at a time: no character composes with a line feed."""
    start = 0
    for line in text.splitlines(keepends=True):
        if not unicodedata.is_normalized("NFC", line):
            for low, high in _clusters(line):
                composed = unicodedata.normalize("NFC", line[low:high])
                if composed != line[low:high]:
                    yield start + low, start + high, composed
        start += len(line)


def _clusters(line: str) -> Iterator[tuple[int, int]]:
    """Stretches that compose independently: each begins where nothing can combine with what stands before."""
    low = 0
    for place, character in enumerate(line):
        if place and _begins(character):
            yield low, place
            low = place
    yield low, len(line)


@cache
def _begins(character: str) -> bool:
    """Whether a character never combines with those before it (Unicode Standard Annex 15, 9.1)."""
    first = unicodedata.normalize("NFD", character)[0]
    return unicodedata.combining(first) == 0 and first not in _seconds()


@cache
def _seconds() -> frozenset[str]:
    """Every character that is the second half of a canonical decomposition, with the jamo that Hangul ends on."""
    pairs = (unicodedata.decomposition(chr(number)).split() for number in range(_DECOMPOSING))
    found = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<")}
    return frozenset(found | {chr(number) for number in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))})
