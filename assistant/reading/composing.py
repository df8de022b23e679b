"""Pieces of a source in, canonical text with exact block offsets out. Pure.

Canonical: line ends LF, no control characters but tab and line feed, no lone surrogates, Unicode NFC. Normalising
line by line equals normalising the whole, because no character composes with a line feed.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.errors import ReadingError
from assistant.model import Block, Span

BlockKind = Literal["heading", "table", "page", "turn"]

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c]")  # vertical tab and form feed end a line as well
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# Ordering combining marks takes time quadratic in their number (seen: 200,000 marks, 41 s); no writing stacks 500.
_MARK_LIMIT = 500
_LISTED = 20
_MAYBE_MARKS = re.compile(rf"[^\x00-\u02ff\u3030-\u3098\u309b-\ua66e\uac00-\ud7ff]{{{_MARK_LIMIT},}}")


@dataclass(frozen=True, slots=True)
class Content:
    """What a source format yields: everything of a Document that does not depend on where the file lies."""

    text: str
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Canonical:
    """Canonical text and how many characters were taken out or replaced on the way."""

    text: str
    controls: int = 0
    surrogates: int = 0

    def notes(self) -> tuple[str, ...]:
        """What was changed, one sentence each."""
        return _change_notes(self.controls, self.surrogates)


def canonical(text: str) -> Canonical:
    """`text` in canonical form. Raises ReadingError for stacks of combining marks no writing has."""
    text = _LINE_ENDS.sub("\n", text.removeprefix("\ufeff"))
    text, controls = _CONTROLS.subn("", text)
    surrogates = 0
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        surrogates = text.count("�")
    for run in _MAYBE_MARKS.findall(text):
        if any(
            mark and sum(1 for _ in stack) >= _MARK_LIMIT
            for mark, stack in itertools.groupby(run, lambda c: unicodedata.combining(c) != 0)
        ):
            raise ReadingError("it stacks hundreds of combining marks on one letter", "Take the decoration out.")
    return Canonical(unicodedata.normalize("NFC", text), controls, surrogates)


def _change_notes(controls: int, surrogates: int) -> tuple[str, ...]:
    notes = []
    if controls:
        notes.append(f"Control characters removed: {controls}.")
    if surrogates:
        notes.append(f"Broken characters shown as �: {surrogates}.")
    return tuple(notes)


def listed(names: Iterable[str]) -> str:
    """Names for a note, the first twenty of them."""
    found = list(filter(None, names))
    return ", ".join(found[:_LISTED]) + (" …" if len(found) > _LISTED else "")


def _tame(words: str) -> str:
    """A label or note on one line: words of the source in it must not steer a terminal."""
    return " ".join(canonical(words).text.split())


class Draft:
    """A text that grows piece by piece and knows where each piece stands."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.notes: list[str] = []
        self._parts: list[str] = []
        self._length = 0
        self._controls = 0
        self._surrogates = 0

    def add(self, words: str, kind: BlockKind | None = None, label: str = "", gap: str = "\n\n") -> Span | None:
        """Append `words` after `gap` and return their span; None when there are no words."""
        piece = canonical(words.strip())
        self._controls += piece.controls
        self._surrogates += piece.surrogates
        text = piece.text.strip()
        if not text:
            return None
        if self._length:
            self._parts.append(gap)
            self._length += len(gap)
        span = Span(self._length, self._length + len(text))
        self._parts.append(text)
        self._length = span.end
        if kind is not None:
            self.blocks.append(Block(span, kind, _tame(label)))
        return span

    def add_row(self, cells: Sequence[str], number: int) -> None:
        """Append a table row as "a | b" on one line; `number` is its place in the table, from 1."""
        filled = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
        self.add(" | ".join(cells[:filled]), "table", str(number), gap="\n" if number > 1 else "\n\n")

    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def finish(self, encoding: str = "") -> Content:
        """The finished content; blocks in reading order, the wider one first."""
        blocks = sorted(self.blocks, key=lambda block: (block.span.start, -block.span.end))
        notes = (*self.notes, *_change_notes(self._controls, self._surrogates))
        return Content(self.text(), tuple(blocks), tuple(map(_tame, notes)), encoding)
