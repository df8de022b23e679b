"""Segments, decisions and labels in, what is shown beside a segment out. Pure, apart from the search it is handed.

The handful of human-decided segments most like the one to code is the strongest lever known (docs/prompts.md); they are
retrieved for each segment, never the segment itself, never a held-out document.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assistant import codebook as books
from assistant.model import Codebook, Decided, Passage, Probe, Segment, SuggestionKind
from assistant.prompting import Context, Example, ExampleCoding
from assistant.settings import Settings
from vectorstore import Hit

if TYPE_CHECKING:
    from vectorstore.keyword import KeywordIndex

Similar = Callable[[str, int], Sequence[Hit]]
"""Text and how many in; segments most like it, best first, out."""

_MOST_PROBES = 3  # invented passages shown before people have decided anything
_LABEL_QUOTE = 200  # code points of a quote that count towards a label's meaning


@dataclass(slots=True)
class Labels:
    """Open-code labels given so far in a run, each with the words it stands for."""

    _places: dict[str, int] = field(default_factory=dict)  # label -> first place it was given at
    _rows: list[Any] = field(default_factory=list)

    def add(self, place: int, label: str, quote: str) -> None:
        """A label given at a place of the run's order; one met before is kept at its first place."""
        from vectorstore.embedders import HashEmbedder

        if label not in self._places:
            self._places[label] = place
            self._rows.append(HashEmbedder().embed([f"{label}\n{quote[:_LABEL_QUOTE]}"])[0])

    def nearest(self, text: str, *, before: int, limit: int) -> tuple[str, ...]:
        """The labels given before a place that are nearest to `text` (cosine of hashed tokens), best first."""
        import numpy as np

        from vectorstore.embedders import HashEmbedder

        known = [i for i, place in enumerate(self._places.values()) if place < before]
        if not known or limit == 0:
            return ()
        scores = np.stack([self._rows[i] for i in known]) @ HashEmbedder().embed([text])[0]
        order = np.argsort(-scores, kind="stable")[:limit]
        names = list(self._places)
        return tuple(names[known[i]] for i in order)


class Shelf:
    """All a run may show beside its segments; made once per run, so decisions taken during it do not change it."""

    def __init__(
        self,
        passages: Sequence[Passage],
        decided: Sequence[Decided],
        similar: Similar,
        settings: Settings,
        *,
        kind: SuggestionKind,
        codebook: Codebook | None,
    ) -> None:
        self._passages = {p.segment.id: p for p in passages}
        self._order = {(p.segment.document, p.segment.number): p.segment.id for p in passages}
        self._similar = similar
        self._settings = settings
        self._decided = _by_segment(decided, kind, codebook.id if codebook else None, self._passages)
        self._index = _index({i: self._passages[i].text for i in self._decided})
        self._probes = codebook.probes if codebook else ()
        self._probe_index = _index({i: probe.text for i, probe in enumerate(self._probes)})

    def text(self, segment: Segment) -> str:
        """The words of a segment."""
        return self._passages[segment.id].text

    def context(self, segment: Segment, labels: Labels | None, place: int) -> Context:
        """What is shown beside a segment: neighbours, like passages, decided examples, nearest labels."""
        text = self.text(segment)
        wanted = self._settings.neighbours
        before = self._neighbours(segment, range(-wanted, 0))
        after = self._neighbours(segment, range(1, wanted + 1))
        shown = {segment.id, *before, *after}
        return Context(
            before=tuple(self._passages[i].text for i in before),
            after=tuple(self._passages[i].text for i in after),
            passages=self._like(text, shown),
            examples=self._examples(segment, text),
            labels=labels.nearest(text, before=place, limit=self._settings.labels) if labels else (),
        )

    def _neighbours(self, segment: Segment, offsets: range) -> list[int]:
        places = ((segment.document, segment.number + offset) for offset in offsets)
        return [self._order[place] for place in places if place in self._order]

    def _like(self, text: str, shown: set[int]) -> tuple[tuple[str, str], ...]:
        limit = self._settings.passages
        if limit == 0:
            return ()
        found: list[tuple[str, str]] = []
        for hit in self._similar(text, 3 * limit + len(shown)):
            passage = self._passages.get(hit.id)
            if passage and hit.id not in shown and not passage.held_out and passage.text != text:
                found.append((f"{passage.document_name} #{passage.segment.number}", passage.text))
        return tuple(found[:limit])

    def _examples(self, segment: Segment, text: str) -> tuple[Example, ...]:
        """Decided segments most like this one; until there are any, the codebook's own invented passages."""
        limit = self._settings.examples
        if limit == 0:
            return ()
        if self._index:
            others = [i for i in self._decided if i != segment.id]
            hits = self._index.search(text, limit, allowed=others)
            return tuple(_example(self._passages[h.id].text, self._decided[h.id]) for h in hits)
        if self._probe_index:
            hits = self._probe_index.search(text, min(limit, _MOST_PROBES))
            return tuple(_probe_example(self._probes[h.id]) for h in hits)
        return ()


def _by_segment(
    decided: Sequence[Decided], kind: SuggestionKind, codebook: str | None, passages: dict[int, Passage]
) -> dict[int, list[Decided]]:
    grouped: dict[int, list[Decided]] = {}
    for one in decided:
        passage = passages.get(one.segment)
        if passage and not passage.held_out and one.kind == kind and one.codebook == codebook:
            grouped.setdefault(one.segment, []).append(one)
    return grouped


def _index(texts: dict[int, str]) -> KeywordIndex | None:
    if not texts:
        return None
    from vectorstore.keyword import KeywordIndex

    return KeywordIndex.build(list(texts), list(texts.values()))


def _example(text: str, decided: list[Decided]) -> Example:
    kept: list[ExampleCoding] = []
    rejected: list[ExampleCoding] = []
    for one in decided:
        (kept if one.kept else rejected).append(ExampleCoding(one.code, one.quote, one.polarity, one.why))
    return Example(text, tuple(kept), tuple(rejected))


def _probe_example(probe: Probe) -> Example:
    kept = tuple(ExampleCoding(c.code, c.quote, c.polarity) for c in probe.expected)
    return Example(probe.text, kept, invented=True)


def widen(query: str, codebooks: Sequence[Codebook]) -> tuple[str, tuple[str, ...]]:
    """A search query with the other language's words for the codes it names, and those words.

    Offline search does not cross languages by itself; the codebooks, which stand in both, are the bridge.
    """
    folded = query.casefold()
    chinese = any("\u4e00" <= char <= "\u9fff" for char in query)
    named = [
        code
        for book in codebooks
        for code in book.codes
        if any(len(name) > 1 and name.casefold() in folded for name in (code.zh, code.en, *code.aliases))
    ]
    terms = tuple(t for t in books.terms(named, "en" if chinese else "zh") if t.casefold() not in folded)
    return " ".join((query, *terms)), terms
