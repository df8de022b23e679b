"""What another tool holds of people's codings in, the same on our documents and segments out. Pure.

Nothing is guessed: words must stand where they are said to stand, codes must be in the codebook, and a unit must be one
of ours. What does not fit is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.errors import CodartError
from assistant.folding import fold
from assistant.importing.foreign import Foreign, Marked, Rated, Source
from assistant.model import Document, GoldUnit, Polarity, Segment, Span, Suggestion, SuggestionKind
from assistant.verifying import find, prove

_POLARITIES: dict[str, Polarity] = {"+": "+", "-": "-", "±": "±"}

NameCode = Callable[[str], str | None]
"""A code as the file writes it in; its id, or the label itself, out. None: there is no such code."""


@dataclass(frozen=True, slots=True)
class Text:
    """One of our documents with its segments."""

    document: Document
    segments: tuple[Segment, ...]

    def at(self, place: int) -> Segment:
        """The segment in which a code point stands; the last one that begins before it."""
        return max((s for s in self.segments if s.span.start <= place), key=lambda s: s.span.start)


@dataclass(slots=True)
class Edition:
    """One coder's work as it will be stored."""

    coder: str
    units: list[GoldUnit] = field(default_factory=list)
    not_coded: int = 0  # units that the file names and the coder did not code
    codings: list[tuple[Segment, Suggestion]] = field(default_factory=list)


@dataclass(slots=True)
class Aligned:
    """Editions by coder, and what did not fit, one sentence each. `unknown`: codes that nobody knows, how often."""

    editions: dict[str, Edition] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)  # sources without any coding: whether they were read is not known

    def edition(self, coder: str) -> Edition:
        """The edition of a coder, begun if there is none yet."""
        return self.editions.setdefault(coder, Edition(coder))


def align(
    foreign: Foreign,
    texts: Mapping[str, Text],
    *,
    kind: SuggestionKind,
    coder: Callable[[str], str],
    code: NameCode,
    read_all: bool = False,
) -> Aligned:
    """`texts`: our documents by the names of the file's sources. `coder`: who a coder of the file is for us.

    A tool that marks stretches does not say what was read: a source with any coding of a coder counts as read by that
    coder from end to end, one without only if `read_all`. Where some words cannot be placed, the unit or the source
    does not count as read: what the coder gave to which segment is then not known.
    """
    found = Aligned()
    for rated in foreign.rated:
        _rate(found, rated, texts[rated.source], kind, coder(rated.coder), code)
    if foreign.marks or read_all:
        _mark(found, foreign, texts, kind, coder, code, read_all=read_all)
    return found


def _rate(found: Aligned, rated: Rated, text: Text, kind: SuggestionKind, coder: str, code: NameCode) -> None:
    """A unit of ours, with its codes: on the words that were marked, or on the unit as a whole."""
    span = _unit(found, rated, text)
    if span is None:
        return
    edition = found.edition(coder)
    if rated.codes is None and rated.marks is None:
        edition.not_coded += 1
        return
    signs = dict(rated.polarities)
    marks = rated.marks or ()
    whole = [name for name in rated.codes or () if name not in {mark.code for mark in marks}]
    places = [(mark, _place(found, mark, text, span)) for mark in marks]
    if any(place is None for _, place in places):
        return  # what the coder gave is not known, so that the unit does not count as coded
    edition.units.append(GoldUnit(text.document.id, span, marked=rated.marks is not None and not whole))
    for name in whole:
        if (known := _known(found, code, name)) is not None:
            _keep(found, edition, text, span, kind, known, signs.get(name, ""), "")
    _keep_marks(found, edition, text, places, kind, code)


def _unit(found: Aligned, rated: Rated, text: Text) -> Span | None:
    """The stretch that a unit is: a segment or the whole document; None if it is none of ours."""
    name = text.document.name
    if not rated.unit:
        whole = Span(0, len(text.document.text))
        return whole if _same_words(found, rated, text.document.text, f"document {name}") else None
    number = int(rated.unit) if rated.unit.isascii() and rated.unit.isdecimal() else 0
    segment = next((s for s in text.segments if s.number == number), None)
    if segment is None:
        found.troubles.append(f"{name} has no segment {rated.unit!r}; it has 1 to {len(text.segments)}")
        return None
    words = segment.span.of(text.document.text)
    return segment.span if _same_words(found, rated, words, f"segment {number} of {name}") else None


def _same_words(found: Aligned, rated: Rated, words: str, where: str) -> bool:
    if rated.text and fold(rated.text).text.strip() != fold(words).text.strip():
        found.troubles.append(f"{where} holds other words than the file says: {_short(rated.text)}")
        return False
    if not rated.text and rated.length is not None and rated.length != len(words):
        found.troubles.append(f"{where} has {len(words)} characters, not {rated.length} as the file says")
        return False
    return True


