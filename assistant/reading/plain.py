"""Bytes of a text or Markdown file in, content out. Pure. The text is kept as it is; only blocks are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.model import Block, Span
from assistant.reading.composing import Content, canonical
from assistant.reading.decoding import decode

_LINE = re.compile(r"[^\n]+")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:[^\n]+\n){1,100}?(?:---|\.\.\.)[ \t]*\n")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(?=[^ \t])")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_NOT_A_PARAGRAPH = re.compile(r"[ \t]*(?:[>|]|[-*+][ \t]|\d+[.)][ \t]|-{3,}|={3,})|[ \t]{4,}")
_DELIMITER = re.compile(r":?-+:?")


def compose(data: bytes, extension: str) -> Content:
    """The file's text, with headings and table rows marked when `extension` is ".md"."""
    decoded = decode(data)
    piece = canonical(decoded.text)
    blocks = tuple(_markdown_blocks(piece.text)) if extension == ".md" else ()
    return Content(piece.text, blocks, (*decoded.notes, *piece.notes()), decoded.encoding)


def _markdown_blocks(text: str) -> Iterator[Block]:
    front = _FRONT_MATTER.match(text)
    lines = [match for match in _LINE.finditer(text, front.end() if front else 0) if match.group().strip()]
    fence = ""
    rows = 0  # rows of the table the line before belongs to
    for place, line in enumerate(lines):
        before = lines[place - 1] if place else None
        after = lines[place + 1] if place + 1 < len(lines) else None
        adjoins = before is not None and before.end() + 1 == line.start()
        marker = _FENCE.match(line.group())
        if marker and (not fence or marker[1].startswith(fence)):
            fence = "" if fence else marker[1]
            continue
        if fence:
            continue
        rows = _row_number(line, after, rows if adjoins else 0)
        if rows:
            if not _is_delimiter(line.group()):
                yield Block(_words(line), "table", str(rows))
            continue
        heading = _heading(line, after)
        if heading is not None:
            yield heading


def _row_number(line: re.Match[str], after: re.Match[str] | None, rows: int) -> int:
    """The line's place in its table, header first; 0 outside tables. The row of dashes takes no number."""
    if "|" not in line.group():
        return 0
    if rows:
        return rows if _is_delimiter(line.group()) else rows + 1
    follows = after is not None and after.start() == line.end() + 1
    return 1 if follows and after is not None and _is_delimiter(after.group()) else 0


def _is_delimiter(line: str) -> bool:
    cells = line.strip().removeprefix("|").removesuffix("|").split("|")
    return "|" in line and all(_DELIMITER.fullmatch(cell.strip()) for cell in cells)


def _heading(line: re.Match[str], after: re.Match[str] | None) -> Block | None:
    hashes = _HEADING.match(line.group())
    if hashes:
        words = line.group()[hashes.end() :].rstrip()
        closed = words.rstrip("#")  # hashes at the end close the heading only after a blank
        words = closed.rstrip() if closed != closed.rstrip() else words
        start = line.start() + hashes.end()
        return Block(Span(start, start + len(words)), "heading", str(len(hashes[1]))) if closed else None
    if after is None or after.start() != line.end() + 1 or _NOT_A_PARAGRAPH.match(line.group()):
        return None
    underline = _UNDERLINE.match(after.group())
    return Block(_words(line), "heading", "1" if underline[1][0] == "=" else "2") if underline else None


def _words(line: re.Match[str]) -> Span:
    """The line without the white space around it."""
    words = line.group()
    return Span(line.start() + len(words) - len(words.lstrip()), line.start() + len(words.rstrip()))
