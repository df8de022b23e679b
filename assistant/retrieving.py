"""Segments, decisions and labels in, what is shown beside a segment out. Pure, apart from the search it is handed.

The handful of human-decided segments most like the one to code is the strongest lever known (docs/prompts.md); they are
retrieved for each segment, never the segment itself, never a held-out document.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant import codebook as books
from assistant.model import Codebook, Decided, Passage, Probe, Segment, SuggestionKind
from assistant.prompting import Context, Example, ExampleCoding
from assistant.settings import Settings
from vectorstore import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vectorstore.keyword import KeywordIndex

Similar = Callable[[str, int], Sequence[Hit]]
"""Text and how many in; segments most like it, best first, out."""

Around = Callable[[Segment, int, int], Sequence[Passage]]
"""A segment and how many in; so many before and after it in its document, in their order, without it, out."""

Load = Callable[[int, int], Sequence[tuple[int, str, str]]]
"""Two places of a run in; the labels given from the first up to the second: (place, label, quote), in order, out."""

Latest = Callable[[int, int], Sequence[tuple[int, str, str]]]
"""A place and how many in; that many different labels last given before it, in the order they were given, out."""

MOST_LABELS = 4096  # a study with more is near no end of open coding; the ones not given for longest are forgotten
_MOST_PROBES = 3  # invented passages shown before people have decided anything
_DECIMALS = 6  # of a cosine
_BATCH = 256  # labels embedded at a time
_LABEL_QUOTE = 200  # code points of a quote that count towards a label's meaning


class Labels:
    """Open-code labels given so far in a run, each with the words it stands for: the ones last given, up to a limit.

    Which they are depends on the place in the run alone, never on which call returned first.
    """

    def __init__(self, load: Load, latest: Latest) -> None:
        self._load = load
        self._latest = latest
        self._seen = -1  # labels of all places before this one are here; -1 before the first look
        self._columns: dict[str, int] = {}  # label -> its column, the label given longest ago first
        self._free = list(range(MOST_LABELS - 1, -1, -1))  # so that columns in use stand together at the left
        self._matrix: NDArray[np.float32] | None = None  # a row for each component: a text has few that are not zero

    def nearest(self, text: str, *, before: int, limit: int) -> tuple[str, ...]:
        """The labels given before a place that are nearest to `text` (cosine of hashed tokens), best first.

        Places must not go down from one call to the next.
        """
        if limit == 0 or before <= 0:
            return ()
        if self._seen < 0:
            self._take(self._latest(before, MOST_LABELS))
        elif before > self._seen:
            self._take(self._load(self._seen, before))
        self._seen = before
        if not self._columns or self._matrix is None:
            return ()
        import numpy as np

        from vectorstore.embedders import HashEmbedder

        names = list(self._columns)
        vector = HashEmbedder().embed([text])[0]
        said = np.flatnonzero(vector)
        scores = (vector[said] @ self._matrix[:, : len(names)][said])[list(self._columns.values())]
        # Rounded: what is left differs from processor to processor, and with it which of two equal labels came first.
        order = np.argsort(-np.round(scores.astype(np.float64), _DECIMALS), kind="stable")
        return tuple(names[i] for i in order[:limit])

    def _take(self, labels: Sequence[tuple[int, str, str]]) -> None:
        import numpy as np

        from vectorstore.embedders import HashEmbedder

        if not labels:
            return
        embedder = HashEmbedder()
        if self._matrix is None:
            self._matrix = np.zeros((embedder.dimension, MOST_LABELS), dtype=np.float32)
        for start in range(0, len(labels), _BATCH):
            batch = labels[start : start + _BATCH]
            vectors = embedder.embed([f"{label}\n{quote[:_LABEL_QUOTE]}" for _, label, quote in batch])
            for (_, label, _), vector in zip(batch, vectors, strict=True):
                column = self._columns.pop(label, None)
                if column is None:
                    column = self._free.pop() if self._free else self._columns.pop(next(iter(self._columns)))
                self._columns[label] = column
                self._matrix[:, column] = vector


class Shelf:
    """All a run may show beside its segments; made once per run, so decisions taken during it do not change it."""

    def __init__(
        self,
        around: Around,
        passage: Callable[[int], Passage | None],
        decided: Sequence[Decided],
        similar: Similar,
        settings: Settings,
        *,
        kind: SuggestionKind,
        codebook: Codebook | None,
    ) -> None:
        self._around = around
        self._passage = passage
        self._similar = similar
        self._settings = settings
        grouped = _by_segment(decided, kind, codebook.id if codebook else None)
        known = {segment: passage(segment) for segment in grouped}
        self._shown = {segment: p.text for segment, p in known.items() if p is not None and not p.held_out}
        self._decided = {segment: grouped[segment] for segment in self._shown}
        self._index = _index(self._shown)
        self._probes = codebook.probes if codebook else ()
        self._probe_index = _index({i: probe.text for i, probe in enumerate(self._probes)})

    def context(self, segments: Sequence[Segment], text: str, labels: Labels | None, place: int) -> Context:
        """What is shown beside neighbouring segments whose words are `text`.

        Neighbours, like passages, decided examples, and the nearest labels given before `place`.
        """
        asked = {segment.id for segment in segments}
        before, after = self._neighbours(segments)
        shown = asked | {p.segment.id for p in (*before, *after)}
        return Context(
            before=tuple(p.text for p in before),
            after=tuple(p.text for p in after),
            passages=self._like(text, shown),
            examples=self._examples(asked, text),
            labels=labels.nearest(text, before=place, limit=self._settings.labels) if labels else (),
        )

    def _neighbours(self, segments: Sequence[Segment]) -> tuple[list[Passage], list[Passage]]:
        wanted = self._settings.neighbours
        if wanted == 0:
            return [], []
        first, last = segments[0], segments[-1]
        if first is last:
            found = self._around(first, wanted, wanted)
            before = [p for p in found if p.segment.number < first.number]
            return before, list(found[len(before) :])
        return list(self._around(first, wanted, 0)), list(self._around(last, 0, wanted))

    def _like(self, text: str, shown: set[int]) -> tuple[tuple[str, str], ...]:
        limit = self._settings.passages
        if limit == 0:
            return ()
        found: list[tuple[str, str]] = []
        for hit in self._similar(text, 3 * limit + len(shown)):
            passage = self._passage(hit.id) if hit.id not in shown else None
            if passage and not passage.held_out and passage.text != text:
                found.append((f"{passage.document_name} #{passage.segment.number}", passage.text))
            if len(found) == limit:
                break
        return tuple(found)

    def _examples(self, asked: set[int], text: str) -> tuple[Example, ...]:
        """Decided segments most like this one; until there are any, the codebook's own invented passages."""
        limit = self._settings.examples
        if limit == 0:
            return ()
        if self._index:
            others = [i for i in self._decided if i not in asked]
            hits = self._index.search(text, limit, allowed=others)
            return tuple(_example(self._shown[h.id], self._decided[h.id]) for h in hits)
        if self._probe_index:
            hits = self._probe_index.search(text, min(limit, _MOST_PROBES))
            return tuple(_probe_example(self._probes[h.id]) for h in hits)
        return ()


def _by_segment(decided: Sequence[Decided], kind: SuggestionKind, codebook: str | None) -> dict[int, list[Decided]]:
    grouped: dict[int, list[Decided]] = {}
    for one in decided:
        if one.kind == kind and one.codebook == codebook:
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
