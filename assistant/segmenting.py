"""A document in, the segments that tile its text out: sentences, paragraphs or speaker turns. Pure.

What becomes a segment (the rules of `SCHEME_VERSION`; a change of rules is a new scheme):

- Tiling: the first segment starts at 0, the last ends with the text; white space, ruled lines (---) and a time code
  alone on its line belong to the segment before. None is blank; a text without a visible sign has none.
- A paragraph ends at a line break. Lines wrapped by hand (50 to 120 columns, text and Markdown only) are one
  paragraph: a break is wrapping where the next word would not have fitted. Each list item is a paragraph of its own,
  because items are claims of their own. A paragraph heavier than `sentences.LIMIT` is cut at sentence ends.
- A table row is a segment, the header row (with the rule under it) as well; rows and headings are cut into sentences at
  no size, but one heavier than `sentences.LIMIT` is cut like a paragraph.
- A heading is what the reader marked, # and underlined lines, and short lines that other text follows: 一、… （一）…
  1. … 第三章 Chapter 3 CAPITALS. Numbered lines in a row are a list. Within an interview only a line right before a
  speaker line is taken for one.
- A speaker line begins with a role (受访者： Interviewer:), both sides of 问/答 or Q/A, a name that comes back, or a
  numbered post with a date. The speaker is the label as written (NFKC), without time code and stage direction.
- A turn runs from its speaker line to the next one or to a heading. At size "turn" everything outside turns (the head
  of a transcript, documents without speakers) falls back to paragraphs. At the smaller sizes segments end with the
  turn and carry its speaker; a label or post header alone on its line goes with the words that follow.
- Sentences lie within paragraphs, paragraphs within turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.model import Block, Document, Segment, SegmentKind, SegmentSize, Span
from assistant.sentences import BLANK, CJK, LIMIT, pack, sentences, visible, weight
from assistant.turns import CLOCK, HAS_CJK, Label, Line, ends, speakers, width, wordlist

SCHEME_VERSION = 1


_NEWLINE = re.compile(r"[\n\v\f\x85\u2028\u2029]")
_BLANKS = re.compile(rf"[{BLANK}]*")
_CLOSED = re.compile(r"[。！？!?.…⋯；;，,、][\"'”’」』＂)）\]】》*_~～]*$")  # nothing that ends so is a heading
_RULE = re.compile(rf"[\s|:+=\-*_~—–]{{2,}}|{CLOCK}")
_ITEM = re.compile(
    r"[-*+•·●○■▪◦‣–][ \t\u3000]+|[（(]?\d{1,3}[)）]|\d{1,3}[.、．](?!\d)|[①-⑳]|[（(]?[一二三四五六七八九十]{1,3}[)）、]"
    r"|[（(]?[a-z][)）][ \t]"
)
_NUMBERED = (
    re.compile(r"[一二三四五六七八九十]{1,3}[、．.][ \t\u3000]*\S"),
    re.compile(r"[（(][一二三四五六七八九十]{1,3}[)）][ \t\u3000]*\S"),
    re.compile(r"\d{1,2}[.．、][ \t\u3000]*[^\W\d_]"),
    re.compile(
        rf"\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}[.．、]?"
        rf"(?:[ \t\u3000]+(?=[A-Z{CJK}])|(?![万亿元个倍年月日米吨版代寸级度折])(?=[{CJK}]))"
    ),
    re.compile(rf"\d{{1,2}}[ \t\u3000]+(?=[A-Z{CJK}])"),
)
_ARABIC = 2  # the first style of _NUMBERED with Arabic numerals: "1.", which Markdown reads as a list
_HASHES = re.compile(r"#{1,6}[ \t]+\S")
_CHAPTER = re.compile(
    r"第[一二三四五六七八九十百零〇\d]{1,4}(?:章|节|節|部分|篇|卷)|(?i:chapter|part|section|appendix|annex)"
    r"[ \t]+(?:\d{1,3}(?:\.\d{1,2}){0,3}|[IVXLC]{1,6}|[A-Z])(?:[ \t]*[:.：–—-].*|[ \t]+[A-Z].*)?$"
)
_NAMED = wordlist(
    "abstract introduction background methods methodology results findings discussion conclusion conclusions"
    " references bibliography acknowledgements acknowledgments appendix 摘要 引言 前言 绪论 结语 结论 讨论 参考文献"
    " 致谢 附录 后记"
)
_MARKUP_BEFORE = re.compile(r"(?:^|(?<=\n))[^\w\n]{0,16}\Z")
_MARKUP_AFTER = re.compile(r"[^\w\n]{0,16}(?=\n|\Z)")
_WRAPPED = frozenset({"txt", "md"})  # the other formats know their paragraphs
_COLUMNS = (50, 120)  # widths at which people wrap lines
_NEARLY = 0.85  # of the column: full, if the line breaks off in mid-sentence
_CAPITALS = re.compile(r"[A-Z]{4}")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A paragraph before it is cut to size: it runs to the start of the next."""

    start: int
    kind: SegmentKind
    turn: int  # 0 outside turns
    speaker: str


