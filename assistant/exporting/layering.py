"""Records in, layers out: what several coders say about the same words becomes one thing to draw. Pure.

A layer is one code with one polarity on one span, with every record that says so: a suggestion and the person's coding
that accepts it lie in one layer, an edited coding with other words lies in its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from assistant.model import CoderKind, Record, Span, Study

Standing = Literal["decided", "suggested", "edited", "rejected"]
CodeKey = tuple[str, str, str]  # kind, codebook ("" for open codes, whose labels belong to no book), code
_ORDER: dict[CoderKind, int] = {"human": 0, "gold": 1, "model": 2}


@dataclass(frozen=True, slots=True)
class Layer:
    """One code on one span, and who says so: people first, then gold standards, then models."""

    document: int
    span: Span
    code: CodeKey
    polarity: str | None
    records: tuple[Record, ...]
    standing: Standing
    placed: bool  # whether the quote stands at its span in the study's text of the document

    @property
    def key(self) -> int:
        """A number of its own: the smallest record id in it."""
        return min(r.id for r in self.records)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text over which the same layers lie, outermost lane first."""

    span: Span
    layers: tuple[int, ...]  # places in the sequence of layers that was cut


def code_key(record: Record) -> CodeKey:
    """What makes two records speak of the same code."""
    return (record.kind, (record.codebook or "") if record.kind == "assignment" else "", record.code)


def decided(record: Record) -> bool:
    """Whether a person or a gold standard stands behind what this record says."""
    return record.state == "accepted" if record.coder.kind == "model" else record.state != "rejected"


def open_suggestion(record: Record) -> bool:
    """Whether this is a model's suggestion that nobody has decided."""
    return record.coder.kind == "model" and record.state == "suggested"


def _standing(records: Iterable[Record]) -> Standing:
    """The strongest word about a layer; "edited": replaced by a coding with another code, polarity or span."""
    found = tuple(records)
    if any(decided(r) for r in found):
        return "decided"
    if any(open_suggestion(r) for r in found):
        return "suggested"
    return "edited" if any(r.state == "edited" for r in found) else "rejected"


def stack(study: Study) -> tuple[Layer, ...]:
    """Every record in its layer, in the order of the texts; of two that start together the longer first."""
    texts = {d.id: d.text for d in study.documents}
    groups: dict[tuple[int, int, int, CodeKey, str | None], list[Record]] = defaultdict(list)
    for r in study.records:
        groups[r.document, r.start, r.end, code_key(r), r.polarity].append(r)
    layers = [
        Layer(
            document,
            Span(start, end),
            code,
            polarity,
            tuple(sorted(records, key=lambda r: (_ORDER[r.coder.kind], r.id))),
            _standing(records),
            start < end and all(texts.get(document, "")[start:end] == r.quote for r in records),
        )
        for (document, start, end, code, polarity), records in groups.items()
    ]
    places = {d.id: n for n, d in enumerate(study.documents)}
    return tuple(sorted(layers, key=lambda x: (places.get(x.document, len(places)), x.span.start, -x.span.end, x.key)))


def lanes(spans: Sequence[Span]) -> list[int]:
    """A lane for each span (sorted by start), so that spans which overlap never share one; the lowest that is free."""
    ends: list[int] = []
    found = []
    for span in spans:
        lane = next((n for n, end in enumerate(ends) if end <= span.start), len(ends))
        ends[lane : lane + 1] = [span.end]
        found.append(lane)
    return found


def cut(length: int, spans: Sequence[Span], lane: Sequence[int], also: Iterable[int] = ()) -> list[Piece]:
    """The text from 0 to `length` in pieces without gap or overlap, cut where a span begins or ends and at `also`.

    `lane` is that of each span; in each piece the span in the highest lane comes first.
    """
    begin, finish = defaultdict(list), defaultdict(list)
    for n, span in enumerate(spans):
        begin[span.start].append(n)
        finish[span.end].append(n)
    points = sorted({p for p in (0, length, *begin, *finish, *also) if 0 <= p <= length})
    active: set[int] = set()
    pieces = []
    for start, end in pairwise(points):
        active.difference_update(finish[start])
        active.update(begin[start])
        pieces.append(Piece(Span(start, end), tuple(sorted(active, key=lambda n: -lane[n]))))
    return pieces
