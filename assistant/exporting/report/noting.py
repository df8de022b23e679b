"""Layers in, the notes beside the text out: who put which code on these words, and how it stands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.exporting.counting import block_of, tallies
from assistant.exporting.layering import CodeKey, Layer
from assistant.exporting.naming import Names
from assistant.model import Coder, Record, Study

HUES = 8  # as many colours as report.css has for blocks; further blocks begin again
_SIGNS = {"+": "+", "-": "−", "±": "±"}
_TROUBLES = ("clipped_negation", "clipped_number", "outside_segment")


def sign(polarity: str | None) -> str:
    """A polarity as it is printed: with a real minus sign."""
    return _SIGNS.get(polarity or "", polarity or "")


@dataclass(frozen=True, slots=True)
class Line:
    """What one record says, in words."""

    id: int
    kind: str
    coder: str
    state: str
    suggestion: int | None
    attributes: str
    status: str
    flags: tuple[str, ...]
    rationale: str
    confidence: str
    why: str
    run: int | None
    created: str


@dataclass(frozen=True, slots=True)
class Note:
    """One layer, ready to print."""

    key: int
    code: int
    hue: str
    label: str
    other: str
    id: str
    sign: str
    standing: str
    coders: tuple[tuple[str, str, str], ...]  # kind, state, words for a screen reader
    flags: tuple[str, ...]
    lines: tuple[Line, ...]
    filters: str  # "coder:state" of each record, by number and name
    quote: str
    document: int
    document_name: str
    case: str
    segment: int
    placed: bool


class Notes:
    """Makes the notes of one study: knows each code's number and colour and each coder's number."""

    def __init__(self, study: Study, names: Names) -> None:
        self.names = names
        self.numbers: dict[CodeKey, int] = {t.key: n for n, t in enumerate(tallies(study))}
        self.coders: dict[Coder, int] = {}
        for record in study.records:
            self.coders.setdefault(record.coder, len(self.coders))
        self._records = {r.id: r for r in study.records}
        self._decided = {r.suggestion for r in study.records}
        self._homes = {b.id: block_of(b) for b in study.codebooks}
        self._hues: dict[tuple[str, str], int] = {}
        for book, home in self._homes.items():
            for block in home.values():
                self._hues.setdefault((book, block), len(self._hues) % HUES)

    def hue(self, key: CodeKey) -> str:
        """The class that colours a code: its block's number, or "o" for open codes and codes of no known block."""
        kind, book, code = key
        block = self._homes.get(book, {}).get(code)
        return f"k{self._hues[book, block]}" if kind == "assignment" and block else "ko"

    def note(self, layer: Layer) -> Note:
        """The note of one layer."""
        first = layer.records[0]
        names = self.names
        troubles = [f for f in _TROUBLES if any(f in r.flags for r in layer.records)]
        return Note(
            key=layer.key,
            code=self.numbers[layer.code],
            hue=self.hue(layer.code),
            label=names.code(layer.code),
            other=names.other(layer.code),
            id=layer.code[2] if layer.code[0] == "assignment" else "",
            sign=sign(layer.polarity),
            standing=layer.standing,
            coders=self._sigla(layer.records),
            flags=tuple(names.labels.of("flag", f) for f in troubles),
            lines=tuple(self._line(r) for r in layer.records),
            filters=" ".join(f"{self.coders[r.coder]}:{r.state}" for r in layer.records),
            quote=first.quote,
            document=first.document,
            document_name=first.document_name,
            case=first.case,
            segment=first.segment,
            placed=layer.placed,
        )

    def _sigla(self, records: Sequence[Record]) -> tuple[tuple[str, str, str], ...]:
        shown = [
            (r.coder.kind, r.state if r.coder.kind == "model" else "", f"{self.names.coder(r.coder)}: {self._state(r)}")
            for r in records
        ]
        return tuple(dict.fromkeys(shown))

    def _state(self, record: Record) -> str:
        labels = self.names.labels
        if record.coder.kind == "model" or (record.suggestion is not None and record.state != "suggested"):
            return labels.of("state", record.state)
        return labels["state_gold"] if record.coder.kind == "gold" else labels["state_own"]

    def _line(self, record: Record) -> Line:
        labels = self.names.labels
        source = self._records.get(record.suggestion or 0)
        attributes = [
            labels.of("polarity", record.polarity),
            labels.of("modality", record.modality),
            labels.of("voice", record.voice),
        ]
        return Line(
            id=record.id,
            kind=labels.of("coder", record.coder.kind),
            coder=self.names.coder(record.coder),
            state=self._state(record),
            suggestion=record.suggestion,
            attributes=" · ".join(a for a in attributes if a),
            status=labels.of("status", record.quote_status),
            flags=tuple(labels.of("flag", f) for f in record.flags),
            # A coding carries over the suggestion's rationale: printed once, by the one who wrote it.
            rationale="" if source and source.rationale == record.rationale else record.rationale,
            confidence="" if record.confidence is None or source else f"{record.confidence:.2f}",
            # A decision's reason stands with the person's coding where there is one.
            why="" if record.id in self._decided else record.why,
            run=None if source else record.run,
            created=record.created,
        )