def scheme(size: SegmentSize) -> str:
    """The name of the rules that make segments of this size, e.g. "paragraph.v1"."""
    return f"{size}.v{SCHEME_VERSION}"


def segment(document: Document, size: SegmentSize) -> tuple[Segment, ...]:
    """The segments of a document at one size, numbered from 1; none if its text is blank.

    Deterministic, and linear in the length of the text (but for sorting its lines). Errors: none.
    """
    text = document.text
    if not visible(text):
        return ()
    units = _units(document)
    if size == "turn":
        units = _whole_turns(units)
    ends = [unit.start for unit in units[1:]] + [len(text)]
    pieces: list[tuple[Span, _Unit]] = []
    for unit, end in zip(units, ends, strict=True):
        pieces += [(span, unit) for span in _cut(text, Span(unit.start, end), unit.kind, size)]
    return tuple(
        Segment(span, unit.kind, unit.speaker, number, document=document.id)
        for number, (span, unit) in enumerate(pieces, start=1)
    )


def _cut(text: str, span: Span, kind: SegmentKind, size: SegmentSize) -> list[Span]:
    words = span.of(text)
    whole = kind != "paragraph" or size != "sentence"
    if kind == "turn" or (whole and weight(words) <= LIMIT):
        return [span]
    parts = sentences(words)
    if whole:
        parts = pack(words, parts)
    return [Span(span.start + part.start, span.start + part.end) for part in parts]


def _whole_turns(units: Sequence[_Unit]) -> list[_Unit]:
    found: list[_Unit] = []
    for unit in units:
        if not unit.turn:
            found.append(unit)
        elif not found or found[-1].turn != unit.turn:
            found.append(_Unit(unit.start, "turn", unit.turn, unit.speaker))
    return found


def _units(document: Document) -> list[_Unit]:
    """The paragraphs, headings and table rows of the text, with the turn each belongs to."""
    turns = _snapped(document, ("turn",))
    shapes = _snapped(document, ("heading", "table"))
    lines = _lines(document.text, shapes, turns)
    labels = {} if turns else speakers(lines, document)
    kinds = _kinds(lines, shapes, labels, document)
    joined = _joined(lines, kinds, labels, document)
    units: list[_Unit] = []
    turn, speaker = 0, ""
    for place, line in enumerate(lines):
        if turns:
            turn, speaker = line.turn, turns[line.turn - 1].label if line.turn else ""
        elif place in labels:
            turn, speaker = place + 1, labels[place].name
        elif kinds[place] == "heading":
            turn, speaker = 0, ""
        if place not in joined:
            units.append(_Unit(line.start if units else 0, kinds[place], turn, speaker))
    return units or [_Unit(0, "paragraph", 0, "")]


def _snapped(document: Document, kinds: tuple[str, ...]) -> list[Block]:
    """The reader's blocks of these kinds in order, widened over mere markup on their first and last line."""
    text = document.text
    found: list[Block] = []
    for block in sorted(document.blocks, key=lambda b: (b.span.start, -b.span.end)):
        start, end = block.span.start, min(block.span.end, len(text))
        if block.kind not in kinds or (found and start < found[-1].span.end) or not visible(text[start:end]):
            continue
        before, after = _MARKUP_BEFORE.search(text, max(0, start - 16), start), _MARKUP_AFTER.match(text, end)
        floor = found[-1].span.end if found else 0
        span = Span(max(floor, before.start() if before else start), after.end() if after else end)
        found.append(Block(span, block.kind, block.label))
    return found