def _mark(
    found: Aligned,
    foreign: Foreign,
    texts: Mapping[str, Text],
    kind: SuggestionKind,
    coder: Callable[[str], str],
    code: NameCode,
    *,
    read_all: bool,
) -> None:
    """Marked stretches of whole documents."""
    sources = {source.name: source for source in foreign.sources}
    marked: dict[tuple[str, str], list[Marked]] = {}
    for mark in foreign.marks:
        marked.setdefault((coder(mark.coder), mark.source), []).append(mark)
    names = {who for who, _ in marked} or {coder("")}
    rated = {one.source for one in foreign.rated}
    for source in foreign.sources:
        if source.name in rated:
            continue
        readers = names if read_all else {who for who, name in marked if name == source.name}
        if not readers:
            found.unread.append(source.name)
        for who in sorted(readers):
            text = texts[source.name]
            places = [
                (mark, _carry(found, mark, sources[source.name], text)) for mark in marked.get((who, source.name), ())
            ]
            if all(place is not None for _, place in places):
                edition = found.edition(who)
                edition.units.append(GoldUnit(text.document.id, Span(0, len(text.document.text))))
                _keep_marks(found, edition, text, places, kind, code)


def _keep_marks(
    found: Aligned,
    edition: Edition,
    text: Text,
    places: Sequence[tuple[Marked, Span | None]],
    kind: SuggestionKind,
    code: NameCode,
) -> None:
    for mark, place in places:
        known = _known(found, code, mark.code)
        if known is not None and place is not None:
            _keep(found, edition, text, place, kind, known, mark.polarity, mark.memo)


def _carry(found: Aligned, mark: Marked, source: Source, text: Text) -> Span | None:
    """Where a mark of the tool's text stands in ours."""
    whole = Span(0, len(text.document.text))
    if source.text == text.document.text or mark.start is None or not source.text:
        return _place(found, mark, text, whole)
    moved = Marked(mark.source, None, None, mark.quote or source.text[mark.start : mark.end], mark.code, mark.coder)
    near = round(mark.start / max(len(source.text), 1) * len(text.document.text))
    return _place(found, moved, text, whole, near=near)


def _place(found: Aligned, mark: Marked, text: Text, within: Span, near: int | None = None) -> Span | None:
    """The span of a mark inside a unit: by its offsets where it has them, else where its words stand."""
    words = text.document.text
    if mark.start is not None and mark.end is not None:
        span = Span(within.start + mark.start, within.start + mark.end)
        if mark.quote and fold(span.of(words)).text.strip() != fold(mark.quote).text.strip():
            found.troubles.append(f"{text.document.name}: at {span.start} stands other than {_short(mark.quote)}")
            return None
        return _trimmed(span, words)
    finding = find(mark.quote, words, within=within)
    if finding.proven and len(finding.spans) == 1:
        return finding.spans[0]
    if finding.status == "ambiguous" and near is not None:
        return min(finding.spans, key=lambda span: abs(span.start - near))
    why = {"ambiguous": "stands more than once", "edited": "stands there in other words"}
    said = why.get(finding.status, "is not one stretch" if finding.proven else "does not stand there")
    found.troubles.append(f"{text.document.name}: {_short(mark.quote)} {said}")
    return None


def _trimmed(span: Span, text: str) -> Span:
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    return Span(start, max(start, span.end - (len(words) - len(words.rstrip()))))


def _keep(
    found: Aligned,
    edition: Edition,
    text: Text,
    span: Span,
    kind: SuggestionKind,
    code: str,
    sign: str,
    memo: str,
) -> None:
    try:
        quote = prove(span, text.document.text)
    except CodartError:
        found.troubles.append(f"{text.document.name}: no words stand at {span.start} to {span.end}")
        return
    segment = text.at(span.start)
    polarity = _POLARITIES.get(sign)
    edition.codings.append((segment, Suggestion(kind, segment.number, code, quote, polarity=polarity, rationale=memo)))


def _known(found: Aligned, code: NameCode, name: str) -> str | None:
    known = code(name)
    if known is None:
        found.unknown[name] = found.unknown.get(name, 0) + 1
    return known


def _short(words: str) -> str:
    line = " ".join(words.split())
    return f"“{line[:60]}…”" if len(line) > 60 else f"“{line}”"


def matched(sources: Sequence[Source], documents: Sequence[Document]) -> Iterator[tuple[Source, Document | None]]:
    """Each source with the document it is: of the same words, else of the same name, else of the same name but for its
    ending, if that is one document only.
    """
    by_text = {document.text: document for document in documents}
    for source in sources:
        if source.text and source.text in by_text:
            yield source, by_text[source.text]
            continue
        same = [d for d in documents if d.name == source.name]
        like = [d for d in documents if _stem(d.name) == _stem(source.name)]
        only = same if len(same) == 1 else like
        yield source, only[0] if len(only) == 1 else None


def _stem(name: str) -> str:
    """The name without the ending of its format, folded: "Interview 1.docx" and "interview 1" are one."""
    base, dot, ending = name.rpartition(".")
    return (base if dot and ending.isalnum() and len(ending) <= 5 else name).casefold().strip()
