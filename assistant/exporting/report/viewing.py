"""Documents and layers in, rows of text with marks and notes out, ready for the template. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.exporting.layering import Layer, Piece, cut, lanes
from assistant.exporting.report.noting import Note, Notes
from assistant.model import Code, Document, Segment, Span

LANES = 4  # underlines that report.css can tell apart; deeper ones share the last


@dataclass(frozen=True, slots=True)
class Mark:
    """One layer over one piece of text."""

    note: Note
    lane: int
    first: bool  # whether the layer begins here: this piece carries the anchor


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text under the same marks, outermost first. `hidden`: line ends at the edge of a segment."""

    text: str
    marks: tuple[Mark, ...]
    hidden: bool

    @property
    def target(self) -> int:
        """The key of the layer a click leads to: the shortest one."""
        return min(self.marks, key=lambda m: len(m.note.quote)).note.key


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One segment with its parts."""

    number: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Segments that stand on the same lines, with the notes that begin in them."""

    kind: str
    segments: tuple[SegmentView, ...]
    notes: tuple[Note, ...]
    crowded: tuple[tuple[int, tuple[str, ...]], ...]  # segments with too many blocks, and the blocks' labels

    @property
    def numbers(self) -> str:
        """The segments' numbers as a range; nothing for text outside all segments."""
        found = [s.number for s in self.segments if s.number]
        return "" if not found else str(found[0]) if len(found) == 1 else f"{found[0]}–{found[-1]}"


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document with its rows, and the notes whose quote does not stand where they say."""

    document: Document
    segments: int
    rows: tuple[Row, ...]
    lost: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Tile:
    """A segment, or text outside all segments (number 0), with the part of it that is shown."""

    span: Span
    body: Span
    number: int
    kind: str

    @property
    def points(self) -> tuple[int, ...]:
        return (self.span.start, self.body.start, self.body.end, self.span.end)


def view(
    document: Document,
    segments: Sequence[Segment],
    made: Sequence[tuple[Layer, Note]],
    notes: Notes,
    crowds: Mapping[tuple[int, int], tuple[Code, ...]],
) -> DocumentView:
    """One document, laid out. The texts of all parts of all rows, joined, are the document's text."""
    placed = [(layer.span, note) for layer, note in made if layer.placed]
    spans = [span for span, _ in placed]
    lane = lanes(spans)
    tiles = _tiles(document.text, segments)
    pieces = cut(len(document.text), spans, lane, [p for t in tiles for p in t.points])
    starts = [p.span.start for p in pieces]
    rows = []
    for group in _paragraphs(document.text, tiles):
        inside = tuple(
            SegmentView(
                tile.number,
                tuple(
                    _part(document.text, piece, tile, placed, lane)
                    for piece in pieces[bisect_left(starts, tile.span.start) : bisect_left(starts, tile.span.end)]
                ),
            )
            for tile in group
        )
        first, last = group[0].span.start, group[-1].span.end
        begun = tuple(note for span, note in placed if first <= span.start < last)
        crowd = tuple(
            (t.number, _labels(crowds[key], notes)) for t in group if (key := (document.id, t.number)) in crowds
        )
        rows.append(Row(group[0].kind, inside, begun, crowd))
    return DocumentView(document, len(segments), tuple(rows), tuple(n for x, n in made if not x.placed))


def _labels(codes: Iterable[Code], notes: Notes) -> tuple[str, ...]:
    return tuple(c.label(notes.names.language) for c in codes)


def _tiles(text: str, segments: Sequence[Segment]) -> list[_Tile]:
    tiles: list[_Tile] = []
    at = 0
    for segment in sorted(segments, key=lambda s: s.span.start):
        if segment.span.start > at:
            tiles.append(_tile(text, at, segment.span.start, 0, "paragraph"))
        if segment.span.end > max(at, segment.span.start):
            tiles.append(_tile(text, max(at, segment.span.start), segment.span.end, segment.number, segment.kind))
            at = segment.span.end
    if at < len(text):
        tiles.append(_tile(text, at, len(text), 0, "paragraph"))
    return tiles


def _tile(text: str, start: int, end: int, number: int, kind: str) -> _Tile:
    """Line ends at either edge are kept but not shown: rows are blocks of their own and would gain empty lines."""
    words = text[start:end]
    head = len(words) - len(words.lstrip())
    lead = words.rfind("\n", 0, head) + 1
    tail = words.find("\n", max(len(words.rstrip()), lead))
    return _Tile(Span(start, end), Span(start + lead, start + tail if tail >= 0 else end), number, kind)


def _paragraphs(text: str, tiles: Sequence[_Tile]) -> list[list[_Tile]]:
    """Tiles that run on in one line (sentences of a paragraph) together; a line end begins a new row."""
    groups: list[list[_Tile]] = []
    for tile in tiles:
        last = groups[-1][-1] if groups else None
        between = text[last.body.end : tile.body.start] if last else ""
        if last is None or last.kind != tile.kind or "\n" in between:
            groups.append([])
        groups[-1].append(tile)
    return groups


def _part(text: str, piece: Piece, tile: _Tile, placed: Sequence[tuple[Span, Note]], lane: Sequence[int]) -> Part:
    marks = tuple(
        Mark(placed[n][1], min(lane[n], LANES - 1), placed[n][0].start == piece.span.start) for n in piece.layers
    )
    return Part(piece.span.of(text), marks, not tile.body.contains(piece.span))
