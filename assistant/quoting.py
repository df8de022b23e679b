"""A researcher's manuscript in, the quotations it contains out. Pure.

Quotations are what stands between “…”, "…", 「…」, 『…』, ‘…’ or «…», and block quotes (lines that begin with ">").
They may run over line ends but not over a blank line, and may hold one another: both are reported, with their depth.
《…》 are titles. What is shorter than four Chinese characters or three words is a term in quotation marks rather than
evidence; it is counted, and so is a mark that is opened and never closed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from assistant.model import Span

_CLOSING = {"“": "”", "「": "」", "『": "』", "«": "»", "‘": "’", '"': '"', "＂": "＂"}
_MARK = re.compile('[“”「」『』«»‘’"＂]')
_BLOCK = re.compile(r"(?:^[ \t]{0,3}>[^\n]*(?:\n|\Z))+", re.MULTILINE)
_PREFIX = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_ATTRIBUTION = re.compile(r"\n[ \t]*[-–—―][^\n]*\s*\Z")  # the last line of a block quote: who said it
_CJK = re.compile(r"[぀-ヿ㐀-䶿一-鿿\uf900-\ufaff]")
_WORD = re.compile(r"[^\W_぀-ヿ㐀-䶿一-鿿\uf900-\ufaff]+(?:['’-][^\W_぀-ヿ㐀-䶿一-鿿\uf900-\ufaff]+)*")
_DEEPEST = 8  # quotations inside one another; beyond that the outermost mark was never meant to be closed
_ENOUGH = 12  # a Chinese character counts 3, a word 4: four of the one, three of the other, or a mixture


@dataclass(frozen=True, slots=True)
class Quoted:
    """One quotation. `span` is where its words stand in the manuscript, without marks; `text` is what to look for."""

    text: str  # the words; in a block quote the ">" of each line are blanks
    span: Span
    form: Literal["inline", "block"]
    depth: int = 0  # how many quotations it stands inside of


@dataclass(frozen=True, slots=True)
class Quotations:
    """The quotations of a manuscript in order, and how many were too short to prove anything or never closed."""

    quotes: tuple[Quoted, ...]
    skipped: int


def quotes_in(text: str) -> Quotations:
    """Find every quotation in a manuscript. Offsets are code points of `text`."""
    bare = _PREFIX.sub(lambda match: " " * len(match.group()), text)  # same offsets, no block marks
    blocks = [span for match in _BLOCK.finditer(text) if (span := _block_span(bare, match))]
    found = [Quoted(span.of(bare), span, "block") for span in blocks]
    unclosed = 0
    for paragraph in _paragraphs(bare):
        inline, lost = _inline(bare, paragraph)
        unclosed += lost
        found += (_trimmed(bare, span, depth + _inside(span, blocks)) for span, depth in inline)
    long_enough = [quoted for quoted in found if _weight(quoted.text) >= _ENOUGH]
    long_enough.sort(key=lambda quoted: (quoted.span.start, -quoted.span.end, quoted.depth))
    return Quotations(tuple(long_enough), len(found) - len(long_enough) + unclosed)


def _weight(words: str) -> int:
    return 3 * sum(1 for _ in _CJK.finditer(words)) + 4 * sum(1 for _ in _WORD.finditer(words))


def _inside(span: Span, blocks: list[Span]) -> int:
    """1 where a block quote holds the span, else 0."""
    before = bisect_right(blocks, span.start, key=lambda block: block.start)
    return int(before > 0 and blocks[before - 1].contains(span))


def _block_span(bare: str, match: re.Match[str]) -> Span | None:
    """The words of a block quote without surrounding blanks and without the line that names the speaker."""
    words = _ATTRIBUTION.sub("", bare[match.start() : match.end()])
    start = match.start() + len(words) - len(words.lstrip())
    return Span(start, match.start() + len(words.rstrip())) if words.strip() else None


def _trimmed(text: str, span: Span, depth: int) -> Quoted:
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    trimmed = Span(start, max(start, span.start + len(words.rstrip())))
    return Quoted(trimmed.of(text), trimmed, "inline", depth)


def _paragraphs(text: str) -> Iterator[Span]:
    start = 0
    for match in _BLANK_LINE.finditer(text):
        yield Span(start, match.start())
        start = match.end()
    yield Span(start, len(text))


def _inline(text: str, paragraph: Span) -> tuple[list[tuple[Span, int]], int]:
    """The quotations of one paragraph with their depth, and how many marks were opened but not closed."""
    found: list[tuple[Span, int]] = []
    opened: list[tuple[str, int]] = []
    lost = 0
    for match in _MARK.finditer(text, paragraph.start, paragraph.end):
        mark, at = match.group(), match.start()
        inner = next((i for i in reversed(range(len(opened))) if _CLOSING[opened[i][0]] == mark), None)
        if inner is not None and _closes(text, at, paragraph.end):
            lost += _count_lost(opened[inner + 1 :])
            found.append((Span(opened[inner][1], at), inner))
            del opened[inner:]
        elif inner is None and mark in _CLOSING and _opens(text, at):
            opened.append((mark, at + 1))
            lost += _count_lost(opened[:-_DEEPEST])
            del opened[:-_DEEPEST]
    return found, lost + _count_lost(opened)


def _count_lost(opened: list[tuple[str, int]]) -> int:
    """Marks never closed; ‘ and " are not counted, they may well be an apostrophe or an inch."""
    return sum(mark not in '‘"＂' for mark, _ in opened)


def _opens(text: str, at: int) -> bool:
    """Whether a mark that could open a quotation does; the straight and single ones can be something else."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if text[at] == '"':
        return bool(after) and not after.isspace() and not before.isdecimal()
    return text[at] != "‘" or not before.isalnum() or _CJK.match(before) is not None


def _closes(text: str, at: int, end: int) -> bool:
    """Whether a mark closes the quotation it fits. ’ may be an apostrophe: don’t, users’ trust."""
    if text[at] != "’":
        return True
    before, after = text[at - 1], text[at + 1 : at + 2]
    if after.isalnum() and before.isalnum() and not _CJK.match(after) and not _CJK.match(before):
        return False
    possessive = before in "sS" and text[at + 1 : at + 3].strip().isalpha() and after == " "
    if not possessive:
        return True
    later = re.compile(r"[‘’](?!\w)|‘").search(text, at + 1, end)
    return later is None or later.group() == "‘"