def _lines(text: str, shapes: Sequence[Block], turns: Sequence[Block]) -> list[Line]:
    edges = {0, len(text), *(match.end() for match in _NEWLINE.finditer(text))}
    for block in (*shapes, *turns):
        edges |= {block.span.start, block.span.end}
    points = sorted(edges)
    found: list[Line] = []
    gap = True
    in_shapes, in_turns = _cover(shapes, points), _cover(turns, points)
    for (start, end), shape, turn in zip(pairwise(points), in_shapes, in_turns, strict=False):
        blank = _BLANKS.match(text, start, end)
        first = blank.end() if blank else start
        words = text[first:end].rstrip()
        if not words:
            gap = gap or not start or _NEWLINE.match(text, start - 1) is not None
        elif _RULE.fullmatch(words) and not shape:
            if found and not gap:
                found[-1] = replace(found[-1], ruled="|" if "|" in words or "+" in words else words[0])
            gap = gap or "|" not in words
        else:
            found.append(Line(start, words, first - start, gap, "", shape, turn))
            gap = False
    return found


def _cover(blocks: Sequence[Block], points: Sequence[int]) -> list[int]:
    """For each stretch between two points the number (from 1) of the block it lies in, or 0."""
    found: list[int] = []
    place = 0
    for start in points:
        while place < len(blocks) and blocks[place].span.end <= start:
            place += 1
        found.append(place + 1 if place < len(blocks) and blocks[place].span.start <= start else 0)
    return found


def _kinds(
    lines: Sequence[Line], shapes: Sequence[Block], labels: Mapping[int, Label], document: Document
) -> list[SegmentKind]:
    kinds: list[SegmentKind] = ["paragraph"] * len(lines)
    rows = _rows(lines, labels)
    marked = document.media_type == "md" and bool(shapes)  # then the reader has seen every # and underline
    first_label = min(labels, default=len(lines))
    for place in range(len(lines) - 1, -1, -1):  # backwards: some headings are known by what follows
        line = lines[place]
        if line.shape:
            kinds[place] = "heading" if shapes[line.shape - 1].kind == "heading" else "table"
        elif place in rows:
            kinds[place] = "table"
        elif place not in labels and width(line.text) <= 80:
            underlined = line.ruled in ("=", "-") and line.gap and not _CLOSED.search(line.text[-20:])
            sure = not marked and (_HASHES.match(line.text) or underlined)
            last = place + 1 == len(lines)
            follows = not last and (place < first_label or place + 1 in labels or kinds[place + 1] == "heading")
            if sure or (follows and _is_heading(lines, place, markdown=document.media_type == "md")):
                kinds[place] = "heading"
    return kinds


def _is_heading(lines: Sequence[Line], place: int, *, markdown: bool) -> bool:
    """Whether a short line that other text follows reads like a heading of plain text."""
    line, text = lines[place], lines[place].text
    above = lines[place - 1].text if place else ""
    if _CLOSED.search(text[-20:]) or not (line.gap or ends(above) or width(above) < 60):
        return False
    if _CHAPTER.match(text) or text.casefold().strip(" :：") in _NAMED:
        return True
    style = _style(text)
    if style is not None:  # numbered lines in a row, or with clauses, are a list
        alone = style not in (_style(above), _style(lines[place + 1].text))
        bare = style == len(_NUMBERED) - 1 and not (line.gap and lines[place + 1].gap)
        listed = style >= _ARABIC and ("，" in text or (markdown and style == _ARABIC))
        return alone and not bare and not listed
    return line.gap and text.isupper() and bool(_CAPITALS.search(text)) and not HAS_CJK.search(text)


def _style(text: str) -> int | None:
    """Which of `_NUMBERED` the line begins with."""
    return next((style for style, pattern in enumerate(_NUMBERED) if pattern.match(text)), None)


