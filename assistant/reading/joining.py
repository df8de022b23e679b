"""Wrapped lines in, whole paragraphs out: undoes the line breaks a page layout made. Pure.

Nothing but spaces and line-end hyphens is added or taken away. A line break is kept where a paragraph seems to end:
a clearly short line, a sentence end on a line that is not full, a heading, a list mark, a speaker or an indent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase

from assistant.languages import CJK

_CJK_CHARACTER = re.compile(f"[{CJK}“”‘’…—]")  # typographic quotes and dashes are set solid in Chinese
_CJK_STRICT = re.compile(f"[{CJK}]")
_TERMINAL = re.compile(r"[.!?。！？…:：;；][\"'”’」』)）\]】]*$")
_ITEM = re.compile(
    r"(?:[-*•·●○■□◆▪–—][ \t]|[(（]?\d{1,3}[.)、）](?!\d)|\d{1,2}(?:\.\d{1,2})+[ \t]"
    r"|[(（]?[一二三四五六七八九十]{1,3}[)）、.．]|第[一二三四五六七八九十百\d]{1,4}[章节条部篇]"
    r"|[^\W\d_][\w. ]{0,9}：|[A-Z][\w. ]{0,24}: )"
)
_HYPHENATED = re.compile(r"[A-Za-z]-$")
_RIGHT_PART = re.compile(r"[a-z]+")
_GLUED_HYPHEN = re.compile(r"[^\W_]-")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_SOFT_HYPHEN = "\u00ad"
# Shares of the page's usual line width, from what justified Chinese and ragged English pages look like.
_SHORT = 0.6  # nothing but a heading or a last line is this short
_NOT_FULL = 0.93  # a sentence ending before here ends its paragraph
_NOT_FULL_CJK = 0.85  # Chinese lines are filled to the edge
_USUAL = 0.9  # the quantile of line widths taken as usual


@dataclass(frozen=True, slots=True)
class Joined:
    """Paragraphs, how many line breaks were undone and how many hyphens went with them."""

    paragraphs: tuple[str, ...]
    breaks: int
    hyphens: int


def vocabulary(lines: Sequence[str]) -> frozenset[str]:
    """The words that stand unbroken somewhere in `lines`, lower-case, with their inner hyphens."""
    words: set[str] = set()
    for before, line in pairwise(["", *(line.strip() for line in lines)]):
        found = [match.group().lower() for match in _WORD.finditer(line.removesuffix("-"))]
        first = 1 if _HYPHENATED.search(before) else 0
        last = len(found) - 1 if _HYPHENATED.search(line) else len(found)
        words.update(found[first:last])
    return frozenset(words)


def join(lines: Sequence[str], words: frozenset[str] = frozenset()) -> Joined:
    """Put wrapped `lines` together; `words` (see `vocabulary`) settles which line-end hyphens belong to a word."""
    filled = [line for line in lines if line.strip()]
    widths = sorted(_width(line) for line in filled)
    usual = widths[round(_USUAL * (len(widths) - 1))] if widths else 0
    # An indent tells only where most lines have none.
    indents = sum(line[0].isspace() for line in filled) * 2 < len(filled)
    paragraphs: list[list[str]] = []
    breaks = hyphens = 0
    before = ""
    for line in lines:
        words_of_line = line.strip()
        indented = indents and line[:1].isspace()
        if words_of_line and before and not indented and not _ends(before, words_of_line, usual):
            hyphens += append(paragraphs[-1], words_of_line, words)
            breaks += 1
        elif words_of_line:
            paragraphs.append([words_of_line])
        before = words_of_line
    return Joined(tuple("".join(pieces) for pieces in paragraphs), breaks, hyphens)


def append(pieces: list[str], piece: str, words: frozenset[str] = frozenset()) -> bool:
    """Add a line to a paragraph's pieces, glued to the last one; whether a hyphen went. Time does not grow with it."""
    glued = glue(pieces[-1], piece, words)
    gone = len(glued) < len(pieces[-1]) + len(piece)
    pieces[-1] = glued[: len(glued) - len(piece)]
    pieces.append(piece)
    return gone


def glue(left: str, right: str, words: frozenset[str] = frozenset()) -> str:
    """Two lines of one paragraph as one: nothing between Chinese, a space between words, hyphens looked at."""
    if left.endswith(_SOFT_HYPHEN):
        return left[:-1] + right
    if _GLUED_HYPHEN.fullmatch(left[-2:]):
        return (left[:-1] if _is_soft(left, right, words) else left) + right
    solid = _CJK_CHARACTER.match(left[-1:]) and _CJK_CHARACTER.match(right)
    # a quote or dash alone does not make a Chinese line
    chinese = _CJK_STRICT.match(left[-1:]) or _CJK_STRICT.match(right)
    return left + right if solid and chinese else f"{left} {right}"


def _is_soft(left: str, right: str, words: frozenset[str]) -> bool:
    """Whether the hyphen is the typesetter's: the joined word stands elsewhere, or its halves stand nowhere alone."""
    halves = _RIGHT_PART.match(right)
    first, second = left[len(left[:-1].rstrip(ascii_lowercase)) : -1], halves[0] if halves else ""
    if not first or not second or f"{first}-{second}" in words:
        return False
    return first + second in words or (first not in words and second not in words)


def _ends(line: str, following: str, usual: int) -> bool:
    """Whether a paragraph ends between the two lines."""
    width = _width(line)
    if width < _SHORT * usual or _ITEM.match(following):
        return True
    if _TERMINAL.search(line):
        heading = _width(following) < _SHORT * usual and not _TERMINAL.search(following)
        return heading or width < _NOT_FULL * usual
    return bool(_CJK_STRICT.match(line[-1])) and width < _NOT_FULL_CJK * usual


def _width(line: str) -> int:
    """Columns the line takes, a Chinese character counting two."""
    line = line.strip()
    return len(line) + len(_CJK_STRICT.findall(line))
