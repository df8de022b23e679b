"""Quotes in, proofs out: where in which documents they stand, and how far their words can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import reading, verifying
from assistant.errors import UsageError
from assistant.folding import Folded, fold
from assistant.model import Document, QuoteFlag, QuoteStatus, Span
from assistant.quoting import quotes_in

_TRUST: tuple[QuoteStatus, ...] = ("exact", "folded", "ambiguous", "edited", "not_found")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands."""

    document: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of one quote. `at` is where it stands in the manuscript it was taken from, if any."""

    quote: str
    status: QuoteStatus
    flags: tuple[QuoteFlag, ...]
    places: tuple[Place, ...]
    diff: str
    part: str = ""  # of an elided quote: the part that fails
    at: Span | None = None

    def as_dict(self) -> dict[str, Any]:
        """The object of `codart quote --json`."""
        spans = [{"document": p.document, "start": p.start, "end": p.end, "text": p.text} for p in self.places]
        found: dict[str, Any] = {
            "quote": self.quote,
            "status": self.status,
            "flags": list(self.flags),
            "spans": spans,
            "diff": self.diff,
        }
        if self.part:
            found["part"] = self.part
        if self.at:
            found["at"] = {"start": self.at.start, "end": self.at.end}
        return found


def prove_all(quotes: Sequence[str], documents: Sequence[Document]) -> list[Proof]:
    """One proof for each quote, looked for in all these documents; UsageError if there is none."""
    _some(documents)
    shelf = [(d, fold(d.text)) for d in documents]
    return [_prove(words, shelf, None) for words in quotes]


def prove_file(path: Path, documents: Sequence[Document]) -> tuple[list[Proof], int]:
    """A proof for every quotation in a manuscript, and how many were too short to prove anything. As `prove_all`."""
    _some(documents)
    shelf = [(d, fold(d.text)) for d in documents]
    found = quotes_in(reading.read(path).text)
    return [_prove(q.text, shelf, q.span) for q in found.quotes], found.skipped


def _some(documents: Sequence[Document]) -> None:
    if not documents:
        raise UsageError("there are no documents to look in", "add some with: codart add FILE … --case NAME")


def _prove(words: str, shelf: Sequence[tuple[Document, Folded]], at: Span | None) -> Proof:
    findings = [(document, verifying.find(words, folded)) for document, folded in shelf]
    best = min((_TRUST.index(f.status) for _, f in findings), default=len(_TRUST) - 1)
    status = _TRUST[best]
    chosen = [(d, f) for d, f in findings if f.status == status]
    if status in ("exact", "folded", "ambiguous"):
        # Words that stand in two documents are as unsettled as words that stand twice in one.
        standing = [(d, f) for d, f in findings if f.status in ("exact", "folded", "ambiguous")]
        if len(standing) > 1:
            status, chosen = "ambiguous", standing
    else:
        # The nearest document; of an elided quote the one in which most of its parts stand, so the later part fails.
        chosen = sorted(chosen, key=lambda pair: (-pair[1].likeness, -words.find(pair[1].part)))[:1]
    first = chosen[0][1]
    return Proof(
        quote=words,
        status=status,
        flags=tuple(dict.fromkeys(flag for _, f in chosen for flag in f.flags)),
        places=tuple(Place(d.id, s.start, s.end, s.of(d.text)) for d, f in chosen for s in f.spans),
        diff=first.diff,
        part=first.part,
        at=at,
    )