def _rows(lines: Sequence[Line], labels: Mapping[int, Label]) -> set[int]:
    """The lines of tables drawn with bars or tabs: two rows at least, or one with a rule under it."""
    signs = ["" if line.shape or place in labels else _separator(line.text) for place, line in enumerate(lines)]
    found: set[int] = set()
    for place, sign in enumerate(signs):
        above = place > 0 and signs[place - 1] == sign and not lines[place].gap
        below = place + 1 < len(lines) and signs[place + 1] == sign and not lines[place + 1].gap
        if sign and (above or below or (sign == "|" and lines[place].ruled == "|")):
            found.add(place)
    return found


def _separator(text: str) -> str:
    """What parts the cells of the line, if it has at least two."""
    if "|" in text.strip("|"):
        return "|"
    return "\t" if "\t" in _ITEM.sub("", text, count=1) else ""


def _joined(
    lines: Sequence[Line], kinds: Sequence[SegmentKind], labels: Mapping[int, Label], document: Document
) -> set[int]:
    """The lines that go on with the paragraph, heading or row of the line before."""
    found = set()
    for place in range(1, len(lines)):
        same_shape = lines[place].shape and lines[place].shape == lines[place - 1].shape
        label = labels.get(place - 1)
        spoken = label and not label.content and place not in labels and kinds[place] == "paragraph"
        if same_shape or spoken:
            found.add(place)
    if document.media_type in _WRAPPED:
        runs = _runs(lines, kinds, labels, found)
        column = max((_column([lines[i] for i in run]) for run in runs), default=0)
        for run in runs:
            found.update(_wrapped(lines, run, _column([lines[i] for i in run]) or column))
    return found


def _runs(
    lines: Sequence[Line], kinds: Sequence[SegmentKind], labels: Mapping[int, Label], joined: set[int]
) -> list[list[int]]:
    """Lines of text without a blank line, an item, a speaker or anything else between them."""
    runs: list[list[int]] = []
    for place, line in enumerate(lines):
        if kinds[place] != "paragraph" or line.shape:
            continue
        begins = line.gap or place in labels or _ITEM.match(line.text) or line.turn != lines[place - 1].turn
        if runs and runs[-1][-1] == place - 1 and (place in joined or not begins):
            runs[-1].append(place)
        else:
            runs.append([place])
    return [run for run in runs if len(run) > 1]


def _column(run: Sequence[Line]) -> int:
    """The column at which the lines are wrapped; 0 if they are not, or too few to tell.

    Wrapped lines break off in mid-sentence where the line is full; paragraphs of one line each end where they like.
    """
    widths = [width(line.text) for line in run]
    column = max(widths)
    if len(run) < 3 or not _COLUMNS[0] <= column <= _COLUMNS[1] or sum(w >= _NEARLY * column for w in widths) < 2:
        return 0
    full = short = 0
    for line, following in pairwise(run):
        if not ends(line.text):
            if _is_full(line, following, column):
                full += 1
            else:
                short += 1
    return column if full and full >= 3 * short else 0


def _wrapped(lines: Sequence[Line], run: Sequence[int], column: int) -> list[int]:
    """The lines of the run that go on with the line before."""
    found: list[int] = []
    first = lines[run[0]]
    indented = first.indent > min(lines[i].indent for i in run)  # then an indent begins a paragraph
    item = bool(_ITEM.match(first.text))
    for above, place in pairwise(run):
        line, before = lines[place], lines[above]
        hanging = item and line.indent > first.indent
        new = indented and line.indent > before.indent and before.indent < first.indent
        carried = line.text[0].islower() and not ends(before.text) and width(before.text) >= _COLUMNS[0]
        if hanging or (not new and (carried or (column and _is_full(before, line, column)))):
            found.append(place)
    return found


def _is_full(line: Line, following: Line, column: int) -> bool:
    """Whether the first word of the next line would not have fitted on this one."""
    filled = width(line.text)
    if filled > column:
        return False
    word = re.match(rf"[{CJK}]|[^\s{CJK}]{{1,60}}", following.text)
    needed = width(word[0]) + 1 if word else 1
    tight = filled + needed > column
    return tight or (filled >= _NEARLY * column and not ends(line.text))
